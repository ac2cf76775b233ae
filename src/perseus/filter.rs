//! What one consent lets out of one meter: computed once, when it is given, and cut at every request by what is the
//! person's then (PER §4.2). Nothing else lets data of a person out. Pure.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::accounts::{Link, Sight};
use crate::domain::{Element, Measure, MeterId};

/// The word for a measure in paths and answers.
#[must_use]
pub fn word(measure: Measure) -> &'static str {
    match measure {
        Measure::Import => "import",
        Measure::Export => "export",
    }
}

/// The measure of that word.
#[must_use]
pub fn measure(text: &str) -> Option<Measure> {
    [Measure::Import, Measure::Export]
        .into_iter()
        .find(|one| word(*one) == text)
}

/// A data source's id as a page shows it: enough to know it again.
#[must_use]
pub fn masked(source: &str) -> String {
    let tail: String = source.chars().skip(source.chars().count().saturating_sub(4)).collect();
    format!("…{tail}")
}

/// How fine what is shared is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resolution {
    /// Half-hours.
    #[default]
    #[serde(rename = "PT30M")]
    HalfHours,
}

/// What may be seen of one meter under one permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// The data source's id, as applications know it.
    pub source: String,
    /// The first half of its postcode.
    pub outcode: String,
    pub meter: MeterId,
    /// Absent: the sum of the elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<Element>,
    /// Import first.
    pub measures: Vec<Measure>,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant that is not shared any more.
    pub until: Timestamp,
    /// The licence's URL.
    pub licence: String,
    pub resolution: Resolution,
}

impl Filter {
    /// Whether it lets anything out at `now`, of a meter that must be the person's at that moment.
    #[must_use]
    pub fn is_open(&self, links: &[Link], now: Timestamp) -> bool {
        let theirs = links.iter().any(|link| link.meter == self.meter && link.in_force(now));
        theirs && now < self.until
    }

    /// The spans of the meter's time that it lets out at `now`, in order.
    #[must_use]
    pub fn spans(&self, links: &[Link], now: Timestamp) -> Vec<Range<Timestamp>> {
        match Sight::of(links, &self.meter, now) {
            Some(sight) if self.is_open(links, now) => sight.clip(self.from..self.until),
            _ => Vec::new(),
        }
    }

    /// What of `stretch` it lets out at `now`, in order.
    #[must_use]
    pub fn within(&self, links: &[Link], now: Timestamp, stretch: &Range<Timestamp>) -> Vec<Range<Timestamp>> {
        let spans = self.spans(links, now).into_iter();
        let cut = spans.map(|span| span.start.max(stretch.start)..span.end.min(stretch.end));
        cut.filter(|span| span.start < span.end).collect()
    }

    /// Whether it lets out what this measure says.
    #[must_use]
    pub fn shares(&self, measure: Measure) -> bool {
        self.measures.contains(&measure)
    }
}

/// The first instant that a consent given at `now` lets out: the later of the link's beginning and the first reading, or
/// the consent itself when there is no reading yet.
#[must_use]
pub fn begins(link: &Link, first_reading: Option<Timestamp>, now: Timestamp) -> Timestamp {
    first_reading.map_or(now, |first| first.max(link.since))
}

/// When a consent ends that is given at `now`: with the local day on which the wanted life ends, and never later than the
/// licence allows.
#[must_use]
pub fn ends(
    (now, timezone): (Timestamp, &jiff::tz::TimeZone),
    wanted: SignedDuration,
    licence: SignedDuration,
) -> Timestamp {
    let latest = now.saturating_add(licence).unwrap_or(Timestamp::MAX);
    let wanted = now.saturating_add(wanted.min(licence)).unwrap_or(Timestamp::MAX);
    let day = wanted.to_zoned(timezone.clone());
    let end = day.tomorrow().and_then(|tomorrow| tomorrow.start_of_day());
    end.map_or(latest, |end| end.timestamp().min(latest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn link(since: i64, until: Option<i64>) -> Link {
        Link {
            meter: "EML1".parse().unwrap(),
            since: at(since),
            until: until.map(at),
        }
    }

    fn filter(from: i64, until: i64) -> Filter {
        Filter {
            source: "S1".into(),
            outcode: "SW8".into(),
            meter: "EML1".parse().unwrap(),
            element: None,
            measures: vec![Measure::Import],
            from: at(from),
            until: at(until),
            licence: "https://r.example/licence".into(),
            resolution: Resolution::HalfHours,
        }
    }

    #[test]
    fn what_is_let_out_is_the_persons_now_and_then() {
        let filter = filter(10, 100);
        let spans = |links: &[Link], now| filter.spans(links, at(now));
        assert_eq!(spans(&[link(0, None)], 50), [at(10)..at(100)]);
        assert_eq!(spans(&[link(20, Some(80))], 50), [at(20)..at(80)]);
        // Moved out, not moved in yet, never there, and a consent that ended.
        assert!(spans(&[link(0, Some(50))], 50).is_empty());
        assert!(spans(&[link(60, None)], 50).is_empty());
        assert!(spans(&[], 50).is_empty());
        assert!(spans(&[link(0, None)], 100).is_empty());
        // Away and back again: what another lived meanwhile is not theirs.
        let twice = [link(0, Some(20)), link(40, None)];
        assert_eq!(spans(&twice, 50), [at(10)..at(20), at(40)..at(100)]);
        assert!(filter.shares(Measure::Import) && !filter.shares(Measure::Export));
        assert_eq!(measure("export"), Some(Measure::Export));
        assert_eq!(measure("gas"), None);
    }

    #[test]
    fn a_consent_begins_with_the_link_or_the_first_reading_and_ends_with_a_local_day() {
        let now = at(1_000);
        assert_eq!(begins(&link(10, None), Some(at(5)), now), at(10));
        assert_eq!(begins(&link(10, None), Some(at(50)), now), at(50));
        assert_eq!(begins(&link(10, None), None, now), now);
        let london = TimeZone::get("Europe/London").unwrap();
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let end =
            |now: &str, wanted, licence| ends((now.parse().unwrap(), &london), days(wanted), days(licence)).to_string();
        // Midnight of a summer's day is 23:00 UTC; a day of 23 hours, and one of 25.
        assert_eq!(end("2026-06-10T12:00:00Z", 30, 365), "2026-07-10T23:00:00Z");
        assert_eq!(end("2026-03-28T12:00:00Z", 1, 365), "2026-03-29T23:00:00Z");
        assert_eq!(end("2026-10-24T12:00:00Z", 1, 365), "2026-10-26T00:00:00Z");
        assert_eq!(
            end("2026-01-10T09:00:00Z", 365, 365),
            "2027-01-10T09:00:00Z",
            "never beyond the licence"
        );
        assert_eq!(end("2026-01-10T09:00:00Z", 900, 365), "2027-01-10T09:00:00Z");
    }

    proptest! {
        #[test]
        fn nothing_outside_leaves(
            links in proptest::collection::vec((0i64..100, proptest::option::of(0i64..100)), 0..4),
            from in 0i64..100, until in 0i64..100, now in 0i64..100,
        ) {
            let links: Vec<Link> = links.into_iter().map(|(since, until)| link(since, until)).collect();
            let filter = filter(from, until);
            for span in filter.spans(&links, at(now)) {
                prop_assert!(span.start < span.end && at(from) <= span.start && span.end <= at(until));
                for second in span.start.as_second()..span.end.as_second() {
                    prop_assert!(links.iter().any(|link| link.in_force(at(second))));
                }
                prop_assert!(links.iter().any(|link| link.in_force(at(now))));
            }
        }
    }
}
