//! The ledgers of meters and of their money.

use super::Place;

/// Days of readings, by meter, register and day; months that are over stand in month files.
pub const READINGS: Place = Place {
    name: "readings",
    prefix: 0x43,
};

/// Stretches of readings that were erased and are not taken again, by meter and beginning.
pub const ERASED_READINGS: Place = Place {
    name: "erased readings",
    prefix: 0x53,
};

/// Meters that were added by command, by serial.
pub const METERS: Place = Place {
    name: "meters",
    prefix: 0x40,
};

/// What was last known of a meter, by serial.
pub const METER_STATES: Place = Place {
    name: "meter states",
    prefix: 0x41,
};

/// What is done with a meter when somebody said so, by serial.
pub const METER_DUTIES: Place = Place {
    name: "meter duties",
    prefix: 0x42,
};

/// The newest entries of meters' own logs, by serial.
pub const METER_EVENTS: Place = Place {
    name: "meter events",
    prefix: 0x44,
};

/// Values of a meter that are long, or many of a kind, by serial and part.
pub const METER_VALUES: Place = Place {
    name: "meter values",
    prefix: 0x45,
};

/// Which half-hours of a meter were asked for, by serial and part.
pub const METER_HALF_HOURS: Place = Place {
    name: "half-hours asked for",
    prefix: 0x46,
};

/// Top-ups, in the order in which they were made.
pub const TOPUPS: Place = Place {
    name: "top-ups",
    prefix: 0x47,
};

/// The top-ups of a meter, by serial and place in that order.
pub const TOPUPS_OF_METERS: Place = Place {
    name: "top-ups by meter",
    prefix: 0x48,
};

/// Top-ups that are not settled, by serial and place in that order.
pub const TOPUPS_OPEN: Place = Place {
    name: "open top-ups",
    prefix: 0x49,
};

/// The newest top-up with a code, by the code's keyed hash.
pub const TOPUP_CODES: Place = Place {
    name: "codes of top-ups",
    prefix: 0x4a,
};

/// By which key codes of top-ups are known again, in one row.
pub const TOPUP_KEY: Place = Place {
    name: "key of top-ups",
    prefix: 0x52,
};

/// The place of a top-up, by its id.
pub const TOPUP_IDS: Place = Place {
    name: "ids of top-ups",
    prefix: 0x4b,
};

/// Runs of jobs, by job and place in the order in which they began.
pub const JOB_RUNS: Place = Place {
    name: "runs of jobs",
    prefix: 0x50,
};

/// What a run says of each meter, by run and line.
pub const JOB_LINES: Place = Place {
    name: "reports of jobs",
    prefix: 0x51,
};

/// How far the newest writing of a tariff to a meter is, by serial.
pub const TARIFF_WRITES: Place = Place {
    name: "tariff writes",
    prefix: 0x4c,
};

/// What was paid in at a meter, each time that it was read, and payments of its log, by serial and day.
pub const METER_BALANCES: Place = Place {
    name: "meter balances",
    prefix: 0x4e,
};

/// The tariffs that a meter has had, by serial and since when.
pub const METER_TARIFFS: Place = Place {
    name: "meter tariffs",
    prefix: 0x4f,
};
