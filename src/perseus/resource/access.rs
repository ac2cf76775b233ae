//! What a request may see: certificate, then token, then what it rests on (PER §6.1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::super::access_token::{Expected, verify};
use super::super::filter::Filter;
use super::super::ledger;
use super::super::refusal::Refusal;
use super::super::room::Perseus;
use super::super::rows::PermissionRow;
use super::answer::Denied;
use crate::store::ReadError;
use crate::tls::PeerCertificate;

/// What somebody may see who may see anything.
pub(super) struct Access {
    pub(super) permission: PermissionRow,
    /// What the permission lets out now, by data source.
    pub(super) filters: Vec<Filter>,
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
        let ours = |error: ReadError| {
            tracing::error!(%error, "a permission could not be read");
            Denied::Ours
        };
        let permission = ledger::permission(&self.store, &claims.pid).map_err(ours)?;
        let permission = permission.filter(|row| row.is_live(now) && row.client == claims.client_id);
        let permission = permission.ok_or(Denied::Ended)?;
        let grant = ledger::grant(&self.store, &claims.gid).map_err(ours)?;
        let stands = grant.is_some_and(|grant| grant.ended.is_none() && grant.permission == permission.id);
        if !stands || ledger::is_revoked(&self.store, &claims.jti).map_err(ours)? {
            return Err(Denied::Ended);
        }
        let links = self.links_of(&permission).map_err(ours)?.ok_or(Denied::Ended)?;
        let filters = self.open_filters(&permission, &links, now).map_err(ours)?;
        Ok(Access { permission, filters })
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
