//! An authority that was found, on its way to the box with all that it issued (MOVE §3).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hyper::Method;
use serde_json::json;
use zeroize::Zeroizing;

use super::report::{Place, Report};
use super::sending::{Ended, Sending, ended};
use crate::accounts::Secret;
use crate::admin::{Came, Client, NewAuthority, NewCertificate, Outcome};
use crate::cli::reach::with_box;
use crate::cli::{CliError, Common};
use crate::config::Config;
use crate::pki::pem::{self, PemError};
use crate::pki::{Hierarchy, open_key};

/// Certificates of one authority at most; all of them are in memory, since the box's user may not read them.
pub(super) const MOST: usize = 50_000;
/// Certificates in one piece.
const AT_ONCE: usize = 100;

/// An authority that was found.
pub(super) struct Found {
    /// Its file.
    pub(super) file: PathBuf,
    /// Its certificate, PEM.
    pub(super) certificate: String,
    /// Its key, PEM, when the hierarchy is to sign with it.
    pub(super) key: Option<Zeroizing<String>>,
    /// What it issued.
    pub(super) issued: Vec<(Place, String, NewCertificate)>,
}

impl Found {
    /// Brings it. Everything was read before: with no box running, the rest is done as the data folder's owner.
    pub(super) fn bring(self, common: &Common, hierarchy: Hierarchy, mut report: Report) -> Result<ExitCode, CliError> {
        // A box that runs may have another configuration; then its own `check-config` says what it goes by.
        if let Ok(config) = common.load_or_default() {
            by_files(&config, hierarchy)
                .into_iter()
                .for_each(|note| report.note(note));
        }
        with_box(common, async |client| {
            let sent = self.send(client, hierarchy, &mut report).await;
            ended(report, sent)
        })
    }

    async fn send(self, client: &Client, hierarchy: Hierarchy, report: &mut Report) -> Result<(), Ended> {
        let with_key = self.key.is_some();
        let new = NewAuthority {
            hierarchy,
            certificate: self.certificate.clone(),
            key: self.key,
            dry_run: report.is_dry_run(),
        };
        let asked = client.ask(Method::POST, "/import/authority", Some(&json!(new))).await;
        let outcome: Outcome = asked.map_err(CliError::from)?;
        let came_to = outcome.came_to;
        let what = format!("the authority, for the {hierarchy} hierarchy");
        report.add(place(&self.file, None), what, outcome);
        if came_to == Came::Refused {
            report.note("since its authority is refused, nothing that it issued was looked at");
            return Ok(());
        }
        if !with_key {
            report.note(format!(
                "without its key the box cannot sign as it: clients that believe this authority alone do not verify the {hierarchy} \
                 door, unless it shows a certificate that they know ({hierarchy}.certificate_file and {hierarchy}.key_file)"
            ));
        }
        let along = json!({ "hierarchy": hierarchy, "authority": self.certificate });
        let mut sending = Sending::new(client, "/import/certificates", AT_ONCE)?.along(along);
        for item in self.issued {
            sending.add(report, item).await?;
        }
        sending.flush(report).await
    }
}

/// What the configuration has a door go by instead of its hierarchy.
fn by_files(config: &Config, hierarchy: Hierarchy) -> Vec<String> {
    let (door, believed, shown) = match hierarchy {
        Hierarchy::Grpc => {
            let grpc = config.grpc.as_ref();
            let files = grpc.map(|door| (door.client_ca_file.as_ref(), door.certificate_file.as_ref()));
            ("grpc", files.and_then(|files| files.0), files.and_then(|files| files.1))
        }
        Hierarchy::Relay => {
            let relay = config.relay.as_ref();
            let files = relay.map(|door| (door.client_ca_file.as_ref(), door.certificate_file.as_ref()));
            (
                "relay",
                files.and_then(|files| files.0),
                files.and_then(|files| files.1),
            )
        }
        Hierarchy::Client => {
            let mtls = config.mtls.as_ref();
            ("mtls", mtls.and_then(|door| door.client_ca_file.as_ref()), None)
        }
        Hierarchy::Server | Hierarchy::Signing => return Vec::new(),
    };
    let believed = believed.map(|file| {
        let file = file.display();
        format!("the {door} door believes what {file} holds, and no hierarchy, until {door}.client_ca_file goes")
    });
    let shown = shown.map(|file| {
        let file = file.display();
        format!(
            "the {door} door shows {file}, and nothing that its hierarchy signs, until {door}.certificate_file goes"
        )
    });
    believed.into_iter().chain(shown).collect()
}

/// The key in a file, opened where it is sealed.
pub(super) fn key(bytes: &[u8], shown: &Path, passphrase: Option<&Secret>) -> Result<Zeroizing<String>, CliError> {
    let fault = |error: &dyn std::fmt::Display| CliError::failed(format_args!("{}: {error}", shown.display()));
    let text = std::str::from_utf8(bytes).map_err(|_| fault(&"it is no text"))?;
    match pem::private_key(bytes) {
        Ok(_) => Ok(Zeroizing::new(text.to_owned())),
        Err(PemError::Encrypted) => {
            let passphrase = passphrase.ok_or_else(|| {
                fault(&"the key is encrypted").hint("--passphrase-file FILE opens it, --without-key leaves it behind")
            })?;
            open_key(text, passphrase.reveal()).map_err(|error| fault(&error))
        }
        Err(error) => Err(fault(&error)),
    }
}

/// Certificates by their bytes, so that one which lies in several files is brought once.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<Vec<u8>, PathBuf>);

impl Seen {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Where it was seen before, if it was.
    pub(super) fn again(&mut self, der: &[u8], file: &Path) -> Option<PathBuf> {
        self.0.insert(der.to_vec(), file.to_owned())
    }
}

pub(super) fn place(file: &Path, line: Option<u64>) -> Place {
    Place {
        file: file.display().to_string(),
        line,
    }
}
