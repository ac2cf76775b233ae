//! What a person can allow an application: their meters that have a data source, and what of each would be seen (PER §4.2).

use jiff::{SignedDuration, Timestamp};

use super::super::filter::{Filter, Resolution, begins};
use super::super::room::Perseus;
use crate::domain::{Element, Meter, Register};
use crate::face::SignedIn;
use crate::store::ReadError;
use crate::store::readings::Readings;

/// How far back the first reading of a meter is looked for.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 366 * 10);

/// One of the person's meters.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    /// What people call it.
    pub(super) name: String,
    /// What would be let out, until the consent ends.
    pub(super) filter: Filter,
}

impl Perseus {
    /// What a person can allow at `now`, in a stable order; each consent until `until`.
    pub(super) fn offered(
        &self,
        person: &SignedIn,
        (licence, until): (&str, Timestamp),
        now: Timestamp,
    ) -> Result<Vec<Offered>, ReadError> {
        let mut offered = Vec::new();
        for (meter, source) in self.sources()? {
            let theirs = person
                .links
                .iter()
                .filter(|link| link.meter == meter.serial && link.in_force(now));
            let Some(link) = theirs.min_by_key(|link| link.since) else {
                continue;
            };
            let first = self.first_reading(&meter, source.element, now)?;
            offered.push(Offered {
                name: meter.name.clone().unwrap_or_else(|| meter.serial.to_string()),
                filter: Filter {
                    source: source.id,
                    outcode: source.outcode,
                    meter: meter.serial.clone(),
                    element: source.element,
                    measures: source.measures,
                    from: begins(link, first, now),
                    until,
                    licence: licence.to_owned(),
                    resolution: Resolution::HalfHours,
                },
            });
        }
        offered.sort_by(|one, other| one.filter.source.cmp(&other.filter.source));
        Ok(offered)
    }

    /// When the first reading was taken of what a meter imports.
    fn first_reading(
        &self,
        meter: &Meter,
        element: Option<Element>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ReadError> {
        let registers = match element {
            Some(Element::A) => vec![Register::ImportA],
            Some(Element::B) => vec![Register::ImportB],
            None => vec![Register::ImportA, Register::ImportB],
        };
        let oldest = now.saturating_sub(OLDEST).unwrap_or(Timestamp::MIN);
        let readings = Readings::new(self.store.clone());
        let mut first = None;
        for register in registers {
            if let Some(reading) = readings.between(&meter.serial, register, oldest, now).next() {
                let at = reading?.at;
                first = Some(first.map_or(at, |first: Timestamp| first.min(at)));
            }
        }
        Ok(first)
    }
}
