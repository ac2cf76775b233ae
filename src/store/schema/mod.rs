//! Every ledger's name, key prefix and format, on one page.

mod perseus;

pub use perseus::{
    AUTHORIZATION_CODES, EVIDENCE, FETCH_DAYS, FETCHES, GRANTS, GRANTS_OF_PERMISSIONS, PERMISSION_FILTERS,
    PERMISSION_HISTORY, PERMISSIONS, PERMISSIONS_OF_PEOPLE, PERSEUS_KEYS, RECORD_SIGNERS, RECORD_STEPS, RECORDS,
    RECORDS_BY_TIME, REFRESH_TOKENS, REVOKED_ACCESS_TOKENS, SEALED_REFRESH_TOKENS, WITHDRAWALS,
};

/// Where a ledger's rows stand in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name, as messages and `verify` say it.
    pub name: &'static str,
    /// The first byte of its keys.
    pub prefix: u8,
}

/// How far each reader of the journal is, by reader and lane; the book writes it itself.
pub const CURSORS: Place = Place {
    name: "cursors",
    prefix: 0x01,
};
/// When the book was last seen to take a change.
pub const PROBE: Place = Place {
    name: "probe",
    prefix: 0x02,
};
/// When the last backup was made.
pub const BACKUPS: Place = Place {
    name: "backups",
    prefix: 0x03,
};
/// The folders that the box backs itself up to, by their path.
pub const BACKUP_FOLDERS: Place = Place {
    name: "backup folders",
    prefix: 0x05,
};
/// Each opening of the book, by its first change; the book writes it itself.
pub const RUNS: Place = Place {
    name: "runs",
    prefix: 0x06,
};
/// How far the audit came: its lines, and the hash of the last.
pub const AUDIT_HEAD: Place = Place {
    name: "audit head",
    prefix: 0x07,
};
/// The box's own authorities that it has had, by hierarchy.
pub const AUTHORITIES: Place = Place {
    name: "authorities",
    prefix: 0x2a,
};
/// Which month file of a month of readings counts; the book writes it itself.
pub const MONTH_FILES: Place = Place {
    name: "month files",
    prefix: 0x04,
};
/// Spaces by id.
pub const SPACES: Place = Place {
    name: "spaces",
    prefix: 0x10,
};
/// When a space was last used, by id.
pub const SPACE_USE: Place = Place {
    name: "space use",
    prefix: 0x11,
};
/// Keys of a space, by space and key id.
pub const SPACE_KEYS: Place = Place {
    name: "space keys",
    prefix: 0x12,
};
/// Which key of which space has this hash.
pub const SPACE_KEY_HASHES: Place = Place {
    name: "space key hashes",
    prefix: 0x13,
};
/// Answers kept for a repeated request, by the hash of caller and idempotency key.
pub const ANSWERS: Place = Place {
    name: "kept answers",
    prefix: 0x14,
};
/// Minutes of a space's count, by space and half-hour.
pub const HISTORY_MINUTES: Place = Place {
    name: "history by minute",
    prefix: 0x15,
};
/// Hours of a space's count, by space and day.
pub const HISTORY_HOURS: Place = Place {
    name: "history by hour",
    prefix: 0x16,
};
/// Every change of a space's count, by space, hour and part.
pub const HISTORY_CHANGES: Place = Place {
    name: "history of changes",
    prefix: 0x17,
};
/// People by name.
pub const PEOPLE: Place = Place {
    name: "people",
    prefix: 0x20,
};
/// Sessions of people by the hash of their cookie.
pub const SESSIONS: Place = Place {
    name: "sessions",
    prefix: 0x21,
};
/// API tokens by the hash of the token.
pub const TOKENS: Place = Place {
    name: "tokens",
    prefix: 0x22,
};
/// One-time login links by the hash of their code.
pub const INVITATIONS: Place = Place {
    name: "invitations",
    prefix: 0x24,
};
/// Which meter is whose from when until when, by person, meter and since.
pub const LINKS: Place = Place {
    name: "links of people",
    prefix: 0x28,
};
/// Who had themselves erased, without a name once that is done, by id.
pub const ERASURES: Place = Place {
    name: "erasures",
    prefix: 0x29,
};
/// Which stretches of which meters an erasure is of, by erasure and place.
pub const ERASURE_STRETCHES: Place = Place {
    name: "stretches of erasures",
    prefix: 0x2b,
};
/// In which life of the book erasures were last looked at, and whose they are.
pub const ERASURE_NOTES: Place = Place {
    name: "notes of erasures",
    prefix: 0x2c,
};
/// When sign-ins failed, by the hash of the name or the address that they were for.
pub const FAILED_SIGN_INS: Place = Place {
    name: "failed sign-ins",
    prefix: 0x25,
};
/// From where people signed in, by the hashes of name and address.
pub const SIGN_IN_PLACES: Place = Place {
    name: "sign-in places",
    prefix: 0x26,
};
/// Certificates that the own PKI issued, by hierarchy and serial number.
pub const CERTIFICATES: Place = Place {
    name: "certificates",
    prefix: 0x30,
};

/// When a certificate is ordered by ACME, by the hash of its server and names.
pub const ACME_PLANS: Place = Place {
    name: "ACME plans",
    prefix: 0x31,
};
/// Chains that ACME brought, by the same hash, the hash of the leaf, and part.
pub const ACME_CHAINS: Place = Place {
    name: "ACME chains",
    prefix: 0x32,
};
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

/// What the uplink calls itself when nobody says.
pub const UPLINK_NAME: Place = Place {
    name: "uplink name",
    prefix: 0x60,
};
/// What the cloud asked for, in the order in which it came.
pub const UPLINK_OPERATIONS: Place = Place {
    name: "operations",
    prefix: 0x61,
};
/// The last number of the uplink's self-test.
pub const UPLINK_SELF_TEST: Place = Place {
    name: "uplink self-test",
    prefix: 0x62,
};

/// Long texts of what the cloud asked for, by operation and part.
pub const UPLINK_TEXTS: Place = Place {
    name: "texts of operations",
    prefix: 0x68,
};
/// Files of configuration that the cloud sent, by type.
pub const UPLINK_INSTALLED: Place = Place {
    name: "installed configurations",
    prefix: 0x69,
};
/// Messages that cost the uplink its session again and again and were set aside, in the order of the journal.
pub const UPLINK_ASIDE: Place = Place {
    name: "messages set aside",
    prefix: 0x6a,
};
/// Whom the uplink has told of the alarms that stood when it came.
pub const UPLINK_JOINED: Place = Place {
    name: "uplink joined",
    prefix: 0x6b,
};
/// Topics on which a broker keeps something of the box.
pub const UPLINK_ANNOUNCED: Place = Place {
    name: "uplink announced",
    prefix: 0x6c,
};
/// What rules remember of a source, by type of alarm and source: states, and the alarm that stands.
pub const ALARMS: Place = Place {
    name: "alarms",
    prefix: 0x63,
};
/// Which rules were in force last, by id.
pub const RULES: Place = Place {
    name: "rules",
    prefix: 0x64,
};
/// Since when webhooks are told, by name.
pub const WEBHOOK_TARGETS: Place = Place {
    name: "webhooks",
    prefix: 0x19,
};
/// What became of the latest deliveries to webhooks, by name and place in the journal.
pub const WEBHOOK_DELIVERIES: Place = Place {
    name: "webhook deliveries",
    prefix: 0x1a,
};
/// The change after which rules hear the journal.
pub const RULES_BEGUN: Place = Place {
    name: "beginning of rules",
    prefix: 0x65,
};
/// How full spaces are by their thresholds, by id.
pub const SPACE_LEVELS: Place = Place {
    name: "space levels",
    prefix: 0x18,
};

/// All of them.
pub const PLACES: &[Place] = &[
    CURSORS,
    PROBE,
    BACKUPS,
    MONTH_FILES,
    SPACES,
    SPACE_USE,
    SPACE_KEYS,
    SPACE_KEY_HASHES,
    ANSWERS,
    HISTORY_MINUTES,
    HISTORY_HOURS,
    HISTORY_CHANGES,
    PEOPLE,
    LINKS,
    SESSIONS,
    TOKENS,
    INVITATIONS,
    ERASURES,
    ERASURE_STRETCHES,
    ERASURE_NOTES,
    FAILED_SIGN_INS,
    SIGN_IN_PLACES,
    CERTIFICATES,
    PERMISSIONS,
    PERMISSIONS_OF_PEOPLE,
    PERMISSION_FILTERS,
    AUTHORIZATION_CODES,
    GRANTS,
    GRANTS_OF_PERMISSIONS,
    REFRESH_TOKENS,
    PERMISSION_HISTORY,
    EVIDENCE,
    REVOKED_ACCESS_TOKENS,
    PERSEUS_KEYS,
    FETCH_DAYS,
    FETCHES,
    RECORDS,
    RECORDS_BY_TIME,
    RECORD_STEPS,
    RECORD_SIGNERS,
    SEALED_REFRESH_TOKENS,
    WITHDRAWALS,
    ACME_PLANS,
    ACME_CHAINS,
    READINGS,
    ERASED_READINGS,
    METERS,
    METER_STATES,
    METER_DUTIES,
    METER_EVENTS,
    METER_VALUES,
    METER_HALF_HOURS,
    TOPUPS,
    TOPUPS_OF_METERS,
    TOPUPS_OPEN,
    TOPUP_CODES,
    TOPUP_IDS,
    TOPUP_KEY,
    JOB_RUNS,
    JOB_LINES,
    TARIFF_WRITES,
    METER_BALANCES,
    METER_TARIFFS,
    UPLINK_NAME,
    UPLINK_OPERATIONS,
    UPLINK_SELF_TEST,
    UPLINK_TEXTS,
    UPLINK_INSTALLED,
    UPLINK_ASIDE,
    UPLINK_JOINED,
    UPLINK_ANNOUNCED,
    ALARMS,
    RULES,
    RULES_BEGUN,
    SPACE_LEVELS,
    WEBHOOK_TARGETS,
    WEBHOOK_DELIVERIES,
    BACKUP_FOLDERS,
    AUDIT_HEAD,
    RUNS,
    AUTHORITIES,
];

/// The name of the ledger whose keys begin with `prefix`, for people.
pub(super) fn name_of(prefix: u8) -> String {
    PLACES.iter().find(|place| place.prefix == prefix).map_or_else(
        || format!("unknown ledger {prefix:#04x}"),
        |place| place.name.to_owned(),
    )
}

/// The names of the ledgers whose rows can stand between two keys that begin with these bytes.
pub(super) fn names_between(first: u8, last: u8) -> Vec<String> {
    PLACES
        .iter()
        .filter(|place| (first..=last).contains(&place.prefix))
        .map(|place| place.name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::PLACES;

    #[test]
    fn every_ledger_stands_in_the_list() {
        let files = [include_str!("mod.rs"), include_str!("perseus.rs")];
        let named: usize = files.map(|file| file.matches(": Place = Place {").count()).iter().sum();
        // One of them is the text in this test.
        assert_eq!(PLACES.len(), named - 1);
    }

    #[test]
    fn no_two_ledgers_share_a_prefix_or_take_the_books_own() {
        for (at, place) in PLACES.iter().enumerate() {
            assert!(
                place.prefix > 0,
                "{} takes the prefix of the table's own mark",
                place.name
            );
            assert!(
                PLACES[..at].iter().all(|other| other.prefix != place.prefix),
                "{}",
                place.name
            );
        }
    }
}
