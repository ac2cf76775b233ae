//! Which place `emop` speaks to.

use std::path::{Path, PathBuf};

use clap::Args;

use super::mediator::Mediator;
use super::place::Place;
use super::running::RunningBox;
use super::settings::Settings;
use crate::admin::Client;
use crate::cli::reach::unreached;
use crate::cli::{CliError, Common};
use crate::config::{self, DEFAULT_FILE};
use crate::meter;
use crate::meter::mediator::client::{ConnectError, MediatorClient};
use crate::meter::mediator::credentials::{Credentials, SERVER_NAME};

/// A mediator by flags.
#[derive(Args)]
pub(super) struct Target {
    /// The mediator to ask [default: as MEDIATOR_SERVER or ~/.simt/emlite.env say, else the running box]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    mediator: Option<String>,
    /// The certificate of the authority behind the mediator, PEM
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The client's certificate, PEM
    #[arg(long, global = true, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The client's key, PEM
    #[arg(long, global = true, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Target {
    /// Connects to the place that counts.
    pub(super) async fn place(&self, common: &Common) -> Result<Box<dyn Place>, CliError> {
        if let Some(server) = &self.mediator {
            return connect(common, server, self.credentials()?).await;
        }
        if [&self.ca, &self.cert, &self.key].iter().any(|file| file.is_some()) {
            return Err(CliError::usage("--ca, --cert and --key go with --mediator HOST:PORT"));
        }
        if let Some(settings) = settings(common)? {
            return connect(common, settings.server(), settings.credentials()?).await;
        }
        Ok(Box::new(RunningBox::new(reach(common).await?).await?))
    }

    fn credentials(&self) -> Result<Option<Credentials>, CliError> {
        let read = |file: &PathBuf| {
            std::fs::read(file).map_err(|error| CliError::configuration(format_args!("{}: {error}", file.display())))
        };
        match (&self.ca, &self.cert, &self.key) {
            (None, None, None) => Ok(None),
            (Some(ca), Some(certificate), Some(key)) => Ok(Some(Credentials {
                ca: read(ca)?,
                certificate: read(certificate)?,
                key: read(key)?,
            })),
            _ => Err(CliError::usage("--ca, --cert and --key go together")),
        }
    }
}

/// The name of the environment that counts; `box`: the running box.
pub(super) async fn environment(common: &Common) -> Result<String, CliError> {
    if let Some(settings) = settings(common)? {
        let name = settings.name();
        return name.ok_or_else(|| CliError::failed("the environment has no name: it says nothing of ENV"));
    }
    reach(common).await.map(|_| "box".to_owned())
}

/// What older programs left, unless a flag says the box.
fn settings(common: &Common) -> Result<Option<Settings>, CliError> {
    if common.socket.is_some() {
        return Ok(None);
    }
    match Settings::of_process() {
        Some(settings) => Ok(Some(settings)),
        None => Settings::of_file(),
    }
}

async fn connect(common: &Common, server: &str, credentials: Option<Credentials>) -> Result<Box<dyn Place>, CliError> {
    let tls = credentials.map(|credentials| credentials.config()).transpose();
    let tls = tls.map_err(CliError::configuration)?;
    let config: meter::Config = common.load_or_default()?.meters.unwrap_or_default();
    let dialect = config.dialect().map_err(CliError::configuration)?;
    let client = MediatorClient::connect(server, tls).await.map_err(|error| {
        let hint = match &error {
            ConnectError::NotReachable { source, .. } if source.kind() == std::io::ErrorKind::InvalidData => {
                format!("is --ca the authority of that mediator, and its certificate for {SERVER_NAME}?")
            }
            _ => {
                "is it running, and is the address right? With certificates it takes --ca, --cert and --key".to_owned()
            }
        };
        CliError::not_reachable(error).hint(hint)
    })?;
    Ok(Box::new(Mediator { client, dialect }))
}

/// The running box. Where nothing at all is configured, that is what is wrong.
async fn reach(common: &Common) -> Result<Client, CliError> {
    let flags = common.flags();
    let (socket, fault) = config::find_socket(&flags);
    let nobody_said = flags.socket.is_none()
        && flags.file.is_none()
        && socket == config::Config::default().admin_socket
        && !Path::new(DEFAULT_FILE).exists();
    match Client::reach(&socket).await {
        Ok(client) => Ok(client),
        Err(error) if nobody_said => Err(
            CliError::not_reachable(format_args!("no meters are configured: {error}")).hint(
                "name a mediator with --mediator, MEDIATOR_SERVER or ~/.simt/emlite.env, or run a box on this machine",
            ),
        ),
        Err(error) => Err(unreached(error, fault)),
    }
}
