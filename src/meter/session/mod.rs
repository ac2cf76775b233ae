//! One request, one answer: spacing, retries, and what is never sent twice (EMOP §9).

mod answer;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::emop::dialect::{ProhibitedError, Request};
use super::emop::time::TimeError;
use super::emop::value::{Value, ValueError};
use super::emop::{Ack, Address, Control, Dialect, Frame};
use super::link::{Link, LinkError};
pub use answer::Traffic;
use answer::{Ear, End};

/// How a meter is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// From the end of one request to the next (`meters.request_gap`).
    pub gap: Duration,
    /// Tries of one request in all (`meters.attempts`).
    pub attempts: u32,
    /// Between two tries (`meters.retry_pause`).
    pub pause: Duration,
    /// For a connection, and then again for the answer (`meters.timeout`).
    pub timeout: Duration,
    /// Whom requests are for.
    pub destination: Address,
    /// Whom they are from; answers that are not for this address are not ours.
    pub source: Address,
    /// How requests are numbered.
    pub numbering: Numbering,
}

/// How requests are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// 0 to 7 and over again, so that a late answer is told from the next.
    Counted,
    /// Always the same; the original sends 5.
    Fixed(u8),
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            gap: Duration::from_secs(2),
            attempts: 5,
            pause: Duration::from_secs(7),
            timeout: Duration::from_secs(10),
            destination: Address::ANY_METER,
            source: Address::CLIENT,
            numbering: Numbering::Counted,
        }
    }
}

/// Why one try came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// There was no line; nothing was sent.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The line broke while the request was sent, or before the answer was complete.
    #[error("the line broke while {stage}")]
    Broken {
        /// Doing what.
        stage: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The meter closed without an answer.
    #[error("the meter closed the line without an answer ({} bytes, {} frames of others came)", .0.bytes, .0.other_frames)]
    Closed(Traffic),
    /// No answer in time.
    #[error("no answer within {seconds} s ({} bytes, {} frames of others came)", heard.bytes, heard.other_frames)]
    Silent {
        /// How long it was waited for.
        seconds: f64,
        /// What came instead.
        heard: Traffic,
    },
    /// The meter says that the request arrived damaged.
    #[error("{0}")]
    Damaged(Ack),
    /// The caller's time is up.
    #[error("the time for this request was over")]
    Deadline,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It is not asked at all.
    #[error(transparent)]
    Prohibited(#[from] ProhibitedError),
    /// This moment cannot be written into a clock.
    #[error(transparent)]
    Clock(#[from] TimeError),
    /// The meter says no. Asking again would not help.
    #[error("the meter refuses: {0}")]
    Refused(Ack),
    /// Something of a token was sent, and no answer came. It may be spent; sending it again proves nothing.
    #[error("the token was sent and no answer came: {0}; it may be spent, so read the balance before anything else")]
    TokenUncertain(#[source] AttemptError),
    /// Every try came to nothing.
    #[error("no answer after {attempts} tries: {last}")]
    Failed {
        /// How many there were.
        attempts: u32,
        /// What came of the last.
        #[source]
        last: AttemptError,
    },
}

/// The conversation with one meter: one request at a time.
#[derive(Debug)]
pub struct Session {
    link: Link,
    dialect: Arc<Dialect>,
    rules: Rules,
    sequence: u8,
    /// When the last request ended. While one is under way, or was dropped in the middle: nobody knows.
    ended: Ended,
}

#[derive(Clone, Copy, Debug)]
enum Ended {
    Never,
    At(Instant),
    UnderWay,
}

impl Session {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(link: Link, dialect: Arc<Dialect>, rules: Rules) -> Session {
        Session {
            link,
            dialect,
            rules,
            sequence: 0,
            ended: Ended::Never,
        }
    }

    /// The protocol it speaks.
    #[must_use]
    pub fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    /// Until when the meter is left in peace; `None`: it may be asked now.
    #[must_use]
    pub fn rests_until(&self) -> Option<Instant> {
        match self.ended {
            Ended::At(ended) => Some(ended + self.rules.gap),
            Ended::Never | Ended::UnderWay => None,
        }
    }

    /// Asks, and gives the data field of the answer: the request's header and what follows it.
    pub async fn ask(&mut self, request: &Request, deadline: Instant) -> Result<Vec<u8>, SessionError> {
        let data = self.dialect.data_field(request)?;
        // What a meter counts is read anew before a code is tried again.
        let attempts = if self.dialect.spends_token(&data) {
            1
        } else {
            self.rules.attempts
        };
        self.exchange(&mut || Ok(data.clone()), attempts, deadline).await
    }

    /// Sets the meter's clock to the moment at which the line is open: opening it may take seconds (EMOP §5.3).
    pub async fn set_clock(&mut self, deadline: Instant) -> Result<(), SessionError> {
        let dialect = Arc::clone(&self.dialect);
        let object = dialect
            .catalogue()
            .named("time")
            .expect("the clock is in the catalogue")
            .id;
        let mut compose = || {
            let payload = match Value::clock(Timestamp::now(), dialect.inferred()) {
                Ok(payload) => payload,
                Err(ValueError::Time(error)) => return Err(SessionError::Clock(error)),
                Err(other) => unreachable!("a clock is made of a moment: {other}"),
            };
            Ok(dialect.data_field(&Request::Write(object, payload))?)
        };
        self.exchange(&mut compose, self.rules.attempts, deadline)
            .await
            .map(drop)
    }

    async fn exchange(
        &mut self,
        compose: &mut Compose<'_>,
        attempts: u32,
        deadline: Instant,
    ) -> Result<Vec<u8>, SessionError> {
        let mut attempt = 1;
        loop {
            let mut progress = Progress::default();
            let tried = match timeout_at(deadline, self.attempt(compose, &mut progress)).await {
                Ok(tried) => tried,
                Err(_) => Err(Stop::Failure(AttemptError::Deadline)),
            };
            if progress.begun {
                self.ended = Ended::At(Instant::now());
            }
            let failure = match tried {
                Ok(data) => return Ok(data),
                Err(Stop::Final(error)) => return Err(error),
                Err(Stop::Failure(failure)) => failure,
            };
            if !matches!(failure, AttemptError::Link(_)) {
                self.link.forget();
            }
            if progress.token_sent {
                return Err(SessionError::TokenUncertain(failure));
            }
            let again = Instant::now() + self.rules.pause;
            if attempt >= attempts || again >= deadline || matches!(failure, AttemptError::Deadline) {
                return Err(SessionError::Failed {
                    attempts: attempt,
                    last: failure,
                });
            }
            sleep_until(again).await;
            attempt += 1;
        }
    }

    /// One try, on a line of its own.
    async fn attempt(&mut self, compose: &mut Compose<'_>, progress: &mut Progress) -> Result<Vec<u8>, Stop> {
        if let Ended::UnderWay = self.ended {
            // The caller of the last request went away in the middle of it.
            self.ended = Ended::At(Instant::now());
        }
        if let Ended::At(ended) = self.ended {
            sleep_until(ended + self.rules.gap).await;
        }
        self.ended = Ended::UnderWay;
        progress.begun = true;
        self.sequence = match self.rules.numbering {
            Numbering::Counted => (self.sequence + 1) % 8,
            Numbering::Fixed(number) => number % 8,
        };
        let mut line = self.link.open(self.rules.timeout).await.map_err(AttemptError::Link)?;
        let data = compose().map_err(Stop::Final)?;
        let frame = Frame {
            destination: self.rules.destination,
            source: self.rules.source,
            control: Control::new(Ack::Accepted, self.sequence),
            data: &data,
        };
        let bytes = frame.encode().expect("the dialect gives data fields that fit");
        // From here on nobody can tell how much of it arrived.
        progress.token_sent = self.dialect.spends_token(&data);
        let until = Instant::now() + self.rules.timeout;
        let silent = |heard| AttemptError::Silent {
            seconds: self.rules.timeout.as_secs_f64(),
            heard,
        };
        match timeout_at(until, line.send(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(source)) => {
                return Err(AttemptError::Broken {
                    stage: "sending the request",
                    source,
                }
                .into());
            }
            Err(_) => return Err(silent(Traffic::default()).into()),
        }
        let mut ear = Ear::new(&frame, &self.dialect);
        let end = ear.listen(&mut line, until).await;
        match (ear.answer(), end) {
            (Some((Ack::Accepted, data)), _) => Ok(data),
            (Some((ack @ Ack::CrcError, _)), _) => Err(AttemptError::Damaged(ack).into()),
            (Some((ack, _)), _) => Err(Stop::Final(SessionError::Refused(ack))),
            (None, End::Closed) => Err(AttemptError::Closed(ear.heard()).into()),
            (None, End::Broken(source)) => Err(AttemptError::Broken {
                stage: "waiting for the answer",
                source,
            }
            .into()),
            (None, End::Quiet) => Err(silent(ear.heard()).into()),
        }
    }
}

/// Makes the data field once the line is open.
type Compose<'c> = dyn FnMut() -> Result<Vec<u8>, SessionError> + Send + 'c;

/// How far a try has come; told even when it is cut off in the middle.
#[derive(Default)]
struct Progress {
    begun: bool,
    token_sent: bool,
}

/// Why a try ends without an answer.
enum Stop {
    Failure(AttemptError),
    Final(SessionError),
}

impl From<AttemptError> for Stop {
    fn from(failure: AttemptError) -> Stop {
        Stop::Failure(failure)
    }
}
