//! Where configuration comes from, and in which order it is laid over each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::Value;
use toml_edit::{Document, DocumentMut, Item};

use super::{Config, ConfigError, check, remote};
use crate::uplink::Kept;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "/etc/gatelodge/config.toml";

/// Faults that are told at most.
const MOST_FAULTS: usize = 100;

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

/// The same, with every fault that can be told and not the first alone.
pub fn load_all(flags: &Flags) -> Result<Loaded, Vec<ConfigError>> {
    read_all(layers(flags, None, |figment| figment).map_err(|fault| vec![fault])?)
}

/// The same with another text in place of what the box was told remotely.
pub(super) fn load_with(flags: &Flags, told: Option<&str>) -> Result<Loaded, ConfigError> {
    read(layers(flags, told, |figment| figment)?)
}

/// The same with one value more, as if it stood in the box's own file: what it would mean there.
pub(super) fn load_as_ours(flags: &Flags, (path, item): (&str, &Item)) -> Result<Loaded, ConfigError> {
    let mut text = DocumentMut::new();
    remote::put(text.as_table_mut(), path, Some(item.clone()));
    read(layers(flags, None, |figment| {
        figment.merge(Toml::string(&text.to_string()))
    })?)
}

/// Every layer, laid over each other.
struct Layers {
    file: PathBuf,
    figment: Figment,
    /// What the box was told remotely and is not among them.
    refused: Vec<String>,
}

fn layers(flags: &Flags, told: Option<&str>, last: impl FnOnce(Figment) -> Figment) -> Result<Layers, ConfigError> {
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
    let text = told.map(str::to_owned).or(written).filter(|text| !text.is_empty());
    // What is wrong with the layers below is told when all are read.
    if let (Some(text), Ok(below)) = (text, environment(figment.clone()).extract::<Config>()) {
        let layer = remote::Layer::over(&below, (&remote, &text));
        refused.clone_from(&layer.refused);
        figment = figment.merge(layer);
    }
    figment = environment(last(figment));
    if let Some(socket) = &flags.socket {
        figment = figment.merge(Serialized::default("admin_socket", socket));
    }
    Ok(Layers { file, figment, refused })
}

/// Reads the layers and checks the whole; the first fault.
fn read(layers: Layers) -> Result<Loaded, ConfigError> {
    read_all(layers).map_err(|faults| {
        let first = faults.into_iter().next();
        first.expect("what was not read has a fault")
    })
}

/// Reads the layers and checks the whole. A value that cannot be read is looked past, to find what else is wrong; what
/// follows from its absence is not told.
fn read_all(layers: Layers) -> Result<Loaded, Vec<ConfigError>> {
    let Layers { file, figment, refused } = layers;
    let mut values: Value = figment.extract().map_err(|error| vec![error.into()])?;
    let mut faults: Vec<ConfigError> = Vec::new();
    let mut sections = BTreeSet::new();
    // The first try is made on the layers themselves, which know where each value comes from.
    let mut result = figment.extract::<Config>();
    while let Err(error) = result {
        for error in error {
            let path = ConfigError::path_of(&error);
            let Some(section) = path.first().filter(|_| faults.len() < MOST_FAULTS) else {
                faults.push(error.into());
                return Err(faults);
            };
            sections.insert(section.clone());
            if !remove(&mut values, &path) {
                faults.push(error.into());
                return Err(faults);
            }
            faults.push(ConfigError::at(&figment, error, &path));
        }
        result = Figment::from(Serialized::defaults(&values)).extract();
    }
    let Ok(mut config) = result else { return Err(faults) };
    if let Some(uplink) = &mut config.uplink {
        uplink.kept = Some(Kept::of(&config.data_dir));
    }
    let others = check::check(&config, &figment).into_iter();
    faults.extend(others.filter(|fault| !sections.iter().any(|section| fault.is_in(section))));
    match faults.is_empty() {
        true => Ok(Loaded {
            config,
            file,
            figment,
            refused,
        }),
        false => Err(faults),
    }
}

/// Takes the value at `path` away; when there is none (something is missing), the table that lacks it. Whether
/// anything was there.
fn remove(values: &mut Value, path: &[String]) -> bool {
    let [first, rest @ ..] = path else { return false };
    match values {
        Value::Dict(_, table) => {
            let inner_went = !rest.is_empty() && table.get_mut(first).is_some_and(|inner| remove(inner, rest));
            inner_went || table.remove(first).is_some()
        }
        Value::Array(_, entries) => {
            let Some(place) = first.parse::<usize>().ok().filter(|place| *place < entries.len()) else {
                return false;
            };
            let inner_went = !rest.is_empty() && remove(&mut entries[place], rest);
            if !inner_went {
                entries.remove(place);
            }
            true
        }
        _ => false,
    }
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
