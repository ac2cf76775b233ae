//! People, their sessions, and API tokens: who asks, and what they may do.

pub mod audit;
mod bearers;
mod changing;
mod holding;
mod link;
mod linking;
mod naming;
mod own;
mod password;
mod people;
mod permission;
mod person;
mod program;
mod sealing;
mod secret;
mod session;
mod spaces;
mod token;
mod tries;
mod wanted;
mod who;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

pub use bearers::{BearerError, Bearers};
pub use holding::{Done, Erasing, Fate, Held, Holder, Subject, TakeError, Taking, kept_for};
pub use link::{Link, Sight};
pub use linking::{MovedOut, Shared};
pub use naming::Beginning;
pub use own::OwnAccount;
pub use password::{LONGEST, PasswordError, SHORTEST};
pub use people::INVITATION_LIFE;
pub use permission::{Act, Role, Scope};
pub use person::{Person, Standing};
pub use program::{ApiState, ManageRelay, ManageSpaces, ManageUplink, Needs, Program};
pub use sealing::{SealKey, SealKeyError, Sealed, Sealer};
pub use secret::{Secret, random, random_id};
pub use session::{IDLE_LIFE, OwnSession, WHOLE_LIFE};
pub use token::Token;
pub use wanted::{Wanted, WantedError};
pub use who::{Proof, Who};

use crate::domain::MeterId;
use crate::store::{Page, ReadError, RowError, Store, Time, Unwritten};

/// Under what it is logged who signed in, and what became of people and tokens.
pub const AUDIT: &str = "gatelodge::audit";

/// The people and tokens of the box; clones share them.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    tries: Arc<tries::Tries>,
    /// Rung when somebody may be known no more, or as somebody else.
    bell: watch::Sender<u64>,
}

/// Something about people or tokens did not work.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The name cannot be one.
    #[error("`{0}` cannot be a name: use 1 to 64 of a-z, A-Z, 0-9, `.`, `-`, `_`, `@`, `+`")]
    Name(String),
    /// There is a person of that name.
    #[error("there is already a person named `{0}`")]
    Exists(String),
    /// There is no person of that name.
    #[error("there is no person named `{0}`")]
    Unknown(String),
    /// The password is not taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Name or password is wrong; which of them is not said.
    #[error("name or password is wrong")]
    WrongPassword,
    /// Too many wrong passwords for this name, or from this address.
    #[error("too many tries; wait {}", minutes(*.wait))]
    TooManyTries {
        /// Seconds until one more is let in.
        wait: u64,
    },
    /// Too many passwords are looked at just now.
    #[error(transparent)]
    Busy(#[from] password::BusyError),
    /// The one-time link was used, is too old, or never was.
    #[error("this link was used before or is too old; ask for a new one (`gatelodge user invite NAME`)")]
    Invitation,
    /// The token's name cannot be one.
    #[error("a token's name has 1 to 100 characters")]
    TokenName,
    /// A token without scopes is good for nothing.
    #[error("a token needs at least one scope")]
    NoScope,
    /// Without them nobody could manage people any more, but by command.
    #[error(
        "`{0}` is the only admin who can sign in: make another one first, or remove them by command (`gatelodge user remove`)"
    )]
    LastAdmin(String),
    /// There is no token of that id.
    #[error("there is no token `{0}`")]
    UnknownToken(String),
    /// More meters than one person can have.
    #[error("a person can have {0} meters at most")]
    TooManyMeters(usize),
    /// Spaces are linked to doormen alone.
    #[error("spaces are linked to doormen alone: all other roles see all spaces or none")]
    NoDoorman,
    /// More spaces than can be linked to one person.
    #[error("a doorman can have {0} spaces at most; without any they see all")]
    TooManySpaces(usize),
    /// They would have moved out before they moved in.
    #[error("{0} is theirs only since {1}: name a later day, or give the link another one (`gatelodge user meters`)")]
    NotYet(MeterId, Timestamp),
    /// Nobody has moved out yet who will.
    #[error("that day has not come: the last reading is taken when they move out")]
    ToCome,
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A row could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The book did not take the change.
    #[error("not written: {0}")]
    Write(Unwritten),
}

impl Accounts {
    /// The time that the box goes by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// As of `now`, with what is known of the clock.
    fn time_at(&self, now: Timestamp) -> Time {
        Time {
            now,
            ..self.store.time()
        }
    }

    /// The accounts of this book.
    #[must_use]
    pub fn new(store: Store) -> Accounts {
        Accounts {
            store,
            tries: Arc::default(),
            bell: watch::Sender::new(0),
        }
    }

    /// Rings when people, tokens or keys have changed, so that whoever goes on answering asks again.
    #[must_use]
    pub fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Somebody may be known no more, or as somebody else.
    pub fn ring(&self) {
        self.bell.send_modify(|rung| *rung = rung.wrapping_add(1));
    }

    /// Whether somebody is still who they were: signed in, with the same role and meters, by a token that was neither
    /// revoked nor is good for other things.
    #[must_use]
    pub fn still_known(&self, who: &Who) -> bool {
        let now = match who {
            Who::Operator => return true,
            Who::Token { proof, .. } => self.token_of(*proof),
            Who::Person { proof, .. } => {
                let session = self.session_of(*proof, self.now());
                session.map(|session| session.map(|(who, _)| who))
            }
        };
        now.is_ok_and(|now| now.as_ref() == Some(who))
    }

    async fn write<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Page) -> Result<R, AccountsError> + Send + 'static,
    ) -> Result<R, AccountsError> {
        let written = self.store.write(change).await;
        written.map_err(|error| error.split().unwrap_or_else(AccountsError::Write))
    }
}

/// A wait as people are told it.
fn minutes(seconds: u64) -> String {
    match seconds {
        0..=60 => "a minute".to_owned(),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
