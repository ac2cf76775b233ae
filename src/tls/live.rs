//! The connections that are open under a client certificate, so that a revocation can end them.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};

use rustix::net::Shutdown;
use tokio::net::TcpStream;

use super::PeerCertificate;

/// Open connections by a number of their own; clones share them.
#[derive(Clone, Default)]
pub(super) struct Live {
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Connection>,
}

struct Connection {
    certificate: PeerCertificate,
    /// A second descriptor of the socket: shutting it down ends the connection at once, whatever runs on it now
    /// (HTTP/1.1, HTTP/2, a WebSocket), and needs nobody's cooperation.
    socket: OwnedFd,
}

impl Live {
    /// Enters a connection; it is struck out when the guard is dropped.
    pub(super) fn enter(&self, certificate: PeerCertificate, socket: &TcpStream) -> std::io::Result<LiveGuard> {
        let socket = socket.as_fd().try_clone_to_owned()?;
        let mut open = self.open.lock().expect("entering does not panic");
        let number = open.next;
        open.next += 1;
        open.connections.insert(number, Connection { certificate, socket });
        Ok(LiveGuard {
            live: self.clone(),
            number,
        })
    }

    /// Ends every connection that `stays` does not want to stay; says how many.
    pub(super) fn sweep(&self, stays: impl Fn(&PeerCertificate) -> bool) -> usize {
        let open = self.open.lock().expect("entering does not panic");
        let mut ended = 0;
        for connection in open.connections.values() {
            if !stays(&connection.certificate) {
                // The only failure is a peer that has gone already (ENOTCONN).
                let _ = rustix::net::shutdown(&connection.socket, Shutdown::Both);
                ended += 1;
            }
        }
        ended
    }
}

/// See [`Live::enter`].
pub(super) struct LiveGuard {
    live: Live,
    number: u64,
}

impl Drop for LiveGuard {
    fn drop(&mut self) {
        let mut open = self.live.open.lock().expect("entering does not panic");
        open.connections.remove(&self.number);
    }
}
