//! `certs …`: an authority for mediators in a folder of its own (EMOP §11).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::json;

use super::{CliError, Common, emop, pki, print};
use crate::pki::{CertificateTemplate, CertsFolder, Made, Role};

/// Which folder, and what.
#[derive(Args)]
pub(super) struct Certs {
    /// The folder of all environments [default: ~/.simt/certs]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the authority of an environment
    #[command(after_help = "Example:\n  gatelodge certs init prod")]
    Init {
        /// The environment
        env: String,
        /// How long it is good
        #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: u32,
    },
    /// Make a server's certificate, for cepro-mediators, localhost and further names
    #[command(after_help = "Example:\n  gatelodge certs server prod --san lodge.example.org")]
    Server {
        /// The environment
        env: String,
        /// How long it is good
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: u32,
        /// A further name or address; may be given several times
        #[arg(long = "san", value_name = "NAME")]
        sans: Vec<String>,
    },
    /// Make a client's certificate
    #[command(after_help = "Example:\n  gatelodge certs client prod sync --ou internal")]
    Client {
        /// The environment
        env: String,
        /// The client's id
        client_id: String,
        /// What it may do: internal, partner or readonly
        #[arg(long, value_name = "ROLE")]
        ou: Option<String>,
        /// How long it is good
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: u32,
    },
    /// List the clients' certificates
    #[command(after_help = "Example:\n  gatelodge certs list prod")]
    List {
        /// The environment
        env: String,
    },
    /// Show what is in a certificate file
    #[command(after_help = "Example:\n  gatelodge certs info ~/.simt/certs/prod/clients/sync.cert")]
    Info {
        /// A PEM file
        file: PathBuf,
    },
    /// Print the version
    Version,
}

impl Certs {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let now = Timestamp::now();
        let folder = |env: &str| CertsFolder::new(&self.folder()?, env).map_err(CliError::usage);
        match &self.command {
            Command::Init { env, days } => {
                let template = CertificateTemplate {
                    days: *days,
                    now,
                    words: &[],
                };
                let made = folder(env)?.init(&template).map_err(CliError::failed)?;
                say(common, &made, "CA");
            }
            Command::Server { env, days, sans } => {
                let template = CertificateTemplate {
                    days: *days,
                    now,
                    words: sans,
                };
                let made = folder(env)?.server(&template).map_err(CliError::failed)?;
                say(common, &made, "SERVER");
            }
            Command::Client {
                env,
                client_id,
                ou,
                days,
            } => {
                let words: Vec<String> = ou.iter().cloned().collect();
                if ou.as_ref().is_none_or(|role| role.parse::<Role>().is_err()) {
                    print::note(format_args!(
                        "{client_id} may do nothing: mediators know the roles internal, partner and readonly"
                    ));
                }
                let template = CertificateTemplate {
                    days: *days,
                    now,
                    words: &words,
                };
                let made = folder(env)?.client(client_id, &template).map_err(CliError::failed)?;
                say(common, &made, "CLIENT");
            }
            Command::List { env } => list(common, &folder(env)?)?,
            Command::Info { file } => pki::show(common, file)?,
            Command::Version => print::line(format_args!("{}", env!("CARGO_PKG_VERSION"))),
        }
        Ok(())
    }

    fn folder(&self) -> Result<PathBuf, CliError> {
        let home = || emop::home_folder().map(|folder| folder.join("certs"));
        let folder = self.dir.clone().or_else(home);
        folder.ok_or_else(|| CliError::usage("--dir names the folder: there is no HOME"))
    }
}

/// The files, on standard error; on standard output the lines that go into an environment file.
fn say(common: &Common, made: &Made, whose: &str) {
    let text = |text: &str| BASE64.encode(text.as_bytes());
    let mut lines = vec![
        (format!("MEDIATOR_{whose}_KEY"), text(&made.key)),
        (format!("MEDIATOR_{whose}_CERT"), text(&made.certificate)),
    ];
    if whose != "CA" {
        lines.push(("MEDIATOR_CA_CERT".to_owned(), text(&made.ca)));
    }
    if common.json {
        let lines: serde_json::Map<_, _> = lines.into_iter().map(|(name, value)| (name, value.into())).collect();
        return print::json(&json!({
            "key_file": made.key_file, "certificate_file": made.certificate_file, "environment": lines,
        }));
    }
    print::note(format_args!("{}", made.key_file.display()));
    print::note(format_args!("{}", made.certificate_file.display()));
    for (name, value) in lines {
        print::line(format_args!("{name}={value}"));
    }
}

fn list(common: &Common, folder: &CertsFolder) -> Result<(), CliError> {
    let clients = folder.list().map_err(CliError::failed)?;
    if common.json {
        print::json(&clients);
        return Ok(());
    }
    print::line(format_args!(
        "{:<30} {:<15} {:<12} Serial",
        "Client ID", "OU", "Expires"
    ));
    for (id, client) in clients {
        let expires = client.not_after.strftime("%Y-%m-%d").to_string();
        let role = client.ou.unwrap_or_default();
        let serial: String = client.serial.chars().take(16).collect();
        print::line(format_args!("{id:<30} {role:<15} {expires:<12} {serial}..."));
    }
    Ok(())
}
