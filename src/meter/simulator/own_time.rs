//! The hour by which a simulated meter's days begin: UTC, or British time while its daylight flag is on (EMOP §4.7).

use std::sync::LazyLock;

use jiff::tz::TimeZone;

use crate::meter::emop::MeterTime;

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;

/// British time by its rule, so that no database of zones is asked.
static BRITISH: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").expect("the rule is well formed"));

/// By which hour a meter's days begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnTime {
    Utc,
    /// An hour ahead in summer.
    British,
}

impl OwnTime {
    /// Seconds ahead of UTC.
    fn ahead(self, at: u64) -> u64 {
        let Ok(at) = u32::try_from(at) else { return 0 };
        match self {
            OwnTime::Utc => 0,
            OwnTime::British => {
                let offset = BRITISH.to_offset(MeterTime(at).moment()).seconds();
                u64::from(offset.unsigned_abs())
            }
        }
    }

    /// The moment in UTC at which this clock shows `shown`; of two the earlier.
    fn when(self, shown: u64) -> u64 {
        let summer = shown.saturating_sub(HOUR);
        if self.ahead(summer) == HOUR { summer } else { shown }
    }

    /// The first midnight after a moment; `None`: after all that a meter can count.
    pub(super) fn midnight_after(self, at: MeterTime) -> Option<MeterTime> {
        let at = u64::from(at.0);
        let day = (at + self.ahead(at)) / DAY + 1;
        u32::try_from(self.when(day * DAY)).ok().map(MeterTime)
    }

    /// The moment at which this clock shows what a tariff to come says.
    pub(super) fn activation(self, shown: MeterTime) -> MeterTime {
        let at = self.when(u64::from(shown.0));
        MeterTime(u32::try_from(at).expect("it is at most what was shown"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> MeterTime {
        MeterTime::of(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn days_begin_by_the_meters_own_clock() {
        for (from, utc, british) in [
            ("2026-02-10T12:00:00Z", "2026-02-11T00:00:00Z", "2026-02-11T00:00:00Z"),
            ("2026-07-10T12:00:00Z", "2026-07-11T00:00:00Z", "2026-07-10T23:00:00Z"),
            ("2026-07-10T23:00:00Z", "2026-07-11T00:00:00Z", "2026-07-11T23:00:00Z"),
            // Summer begins on 29 March and ends on 25 October.
            ("2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z", "2026-03-29T00:00:00Z"),
            ("2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", "2026-03-29T23:00:00Z"),
            ("2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z", "2026-10-24T23:00:00Z"),
            ("2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"),
        ] {
            assert_eq!(OwnTime::Utc.midnight_after(at(from)), Some(at(utc)), "{from}");
            assert_eq!(OwnTime::British.midnight_after(at(from)), Some(at(british)), "{from}");
        }
        assert_eq!(OwnTime::Utc.midnight_after(MeterTime(u32::MAX)), None);
        let shown = at("2026-07-01T00:00:00Z");
        assert_eq!(OwnTime::British.activation(shown), at("2026-06-30T23:00:00Z"));
        assert_eq!(OwnTime::Utc.activation(shown), shown);
    }
}
