//! Parts of the box as `status` shows them.

use std::path::PathBuf;

use crate::admin::{CertificateShown, RevocationListShown, RoomShown};
use crate::supervisor::State;
use crate::tls::{ListTerm, Served};

/// A room without a section in the configuration.
pub(super) fn closed(name: &str) -> RoomShown {
    RoomShown {
        state: "closed".into(),
        reason: Some("the configuration has no section for it".into()),
        next_step: Some(format!("add a section [{name}] and reload, if it is wanted")),
    }
}

/// How a service is.
pub(super) fn room(state: &State) -> RoomShown {
    let look = "journalctl -u gatelodge -n 100; then `systemctl reload gatelodge` tries again".to_owned();
    match state {
        State::Running => RoomShown {
            state: "running".into(),
            reason: None,
            next_step: None,
        },
        State::Retrying { reason } => RoomShown {
            state: "retrying".into(),
            reason: Some(reason.clone()),
            next_step: None,
        },
        State::Failed { reason } => RoomShown {
            state: "failed".into(),
            reason: Some(reason.clone()),
            next_step: Some(look),
        },
    }
}

/// A room that runs and cannot do its job: why, and what to do.
pub(super) fn hindered(shown: &mut RoomShown, hindrance: Option<(String, String)>) {
    if let Some((reason, next_step)) = hindrance.filter(|_| shown.state == "running") {
        shown.state = "hindered".into();
        (shown.reason, shown.next_step) = (Some(reason), Some(next_step));
    }
}

/// What a door shows.
pub(super) fn certificate(door: &str, served: &Served) -> CertificateShown {
    CertificateShown {
        door: door.to_owned(),
        names: served.names.clone(),
        issuer: served.issuer.clone(),
        source: served.source.to_owned(),
        not_after: Some(served.not_after),
        next_try: served.next_try,
        last_error: served.last_error.clone(),
        alarm: served.alarm,
    }
}

/// What a door goes by to know who was revoked.
pub(super) fn revocation_list(door: &str, (file, term): (PathBuf, ListTerm)) -> RevocationListShown {
    RevocationListShown {
        door: door.to_owned(),
        file,
        missed_at: term.missed_at,
        next_update: term.next_update,
        stale_at: term.stale_at,
    }
}
