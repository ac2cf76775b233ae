//! The connections that are open under a client certificate, so that a revocation can end them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::PeerCertificate;
use super::socket::Ender;

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
    socket: Ender,
}

impl Live {
    /// Enters a connection; it is struck out when the guard is dropped.
    pub(super) fn enter(&self, certificate: PeerCertificate, socket: Ender) -> LiveGuard {
        let mut open = self.open.lock().expect("entering does not panic");
        let number = open.next;
        open.next += 1;
        open.connections.insert(number, Connection { certificate, socket });
        LiveGuard {
            live: self.clone(),
            number,
        }
    }

    /// Ends every connection that `stays` does not want to stay; says how many.
    pub(super) fn sweep(&self, stays: impl Fn(&PeerCertificate) -> bool) -> usize {
        let open = self.open.lock().expect("entering does not panic");
        let mut ended = 0;
        for connection in open.connections.values() {
            if !stays(&connection.certificate) {
                connection.socket.end();
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
