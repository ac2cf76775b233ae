//! What an application would see, shown to the person before they decide: their own last week, cut by the very filter.

use jiff::{SignedDuration, Timestamp};

use super::super::filter::Filter;
use super::super::room::Perseus;
use crate::accounts::Link;
use crate::domain::{Interval, Measure, Quality};
use crate::face::{Bars, Frame};
use crate::store::ReadError;

/// How much is shown.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Perseus {
    /// The last week of what a filter lets out, as a picture; `None`: there is nothing in it yet.
    pub(super) fn week(&self, filter: &Filter, links: &[Link], now: Timestamp) -> Result<Option<String>, ReadError> {
        let from = now.saturating_sub(WEEK).unwrap_or(Timestamp::MIN);
        let registers = self.registers(&filter.meter, (Measure::Import, filter.element))?;
        let stretches = filter.within(links, now, &(from..now));
        let intervals: Vec<Interval> = self.through(filter, &registers, stretches).collect::<Result<_, _>>()?;
        if !intervals.iter().any(|one| one.quality == Quality::Measured) {
            return Ok(None);
        }
        let bars = Bars {
            intervals: &intervals,
            frame: Frame {
                from,
                to: now,
                top: 0.0,
                timezone: &self.timezone,
            },
            now,
        };
        Ok(Some(bars.svg()))
    }
}
