//! A new text laid over what the box was told before.

use serde_json::Value as Json;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, value};

use super::allow::{OF_A_METER, Verdict, agrees, allows, judge};
use super::error::RemoteError;
use crate::config::{Config, ConfigErrors};
use crate::uplink::Section;

/// The layer while a text is laid over it.
pub(super) struct Merge<'m> {
    /// The only part that may differ.
    pub(super) section: Section,
    /// What is in force.
    pub(super) in_force: &'m Config,
    /// The same, as it is compared.
    pub(super) now: Json,
    /// What is in force without the layer.
    pub(super) below: Json,
    /// Whether a value under a key that is not to be set means what is in force, in other words.
    pub(super) means_the_same: &'m dyn Fn(&str, &Item) -> Result<bool, ConfigErrors>,
    /// The layer.
    pub(super) kept: DocumentMut,
    /// What was not taken; `None`: the first such thing ends the work.
    pub(super) refused: Option<Vec<String>>,
}

impl Merge<'_> {
    /// Lays a table over it.
    pub(super) fn table(&mut self, path: &str, table: &dyn TableLike) -> Result<(), RemoteError> {
        for (key, item) in table.iter() {
            let path = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
            if !allows(self.section, &path) {
                let section = self.section.name();
                self.refuse(RemoteError::Elsewhere { key: path, section })?;
                continue;
            }
            match item.as_table_like() {
                Some(inner) if inner.is_empty() => self.empty(&path)?,
                Some(inner) => self.table(&path, inner)?,
                None if path == "meter" => self.meters(item)?,
                None => self.leaf(&path, item)?,
            }
        }
        Ok(())
    }

    /// A section with nothing in it changes nothing where it stands already, and opens a room where it does not.
    fn empty(&mut self, path: &str) -> Result<(), RemoteError> {
        match at(&self.now, path) {
            Some(Json::Null) | None => self.refuse(RemoteError::Ours(path.to_owned())),
            Some(_) => Ok(()),
        }
    }

    fn leaf(&mut self, path: &str, item: &Item) -> Result<(), RemoteError> {
        let wanted = json(item);
        match judge(self.in_force, at(&self.now, path), (path, &wanted)) {
            Verdict::Unchanged => Ok(()),
            Verdict::Taken => {
                let as_below = at(&self.below, path) == Some(&wanted);
                self.put(path, (!as_below).then(|| item.clone()));
                Ok(())
            }
            Verdict::Refused(RemoteError::Ours(key)) => match (self.means_the_same)(path, item) {
                Ok(true) => Ok(()),
                Err(error) if error.name_unknown_key() => self.refuse(error.into()),
                Ok(false) | Err(_) => self.refuse(RemoteError::Ours(key)),
            },
            Verdict::Refused(error) => self.refuse(error),
        }
    }

    /// Meters are known by their serials: those that are not named stay, and none comes or goes.
    fn meters(&mut self, item: &Item) -> Result<(), RemoteError> {
        let Json::Array(entries) = json(item) else {
            return self.refuse(RemoteError::Ours("meter".to_owned()));
        };
        for entry in &entries {
            let serial = entry["serial"].as_str().unwrap_or_default().to_owned();
            let known = |all: &Json| of_serial(all, &serial).cloned();
            let Some(now) = known(&self.now) else {
                self.refuse(RemoteError::Ours(format!("meter.{serial}")))?;
                continue;
            };
            let below = known(&self.below).unwrap_or_default();
            for (key, wanted) in entry.as_object().into_iter().flatten() {
                if agrees(wanted, now.get(key)) {
                    continue;
                }
                match wanted.as_str().filter(|_| OF_A_METER.contains(&key.as_str())) {
                    Some(text) => self.name(&serial, key, (below.get(key) != Some(wanted)).then_some(text)),
                    None => self.refuse(RemoteError::Ours(format!("meter.{serial}.{key}")))?,
                }
            }
        }
        Ok(())
    }

    /// Puts what a meter is called into the layer, or takes it out.
    fn name(&mut self, serial: &str, key: &str, text: Option<&str>) {
        let item = self
            .kept
            .entry("meter")
            .or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(tables) = item.as_array_of_tables_mut() else {
            return;
        };
        let is_it = |table: &Table| table.get("serial").and_then(Item::as_str) == Some(serial);
        if !tables.iter().any(is_it) {
            let mut table = Table::new();
            table.insert("serial", value(serial));
            tables.push(table);
        }
        for table in tables.iter_mut().filter(|table| is_it(table)) {
            match text {
                Some(text) => drop(table.insert(key, value(text))),
                None => drop(table.remove(key)),
            }
        }
        tables.retain(|table| table.len() > 1);
        if tables.is_empty() {
            self.kept.remove("meter");
        }
    }

    fn refuse(&mut self, error: RemoteError) -> Result<(), RemoteError> {
        match &mut self.refused {
            Some(refused) => {
                refused.push(error.to_string());
                Ok(())
            }
            None => Err(error),
        }
    }

    /// Puts a value into the layer, or takes it out.
    fn put(&mut self, path: &str, item: Option<Item>) {
        put(self.kept.as_table_mut(), path, item);
    }
}

/// Puts a value under a path, or takes it out.
pub(in crate::config) fn put(mut table: &mut Table, path: &str, item: Option<Item>) {
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

/// The entry of a meter.
pub(super) fn of_serial<'a>(config: &'a Json, serial: &str) -> Option<&'a Json> {
    let mut meters = config.get("meter")?.as_array()?.iter();
    meters.find(|meter| meter["serial"] == serial)
}

pub(super) fn at<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, key| json.get(key))
}

/// The whole as JSON, to be compared with what is wanted.
pub(super) fn plain(config: &Config) -> Json {
    serde_json::to_value(config).expect("the configuration is plain data")
}

/// A value as JSON, to be compared with what the configuration says of itself.
pub(super) fn json(item: &Item) -> Json {
    if let Some(tables) = item.as_array_of_tables() {
        let tables = tables.iter().map(|table| of_table(table));
        return Json::Array(tables.collect());
    }
    match item.as_table_like() {
        Some(table) => of_table(table),
        None => item.as_value().map_or(Json::Null, of_value),
    }
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
