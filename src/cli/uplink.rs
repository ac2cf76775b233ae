//! `uplink test|status|enrol|ca`: the road to the cloud.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use hyper::Method;
use serde_json::{Value, json};

use super::reach::{block_on, secret_from, with_box};
use super::{CliError, Common, print};
use crate::admin::{ClientError, OTHER_SECTION};
use crate::config;
use crate::domain::units::count;
use crate::tls::Step;
use crate::uplink::{Auth, EnrolRequest, UplinkShown, rehearse};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Go the way to the broker step by step, and say what is wrong and what to do
    #[command(
        after_help = "Example:\n  gatelodge uplink test\n\nWith outbound.proxy (or HTTPS_PROXY) it goes through that HTTP proxy, as the box does."
    )]
    Test,
    /// Say whether the box is connected, what waits, and what went wrong
    #[command(after_help = "Example:\n  gatelodge uplink status --json | jq .backlog_rows")]
    Status,
    /// Come to the proof that the platform gives the box, or to the next one, and try it
    #[command(
        after_help = "Examples:\n  gatelodge uplink enrol --otp-file ./one-time-password\n  gatelodge uplink enrol           renews the certificate now, or waits until the device is accepted\n  gatelodge uplink enrol --again   begins anew though there is a certificate or a login"
    )]
    Enrol {
        /// A file with the one-time password, `-` for standard input [default: uplink.otp_file]
        #[arg(long, value_name = "FILE")]
        otp_file: Option<PathBuf>,
        /// Begin anew though there is a certificate or a login
        #[arg(long)]
        again: bool,
    },
    /// What a platform wants of the box's own authority before it trusts it
    #[command(subcommand)]
    Ca(Ca),
}

#[derive(Subcommand)]
pub(super) enum Ca {
    /// Sign the code that the platform gave out, which proves that the box holds the authority's key
    #[command(after_help = "Example:\n  gatelodge uplink ca sign-code ./verification-code.txt")]
    SignCode {
        /// The file with the code, as the platform gave it
        file: PathBuf,
        /// Whose root signs: server, client, signing, relay or grpc
        #[arg(long, default_value = "client")]
        hierarchy: String,
    },
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        match self {
            Command::Test => test(common),
            Command::Status => status(common),
            Command::Enrol { otp_file, again } => enrol(common, otp_file, again),
            Command::Ca(Ca::SignCode { file, hierarchy }) => sign_code(common, &file, &hierarchy),
        }
    }
}

/// By the running box, which reads its files as its own user does, when it goes by what the file says; else by the file.
fn test(common: &Common) -> Result<ExitCode, CliError> {
    let steps: Vec<Step> = block_on(async {
        let Ok(client) = common.running().await else {
            return by_file(common).await;
        };
        let section = match config::load(&common.flags()).map(|loaded| loaded.config.uplink) {
            Ok(Some(section)) => json!({ "section": section.room.fingerprint() }),
            Ok(None) if common.config.is_some() => return by_file(common).await,
            Ok(None) => json!({}),
            // Whoever may not read the files still learns how it stands with what the box goes by.
            Err(faults) => {
                print::note(format_args!("{faults}; what the running box goes by is tested"));
                json!({})
            }
        };
        match client.ask(Method::POST, "/uplink/test", Some(&section)).await {
            Err(ClientError::Refused { kind, detail, .. }) if kind == OTHER_SECTION => {
                print::note(format_args!(
                    "{detail}: the file is tested; `gatelodge config reload` puts it in force"
                ));
                by_file(common).await
            }
            steps => Ok(steps?),
        }
    })?;
    Ok(super::cert::tell(&steps, common))
}

async fn by_file(common: &Common) -> Result<Vec<Step>, CliError> {
    let config = config::load(&common.flags())?.config.uplink;
    let closed = || CliError::configuration("the uplink is closed; open it with a section [uplink]");
    let config = config.ok_or_else(closed)?.room;
    let name = config.client_id.clone().unwrap_or_else(|| "gatelodge".to_owned());
    Ok(rehearse(&config, &name, None).await)
}

fn enrol(common: &Common, otp_file: Option<PathBuf>, again: bool) -> Result<ExitCode, CliError> {
    let otp = otp_file.as_deref().map(secret_from).transpose()?;
    let request = EnrolRequest {
        otp: otp.map(|otp| otp.reveal().trim().to_owned()),
        again,
    };
    let steps: Vec<Step> = block_on(async {
        let client = common.running().await?;
        let shown: UplinkShown = client.ask(Method::GET, "/uplink", None).await?;
        if shown.enrolment.is_some_and(|enrolment| enrolment.by == Auth::Bootstrap) {
            print::note(format_args!(
                "the device id is {}: accept it on the platform's registration page; this waits until then",
                shown.client_id
            ));
        }
        Ok(client.ask(Method::POST, "/uplink/enrol", Some(&json!(request))).await?)
    })?;
    Ok(super::cert::tell(&steps, common))
}

fn sign_code(common: &Common, file: &Path, hierarchy: &str) -> Result<ExitCode, CliError> {
    let code =
        std::fs::read_to_string(file).map_err(|error| CliError::failed(format_args!("{}: {error}", file.display())))?;
    with_box(common, async |client| {
        let path = format!("/pki/{}/possession", print::segment(hierarchy));
        let signed: Value = client.ask(Method::POST, &path, Some(&json!({ "code": code }))).await?;
        if common.json {
            print::json(&signed);
        } else {
            print::line(format_args!("{}", signed["signature"].as_str().unwrap_or_default()));
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn status(common: &Common) -> Result<ExitCode, CliError> {
    let shown: UplinkShown = block_on(async { Ok(common.running().await?.ask(Method::GET, "/uplink", None).await?) })?;
    if common.json {
        print::json(&shown);
        return Ok(ExitCode::SUCCESS);
    }
    summary(&shown);
    for fault in shown.faults.iter().take(10) {
        print::line(format_args!(
            "    {} {}: {}",
            print::moment(Some(fault.at)),
            fault.kind,
            fault.what
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The uplink in a few lines, as `status` has it too.
pub(super) fn summary(uplink: &UplinkShown) {
    let name = &uplink.client_id;
    match uplink.connected_since {
        Some(since) => print::line(format_args!(
            "  uplink to {} as {name}: connected since {}",
            uplink.url,
            print::moment(Some(since))
        )),
        None => print::line(format_args!("  uplink to {} as {name}: not connected", uplink.url)),
    }
    print::line(format_args!(
        "       waiting: {} ({} KiB, the oldest for {} s); messages: {} taken, {} dropped; entries lost: {}",
        count(uplink.backlog_rows, "entry", "entries"),
        uplink.backlog_bytes / 1024,
        uplink.oldest_s,
        uplink.published,
        uplink.dropped,
        uplink.lost
    ));
    if let Some(enrolment) = &uplink.enrolment {
        print::line(format_args!("       {}", enrolment.words(name)));
        if let Some(fault) = &enrolment.last_error {
            print::line(format_args!("       {}", fault.what));
            print::line(format_args!("       next: {}", fault.mend));
            print::line(format_args!(
                "       asked again: {}",
                print::moment(enrolment.next_try)
            ));
        }
    }
    if uplink.aside > 0 {
        print::line(format_args!(
            "       set aside, as they cost the session again and again: {}; the page /box/cloud shows them",
            count(uplink.aside, "message", "messages")
        ));
    }
    if let Some(complaint) = uplink.complaints.first() {
        print::line(format_args!("       the cloud did not like: {}", complaint.what));
    }
    if let Some(fault) = &uplink.last_error {
        print::line(format_args!("       {}", fault.what));
        print::line(format_args!("       next: {}", fault.mend));
        print::line(format_args!("       the next try: {}", print::moment(uplink.next_try)));
    }
    if uplink.taken_over {
        print::line(format_args!(
            "       another client seems to use this client id: give each its own"
        ));
    }
}
