//! A new text laid over what the box was told before.

use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::{MASK, OURS, RemoteError, allows};
use crate::uplink::Section;

/// The layer while a text is laid over it.
pub(super) struct Merge {
    /// The only part that may differ.
    pub(super) section: Section,
    /// What is in force without the layer.
    pub(super) below: Json,
    /// What is in force with it.
    pub(super) now: Json,
    /// The layer.
    pub(super) kept: DocumentMut,
}

impl Merge {
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
