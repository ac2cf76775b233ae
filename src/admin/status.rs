//! `status`, and the orders that only a running box takes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::backup::KeysIn;
use super::finding::Verdict;
use super::problem::AdminError;
use super::trials::RestoreTrial;
use super::{AdminState, Order};
use crate::domain::Alarm;
use crate::meter::FleetShown;
use crate::meter::jobs::JobShown;
use crate::uplink::UplinkShown;

/// How the box is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The version that runs.
    pub version: String,
    /// `starting`, `ready`, `degraded`, `salvage` or `stopping`.
    pub state: String,
    /// The file that its configuration begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<PathBuf>,
    /// The number of its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// Where each door listens.
    pub doors: BTreeMap<String, Vec<SocketAddr>>,
    /// Since when each door is open as it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub doors_since: BTreeMap<String, Timestamp>,
    /// Doors that could not be opened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub doors_shut: BTreeMap<String, ShutShown>,
    /// How each room is.
    pub rooms: BTreeMap<String, RoomShown>,
    /// How what serves the rooms is: doors, the probe, the admin socket.
    pub services: BTreeMap<String, RoomShown>,
    /// What each door shows.
    pub certificates: Vec<CertificateShown>,
    /// Doors whose files of client authorities or revocation lists cannot be read as they stand: by name, why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trust_not_in_force: BTreeMap<String, String>,
    /// Revocation lists that doors rely on and that run out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_lists: Vec<RevocationListShown>,
    /// The relay, when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<RelayShown>,
    /// Why the configuration file is not what is in force: the last reload refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_in_force: Option<String>,
    /// The book.
    pub store: StoreShown,
    /// The meters; absent while their room is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meters: Option<FleetShown>,
    /// Meters that are in the book while their room is closed, as on a box that was restored without its configuration.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub meters_aside: usize,
    /// What the box does with meters by itself; empty while their room is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobShown>,
    /// The road to the cloud; absent while its room is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplink: Option<UplinkShown>,
    /// Targets of webhooks that want to be left alone: by name, until when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub webhooks_set_aside: BTreeMap<String, Timestamp>,
    /// Targets of webhooks that did not take what they were last told: by name, what they answered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub webhooks_failing: BTreeMap<String, String>,
    /// Alarms that stand, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarm>,
    /// Whether the box does its job.
    #[serde(default)]
    pub verdict: Verdict,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_nought(number: &usize) -> bool {
    *number == 0
}

/// How many meetups the relay has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayShown {
    /// With one peer.
    pub waiting: usize,
    /// With two.
    pub paired: usize,
    /// Nobody new is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draining: bool,
}

/// How a room is, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomShown {
    /// `running`, `hindered` (it runs and cannot do its job), `retrying`, `failed` or `closed`.
    pub state: String,
    /// Why, when it is not running.
    pub reason: Option<String>,
    /// What to do about it.
    pub next_step: Option<String>,
}

/// A door that could not be opened, and is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShutShown {
    /// Since when.
    pub since: Timestamp,
    /// Why, the last time that it was tried.
    pub reason: String,
}

/// Where the certificate stands that signs records of consented data.
pub const PROVENANCE: &str = "provenance";

/// A certificate that a door shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateShown {
    /// Which door shows it, or [`PROVENANCE`].
    pub door: String,
    /// The names in it.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// `acme`, `self-signed` or `files`.
    pub source: String,
    /// When it ends.
    pub not_after: Option<Timestamp>,
    /// When it is renewed or looked at next.
    pub next_try: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Whether its renewal is so late that people should look.
    #[serde(default)]
    pub alarm: bool,
}

/// How long the file of revocation lists counts that a door relies on: of several lists in it, the one that runs out
/// first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationListShown {
    pub door: String,
    /// Its `crl_file`.
    pub file: PathBuf,
    /// From when on its successor is missed.
    pub missed_at: Timestamp,
    /// When its successor is there at the latest, as it says itself.
    pub next_update: Timestamp,
    /// From when on it is too old to be relied on, and the door believes no client certificate.
    pub stale_at: Timestamp,
}

/// The book.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoreShown {
    /// Bytes on disk.
    pub bytes: u64,
    /// When it was last backed up.
    pub last_backup: Option<Timestamp>,
    /// Whether the keys are in that backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup_keys: Option<KeysIn>,
    /// Why the box could not back itself up the last time it tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_trouble: Option<String>,
    /// The last backup that was restored for trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_trial: Option<RestoreTrial>,
    /// What was lost, when it started in salvage.
    pub salvage: Option<Value>,
}

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/status", get(status))
        .route("/reload", post(reload))
}

async fn status(State(state): State<AdminState>) -> Result<Json<Status>, AdminError> {
    Ok(Json((state.running()?.status)()))
}

async fn reload(State(state): State<AdminState>) -> Result<Json<Value>, AdminError> {
    let (answer, answered) = oneshot::channel();
    let gone = || AdminError::unavailable("the box is stopping");
    state
        .running()?
        .orders
        .send(Order::Reload(answer))
        .await
        .map_err(|_| gone())?;
    match answered.await.map_err(|_| gone())? {
        Ok(changed) => Ok(Json(json!({ "changed": changed }))),
        Err(fault) => Err(AdminError::bad(fault)),
    }
}
