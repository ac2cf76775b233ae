//! Who calls `/v1/meters`: an API token with `meters:read`, `meters:write` or `meters:topup`.

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
        let serial: MeterId = serial.parse()?;
        Ok(api.room.show(&serial)?)
    }

    /// A meter that they may give codes.
    pub(super) fn tops_up(&self, api: &Api, serial: &str) -> Result<MeterId, ApiError> {
        self.must(Act::TopUp)?;
        let serial: MeterId = serial.parse()?;
        Ok(api.room.show(&serial)?.meter.serial)
    }

    /// A meter that they may give codes, or one that was removed and that the book has codes of: those are seen and
    /// taken back all the same.
    pub(super) fn topped_up(&self, api: &Api, serial: &str) -> Result<MeterId, ApiError> {
        match self.tops_up(api, serial) {
            Err(ApiError::Unknown(meter)) if api.room.has_topups(&meter)? => Ok(meter),
            found => found,
        }
    }

    /// A meter whose top-ups in doubt they may end, removed or not.
    pub(super) fn settles(&self, api: &Api, serial: &str) -> Result<MeterId, ApiError> {
        self.must(Act::CommandMeters)?;
        let serial: MeterId = serial.parse()?;
        match api.room.show(&serial) {
            Ok(shown) => Ok(shown.meter.serial),
            Err(_) if api.room.has_topups(&serial)? => Ok(serial),
            Err(error) => Err(error.into()),
        }
    }

    /// A meter whose settings they may change.
    pub(super) fn writes(&self, api: &Api, serial: &str) -> Result<MeterId, ApiError> {
        self.must(Act::CommandMeters)?;
        Ok(self.meter(api, serial)?.meter.serial)
    }

    /// What an audit calls them.
    pub(super) fn name(&self) -> String {
        self.0.in_audit()
    }

    /// Whether the token is still in force: streams ask.
    pub(super) fn still_known(&self, api: &Api) -> bool {
        api.bearers.accounts().still_known(&self.0)
    }
}
