//! `import ca`: an authority of `openssl ca`, or of the mediators' `certs` (MOVE §3).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::authority::{self, Found, MOST, place};
use super::report::Report;
use super::source::Folder;
use crate::admin::NewCertificate;
use crate::cli::reach::secret_from;
use crate::cli::{CliError, Common};
use crate::moving::lines::Lines;
use crate::moving::openssl_index::{self, Indexed};
use crate::pki::{Hierarchy, Reason};

/// Bytes of a line of the index at most.
const LONGEST: usize = 16 << 10;

#[derive(Args)]
pub(in crate::cli) struct Ca {
    /// The folder
    path: PathBuf,
    /// Which hierarchy is to believe it: server, client, signing, relay or grpc
    #[arg(long, default_value = "grpc")]
    hierarchy: Hierarchy,
    /// What opens its key, in this file, or `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "without_key")]
    passphrase_file: Option<PathBuf>,
    /// Leave its key behind: what it issued is believed, and the box does not sign with it
    #[arg(long)]
    without_key: bool,
    /// Say what would be done, item by item, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Where the parts of an authority lie in its folder.
struct Layout {
    certificate: &'static str,
    key: &'static str,
}

const OPENSSL: Layout = Layout {
    certificate: "cacert.pem",
    key: "private/cakey.pem",
};
const CERTS: Layout = Layout {
    certificate: "ca/ca.cert",
    key: "ca/ca.key",
};

impl Ca {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        let folder = Folder::open(&self.path)?;
        let mut report = Report::new("ca", self.dry_run, common);
        let (layout, certificate) = match folder.small(CERTS.certificate)? {
            Some(certificate) => (CERTS, certificate),
            None => {
                let found = folder.small(OPENSSL.certificate)?;
                (OPENSSL, found.ok_or_else(|| self.neither())?)
            }
        };
        let key = match folder.small(layout.key)? {
            Some(key) if !self.without_key => {
                let shown = folder.shown(layout.key);
                let passphrase = self.passphrase_file.as_deref().map(secret_from).transpose()?;
                Some(authority::key(&key, &shown, passphrase.as_ref())?)
            }
            Some(_) | None => None,
        };
        let issued = match folder.file("index.txt")? {
            Some(index) => of_index(&folder, index, &mut report)?,
            None => of_clients(&folder, &mut report)?,
        };
        let file = folder.shown(layout.certificate);
        let certificate = text(&certificate, &file)?;
        if folder.small("server/server.cert")?.is_some() && key.is_none() {
            report.note(format!(
                "the server's own certificate lies in {}: grpc.certificate_file and grpc.key_file can name copies of server.cert \
                 and server.key that the box's user may read",
                folder.shown("server").display()
            ));
        }
        let found = Found {
            file,
            certificate,
            key,
            issued,
        };
        found.bring(common, self.hierarchy, report)
    }

    fn neither(&self) -> CliError {
        CliError::failed(format_args!(
            "{} is no folder of an authority: neither {} nor {} is in it",
            self.path.display(),
            OPENSSL.certificate,
            CERTS.certificate
        ))
        .hint("name the folder that `openssl ca` calls dir, or that of one environment under ~/.simt/certs")
    }
}

/// What the index of `openssl ca` has, each with its certificate where that lies in `newcerts`.
fn of_index(
    folder: &Folder,
    index: File,
    report: &mut Report,
) -> Result<Vec<(super::report::Place, String, NewCertificate)>, CliError> {
    let shown = folder.shown("index.txt");
    let (mut issued, mut numbers) = (Vec::new(), BTreeMap::new());
    for line in Lines::new(BufReader::new(index), LONGEST) {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                report.refuse(place(&shown, error.line()), "a certificate", &error);
                continue;
            }
        };
        let here = place(&shown, Some(line.number));
        let one = match openssl_index::row(&line.text) {
            Ok(None) => continue,
            Ok(Some(one)) => one,
            Err(error) => {
                report.refuse(here, "a certificate", error);
                continue;
            }
        };
        let what = format!("certificate {} of {}", one.number, one.name);
        if let Some(before) = numbers.insert(one.serial.clone(), line.number) {
            report.refuse(here, what, format!("the number stands in line {before} already"));
            continue;
        }
        if issued.len() >= MOST {
            return Err(CliError::failed(format_args!(
                "{}: more than {MOST} certificates",
                shown.display()
            )));
        }
        let chain = match folder.small(Path::new("newcerts").join(format!("{}.pem", one.number))) {
            Ok(chain) => chain.map(|chain| certificate_in(&chain)),
            // A revoked one is refused from now on whether or not its file can be read.
            Err(error) if one.revoked.is_none() => {
                report.refuse(here, what, error.why);
                continue;
            }
            Err(_) => None,
        };
        issued.push((here, what, indexed(one, chain)));
    }
    Ok(issued)
}

fn indexed(one: Indexed, chain: Option<String>) -> NewCertificate {
    NewCertificate {
        name: one.name,
        chain,
        serial: Some(HEXLOWER.encode(&one.serial)),
        not_after: Some(one.not_after),
        revoked: one
            .revoked
            .map(|(at, why)| (at, why.map_or(Reason::Unspecified, |why| Reason::of_openssl(&why)))),
    }
}

/// The certificates of the clients and the server of `certs`, by the names of their files.
fn of_clients(
    folder: &Folder,
    report: &mut Report,
) -> Result<Vec<(super::report::Place, String, NewCertificate)>, CliError> {
    let mut issued = Vec::new();
    let mut files: Vec<PathBuf> = folder
        .names("clients")?
        .iter()
        .map(|name| Path::new("clients").join(name))
        .collect();
    files.push(PathBuf::from("server/server.cert"));
    for file in files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "cert"))
    {
        let shown = folder.shown(&file);
        let Some(name) = file.file_stem().and_then(|name| name.to_str()).map(str::to_owned) else {
            report.refuse(place(&shown, None), "a certificate", "its name is no text");
            continue;
        };
        let what = format!("certificate of {name}");
        if issued.len() >= MOST {
            return Err(CliError::failed(format_args!(
                "{}: more than {MOST} certificates",
                shown.display()
            )));
        }
        match folder.small(&file) {
            Ok(Some(bytes)) => {
                let new = NewCertificate {
                    name,
                    chain: Some(certificate_in(&bytes)),
                    serial: None,
                    not_after: None,
                    revoked: None,
                };
                issued.push((place(&shown, None), what, new));
            }
            Ok(None) => {}
            Err(error) => report.refuse(place(&shown, None), what, error.why),
        }
    }
    Ok(issued)
}

/// The first certificate of a file, whose text OpenSSL writes before it in words; what is none is for the box to refuse.
fn certificate_in(bytes: &[u8]) -> String {
    crate::pki::pem::certificate(bytes)
        .map(|certificate| crate::pki::pem::encoded(&certificate))
        .unwrap_or_default()
}

fn text(bytes: &Zeroizing<Vec<u8>>, file: &Path) -> Result<String, CliError> {
    let certificate = crate::pki::pem::certificate(bytes);
    let certificate = certificate.map_err(|error| CliError::failed(format_args!("{}: {error}", file.display())))?;
    Ok(crate::pki::pem::encoded(&certificate))
}
