//! A configuration from afar (UPLINK §2.7): validated whole, put in force, and put back when it does
//! not work. One that changes the uplink itself is only kept when the box is heard through it within a minute.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::root::App;
use super::trial::{OutcomeSender, Trial};
use crate::config::remote;
use crate::uplink::NewConfiguration;

/// For a session with the new configuration.
const TRIAL: Duration = Duration::from_secs(60);

impl App {
    /// Takes over what the cloud wants, or leaves everything as it was.
    pub(super) async fn configure(&mut self, configuration: NewConfiguration, told: OutcomeSender) {
        match self.try_configure(&configuration).await {
            Ok(true) => {
                tracing::info!("a configuration from the cloud changes the uplink and is tried");
                self.trial = Some(Trial {
                    until: Instant::now() + TRIAL,
                    told,
                });
            }
            Ok(false) => {
                tracing::info!("a configuration from the cloud is in force");
                told.send_replace(Some(Ok(())));
            }
            Err(why) => {
                tracing::warn!(why, "a configuration from the cloud is not taken over");
                told.send_replace(Some(Err(why)));
            }
        }
    }

    /// Puts it in force. Answers whether there is a new uplink that has to prove itself.
    async fn try_configure(&mut self, configuration: &NewConfiguration) -> Result<bool, String> {
        if self.trial.is_some() {
            return Err("another configuration is being tried".to_owned());
        }
        let candidate = remote::candidate(&self.flags, &self.config, configuration.section, &configuration.text);
        let candidate = candidate.map_err(|error| error.to_string())?;
        let before = self.config.uplink.clone();
        let data_dir = self.config.data_dir.clone();
        candidate.put(&data_dir).map_err(|error| error.to_string())?;
        if let Err(why) = self.reload().await {
            self.put_back().await;
            return Err(why);
        }
        if before != self.config.uplink && self.config.uplink.is_some() {
            return Ok(true);
        }
        remote::keep(&data_dir).map_err(|error| error.to_string())?;
        Ok(false)
    }

    /// What stands before a trial is in force again.
    async fn put_back(&mut self) {
        if let Err(error) = remote::roll_back(&self.config.data_dir) {
            tracing::error!(%error, "the configuration of before could not be put back");
        }
        // It was in force a minute ago; a fault is told by the reload itself.
        let _ = self.go_back().await;
    }

    /// Waits until it is known whether the configuration that is tried works; for ever while none is.
    pub(super) async fn verdict(&self) -> bool {
        let Some(trial) = &self.trial else {
            return std::future::pending().await;
        };
        // Whoever reloads meanwhile may have built another.
        let room = self.parts.uplink.get();
        match room {
            Some(room) => timeout_at(trial.until, room.connected()).await.is_ok(),
            None => false,
        }
    }

    /// The trial is over.
    pub(super) async fn settle_trial(&mut self, works: bool) {
        let Some(trial) = self.trial.take() else { return };
        if works {
            let kept = remote::keep(&self.config.data_dir).map_err(|error| error.to_string());
            trial.told.send_replace(Some(kept));
            return;
        }
        let room = self.parts.uplink.get();
        let why = room.and_then(|room| room.shown().last_error).map(|fault| fault.what);
        let why = why.unwrap_or_else(|| "the broker did not answer".to_owned());
        tracing::warn!(
            why,
            "the configuration from the cloud does not work; the one of before is put back"
        );
        self.put_back().await;
        let why = format!(
            "no session within {} s with it: {why}; the one of before is in force",
            TRIAL.as_secs()
        );
        trial.told.send_replace(Some(Err(why)));
    }
}
