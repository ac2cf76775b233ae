//! How long to wait after a failure before the next try.

use std::time::Duration;

/// Pauses that double with each failure up to a bound. Each is drawn from its upper half by a chance that the caller
/// brings, so that those who failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after so many failures in a row; `chance` lies in 0..=1.
    #[must_use]
    pub fn pause(self, failures: u32, chance: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound_and_are_never_under_half_of_it() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        };
        let whole: Vec<u64> = (0..10).map(|failures| backoff.pause(failures, 1.0).as_secs()).collect();
        assert_eq!(whole, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        for failures in [1, 7, u32::MAX] {
            let (least, most) = (backoff.pause(failures, 0.0), backoff.pause(failures, 1.0));
            assert_eq!(least * 2, most);
            assert!(backoff.pause(failures, 0.3) > least && backoff.pause(failures, 0.3) < most);
        }
    }
}
