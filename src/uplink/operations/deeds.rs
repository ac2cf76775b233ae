//! What is done for an operation (UPLINK §2.2, §2.3, §2.4, §2.5, §2.6, §2.7, §2.8): commands, readings, restarts, configurations,
//! files of the log. Each has its limit of time; what is not known is refused in words.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::row::{self, INTERRUPTED, Phase, Row};
use super::shell_words::words;
use super::{Commands, configuration, log_file};
use crate::domain::OperationState;
use crate::store::Store;
use crate::uplink::config::RestartMode;
use crate::uplink::cumulocity;
use crate::uplink::host::Host;
use crate::uplink::names::{READER, kind};
use crate::uplink::status::Status;
use crate::uplink::tenant::Tenant;
use crate::uplink::world::World;

/// Between two restarts.
const RESTARTS: SignedDuration = SignedDuration::from_mins(5);
/// For the word that a restart begins to reach the cloud.
const ANNOUNCED: Duration = Duration::from_secs(10);
/// For most operations.
const LIMIT: Duration = Duration::from_secs(60);
/// A configuration is tried for a minute, and what was before may have to be put back.
const TRIED: Duration = Duration::from_secs(90);

/// What operations are carried out with.
pub struct Deeds {
    /// Command lines.
    pub commands: Commands,
    /// The box.
    pub host: Arc<dyn Host>,
    /// Where files go.
    pub tenant: Tenant,
    /// What a restart is.
    pub restart: RestartMode,
    /// Whose number the platform told.
    pub status: Arc<Status>,
    /// Meters that may be asked.
    pub world: World,
}

impl Deeds {
    /// Carries one out; how it ended.
    pub(super) async fn carry_out(&self, store: &Store, key: &[u8], row: &Row) -> OperationState {
        let limit = match row.operation.kind.as_str() {
            kind::CONFIGURATION | kind::DOWNLOAD => TRIED,
            kind::LOG_FILE | kind::UPLOAD => LIMIT * 2,
            // As long as the meters' objects take, each of which may need its whole time.
            kind::COMMAND | kind::MEASURE => LIMIT.max(self.host.reading_takes()),
            name if name.starts_with(kind::PLAIN) => LIMIT.max(self.host.reading_takes()),
            _ => LIMIT,
        };
        match timeout(limit, self.result(store, key, row)).await {
            Ok(Ok(text)) => OperationState::Successful(text),
            Ok(Err(why)) => OperationState::Failed(why),
            Err(_) => OperationState::Failed(format!("timed out after {} s", limit.as_secs())),
        }
    }

    async fn result(&self, store: &Store, key: &[u8], row: &Row) -> Result<String, String> {
        let arguments = row::text(store, key).map_err(|error| error.to_string())?;
        let first = arguments.first().map_or("", String::as_str);
        let operation = &row.operation;
        if operation.kind == kind::MEASURE {
            return self.read(&operation.device, first).await;
        }
        if operation.device != self.commands.device() {
            return Err(NOT_SUPPORTED.to_owned());
        }
        match operation.kind.as_str() {
            kind::COMMAND => self.commands.run(first).await,
            name if name.starts_with(kind::PLAIN) => self.commands.run(first).await,
            kind::RESTART => self.start_anew(store).await,
            kind::CONFIGURATION | kind::DOWNLOAD => {
                let wanted = configuration::wanted(&self.tenant, key, &operation.kind, &arguments).await?;
                self.host.configure(wanted).await?;
                configuration::settled(store, &operation.kind, &arguments).await
            }
            kind::UPLOAD => {
                let source = self.source(row)?;
                configuration::upload((&*self.host, &self.tenant), first, &source).await
            }
            kind::LOG_FILE => {
                let source = self.source(row)?;
                log_file::upload((&*self.host, &self.tenant), &arguments, &source).await
            }
            _ => Err(NOT_SUPPORTED.to_owned()),
        }
    }

    /// Whether the box goes on with an operation of this kind, though this room was rebuilt meanwhile.
    pub(super) fn is_with_the_house(&self, kind: &str) -> bool {
        [kind::CONFIGURATION, kind::DOWNLOAD].contains(&kind)
    }

    /// What became of a configuration that the box went on with; `None`: it never heard of it.
    pub(super) async fn configured(&self, store: &Store, key: &[u8], row: &Row) -> Option<OperationState> {
        let done = self.host.configured(configuration::number(key)).await?;
        let arguments = row::text(store, key).unwrap_or_default();
        let done = match done {
            Ok(()) => configuration::settled(store, &row.operation.kind, &arguments).await,
            Err(why) => Err(why),
        };
        Some(match done {
            Ok(text) => OperationState::Successful(text),
            Err(why) => OperationState::Failed(why),
        })
    }

    /// How something ends that was begun before this room was: by this very run of the box, or by another.
    pub(super) fn end_of_what_was_begun(&self, row: &Row, by_us: bool) -> OperationState {
        let restarted = row.operation.kind == kind::RESTART
            && match &row.boot {
                // The program may start only the service anew; a crash meanwhile is none of its doing.
                Some(boot) => *boot != self.host.boot() || (row.stopped && !by_us),
                None => !by_us,
            };
        if restarted {
            OperationState::Successful(String::new())
        } else {
            OperationState::Failed(INTERRUPTED.to_owned())
        }
    }

    /// The boot that an operation of this kind is to end, when it is the machine that starts anew.
    pub(super) fn boot_that_ends(&self, kind: &str) -> Option<String> {
        let ends = kind == kind::RESTART && matches!(self.restart, RestartMode::Command(_));
        ends.then(|| self.host.boot())
    }

    /// Reads a meter now, or all of them.
    async fn read(&self, device: &str, wanted: &str) -> Result<String, String> {
        let meters = self.world.meters().map_err(|error| error.to_string())?;
        let own = device == self.commands.device();
        let asked = meters.iter().map(|meter| &meter.serial).filter(|serial| {
            let child = cumulocity::meter_name(self.commands.device(), serial);
            let named = serial.as_str().eq_ignore_ascii_case(wanted) || child == wanted;
            // Whoever asks a meter for a series gets all that it has: a meter is read in one go.
            if own {
                ["", "all"].contains(&wanted) || named
            } else {
                child == device
            }
        });
        let reads: Vec<_> = asked.map(|serial| self.host.read(serial)).collect();
        if reads.is_empty() {
            return Err(if own {
                format!("there is no meter `{wanted}`; `all` reads every one")
            } else {
                NOT_SUPPORTED.to_owned()
            });
        }
        let faults = futures_util::future::join_all(reads).await;
        let faults: Vec<String> = faults.into_iter().filter_map(Result::err).collect();
        if faults.is_empty() {
            Ok(String::new())
        } else {
            Err(faults.join("; "))
        }
    }

    async fn start_anew(&self, store: &Store) -> Result<String, String> {
        if self.restart == RestartMode::Off {
            return Err("restarts are switched off; uplink.restart says so".to_owned());
        }
        let rows = row::all(store).map_err(|error| error.to_string())?;
        let now = Timestamp::now();
        let lately = |row: &Row| matches!(row.phase, Phase::Done(at) if now.duration_since(at).abs() < RESTARTS);
        if rows
            .iter()
            .any(|(_, row)| row.operation.kind == kind::RESTART && row.worked && lately(row))
        {
            return Err("the box was started anew less than five minutes ago".to_owned());
        }
        tracing::info!(target: "gatelodge::audit", "the cloud starts the box anew");
        // The cloud hears that it begins before the box is gone, if it can be reached.
        let _ = timeout(ANNOUNCED, async {
            while store.backlog(READER).is_some_and(|behind| behind.changes > 0) {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        if let RestartMode::Command(command) = &self.restart {
            run(command).await?;
        } else {
            self.host.restart();
        }
        std::future::pending().await
    }

    /// The number under which the platform knows the device.
    fn source(&self, row: &Row) -> Result<String, String> {
        let told = || self.status.write().number.clone();
        let source = row.source.clone().or_else(told);
        source.ok_or_else(|| "upload failed: the platform did not say which number this device has".to_owned())
    }
}

pub(super) const NOT_SUPPORTED: &str = "not supported";

/// Runs the program that starts the machine anew; without a shell, and with nothing of ours but its arguments.
async fn run(command: &str) -> Result<(), String> {
    let words = words(command).unwrap_or_default();
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| "uplink.restart is no command".to_owned())?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`{program}` ended with {}", output.status)),
        Err(error) => Err(format!("`{program}` cannot be run: {error}")),
    }
}
