//! What is told of doors and certificates, and a renewal that is asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use data_encoding::HEXUPPER;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::accounts::{AUDIT, Who};
use crate::admin::{ShutShown, Status};
use crate::app::door_name::DoorName;
use crate::app::reach::Reach;
use crate::http::{Problem, blocking};
use crate::pki::{Hierarchy, Pki, sha256};
use crate::tls::{Acme, Renewed};

/// How long whoever asked for a renewal is kept waiting; the order goes on after that.
const PATIENCE: Duration = Duration::from_secs(20);

/// What stands behind the page and the API of doors.
pub(super) struct DoorDesk {
    /// Says how the box is.
    pub(super) report: Arc<dyn Fn() -> Status + Send + Sync>,
    pub(super) pki: Pki,
    /// Where the root is had from a phone.
    pub(super) reach: Reach,
    /// The certificate by ACME; it changes with a reload.
    pub(super) acme: watch::Receiver<Option<Acme>>,
}

/// How a door stands.
pub(super) struct DoorKnown {
    pub(super) name: &'static str,
    pub(super) state: DoorState,
}

/// Open, shut, or not wanted.
pub(super) enum DoorState {
    /// Where it listens, and since when.
    Open(Vec<SocketAddr>, Option<Timestamp>),
    /// It could not be opened, and is tried again.
    Shut(ShutShown),
    /// No section of the configuration wants it.
    Closed,
}

/// What came of a renewal that was asked for.
pub(super) enum Renewal {
    /// Another certificate is shown.
    Done(Renewed),
    /// It takes longer, and goes on.
    GoesOn,
    /// In words, why not.
    Failed(String),
}

impl DoorDesk {
    /// How the box is now.
    pub(super) async fn status(&self) -> Result<Status, Problem> {
        let report = Arc::clone(&self.report);
        blocking(move || report()).await.map_err(|error| {
            tracing::error!(%error, "the doors cannot be looked at");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong in here",
            )
        })
    }

    /// The fingerprint of the box's own root, as browsers show it: SHA-256.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let roots = self.pki.roots(Hierarchy::Server).ok()?;
        let pairs = sha256(roots.first()?);
        let pairs: Vec<String> = pairs.iter().map(|byte| HEXUPPER.encode(&[*byte])).collect();
        Some(pairs.join(":"))
    }

    /// Orders the certificate of a door anew, for somebody; it is written down who wanted it.
    pub(super) async fn renew(&self, door: &str, who: &Who) -> Result<Renewal, Problem> {
        let status = self.status().await?;
        if !status.certificates.iter().any(|shown| shown.door == door) {
            let title = "No door of that name shows a certificate";
            return Err(Problem::new(StatusCode::NOT_FOUND, "unknown-door", title));
        }
        let acme = self.acme.borrow().clone().filter(|_| door == DoorName::Https.name());
        let acme = acme.ok_or_else(|| {
            let title = "That certificate is not ordered by the box";
            Problem::new(StatusCode::CONFLICT, "not-by-acme", title)
                .detail("Only one by ACME is renewed by asking: files are read again when they change, the box's own follow by themselves.")
        })?;
        let by = who.in_audit();
        tracing::info!(target: AUDIT, by, door, "somebody had a certificate renewed");
        // The order is the keeper's: it goes on when nobody waits for it any more.
        Ok(match timeout(PATIENCE, acme.renew()).await {
            Ok(Ok(renewed)) => Renewal::Done(renewed),
            Ok(Err(words)) => Renewal::Failed(words),
            Err(_) => Renewal::GoesOn,
        })
    }

    /// Whether the certificate of a door can be renewed by asking.
    pub(super) fn renews(&self, door: &str) -> bool {
        door == DoorName::Https.name() && self.acme.borrow().is_some()
    }
}

/// Every door, the public ones first.
pub(super) fn doors(status: &Status) -> Vec<DoorKnown> {
    let state = |name: &str| match (status.doors.get(name), status.doors_shut.get(name)) {
        (_, Some(shut)) => DoorState::Shut(shut.clone()),
        (Some(addresses), None) => DoorState::Open(addresses.clone(), status.doors_since.get(name).copied()),
        (None, None) => DoorState::Closed,
    };
    let all = DoorName::ALL.iter().rev().map(|name| name.name());
    all.map(|name| DoorKnown {
        name,
        state: state(name),
    })
    .collect()
}
