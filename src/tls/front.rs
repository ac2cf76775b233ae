//! The front of a door: accept, admit, shake hands within limits, hand on the stream.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::admission::{Admission, Places};
use super::announced::Announced;
use super::client_cert::PeerCertificate;
use super::connection::{self, Connection, FAREWELL, Protocol};
use super::handshake::Handshake;
use super::limits::Limits;
use super::listener::Listeners;
use super::unsent::Unsent;
use super::watchdog::Watchdog;
use super::wire::Wire;
use crate::http::metrics::{ConnectionEnd, DoorMetrics};
use crate::http::swap::Swap;
use crate::http::{Peer, RateLimits, Reached};

/// How often addresses that were quiet are forgotten by the rates.
const FORGET: Duration = Duration::from_secs(60);

/// Bytes of an answer that the system holds unsent for one connection.
const UNSENT: u32 = 64 << 10;

/// Questions of the system without an answer until a connection is lost.
const KEEPALIVE_TRIES: u32 = 4;

/// What is counted of one connection, and where it was reached.
type ConnectionParts = (Arc<Watchdog>, Arc<Unsent>, Option<Reached>);

/// A connection whose caller is known and let in.
struct Arrival {
    tcp: TcpStream,
    addr: SocketAddr,
    reached: Option<Reached>,
    admission: Admission,
}

/// What every connection of a door shares.
pub(super) struct Front {
    shared: Arc<FrontState>,
    rates: Arc<RateLimits>,
    places: Places,
}

struct FrontState {
    door: &'static str,
    router: Swap,
    limits: Limits,
    metrics: DoorMetrics,
    handshake: Option<Handshake>,
    announced: Announced,
}

impl Front {
    pub(super) fn new(
        door: &'static str,
        router: Swap,
        limits: Limits,
        metrics: DoorMetrics,
        rates: Arc<RateLimits>,
        handshake: Option<Handshake>,
    ) -> Front {
        Front {
            places: Places::new(&limits, metrics.open.clone()),
            rates,
            shared: Arc::new(FrontState {
                door,
                router,
                limits,
                metrics,
                handshake,
                announced: Announced::new(door),
            }),
        }
    }

    pub(super) fn door(&self) -> &'static str {
        self.shared.door
    }

    /// See [`super::OpenDoor::run`].
    pub(super) async fn run(self, listeners: Listeners, stop: CancellationToken) {
        tokio::select! {
            () = self.serve(listeners, &stop) => {}
            () = self.follow() => {}
        }
    }

    /// What goes on beside the connections, for ever.
    async fn follow(&self) {
        let forget = async {
            let mut tick = interval(FORGET);
            loop {
                tick.tick().await;
                self.rates.forget_quiet();
            }
        };
        match &self.shared.handshake {
            Some(handshake) => tokio::join!(forget, handshake.follow()).0,
            None => forget.await,
        }
    }

    async fn serve(&self, mut listeners: Listeners, stop: &CancellationToken) {
        // Dropped with this future, the set ends every connection.
        let mut connections = JoinSet::new();
        loop {
            let accepted = async {
                let place = self.places.vacancy().await;
                (place, listeners.accept().await)
            };
            tokio::select! {
                () = stop.cancelled() => break,
                (place, (tcp, addr)) = accepted => self.begin(&mut connections, place, tcp, addr, stop),
                Some(ended) = connections.join_next() => self.reap(&ended),
            }
        }
        drop(listeners);
        let drained = async { while connections.join_next().await.is_some() {} };
        if timeout(self.shared.limits.drain, drained).await.is_err() {
            let left = connections.len();
            tracing::warn!(
                door = self.shared.door,
                connections = left,
                "connections were cut at the end of the drain"
            );
        }
    }

    /// A connection's task ends well whatever its peer does; a panic in it is our fault.
    fn reap(&self, ended: &Result<(), tokio::task::JoinError>) {
        if let Err(error) = ended
            && error.is_panic()
        {
            tracing::error!(door = self.shared.door, %error, "a connection's task panicked");
        }
    }

    fn begin(
        &self,
        connections: &mut JoinSet<()>,
        place: OwnedSemaphorePermit,
        tcp: TcpStream,
        addr: SocketAddr,
        stop: &CancellationToken,
    ) {
        let shared = Arc::clone(&self.shared);
        shared.metrics.connections.inc();
        shared.tune(&tcp);
        let stop = stop.clone();
        let reached = tcp.local_addr().ok().map(Reached);
        if shared.limits.announced && shared.limits.proxies.trust(addr.ip()) {
            let places = self.places.clone();
            connections.spawn(async move {
                let ended = shared.handed_on(places, place, (tcp, addr, reached), &stop).await;
                shared.note(ended);
            });
            return;
        }
        let Some(admission) = self.places.admit(place, addr.ip()) else {
            return shared.note(Err(ConnectionEnd::AddressFull));
        };
        let arrival = Arrival {
            tcp,
            addr,
            reached,
            admission,
        };
        connections.spawn(async move {
            let ended = shared.welcome(arrival, &stop).await;
            shared.note(ended);
        });
    }
}

impl FrontState {
    /// Small answers must not wait for an acknowledgement, and of what a peer does not take the system holds little, so
    /// that a listener that does not listen is noticed. A socket that refuses this works without.
    fn tune(&self, tcp: &TcpStream) {
        let _ = tcp.set_nodelay(true);
        let _ = SockRef::from(tcp).set_tcp_notsent_lowat(UNSENT);
        if let Some(silence) = self.limits.keepalive {
            let questions = TcpKeepalive::new()
                .with_time(silence)
                .with_interval(silence / 4)
                .with_retries(KEEPALIVE_TRIES);
            let _ = SockRef::from(tcp).set_tcp_keepalive(&questions);
        }
    }

    fn note(&self, ended: Result<(), ConnectionEnd>) {
        if let Err(refusal) = ended {
            self.metrics.refused(refusal);
            tracing::debug!(door = self.door, ?refusal, "a connection was refused or ended");
        }
    }

    /// A connection that a trusted proxy announces: its caller has a share of the places as whoever comes by themselves.
    async fn handed_on(
        &self,
        places: Places,
        place: OwnedSemaphorePermit,
        (mut tcp, proxy, reached): (TcpStream, SocketAddr, Option<Reached>),
        stop: &CancellationToken,
    ) -> Result<(), ConnectionEnd> {
        let ends = self.in_time(self.announced.ends(&mut tcp, proxy), stop).await?;
        let (addr, reached) = match ends.ok_or(ConnectionEnd::ProxyHeader)?? {
            Some(ends) => (ends.client, Some(Reached(ends.reached))),
            None => (proxy, reached),
        };
        let admission = places.admit(place, addr.ip()).ok_or(ConnectionEnd::AddressFull)?;
        let arrival = Arrival {
            tcp,
            addr,
            reached,
            admission,
        };
        self.welcome(arrival, stop).await
    }

    async fn welcome(&self, arrival: Arrival, stop: &CancellationToken) -> Result<(), ConnectionEnd> {
        let Arrival {
            tcp,
            addr,
            reached,
            admission,
        } = arrival;
        let watchdog = Watchdog::new();
        let unsent = Unsent::new(self.limits.unsent, admission.unsent(), self.metrics.unsent.clone());
        let wire = Wire::new(tcp, watchdog.clone(), admission);
        self.connection(wire, addr, (watchdog, unsent, reached), stop).await
    }

    async fn connection(
        &self,
        wire: Wire,
        addr: SocketAddr,
        books: ConnectionParts,
        stop: &CancellationToken,
    ) -> Result<(), ConnectionEnd> {
        let Some(handshake) = &self.handshake else {
            let protocol = self.in_time(connection::protocol_of(wire.socket().tcp()), stop);
            let protocol = protocol.await?.ok_or(ConnectionEnd::HeaderTimeout)?;
            return self.http(addr, None, books, stop).serve(wire, protocol).await;
        };
        let welcome = self.in_time(handshake.shake(wire), stop).await?;
        let welcome = welcome.ok_or(ConnectionEnd::HandshakeTimeout)??;
        let protocol = match welcome.http2 {
            true => Protocol::Http2,
            false => Protocol::Http1,
        };
        self.http(addr, welcome.certificate, books, stop)
            .serve(welcome.stream, protocol)
            .await
    }

    /// What comes before HTTP, within its limit (`None`: it was not), and briefly when the door is closing.
    async fn in_time<T>(
        &self,
        work: impl Future<Output = T>,
        stop: &CancellationToken,
    ) -> Result<Option<T>, ConnectionEnd> {
        let closing = async {
            stop.cancelled().await;
            sleep(FAREWELL).await;
        };
        tokio::select! {
            done = timeout(self.limits.handshake, work) => Ok(done.ok()),
            () = closing => Err(ConnectionEnd::DoorClosed),
        }
    }

    fn http<'a>(
        &'a self,
        addr: SocketAddr,
        certificate: Option<PeerCertificate>,
        (watchdog, unsent, reached): ConnectionParts,
        stop: &'a CancellationToken,
    ) -> Connection<'a> {
        let peer = Peer {
            addr,
            certificate: certificate.as_ref().map(PeerCertificate::thumbprint),
        };
        Connection {
            router: &self.router,
            limits: &self.limits,
            peer,
            reached,
            certificate,
            watchdog,
            unsent,
            stop,
        }
    }
}
