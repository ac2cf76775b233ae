//! The layer as it is laid over the others: whatever stands in the file, only what may be set from afar is in force.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use toml_edit::{DocumentMut, Item};

use super::allow::OF_A_METER;
use super::merge::{Merge, json, of_serial, plain};
use crate::config::Config;
use crate::uplink::Section;

/// What may be laid over a configuration.
pub(in crate::config) struct Layer {
    path: PathBuf,
    dict: Dict,
    /// What stands in the text and is not in force, each with why.
    pub(in crate::config) refused: Vec<String>,
}

/// Only what may be set from afar of a text, over `below`; and what else stands in it.
pub(super) fn screened(below: &Config, wanted: &DocumentMut) -> (DocumentMut, Vec<String>) {
    let now = plain(below);
    let mut merge = Merge {
        section: Section::Whole,
        in_force: below,
        below: now.clone(),
        now,
        means_the_same: &|_, _| Ok(false),
        kept: DocumentMut::new(),
        refused: Some(Vec::new()),
    };
    let told = merge.table("", wanted.as_table());
    let mut refused = merge.refused.unwrap_or_default();
    refused.extend(told.err().map(|error| error.to_string()));
    (merge.kept, refused)
}

impl Layer {
    /// The layer that a text makes over `below`. A text that cannot be read is no layer, and told as refused.
    pub(in crate::config) fn over(below: &Config, (path, text): (&Path, &str)) -> Layer {
        let (kept, mut refused) = match text.parse::<DocumentMut>() {
            Ok(wanted) => screened(below, &wanted),
            Err(error) => {
                let why = error.message().lines().next().unwrap_or_default();
                (DocumentMut::new(), vec![format!("it is not valid TOML: {why}")])
            }
        };
        let meters = kept.get("meter").map(|named| meters(below, named));
        let mut rest = kept;
        rest.remove("meter");
        let data = Toml::string(&rest.to_string()).data();
        let mut dict = data.unwrap_or_default().remove(&Profile::Default).unwrap_or_default();
        if let Some(meters) = meters {
            match Value::serialize(meters) {
                Ok(meters) => drop(dict.insert("meter".to_owned(), meters)),
                Err(error) => refused.push(format!("`meter`: {error}")),
            }
        }
        Layer {
            path: path.to_owned(),
            dict,
            refused,
        }
    }
}

/// All meters, as those that are named are called.
fn meters(below: &Config, named: &Item) -> serde_json::Value {
    let mut all = plain(below)["meter"].take();
    let named = serde_json::json!({ "meter": json(named) });
    for meter in all.as_array_mut().into_iter().flatten() {
        let serial = meter["serial"].as_str().unwrap_or_default().to_owned();
        let Some(entry) = of_serial(&named, &serial) else {
            continue;
        };
        for key in OF_A_METER {
            if let Some(text) = entry.get(key) {
                meter[key] = text.clone();
            }
        }
    }
    all
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::from("TOML file", self.path.as_path())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}
