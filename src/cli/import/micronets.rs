//! `import micronets`: the root that gateways of the original relay were made by (RELAY §6.2, MOVE §3).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::authority::{self, Found, MOST, Seen, place};
use super::report::Report;
use super::source::Folder;
use crate::admin::NewCertificate;
use crate::cli::reach::secret_from;
use crate::cli::{CliError, Common};
use crate::pki::pem::{self, PemError};
use crate::pki::{Hierarchy, Rank, is_pair, rank};

#[derive(Args)]
pub(in crate::cli) struct Micronets {
    /// The folder
    path: PathBuf,
    /// The root among its files, when there are several
    #[arg(long, value_name = "NAME")]
    root: Option<String>,
    /// What opens the root's key, in this file, or `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "without_key")]
    passphrase_file: Option<PathBuf>,
    /// Leave the root's key behind: gateways are believed, and the box does not sign with it
    #[arg(long)]
    without_key: bool,
    /// Say what would be done, item by item, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What lies in the folder.
#[derive(Default)]
struct Lying {
    roots: Vec<(PathBuf, CertificateDer<'static>)>,
    between: Vec<CertificateDer<'static>>,
    leaves: Vec<(PathBuf, CertificateDer<'static>)>,
    /// Files with keys.
    keys: Vec<(PathBuf, Zeroizing<Vec<u8>>)>,
}

impl Micronets {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        let folder = Folder::open(&self.path)?;
        let mut report = Report::new("micronets", self.dry_run, common);
        let lying = look(&folder, &mut report)?;
        let (file, root) = self.root(&lying)?;
        let key = match self.without_key {
            true => None,
            false => self.key(&lying, (&file, &root))?,
        };
        let between: String = lying.between.iter().map(pem::encoded).collect();
        let issued = lying.leaves.into_iter().map(|(file, leaf)| {
            let name = base(&file);
            let new = NewCertificate {
                name: name.clone(),
                chain: Some(pem::encoded(&leaf) + &between),
                serial: None,
                not_after: None,
                revoked: None,
            };
            (place(&file, None), format!("certificate of {name}"), new)
        });
        let found = Found {
            file,
            certificate: pem::encoded(&root),
            key,
            issued: issued.collect(),
        };
        found.bring(common, Hierarchy::Relay, report)
    }

    fn root(&self, lying: &Lying) -> Result<(PathBuf, CertificateDer<'static>), CliError> {
        let named = |file: &Path| {
            self.root
                .as_ref()
                .is_none_or(|name| file.file_name().is_some_and(|file| file == name.as_str()))
        };
        let mut roots = lying.roots.iter().filter(|(file, _)| named(file));
        let root = roots.next().cloned().ok_or_else(|| {
            let which = self.root.as_deref().unwrap_or("certificate of a root");
            CliError::failed(format_args!("there is no {which} in {}", self.path.display()))
                .hint("gen-root-cert made it, as a rule as <name>.cert.pem")
        })?;
        if roots.next().is_none() {
            return Ok(root);
        }
        let names: Vec<String> = lying.roots.iter().map(|(file, _)| file.display().to_string()).collect();
        Err(
            CliError::usage(format_args!("there are several roots: {}", names.join(", ")))
                .hint("--root NAME says which, by the name of its file"),
        )
    }

    /// The root's key, among all that lie there; sealed ones are tried when there is a passphrase.
    fn key(
        &self,
        lying: &Lying,
        (root_file, root): (&Path, &CertificateDer<'_>),
    ) -> Result<Option<Zeroizing<String>>, CliError> {
        let passphrase = self.passphrase_file.as_deref().map(secret_from).transpose()?;
        for (file, bytes) in &lying.keys {
            let key = match authority::key(bytes, file, passphrase.as_ref()) {
                Ok(key) => key,
                Err(error) if base(file) == base(root_file) => return Err(error),
                // Another's, which its owner opens.
                Err(_) => continue,
            };
            if is_pair(root, &key) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

fn look(folder: &Folder, report: &mut Report) -> Result<Lying, CliError> {
    let (mut lying, mut seen) = (Lying::default(), Seen::default());
    for name in folder.names(".")? {
        let file = folder.shown(&name);
        if file.extension().is_none_or(|kind| kind != "pem") {
            continue;
        }
        let bytes = match folder.small(&name) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => continue,
            Err(error) => {
                report.refuse(place(&file, None), "a file", error.why);
                continue;
            }
        };
        match pem::private_key(&bytes) {
            Ok(_) | Err(PemError::Encrypted) => lying.keys.push((file.clone(), bytes.clone())),
            Err(_) => {}
        }
        let certificates = match pem::certificates(&bytes) {
            Ok(certificates) => certificates,
            Err(_) if lying.keys.last().is_some_and(|(with_key, _)| *with_key == file) => continue,
            Err(error) => {
                report.refuse(place(&file, None), "a certificate", error);
                continue;
            }
        };
        for certificate in certificates {
            if seen.again(&certificate, &file).is_some() {
                continue;
            }
            match rank(&certificate) {
                Some(Rank::Root) => lying.roots.push((file.clone(), certificate)),
                Some(Rank::Between) => lying.between.push(certificate),
                Some(Rank::Leaf) => lying.leaves.push((file.clone(), certificate)),
                None => report.refuse(place(&file, None), "a certificate", "it is not readable"),
            }
        }
        if seen.len() > MOST {
            return Err(CliError::failed(format_args!(
                "{}: more than {MOST} certificates",
                file.display()
            )));
        }
    }
    Ok(lying)
}

/// What the scripts were told to call it.
fn base(file: &Path) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}
