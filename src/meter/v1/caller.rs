//! Who calls `/v1/meters`: an API token with `meters:read` or `meters:write`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Api;
use super::fault::Fault;
use crate::accounts::{Act, Secret, Who};
use crate::domain::MeterId;
use crate::http::bearer;
use crate::meter::MeterShown;

/// Somebody who is known.
pub(super) struct Caller(Who);

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Caller, Fault> {
        let secret = Secret::given(bearer(&parts.headers).ok_or(Fault::Unauthorized)?);
        let who = api.accounts.token(&secret)?.ok_or(Fault::Unauthorized)?;
        let counted = api.bearers.check(&secret.hash());
        counted.map_err(|problem| Fault::TooMany(Box::new(problem)))?;
        Ok(Caller(who))
    }
}

impl Caller {
    /// Lets them on, or says that they may not.
    pub(super) fn must(&self, act: Act) -> Result<(), Fault> {
        if self.0.may(act) { Ok(()) } else { Err(Fault::Forbidden) }
    }

    /// A meter that they may see.
    pub(super) fn meter(&self, api: &Api, serial: &str) -> Result<MeterShown, Fault> {
        self.must(Act::ReadMeters)?;
        let serial: MeterId = serial
            .parse()
            .map_err(|_| Fault::Serial(serial.chars().take(60).collect()))?;
        Ok(api.room.show(&serial)?)
    }

    /// Whether the token is still in force: streams ask now and then.
    pub(super) fn still_known(&self, api: &Api) -> bool {
        let Who::Token { id, .. } = &self.0 else { return true };
        let tokens = api.accounts.tokens();
        tokens.is_ok_and(|tokens| tokens.iter().any(|token| token.id == *id))
    }
}
