//! One target: what is for it, one after the other, each until it is taken or too old.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::config::Entry;
use super::ledger::{self, Delivery, Place, State};
use super::message;
use super::room::WebhooksError;
use super::signature::{Secrets, SecretsError};
use crate::domain::{Event, Lane, Source, SpaceId};
use crate::http::client::{Call, CallError, Client};
use crate::store::spaces::Spaces;
use crate::store::{self, Page, Store, Subscription};
use crate::tls::{Outbound, OutboundError};

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Bytes of an answer that are read: only its status counts.
const ANSWER: usize = 64 << 10;
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
}

impl Target {
    /// Sends what comes until it is dropped.
    pub(super) async fn run(self, mut lane: Subscription) -> Result<(), WebhooksError> {
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
    async fn tell(&self, place: Place, at: Timestamp, event: &Event) -> Result<(), WebhooksError> {
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
        });
        let give_up = SignedDuration::try_from(self.entry.give_up.0).unwrap_or(SignedDuration::MAX);
        self.pause(&delivery).await?;
        loop {
            let worked = self.attempt(&mut delivery).await;
            let now = Timestamp::now();
            delivery.state = match worked {
                true => State::Delivered,
                false if now.duration_since(at) >= give_up => State::Dead,
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
    async fn pause(&self, delivery: &Delivery) -> Result<(), WebhooksError> {
        let (Some(tried), 1..) = (delivery.tried, delivery.attempts) else {
            return Ok(());
        };
        let doubled = self
            .entry
            .retry_first
            .0
            .saturating_mul(1 << (delivery.attempts - 1).min(20));
        let pause = doubled.min(LONGEST);
        let passed = Duration::try_from(Timestamp::now().duration_since(tried)).unwrap_or_default();
        let end = sleep(pause.saturating_sub(passed));
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                () = self.bell.notified() => self.send_again().await?,
            }
        }
    }

    /// Sends what people want sent once more; each is one try.
    async fn send_again(&self) -> Result<(), WebhooksError> {
        let all = ledger::deliveries(&self.store, &self.entry.name)?;
        for (place, mut delivery) in all.into_iter().filter(|(_, delivery)| delivery.state == State::Again) {
            let worked = self.attempt(&mut delivery).await;
            delivery.state = if worked { State::Delivered } else { State::Dead };
            self.note(place, &delivery).await?;
        }
        Ok(())
    }

    async fn note(&self, place: Place, delivery: &Delivery) -> Result<(), WebhooksError> {
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
        let text = tokio::fs::read_to_string(&path).await.map(Zeroizing::new);
        let secrets = Secrets::parse(&text.map_err(|source| TryError::Unread { path, source })?)?;
        let outbound = Outbound {
            ca_file: self.entry.ca_file.clone(),
            ..Outbound::default()
        };
        let client = Client {
            tls: outbound.load()?.config,
            limit: self.entry.timeout.0,
            longest: ANSWER,
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
        let status = client.send(call).await?.status;
        if status.is_success() {
            Ok(status)
        } else {
            Err(TryError::Status(status))
        }
    }
}

fn space_of(event: &Event) -> Option<SpaceId> {
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
