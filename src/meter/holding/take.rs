//! One meter in an archive: tables of what was said in somebody's time.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use super::super::emop::{Money, event_log};
use super::super::jobs::of_meter;
use super::super::topup::givers;
use crate::accounts::{Sight, Subject, TakeError, Taking};
use crate::domain::{Alarm, HALF_HOUR, MeterId, Register, Source};
use crate::store::Store;
use crate::store::alarms::Alarms;
use crate::store::meters::Meters;
use crate::store::readings::Readings;

/// Where it is read.
type Book<'b> = (&'b Store, &'b Meters);

pub(super) fn meter(
    (store, meters): Book<'_>,
    of: &Subject,
    (meter, sight): &(MeterId, Sight),
    into: &mut dyn Taking,
) -> Result<(), TakeError> {
    let place = |name: &str| format!("meters/{meter}/{name}");
    let spans = sight.clip(jiff::Timestamp::MIN..of.now);
    let readings = Readings::new(store.clone());
    for register in Register::ALL {
        let (mut half_hours, mut moments) = (Table::new(), Table::new());
        for span in &spans {
            for reading in readings.between(meter, *register, span.start, span.end) {
                let one = reading?;
                moments.row(format_args!(
                    "{},{},{},{}",
                    one.at,
                    one.value.0,
                    one.quality.name(),
                    one.taken
                ))?;
            }
        }
        // As `/v1` has it: `import_a`.
        let called = json!(register).as_str().unwrap_or_default().replace('_', "-");
        if moments.is_empty() {
            into.step()?;
            continue;
        }
        for span in &spans {
            for interval in readings.intervals(meter, *register, span.start, span.end) {
                let one = interval?;
                let (Some(energy), Some(value), Some(taken)) = (one.energy, one.cumulative, one.taken) else {
                    continue;
                };
                let to = jiff::Timestamp::from_second(one.from.as_second() + HALF_HOUR).unwrap_or(one.from);
                let (quality, unit) = (one.quality.name(), register.unit());
                half_hours.row(format_args!(
                    "{},{to},{},{},{unit},{quality},{taken}",
                    one.from, energy.0, value.0
                ))?;
            }
        }
        half_hours.write(
            &place(&format!("half-hours-{called}.csv")),
            "from,to,energy,register,unit,quality,taken",
            into,
        )?;
        moments.write(
            &place(&format!("readings-{called}.csv")),
            "at,register,quality,taken",
            into,
        )?;
        into.step()?;
    }
    money((store, meters), of, (meter, sight), into)?;
    log((store, meters), (meter, sight), into)?;
    into.step()
}

fn money(
    (store, meters): Book<'_>,
    of: &Subject,
    (meter, sight): (&MeterId, &Sight),
    into: &mut dyn Taking,
) -> Result<(), TakeError> {
    let place = |name: &str| format!("meters/{meter}/{name}");
    let (mut balances, mut payments) = (Table::new(), Table::new());
    let spans = sight.clip(jiff::Timestamp::MIN..of.now);
    for span in &spans {
        let kept = meters.money(meter, span.clone())?;
        for (at, units) in kept.balances.iter().filter(|(at, _)| span.contains(at)) {
            balances.row(format_args!("{at},{}", Money(*units)))?;
        }
        for at in kept.payments.iter().filter(|at| span.contains(at)) {
            payments.row(format_args!("{at}"))?;
        }
    }
    balances.write(&place("balances.csv"), "at,balance_gbp", into)?;
    payments.write(&place("payments.csv"), "at", into)?;
    let terms = meters.terms(meter)?;
    let ends = terms
        .iter()
        .skip(1)
        .map(|next| next.since)
        .chain([jiff::Timestamp::MAX]);
    let theirs: Vec<_> = terms
        .iter()
        .zip(ends)
        .filter(|(one, end)| !sight.clip(one.since..*end).is_empty())
        .map(|(one, _)| one)
        .collect();
    if !theirs.is_empty() {
        serde_json::to_writer_pretty(into.begin(&place("tariffs.json"))?, &theirs).map_err(io::Error::from)?;
    }
    let topups = givers::within(store, meter, (sight, &of.name))?;
    lines(&place("top-ups.ndjson"), &topups, into)
}

fn log((store, meters): Book<'_>, (meter, sight): (&MeterId, &Sight), into: &mut dyn Taking) -> Result<(), TakeError> {
    let place = |name: &str| format!("meters/{meter}/{name}");
    let mut events = Table::new();
    for event in meters.events(meter)? {
        if sight.holds(event.0) {
            let name = event_log::name(event.1).unwrap_or_default();
            events.row(format_args!(
                "{},{},\"{}\",{}",
                event.0,
                event.1,
                name.replace('"', "\"\""),
                event.2
            ))?;
        }
    }
    events.write(&place("events.csv"), "at,number,name,count", into)?;
    lines(
        &place("jobs.ndjson"),
        &of_meter::lines(store, meter, |at| sight.holds(at))?,
        into,
    )?;
    let now = store.now();
    if sight.ended(now).is_some() {
        return Ok(());
    }
    let alarms = Alarms::new(store.clone()).standing()?;
    let theirs = |alarm: &Alarm| alarm.source == Source::Meter(meter.clone()) && sight.holds(alarm.since);
    let alarms: Vec<Alarm> = alarms.into_iter().filter(theirs).collect();
    lines(&place("alarms.ndjson"), &alarms, into)?;
    let Some(state) = meters.state(meter)? else {
        return Ok(());
    };
    let since = sight.since(now);
    let values = state
        .values
        .into_iter()
        .filter(|(_, value)| since.is_none_or(|since| value.at >= since));
    let shown = json!({ "serial": meter, "values": values.collect::<std::collections::BTreeMap<_, _>>() });
    serde_json::to_writer_pretty(into.begin(&place("now.json"))?, &shown).map_err(io::Error::from)?;
    Ok(())
}

pub(super) fn lines<T: Serialize>(path: &str, rows: &[T], into: &mut dyn Taking) -> Result<(), TakeError> {
    if rows.is_empty() {
        return Ok(());
    }
    let file = into.begin(path)?;
    for row in rows {
        serde_json::to_writer(&mut *file, row).map_err(io::Error::from)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// A table that is left out when it has no rows; in memory, for one register of ten years has 20 MB.
struct Table(Vec<u8>);

impl Table {
    fn new() -> Table {
        Table(Vec::new())
    }

    fn row(&mut self, fields: std::fmt::Arguments<'_>) -> io::Result<()> {
        write!(self.0, "{fields}\r\n")
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn write(self, path: &str, columns: &str, into: &mut dyn Taking) -> io::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let file = into.begin(path)?;
        write!(file, "{columns}\r\n")?;
        file.write_all(&self.0)
    }
}
