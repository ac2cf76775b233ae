//! What the box was told remotely (`contract.md` section 1, `spec/uplink.md` section 2.7): one more layer,
//! `<data_dir>/conf.d/remote.toml`, written by the box itself.
//!
//! A new text names what is to be in force; what it does not name, and what it says as `***`, stays. Of it only that is
//! kept in which it differs from the layers below, so that who changes the box's own file is not overruled by a copy of
//! it. While a change is tried, what was before stands beside it: a crash in the trial puts it back.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use super::layers::{self, Flags};
use super::{Config, ConfigError};
use crate::uplink::Section;

/// What stands where a secret, or the way to one, is not shown.
const MASK: &str = "***";
/// Keys whose values are masked.
const SECRET: [&str; 4] = ["password_file", "otp_file", "key_file", "socks5_url"];
/// What nobody changes from afar: where the book is, and which program a word from the cloud starts.
const OURS: [&str; 3] = ["data_dir", "admin_socket", "uplink.restart"];

/// A configuration from afar that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It is no TOML.
    #[error("it is not valid TOML, line {line}: {message}")]
    Syntax {
        /// In which line.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A key that this part does not have.
    #[error("`{key}` does not belong into a configuration of type `{section}`")]
    Elsewhere {
        /// The key.
        key: String,
        /// What the part is called.
        section: &'static str,
    },
    /// A key that is only changed at the box.
    #[error("`{0}` is changed at the box itself, and not from here")]
    Ours(String),
    /// `***` within a list, where nobody can tell which it was.
    #[error("`{0}` has *** in a list; write the list out")]
    MaskInList(String),
    /// The whole would not be valid.
    #[error("{0}")]
    Invalid(#[from] ConfigError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> RemoteError {
    let path = path.display().to_string();
    |source| RemoteError::File { path, source }
}

/// The file of the layer.
#[must_use]
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("conf.d/remote.toml")
}

/// Where that stands which was before a trial.
fn before(data_dir: &Path) -> PathBuf {
    data_dir.join("conf.d/remote.toml.before")
}

/// A part of what is in force, as TOML, with masks where secrets are.
#[must_use]
pub fn shown(config: &Config, section: Section) -> String {
    let Ok(mut document) = toml_edit::ser::to_document(config) else {
        return String::new();
    };
    document.retain(|key, _| allows(section, key));
    if let Some(uplink) = document.get_mut("uplink").and_then(Item::as_table_like_mut) {
        let inner: Vec<String> = uplink.iter().map(|(key, _)| key.to_owned()).collect();
        for key in inner.iter().filter(|key| !allows(section, &format!("uplink.{key}"))) {
            uplink.remove(key);
        }
    }
    mask(document.as_table_mut());
    tables(document.as_table_mut());
    document.to_string()
}

/// Whether a key belongs into a part.
fn allows(section: Section, key: &str) -> bool {
    match section {
        Section::Whole => true,
        Section::Uplink => key != "uplink.rule" && (key == "uplink" || key.starts_with("uplink.")),
        Section::Meters => ["meters", "meter"].contains(&key.split('.').next().unwrap_or_default()),
        Section::Spaces => key.split('.').next() == Some("occupancy"),
        Section::Rules => ["uplink", "uplink.rule"].contains(&key),
    }
}

fn mask(table: &mut dyn TableLike) {
    for (key, item) in table.iter_mut() {
        if SECRET.contains(&key.get()) && item.is_value() {
            *item = value(MASK);
        } else if let Some(inner) = item.as_table_like_mut() {
            mask(inner);
        }
    }
}

/// Sections stand as sections, which people read more easily than one line each.
fn tables(table: &mut Table) {
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        let Some(item) = table.get_mut(&key) else { continue };
        if item.is_inline_table() {
            *item = Item::Table(std::mem::take(item).into_table().unwrap_or_default());
        } else if item
            .as_array()
            .is_some_and(|list| list.iter().all(|one| one.is_inline_table()) && !list.is_empty())
        {
            *item = Item::ArrayOfTables(std::mem::take(item).into_array_of_tables().unwrap_or_default());
        }
        if let Some(inner) = item.as_table_mut() {
            tables(inner);
        }
    }
}

/// A configuration that may be put in force.
pub struct Candidate {
    /// All that would be in force.
    pub config: Config,
    text: String,
}

/// What would be in force with this text, of which only `section` may differ.
pub fn candidate(flags: &Flags, now: &Config, section: Section, text: &str) -> Result<Candidate, RemoteError> {
    let wanted: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| RemoteError::Syntax {
            line: text[..error.span().map_or(0, |span| span.start)].matches('\n').count() + 1,
            message: error.message().lines().next().unwrap_or_default().to_owned(),
        })?;
    let path = file(&now.data_dir);
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(fault(&path)(error)),
    };
    let mut merge = Merge {
        section,
        // Below a layer that alone makes the whole valid there may be nothing that can be compared with.
        below: layers::load_with(flags, Some("")).map_or(Json::Null, |loaded| plain(&loaded.config)),
        now: plain(now),
        kept: kept.parse().unwrap_or_default(),
    };
    merge.table("", wanted.as_table())?;
    let head = "# What the cloud wants to be different here. Written by gatelodge; it is read last.\n";
    let body = merge.kept.to_string();
    let text = format!("{head}{}", body.trim_start_matches(head));
    let config = layers::load_with(flags, Some(&text))?.config;
    Ok(Candidate { config, text })
}

fn plain(config: &Config) -> Json {
    serde_json::to_value(config).expect("the configuration is plain data")
}

struct Merge {
    section: Section,
    below: Json,
    now: Json,
    kept: DocumentMut,
}

impl Merge {
    fn table(&mut self, path: &str, table: &dyn TableLike) -> Result<(), RemoteError> {
        for (key, item) in table.iter() {
            let path = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
            if !allows(self.section, &path) {
                let section = self.section.name();
                return Err(RemoteError::Elsewhere { key: path, section });
            }
            match item.as_table_like() {
                Some(inner) => {
                    // A section may stand with nothing in it.
                    let opens = inner.is_empty() && at(&self.now, &path).is_none_or(Json::is_null);
                    if opens {
                        self.put(&path, Some(item.clone()));
                    }
                    self.table(&path, inner)?;
                }
                None => self.leaf(&path, item)?,
            }
        }
        Ok(())
    }

    fn leaf(&mut self, path: &str, item: &Item) -> Result<(), RemoteError> {
        if item.as_str() == Some(MASK) {
            return Ok(());
        }
        if item.to_string().contains(MASK) {
            return Err(RemoteError::MaskInList(path.to_owned()));
        }
        let wanted = json(item);
        if OURS.contains(&path) && at(&self.now, path) != Some(&wanted) {
            return Err(RemoteError::Ours(path.to_owned()));
        }
        let same = at(&self.below, path) == Some(&wanted);
        self.put(path, (!same).then(|| item.clone()));
        Ok(())
    }

    /// Puts a value into the layer, or takes it out.
    fn put(&mut self, path: &str, item: Option<Item>) {
        let mut table: &mut Table = self.kept.as_table_mut();
        let (sections, key) = path.rsplit_once('.').unwrap_or(("", path));
        for section in sections.split('.').filter(|section| !section.is_empty()) {
            if item.is_none() && !table.contains_key(section) {
                return;
            }
            let inner = table.entry(section).or_insert_with(toml_edit::table);
            if !inner.is_table() {
                *inner = Item::Table(std::mem::take(inner).into_table().unwrap_or_default());
            }
            table = inner.as_table_mut().expect("it was made one");
        }
        match item {
            Some(item) => drop(table.insert(key, item)),
            None => drop(table.remove(key)),
        }
    }
}

fn at<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, key| json.get(key))
}

/// A value as JSON, to be compared with what the configuration says of itself.
fn json(item: &Item) -> Json {
    if let Some(tables) = item.as_array_of_tables() {
        let tables = tables.iter().map(|table| of_table(table));
        return Json::Array(tables.collect());
    }
    item.as_value().map_or(Json::Null, of_value)
}

fn of_table(table: &dyn TableLike) -> Json {
    table.iter().map(|(key, item)| (key.to_owned(), json(item))).collect()
}

fn of_value(value: &toml_edit::Value) -> Json {
    use toml_edit::Value;
    match value {
        Value::String(text) => Json::from(text.value().as_str()),
        Value::Integer(number) => Json::from(*number.value()),
        Value::Float(number) => Json::from(*number.value()),
        Value::Boolean(word) => Json::from(*word.value()),
        Value::Datetime(time) => Json::from(time.value().to_string()),
        Value::Array(list) => list.iter().map(of_value).collect(),
        Value::InlineTable(table) => of_table(table),
    }
}

impl Candidate {
    /// Puts it where it is read from now on; what was before stands beside it until the trial is over.
    pub fn put(&self, data_dir: &Path) -> Result<(), RemoteError> {
        let (path, before) = (file(data_dir), before(data_dir));
        let folder = data_dir.join("conf.d");
        std::fs::create_dir_all(&folder).map_err(fault(&folder))?;
        let was = std::fs::read(&path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(Vec::new()),
            _ => Err(error),
        });
        write(&before, &was.map_err(fault(&path))?)?;
        write(&path, self.text.as_bytes())
    }
}

/// The trial is over, and what is in force stays.
pub fn keep(data_dir: &Path) -> Result<(), RemoteError> {
    let before = before(data_dir);
    std::fs::remove_file(&before).map_err(fault(&before))?;
    synced(&data_dir.join("conf.d"))
}

/// Puts back what was before a trial, when one was under way. Answers whether it was.
pub fn roll_back(data_dir: &Path) -> Result<bool, RemoteError> {
    let (path, before) = (file(data_dir), before(data_dir));
    let was = match std::fs::read(&before) {
        Ok(was) => was,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(fault(&before)(error)),
    };
    if was.is_empty() {
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(fault(&path)(error)),
        }
    } else {
        write(&path, &was)?;
    }
    keep(data_dir)?;
    Ok(true)
}

/// Puts bytes at a path whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), RemoteError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let beside = path.with_extension("new");
    let put = || {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    put().map_err(fault(path))?;
    synced(path.parent().unwrap_or(Path::new(".")))
}

fn synced(folder: &Path) -> Result<(), RemoteError> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(fault(folder))
}
