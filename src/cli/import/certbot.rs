//! `import certbot`: certificates that certbot had issued, shown by the box until it renews them (MOVE §6).

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use hyper::Method;
use serde_json::json;
use zeroize::Zeroizing;

use super::report::{Place, Report};
use super::source::Folder;
use crate::admin::{Came, Client, NewServed, Outcome};
use crate::cli::reach::block_on;
use crate::cli::{CliError, Common};
use crate::moving::letsencrypt::{Renewal, is_name};
use crate::moving::lines::Lines;
use crate::pki::pem;

#[derive(Args)]
pub(in crate::cli) struct Certbot {
    /// The folder of certbot
    #[arg(default_value = "/etc/letsencrypt")]
    path: PathBuf,
    /// The one certificate that is meant, by its name in `certbot certificates`
    #[arg(long)]
    name: Option<String>,
    /// Say what would be done, item by item, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Certbot {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        let folder = Folder::open(&self.path)?;
        let mut report = Report::new("certbot", self.dry_run, common);
        let names = self.names(&folder, &mut report)?;
        block_on(async {
            let client = common.running().await?;
            for name in &names {
                one(&client, &folder, name, &mut report).await?;
            }
            accounts(&folder, &mut report)?;
            if !self.dry_run && !names.is_empty() {
                report.note(
                    "certbot goes on renewing by itself until it is told not to: systemctl disable --now certbot.timer",
                );
            }
            report.finish()
        })
    }

    fn names(&self, folder: &Folder, report: &mut Report) -> Result<Vec<String>, CliError> {
        if let Some(name) = &self.name {
            let wrong = || CliError::usage(format_args!("`{name}` is no name of a certificate of certbot"));
            return is_name(name).then(|| vec![name.clone()]).ok_or_else(wrong);
        }
        let mut names = Vec::new();
        for name in folder.names("live")? {
            let path = Path::new("live").join(&name);
            match name.to_str().filter(|name| is_name(name)) {
                Some("README") => {}
                Some(name) => names.push(name.to_owned()),
                None => report.refuse(
                    place(folder, &path),
                    "a certificate",
                    "its name is none that certbot gives",
                ),
            }
        }
        if names.is_empty() {
            return Err(
                CliError::failed(format_args!("{} holds no certificate", folder.shown("live").display()))
                    .hint("name the folder that certbot calls config-dir, as a rule /etc/letsencrypt"),
            );
        }
        Ok(names)
    }
}

async fn one(client: &Client, folder: &Folder, name: &str, report: &mut Report) -> Result<(), CliError> {
    let live = Path::new("live").join(name);
    let what = format!("certificate {name}");
    let (chain, key) = match pair(folder, &live) {
        Ok(pair) => pair,
        Err(error) => {
            report.refuse(place(folder, &live), what, error);
            return Ok(());
        }
    };
    let new = NewServed {
        chain,
        key,
        dry_run: report.is_dry_run(),
    };
    let outcome: Outcome = client.ask(Method::POST, "/import/served", Some(&json!(new))).await?;
    let came_to = outcome.came_to;
    report.add(place(folder, &live), what, outcome);
    if let Some(server) = server(folder, name)?.filter(|_| came_to != Came::Refused) {
        report.note(format!(
            "{name} was issued by {server}: the box renews by what acme.directory names"
        ));
    }
    Ok(())
}

/// The chain as certificates alone, and the key. The files are links into `archive`, beneath the same folder.
fn pair(folder: &Folder, live: &Path) -> Result<(String, Zeroizing<String>), CliError> {
    let read = |file: &str| -> Result<_, CliError> {
        let path = live.join(file);
        let gone = || CliError::failed(format_args!("{} is not there", folder.shown(&path).display()));
        folder.small(&path)?.ok_or_else(gone)
    };
    let fault = |file: &str, error: &dyn std::fmt::Display| {
        CliError::failed(format_args!("{}: {error}", folder.shown(live.join(file)).display()))
    };
    let chain = pem::certificates(&read("fullchain.pem")?).map_err(|error| fault("fullchain.pem", &error))?;
    let key = read("privkey.pem")?;
    pem::private_key(&key).map_err(|error| fault("privkey.pem", &error))?;
    let key = std::str::from_utf8(&key).map_err(|error| fault("privkey.pem", &error))?;
    Ok((chain.iter().map(pem::encoded).collect(), Zeroizing::new(key.to_owned())))
}

fn server(folder: &Folder, name: &str) -> Result<Option<String>, CliError> {
    let Some(file) = folder.file(Path::new("renewal").join(format!("{name}.conf")))? else {
        return Ok(None);
    };
    let mut renewal = Renewal::default();
    for line in Lines::new(BufReader::new(file), 4 << 10).take(1_000).flatten() {
        renewal.add(&line.text);
    }
    Ok(renewal.server().map(|server| server.chars().take(200).collect()))
}

/// Accounts stay behind: their keys are RSA, and those that the box signs its orders with are on P-256.
fn accounts(folder: &Folder, report: &mut Report) -> Result<(), CliError> {
    if !folder.names("accounts")?.is_empty() {
        report.note("accounts stay behind: their keys are of another kind (RSA) than the box's; it makes one of its own with its next order");
    }
    Ok(())
}

fn place(folder: &Folder, path: &Path) -> Place {
    Place {
        file: folder.shown(path).display().to_string(),
        line: None,
    }
}
