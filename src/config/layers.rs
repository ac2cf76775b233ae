//! Where configuration comes from, and in which order it is laid over each other.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::Value;
use toml_edit::{Document, DocumentMut, Item};

use super::outside::{Environment, ProxyVariable, SocketFlag};
use super::remote::{Layer, put};
use super::{Config, ConfigError, ConfigErrors, Unread, check};
use crate::uplink::CredentialFolder;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "/etc/gatelodge/config.toml";

/// Faults that are told at most.
const MOST_FAULTS: usize = 100;

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
    /// What could not be read, and is left out of the values.
    pub unread: Unread,
}

/// Reads every layer, and checks the whole.
pub fn load(flags: &Flags) -> Result<Loaded, ConfigErrors> {
    load_with(flags, None)
}

/// Reads every layer as far as it can be read, and tells every fault: with some there is what they leave, to find what
/// else is wrong.
#[must_use]
pub fn examine(flags: &Flags) -> (Option<Loaded>, Vec<ConfigError>) {
    examine_layers(layers(flags, None, None, |figment| figment))
}

/// Examines as [`examine`] does, with a file of one of the two folders `conf.d` as it would be: what stands in `draft`
/// counts in its place.
#[must_use]
pub fn examine_with(flags: &Flags, (file, draft): (&Path, &Path)) -> (Option<Loaded>, Vec<ConfigError>) {
    examine_layers(layers(flags, None, Some((file, draft)), |figment| figment))
}

fn examine_layers(layers: Result<Layers, ConfigErrors>) -> (Option<Loaded>, Vec<ConfigError>) {
    match layers {
        Ok(layers) => read_all(layers),
        Err(faults) => (None, faults.into_vec()),
    }
}

/// Loads as [`load`] does, with another text in place of what the box was told remotely.
pub(super) fn load_with(flags: &Flags, told: Option<&str>) -> Result<Loaded, ConfigErrors> {
    read(layers(flags, told, None, |figment| figment)?)
}

/// Loads as [`load`] does, with one value more as if it stood in the box's own file: what it would mean there.
pub(super) fn load_as_ours(flags: &Flags, (path, item): (&str, &Item)) -> Result<Loaded, ConfigErrors> {
    let mut text = DocumentMut::new();
    put(text.as_table_mut(), path, Some(item.clone()));
    read(layers(flags, None, None, |figment| {
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

/// Every layer. `draft`: a file of a folder `conf.d`, and what is read in its place.
fn layers(
    flags: &Flags,
    told: Option<&str>,
    draft: Option<(&Path, &Path)>,
    last: impl FnOnce(Figment) -> Figment,
) -> Result<Layers, ConfigErrors> {
    let file = flags.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let mut faults = Vec::new();
    let mut figment = outer(&file, draft, &mut faults);
    let data_dir = data_dir_of(&figment);
    let remote = remote_file(&data_dir);
    let mut written = None;
    for (extra, read) in extras(&data_dir.join("conf.d"), draft, &mut faults) {
        if extra != remote {
            figment = with_file(figment, &read, &mut faults);
            continue;
        }
        match std::fs::read_to_string(&extra) {
            Ok(text) => written = Some(text),
            Err(error) => faults.push(ConfigError::unreadable(&extra, &error)),
        }
    }
    // What is wrong with values is told when all files are there to say them.
    if let Some(faults) = ConfigErrors::of(faults) {
        return Err(faults);
    }
    let mut refused = Vec::new();
    let text = told.map(str::to_owned).or(written).filter(|text| !text.is_empty());
    // What is wrong with the layers below is told when all are read.
    if let (Some(text), Ok(below)) = (text, environment(figment.clone()).extract::<Config>()) {
        let layer = Layer::over(&below, (&remote, &text));
        refused.clone_from(&layer.refused);
        figment = figment.merge(layer);
    }
    figment = environment(last(figment));
    if let Some(socket) = &flags.socket {
        figment = figment.merge(SocketFlag(socket));
    }
    Ok(Layers { file, figment, refused })
}

/// Reads the layers and checks the whole.
fn read(layers: Layers) -> Result<Loaded, ConfigErrors> {
    let (loaded, faults) = read_all(layers);
    match ConfigErrors::of(faults) {
        None => Ok(loaded.expect("what could not be read has a fault")),
        Some(faults) => Err(faults),
    }
}

/// Reads the layers and checks the whole. A value that cannot be read is looked past, to find what else is wrong; what
/// follows from its absence is not told.
fn read_all(layers: Layers) -> (Option<Loaded>, Vec<ConfigError>) {
    let Layers { file, figment, refused } = layers;
    let mut values: Value = match figment.extract() {
        Ok(values) => values,
        Err(error) => return (None, vec![error.into()]),
    };
    let mut faults: Vec<ConfigError> = Vec::new();
    let mut unread = Unread::default();
    // The first try is made on the layers themselves, which know where each value comes from.
    let mut result = figment.extract::<Config>();
    while let Err(error) = result {
        // One at a time: what is looked past for one may be where the next one is found.
        let Some(mut error) = error.into_iter().next() else {
            return (None, faults);
        };
        let (is_known, path) = (unread.is_known(&error), unread.path_written(&error.path));
        let is_past = faults.len() < MOST_FAULTS && unread.look_past(&error, &mut values);
        error.path = path;
        if !is_past {
            faults.push(error.into());
            return (None, faults);
        }
        if !is_known {
            let path = ConfigError::path_of(&error);
            faults.push(ConfigError::at(&figment, error, &path));
        }
        result = Figment::from(Serialized::defaults(&values)).extract();
    }
    let Ok(mut config) = result else { return (None, faults) };
    if let Some(uplink) = &mut config.uplink {
        uplink.room.credential_folder = Some(CredentialFolder::of(&config.data_dir));
    }
    tell_the_way_out(&mut config);
    for fault in check::check(&config) {
        let key = unread.written(&fault.key);
        let follows = unread.covers(&key) || unread.has_thinned(&key);
        if !follows && !fault.also.iter().any(|key| unread.touches(&unread.written(key))) {
            faults.push(ConfigError::of_fault(&figment, &key, &fault.what, &fault.right));
        }
    }
    let loaded = Loaded {
        config,
        file,
        figment,
        refused,
        unread,
    };
    (Some(loaded), faults)
}

/// Tells all that calls out by which way it does.
fn tell_the_way_out(config: &mut Config) {
    let way = config.outbound.way();
    if let Some(s3) = config.backup.as_mut().and_then(|backup| backup.s3.as_mut()) {
        s3.way = way.clone();
    }
    for target in config.occupancy.iter_mut().flat_map(|section| &mut section.webhook) {
        target.way = way.clone();
    }
    if let Some(room) = &mut config.perseus {
        room.way = way.clone();
    }
    if let Some(uplink) = &mut config.uplink {
        uplink.room.way = way;
    }
}

/// The file and what stands beside it, as far as it can be read.
fn outer(file: &Path, draft: Option<(&Path, &Path)>, faults: &mut Vec<ConfigError>) -> Figment {
    let mut figment = with_file(Figment::new(), file, faults);
    for (_, read) in extras(&beside(file), draft, faults) {
        figment = with_file(figment, &read, faults);
    }
    figment
}

/// The files of a folder by name, each with what is read in its place; a draft that belongs there is among them.
fn extras(folder: &Path, draft: Option<(&Path, &Path)>, faults: &mut Vec<ConfigError>) -> Vec<(PathBuf, PathBuf)> {
    let mut files = toml_files(folder, faults);
    let draft = draft.filter(|(meant, _)| meant.parent() == Some(folder));
    if let Some((meant, _)) = draft
        && !files.iter().any(|one| one == meant)
    {
        files.push(meant.to_owned());
        files.sort();
    }
    let each = files.into_iter().map(|file| {
        let read = draft.filter(|(meant, _)| *meant == file);
        let read = read.map_or_else(|| file.clone(), |(_, draft)| draft.to_owned());
        (file, read)
    });
    each.collect()
}

/// The folder beside a configuration file whose files are laid over it.
#[must_use]
pub fn beside(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join("conf.d")
}

/// The data folder may hold settings too, and an outer layer may say where it is.
fn data_dir_of(outer: &Figment) -> PathBuf {
    let said = environment(outer.clone()).extract_inner("data_dir");
    said.unwrap_or(Config::default().data_dir)
}

/// The file of what people set on the page of the setup.
#[must_use]
pub fn setup_file(data_dir: &Path) -> PathBuf {
    data_dir.join("conf.d/10-setup.toml")
}

/// The file of what the box was told remotely, which is a layer of its own.
#[must_use]
pub fn remote_file(data_dir: &Path) -> PathBuf {
    data_dir.join("conf.d/remote.toml")
}

/// Where the data folder is, as far as it can be told without what lies in it.
pub fn data_dir(flags: &Flags) -> Result<PathBuf, ConfigErrors> {
    let file = flags.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let mut faults = Vec::new();
    let outer = outer(&file, None, &mut faults);
    let data_dir = data_dir_of(&outer);
    ConfigErrors::of(faults).map_or(Ok(data_dir), Err)
}

/// With one file more, unless it cannot be read.
fn with_file(figment: Figment, file: &Path, faults: &mut Vec<ConfigError>) -> Figment {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            faults.push(ConfigError::unreadable(file, &error));
            return figment;
        }
    };
    match Document::parse(text.as_str()) {
        Ok(_) => figment.merge(Toml::file_exact(file)),
        Err(error) => {
            faults.push(ConfigError::syntax(file, &text, &error));
            figment
        }
    }
}

fn environment(figment: Figment) -> Figment {
    let figment = figment.merge(Environment);
    // The variables that every program knows count where nothing of ours says which proxy there is.
    match figment.find_value("outbound.proxy") {
        Ok(_) => figment,
        Err(_) => ProxyVariable::ALL.into_iter().fold(figment, Figment::join),
    }
}

/// The `*.toml` files of a folder, by name; none when there is no such folder.
fn toml_files(folder: &Path, faults: &mut Vec<ConfigError>) -> Vec<PathBuf> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if [NotFound, NotADirectory].contains(&error.kind()) => return Vec::new(),
        Err(error) => {
            faults.push(ConfigError::unreadable(folder, &error));
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

/// The configuration of a machine without a file: defaults and the environment.
pub fn without_file() -> Result<Config, ConfigError> {
    Ok(environment(Figment::new()).extract()?)
}

/// Where the running box's socket is, as far as the configuration tells: a fault elsewhere in it must not
/// keep an operator from asking the box.
///
/// Answers beside it why the file does not say it, when the file is there and cannot be read: then it is the usual one.
#[must_use]
pub fn find_socket(flags: &Flags) -> (PathBuf, Option<ConfigError>) {
    if let Some(socket) = &flags.socket {
        return (socket.clone(), None);
    }
    let file = flags.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let mut faults = Vec::new();
    let said = environment(with_file(Figment::new(), &file, &mut faults)).extract_inner("admin_socket");
    let fault = faults.pop().filter(|_| said.is_err() && file.exists());
    (said.unwrap_or(Config::default().admin_socket), fault)
}
