//! Programs at `/v1`: who the bearer of a token is, whether the token covers what they ask, and how often they may ask.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Accounts, Act, Secret, Who};
use crate::http::{Limiter, Problem, Rate, bearer};
use crate::store::ReadError;

/// Who may call `/v1` with a token; each token at its own rate. There is one for the whole box, so that a token is
/// counted once, whichever rooms it asks and however often their routers are made anew.
pub struct Bearers {
    accounts: Accounts,
    counted: ArcSwap<Counted>,
}

/// How often each asked lately, by the hash of its token or key.
struct Counted {
    rate: Rate,
    callers: Limiter<[u8; 32]>,
}

impl Counted {
    fn at(rate: Rate) -> Arc<Counted> {
        let callers = Limiter::new(rate);
        Arc::new(Counted { rate, callers })
    }
}

/// Why a program was turned away.
#[derive(Debug, thiserror::Error)]
pub enum BearerError {
    /// Nobody is known by that token, or there is none.
    #[error("a token is needed: Authorization: Bearer …")]
    Unauthorized,
    /// The token does not cover it.
    #[error("{}", not_covered(*.0))]
    Forbidden(Act),
    /// The person's role does not cover it.
    #[error("your role does not cover that")]
    Role,
    /// The token's rate is used up; the limiter's own answer.
    #[error("too many requests")]
    TooMany(Box<Problem>),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What a token is told that does not cover something.
fn not_covered(act: Act) -> String {
    match act.scopes() {
        none if none.is_empty() => "no token covers that: it wants an admin who is signed in".to_owned(),
        scopes => format!("this token does not cover that; it wants {}", scopes.join(" or ")),
    }
}

impl Bearers {
    /// The programs that `accounts` knows, each at `rate`.
    #[must_use]
    pub fn new(accounts: Accounts, rate: Rate) -> Bearers {
        Bearers {
            accounts,
            counted: ArcSwap::new(Counted::at(rate)),
        }
    }

    /// From now on each may ask at `rate`; with another one than before, everybody begins with the whole of it.
    pub fn change_rate(&self, rate: Rate) {
        if self.counted.load().rate != rate {
            self.counted.store(Counted::at(rate));
        }
    }

    /// Counts one request of whoever has `secret`, who is known: a token, or a key that a room knows.
    ///
    /// # Errors
    ///
    /// When they ask too often; the limiter's own answer.
    pub fn count(&self, secret: &Secret) -> Result<(), Box<Problem>> {
        self.counted.load().callers.check(&secret.hash()).map_err(Box::new)
    }

    /// See [`Limiter::forget_quiet`].
    pub fn forget_quiet(&self) {
        self.counted.load().callers.forget_quiet();
    }

    /// Who asks.
    ///
    /// # Errors
    ///
    /// When that is not known, they ask too often, or the book cannot be read.
    pub fn who(&self, headers: &HeaderMap) -> Result<Who, BearerError> {
        let secret = Secret::given(bearer(headers).ok_or(BearerError::Unauthorized)?);
        let who = self.accounts.token(&secret)?.ok_or(BearerError::Unauthorized)?;
        self.count(&secret).map_err(BearerError::TooMany)?;
        Ok(who)
    }

    /// Lets somebody on who may do this.
    ///
    /// # Errors
    ///
    /// As [`Bearers::who`], and when their token does not cover it.
    pub fn must(&self, headers: &HeaderMap, act: Act) -> Result<(), BearerError> {
        self.who(headers)?.must(act)
    }

    /// Whose bearers these are.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }
}

impl Who {
    /// Lets them on when they may.
    ///
    /// # Errors
    ///
    /// When they may not.
    pub fn must(&self, act: Act) -> Result<(), BearerError> {
        if self.may(act) {
            Ok(())
        } else {
            Err(BearerError::Forbidden(act))
        }
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let words = self.to_string();
        let problem = |status, slug, title: &str| Problem::new(status, slug, title).detail(words).into_response();
        match self {
            BearerError::Unauthorized => {
                let mut response = problem(StatusCode::UNAUTHORIZED, "unauthorized", "Who are you?");
                let challenge = HeaderValue::from_static("Bearer realm=\"gatelodge\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                response
            }
            BearerError::Forbidden(_) | BearerError::Role => problem(StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            BearerError::TooMany(problem) => problem.into_response(),
            BearerError::Read(error) => {
                tracing::error!(%error, "a token could not be looked up");
                let title = "Something went wrong in here";
                let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title);
                problem.detail("The fault is ours and is in the log.").into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::AUTHORIZATION;

    use super::*;
    use crate::accounts::Scope;
    use crate::store::{Options, Store};

    fn carrying(token: &str) -> HeaderMap {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        HeaderMap::from_iter([(AUTHORIZATION, value)])
    }

    #[tokio::test]
    async fn a_token_opens_what_it_covers_and_as_often_as_it_may() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(dir.path())).unwrap();
        let accounts = Accounts::new(store);
        let (_, secret) = accounts
            .create_token("app", vec![Scope::MetersWrite], jiff::Timestamp::now())
            .await
            .unwrap();
        let bearers = Bearers::new(accounts, "2/min".parse().unwrap());
        let headers = carrying(secret.reveal());

        let nobody = bearers.must(&HeaderMap::new(), Act::ReadMeters).unwrap_err();
        assert!(matches!(nobody, BearerError::Unauthorized), "{nobody:?}");
        bearers.must(&headers, Act::ReadMeters).unwrap();
        let other = bearers.must(&headers, Act::ManageRelay).unwrap_err();
        assert_eq!(
            other.to_string(),
            "this token does not cover that; it wants relay:admin"
        );
        let third = bearers.must(&headers, Act::ReadMeters).unwrap_err();
        assert!(matches!(third, BearerError::TooMany(_)), "{third:?}");
        assert_eq!(third.into_response().status(), StatusCode::TOO_MANY_REQUESTS);

        bearers.change_rate("2/min".parse().unwrap());
        assert!(bearers.who(&headers).is_err(), "the same rate forgets nothing");
        bearers.change_rate("1/min".parse().unwrap());
        bearers.who(&headers).unwrap();
        assert!(bearers.who(&headers).is_err(), "another one holds at once");
    }
}
