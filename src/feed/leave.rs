//! Leave to go on listening. It is asked again as soon as anything about people, tokens and keys has changed, and now
//! and then besides, since sessions also end by the clock.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Interval, interval_at};

/// How often it is asked again though nothing has changed: longer than a heartbeat, so that a stream which outlives its
/// leave until then is seen to.
const ANYHOW: Duration = Duration::from_secs(60);

/// A caller's leave to listen.
pub struct Leave {
    bell: watch::Receiver<u64>,
    anyhow: Interval,
    still: Box<dyn Fn() -> bool + Send + Sync>,
    asked: bool,
}

impl Leave {
    /// Leave for as long as `still` says so, which is asked whenever `bell` rings.
    pub fn new(bell: watch::Receiver<u64>, still: impl Fn() -> bool + Send + Sync + 'static) -> Leave {
        Leave {
            bell,
            anyhow: interval_at(Instant::now() + ANYHOW, ANYHOW),
            still: Box::new(still),
            asked: false,
        }
    }

    /// Waits until it is over. May be dropped at any time without missing the end.
    pub async fn over(&mut self) {
        loop {
            // The first time it is asked at once: something may have changed since the caller was let in.
            if !self.asked {
                self.asked = true;
                if !(self.still)() {
                    self.asked = false;
                    return;
                }
            }
            tokio::select! {
                rung = self.bell.changed() => if rung.is_err() { return },
                _ = self.anyhow.tick() => {}
            }
            self.asked = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_bell_and_by_the_clock_and_not_before() {
        for rings in [true, false] {
            let (bell, known) = (watch::Sender::new(0), Arc::new(AtomicBool::new(true)));
            let still = Arc::clone(&known);
            let mut leave = Leave::new(bell.subscribe(), move || still.load(Ordering::Relaxed));
            assert!(leave.over().now_or_never().is_none());
            bell.send_replace(1);
            assert!(leave.over().now_or_never().is_none(), "somebody else was meant");
            known.store(false, Ordering::Relaxed);
            assert!(leave.over().now_or_never().is_none(), "nobody has said so");
            let began = Instant::now();
            if rings {
                bell.send_replace(2);
            }
            leave.over().await;
            assert_eq!(began.elapsed().is_zero(), rings);
            assert!(leave.over().now_or_never().is_some(), "it stays over");
        }
    }

    #[tokio::test]
    async fn who_went_before_the_first_look_hears_nothing() {
        let bell = watch::Sender::new(0);
        let mut leave = Leave::new(bell.subscribe(), || false);
        assert!(leave.over().now_or_never().is_some());
    }
}
