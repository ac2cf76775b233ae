//! How fast what waited is sent (UPLINK §4.2): a bucket of tokens, halved when the broker cuts us off
//! for it, and slowly filled up again. Pure: `now` is given.

use std::time::Duration;

use tokio::time::Instant;

use crate::http::Rate;

/// Cut off so soon after sending, the broker may have minded the pace.
const BLAMED: Duration = Duration::from_secs(10);
/// What is regained each minute.
const REGAINED: f64 = 0.1;
/// The part of the configured pace below which it never falls.
const LOWEST: f64 = 1.0 / 64.0;

/// The pace of a replay.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Messages a second; `None`: as fast as it goes.
    rate: Option<f64>,
    /// The part of it that is used now.
    part: f64,
    tokens: f64,
    at: Instant,
    sent: Option<Instant>,
}

impl Pace {
    /// The pace that the configuration wants.
    #[must_use]
    pub fn new(rate: Rate, now: Instant) -> Pace {
        let rate = match rate {
            Rate::Off => None,
            Rate::Per { count, unit } => Some(f64::from(count.get()) / unit.duration().as_secs_f64()),
        };
        Pace {
            rate,
            part: 1.0,
            tokens: 1.0,
            at: now,
            sent: None,
        }
    }

    /// Takes a token for one message, or says when there is one.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(rate) = self.rate else { return Ok(()) };
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.part = (self.part + REGAINED * passed / 60.0).min(1.0);
        let rate = rate * self.part;
        // A second's worth may come at once.
        self.tokens = (self.tokens + passed * rate).min(rate.max(1.0));
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            self.sent = Some(now);
            return Ok(());
        }
        Err(now + Duration::from_secs_f64((1.0 - self.tokens) / rate))
    }

    /// The session ended at `now`; if that came soon after a replay, the next one goes slower.
    pub fn cut_off(&mut self, now: Instant) {
        if self
            .sent
            .is_some_and(|sent| now.saturating_duration_since(sent) < BLAMED)
        {
            self.part = (self.part / 2.0).max(LOWEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_in(pace: &mut Pace, from: Instant, seconds: u64) -> u32 {
        let (mut now, mut sent) = (from, 0);
        while now < from + Duration::from_secs(seconds) {
            match pace.take(now) {
                Ok(()) => sent += 1,
                Err(later) => now = later,
            }
        }
        sent
    }

    #[test]
    fn a_replay_keeps_its_rate_halves_it_when_cut_off_and_regains_it() {
        let began = Instant::now();
        let mut pace = Pace::new("20/s".parse().unwrap(), began);
        let sent = sent_in(&mut pace, began, 10);
        assert!((190..=222).contains(&sent), "{sent}");
        let cut = began + Duration::from_secs(11);
        pace.cut_off(cut);
        let sent = sent_in(&mut pace, cut, 10);
        assert!((90..=135).contains(&sent), "{sent}");
        let later = cut + Duration::from_secs(600);
        let sent = sent_in(&mut pace, later, 10);
        assert!((190..=222).contains(&sent), "{sent}");
    }

    #[test]
    fn off_is_no_limit() {
        let now = Instant::now();
        let mut pace = Pace::new(Rate::Off, now);
        assert!((0..100_000).all(|_| pace.take(now).is_ok()));
    }
}
