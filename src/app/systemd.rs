//! What systemd is told: READY, RELOADING, STOPPING, and that we are alive (sd_notify(3)).

use sd_notify::NotifyState;

/// Everything works; doors accept.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is being read anew. Sent under `Type=notify` too: Ubuntu 22.04's systemd 249
/// does not know `notify-reload`.
pub(super) fn reloading() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let usec = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
    tell(&[NotifyState::Reloading, NotifyState::MonotonicUsec(usec)]);
}

/// The box stops.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The box is alive.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that we are alive: half of what it waits.
pub(super) fn watchdog_interval() -> Option<std::time::Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
