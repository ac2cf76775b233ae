//! A December of half-hours of the demo's first meter: older than any meter remembers, and what existing applications of the
//! data-sharing scheme ask for. Written as the meter room writes what it reads.

use jiff::{SignedDuration, Timestamp};

use super::meters;
use crate::cli::CliError;
use crate::domain::{Reading, Register, WattHours};
use crate::store::Store;
use crate::store::readings::{Batch, ReadingsWriter};

/// 2024-12-01T00:00:00Z and 2025-01-01T00:00:00Z.
const FROM: i64 = 1_733_011_200;
const TO: i64 = 1_735_689_600;
const HALF_HOUR: i64 = 1_800;

/// What the registers showed at the beginning, in watt-hours.
const IMPORT: u64 = 211_400;
const EXPORT: u64 = 18_250;

/// What a flat draws in a half-hour of a winter's day, in watt-hours: little at night, more for breakfast, most in the
/// evening, and no day quite like another.
fn drawn(half_hour: i64) -> u64 {
    let (day, half) = (half_hour / 48, half_hour % 48);
    let usual = match half {
        0..=11 => 70,
        12..=17 => 240,
        18..=33 => 140,
        34..=43 => 420,
        _ => 160,
    };
    usual + u64::try_from((day * 37 + half * 53) % 90).unwrap_or(0)
}

/// What its balcony gives back: a little around noon.
fn given(half_hour: i64) -> u64 {
    let (day, half) = (half_hour / 48, half_hour % 48);
    match half {
        21..=28 => u64::try_from((day * 17 + half * 7) % 60).unwrap_or(0),
        _ => 0,
    }
}

fn readings(first: u64, step: fn(i64) -> u64) -> Result<Vec<Reading>, CliError> {
    let mut value = first;
    let mut readings = Vec::new();
    for number in 0..=(TO - FROM) / HALF_HOUR {
        let at = Timestamp::from_second(FROM + number * HALF_HOUR).map_err(CliError::failed)?;
        let taken = at.checked_add(SignedDuration::from_mins(7)).map_err(CliError::failed)?;
        readings.push(Reading::measured(at, WattHours(value), taken));
        value += step(number);
    }
    Ok(readings)
}

/// Writes it; what is there already stays as it is.
pub(super) async fn remember(store: &Store) -> Result<(), CliError> {
    let Some(meter) = meters::serials().into_iter().next() else {
        return Ok(());
    };
    let batches = vec![
        Batch {
            meter: meter.clone(),
            register: Register::ImportA,
            readings: readings(IMPORT, drawn)?,
        },
        Batch {
            meter,
            register: Register::ExportA,
            readings: readings(EXPORT, given)?,
        },
    ];
    let written = ReadingsWriter::new(store.clone()).record(batches).await;
    written.map(drop).map_err(CliError::failed)
}
