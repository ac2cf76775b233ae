//! Who lives where: from when until when a meter is a person's. Pure.

use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::MeterId;

/// A meter that is a person's from `since` on, and until `until`, which itself is not theirs any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Link {
    /// The meter.
    pub meter: MeterId,
    /// The first moment that is theirs.
    pub since: Timestamp,
    /// The first that is theirs no more; absent while nobody knows of an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Link {
    /// Whether what the meter says at that moment is theirs.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.since <= at && !self.is_over(at)
    }

    /// Whether it has ended by then.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Whether there is a moment at which both are in force, and the meter is the same.
    #[must_use]
    pub fn overlaps(&self, other: &Link) -> bool {
        let (one, other_span) = (self.span(), other.span());
        self.meter == other.meter && one.start.max(other_span.start) < one.end.min(other_span.end)
    }

    /// All that it covers; one without an end reaches to the end of time.
    #[must_use]
    pub fn span(&self) -> Range<Timestamp> {
        self.since..self.until.unwrap_or(Timestamp::MAX)
    }
}

/// What somebody may see of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it, by their role.
    Whole,
    /// What was said in these spans: in order, none empty, none touching the next, each begun.
    Within(Vec<Range<Timestamp>>),
}

impl Sight {
    /// What these links let somebody see of `meter` at `now`; `None` when none of them has begun.
    #[must_use]
    pub fn of(links: &[Link], meter: &MeterId, now: Timestamp) -> Option<Sight> {
        let begun = links.iter().filter(|link| link.meter == *meter && link.since <= now);
        let mut spans: Vec<Range<Timestamp>> = begun.map(Link::span).filter(|span| !span.is_empty()).collect();
        spans.sort_by_key(|span| span.start);
        let mut joined: Vec<Range<Timestamp>> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                Some(_) | None => joined.push(span),
            }
        }
        (!joined.is_empty()).then_some(Sight::Within(joined))
    }

    /// Whether what was said at that moment may be seen.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        match self {
            Sight::Whole => true,
            Sight::Within(spans) => spans.iter().any(|span| span.contains(&at)),
        }
    }

    /// Whether all of a span may be seen: what tells of two people's time is neither's.
    #[must_use]
    pub fn covers(&self, asked: &Range<Timestamp>) -> bool {
        match self {
            Sight::Whole => true,
            Sight::Within(spans) => spans
                .iter()
                .any(|span| span.start <= asked.start && asked.end <= span.end),
        }
    }

    /// The parts of a span that may be seen, in order.
    #[must_use]
    pub fn clip(&self, asked: Range<Timestamp>) -> Vec<Range<Timestamp>> {
        let parts = match self {
            Sight::Whole => vec![asked],
            Sight::Within(spans) => spans
                .iter()
                .map(|span| span.start.max(asked.start)..span.end.min(asked.end))
                .collect(),
        };
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// When the span ended that was the last, for whom nothing is present any more at `now`.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Sight::Whole => None,
            Sight::Within(spans) => spans.last().map(|span| span.end).filter(|end| *end <= now),
        }
    }

    /// From when on what is present at `now` may be seen; `None` when all of it may.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Sight::Whole => None,
            Sight::Within(spans) => spans.iter().find(|span| span.contains(&now)).map(|span| span.start),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    pub fn meter(name: &str) -> MeterId {
        name.parse().unwrap()
    }

    pub fn link(name: &str, since: i64, until: Option<i64>) -> Link {
        Link {
            meter: meter(name),
            since: at(since),
            until: until.map(at),
        }
    }

    fn spans(sight: &Sight) -> Vec<(i64, i64)> {
        let all = sight.clip(at(-1_000)..at(1_000));
        all.iter()
            .map(|span| (span.start.as_second(), span.end.as_second()))
            .collect()
    }

    #[test]
    fn the_first_moment_is_theirs_and_the_last_is_not() {
        let one = link("EML1", 10, Some(20));
        for (second, theirs) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(one.in_force(at(second)), theirs, "{second}");
        }
        assert!(!one.is_over(at(19)) && one.is_over(at(20)));
        let sight = Sight::of(&[one], &meter("EML1"), at(15)).unwrap();
        assert!(sight.covers(&(at(10)..at(20))));
        assert!(!sight.covers(&(at(9)..at(20))) && !sight.covers(&(at(10)..at(21))));
        assert_eq!(spans(&sight), [(10, 20)]);
    }

    #[test]
    fn one_who_comes_when_another_goes_does_not_overlap() {
        let one = link("EML1", 10, Some(20));
        for (other, both) in [
            (link("EML1", 20, None), false),
            (link("EML1", 19, None), true),
            (link("EML1", 0, Some(10)), false),
            (link("EML1", 0, Some(11)), true),
            (link("EML1", 12, Some(13)), true),
            (link("EML2", 10, Some(20)), false),
        ] {
            assert_eq!((one.overlaps(&other), other.overlaps(&one)), (both, both), "{other:?}");
        }
    }

    #[test]
    fn who_moved_out_and_in_again_sees_both_times_and_nothing_between() {
        let links = [
            link("EML1", 10, Some(20)),
            link("EML1", 30, None),
            link("EML2", 0, None),
        ];
        let sight = |now| Sight::of(&links, &meter("EML1"), at(now));
        assert_eq!(sight(9), None, "not begun");
        assert_eq!(sight(15).unwrap().since(at(15)), Some(at(10)));
        let between = sight(25).unwrap();
        assert_eq!(
            (between.ended(at(25)), between.since(at(25))),
            (Some(at(20)), None),
            "the link to come is not known of yet"
        );
        let again = sight(30).unwrap();
        assert_eq!((again.ended(at(30)), again.since(at(30))), (None, Some(at(30))));
        assert_eq!(spans(&again), [(10, 20), (30, 1_000)]);
        assert!(!again.covers(&(at(15)..at(35))));
        assert_eq!(Sight::of(&links, &meter("EML3"), at(99)), None);
        assert_eq!(spans(&Sight::Whole), [(-1_000, 1_000)]);
    }

    pub fn links() -> impl Strategy<Value = Vec<Link>> {
        let one = (0i64..40, prop::option::of(1i64..40));
        let one = one.prop_map(|(since, long)| link("EML1", since, long.map(|long| since + long)));
        prop::collection::vec(one, 0..6)
    }

    proptest! {
        #[test]
        fn a_clipped_span_is_what_some_link_covers_and_no_more(
            links in links(),
            (from, to) in (0i64..40, 0i64..40),
            now in 0i64..40,
        ) {
            let begun = || links.iter().filter(|link| link.since <= at(now));
            let sight = Sight::of(&links, &meter("EML1"), at(now));
            let parts = sight.as_ref().map(|sight| sight.clip(at(from)..at(to))).unwrap_or_default();
            prop_assert!(parts.windows(2).all(|two| two[0].end < two[1].start), "{:?}", parts);
            for second in 0..40 {
                let theirs = begun().any(|link| link.in_force(at(second)));
                let asked = (from..to).contains(&second);
                prop_assert_eq!(parts.iter().any(|part| part.contains(&at(second))), theirs && asked);
                prop_assert_eq!(sight.as_ref().is_some_and(|sight| sight.holds(at(second))), theirs);
            }
            let all_theirs = from < to && (from..to).all(|second| begun().any(|link| link.in_force(at(second))));
            if from < to {
                prop_assert_eq!(sight.is_some_and(|sight| sight.covers(&(at(from)..at(to)))), all_theirs);
            }
        }
    }
}
