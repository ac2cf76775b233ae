//! How people reach the box: its name, its doors, and why their phones believe it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use data_encoding::HEXUPPER;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::super::doctor::{doors, names};
use super::super::steps::{bad, good};
use super::super::{CliError, elsewhere, print};
use super::{Walk, qr};
use crate::admin::Status;
use crate::config::{Certificate, Site};
use crate::pki;
use crate::tls::Step;

/// Where the root is that the box's own certificates lead to, at the https door.
pub(super) const ROOT: &str = "/root.pem";
/// For a first certificate by ACME: both challenges, and a server that takes its time.
const ORDER: Duration = Duration::from_secs(90);

/// The section `[acme]`, as far as the first certificate wants it.
#[derive(Args)]
pub(super) struct AcmeFlags {
    /// A mail address that the ACME server may write to
    #[arg(long, value_name = "ADDRESS")]
    acme_contact: Option<String>,
    /// The ACME server: letsencrypt, letsencrypt-staging, or the address of its directory
    #[arg(long, value_name = "URL")]
    acme_directory: Option<String>,
    /// The root of a private ACME server, PEM
    #[arg(long, value_name = "FILE")]
    acme_ca_file: Option<PathBuf>,
}

pub(super) fn settle(walk: &mut Walk<'_>) -> Result<(), CliError> {
    let unset = walk.config.site.hostname == Site::default().hostname;
    let usual = elsewhere::machine().map(|address| address.to_string());
    let name = match &walk.flags.hostname {
        Some(name) => Some(name.clone()),
        None if unset => walk.asker.ask(
            "Under which name or address do people reach the box? A name such as lodge.example.org, or an address that stays.",
            usual.as_deref(),
        )?,
        None => None,
    };
    if let Some(name) = name {
        walk.settings.set("site", "hostname", name);
    }
    if walk.config.https.is_none() {
        walk.settings.section("https");
    }
    if let Some(by) = &walk.flags.certificate {
        walk.settings.set("https", "certificate", by.as_str());
    }
    let acme = &walk.flags.acme;
    if let Some(contact) = &acme.acme_contact {
        let contact = match contact.contains(':') {
            true => contact.clone(),
            false => format!("mailto:{contact}"),
        };
        walk.settings
            .set("acme", "contact", toml_edit::Array::from_iter([contact]));
    }
    if let Some(directory) = &acme.acme_directory {
        walk.settings.set("acme", "directory", directory.as_str());
    }
    if let Some(file) = &acme.acme_ca_file {
        let file = super::super::reach::absolute(file);
        walk.settings.set("acme", "ca_file", file.display().to_string());
    }
    Ok(())
}

pub(super) async fn look(walk: &Walk<'_>) -> Vec<Step> {
    let by_acme = walk
        .config
        .https
        .as_ref()
        .is_some_and(|https| https.certificate == Certificate::Acme);
    let mut steps = Vec::new();
    if by_acme {
        steps.push(ordered(walk).await);
    }
    let patient = match walk.patient().await {
        Ok(patient) => patient,
        Err(error) => return vec![bad("box", &error, error.next_step().unwrap_or_default())],
    };
    steps.extend(names::look(&patient).await);
    steps.extend(doors::look(&patient).await);
    if let Some((_, status)) = &patient.running {
        let held = status.services.iter().filter(|(name, _)| name.starts_with("door"));
        steps.extend(held.filter(|(_, door)| door.state != "running").map(|(name, door)| {
            let next = door
                .next_step
                .as_deref()
                .unwrap_or("see which program holds the port: ss -ltnp");
            bad(name, door.reason.as_deref().unwrap_or(&door.state), next)
        }));
    }
    let pages = match walk.pages().await {
        Ok(pages) => pages,
        Err(error) => return vec![bad("box", &error, error.next_step().unwrap_or_default())],
    };
    // One of others is trusted for what it is.
    steps.extend(elsewhere::own_root(&walk.config).map(|root| trust(&root, &pages)));
    let firewall = patient
        .running
        .as_ref()
        .map(|(_, status)| firewall(status))
        .unwrap_or_default();
    steps.push(good("address", format_args!("people open {pages}; {firewall}")));
    if !walk.common.json {
        qr::show(&pages);
    }
    steps
}

/// Waits for the first certificate by ACME, and says what becomes of it. A first fault is no verdict: the box tries the other
/// challenge soon, and a server that it did not reach; one whose next try is far away is.
async fn ordered(walk: &Walk<'_>) -> Step {
    const STEP: &str = "certificate by ACME";
    let next = "gatelodge cert test walks the way to the server step by step";
    let until = Instant::now() + ORDER;
    loop {
        let status = match walk.status().await {
            Ok(status) => status,
            Err(error) => return bad(STEP, error, next),
        };
        let https = status.certificates.into_iter().find(|shown| shown.door == "https");
        let left = until.saturating_duration_since(Instant::now());
        if let Some(shown) = &https
            && shown.source == "acme"
        {
            let (names, until) = (shown.names.join(", "), print::moment(shown.not_after));
            return good(STEP, format_args!("for {names}, until {until}; it renews itself"));
        }
        let given_up = https
            .as_ref()
            .and_then(|shown| shown.next_try)
            .is_some_and(|at| Timestamp::now() + left < at);
        if given_up || left.is_zero() {
            let said = https.and_then(|shown| shown.last_error);
            return bad(STEP, said.as_deref().unwrap_or("it has not come within 90 s"), next);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

fn trust(root: &Path, pages: &str) -> Step {
    let print = fingerprint(root).map_or_else(String::new, |print| format!("; its SHA-256 is {print}"));
    good(
        "trust",
        format_args!(
            "the box issues its certificate itself: phones and browsers warn until they trust its root, {pages}{ROOT}{print}"
        ),
    )
}

/// As browsers show it.
pub(super) fn fingerprint(root: &Path) -> Option<String> {
    let text = std::fs::read(root).ok()?;
    let der = pki::pem::certificate(&text).ok()?;
    let pairs: Vec<String> = pki::sha256(&der).iter().map(|byte| HEXUPPER.encode(&[*byte])).collect();
    Some(pairs.join(":"))
}

/// What lets people through where a firewall stands before the box, which cannot be seen from here.
fn firewall(status: &Status) -> String {
    let addresses = ["http", "https"]
        .into_iter()
        .filter_map(|door| status.doors.get(door)?.first());
    let ports: Vec<String> = addresses.map(|address| address.port().to_string()).collect();
    let ports = ports.join(",");
    format!("where a firewall stands before the box: ufw allow {ports}/tcp")
}
