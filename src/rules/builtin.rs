//! The rules that are there without being asked for (UPLINK §3.6). An entry of the configuration with
//! one of these names changes it or switches it off.

use super::entry::{Bound, Entry, OpName};
use super::rule::On;
use crate::domain::Severity;
use crate::domain::units::Span;

/// A rule of the box; its alarm's type is its own name.
fn rule(id: &str, on: On, series: &str, op: OpName, raise: Bound) -> Entry {
    Entry {
        id: id.to_owned(),
        alarm_type: Some(id.to_owned()),
        on: Some(on),
        series: Some(series.to_owned()),
        op: Some(op),
        raise: Some(raise),
        ..Entry::default()
    }
}

fn told(entry: Entry, severity: Severity, text: &str) -> Entry {
    Entry {
        severity: Some(severity),
        text: Some(text.to_owned()),
        ..entry
    }
}

// entries is long because it is a table.

/// All of them.
pub(super) fn entries() -> Vec<Entry> {
    let one = Bound::One;
    let cert = |id, days| rule(id, On::Appliance, "gatelodge_Box.cert_days", OpName::Below, one(days));
    vec![
        told(
            rule(
                "meter_offline",
                On::Meters,
                "emop_Availability.silent",
                OpName::FromAbove,
                one(1.0),
            ),
            Severity::Major,
            "{name} does not answer: {detail}",
        ),
        told(
            rule(
                "meter_exchanged",
                On::Meters,
                "emop_Identity.another",
                OpName::FromAbove,
                one(1.0),
            ),
            Severity::Major,
            "{name}: another meter answers: {detail}",
        ),
        told(
            rule(
                "meter_clock_unset",
                On::Meters,
                "emop_Clock.no_date",
                OpName::FromAbove,
                one(1.0),
            ),
            Severity::Major,
            "{name}: the clock shows a date that no clock has; set it",
        ),
        told(
            rule(
                "meter_clock",
                On::Meters,
                "emop_Clock.offset",
                OpName::Outside,
                Bound::Two([-60.0, 60.0]),
            ),
            Severity::Minor,
            "{name}: the clock is {value} s off",
        ),
        told(
            rule("prepay_low", On::Meters, "emop_Prepay.balance", OpName::Below, one(5.0)),
            Severity::Warning,
            "{name}: {value} {unit} are left",
        ),
        Entry {
            hold: Some(Span::seconds(600)),
            ..told(
                rule(
                    "topup_in_doubt",
                    On::Meters,
                    "emop_Prepay.topups_in_doubt",
                    OpName::FromAbove,
                    one(1.0),
                ),
                Severity::Major,
                "{name}: nobody knows yet whether a code was taken; `gatelodge prepay list` shows it",
            )
        },
        Entry {
            hold: Some(Span::seconds(60)),
            ..told(
                rule(
                    "voltage_out",
                    On::Meters,
                    "c8y_VoltageMeasurement.voltage*",
                    OpName::Outside,
                    Bound::Two([216.2, 253.0]),
                ),
                Severity::Minor,
                "{name}: {value} {unit}, which is outside {raise} {unit}",
            )
        },
        told(
            rule(
                "space_full",
                On::Spaces,
                "occ_Occupancy.utilisation",
                OpName::FromAbove,
                one(100.0),
            ),
            Severity::Warning,
            "{name} is full",
        ),
        told(
            rule(
                "queue_high",
                On::Appliance,
                "uplink_Queue.fill",
                OpName::Above,
                one(80.0),
            ),
            Severity::Minor,
            "{value} % of the room for what waits for the cloud is used",
        ),
        told(
            cert("cert_expiry", 30.0),
            Severity::Minor,
            "A certificate ends in {value} days: {detail}",
        ),
        Entry {
            alarm_type: Some("cert_expiry".to_owned()),
            ..told(
                cert("cert_expiry_soon", 7.0),
                Severity::Major,
                "A certificate ends in {value} days: {detail}",
            )
        },
        Entry {
            hold: Some(Span::seconds(60)),
            ..told(
                rule(
                    "clock_unsynced",
                    On::Appliance,
                    "gatelodge_Box.clock_unsynced",
                    OpName::FromAbove,
                    one(1.0),
                ),
                Severity::Major,
                "The clock of the box is not synchronised: see to its network time",
            )
        },
        told(
            rule(
                "backup_failed",
                On::Appliance,
                "gatelodge_Box.backup_failed",
                OpName::FromAbove,
                one(1.0),
            ),
            Severity::Major,
            "backups are not as they should be: {detail}",
        ),
        Entry {
            hold: Some(Span::seconds(300)),
            clear: Some(one(75.0)),
            ..told(
                rule(
                    "box_hot",
                    On::Appliance,
                    "gatelodge_Box.temperature",
                    OpName::Above,
                    one(80.0),
                ),
                Severity::Minor,
                "The box is {value} {unit} warm: give it air, or its processor and memory card age",
            )
        },
        told(
            rule(
                "under_voltage",
                On::Appliance,
                "gatelodge_Box.under_voltage",
                OpName::FromAbove,
                one(1.0),
            ),
            Severity::Major,
            "The supply of the box is too weak, and writes are at risk: take a stronger one and a shorter cable",
        ),
        Entry {
            clear: Some(one(12.0)),
            ..told(
                rule(
                    "disk_low",
                    On::Appliance,
                    "gatelodge_Box.disk_free",
                    OpName::Below,
                    one(10.0),
                ),
                Severity::Major,
                "{value} % of the disk are free: make room, or give the box a larger one",
            )
        },
    ]
}
