//! What tests share: the built binary in a folder of its own, and an HTTP client that sends what it is told.

pub mod https;
pub mod lodge;

pub use https::{Answer, Https};
pub use lodge::Lodge;

use std::time::{Duration, Instant};

/// Waits until `found` finds something; tests wait for conditions, never for times.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited 30 s in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
