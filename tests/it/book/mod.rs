//! The promises of the book: nothing acknowledged is ever lost, nothing is shown before it is on disk.

mod backup;
pub mod chance;
pub mod clock;
mod crash;
mod disk;
mod full;
mod identity;
mod lanes;
mod ledger;
mod readings;
mod salvage;
mod sealing;
mod shedding;
mod speed;
mod writing;
mod year;

/// How long a test is to look, when its long form is wanted.
pub fn number(name: &str) -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long to look is said to the test run, not to the box"
    )]
    std::env::var(name).ok()?.parse().ok()
}

/// Waits until something is so; says what was waited for when it takes too long.
pub async fn until(what: &str, so: impl Fn() -> bool) {
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !so() {
        assert!(std::time::Instant::now() < patience, "waited in vain: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
