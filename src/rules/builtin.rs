//! The rules that are there without being asked for (UPLINK §3.6). An entry of the configuration with
//! one of these names changes it or switches it off.

use super::entry::{Bound, Entry, OpName};
use super::rule::On;
use crate::domain::units::Span;
use crate::domain::{Severity, alarm_text};

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

/// In the words that everybody knows of it.
fn told(entry: Entry, severity: Severity) -> Entry {
    Entry {
        severity: Some(severity),
        text: alarm_text(&entry.id).map(str::to_owned),
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
        ),
        told(
            rule("prepay_low", On::Meters, "emop_Prepay.balance", OpName::Below, one(5.0)),
            Severity::Warning,
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
        ),
        told(cert("cert_expiry", 30.0), Severity::Minor),
        Entry {
            alarm_type: Some("cert_expiry".to_owned()),
            ..told(cert("cert_expiry_soon", 7.0), Severity::Major)
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
            )
        },
    ]
}
