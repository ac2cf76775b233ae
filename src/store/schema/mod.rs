//! Every ledger's name, key prefix and format, on one page.

mod meters;
mod people;
mod perseus;

pub use meters::{
    ERASED_READINGS, JOB_LINES, JOB_RUNS, METER_BALANCES, METER_DUTIES, METER_EVENTS, METER_HALF_HOURS, METER_STATES,
    METER_TARIFFS, METER_VALUES, METERS, READINGS, TARIFF_WRITES, TOPUP_CODES, TOPUP_IDS, TOPUP_KEY, TOPUPS,
    TOPUPS_OF_METERS, TOPUPS_OPEN,
};
pub use people::{
    AUTHORITIES, ERASURE_NOTES, ERASURE_STRETCHES, ERASURES, FAILED_SIGN_INS, INVITATIONS, LINKS, PEOPLE, SESSIONS,
    SIGN_IN_PLACES, TOKENS,
};
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
/// When the last backup was made, and those that are kept, by their names.
pub const BACKUPS: Place = Place {
    name: "backups",
    prefix: 0x03,
};
/// The folders that the box backs itself up to, by their path.
pub const BACKUP_FOLDERS: Place = Place {
    name: "backup folders",
    prefix: 0x05,
};
/// When a backup was last restored for trial, and each that is kept, by their names; and how that went.
pub const RESTORE_TRIALS: Place = Place {
    name: "restore trials",
    prefix: 0x08,
};
/// Whether somebody set the setup aside.
pub const SETUP: Place = Place {
    name: "setup",
    prefix: 0x09,
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
/// Counts that somebody put right, by space, hour and place in the journal.
pub const SPACE_CORRECTIONS: Place = Place {
    name: "corrections of counts",
    prefix: 0x1b,
};
/// Screens that show a space, by space and the screen's id.
pub const KIOSKS: Place = Place {
    name: "kiosks",
    prefix: 0x1c,
};
/// Which screen of which space has this hash.
pub const KIOSK_HASHES: Place = Place {
    name: "kiosk hashes",
    prefix: 0x1d,
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
    SPACE_CORRECTIONS,
    KIOSKS,
    KIOSK_HASHES,
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
    RESTORE_TRIALS,
    SETUP,
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
        let files = [
            include_str!("mod.rs"),
            include_str!("meters.rs"),
            include_str!("people.rs"),
            include_str!("perseus.rs"),
        ];
        let declared = files.iter().flat_map(|file| file.lines());
        let declared = declared.filter(|line| line.starts_with("pub const ") && line.contains(": Place = "));
        assert_eq!(declared.count(), PLACES.len());
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
