//! What an application would see, shown to the person before they decide: their own last week, cut by the very filter.

use jiff::{SignedDuration, Timestamp};

use super::super::filter::Filter;
use super::super::room::Perseus;
use crate::accounts::Link;
use crate::domain::{Interval, Measure, Quality};
use crate::face::plot::{HalfHourWords, HalfHours, Sheet};
use crate::store::ReadError;
use crate::texts::{Texts, named};

/// How much is shown.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Perseus {
    /// The last week of what a filter lets out, as a picture; `None`: there is nothing in it yet.
    pub(super) fn week(
        &self,
        filter: &Filter,
        (links, t): (&[Link], Texts),
        now: Timestamp,
    ) -> Result<Option<String>, ReadError> {
        let from = now.saturating_sub(WEEK).unwrap_or(Timestamp::MIN);
        let registers = self.registers(&filter.meter, (Measure::Import, filter.element))?;
        let stretches = filter.within(links, now, &(from..now));
        let intervals: Vec<Interval> = self.through(filter, &registers, stretches).collect::<Result<_, _>>()?;
        if !intervals.iter().any(|one| one.quality == Quality::Measured) {
            return Ok(None);
        }
        let say = |name| t.say(name).text().to_owned();
        let (gap, doubtful) = (say(named("plot-gap")), say(named("plot-doubtful")));
        let bars = HalfHours {
            from,
            to: now,
            // What a meter wrote in the last hour may be on its way.
            due: now.saturating_sub(HOUR).unwrap_or(from),
            imports: &intervals,
            exports: &[],
            ghost: &[],
            tints: &[],
            words: HalfHourWords {
                unit: "kWh",
                import: "",
                export: "",
                gap: &gap,
                doubtful: &doubtful,
                ghost: "",
            },
        };
        // Sources hold signs that names in a page may not hold.
        let id: String = filter.source.chars().filter(char::is_ascii_alphanumeric).collect();
        let sheet = Sheet {
            id: &format!("week-{id}"),
            title: &say(named("plot-half-hours")),
            told: "",
            t,
            timezone: &self.timezone,
        };
        Ok(Some(sheet.drawn(&bars)))
    }
}
