//! A bucket of tokens: what comes in a unit may come at once, then it refills evenly.

use std::time::Duration;

use tokio::time::Instant;

use super::rate::Quota;

/// The longest debt.
const YEAR: Duration = Duration::from_secs(31_536_000);

/// A bucket, known by the moment at which it will be full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn full(now: Instant) -> Bucket {
        Bucket { full_at: now }
    }

    /// Whether nothing is missing in it.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }

    /// Takes `amount`, into debt if need be. Answers when another one can be taken.
    pub(crate) fn take(&mut self, now: Instant, amount: u64, quota: Quota) -> Instant {
        let each = each(quota);
        // Debts beyond a year are none that anybody waits for, and keep the sum within what a clock holds.
        let nanos = (each * u128::from(amount)).min(YEAR.as_nanos());
        let time = Duration::from_nanos(u64::try_from(nanos).expect("a year fits"));
        self.full_at = self.full_at.max(now) + time;
        self.next(now, quota)
    }

    /// Takes one, or answers how long to wait for it and takes nothing.
    pub(crate) fn take_one(&mut self, now: Instant, quota: Quota) -> Result<(), Duration> {
        let wait = self.next(now, quota).saturating_duration_since(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.take(now, 1, quota);
        Ok(())
    }

    /// When one can be taken.
    fn next(&self, now: Instant, quota: Quota) -> Instant {
        let each = Duration::from_nanos(u64::try_from(each(quota)).expect("a day fits"));
        let spare = quota.unit.saturating_sub(each);
        self.full_at.checked_sub(spare).unwrap_or(now)
    }
}

/// The nanoseconds in which one comes.
fn each(quota: Quota) -> u128 {
    (quota.unit.as_nanos() / u128::from(quota.count)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota {
        count: 4,
        unit: Duration::from_secs(2),
    };

    #[test]
    fn a_unit_comes_at_once_and_then_one_at_a_time() {
        let now = Instant::now();
        let mut bucket = Bucket::full(now);
        for _ in 0..4 {
            bucket.take_one(now, QUOTA).unwrap();
        }
        let wait = bucket.take_one(now, QUOTA).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert!(bucket.take_one(now + wait - Duration::from_nanos(1), QUOTA).is_err());
        bucket.take_one(now + wait, QUOTA).unwrap();
        assert!(!bucket.is_full(now + wait) && bucket.is_full(now + Duration::from_millis(2_500)));
    }

    #[test]
    fn a_debt_is_waited_for_and_no_sum_breaks_the_clock() {
        let now = Instant::now();
        let mut bucket = Bucket::full(now);
        assert_eq!(bucket.take(now, 10, QUOTA) - now, Duration::from_millis(3_500));
        for _ in 0..3 {
            bucket.take(now, u64::MAX, QUOTA);
        }
        assert!(bucket.take_one(now, QUOTA).unwrap_err() > YEAR);
    }
}
