//! Where configuration comes from, and in which order it is laid over each other.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use toml_edit::{Document, DocumentMut, Item};

use super::{Config, ConfigError, check, remote};
use crate::uplink::Kept;

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
    /// What the box was told remotely and is not in force, since it may not be set from afar.
    pub refused: Vec<String>,
}

/// Reads every layer, and checks the whole.
pub fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
    load_with(flags, None)
}

/// The same with another text in place of what the box was told remotely.
pub(super) fn load_with(flags: &Flags, told: Option<&str>) -> Result<Loaded, ConfigError> {
    load_over(flags, told, |figment| figment)
}

/// The same with one value more, as if it stood in the box's own file: what it would mean there.
pub(super) fn load_as_ours(flags: &Flags, (path, item): (&str, &Item)) -> Result<Loaded, ConfigError> {
    let mut text = DocumentMut::new();
    remote::put(text.as_table_mut(), path, Some(item.clone()));
    load_over(flags, None, |figment| figment.merge(Toml::string(&text.to_string())))
}

fn load_over(flags: &Flags, told: Option<&str>, last: impl FnOnce(Figment) -> Figment) -> Result<Loaded, ConfigError> {
    let file = flags.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let mut figment = outer(&file)?;
    let data_dir = data_dir_of(&figment);
    let remote = remote::file(&data_dir);
    let mut written = None;
    for extra in toml_files(&data_dir.join("conf.d"))? {
        if extra == remote {
            let text = std::fs::read_to_string(&extra).map_err(|error| ConfigError::unreadable(&extra, &error))?;
            written = Some(text);
        } else {
            figment = with_file(figment, &extra)?;
        }
    }
    let mut refused = Vec::new();
    if let Some(text) = told.map(str::to_owned).or(written).filter(|text| !text.is_empty()) {
        let below: Config = environment(figment.clone()).extract()?;
        let layer = remote::Layer::over(&below, (&remote, &text));
        refused.clone_from(&layer.refused);
        figment = figment.merge(layer);
    }
    figment = environment(last(figment));
    if let Some(socket) = &flags.socket {
        figment = figment.merge(Serialized::default("admin_socket", socket));
    }
    let mut config: Config = figment.extract()?;
    if let Some(uplink) = &mut config.uplink {
        uplink.kept = Some(Kept::of(&config.data_dir));
    }
    check::check(&config, &figment)?;
    Ok(Loaded {
        config,
        file,
        figment,
        refused,
    })
}

/// The file and what stands beside it.
fn outer(file: &Path) -> Result<Figment, ConfigError> {
    let mut figment = with_file(Figment::new(), file)?;
    let beside = file.parent().map(|folder| folder.join("conf.d"));
    for extra in beside
        .map(|folder| toml_files(&folder))
        .transpose()?
        .unwrap_or_default()
    {
        figment = with_file(figment, &extra)?;
    }
    Ok(figment)
}

/// The data folder may hold settings too, and an outer layer may say where it is.
fn data_dir_of(outer: &Figment) -> PathBuf {
    let said = environment(outer.clone()).extract_inner("data_dir");
    said.unwrap_or(Config::default().data_dir)
}

/// Where the data folder is, as far as it can be told without what lies in it.
pub fn data_dir(flags: &Flags) -> Result<PathBuf, ConfigError> {
    let file = flags.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    Ok(data_dir_of(&outer(&file)?))
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

/// Where the running box's socket is, as far as the configuration tells: a fault elsewhere in it must not
/// keep an operator from asking the box.
#[must_use]
pub fn find_socket(flags: &Flags) -> PathBuf {
    if let Some(socket) = &flags.socket {
        return socket.clone();
    }
    let file = flags.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let layers = with_file(Figment::new(), &file).unwrap_or_default();
    environment(layers)
        .extract_inner("admin_socket")
        .unwrap_or(Config::default().admin_socket)
}
