//! One target: what is for it, one after the other, each until it is taken or too old.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::config::Entry;
use super::ledger::{self, Delivery, Place, State};
use super::message;
use crate::accounts::random;
use crate::domain::{Backoff, Event, Lane, Source, SpaceId};
use crate::files::read_secret;
use crate::http::client::{Call, CallError, Client};
use crate::http::retry_after;
use crate::http::signature::{Secrets, SecretsError};
use crate::store::spaces::Spaces;
use crate::store::{self, FollowError, Page, Store, Subscription};
use crate::tls::{Outbound, OutboundError};

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How long a target is left alone that answers 410 (Gone), as Standard Webhooks has it.
const GONE: SignedDuration = SignedDuration::from_hours(24);
/// The longest outcome that is kept, in bytes.
const OUTCOME: usize = 200;

/// One target and its way out.
pub(super) struct Target {
    pub(super) entry: Entry,
    pub(super) store: Store,
    /// Rung when something is to be sent once more.
    pub(super) bell: Arc<Notify>,
    /// What happened before this is not for it.
    pub(super) since: Timestamp,
}

/// A try that did not work.
#[derive(Debug, thiserror::Error)]
enum TryError {
    #[error("the secret {} cannot be read: {source}", .path.display())]
    Unread {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("the secret cannot be used: {0}")]
    Secret(#[from] SecretsError),
    #[error(transparent)]
    Tls(#[from] OutboundError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the address is none")]
    Address,
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("answered {status}: not before {not_before:.0}")]
    Later { status: StatusCode, not_before: Timestamp },
    #[error("answered {}, that it is no more: set aside until {not_before:.0}", StatusCode::GONE)]
    Gone { not_before: Timestamp },
}

impl TryError {
    /// Until when the target wants to be left alone, if it said so.
    fn not_before(&self) -> Option<Timestamp> {
        match self {
            TryError::Later { not_before, .. } | TryError::Gone { not_before } => Some(*not_before),
            _ => None,
        }
    }

    /// What an answer says that is no success (RFC 9110 §15).
    fn of(status: StatusCode, headers: &HeaderMap) -> TryError {
        let now = Timestamp::now();
        let wait = match status {
            StatusCode::GONE => {
                let not_before = now.checked_add(GONE).unwrap_or(now);
                return TryError::Gone { not_before };
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => retry_after(headers),
            _ => None,
        };
        match wait.and_then(|wait| now.checked_add(wait).ok()) {
            Some(not_before) => TryError::Later { status, not_before },
            None => TryError::Status(status),
        }
    }
}

impl Target {
    /// Sends what comes until it is dropped.
    pub(super) async fn run(self, mut lane: Subscription) -> Result<(), FollowError> {
        self.send_again().await?;
        loop {
            let next = tokio::select! {
                next = lane.next() => next?,
                () = self.bell.notified() => {
                    self.send_again().await?;
                    continue;
                }
            };
            match &next {
                store::Delivery::Entry(entry) if entry.at >= self.since => {
                    for (number, event) in (0..).zip(&entry.events) {
                        self.tell((entry.seq, number), entry.at, event).await?;
                    }
                }
                store::Delivery::Entry(_) => {}
                store::Delivery::Gap(gap) => {
                    tracing::warn!(
                        webhook = self.entry.name,
                        n = gap.n,
                        "what a webhook should have told is lost"
                    );
                }
            }
            lane.ack(next.seq());
        }
    }

    /// Tells one event, if it is for this target, until it is taken or too old.
    async fn tell(&self, place: Place, at: Timestamp, event: &Event) -> Result<(), FollowError> {
        let space = match space_of(event) {
            Some(id) => Spaces::new(self.store.clone()).get(id)?,
            None => None,
        };
        if !message::wants(&self.entry, event, space.as_ref()) {
            return Ok(());
        }
        let known = ledger::get(&self.store, &self.entry.name, place)?;
        // It was told before the box went down.
        if known.as_ref().is_some_and(|known| known.state != State::Waiting) {
            return Ok(());
        }
        let id = format!("{}.{}", self.store.id_of(place.0), place.1);
        let mut delivery = known.unwrap_or_else(|| Delivery {
            body: message::body(&id, at, event, space.as_ref()).to_string(),
            id,
            topic: message::topic(event).map_or("", super::Topic::name).to_owned(),
            at,
            state: State::Waiting,
            attempts: 0,
            tried: None,
            outcome: String::new(),
            not_before: None,
        });
        let give_up = SignedDuration::try_from(self.entry.give_up.0).unwrap_or(SignedDuration::MAX);
        self.pause(&delivery).await?;
        loop {
            let worked = self.attempt(&mut delivery).await;
            delivery.state = match worked {
                true => State::Delivered,
                false if self.store.time().has_passed(give_up, at) => State::Dead,
                false => State::Waiting,
            };
            self.note(place, &delivery).await?;
            match delivery.state {
                State::Waiting => self.pause(&delivery).await?,
                State::Dead => {
                    tracing::warn!(
                        webhook = self.entry.name,
                        delivery = delivery.id,
                        outcome = delivery.outcome,
                        "given up"
                    );
                    return Ok(());
                }
                State::Delivered | State::Again => return Ok(()),
            }
        }
    }

    /// Waits until it may be tried again; what is asked for meanwhile is sent.
    async fn pause(&self, delivery: &Delivery) -> Result<(), FollowError> {
        let (Some(tried), 1..) = (delivery.tried, delivery.attempts) else {
            return Ok(());
        };
        let pauses = Backoff {
            first: self.entry.retry_first.0,
            longest: LONGEST.max(self.entry.retry_first.0),
        };
        let pause = pauses.pause(delivery.attempts, chance());
        let now = Timestamp::now();
        let passed = Duration::try_from(now.duration_since(tried)).unwrap_or_default();
        let told = delivery.not_before.map_or(Duration::ZERO, |until| {
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        });
        // A clock that was set back makes nobody wait for longer than was ever asked for.
        let told = told.min(Duration::try_from(GONE).unwrap_or_default());
        let end = sleep(pause.saturating_sub(passed).max(told));
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                () = self.bell.notified() => self.send_again().await?,
            }
        }
    }

    /// Sends what people want sent once more; each is one try.
    async fn send_again(&self) -> Result<(), FollowError> {
        let all = ledger::deliveries(&self.store, &self.entry.name)?;
        for (place, mut delivery) in all.into_iter().filter(|(_, delivery)| delivery.state == State::Again) {
            let worked = self.attempt(&mut delivery).await;
            delivery.state = if worked { State::Delivered } else { State::Dead };
            self.note(place, &delivery).await?;
        }
        Ok(())
    }

    async fn note(&self, place: Place, delivery: &Delivery) -> Result<(), FollowError> {
        let (name, delivery) = (self.entry.name.clone(), delivery.clone());
        let change = move |page: &mut Page| ledger::put_on(page, (&name, place), &delivery);
        Ok(self.store.write_patiently(change).await?)
    }

    /// One try; whether the target took it.
    async fn attempt(&self, delivery: &mut Delivery) -> bool {
        delivery.attempts = delivery.attempts.saturating_add(1);
        let now = Timestamp::now();
        delivery.tried = Some(now);
        let sent = self.send(delivery, now).await;
        let (outcome, worked) = match &sent {
            Ok(status) => (format!("answered {status}"), true),
            Err(error) => (error.to_string(), false),
        };
        delivery.outcome = outcome;
        delivery.not_before = sent.as_ref().err().and_then(TryError::not_before);
        delivery.outcome.truncate(delivery.outcome.floor_char_boundary(OUTCOME));
        if !worked {
            let (webhook, id, attempts) = (&self.entry.name, &delivery.id, delivery.attempts);
            tracing::info!(
                webhook,
                delivery = id,
                attempts,
                outcome = delivery.outcome,
                "not taken"
            );
        }
        worked
    }

    async fn send(&self, delivery: &Delivery, now: Timestamp) -> Result<StatusCode, TryError> {
        let path = self.entry.secret_file.clone();
        let text = read_secret(&path);
        let secrets = Secrets::parse(&text.map_err(|source| TryError::Unread { path, source })?)?;
        let outbound = Outbound {
            ca_file: self.entry.ca_file.clone(),
            ..Outbound::default()
        };
        let client = Client {
            tls: outbound.load()?.config,
            way: self.entry.way.clone(),
            limit: self.entry.timeout.0,
            longest: 0,
        };
        let body = Bytes::from(delivery.body.clone());
        let signature = secrets.sign(&delivery.id, now.as_second(), &body);
        let text = |text: String| HeaderValue::try_from(text).map_err(|_| TryError::Address);
        let headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (HeaderName::from_static("webhook-id"), text(delivery.id.clone())?),
            (
                HeaderName::from_static("webhook-timestamp"),
                text(now.as_second().to_string())?,
            ),
            (HeaderName::from_static("webhook-signature"), text(signature)?),
        ];
        let call = Call {
            method: Method::POST,
            uri: self.entry.uri().ok_or(TryError::Address)?,
            headers,
            body,
        };
        // The head says it all: a body that is slow or without end takes nothing back.
        let answer = client.tell(call).await?;
        if answer.status.is_success() {
            Ok(answer.status)
        } else {
            Err(TryError::of(answer.status, &answer.headers))
        }
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    f64::from(u32::from_le_bytes(random())) / f64::from(u32::MAX)
}

/// The space that an event is about, if it is about one.
pub(super) fn space_of(event: &Event) -> Option<SpaceId> {
    match event {
        Event::Alarm { alarm, .. } => match &alarm.source {
            Source::Space(space) => Some(*space),
            Source::Meter(_) | Source::Appliance => None,
        },
        Event::SpaceLevel { space, .. } => Some(*space),
        _ => None,
    }
}

/// The lane that targets read: alarms and levels are all in it.
pub(super) const LANE: Lane = Lane::Critical;

/// The reader of a target in the journal.
pub(super) fn reader(target: &str) -> String {
    format!("webhook-{target}")
}
