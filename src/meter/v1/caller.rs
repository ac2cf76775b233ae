//! Who calls `/v1/meters`: an API token with `meters:read` or `meters:write`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Api;
use super::error::ApiError;
use crate::accounts::{Act, Who};
use crate::domain::MeterId;
use crate::meter::MeterShown;

/// Somebody who is known.
pub(super) struct Caller(Who);

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Caller, ApiError> {
        Ok(Caller(api.bearers.who(&parts.headers)?))
    }
}

impl Caller {
    /// Lets them on, or says that they may not.
    pub(super) fn must(&self, act: Act) -> Result<(), ApiError> {
        Ok(self.0.must(act)?)
    }

    /// A meter that they may see.
    pub(super) fn meter(&self, api: &Api, serial: &str) -> Result<MeterShown, ApiError> {
        self.must(Act::ReadMeters)?;
        let serial: MeterId = serial
            .parse()
            .map_err(|_| ApiError::Serial(serial.chars().take(60).collect()))?;
        Ok(api.room.show(&serial)?)
    }

    /// Whether the token is still in force: streams ask.
    pub(super) fn still_known(&self, api: &Api) -> bool {
        api.bearers.accounts().still_known(&self.0)
    }
}
