//! `pki …`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use data_encoding::BASE64;
use hyper::Method;
use serde_json::{Value, json};

use super::reach::{absolute, with_box};
use super::{CliError, Common, print};
use crate::admin::Client;
use crate::files::{self, Readers, Unfinished};
use crate::pki;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make the five hierarchies that are not there yet
    #[command(after_help = "Example:\n  gatelodge pki init")]
    Init {
        /// Also make anew what is gone or damaged: all that those authorities issued is worth nothing then
        #[arg(long)]
        replace: bool,
    },
    /// Issue a certificate that our doors show
    #[command(after_help = "Example:\n  gatelodge pki server --name lodge.example.org --out ./tls")]
    Server(Issue),
    /// Issue a certificate for a client of the machine endpoints
    #[command(after_help = "Example:\n  gatelodge pki client --name app --application \
                            https://directory.example.org/a/x1 --member https://directory.example.org/member/y1 --role \
                            https://registry.core.sandbox.trust.ib1.org/scheme/perseus/role/carbon-accounting-provider --out ./app")]
    Client(Issue),
    /// Issue a certificate that signs provenance records
    #[command(after_help = "Example:\n  gatelodge pki signing --name lodge --out ./signing")]
    Signing(Issue),
    /// Issue a certificate for a peer of the relay
    #[command(after_help = "Example:\n  gatelodge pki relay --name gateway-7 --out ./gateway")]
    Relay(Issue),
    /// Issue a certificate for the mediator or a client of it
    #[command(after_help = "Example:\n  gatelodge pki grpc --name sync --role internal --out ./sync")]
    Grpc(Issue),
    /// Have the next key sign the tokens of consented data from now on; by itself it does every 90 days
    #[command(after_help = "Example:\n  gatelodge pki rotate tokens")]
    Rotate {
        /// What is changed: tokens
        #[arg(value_parser = ["tokens"])]
        what: String,
    },
    /// List every certificate issued
    #[command(after_help = "Example:\n  gatelodge pki list")]
    List,
    /// Show what is in a certificate file
    #[command(after_help = "Example:\n  gatelodge pki show ./tls/lodge.example.org.chain.pem")]
    Show {
        /// A PEM file
        file: PathBuf,
    },
    /// Say whether a certificate is one of ours and good now
    #[command(after_help = "Example:\n  gatelodge pki verify ./app.cert.pem --hierarchy client")]
    Verify {
        /// A PEM file
        file: PathBuf,
        /// Of which hierarchy it must be
        #[arg(long)]
        hierarchy: Option<String>,
    },
    /// Revoke a certificate; live sessions under it end at once
    #[command(after_help = "Example:\n  gatelodge pki revoke gateway-7 --hierarchy relay --reason key-compromise")]
    Revoke {
        /// Its serial number or its name
        which: String,
        /// Of which hierarchy, when the name is in several
        #[arg(long)]
        hierarchy: Option<String>,
        /// unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation or privilege-withdrawn
        #[arg(long, default_value = "unspecified")]
        reason: String,
    },
    /// Sign a hierarchy's revocation list anew and say where it is
    #[command(after_help = "Example:\n  gatelodge pki crl client")]
    Crl {
        /// server, client, signing, relay or grpc
        hierarchy: String,
    },
}

/// What a certificate is to hold.
#[derive(Args)]
pub(super) struct Issue {
    /// Its name: a host, a client's id, or an application URL
    #[arg(long)]
    name: String,
    /// The folder for NAME.key.pem, NAME.cert.pem, NAME.chain.pem, NAME.pkeycert.pem [default: kept by the box]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A host name or address it is good for; may be given several times
    #[arg(long = "host")]
    hosts: Vec<String>,
    /// A URI it is good for; may be given several times
    #[arg(long = "uri")]
    uris: Vec<String>,
    /// The organization in its subject
    #[arg(long)]
    organization: Option<String>,
    /// Which end shows it: server, client or both
    #[arg(long)]
    usage: Option<String>,
    /// What a client of the mediator may do: internal, partner or readonly; or, with --application, the URL of a role, as
    /// often as there are roles
    #[arg(long = "role", value_name = "ROLE|URL")]
    roles: Vec<String>,
    /// The URL of the application of a data-sharing scheme that it is of
    #[arg(long, value_name = "URL", requires_all = ["member", "roles"])]
    application: Option<String>,
    /// The URL of the member that the application belongs to
    #[arg(long, value_name = "URL", requires = "application")]
    member: Option<String>,
    /// How long it lasts
    #[arg(long)]
    days: Option<u32>,
    /// Replace files of that name
    #[arg(long)]
    overwrite: bool,
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        if let Command::Show { file } = &self {
            return show(common, file);
        }
        let issued = match self {
            Command::Server(request) => Ok((request, "server")),
            Command::Client(request) => Ok((request, "client")),
            Command::Signing(request) => Ok((request, "signing")),
            Command::Relay(request) => Ok((request, "relay")),
            Command::Grpc(request) => Ok((request, "grpc")),
            other => Err(other),
        };
        match issued {
            Ok((request, hierarchy)) => request.issue(common, hierarchy),
            Err(Command::Verify { file, hierarchy }) => verify(common, &file, hierarchy.as_deref()),
            Err(other) => with_box(common, async |client| other.ask(common, client).await),
        }
    }

    async fn ask(self, common: &Common, client: &Client) -> Result<(), CliError> {
        match self {
            Command::Init { replace } => {
                let body = json!({ "replace": replace });
                let answer: Value = client.ask(Method::POST, "/pki/init", Some(&body)).await?;
                if common.json {
                    print::json(&answer)
                } else {
                    say_init(&answer)
                }
            }
            Command::Rotate { .. } => {
                let answer: Value = client.ask(Method::POST, "/token-keys/rotation", None).await?;
                if common.json {
                    print::json(&answer)
                } else {
                    print::line(format_args!(
                        "the key {} signs tokens from now on",
                        word(&answer["kid"])
                    ))
                }
            }
            Command::List => {
                let rows: Value = client.ask(Method::GET, "/pki", None).await?;
                if common.json { print::json(&rows) } else { list(&rows) }
            }
            Command::Show { .. }
            | Command::Verify { .. }
            | Command::Server(_)
            | Command::Client(_)
            | Command::Signing(_)
            | Command::Relay(_)
            | Command::Grpc(_) => {}
            Command::Revoke {
                which,
                hierarchy,
                reason,
            } => {
                let body = json!({ "which": which, "hierarchy": hierarchy, "reason": reason });
                let row: Value = client.ask(Method::POST, "/pki/revocation", Some(&body)).await?;
                let words = format!(
                    "revoked {} ({}) of {}",
                    word(&row["name"]),
                    word(&row["serial"]),
                    word(&row["hierarchy"])
                );
                if common.json {
                    print::json(&row)
                } else {
                    print::line(format_args!("{words}"))
                }
            }
            Command::Crl { hierarchy } => {
                let path = format!("/pki/{}/crl", print::segment(&hierarchy));
                let answer: Value = client.ask(Method::POST, &path, None).await?;
                if common.json {
                    print::json(&answer)
                } else {
                    print::line(format_args!("{}", word(&answer["file"])))
                }
            }
        }
        Ok(())
    }
}

impl Issue {
    /// The folder is made, and must take files, before a certificate is issued that could be lost; they are written
    /// by the caller, whoever the box is.
    fn issue(self, common: &Common, hierarchy: &str) -> Result<(), CliError> {
        let (role, roles) = match self.application {
            Some(_) => (None, &self.roles[..]),
            None if self.roles.len() > 1 => return Err(CliError::usage("one --role is enough without --application")),
            None => (self.roles.first(), &[][..]),
        };
        let body = json!({
            "name": self.name, "usage": self.usage, "role": role, "application": self.application,
            "member": self.member, "roles": roles, "organization": self.organization,
            "hosts": self.hosts, "uris": self.uris, "days": self.days,
            "hand_over": self.out.is_some(), "overwrite": self.overwrite,
        });
        if let Some(out) = &self.out {
            files::make_shared(out).map_err(CliError::failed)?;
            drop(Unfinished::create(&out.join("try"), Readers::Owner).map_err(CliError::failed)?);
            self.is_free(out)?;
        }
        let path = format!("/pki/{hierarchy}/certificates");
        let mut answer: Value = with_box(common, async |client| {
            Ok(client.ask(Method::POST, &path, Some(&body)).await?)
        })?;
        let pem = answer["pem"].take();
        let mut issued = answer["issued"].take();
        for kind in ["key", "certificate", "chain", "pkeycert"] {
            if let (Some(out), Some(text)) = (&self.out, pem[kind].as_str()) {
                let file = Path::new(issued[kind].as_str().unwrap_or_default())
                    .file_name()
                    .map(|name| absolute(out).join(name));
                let file = file.ok_or_else(|| CliError::failed("the box named no file"))?;
                write(&file, text, self.overwrite, matches!(kind, "key" | "pkeycert"))?;
                issued[kind] = json!(file);
            }
        }
        if common.json {
            print::json(&issued);
        } else {
            for kind in ["key", "certificate", "chain", "pkeycert"] {
                print::line(format_args!("{}", word(&issued[kind])));
            }
            if let (Some(application), "client") = (&self.application, hierarchy) {
                print::lines(format_args!("{}", section(application, self.member.as_deref())));
            }
        }
        Ok(())
    }

    /// Refuses before anything is issued: what nobody can keep would be one more that is good.
    fn is_free(&self, out: &Path) -> Result<(), CliError> {
        let names = ["key", "cert", "chain", "pkeycert"].map(|kind| out.join(format!("{}.{kind}.pem", self.name)));
        match names.into_iter().find(|file| !self.overwrite && file.exists()) {
            Some(file) => Err(is_there(&file)),
            None => Ok(()),
        }
    }
}

fn is_there(file: &Path) -> CliError {
    CliError::refused(format_args!("{} exists already", file.display())).hint("--overwrite replaces it")
}

/// The section by which the box knows an application, to be filled in.
fn section(application: &str, member: Option<&str>) -> String {
    let quoted = |text: &str| json!(text).to_string();
    let member = member.map_or_else(String::new, |member| format!("member = {}\n", quoted(member)));
    format!(
        "\nIn the configuration, filled in, and then `gatelodge config reload`:\n\n[[perseus.client]]\nclient_id = {}\n{member}\
         redirect_uris = [\"https://…\"]\nname = \"what people call it\"\nprocess = \"what it does with the data\"\n\
         privacy_url = \"https://…\"",
        quoted(application)
    )
}

/// Writes a file that must not be half there, and keys so that only their owner reads them.
fn write(file: &Path, text: &str, overwrite: bool, secret: bool) -> Result<(), CliError> {
    let readers = if secret { Readers::Owner } else { Readers::All };
    let write = if overwrite { files::write } else { files::write_new };
    write(file, text.as_bytes(), readers).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => is_there(file),
        _ => CliError::failed(error),
    })
}

/// The file is read here: the box may not be let in where the caller is.
fn verify(common: &Common, file: &Path, hierarchy: Option<&str>) -> Result<(), CliError> {
    let chain = pki::certificates(file).map_err(CliError::failed)?;
    let chain: Vec<String> = chain.iter().map(|der| BASE64.encode(der)).collect();
    let body = json!({ "chain": chain, "hierarchy": hierarchy });
    let found: Value = with_box(common, async |client| {
        Ok(client.ask(Method::POST, "/pki/verdict", Some(&body)).await?)
    })?;
    verdict(common, file, &found)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(
        || {
            if value.is_null() {
                "-".to_owned()
            } else {
                value.to_string()
            }
        },
        str::to_owned,
    )
}

fn say_init(answer: &Value) {
    let made: Vec<String> = answer["made"].as_array().into_iter().flatten().map(word).collect();
    print::line(format_args!(
        "{}",
        if made.is_empty() {
            "all hierarchies were there".to_owned()
        } else {
            format!("made {}", made.join(", "))
        }
    ));
    for (hierarchy, why) in answer["unusable"].as_object().into_iter().flatten() {
        print::line(format_args!("  {hierarchy:<8} unusable: {}", word(why)));
    }
    for root in answer["roots"].as_array().into_iter().flatten() {
        print::line(format_args!(
            "  {:<8} {}",
            word(&root["hierarchy"]),
            word(&root["root"])
        ));
    }
}

fn list(rows: &Value) {
    let rows = rows.as_array().into_iter().flatten().map(|row| {
        let state = if row["revoked"].is_null() {
            "good".to_owned()
        } else {
            format!("revoked {}", print::moment_in(&row["revoked"]["at"]))
        };
        [
            word(&row["hierarchy"]),
            word(&row["name"]),
            word(&row["serial"]),
            print::moment_in(&row["not_after"]),
            state,
        ]
    });
    print::table(["hierarchy", "name", "serial", "until", "state"], rows);
}

/// What a certificate file holds.
pub(super) fn show(common: &Common, file: &Path) -> Result<(), CliError> {
    let found = pki::show(file).map_err(CliError::failed)?;
    if common.json {
        print::json(&found);
        return Ok(());
    }
    for certificate in found {
        print::line(format_args!("{}", certificate.subject));
        print::line(format_args!("  issued by  {}", certificate.issuer));
        print::line(format_args!(
            "  good from  {} until {}",
            certificate.not_before, certificate.not_after
        ));
        print::line(format_args!("  names      {}", certificate.names.join(", ")));
        if let Some(application) = &certificate.application {
            print::line(format_args!("  member     {}", application.member));
            print::line(format_args!("  roles      {}", application.roles.join(", ")));
        }
        print::line(format_args!("  for        {}", certificate.purposes.join(", ")));
        print::line(format_args!("  serial     {}", certificate.serial));
        print::line(format_args!("  SHA-256    {}", certificate.thumbprint));
    }
    Ok(())
}

fn verdict(common: &Common, file: &Path, verdict: &Value) -> Result<(), CliError> {
    if common.json {
        print::json(verdict);
    }
    if verdict["good"] == json!(true) {
        if !common.json {
            print::line(format_args!(
                "{}: good, of the {} hierarchy",
                file.display(),
                word(&verdict["hierarchy"])
            ));
        }
        return Ok(());
    }
    Err(CliError::refused(format_args!(
        "{}: {}",
        file.display(),
        word(&verdict["reason"])
    )))
}
