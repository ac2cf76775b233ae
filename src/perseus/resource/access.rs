//! What a request may see: certificate, then token, then what it rests on (PER §6.1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jiff::Timestamp;

use super::super::access_token::{Expected, verify};
use super::super::pass::{Allowance, Pass};
use super::super::refusal::Refusal;
use super::super::room::Perseus;
use super::answer::Denied;
use crate::tls::PeerCertificate;

/// What somebody may see who may see anything.
pub(super) struct Access {
    pub(super) pass: Pass,
    /// What it is good for now.
    pub(super) allowance: Allowance,
    pub(super) now: Timestamp,
}

impl Perseus {
    /// Lets a request in.
    pub(super) fn access(&self, certificate: Option<PeerCertificate>, headers: &HeaderMap) -> Result<Access, Denied> {
        let caller = self.caller(certificate).map_err(|refusal| match refusal {
            Refusal::Unavailable => Denied::Unavailable,
            other => Denied::Client(other),
        })?;
        let now = self.now().map_err(|_| Denied::Unavailable)?;
        let token = bearer(headers)?;
        let thumbprint = caller.certificate.x5t_s256();
        let expected = Expected {
            issuer: &self.places.issuer,
            audience: &self.places.resource,
            client: &caller.application.url,
            x5t_s256: &thumbprint,
            epoch: self.store.epoch().0,
        };
        let claims = verify(token, |kid| self.keys.of(kid), expected, now).map_err(Denied::Token)?;
        let pass = Pass {
            permission: claims.pid,
            grant: claims.gid,
            jti: claims.jti,
            client: claims.client_id,
        };
        let allowance = pass.allowance(self, now).map_err(|error| {
            tracing::error!(%error, "a permission could not be read");
            Denied::Ours
        })?;
        let allowance = allowance.ok_or(Denied::Ended)?;
        Ok(Access { pass, allowance, now })
    }
}

/// The token of a request (RFC 6750 §2.1); no other place counts.
fn bearer(headers: &HeaderMap) -> Result<&str, Denied> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Denied::NoToken)?;
    if values.next().is_some() {
        return Err(Denied::TwoTokens);
    }
    let text = value.to_str().map_err(|_| Denied::NoToken)?;
    let (scheme, token) = text.split_once(' ').ok_or(Denied::NoToken)?;
    match scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() {
        true => Ok(token.trim()),
        false => Err(Denied::NoToken),
    }
}
