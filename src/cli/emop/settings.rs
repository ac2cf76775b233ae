//! Where older programs keep the way to their mediator (EMOP §10.2, §13): variables, and `~/.simt/emlite.env`,
//! which is a link to the file of one environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use crate::cli::CliError;
use crate::files;
use crate::meter::mediator::client::DEFAULT_PLACE;
use crate::meter::mediator::credentials::Credentials;

/// Variables, of the process or of a file.
pub(super) struct Settings {
    values: BTreeMap<String, String>,
    /// For messages.
    place: String,
}

impl Settings {
    /// The settings in the process's environment, when they name a mediator.
    pub(super) fn of_process() -> Option<Settings> {
        let names = [
            "ENV",
            "MEDIATOR_SERVER",
            "MEDIATOR_CA_CERT",
            "MEDIATOR_CLIENT_CERT",
            "MEDIATOR_CLIENT_KEY",
        ];
        let values = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), variable(name)?)));
        let settings = Settings {
            values: values.collect(),
            place: "the environment".to_owned(),
        };
        settings.get("MEDIATOR_SERVER")?;
        Some(settings)
    }

    /// The settings in the file of the environment that is set, when one is.
    pub(super) fn of_file() -> Result<Option<Settings>, CliError> {
        let Some(file) = folder().map(|folder| folder.join("emlite.env")) else {
            return Ok(None);
        };
        match std::fs::read_to_string(&file) {
            Ok(text) => Ok(Some(Settings {
                values: parse(&text),
                place: file.display().to_string(),
            })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !file.is_symlink() => Ok(None),
            Err(error) => Err(CliError::configuration(format_args!("{}: {error}", file.display()))
                .hint("`emop env_set ENV` points it at another environment")),
        }
    }

    /// Where the mediator listens.
    pub(super) fn server(&self) -> &str {
        self.get("MEDIATOR_SERVER").unwrap_or(DEFAULT_PLACE)
    }

    /// What to show it. With none of the three texts it is spoken to in plain text.
    pub(super) fn credentials(&self) -> Result<Option<Credentials>, CliError> {
        let names = ["MEDIATOR_CA_CERT", "MEDIATOR_CLIENT_CERT", "MEDIATOR_CLIENT_KEY"];
        if names.iter().all(|name| self.get(name).is_none()) {
            return Ok(None);
        }
        let [ca, certificate, key] = names.map(|name| self.pem(name));
        Ok(Some(Credentials {
            ca: ca?,
            certificate: certificate?,
            key: key?,
        }))
    }

    /// The name of the environment: as the file says, or as it is called.
    pub(super) fn name(&self) -> Option<String> {
        let target = Path::new(&self.place).read_link().ok();
        let called = target.and_then(|target| {
            let name = target.file_name()?.to_str()?;
            Some(name.strip_prefix("emlite.")?.strip_suffix(".env")?.to_owned())
        });
        self.get("ENV").map(str::to_owned).or(called)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    fn pem(&self, name: &str) -> Result<Vec<u8>, CliError> {
        let wrong = |what: String| {
            CliError::configuration(format_args!("{name} in {}: {what}", self.place))
                .hint("it is the base64 of a PEM file, as `certs client` prints it")
        };
        let text = self
            .get(name)
            .ok_or_else(|| wrong("is missing, the other two are set".to_owned()))?;
        pem(text).map_err(|error| wrong(error.to_string()))
    }
}

/// PEM out of its base64. Some tools write line ends as a backslash and an n.
fn pem(text: &str) -> Result<Vec<u8>, data_encoding::DecodeError> {
    let bare: String = text.split_whitespace().collect();
    let bytes = BASE64.decode(bare.as_bytes())?;
    Ok(String::from_utf8_lossy(&bytes).replace("\\n", "\n").into_bytes())
}

/// `KEY=value` lines, as shells and dotenv read them.
fn parse(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='));
    pairs
        .map(|(key, value)| (key.trim().to_owned(), unquoted(value.trim()).to_owned()))
        .collect()
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some((inside, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inside;
        }
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end())
}

/// `~/.simt`.
pub(super) fn folder() -> Option<PathBuf> {
    variable("HOME").map(|home| Path::new(&home).join(".simt"))
}

/// Points `~/.simt/emlite.env` at the file of another environment.
pub(super) fn set(environment: &str) -> Result<(), CliError> {
    let formed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if environment.is_empty() || !environment.bytes().all(formed) {
        return Err(CliError::usage(format_args!(
            "`{environment}` is no name of an environment: letters, digits, hyphens, points"
        )));
    }
    let folder = folder().ok_or_else(|| CliError::configuration("there is no home folder: HOME is not set"))?;
    let name = format!("emlite.{environment}.env");
    let link = folder.join("emlite.env");
    if !folder.join(&name).exists() {
        return Err(CliError::failed(format_args!(
            "{} does not exist",
            folder.join(&name).display()
        )));
    }
    if link.exists() && !link.is_symlink() {
        return Err(CliError::failed(format_args!(
            "{} is a file of its own and not a link; move it to emlite.NAME.env first",
            link.display()
        )));
    }
    let beside = folder.join("emlite.env.new");
    let fault = |error: std::io::Error| CliError::failed(format_args!("{}: {error}", link.display()));
    let _ = std::fs::remove_file(&beside); // of an earlier try
    std::os::unix::fs::symlink(&name, &beside).map_err(fault)?;
    files::rename(&beside, &link).map_err(CliError::failed)
}

#[expect(
    clippy::disallowed_methods,
    reason = "older programs' variables, which are not the box's configuration, are read here and nowhere else"
)]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn environment_files_are_read_as_shells_do() {
        let read = parse("# a note\nENV=prod\nexport A = b # why\nQ=\"x # y\"\n'odd\nE=\nMEDIATOR_SERVER='h:1'\n");
        for (key, value) in [
            ("ENV", "prod"),
            ("A", "b"),
            ("Q", "x # y"),
            ("E", ""),
            ("MEDIATOR_SERVER", "h:1"),
        ] {
            assert_eq!(read.get(key).map(String::as_str), Some(value), "{key}");
        }
        assert_eq!(read.len(), 5);
    }

    #[test]
    fn texts_with_written_line_ends_are_pem() {
        let text = BASE64.encode(b"-----BEGIN X-----\\nAA==\\n-----END X-----\\n");
        assert_eq!(pem(&text).unwrap(), b"-----BEGIN X-----\nAA==\n-----END X-----\n");
        assert!(pem("not base64!").is_err());
    }

    proptest! {
        #[test]
        fn any_file_is_read(text in "(\\PC{0,20}=?['\" #\\PC]{0,20}\n){0,6}") {
            let _ = parse(&text);
        }
    }
}
