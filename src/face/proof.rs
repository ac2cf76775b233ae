//! Whether somebody has proved of late who they are, and asking them once more; and what they are told when that fails.

use askama::Template;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use jiff::{SignedDuration, Timestamp};

use super::{Face, Page, SignedIn, Visitor};
use crate::accounts::{AccountsError, LONGEST, PasswordError, SHORTEST, Secret, Who};
use crate::http::{Peer, Problem};
use crate::store::Unwritten;
use crate::texts::{Said, Texts};

/// So long nobody is asked for their password again.
const FRESH: SignedDuration = SignedDuration::from_mins(15);

impl Face {
    /// Whether somebody has lately proved who they are.
    #[must_use]
    pub fn has_proved(&self, person: &SignedIn) -> bool {
        self.proved_lately(&person.who(), person.now)
    }

    /// Whether whoever is signed in has proved lately, as of `now`, who they are. A token never has.
    #[must_use]
    pub fn proved_lately(&self, who: &Who, now: Timestamp) -> bool {
        let proved = self.accounts().proved(who);
        proved.is_ok_and(|proved| proved.is_some_and(|proved| now.duration_since(proved) < FRESH))
    }

    /// Has somebody who is signed in prove once more who they are; answers the cookies of the session that begins with it.
    /// A wrong password counts as one at sign-in.
    ///
    /// # Errors
    ///
    /// When it is not theirs, or cannot be looked at now.
    pub async fn prove(
        &self,
        (visitor, person): (&Visitor, &SignedIn),
        password: Secret,
        peer: &Peer,
    ) -> Result<CookieJar, Refused> {
        let from = (peer.addr.ip(), self.accounts().now());
        let before = visitor.session.as_ref();
        let session = self.accounts().sign_in_instead(&person.name, password, from, before);
        let t = Texts::of(person.language);
        let session = session.await.map_err(|error| Refused::of(t, error))?;
        Ok(visitor.signed_in_with(&session))
    }
}

/// Says when to try again (RFC 9110 §10.2.3).
pub(super) fn later(mut response: Response, wait: Option<u64>) -> Response {
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
    }
    response
}

/// What somebody is told whose password was not taken.
#[derive(Clone, Debug)]
pub struct Refused {
    /// How it is answered.
    pub status: StatusCode,
    /// Why.
    pub words: Said,
    /// Seconds after which it may be tried again.
    pub wait: Option<u64>,
}

impl Refused {
    /// A page that says it, with its status and when to try again; `None`: a page on which nothing was refused.
    #[must_use]
    pub fn answer(refused: Option<Refused>, page: impl Template) -> Response {
        match refused {
            Some(refused) => later(Page(refused.status, page).into_response(), refused.wait),
            None => Page(StatusCode::OK, page).into_response(),
        }
    }

    pub(super) fn of(t: Texts, error: AccountsError) -> Refused {
        let words = told(t, &error);
        let (status, wait) = match &error {
            AccountsError::WrongPassword => (StatusCode::UNAUTHORIZED, None),
            AccountsError::TooManyTries { wait } => (StatusCode::TOO_MANY_REQUESTS, Some(*wait)),
            AccountsError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(3)),
            AccountsError::Write(why) => {
                let problem = Problem::from(why);
                (problem.status(), problem.retries_after())
            }
            AccountsError::Row(_) | AccountsError::Read(_) => {
                tracing::error!(%error, "people could not be read or written");
                (StatusCode::INTERNAL_SERVER_ERROR, None)
            }
            AccountsError::Name(_)
            | AccountsError::Exists(_)
            | AccountsError::Unknown(_)
            | AccountsError::Password(_)
            | AccountsError::Invitation
            | AccountsError::TokenName
            | AccountsError::NoScope
            | AccountsError::LastAdmin(_)
            | AccountsError::TooManyMeters(_)
            | AccountsError::NoDoorman
            | AccountsError::TooManySpaces(_)
            | AccountsError::NotYet(..)
            | AccountsError::ToCome
            | AccountsError::UnknownToken(_) => (StatusCode::BAD_REQUEST, None),
        };
        Refused { status, words, wait }
    }
}

/// What went wrong, to whoever signs in or chooses a password; the rest is of pages and commands that manage people.
fn told(t: Texts, error: &AccountsError) -> Said {
    match error {
        AccountsError::WrongPassword => t.say("login-wrong"),
        AccountsError::TooManyTries { wait } => t.say1("login-tries", "count", wait.div_ceil(60).max(1)),
        AccountsError::Busy(_) => t.say("login-busy"),
        AccountsError::Write(Unwritten::DiskFull) => t.say("login-disk"),
        AccountsError::Write(_) => t.say("login-unwritten"),
        AccountsError::Row(_) | AccountsError::Read(_) => t.say("login-ours"),
        AccountsError::Password(PasswordError::TooShort) => t.say1("login-short", "count", SHORTEST),
        AccountsError::Password(PasswordError::TooLong) => t.say1("login-long", "count", LONGEST),
        AccountsError::Invitation => t.say("welcome-over-text"),
        other => t.in_english(&other.to_string()),
    }
}
