//! A login that a person grants the box (UPLINK §1.3): the box is there as a stranger, says so again and
//! again, and hears its login once somebody has accepted it.

use std::convert::Infallible;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::bootstrap::{ASKS, HEARS, Login, USER, login, pause};
use super::error::EnrolError;
use super::keeper::Enrol;
use super::shown::Stage;
use crate::uplink::connection::dial;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::login::password;
use crate::uplink::connection::opening::changed;
use crate::uplink::connection::retry::{Retry, chance};
use crate::uplink::connection::wire::{Delivered, Incoming, Message, Opening, Protocol, Wire};
use crate::uplink::cumulocity::smartrest::lines;
use crate::uplink::topic::Topic;

impl Enrol {
    /// Asks whenever there is no login, or another one is wanted.
    pub(super) async fn keep_granted(&self, device: &str) -> Infallible {
        let mut retry = Retry::new(self.patience);
        loop {
            let mut changes = self.changes();
            let proven = self.is_proven();
            self.stage(if proven { Stage::Proven } else { Stage::Asking });
            if proven {
                // The sender lives as long as we do.
                let _ = changes.changed().await;
                continue;
            }
            tokio::select! {
                asked = self.ask(device) => match asked {
                    Ok(()) => retry = Retry::new(self.patience),
                    Err(fault) => {
                        let pause = retry.after_failure(fault.trouble(), chance());
                        let next = Timestamp::now().checked_add(pause).ok();
                        tracing::warn!(
                            broker = %self.config.url, error = %fault, mend = fault.mend(), again_in_s = pause.as_secs(),
                            "the box could not ask for its login"
                        );
                        self.status.fault(&fault, Timestamp::now(), next);
                        tokio::select! {
                            () = sleep(pause) => {}
                            () = changed(&self.config, device) => retry = Retry::new(self.patience),
                            _ = changes.changed() => {}
                        }
                    }
                },
                // Nobody waits for another login any more.
                _ = changes.changed() => {}
            }
        }
    }

    fn stage(&self, stage: Stage) {
        if let Some(shown) = &mut self.status.write().enrolment {
            shown.stage = stage;
        }
    }

    /// Asks until it has a login, which is kept before the session ends.
    async fn ask(&self, device: &str) -> Result<(), ConnectionError> {
        let mut wire = self.as_a_stranger(device).await?;
        wire.subscribe(&[Topic::surely(HEARS)], 1).await?;
        tracing::info!(broker = %self.config.url, device, "asking for a login; accept the device on the registration page");
        let first = Instant::now();
        let mut asks_at = first + self.patience.subscribed;
        loop {
            tokio::select! {
                incoming = wire.next() => match incoming? {
                    Incoming::Subscribed(_, granted) if granted.first() == Some(&true) => asks_at = Instant::now(),
                    Incoming::Subscribed(..) => return Err(ConnectionError::NotSubscribed(HEARS.to_owned())),
                    Incoming::Message(delivered) => {
                        let granted = self.heard(&delivered);
                        if delivered.id != 0 {
                            wire.acknowledge(delivered.id).await?;
                        }
                        if granted {
                            // It is kept; whether the goodbye arrives is nothing to it.
                            let _ = wire.close().await;
                            self.anew.send_replace(false);
                            self.succeeded();
                            return Ok(());
                        }
                    }
                    Incoming::HangsUp(why) => return Err(ConnectionError::HungUp(why)),
                    Incoming::Opened(opened) => return Err(opened.refused.map_or(ConnectionError::NoAnswer, ConnectionError::Refused)),
                    Incoming::Taken(..) | Incoming::Pong | Incoming::Larger(_) | Incoming::Other => {}
                },
                () = sleep_until(asks_at) => {
                    let empty = Message { unacknowledged: true, ..Message::new(ASKS, "") };
                    wire.publish(&empty, 0).await?;
                    wire.flush().await?;
                    asks_at = Instant::now() + pause(first.elapsed());
                }
            }
        }
    }

    /// A session of nobody in particular.
    async fn as_a_stranger(&self, device: &str) -> Result<Wire, ConnectionError> {
        let config = &self.config;
        let file = config.password_file.as_deref().unwrap_or(std::path::Path::new(""));
        let opening = Opening {
            client_id: device.to_owned(),
            login: Some((USER.to_owned(), password(file)?)),
            keep_alive_s: 60,
            will: None,
            window: 1,
            patience: self.patience.opening,
        };
        let tls = config.outbound().map(|outbound| outbound.load()).transpose()?;
        // Its password is never said in clear; a configuration in which it would be is refused.
        let tls = tls.ok_or(ConnectionError::NoAnswer)?;
        let line = dial::line(&config.url, &config.way, Some(&tls)).await?;
        let (wire, _) = dial::open(line, Protocol::V311, &opening).await?;
        let mut written = self.status.write();
        (written.troubled, written.next_try) = (false, None);
        Ok(wire)
    }

    /// Whether this was the login; then it is kept.
    fn heard(&self, delivered: &Delivered) -> bool {
        if delivered.topic != HEARS {
            return false;
        }
        let line = lines(&delivered.payload).into_iter().next().unwrap_or_default();
        match login(&line) {
            Ok(login) => self.keep_login(&login),
            Err(why) => {
                let fault = EnrolError::NoLogin(why);
                tracing::warn!(error = %fault, "asking on");
                if let Some(shown) = &mut self.status.write().enrolment {
                    shown.no_login += 1;
                }
                false
            }
        }
    }

    fn keep_login(&self, login: &Login) -> bool {
        match self.credential_folder.put_login(login) {
            Ok(()) => {
                tracing::info!("the platform granted the box a login");
                true
            }
            // The platform may give it again; without it the box is as it was.
            Err(error) => {
                self.failed(&EnrolError::Kept(error));
                false
            }
        }
    }
}
