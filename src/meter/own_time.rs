//! What a meter's own clock shows and when its days begin: UTC, or British time while its daylight flag is on
//! (EMOP §23.3). Pure. Simulated meters have a clock of their own, so that the two are held against each other.

use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// British time by its rule: a meter asks no database of zones.
static BRITISH: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").expect("the rule is well formed"));

/// A meter's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnTime {
    /// The same all year.
    Utc,
    /// An hour ahead in summer.
    British,
}

impl OwnTime {
    /// The clock of a meter whose daylight flag is on or off.
    pub(in crate::meter) fn of(daylight: bool) -> OwnTime {
        if daylight { OwnTime::British } else { OwnTime::Utc }
    }

    fn zone(self) -> TimeZone {
        match self {
            OwnTime::Utc => TimeZone::UTC,
            OwnTime::British => BRITISH.clone(),
        }
    }

    /// The moment at which this clock shows what UTC shows at `shown`; of two the earlier.
    pub(in crate::meter) fn moment(self, shown: Timestamp) -> Option<Timestamp> {
        let shown = Offset::UTC.to_datetime(shown);
        shown.to_zoned(self.zone()).ok().map(|at| at.timestamp())
    }

    /// What this clock shows at a moment, written as if it were UTC.
    pub(in crate::meter) fn shows(self, at: Timestamp) -> Timestamp {
        let ahead = self.zone().to_offset(at).seconds();
        at.saturating_add(SignedDuration::from_secs(i64::from(ahead)))
            .unwrap_or(at)
    }

    /// What this clock shows at a moment.
    pub(in crate::meter) fn reads(self, at: Timestamp) -> DateTime {
        self.zone().to_datetime(at)
    }

    /// How often this clock shows that: never, once, or twice.
    pub(in crate::meter) fn times(self, shown: DateTime) -> u8 {
        match self.zone().to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Gap { .. } => 0,
            AmbiguousOffset::Unambiguous { .. } => 1,
            AmbiguousOffset::Fold { .. } => 2,
        }
    }

    /// The first midnight after a moment; `None` at the end of time.
    pub(in crate::meter) fn midnight_after(self, at: Timestamp) -> Option<Timestamp> {
        let day = at.to_zoned(self.zone()).date();
        // British clocks change at one or two, so that every midnight is there once.
        let next = day.tomorrow().ok()?.to_zoned(self.zone()).ok()?.timestamp();
        (next > at).then_some(next)
    }

    /// Every midnight after `from` and not after `to`.
    pub(in crate::meter) fn midnights(self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
        let next = move |at: &Timestamp| self.midnight_after(*at);
        std::iter::successors(self.midnight_after(from), next).take_while(move |at| *at <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_begin_by_the_meters_own_clock() {
        for (from, utc, british) in [
            ("2026-02-10T12:00:00Z", "2026-02-11T00:00:00Z", "2026-02-11T00:00:00Z"),
            ("2026-07-10T12:00:00Z", "2026-07-11T00:00:00Z", "2026-07-10T23:00:00Z"),
            ("2026-07-10T23:00:00Z", "2026-07-11T00:00:00Z", "2026-07-11T23:00:00Z"),
            // Summer begins on 29 March and ends on 25 October.
            ("2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", "2026-03-29T23:00:00Z"),
            ("2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"),
        ] {
            assert_eq!(OwnTime::Utc.midnight_after(at(from)), Some(at(utc)), "{from}");
            assert_eq!(OwnTime::British.midnight_after(at(from)), Some(at(british)), "{from}");
        }
        let all: Vec<_> = OwnTime::British
            .midnights(at("2026-03-27T00:00:00Z"), at("2026-03-30T23:00:00Z"))
            .collect();
        let days = ["28T00", "29T00", "29T23", "30T23"].map(|day| at(&format!("2026-03-{day}:00:00Z")));
        assert_eq!(all, days);
        assert_eq!(
            OwnTime::British.moment(at("2026-07-01T00:00:00Z")),
            Some(at("2026-06-30T23:00:00Z"))
        );
    }
}
