//! Authorities of other systems, and what they issued (MOVE §3).

use axum::Json;
use axum::extract::State;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::AdminState;
use super::super::meters::origin;
use super::super::problem::AdminError;
use super::piece::Outcome;
use crate::accounts::AUDIT;
use crate::pki::{Adoption, Entered, Foreign, Hierarchy, PkiError, Reason, Revoked, pem};
use crate::tls;

/// An authority of another system.
#[derive(Serialize, Deserialize)]
pub struct NewAuthority {
    pub hierarchy: Hierarchy,
    /// Its certificate, PEM.
    pub certificate: String,
    /// Its key, PEM, when the hierarchy is to sign with it.
    pub key: Option<Zeroizing<String>>,
    pub dry_run: bool,
}

/// What an authority issued.
#[derive(Deserialize)]
pub(super) struct Issued {
    dry_run: bool,
    hierarchy: Hierarchy,
    /// The authority's certificate, PEM.
    authority: String,
    items: Vec<NewCertificate>,
}

/// A certificate that another system issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewCertificate {
    /// What it was called there.
    pub name: String,
    /// The certificate and those between it and its authority, PEM; `None`: only the index has it.
    pub chain: Option<String>,
    /// The serial number, hex, as the index has it.
    pub serial: Option<String>,
    /// Until when it is good, as the index says.
    pub not_after: Option<Timestamp>,
    /// When and why it was revoked.
    pub revoked: Option<(Timestamp, Reason)>,
}

pub(super) async fn adopt(
    State(state): State<AdminState>,
    Json(new): Json<NewAuthority>,
) -> Result<Json<Outcome>, AdminError> {
    let certificate = readable(&new.certificate)?;
    if let Err(error) = tls::check_authority(&certificate) {
        return Ok(Json(Outcome::refused(error)));
    }
    if !new.dry_run {
        // On a machine that never ran a box the own authorities come first, so that one signs the other.
        state.pki.init(state.pki.now()).await?;
    }
    let with_key = new.key.is_some();
    let adopted = state.pki.adopt(new.hierarchy, certificate, new.key, new.dry_run);
    let adoption = match adopted.await {
        Ok(adoption) => adoption,
        Err(PkiError::Adoption(error)) => return Ok(Json(Outcome::refused(error))),
        Err(error) => return Err(error.into()),
    };
    if !new.dry_run && adoption != Adoption::Known {
        let (by, hierarchy) = (origin().by, new.hierarchy.name());
        tracing::info!(target: AUDIT, by, hierarchy, with_key, "an authority of another system is believed from now on");
    }
    Ok(Json(match adoption {
        Adoption::New => Outcome::taken(),
        Adoption::KeyIsNew => Outcome::taken().because(Some("it was here already, without its key".to_owned())),
        Adoption::Known => Outcome::already(),
    }))
}

pub(super) async fn enter(
    State(state): State<AdminState>,
    Json(issued): Json<Issued>,
) -> Result<Json<Vec<Outcome>>, AdminError> {
    let authority = readable(&issued.authority)?;
    let (dry_run, hierarchy) = (issued.dry_run, issued.hierarchy);
    if !dry_run && !state.pki.roots(hierarchy)?.contains(&authority) {
        return Err(AdminError::bad(format!(
            "the authority of these certificates is not believed in the {hierarchy} hierarchy"
        )));
    }
    let names: Vec<String> = issued.items.iter().map(|one| one.name.clone()).collect();
    // What cannot be read here is one without anything, which is refused.
    let foreign = issued.items.into_iter().map(foreign).collect();
    let entered = state.pki.enter_foreign(hierarchy, authority, foreign, dry_run).await?;
    let outcomes = names.into_iter().zip(entered).map(|(name, entered)| {
        if !dry_run && matches!(entered, Entered::New | Entered::NowRevoked) {
            let (by, hierarchy) = (origin().by, hierarchy.name());
            tracing::info!(target: AUDIT, by, hierarchy, name, ?entered, "a certificate of another system is in the register");
        }
        match entered {
            Entered::New => Outcome::taken(),
            Entered::NowRevoked => Outcome::taken().because(Some("it was here, and is revoked now".to_owned())),
            Entered::Known => Outcome::already(),
            Entered::Refused(why) => Outcome::refused(why),
        }
    });
    Ok(Json(outcomes.collect()))
}

fn foreign(new: NewCertificate) -> Foreign {
    let chain = new.chain.as_deref().map(|text| pem::certificates(text.as_bytes()));
    let serial = new
        .serial
        .and_then(|serial| HEXLOWER.decode(serial.to_ascii_lowercase().as_bytes()).ok());
    Foreign {
        name: new.name,
        chain: chain.and_then(Result::ok).unwrap_or_default(),
        serial: serial.unwrap_or_default(),
        not_after: new.not_after.unwrap_or(Timestamp::UNIX_EPOCH),
        revoked: new.revoked.map(|(at, reason)| Revoked { at, reason }),
    }
}

fn readable(text: &str) -> Result<CertificateDer<'static>, AdminError> {
    pem::certificate(text.as_bytes()).map_err(|error| AdminError::argument(format!("the authority: {error}")))
}
