//! What a person can allow an application: their meters that have a data source, and what of each would be seen (PER §4.2).

use jiff::Timestamp;

use super::super::filter::{Filter, Resolution, begins};
use super::super::room::Perseus;
use crate::domain::Measure;
use crate::face::SignedIn;
use crate::store::ReadError;

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
            let first = self.first_reading(&meter.serial, (Measure::Import, source.element))?;
            offered.push(Offered {
                name: meter.called(),
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
}
