//! What is known of a meter, in rows that cannot outgrow their limit: what is long or many of a kind stands apart from
//! the state, and a list that grows is cut into parts.
//!
//! Earlier builds kept all of it in the state's own row. Such a row is read as it is, and its parts move when the state
//! is next written.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Ledger, Page, ReadError, RowError, Store, schema};
use crate::domain::{Epoch, HalfHour, HalfHoursAsked, Latest, MeterState, Quantity, Stretches};

const VALUES: Ledger<Vec<(Quantity, Latest)>> = Ledger::new(schema::METER_VALUES);
const HALF_HOURS: Ledger<Part> = Ledger::new(schema::METER_HALF_HOURS);

/// Values that stand apart from the state, together in a row each.
const APART: [&[Quantity]; 4] = [
    &[
        Quantity::ImportA,
        Quantity::ExportA,
        Quantity::ReactiveImportA,
        Quantity::ReactiveExportA,
        Quantity::ImportB,
        Quantity::ExportB,
        Quantity::ReactiveImportB,
        Quantity::ReactiveExportB,
        Quantity::ApparentImport,
        Quantity::ApparentExport,
    ],
    &[Quantity::TariffsActive],
    &[Quantity::TariffsFuture],
    &[
        Quantity::PrepayEnabled,
        Quantity::DaylightSavings,
        Quantity::Hardware,
        Quantity::MeterSerial,
        Quantity::FirmwareVersion,
        Quantity::Backlight,
        Quantity::LoadSwitch,
    ],
];

/// Stretches in one row: each takes 22 bytes at most.
const IN_A_PART: usize = 120;
/// Stretches that are remembered of a meter, settled, absent and doubtful ones; of older ones it is asked again. A memory
/// of 400 days that is read in windows of a quarter of a day has 1,600 of them.
const REMEMBERED: [usize; 3] = [2_000, 800, 800];

/// Some of the stretches of a meter's half-hours, each as its first and the one after its last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Part {
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settled: Vec<(u32, u32)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    absent: Vec<(u32, u32)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubtful: Vec<(u32, u32)>,
}

fn key(meter: &[u8], part: u8) -> Vec<u8> {
    [meter, &[0, part]].concat()
}

/// The prefix of a meter's parts: serials have no zero byte.
fn parts_of(meter: &[u8]) -> Vec<u8> {
    [meter, &[0]].concat()
}

/// Adds the values that stand apart from a state.
pub(super) fn add_values(store: &Store, meter: &[u8], state: &mut MeterState) -> Result<(), ReadError> {
    for (_, values) in VALUES.scan(store, &parts_of(meter), None, APART.len())? {
        state.values.extend(values);
    }
    Ok(())
}

/// Which half-hours were asked for, when they stand apart.
pub(super) fn half_hours(store: &Store, meter: &[u8]) -> Result<Option<HalfHoursAsked>, ReadError> {
    let parts = HALF_HOURS.scan(store, &parts_of(meter), None, usize::from(u8::MAX) + 1)?;
    Ok((!parts.is_empty()).then(|| together(parts.into_iter().map(|(_, part)| part))))
}

/// Forgets what stands apart from a state.
pub(super) fn forget_on(page: &mut Page, meter: &[u8]) -> Result<(), RowError> {
    for (key, _) in VALUES.scan_on(page, &parts_of(meter), None, APART.len())? {
        VALUES.delete_on(page, &key);
    }
    for (key, _) in HALF_HOURS.scan_on(page, &parts_of(meter), None, usize::from(u8::MAX) + 1)? {
        HALF_HOURS.delete_on(page, &key);
    }
    Ok(())
}

/// Writes what stands apart from a state; answers what stands in its own row. Rows that say what they said before are
/// left as they are.
pub(super) fn put_on(
    page: &mut Page,
    meter: &[u8],
    before: MeterState,
    mut state: MeterState,
) -> Result<MeterState, RowError> {
    for (part, apart) in (0u8..).zip(APART) {
        let values: Vec<(Quantity, Latest)> = apart
            .iter()
            .filter_map(|quantity| state.values.remove_entry(quantity))
            .collect();
        put_changed(page, VALUES, &key(meter, part), &values, values.is_empty())?;
    }
    let asked = std::mem::take(&mut state.half_hours);
    // What an earlier build wrote is not forgotten by a note that says nothing of half-hours.
    let asked = if asked.is_empty() { before.half_hours } else { asked };
    if !asked.is_empty() {
        let parts = apart(asked);
        let many = u8::try_from(parts.len()).expect("what is remembered fits into so many parts");
        for (number, part) in (0u8..).zip(&parts) {
            put_changed(page, HALF_HOURS, &key(meter, number), part, false)?;
        }
        for (old, _) in HALF_HOURS.scan_on(
            page,
            &parts_of(meter),
            Some(&key(meter, many - 1)),
            usize::from(u8::MAX),
        )? {
            HALF_HOURS.delete_on(page, &old);
        }
    }
    Ok(state)
}

fn put_changed<T: Serialize + DeserializeOwned + PartialEq>(
    page: &mut Page,
    ledger: Ledger<T>,
    key: &[u8],
    row: &T,
    is_empty: bool,
) -> Result<(), RowError> {
    match ledger.get_on(page, key)? {
        Some(known) if known == *row => Ok(()),
        None if is_empty => Ok(()),
        _ => ledger.put_on(page, key, row),
    }
}

/// Cuts what is remembered into parts; there is at least one.
fn apart(mut asked: HalfHoursAsked) -> Vec<Part> {
    let mut kinds = [Vec::new(), Vec::new(), Vec::new()];
    let all = [&mut asked.settled, &mut asked.absent, &mut asked.doubtful];
    for ((stretches, many), kind) in all.into_iter().zip(REMEMBERED).zip(&mut kinds) {
        stretches.keep_newest(many);
        kind.extend(stretches.parts().iter().map(|part| (part.start.0, part.end.0)));
    }
    let mut parts = vec![Part {
        epoch: asked.epoch,
        ..Part::default()
    }];
    for (place, kind) in kinds.into_iter().enumerate() {
        for stretches in kind.chunks(IN_A_PART) {
            let mut part = Part::default();
            [&mut part.settled, &mut part.absent, &mut part.doubtful][place].extend(stretches);
            parts.push(part);
        }
    }
    parts
}

fn together(parts: impl Iterator<Item = Part>) -> HalfHoursAsked {
    let mut asked = HalfHoursAsked::default();
    let add = |stretches: &mut Stretches, ends: Vec<(u32, u32)>| {
        for (start, end) in ends {
            stretches.add(HalfHour(start)..HalfHour(end));
        }
    };
    for part in parts {
        asked.epoch = asked.epoch.or(part.epoch);
        add(&mut asked.settled, part.settled);
        add(&mut asked.absent, part.absent);
        add(&mut asked.doubtful, part.doubtful);
    }
    asked
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{Doubt, Health, Held, Identity, Total};
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    fn stretches(starts: &[u32]) -> Stretches {
        let mut stretches = Stretches::default();
        for start in starts {
            stretches.add(HalfHour(4_000_000_000 + start * 3)..HalfHour(4_000_000_001 + start * 3));
        }
        stretches
    }

    #[test]
    fn the_most_that_a_meter_can_say_fits_into_its_rows() {
        let at = "2026-02-10T12:00:00.123456789Z".parse().unwrap();
        let held = Held {
            believed: Some(Total(u64::MAX, at)),
            doubted: Some(Total(u64::MAX, at)),
        };
        let latest = |value: Value| Latest {
            good_for: Some(u32::MAX),
            why: Some(Doubt::AnotherMeter),
            held: Some(held),
            ..Latest::measured(value, at)
        };
        let tariff: Map<String, Value> = (0..60)
            .map(|key| (format!("a_long_name_of_a_rate_{key}"), "42949.67295".into()))
            .collect();
        let long = "\u{1F600}".repeat(32);
        let fits = |row: &[u8]| assert!(row.len() <= crate::store::ROW_LIMIT, "{} bytes", row.len());
        for apart in APART {
            let tariffs = apart.len() == 1;
            let value = if tariffs {
                Value::from(tariff.clone())
            } else {
                long.as_str().into()
            };
            let row: Vec<(Quantity, Latest)> = apart
                .iter()
                .map(|quantity| (*quantity, latest(value.clone())))
                .collect();
            fits(&serde_json::to_vec(&row).unwrap());
        }
        let own = [
            Quantity::Balance,
            Quantity::Csq,
            Quantity::Power,
            Quantity::Voltage,
            Quantity::VoltageL1,
            Quantity::VoltageL2,
            Quantity::VoltageL3,
            Quantity::ClockDrift,
        ];
        let state = MeterState {
            health: Health::Unhealthy,
            health_details: "\u{1F600}".repeat(300),
            answered: Some(at),
            clock_compared: Some(at),
            identity: Some(Identity {
                another: true,
                says: Some(long),
                checked: at,
                right: Some(at),
            }),
            events_seen: Some(u32::MAX),
            values: own
                .map(|quantity| {
                    (
                        quantity,
                        Latest {
                            held: None,
                            ..latest((-21_474.836_47).into())
                        },
                    )
                })
                .into(),
            ..MeterState::default()
        };
        fits(&serde_json::to_vec(&state).unwrap());
        // Every quantity stands in one row.
        let apart = APART.iter().flat_map(|apart| apart.iter());
        assert_eq!(apart.chain(&own).collect::<BTreeSet<_>>().len(), 27);
    }

    #[test]
    fn the_most_that_is_remembered_fits_into_its_rows() {
        let all: Vec<u32> = (0..50_000).collect();
        let most = HalfHoursAsked {
            epoch: None,
            settled: stretches(&all),
            absent: stretches(&all),
            doubtful: stretches(&all),
        };
        let parts = apart(most);
        assert!(parts.len() <= usize::from(u8::MAX));
        let bytes = |part: &Part| serde_json::to_vec(part).unwrap().len();
        assert!(parts.iter().all(|part| bytes(part) <= crate::store::ROW_LIMIT));
    }

    proptest! {
        #[test]
        fn what_is_cut_into_parts_is_put_together_again(
            settled in prop::collection::vec(0u32..5_000, 0..700), absent in prop::collection::vec(0u32..5_000, 0..300),
            doubtful in prop::collection::vec(0u32..5_000, 0..300),
        ) {
            let asked = HalfHoursAsked {
                epoch: None, settled: stretches(&settled), absent: stretches(&absent), doubtful: stretches(&doubtful),
            };
            prop_assert_eq!(together(apart(asked.clone()).into_iter()), asked);
        }
    }
}
