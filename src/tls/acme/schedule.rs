//! When a certificate is renewed, and when an order that failed is tried again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::Backoff;

/// Certificates that live shorter than this are renewed at half of their life.
const SHORT: SignedDuration = SignedDuration::from_hours(10 * 24);

/// The first pause after a server could not be reached.
const SOON: Duration = Duration::from_secs(4);

/// When a certificate that is good from `from` to `until` is renewed: at two thirds of its life, and at half of a
/// life below ten days, where a third would leave too few days for mending.
pub(super) fn renewal(from: Timestamp, until: Timestamp) -> Timestamp {
    let life = until.duration_since(from);
    let left = if life < SHORT { life / 2 } else { life / 3 };
    until.saturating_sub(left).unwrap_or(from)
}

/// When a certificate is renewed whose server wants it at `advised`: then, but not without time for mending.
pub(super) fn advised(advised: Timestamp, from: Timestamp, until: Timestamp) -> Timestamp {
    let last = until.saturating_sub(until.duration_since(from) / 10).unwrap_or(from);
    advised.min(last)
}

/// From when on a missing renewal is an alarm, which was to be at `renewal`: when a third of the time that was left for it
/// has gone by.
pub(super) fn alarm(renewal: Timestamp, until: Timestamp) -> Timestamp {
    let left = until.duration_since(renewal);
    renewal.saturating_add(left / 3).unwrap_or(until)
}

/// The pause after `failures` in a row: doubling from `first` to `longest`. `chance` (0 to 1) takes up to a
/// quarter of it away or adds it, so that many boxes do not come back at once; it never goes under `first`, which
/// is what a server's rate limits allow, nor over `longest`.
pub(super) fn pause(failures: u32, first: Duration, longest: Duration, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(24);
    let pause = first.saturating_mul(1 << doublings).min(longest);
    pause
        .mul_f64(0.75 + chance.clamp(0.0, 1.0) / 2.0)
        .clamp(first.min(longest), longest)
}

/// The pauses while no order can be placed because nobody answers: they spare nobody's limits, so they begin with
/// seconds; `first` is what they come to.
pub(super) fn unreached(first: Duration) -> Backoff {
    Backoff {
        first: SOON.min(first),
        longest: first,
    }
}

/// The moment that a server's refusal names, as Let's Encrypt writes it: `retry after 2026-01-02 03:04:05 UTC`.
pub(super) fn told_to_wait(words: &str) -> Option<Timestamp> {
    let rest = words.split("retry after ").nth(1)?;
    let moment = rest.get(..19)?.replacen(' ', "T", 1);
    format!("{moment}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn renewal_is_at_two_thirds_and_at_half_of_short_lives() {
        let from = at("2026-01-01T00:00:00Z");
        assert_eq!(renewal(from, at("2026-04-01T00:00:00Z")), at("2026-03-02T00:00:00Z"));
        assert_eq!(renewal(from, at("2026-01-07T00:00:00Z")), at("2026-01-04T00:00:00Z"));
        assert_eq!(renewal(from, at("2026-01-01T00:01:00Z")), at("2026-01-01T00:00:30Z"));
        let until = at("2026-04-01T00:00:00Z");
        assert_eq!(alarm(renewal(from, until), until), at("2026-03-12T00:00:00Z"));
        // A server is heeded that wants it sooner, or later, but not that it ends.
        for (wanted, due) in [
            ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2026-03-20T00:00:00Z", "2026-03-20T00:00:00Z"),
            ("2026-05-01T00:00:00Z", "2026-03-23T00:00:00Z"),
        ] {
            assert_eq!(advised(at(wanted), from, until), at(due));
        }
    }

    #[test]
    fn pauses_grow_to_a_day_and_never_hurry() {
        let (first, day) = (Duration::from_secs(900), Duration::from_secs(86_400));
        for chance in [0.0, 0.5, 1.0] {
            let pauses: Vec<_> = (1..40).map(|failures| pause(failures, first, day, chance)).collect();
            assert!(pauses.is_sorted(), "{pauses:?}");
            assert!(pauses.iter().all(|pause| (first..=day).contains(pause)), "{pauses:?}");
            assert!(pauses[38] >= day.mul_f64(0.75));
        }
        assert_ne!(pause(5, first, day, 0.1), pause(5, first, day, 0.9));
    }

    #[test]
    fn a_server_that_names_a_moment_is_believed() {
        let words = "too many certificates (5) already issued, retry after 2026-11-23 08:09:10 UTC: see https://x";
        assert_eq!(told_to_wait(words), Some(at("2026-11-23T08:09:10Z")));
        for words in [
            "",
            "retry after",
            "retry after lunch",
            "retry after 2026-99-99 08:09:10 UTC",
            "retry after é",
        ] {
            assert_eq!(told_to_wait(words), None, "{words}");
        }
    }
}
