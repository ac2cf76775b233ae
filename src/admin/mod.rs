//! The admin socket: the command line's way into a running box.
//!
//! It speaks HTTP with JSON over a Unix socket that only root, the service's own user and the group
//! `gatelodge` reach. Without a running box the command line calls the same router directly, so each
//! command is written once.

mod accounts;
mod backup;
mod certificates;
mod client;
mod consents;
mod exporting;
mod finding;
mod importing;
mod jobs;
mod meters;
mod move_out;
mod people;
mod pki;
mod prepay;
mod privacy;
mod problem;
mod relay;
mod remaining;
mod setting;
mod settle;
mod socket;
mod spaces;
mod status;
mod tariffs;
mod trials;
mod uplink;
mod verdict;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot, watch};

pub use backup::{Backups, Keys, KeysIn, KnownBeside, LastBackup, MakeError, Verified};
pub use client::{Client, ClientError};
pub use exporting::Form;
pub use finding::{Finding, Grade, Verdict};
pub use importing::{Came, NewAuthority, NewCertificate, NewMeter, NewServed, Outcome, ReadingsFile, ReadingsRow};
pub use move_out::{Departed, Departure, LastReading, Left, Origin};
pub use people::{Added, Doorman, Linked, NewPerson};
pub use problem::{ARGUMENT, AdminError, CLOSED, OTHER_SECTION};
pub use remaining::Matter;
pub use setting::Setting;
pub use socket::{Listening, SocketError, listen};
pub use spaces::SpaceShown;
pub use status::{
    CertificateShown, PROVENANCE, RelayShown, RevocationListShown, RoomShown, ShutShown, Status, StoreShown,
};
pub use trials::RestoreTrial;
pub use verdict::Beside;

use crate::accounts::Accounts;
use crate::http::problem::{method_not_allowed, not_found};
use crate::http::{LONGEST_BODY, longest_body};
use crate::meter::Meters;
use crate::occupancy::Occupancy;
use crate::perseus::Perseus;
use crate::pki::Pki;
use crate::privacy::PersonalData;
use crate::relay::Relay;
use crate::store::Store;
use crate::tls::Acme;
use crate::uplink::{NewConfiguration, Uplink};
use crate::webhooks::Webhooks;

/// What the command line may ask of a box, running or not.
#[derive(Clone)]
pub struct AdminState {
    /// The people and tokens.
    pub accounts: Accounts,
    /// The box's own PKI.
    pub pki: Pki,
    /// Where the house stands (`site.timezone`), for days that are named; it changes with a reload.
    pub timezone: Arc<dyn Fn() -> TimeZone + Send + Sync>,
    /// What only a running box has.
    pub running: Option<Running>,
}

impl AdminState {
    fn timezone(&self) -> TimeZone {
        (self.timezone)()
    }

    /// What only a running box has, or the refusal that this is none.
    fn running(&self) -> Result<&Running, AdminError> {
        self.running
            .as_ref()
            .ok_or_else(|| AdminError::unavailable("this needs a running box"))
    }
}

/// What only a running box has.
#[derive(Clone)]
pub struct Running {
    pub status: Arc<dyn Fn() -> Status + Send + Sync>,
    /// The spaces, when that room is open; it changes with a reload.
    pub occupancy: watch::Receiver<Option<Arc<Occupancy>>>,
    /// The meters, when that room is open; it changes with a reload.
    pub meters: watch::Receiver<Option<Arc<Meters>>>,
    /// The relay, when that room is open; it changes with a reload.
    pub relay: watch::Receiver<Option<Arc<Relay>>>,
    /// The road to the cloud, when that room is open; it changes with a reload.
    pub uplink: watch::Receiver<Option<Arc<Uplink>>>,
    /// Consented data, when that room is open; it changes with a reload.
    pub perseus: watch::Receiver<Option<Arc<Perseus>>>,
    /// What is held of people.
    pub privacy: watch::Receiver<Option<Arc<PersonalData>>>,
    /// Who is told when spaces get full; it changes with a reload.
    pub webhooks: watch::Receiver<Option<Arc<Webhooks>>>,
    /// The book, for looking at it.
    pub store: Store,
    /// Makes backups of it.
    pub backups: Backups,
    /// The certificate by ACME, when one is configured; it changes with a reload.
    pub acme: watch::Receiver<Option<Acme>>,
    /// Where orders go that the app itself carries out.
    pub orders: mpsc::Sender<Order>,
}

/// What the app itself is to carry out.
pub enum Order {
    /// Read the configuration anew. Answers what changed, or what is wrong with it.
    Reload(oneshot::Sender<Result<Vec<String>, String>>),
    /// Take over what the cloud wants to be configured, or leave everything as it was; told when it is sure.
    Configure(NewConfiguration, watch::Sender<Option<Result<(), String>>>),
    /// Put in force what somebody set, or leave everything as it was. Answers what changed, or what is wrong.
    Set(Vec<Setting>, oneshot::Sender<Result<Vec<String>, String>>),
    /// End, so that whoever started the box starts it again.
    Restart,
}

/// Everything the socket answers.
pub fn router(state: AdminState) -> Router {
    let router = Router::new()
        .merge(accounts::router())
        .merge(backup::router())
        .merge(certificates::router())
        .merge(consents::router())
        .merge(exporting::router())
        .merge(importing::router())
        .merge(jobs::router())
        .merge(meters::router())
        .merge(pki::router())
        .merge(prepay::router())
        .merge(privacy::router())
        .merge(relay::router())
        .merge(spaces::router())
        .merge(status::router())
        .merge(tariffs::router())
        .merge(uplink::router())
        .merge(webhooks::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
    longest_body(router, LONGEST_BODY).with_state(state)
}
