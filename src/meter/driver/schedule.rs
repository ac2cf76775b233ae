//! When a meter is asked for what: spread over time, so that a fleet does not speak in step, and less and less
//! often while it is silent. Pure: it is told the time.

use std::time::Duration;

use tokio::time::Instant;

use super::Syncer;
use crate::meter::config::Polling;

/// The first pause after a meter was silent; it doubles with each further time.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// What one meter is to be asked, and when.
#[derive(Clone, Debug, Default)]
pub(in crate::meter) struct Plan {
    /// By syncer; `None`: never.
    due: [Option<Instant>; Syncer::ALL.len()],
    /// Polls in a row without an answer.
    silent: u32,
    /// Nothing is asked before.
    not_before: Option<Instant>,
}

/// What decides where in its interval a meter is asked first.
pub(in crate::meter) struct Start<'a> {
    /// How often each thing is read.
    pub(in crate::meter) polling: &'a Polling,
    /// A number that differs from meter to meter.
    pub(in crate::meter) seed: u64,
    /// First readings of a whole fleet are spread over so long.
    pub(in crate::meter) window: Duration,
}

impl Plan {
    /// The first plan of a meter. What was read `ago` is read again when its time has come; what never was, soon.
    pub(in crate::meter) fn begin(start: &Start<'_>, now: Instant, ago: impl Fn(Syncer) -> Option<Duration>) -> Plan {
        let mut plan = Plan::default();
        for (place, syncer) in Syncer::ALL.into_iter().enumerate() {
            let Some(every) = start.polling.of(syncer) else {
                continue;
            };
            let left = ago(syncer)
                .and_then(|ago| every.checked_sub(ago))
                .filter(|left| !left.is_zero());
            // One phase a meter, not one a syncer: what is due together is read in one go.
            let wait = left.unwrap_or_else(|| share(every.min(start.window), start.seed));
            plan.due[place] = Some(now + wait);
        }
        plan
    }

    /// When something is to be done next; `None`: never.
    pub(in crate::meter) fn next(&self) -> Option<Instant> {
        let first = self.due.iter().flatten().min().copied()?;
        Some(self.not_before.map_or(first, |not_before| first.max(not_before)))
    }

    /// What is due.
    pub(in crate::meter) fn due(&self, now: Instant) -> Vec<Syncer> {
        if self.not_before.is_some_and(|not_before| now < not_before) {
            return Vec::new();
        }
        let due = Syncer::ALL.into_iter().zip(self.due);
        due.filter(|(_, due)| due.is_some_and(|due| due <= now))
            .map(|(syncer, _)| syncer)
            .collect()
    }

    /// Notes that a syncer was asked and answered: next time a whole number of intervals later, so that it keeps its
    /// place.
    pub(in crate::meter) fn done(&mut self, syncer: Syncer, polling: &Polling, now: Instant) {
        self.silent = 0;
        self.not_before = None;
        let due = &mut self.due[syncer.place()];
        *due = match (*due, polling.of(syncer)) {
            (Some(was), Some(every)) => {
                let late = now.saturating_duration_since(was).as_nanos() / every.as_nanos().max(1);
                let steps = u32::try_from(late).unwrap_or(u32::MAX).saturating_add(1);
                Some(was + every * steps)
            }
            _ => None,
        };
    }

    /// Notes that there is more to be had of an answer: it goes on then, unless its own time comes first.
    pub(in crate::meter) fn goes_on(&mut self, syncer: Syncer, at: Instant) {
        let due = &mut self.due[syncer.place()];
        *due = due.map(|due| due.min(at));
    }

    /// Notes that no answer came: everything waits, the longer the more often that happened.
    pub(in crate::meter) fn silent(&mut self, now: Instant, seed: u64) {
        let doublings = self.silent.min(16);
        self.silent = self.silent.saturating_add(1);
        let pause = (FIRST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE);
        // A mast that falls silences many meters at once; they are not all tried again at once.
        self.not_before = Some(now + pause - share(pause / 4, seed.rotate_left(self.silent)));
    }

    /// Puts off asking, for no fault of the meter's own.
    pub(in crate::meter) fn put_off(&mut self, until: Instant) {
        self.not_before = Some(self.not_before.map_or(until, |not_before| not_before.max(until)));
    }

    /// Has a syncer asked at that moment, whether or not it is asked regularly.
    pub(in crate::meter) fn ask_at(&mut self, syncer: Syncer, at: Instant) {
        self.due[syncer.place()] = Some(at);
    }

    /// Whether this is due.
    pub(in crate::meter) fn is_due(&self, syncer: Syncer, now: Instant) -> bool {
        self.due[syncer.place()].is_some_and(|due| due <= now)
    }

    /// Everything is due now.
    pub(in crate::meter) fn ask_all(&mut self, polling: &Polling, now: Instant) {
        self.not_before = None;
        for (due, syncer) in self.due.iter_mut().zip(Syncer::ALL) {
            *due = polling.of(syncer).map(|_| now);
        }
    }

    /// Somebody else has heard of it.
    pub(in crate::meter) fn heard(&mut self) {
        self.silent = 0;
        self.not_before = None;
    }

    /// Whether it was silent the last time.
    pub(in crate::meter) fn is_silent(&self) -> bool {
        self.silent > 0
    }
}

/// A part of `whole` that differs from seed to seed.
fn share(whole: Duration, seed: u64) -> Duration {
    let part = (seed >> 11) as f64 / (1u64 << 53) as f64;
    whole.mul_f64(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start(polling: &Polling, seed: u64) -> Start<'_> {
        Start {
            polling,
            seed,
            window: Duration::from_secs(600),
        }
    }

    #[test]
    fn a_fleet_does_not_speak_in_step() {
        let (polling, now) = (Polling::default(), Instant::now());
        let mut by_minute = [0u32; 10];
        for number in 0..10_000u64 {
            let seed = super::super::seed(&format!("EML{number:010}"));
            let first = Plan::begin(&start(&polling, seed), now, |_| None).next().unwrap();
            by_minute[usize::try_from((first - now).as_secs() / 60).unwrap()] += 1;
        }
        assert!(
            by_minute.iter().all(|meters| (850..1150).contains(meters)),
            "{by_minute:?}"
        );
    }

    #[test]
    fn a_restart_does_not_ask_again_what_is_fresh() {
        let (polling, now) = (Polling::default(), Instant::now());
        let ago = |syncer| (syncer == Syncer::Reads).then(|| Duration::from_secs(600));
        let plan = Plan::begin(&start(&polling, 1 << 40), now, ago);
        assert_eq!(plan.due[Syncer::Reads.place()], Some(now + Duration::from_secs(3_000)));
        assert!(plan.due[Syncer::Csq.place()].unwrap() < now + Duration::from_secs(600));
        // What is long over is spread again, not asked at once.
        let ago = |_| Some(Duration::from_secs(90_000));
        let plan = Plan::begin(&start(&polling, 1 << 63), now, ago);
        assert_eq!(plan.next(), Some(now + Duration::from_secs(300)));
    }

    #[test]
    fn the_silent_are_asked_less_and_less_and_at_once_after_an_answer() {
        let (polling, mut now) = (Polling::default(), Instant::now());
        let mut plan = Plan::begin(&start(&polling, 7), now, |_| None);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            now = plan.next().unwrap();
            plan.silent(now, 7);
            assert!(plan.due(now).is_empty() && plan.is_silent());
            pauses.push((plan.next().unwrap() - now).as_secs());
        }
        assert!(
            (45..=60).contains(&pauses[0]) && (2_700..=3_600).contains(&pauses[7]),
            "{pauses:?}"
        );
        assert!(pauses.iter().all(|pause| *pause <= 3_600));
        plan.heard();
        assert!(!plan.is_silent() && !plan.due(now).is_empty());
    }

    proptest! {
        #[test]
        fn each_keeps_its_place_in_the_interval(seed: u64, late in 0u64..100_000) {
            let (polling, begun) = (Polling::default(), Instant::now());
            let mut plan = Plan::begin(&start(&polling, seed), begun, |_| None);
            let first = plan.next().unwrap();
            let now = first + Duration::from_secs(late);
            plan.done(Syncer::Reads, &polling, now);
            let due = plan.due[Syncer::Reads.place()].unwrap();
            prop_assert!(due > now && due <= now + Duration::from_secs(3_600));
            prop_assert_eq!((due - first).as_nanos() % Duration::from_secs(3_600).as_nanos(), 0);
        }
    }
}
