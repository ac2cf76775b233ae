//! What the tests of sessions share: quick rules, sessions on either kind of line, simulated meters.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gatelodge::meter::emop::dialect::{InferredWrites, Request};
use gatelodge::meter::emop::{Dialect, Inferred, ObjectId};
use gatelodge::meter::link::Link;
use gatelodge::meter::session::{Rules, Session, SessionError};
use gatelodge::meter::simulator::{Faults, Now, Setup, SimulatedMeter, Station, TcpMeter};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub const SERIAL: &str = "EML2137580761";

/// Rules under which a test takes no longer than it must. Time limits that are to pass are short, the
/// others are never reached.
pub fn quick() -> Rules {
    Rules {
        gap: Duration::ZERO,
        pause: Duration::from_millis(1),
        timeout: Duration::from_secs(30),
        ..Rules::default()
    }
}

pub fn dialect() -> Arc<Dialect> {
    Arc::new(Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap())
}

pub fn session(address: SocketAddr, rules: Rules) -> Session {
    let target = format!("tcp://{address}").parse().unwrap();
    Session::new(Link::new(target, None), dialect(), rules)
}

pub fn object(name: &str) -> ObjectId {
    dialect().catalogue().named(name).unwrap().id
}

/// A time limit that is never reached.
pub fn never() -> Instant {
    Instant::now() + Duration::from_secs(300)
}

/// Reads an object's payload.
pub async fn read(session: &mut Session, name: &str) -> Result<Vec<u8>, SessionError> {
    let reply = session.ask(&Request::Read(object(name)), never()).await?;
    Ok(reply[5..].to_vec())
}

pub fn station(setup: Setup, faults: Faults, now: &str) -> Station {
    let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
    let meter = SimulatedMeter::new(setup, dialect, &faults);
    Station::new(meter, faults, Now::Frozen(now.parse().unwrap()))
}

/// A simulated meter on a port, for as long as the set lives.
pub async fn simulated(faults: Faults, meters: &mut JoinSet<()>) -> SocketAddr {
    serve(station(Setup::new(SERIAL), faults, "2026-02-10T12:00:00Z"), meters).await
}

pub async fn serve(station: Station, meters: &mut JoinSet<()>) -> SocketAddr {
    let meter = TcpMeter::listen("127.0.0.1:0".parse().unwrap(), station).await.unwrap();
    let address = meter.address();
    meters.spawn(async move { meter.run().await.unwrap() });
    address
}
