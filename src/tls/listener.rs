//! Sockets that are open before anything runs, and the one loop that accepts on all of a door's.

use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};

/// Connections that may wait for us to accept them.
const BACKLOG: u32 = 1024;

/// A door cannot listen where it should.
#[derive(Debug, thiserror::Error)]
#[error("the {door} door cannot listen on {addr}: {source}{}", hint(source, *addr))]
pub struct BindError {
    pub door: &'static str,
    pub addr: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

fn hint(error: &io::Error, addr: SocketAddr) -> String {
    let port = addr.port();
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(
            "; ports below 1024 need the capability CAP_NET_BIND_SERVICE (the systemd unit grants it), \
             or choose a port above {port}"
        ),
        io::ErrorKind::AddrInUse => {
            format!("; another program listens there: `ss -ltnp 'sport = :{port}'` names it")
        }
        io::ErrorKind::AddrNotAvailable => "; this machine has no such address: `ip address` lists them".to_owned(),
        _ => String::new(),
    }
}

/// Whether a socket on `addr` is for IPv6 alone: `[::]` takes IPv4 along, unless the same port is asked for by an
/// IPv4 address of its own among `others`.
#[must_use]
pub fn only_v6(addr: SocketAddr, others: &[SocketAddr]) -> bool {
    let beside = |other: &SocketAddr| other.is_ipv4() && other.port() == addr.port() && addr.port() != 0;
    addr.is_ipv6() && others.iter().any(beside)
}

/// Opens `addr`; `others` are the door's other addresses.
pub(super) fn bind(door: &'static str, addr: SocketAddr, others: &[SocketAddr]) -> Result<TcpListener, BindError> {
    let open = || {
        let socket = match addr {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if addr.is_ipv6() {
            rustix::net::sockopt::set_ipv6_v6only(&socket, only_v6(addr, others))?;
        }
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|source| BindError { door, addr, source })
}

/// The listeners of one door.
pub(super) struct Listeners {
    door: &'static str,
    open: Vec<TcpListener>,
    next: usize,
    pause: Duration,
    complained: Option<Instant>,
}

impl Listeners {
    pub(super) fn new(door: &'static str, open: Vec<TcpListener>) -> Listeners {
        Listeners {
            door,
            open,
            next: 0,
            pause: Duration::ZERO,
            complained: None,
        }
    }

    /// The same sockets, opened once more.
    pub(super) fn clones(&self) -> std::io::Result<Vec<std::net::TcpListener>> {
        use std::os::fd::AsFd;
        let again = |listener: &TcpListener| listener.as_fd().try_clone_to_owned().map(std::net::TcpListener::from);
        self.open.iter().map(again).collect()
    }

    /// The next connection from any of them, in turn. May be dropped at any time without losing one.
    pub(super) async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if !self.pause.is_zero() {
                sleep(self.pause).await;
            }
            match self.accept_once().await {
                Ok(connection) => {
                    self.pause = Duration::ZERO;
                    return connection;
                }
                Err(error) => self.after(&error),
            }
        }
    }

    async fn accept_once(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        std::future::poll_fn(|cx| {
            for turn in 0..self.open.len() {
                let place = (self.next + turn) % self.open.len();
                if let Poll::Ready(result) = self.open[place].poll_accept(cx) {
                    self.next = place + 1;
                    return Poll::Ready(result);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Out of descriptors or memory: waiting helps, hammering does not. Anything else was one peer's affair
    /// (accept(2) passes on the network errors of the connection it would have returned).
    fn after(&mut self, error: &io::Error) {
        let errno = Errno::from_io_error(error);
        let ours = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
        if !errno.is_some_and(|errno| ours.contains(&errno)) {
            return;
        }
        self.pause = (self.pause * 2).clamp(Duration::from_millis(20), Duration::from_secs(1));
        let due = self.complained.is_none_or(|at| at.elapsed() >= Duration::from_secs(60));
        if due {
            self.complained = Some(Instant::now());
            tracing::error!(door = self.door, %error, "connections cannot be accepted; trying again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_way_to_find_who_has_it() {
        let first = bind("https", "127.0.0.1:0".parse().unwrap(), &[]).unwrap();
        let addr = first.local_addr().unwrap();
        let error = bind("https", addr, &[]).unwrap_err().to_string();
        assert!(error.contains("https door"), "{error}");
        assert!(error.contains(&addr.to_string()), "{error}");
        assert!(error.contains("ss -ltnp"), "{error}");
    }

    #[tokio::test]
    async fn both_families_share_a_port() {
        let v4 = bind("http", "0.0.0.0:0".parse().unwrap(), &[]).unwrap();
        let port = v4.local_addr().unwrap().port();
        let v6 = SocketAddr::new("::".parse().unwrap(), port);
        bind("http", v6, &[v4.local_addr().unwrap(), v6]).unwrap();
    }

    #[tokio::test]
    async fn a_lack_of_descriptors_is_waited_out_and_a_lost_peer_is_not() {
        let mut listeners = Listeners::new("test", Vec::new());
        listeners.after(&io::Error::from_raw_os_error(Errno::CONNABORTED.raw_os_error()));
        assert!(listeners.pause.is_zero() && listeners.complained.is_none());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            listeners.after(&io::Error::from_raw_os_error(Errno::MFILE.raw_os_error()));
            pauses.push(listeners.pause);
        }
        assert!(pauses.is_sorted() && pauses[0] > Duration::ZERO);
        assert_eq!(pauses[7], Duration::from_secs(1));
        let first = listeners.complained;
        listeners.after(&io::Error::from_raw_os_error(Errno::MFILE.raw_os_error()));
        assert!(
            first.is_some() && listeners.complained == first,
            "one complaint a minute"
        );
    }
}
