//! Applications are told that a permission was withdrawn: from the book, again and again until they take it or a week has
//! passed, each withdrawal once (PER §8).

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::config::Client;
use super::ledger::{self, Telling, WithdrawalRow};
use super::room::Perseus;
use super::rows::PermissionRow;
use crate::accounts::{AUDIT, Sealed, Secret};
use crate::domain::Backoff;
use crate::http::client::{Call, CallError, Client as Caller};
use crate::store::ReadError;
use crate::tls::{Outbound, OutboundError};

/// What such messages are about, as the scheme's first programs say it.
const SUBJECT: &str = "https://registry.trust.ib1.org/message/revoke";
/// Pauses between tries.
const PAUSES: Backoff = Backoff {
    first: Duration::from_secs(60),
    longest: Duration::from_secs(6 * 3_600),
};
/// So long it is tried.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How often the book is looked at when nothing rings.
const LOOK: Duration = Duration::from_secs(15);
/// The longest outcome that is kept, in characters.
const OUTCOME: usize = 200;

/// A try that did not work.
#[derive(Debug, thiserror::Error)]
enum TryError {
    #[error("its address is not configured any more")]
    NoAddress,
    #[error(transparent)]
    Tls(#[from] OutboundError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("answered {0}")]
    Status(StatusCode),
}

impl Perseus {
    /// A refresh token as it lies in the book until its withdrawal is told; `None`: there is no key to seal it with, or
    /// nobody to tell.
    pub(super) fn seal(&self, client: &str, token: &Secret) -> Option<Sealed> {
        let told = self
            .client_called(client)
            .is_some_and(|client| client.message_url.is_some());
        let sealer = self.sealer.as_ref().filter(|_| told)?;
        Some(sealer.seal(client.as_bytes(), token.reveal().as_bytes()))
    }

    /// What became of telling an application that a permission was withdrawn, in words.
    pub(super) fn told(&self, row: &PermissionRow) -> Result<Option<String>, ReadError> {
        let Some(told) = ledger::withdrawal(&self.store, &row.id)? else {
            return Ok(None);
        };
        Ok(Some(match (told.telling, told.tried) {
            (Telling::Told, Some(at)) if told.outcome.is_empty() => format!("told at {at:.0}"),
            (Telling::Told, Some(at)) => format!("told at {at:.0}, {}", told.outcome),
            (Telling::Told, None) => "told".to_owned(),
            (Telling::Waiting, None) => "is being told".to_owned(),
            (Telling::Waiting, Some(at)) => format!("is being told; at {at:.0} it did not work: {}", told.outcome),
            (Telling::GivenUp, _) => format!("could not be told: {}", told.outcome),
        }))
    }

    /// Tells what there is to tell, until it is stopped.
    ///
    /// # Errors
    ///
    /// None: what does not work is tried again.
    pub async fn tell(self: Arc<Self>, stop: CancellationToken) -> Result<(), Infallible> {
        // One that hangs holds up its own application alone.
        let (mut under_way, mut busy) = (FuturesUnordered::new(), HashSet::new());
        loop {
            let waiting = ledger::waiting(&self.store).unwrap_or_else(|error| {
                tracing::error!(%error, "which withdrawals are to be told cannot be read");
                Vec::new()
            });
            let now = self.store.now();
            for row in waiting.into_iter().filter(|row| is_due(row, now)) {
                if busy.insert(row.client.clone()) {
                    let client = row.client.clone();
                    under_way.push(self.tell_one(row).map(|()| client));
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(client) = under_way.next() => drop(busy.remove(&client)),
                () = self.to_tell.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn tell_one(&self, mut row: WithdrawalRow) {
        let now = self.store.now();
        row.attempts = row.attempts.saturating_add(1);
        row.tried = Some(now);
        // Before it is sent: who stops or is killed meanwhile waits as after any other try.
        let begun = WithdrawalRow {
            outcome: "nobody knows: the box stopped meanwhile".to_owned(),
            ..row.clone()
        };
        let written = self
            .store
            .write(move |page| ledger::put_withdrawal_on(page, &begun))
            .await;
        if let Err(error) = written {
            tracing::debug!(%error, "a withdrawal is told when the book can take it");
            // Nothing changed by which it would be due later.
            tokio::time::sleep(LOOK).await;
            return;
        }
        let tried = self.attempt(&row).await;
        match tried {
            Ok(with_token) => {
                row.telling = Telling::Told;
                row.outcome = match with_token {
                    true => String::new(),
                    false => "without the refresh token: the key that sealed it is lost, or it had none".to_owned(),
                };
                tracing::info!(target: AUDIT, client = row.client, permission = row.permission, with_token, "an application was told of a withdrawal");
            }
            Err(error) => {
                row.outcome = error.to_string().chars().take(OUTCOME).collect();
                if now.duration_since(row.at) >= GIVEN_UP {
                    row.telling = Telling::GivenUp;
                    tracing::warn!(
                        target: AUDIT, client = row.client, permission = row.permission, %error,
                        "an application could not be told of a withdrawal"
                    );
                }
            }
        }
        if row.telling != Telling::Waiting {
            row.token = None;
        }
        let written = self
            .store
            .write(move |page| ledger::put_withdrawal_on(page, &row))
            .await;
        if let Err(error) = written {
            tracing::warn!(%error, "what became of telling a withdrawal was not written down; it may be told twice");
        }
    }

    /// One try; whether the refresh token was in it.
    async fn attempt(&self, row: &WithdrawalRow) -> Result<bool, TryError> {
        let client = self.client_called(&row.client);
        let uri = client.and_then(address).ok_or(TryError::NoAddress)?;
        let (body, with_token) = self.message(row);
        let tls = self.outbound().load()?;
        let caller = Caller {
            tls: tls.config,
            way: self.config.way.clone(),
            limit: LIMIT,
            longest: 0,
        };
        let answer = caller
            .tell(Call {
                method: Method::POST,
                uri,
                headers: vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                body: Bytes::from(body.to_string()),
            })
            .await?;
        match answer.status.as_u16() {
            200 | 201 | 202 | 204 => Ok(with_token),
            _ => Err(TryError::Status(answer.status)),
        }
    }

    fn message(&self, row: &WithdrawalRow) -> (Zeroizing<String>, bool) {
        let permission = ledger::permission(&self.store, &row.permission).ok().flatten();
        let token = row.token.as_ref().and_then(|sealed| {
            let opened = self.sealer.as_ref()?.unseal(row.client.as_bytes(), sealed)?;
            String::from_utf8(opened.to_vec()).ok().map(Zeroizing::new)
        });
        let of = |take: fn(&PermissionRow) -> &String| permission.as_ref().map(|row| take(row).clone());
        let mut body = json!({
            "account": of(|row| &row.account),
            "client": row.client,
            "license": of(|row| &row.licence),
            "revoked": format!("{:.0}", row.at),
            "evidenceId": of(|row| &row.evidence),
        });
        if let Some(token) = &token {
            body["refreshToken"] = json!(token.as_str());
        }
        let whole = json!({ "ib1:message": self.framework(), "subject": SUBJECT, "body": body });
        (Zeroizing::new(whole.to_string()), token.is_some())
    }

    fn outbound(&self) -> Outbound {
        let config = &self.config;
        let identity = config
            .outbound_certificate_file
            .clone()
            .zip(config.outbound_key_file.clone());
        Outbound {
            ca_file: config.outbound_ca_file.clone(),
            pins: Vec::new(),
            identity,
        }
    }
}

fn address(client: &Client) -> Option<Uri> {
    client.message_url.as_ref()?.parse().ok()
}

fn is_due(row: &WithdrawalRow, now: Timestamp) -> bool {
    let Some(tried) = row.tried else { return true };
    // The same at each look: drawn anew, the shortest pause of many would count. Ids are random.
    let drawn = row
        .permission
        .get(..8)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let chance = f64::from(drawn.unwrap_or_default()) / f64::from(u32::MAX);
    let pause = SignedDuration::try_from(PAUSES.pause(row.attempts, chance)).unwrap_or(SignedDuration::ZERO);
    // A clock that was set back keeps nobody waiting for longer.
    now.duration_since(tried) >= pause || now < tried
}
