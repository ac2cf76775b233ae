//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use toml_edit::{Document, Item, TableLike};

use super::{outside, words};

/// How a fault begins that is about a key that nothing knows.
const UNKNOWN: &str = "unknown key";

/// One fault of the configuration: where it stands, what is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// File, line and column, or the name of an environment variable or flag.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl std::error::Error for ConfigError {}

/// All faults of a configuration; there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

/// So many are told in one sentence.
const IN_A_SENTENCE: usize = 5;

impl ConfigErrors {
    /// The faults as one error; `None` when there are none.
    #[must_use]
    pub fn of(faults: Vec<ConfigError>) -> Option<ConfigErrors> {
        (!faults.is_empty()).then_some(ConfigErrors(faults))
    }

    /// Whether one is about a key that nothing knows.
    #[must_use]
    pub fn name_unknown_key(&self) -> bool {
        self.0.iter().any(ConfigError::is_unknown_key)
    }

    /// Each of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<ConfigError> {
        self.0
    }
}

impl std::error::Error for ConfigErrors {}

impl From<ConfigError> for ConfigErrors {
    fn from(fault: ConfigError) -> ConfigErrors {
        ConfigErrors(vec![fault])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().take(IN_A_SENTENCE).enumerate() {
            write!(f, "{}{fault}", if place == 0 { "" } else { "; " })?;
        }
        match self.0.len().saturating_sub(IN_A_SENTENCE) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl ConfigError {
    /// A fault of the value under `key`, found after everything was read.
    #[must_use]
    pub fn of_key(figment: &figment::Figment, key: &str, message: impl Into<String>, hint: &str) -> ConfigError {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        // What stands in a table that is one of several is known by where the first of them comes from.
        let known = (1..=path.len()).rev().map(|length| path[..length].join("."));
        let metadata = known.into_iter().find_map(|key| figment.find_metadata(&key));
        ConfigError {
            place: place_of(metadata, &path),
            message: format!("`{key}`: {}", message.into()),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        }
    }

    /// A fault that was found in one of several tables of a name is told as people write them: by the name of the table,
    /// and the key in it.
    #[must_use]
    pub fn of_fault(figment: &figment::Figment, key: &str, what: &str, right: &str) -> ConfigError {
        let error = ConfigError::of_key(figment, key, what, right);
        let parts: Vec<&str> = key.split('.').collect();
        let Some(place) = parts.iter().position(|part| part.parse::<usize>().is_ok()) else {
            return error;
        };
        let (table, inner) = (parts[..place].join("."), parts[place + 1..].join("."));
        let named = match inner.as_str() {
            "" => format!("`[[{table}]]`"),
            _ => format!("`{inner}` of `[[{table}]]`"),
        };
        ConfigError {
            message: format!("{named}: {what}"),
            ..error
        }
    }

    /// Whether it is about a key that nothing knows.
    #[must_use]
    pub fn is_unknown_key(&self) -> bool {
        self.message.starts_with(UNKNOWN)
    }

    /// The key that a fault is about.
    pub(super) fn path_of(error: &figment::Error) -> Vec<String> {
        let mut path = error.path.clone();
        if let Kind::UnknownField(field, _) = &error.kind
            && path.last() != Some(field)
        {
            path.push(field.clone());
        }
        path
    }

    /// A fault whose place is looked up in the layers.
    pub(super) fn at(figment: &figment::Figment, error: figment::Error, path: &[String]) -> ConfigError {
        let known = (1..=path.len()).rev().map(|length| path[..length].join("."));
        let metadata = known.into_iter().find_map(|key| figment.find_metadata(&key)).cloned();
        let place = place_of(metadata.as_ref().or(error.metadata.as_ref()), path);
        ConfigError {
            place,
            ..ConfigError::from(error)
        }
    }

    /// A file that could not be read.
    #[must_use]
    pub fn unreadable(file: &Path, error: &std::io::Error) -> ConfigError {
        ConfigError {
            place: file.display().to_string(),
            message: format!("cannot be read: {error}"),
            hint: (error.kind() == std::io::ErrorKind::NotFound).then(|| {
                "name a file with --config; config.example.toml shows every key; `gatelodge demo` needs none".to_owned()
            }),
        }
    }

    /// A file that is not TOML.
    #[must_use]
    pub fn syntax(file: &Path, text: &str, error: &toml_edit::TomlError) -> ConfigError {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
        ConfigError {
            place: position(file, text, at),
            message: format!("not valid TOML: {message}"),
            hint: None,
        }
    }
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> ConfigError {
        let mut path = error.path.clone();
        let (message, hint) = match &error.kind {
            Kind::UnknownField(field, known) => {
                if path.last() != Some(field) {
                    path.push(field.clone());
                }
                (format!("{UNKNOWN} `{}`", path.join(".")), nearest(field, known))
            }
            Kind::UnknownVariant(found, known) => (
                format!("`{}` cannot be \"{found}\"", path.join(".")),
                Some(format!("one of: {}", known.join(", "))),
            ),
            Kind::MissingField(field) => (format!("`{}` is missing `{field}`", path.join(".")), None),
            kind => {
                let what = words::of_value(kind).unwrap_or_else(|| kind.to_string());
                let colon = if matches!(kind, Kind::Message(_)) { ":" } else { "" };
                (format!("`{}`{colon} {what}", path.join(".")), None)
            }
        };
        ConfigError {
            place: place_of(error.metadata.as_ref(), &path),
            message,
            hint,
        }
    }
}

/// Which of the known keys is meant by one that is not known.
pub(super) fn meant<'k>(field: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |candidate: &&'k str| (strsim::damerau_levenshtein(field, candidate), *candidate);
    let near = known.iter().map(distance).min();
    near.filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .map(|(_, candidate)| candidate)
}

/// "did you mean", when one of the known keys is near; else all of them.
fn nearest(field: &str, known: &[&str]) -> Option<String> {
    match meant(field, known) {
        Some(candidate) => Some(format!("did you mean `{candidate}`?")),
        None if known.is_empty() => None,
        None => Some(format!("known here: {}", known.join(", "))),
    }
}

/// Where a key stands: figment knows only the file, so the key path is found again in the file's spans.
fn place_of(metadata: Option<&figment::Metadata>, path: &[String]) -> String {
    let Some(metadata) = metadata else { return String::new() };
    match metadata.source.as_ref().and_then(|source| source.file_path()) {
        Some(file) => in_file(file, path).unwrap_or_else(|| file.display().to_string()),
        None => outside::name_of(metadata, path),
    }
}

fn in_file(file: &Path, path: &[String]) -> Option<String> {
    let file = PathBuf::from(file);
    let text = std::fs::read_to_string(&file).ok()?;
    let document = Document::parse(text.as_str()).ok()?;
    let mut table: &dyn TableLike = document.as_table();
    let mut found = None;
    let mut path = path.iter();
    while let Some(key) = path.next() {
        let Some((key, item)) = table.get_key_value(key) else {
            break;
        };
        found = key.span().or_else(|| item.span()).or(found);
        match item {
            Item::Value(toml_edit::Value::Array(list)) => {
                let Some(entry) = path.next().and_then(|place| list.get(place.parse().ok()?)) else {
                    break;
                };
                found = entry.span().or(found);
                match entry.as_inline_table() {
                    Some(inner) => table = inner,
                    None => break,
                }
            }
            Item::Table(_) | Item::Value(_) => match item.as_table_like() {
                Some(inner) => table = inner,
                None => break,
            },
            // Tables of one name are numbered in their order.
            Item::ArrayOfTables(tables) => match path.next().and_then(|place| tables.get(place.parse().ok()?)) {
                Some(inner) => {
                    found = inner.span().or(found);
                    table = inner;
                }
                None => break,
            },
            Item::None => break,
        }
    }
    Some(position(&file, &text, found?.start))
}

fn position(file: &Path, text: &str, at: usize) -> String {
    let before = &text[..at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    format!("{}:{line}:{column}", file.display())
}
