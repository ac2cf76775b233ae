//! Finding the box: its socket, or its data folder when it does not run.

use std::future::Future;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::owner::AsOwner;
use super::{CliError, Common};
use crate::accounts::{Accounts, Secret};
use crate::admin::{AdminState, Client, ClientError, router};
use crate::config::{self, Config, ConfigError, DEFAULT_FILE, Flags, Loaded};
use crate::pki::Pki;
use crate::store::{OpenError, Options, Place, Store};

impl Common {
    /// What the configuration layers need to know.
    pub(super) fn flags(&self) -> Flags {
        Flags {
            file: self.config.clone(),
            socket: self.socket.clone(),
        }
    }

    /// The file that the configuration begins with.
    pub(super) fn file(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| DEFAULT_FILE.into())
    }

    /// The configuration, which must be there.
    pub(super) fn load(&self) -> Result<Loaded, CliError> {
        Ok(config::load(&self.flags())?)
    }

    /// The configuration, or the defaults on a machine that has none.
    pub(super) fn load_or_default(&self) -> Result<Config, CliError> {
        if self.config.is_none() && !Path::new(DEFAULT_FILE).exists() {
            return Ok(config::without_file()?);
        }
        Ok(self.load()?.config)
    }

    /// The running box.
    pub(super) async fn running(&self) -> Result<Client, CliError> {
        self.file_is_there()?;
        let (socket, fault) = config::find_socket(&self.flags());
        Client::reach(&socket).await.map_err(|error| unreached(error, fault))
    }

    /// A configuration that is named must be there: else another box than the one that is meant would be asked.
    fn file_is_there(&self) -> Result<(), CliError> {
        match &self.config {
            // One that may not be looked at may be there all the same.
            Some(file) if self.socket.is_none() && matches!(file.try_exists(), Ok(false)) => {
                Err(CliError::configuration(format_args!("{} is not there", file.display())))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The running box, or its data folder when none runs and none was named.
    async fn box_or_folder(&self) -> Result<Reached, CliError> {
        self.file_is_there()?;
        let (socket, fault) = config::find_socket(&self.flags());
        match Client::reach(&socket).await {
            Ok(client) => Ok(Reached {
                client,
                store: None,
                owner: None,
            }),
            Err(error @ ClientError::NotReachable { .. }) if self.socket.is_none() && fault.is_none() => {
                open_folder(&self.load_or_default()?, &error).await
            }
            Err(error) => Err(unreached(error, fault)),
        }
    }
}

/// Nobody answers at the socket; `fault`: the configuration could not say where it is, so that the usual one was asked.
pub(super) fn unreached(error: ClientError, fault: Option<ConfigError>) -> CliError {
    match fault {
        Some(fault) if matches!(error, ClientError::NotReachable { .. }) => {
            CliError::configuration(format_args!("{fault}; and {error}, which is the usual place"))
                .hint("a running box is asked all the same when --socket names its admin socket")
        }
        Some(_) | None => error.into(),
    }
}

/// The way to a box, and the book when it was opened here.
struct Reached {
    client: Client,
    store: Option<Store>,
    /// Dropped last: the book is closed by whom it was opened.
    owner: Option<AsOwner>,
}

impl Reached {
    /// Closes what was opened here.
    async fn leave(self) {
        if let Some(store) = self.store {
            store.close().await;
            drop(store);
        }
        drop(self.owner);
    }
}

async fn open_folder(config: &Config, unreachable: &ClientError) -> Result<Reached, CliError> {
    let owner = AsOwner::of(&config.data_dir)?;
    let folder = config.data_dir.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open(Options::at(Place::in_data_dir(&folder)))).await;
    let store = match opened.map_err(CliError::failed)? {
        Ok(store) => store,
        Err(error @ OpenError::InUse(_)) => {
            return Err(CliError::not_reachable(format_args!("{unreachable}, but {error}")).hint(
                "another command works there: try again; or the box runs with another admin socket: name it with --socket",
            ));
        }
        Err(error) => return Err(CliError::failed(error)),
    };
    let pki = Pki::open(config.data_dir.join("pki"), store.clone()).map_err(CliError::failed)?;
    let state = AdminState {
        accounts: Accounts::new(store.clone()),
        pki,
        timezone: Arc::new({
            let site = config.site.clone();
            move || site.timezone()
        }),
        running: None,
    };
    Ok(Reached {
        client: Client::Direct(router(state)),
        store: Some(store),
        owner: Some(owner),
    })
}

/// Runs a command against the box or its data folder, and leaves in order whatever came of it. Root is the folder's
/// owner meanwhile: what only the caller may read is read before, what goes elsewhere is written after.
pub(super) fn with_box<R>(
    common: &Common,
    work: impl AsyncFnOnce(&Client) -> Result<R, CliError>,
) -> Result<R, CliError> {
    block_on(async {
        let reached = common.box_or_folder().await?;
        let done = work(&reached.client).await;
        reached.leave().await;
        done
    })
}

/// For how many seconds a command waits at most: a day.
pub(super) fn patience() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(..=86_400)
}

/// Runs a command's asynchronous part.
pub(super) fn block_on<R>(work: impl Future<Output = Result<R, CliError>>) -> Result<R, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::failed)?;
    runtime.block_on(work)
}

/// A text from a file, or from standard input when the file is `-`.
pub(super) fn text_from(file: &Path) -> Result<String, CliError> {
    if file != Path::new("-") {
        let read = std::fs::read_to_string(file);
        return read.map_err(|error| CliError::failed(format_args!("{}: {error}", file.display())));
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| CliError::failed(format_args!("standard input: {error}")))?;
    Ok(text)
}

/// A secret from a file, or from standard input when the file is `-`; one newline at its end is not part of it.
pub(super) fn secret_from(file: &Path) -> Result<Secret, CliError> {
    let text = text_from(file)?;
    let bare = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if bare.is_empty() {
        return Err(CliError::usage(format_args!("{} holds no secret", file.display())));
    }
    Ok(Secret::given(bare))
}

/// A path as the box would see it, whose current folder is another.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
