//! Who asks an API that people use as well as programs: by a token, or by the session of a page.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Face, PageState, Visitor, secured};
use crate::accounts::{Act, BearerError, Bearers, Who};
use crate::http::Problem;

/// What carries the session's own value, which no other site knows (OWASP CSRF Prevention Cheat Sheet, custom header).
pub const CSRF_HEADER: &str = "x-csrf-token";

/// What stands behind an API of the box itself.
pub struct BoxApi<R: ?Sized> {
    pub room: Arc<R>,
    pub bearers: Arc<Bearers>,
    pub face: Face,
}

impl<R: ?Sized> Clone for BoxApi<R> {
    fn clone(&self) -> BoxApi<R> {
        BoxApi {
            room: Arc::clone(&self.room),
            bearers: Arc::clone(&self.bearers),
            face: self.face.clone(),
        }
    }
}

/// What programs and people are answered of one part of the box, over the same desk.
pub fn mounted<R: Send + Sync + 'static>(
    desk: R,
    (bearers, face): (Arc<Bearers>, &Face),
    (api, pages): (Router<BoxApi<R>>, Router<PageState<R>>),
) -> Router {
    let room = Arc::new(desk);
    let page = PageState {
        room: Arc::clone(&room),
        face: face.clone(),
    };
    let state = BoxApi {
        room,
        bearers,
        face: face.clone(),
    };
    api.with_state(state).merge(secured(pages.with_state(page)))
}

/// Somebody who is known.
pub struct Caller(Who);

impl Caller {
    /// Lets them on, or says that they may not.
    ///
    /// # Errors
    ///
    /// When they may not.
    pub fn must(&self, act: Act) -> Result<(), BearerError> {
        match (&self.0, self.0.may(act)) {
            (_, true) => Ok(()),
            (Who::Person { .. }, false) => Err(BearerError::Role),
            (_, false) => self.0.must(act),
        }
    }

    /// Who they are.
    #[must_use]
    pub fn who(&self) -> &Who {
        &self.0
    }
}

impl<R: ?Sized + Send + Sync> FromRequestParts<BoxApi<R>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &BoxApi<R>) -> Result<Caller, Response> {
        if parts.headers.contains_key(AUTHORIZATION) {
            return api
                .bearers
                .who(&parts.headers)
                .map(Caller)
                .map_err(IntoResponse::into_response);
        }
        let visitor =
            Visitor::of(&api.face, &parts.headers).map_err(|error| BearerError::Read(error).into_response())?;
        let person = visitor
            .signed_in
            .as_ref()
            .ok_or_else(|| BearerError::Unauthorized.into_response())?;
        let changes = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
        let carried = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
        if changes && !carried.is_some_and(|token| visitor.sent(token)) {
            let problem = Problem::new(
                StatusCode::FORBIDDEN,
                "forged",
                "That did not come from a page of this box",
            );
            let detail = "A session alone changes nothing here: send the value of the page's forms as X-CSRF-Token.";
            return Err(problem.detail(detail).into_response());
        }
        Ok(Caller(person.who()))
    }
}
