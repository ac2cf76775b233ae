//! A meter as one person may see it: what it says from when it is theirs on, and of one that was theirs, nothing of now.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::accounts::{Act, Sight, Who};
use crate::domain::{HALF_HOUR, Interval};
use crate::meter::MeterShown;

/// A meter, cut down to what somebody may see of it.
pub(super) struct Seen {
    /// The meter, without what they may not see.
    pub(super) shown: MeterShown,
    /// When it was theirs last; `None` while it is, or for those who see all.
    pub(super) until: Option<Timestamp>,
    /// What they may see of other times.
    pub(super) sight: Sight,
    /// Whether they run the box, or help with it: settings, signals and the meter's own numbers are for them.
    pub(super) sees_all: bool,
}

impl Seen {
    /// What somebody may see of a meter at `now`; `None`: not even that there is one.
    pub(super) fn by(who: &Who, mut shown: MeterShown, now: Timestamp) -> Option<Seen> {
        let sight = who.sight(&shown.meter.serial, now)?;
        let until = sight.ended(now);
        if until.is_some() {
            // It may be called after whoever lives there now.
            shown.meter.name = None;
            shown.identity = None;
            shown.health_details.clear();
            keep_since(&mut shown, Timestamp::MAX);
        } else if let Some(since) = sight.since(now) {
            keep_since(&mut shown, since);
        }
        Some(Seen {
            shown,
            until,
            sight,
            sees_all: who.may(Act::ReadMeters),
        })
    }

    /// The half-hours that lie wholly in their time: one in which somebody else moved in tells of both.
    pub(super) fn theirs(&self, mut intervals: Vec<Interval>) -> Vec<Interval> {
        intervals.retain(|one| self.sight.covers(&span_of(one)));
        intervals
    }

    /// Whether anything of a span may be seen.
    pub(super) fn touches(&self, span: Range<Timestamp>) -> bool {
        !self.sight.clip(span).is_empty()
    }

    /// The last moment of which there is anything to see.
    pub(super) fn last(&self, now: Timestamp) -> Timestamp {
        let before = |until: Timestamp| until.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(until);
        self.until.map_or(now, before)
    }
}

fn span_of(one: &Interval) -> Range<Timestamp> {
    let ends = Timestamp::from_second(one.from.as_second() + HALF_HOUR).unwrap_or(Timestamp::MAX);
    one.from..ends
}

/// Takes away what the meter said before.
fn keep_since(shown: &mut MeterShown, since: Timestamp) {
    shown.values.retain(|_, value| value.at >= since);
    shown.answered = shown.answered.filter(|at| *at >= since);
    shown.clock_compared = shown.clock_compared.filter(|at| *at >= since);
    shown.half_hours = shown.half_hours.filter(|progress| progress.until > since);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::accounts::{Link, Role};
    use crate::domain::{Quality, WattHours};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
    }

    fn resident(since: i64, until: Option<i64>) -> Who {
        Who::Person {
            name: "clara".into(),
            role: Role::Resident,
            links: vec![Link {
                meter: "EML1".parse().unwrap(),
                since: at(since),
                until: until.map(at),
            }],
            spaces: Vec::new(),
            proof: Default::default(),
        }
    }

    /// Said at minute 10: a balance; at minute 40: a power.
    fn shown() -> MeterShown {
        serde_json::from_value(json!({
            "serial": "EML1", "link": "tcp://127.0.0.1:1", "name": "Flat 1 Jones", "source": "config",
            "duty": "polled", "health": "healthy", "health_details": "", "answered": at(40), "clock_compared": at(10),
            "half_hours": { "since": at(0), "until": at(30), "open": 0 },
            "values": {
                "balance": { "value": "17.25", "unit": "GBP", "at": at(10), "quality": "measured" },
                "power": { "value": 500, "unit": "W", "at": at(40), "quality": "measured" },
            },
        }))
        .unwrap()
    }

    #[test]
    fn what_was_said_before_is_not_shown_to_who_came_after_and_nothing_of_now_to_who_went() {
        let now = at(50);
        let seen = |who: &Who| Seen::by(who, shown(), now);
        assert_eq!(seen(&Who::Operator).unwrap().shown, shown());
        let whole = seen(&resident(10, None)).unwrap();
        assert_eq!((whole.shown, whole.until), (shown(), None));
        let next = seen(&resident(40, None)).unwrap().shown;
        let text = serde_json::to_string(&next).unwrap();
        assert!(!text.contains("17.25") && text.contains("500"), "{text}");
        assert_eq!(
            (next.answered, next.clock_compared, next.half_hours),
            (Some(at(40)), None, None)
        );
        let gone = seen(&resident(0, Some(45))).unwrap();
        let text = serde_json::to_string(&gone.shown).unwrap();
        assert_eq!(gone.until, Some(at(45)));
        for word in ["17.25", "500", "Jones"] {
            assert!(!text.contains(word), "{text}");
        }
        assert_eq!((gone.shown.answered, gone.shown.half_hours), (None, None));
        assert!(gone.last(now) < at(45) && gone.last(now) > at(44));
        assert!(seen(&resident(51, None)).is_none(), "it has not begun");
    }

    #[test]
    fn a_half_hour_in_which_somebody_moves_is_nobodys() {
        let one = |minute| Interval {
            from: at(minute),
            energy: Some(WattHours(7)),
            cumulative: None,
            taken: None,
            quality: Quality::Measured,
        };
        let all = || [0, 30, 60, 90].map(one).to_vec();
        let theirs = |since, until| -> Vec<Timestamp> {
            let seen = Seen::by(&resident(since, until), shown(), at(200)).unwrap();
            seen.theirs(all()).iter().map(|one| one.from).collect()
        };
        assert_eq!(theirs(0, Some(60)), [at(0), at(30)]);
        assert_eq!(theirs(60, None), [at(60), at(90)]);
        assert_eq!(theirs(0, Some(45)), [at(0)]);
        assert_eq!(theirs(45, None), [at(60), at(90)]);
    }
}
