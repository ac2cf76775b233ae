//! What a box would have read of the demonstration's meters in the last four weeks, so that a load can be compared at once.
//! Nothing is made up: the same simulated meters say what they held at each half-hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::meters;
use crate::cli::CliError;
use crate::domain::{HALF_HOUR, MeterState, Reading, Register, WattHours};
use crate::meter::emop::MeterTime;
use crate::store::Store;
use crate::store::meter_money::MoneySeen;
use crate::store::meters::{Meters, MetersWriter, Note};
use crate::store::readings::{Batch, ReadingsWriter};

/// The same weekday four weeks ago, and the half-hour before it.
const BACK: SignedDuration = SignedDuration::from_hours(29 * 24);
/// So long after a half-hour it was read.
const READ_AFTER: SignedDuration = SignedDuration::from_mins(7);

/// Writes it; what is there already stays as it is.
pub(super) async fn remember(store: &Store, now: Timestamp) -> Result<(), CliError> {
    let begin = now.saturating_sub(BACK).map_err(CliError::failed)?;
    let mut batches = Vec::new();
    for known in meters::remembered(now)? {
        let mut readings: BTreeMap<Register, Vec<Reading>> = BTreeMap::new();
        let mut second = begin.as_second().div_euclid(HALF_HOUR) * HALF_HOUR;
        while second <= known.until.as_second() {
            let at = Timestamp::from_second(second).map_err(CliError::failed)?;
            let taken = at.saturating_add(READ_AFTER).map_err(CliError::failed)?.min(now);
            for (register, total) in known.meter.totals(MeterTime::of(at).map_err(CliError::failed)?) {
                let reading = Reading::measured(at, WattHours(total.into()), taken);
                readings.entry(register).or_default().push(reading);
            }
            second += HALF_HOUR;
        }
        batches.extend(readings.into_iter().map(|(register, readings)| Batch {
            meter: known.serial.clone(),
            register,
            readings,
        }));
    }
    let written = ReadingsWriter::new(store.clone()).record(batches).await;
    written.map_err(CliError::failed)?;
    heard_last(store, now).await
}

/// Writes down when a meter that does not answer any more was heard last, unless something of it is known.
async fn heard_last(store: &Store, now: Timestamp) -> Result<(), CliError> {
    let known = Meters::new(store.clone());
    let mut notes = Vec::new();
    for meter in meters::remembered(now)?.into_iter().filter(|meter| meter.until < now) {
        if known.state(&meter.serial).map_err(CliError::failed)?.is_none() {
            notes.push(Note {
                meter: meter.serial,
                state: MeterState {
                    answered: Some(meter.until),
                    ..MeterState::default()
                },
                news: Vec::new(),
                money: MoneySeen::default(),
            });
        }
    }
    let written = MetersWriter::new(store.clone()).note(notes).await;
    written.map_err(CliError::failed)
}
