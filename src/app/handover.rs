//! Listening sockets that outlive the process (RELAY Q14).
//!
//! systemd keeps copies of them while the box is started again, so that whoever calls meanwhile waits instead of being
//! refused (its file descriptor store, sd_pid_notify_with_fds(3)), and hands them over at the next start, as it does
//! with sockets of a socket unit (sd_listen_fds(3)). Sockets are told apart by their addresses.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::io::AsyncReadExt;

use crate::tls::only_v6;

/// How long systemd has to do what it was told.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was handed over and no door has taken yet.
#[derive(Default)]
pub(super) struct Handover {
    given: Vec<(SocketAddr, TcpListener)>,
}

impl Handover {
    /// Takes what this process was started with.
    pub(super) fn receive() -> Handover {
        let mut passed = ListenFd::from_env();
        let given = (0..passed.len())
            .filter_map(|place| match passed.take_tcp_listener(place) {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::warn!(place, %error, "what was handed over at the start is no TCP socket; it stays unused");
                    None
                }
            })
            .filter_map(|listener| Some((listener.local_addr().ok()?, listener)))
            .inspect(|(_, listener)| {
                // Programs that the box runs do not get it.
                let _ = rustix::io::fcntl_setfd(listener, rustix::io::FdFlags::CLOEXEC);
            })
            .collect();
        Handover { given }
    }

    /// Closes what none of `wanted`, the addresses of a door each, listens on. Says whether there was any.
    pub(super) fn keep_only(&mut self, wanted: &[Vec<SocketAddr>]) -> bool {
        let before = self.given.len();
        self.given.retain(|(addr, listener)| {
            let serves = wanted
                .iter()
                .any(|door| door.contains(addr) && is_only_v6(listener, *addr) == only_v6(*addr, door));
            if !serves {
                tracing::info!(%addr, "a socket was handed over that no door listens on; it is closed");
            }
            serves
        });
        self.given.len() < before
    }

    /// The sockets that listen on addresses of `wanted`, and the addresses that are left.
    pub(super) fn take(&mut self, wanted: &[SocketAddr]) -> (Vec<TcpListener>, Vec<SocketAddr>) {
        let mut taken = Vec::new();
        let left = wanted.iter().copied().filter(|addr| {
            let place = self.given.iter().position(|(given, _)| given == addr);
            taken.extend(place.map(|place| self.given.swap_remove(place).1));
            place.is_none()
        });
        let left = left.collect();
        (taken, left)
    }
}

fn is_only_v6(listener: &TcpListener, addr: SocketAddr) -> bool {
    addr.is_ipv6() && rustix::net::sockopt::ipv6_v6only(listener).unwrap_or(false)
}

/// Has systemd keep the sockets of a door, these and no older ones.
pub(super) fn keep(door: &str, listeners: &[TcpListener]) {
    forget(door);
    for listener in listeners {
        let states = [NotifyState::FdStore, NotifyState::FdName(door)];
        if let Err(error) = sd_notify::notify_with_fds(&states, &[listener.as_fd()]) {
            tracing::debug!(%error, door, "systemd does not keep the door's socket");
        }
    }
}

/// Has systemd let go of the sockets of a door that is closed for good.
pub(super) fn forget(door: &str) {
    if let Err(error) = sd_notify::notify(&[NotifyState::FdStoreRemove, NotifyState::FdName(door)]) {
        tracing::debug!(%error, door, "systemd was not told");
    }
}

/// Waits until systemd has done what it was told (sd_notify_barrier(3)): what it let go of can be listened on again.
pub(super) async fn settled() {
    let done = || {
        let (ends, told) = rustix::pipe::pipe()?;
        sd_notify::notify_with_fds(&[NotifyState::Custom("BARRIER=1")], &[told.as_fd()])?;
        tokio::net::unix::pipe::Receiver::from_owned_fd(ends)
    };
    match done() {
        // The other end is closed when the message is dealt with; nothing is ever written to it.
        Ok(mut ends) => drop(tokio::time::timeout(PATIENCE, ends.read_u8()).await),
        Err(error) => tracing::debug!(%error, "systemd was not asked whether it is done"),
    }
}
