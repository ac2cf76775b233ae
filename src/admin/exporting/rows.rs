//! The tables that are taken along, row by row.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::streamed::{Ended, Into};
use crate::domain::{Duty, MeterId, Reading, Register, Space};
use crate::http::table::Row;
use crate::meter::topup::TopupShown;
use crate::meter::{MeterShown, Meters};
use crate::occupancy::Occupancy;
use crate::occupancy::history::{Point, Step, Stretch};
use crate::store::Store;
use crate::store::readings::Readings;

/// Spaces and top-ups that are read at once.
const PAGE: usize = 500;
/// Hours of history that are read at once.
const HOURS: i64 = 24 * 365;

/// From when to when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    /// Not among them.
    pub(super) to: Timestamp,
}

/// A row whose fields are written by name as JSON, and in the same order as CSV.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),+ $(,)? } $columns:literal) => {
        $(#[$doc])*
        #[derive(Serialize)]
        struct $name { $($field: $kind),+ }

        impl Row for $name {
            const COLUMNS: &str = $columns;

            fn fields(&self) -> Vec<String> {
                vec![$(shown(&self.$field)),+]
            }
        }
    };
}

/// A field as CSV has it: what is not there is empty.
fn shown(value: &impl Serialize) -> String {
    match serde_json::to_value(value).unwrap_or_default() {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

row!(
    /// A meter.
    MeterRow {
        serial: MeterId,
        link: String,
        esco: Option<String>,
        name: Option<String>,
        feeder: Option<String>,
        hardware: Option<String>,
        duty: Duty,
        answered: Option<Timestamp>,
    } "serial,link,esco,name,feeder,hardware,duty,answered"
);

row!(
    /// A register at a moment.
    ReadingRow {
        meter: MeterId,
        register: Register,
        at: Timestamp,
        value: u64,
        unit: &'static str,
        quality: &'static str,
        taken: Timestamp,
    } "meter,register,at,value,unit,quality,taken"
);

row!(
    /// A code that was sent to a meter; never the code.
    TopupRow {
        id: String,
        meter: MeterId,
        state: String,
        made: Timestamp,
        sent: Option<Timestamp>,
        since: Timestamp,
        by: String,
        worth: Option<String>,
        balance_before: Option<String>,
        balance_after: Option<String>,
    } "id,meter,state,made,sent,since,by,worth,balance_before,balance_after"
);

row!(
    /// A space as it is now.
    SpaceRow {
        id: String,
        name: Option<String>,
        current: u32,
        maximum: u32,
        open: bool,
        created: Timestamp,
        last_updated: Timestamp,
    } "id,name,current,maximum,open,created,last_updated"
);

row!(
    /// An hour of a space.
    CountRow {
        space: String,
        at: Timestamp,
        min: u32,
        max: u32,
        mean: f64,
        entered: u64,
        left: u64,
        close: u32,
    } "space,at,min,max,mean,in,out,close"
);

pub(super) fn meters(room: &Meters, only: Option<&MeterId>, into: &mut Into) -> Result<(), Ended> {
    into.begin::<MeterRow>()?;
    let wanted = |shown: &MeterShown| only.is_none_or(|only| *only == shown.meter.serial);
    for shown in room.list().into_iter().filter(wanted) {
        let meter = shown.meter;
        into.row(&MeterRow {
            serial: meter.serial,
            link: meter.link,
            esco: meter.esco,
            name: meter.name,
            feeder: meter.feeder,
            hardware: meter.hardware,
            duty: shown.duty,
            answered: shown.answered,
        })?;
    }
    Ok(())
}

pub(super) fn readings(store: &Store, meters: &[MeterId], span: Span, into: &mut Into) -> Result<(), Ended> {
    into.begin::<ReadingRow>()?;
    let readings = Readings::new(store.clone());
    for meter in meters {
        for register in Register::ALL {
            for reading in readings.between(meter, *register, span.from, span.to) {
                let reading: Reading = reading.map_err(|error| Ended::Read(error.to_string()))?;
                into.row(&ReadingRow {
                    meter: meter.clone(),
                    register: *register,
                    at: reading.at,
                    value: reading.value.0,
                    unit: register.unit(),
                    quality: reading.quality.name(),
                    taken: reading.taken,
                })?;
            }
        }
    }
    Ok(())
}

/// Those that were given in the span, of each meter the newest first.
pub(super) fn topups(room: &Meters, meters: &[MeterId], span: Span, into: &mut Into) -> Result<(), Ended> {
    into.begin::<TopupRow>()?;
    for meter in meters {
        let mut before: Option<String> = None;
        loop {
            let some = room.topups_of(meter, before.as_deref(), PAGE);
            let some = some.map_err(|error| Ended::Read(error.to_string()))?;
            let Some(last) = some.last() else { break };
            before = Some(last.id.clone());
            let is_last = some.len() < PAGE || last.made < span.from;
            let given = |topup: &TopupShown| (span.from..span.to).contains(&topup.made);
            for topup in some.into_iter().filter(given) {
                into.row(&topup_row(topup))?;
            }
            if is_last {
                break;
            }
        }
    }
    Ok(())
}

fn topup_row(topup: TopupShown) -> TopupRow {
    TopupRow {
        id: topup.id,
        meter: topup.meter,
        state: topup.state.name().to_owned(),
        made: topup.made,
        sent: topup.sent,
        since: topup.since,
        by: topup.origin.by,
        worth: topup.worth,
        balance_before: topup.balance_before,
        balance_after: topup.balance_after,
    }
}

/// What to do with each space, in the order of their ids.
fn each(room: &Occupancy, mut act: impl FnMut(Space) -> Result<(), Ended>) -> Result<(), Ended> {
    let mut after = None;
    loop {
        let some = room.list(after, PAGE).map_err(|error| Ended::Read(error.to_string()))?;
        let Some(last) = some.last() else { return Ok(()) };
        after = Some(last.id);
        some.into_iter().try_for_each(&mut act)?;
    }
}

pub(super) fn spaces(room: &Occupancy, into: &mut Into) -> Result<(), Ended> {
    into.begin::<SpaceRow>()?;
    each(room, |space| {
        into.row(&SpaceRow {
            id: space.id.to_string(),
            name: space.name,
            current: space.occupancy.current,
            maximum: space.occupancy.maximum,
            open: space.origin.is_open(),
            created: space.created,
            last_updated: space.last_updated,
        })
    })
}

pub(super) fn counts(room: &Occupancy, span: Span, into: &mut Into) -> Result<(), Ended> {
    into.begin::<CountRow>()?;
    let history = room.history();
    each(room, |space| {
        // Before it was made there is nothing to tell.
        let mut from = span.from.max(space.created);
        while from < span.to {
            let year = from
                .saturating_add(SignedDuration::from_hours(HOURS))
                .unwrap_or(Timestamp::MAX);
            let to = year.min(span.to);
            let step = Step::Hour;
            let points = history.points(&space, Stretch { from, to, step });
            // An hour in which nothing happened says nothing: the box may not have known the space yet.
            let changed = |point: &Point| point.entered + point.left > 0 || point.min != point.max;
            for point in points
                .map_err(|error| Ended::Read(error.to_string()))?
                .iter()
                .filter(|point| changed(point))
            {
                into.row(&count_row(&space, point))?;
            }
            from = to;
        }
        Ok(())
    })
}

fn count_row(space: &Space, point: &Point) -> CountRow {
    CountRow {
        space: space.id.to_string(),
        at: point.at,
        min: point.min,
        max: point.max,
        mean: point.mean,
        entered: point.entered,
        left: point.left,
        close: point.close,
    }
}
