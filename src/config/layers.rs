//! Where configuration comes from, and in which order it is laid over each other.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use toml_edit::Document;

use super::{Config, ConfigError, check};

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "/etc/gatelodge/config.toml";

/// Environment variables of one part, which name a key at the top; others must name a section too.
const TOP_KEYS: [&str; 2] = ["data_dir", "admin_socket"];

/// What the command line says over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The file, when one was named.
    pub file: Option<PathBuf>,
    /// The admin socket, when one was named.
    pub socket: Option<PathBuf>,
}

/// A configuration and where its values came from.
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The file it began with.
    pub file: PathBuf,
    /// The layers, for `config show`.
    pub figment: Figment,
}

/// Reads every layer, and checks the whole.
pub fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
    let file = flags.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let mut figment = with_file(Figment::new(), &file)?;
    let beside = file.parent().map(|folder| folder.join("conf.d"));
    for extra in beside
        .map(|folder| toml_files(&folder))
        .transpose()?
        .unwrap_or_default()
    {
        figment = with_file(figment, &extra)?;
    }
    // The data folder may hold settings too, and an outer layer may say where it is.
    let data_dir = environment(figment.clone())
        .extract_inner("data_dir")
        .unwrap_or(Config::default().data_dir);
    for extra in toml_files(&data_dir.join("conf.d"))? {
        figment = with_file(figment, &extra)?;
    }
    figment = environment(figment);
    if let Some(socket) = &flags.socket {
        figment = figment.merge(Serialized::default("admin_socket", socket));
    }
    let config: Config = figment.extract()?;
    check::check(&config, &figment)?;
    Ok(Loaded { config, file, figment })
}

fn with_file(figment: Figment, file: &Path) -> Result<Figment, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|error| ConfigError::unreadable(file, &error))?;
    Document::parse(text.as_str()).map_err(|error| ConfigError::syntax(file, &text, &error))?;
    Ok(figment.merge(Toml::file_exact(file)))
}

fn environment(figment: Figment) -> Figment {
    let wanted =
        |key: &figment::value::UncasedStr| key.as_str().contains("__") || TOP_KEYS.iter().any(|top| key == *top);
    figment.merge(Env::prefixed("GATELODGE_").filter(wanted).split("__"))
}

/// The `*.toml` files of a folder, by name; none when there is no such folder.
fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ConfigError::unreadable(folder, &error)),
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    Ok(files)
}

/// The configuration of a machine without a file: defaults and the environment.
pub fn without_file() -> Result<Config, ConfigError> {
    Ok(environment(Figment::new()).extract()?)
}
