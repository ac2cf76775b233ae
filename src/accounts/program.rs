//! Programs at the API of a room: what stands behind it, and what a token must cover.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::bearers::{BearerError, Bearers};
use super::permission::Act;
use super::who::Who;

/// A room, and the programs that may ask it.
pub struct ApiState<R> {
    /// The room.
    pub room: Arc<R>,
    /// Who is known by which token.
    pub bearers: Arc<Bearers>,
}

impl<R> Clone for ApiState<R> {
    fn clone(&self) -> ApiState<R> {
        ApiState {
            room: Arc::clone(&self.room),
            bearers: Arc::clone(&self.bearers),
        }
    }
}

/// An act by its type, so that a handler says in its arguments what it is for.
pub trait Needs {
    /// The act.
    const ACT: Act;
}

/// [`Act::ManageSpaces`].
pub struct ManageSpaces;

/// [`Act::ManageRelay`].
pub struct ManageRelay;

/// [`Act::ManageUplink`].
pub struct ManageUplink;

impl Needs for ManageSpaces {
    const ACT: Act = Act::ManageSpaces;
}

impl Needs for ManageRelay {
    const ACT: Act = Act::ManageRelay;
}

impl Needs for ManageUplink {
    const ACT: Act = Act::ManageUplink;
}

/// A program whose token covers the act `A`; all others are refused before the handler is called.
pub struct Program<A> {
    who: Who,
    act: PhantomData<A>,
}

impl<A> Program<A> {
    /// Whether its token covers `act`, too.
    #[must_use]
    pub fn may(&self, act: Act) -> bool {
        self.who.may(act)
    }
}

impl<R: Send + Sync, A: Needs> FromRequestParts<ApiState<R>> for Program<A> {
    type Rejection = BearerError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState<R>) -> Result<Program<A>, BearerError> {
        let who = state.bearers.who(&parts.headers)?;
        who.must(A::ACT)?;
        Ok(Program { who, act: PhantomData })
    }
}
