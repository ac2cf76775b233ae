//! What the box was told remotely (UPLINK §2.7): one more layer,
//! `<data_dir>/conf.d/remote.toml`, written by the box itself.
//!
//! A new text names what is to be in force; what it does not name, and what it says as `***`, stays. Of it only that is
//! kept in which it differs from the layers below, so that who changes the box's own file is not overruled by a copy of
//! it. While a change is tried, what was before stands beside it: a crash in the trial puts it back.

mod allow;
mod error;
mod files;
mod layer;
mod merge;

use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use super::Config;
use super::layers::{self, Flags, remote_file};
use crate::files::FileError;
use crate::uplink::Section;
use allow::{MASK, allows};
pub use error::RemoteError;
pub use files::{keep, roll_back};
pub(super) use layer::Layer;
pub(super) use merge::put;
use merge::{Merge, plain};

/// What the keys end with whose values are masked.
const SECRET: [&str; 6] = [
    "password_file",
    "otp_file",
    "key_file",
    "secret_file",
    "socks5_url",
    "proxy",
];

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

fn mask(table: &mut dyn TableLike) {
    for (key, item) in table.iter_mut() {
        let is_secret = SECRET.iter().any(|ending| key.get().ends_with(ending));
        if is_secret && item.is_value() {
            *item = value(MASK);
        } else if let Some(inner) = item.as_table_like_mut() {
            mask(inner);
        } else if let Some(list) = item.as_array_mut() {
            let tables = list.iter_mut().filter_map(toml_edit::Value::as_inline_table_mut);
            tables.for_each(|table| mask(table));
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
            .is_some_and(|list| list.iter().all(toml_edit::Value::is_inline_table) && !list.is_empty())
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
    let path = remote_file(&now.data_dir);
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(FileError::new("read", &path, source).into()),
    };
    let below = layers::load_with(flags, Some(""))?.config;
    let (kept, _) = layer::screened(&below, &kept.parse().unwrap_or_default());
    // Said in other words: the whole with that alone is the whole that is in force.
    let means_the_same = |path: &str, item: &Item| {
        let loaded = layers::load_as_ours(flags, (path, item));
        loaded.map(|loaded| loaded.config == *now)
    };
    let mut merge = Merge {
        section,
        in_force: now,
        now: plain(now),
        below: plain(&below),
        means_the_same: &means_the_same,
        kept,
        refused: None,
    };
    merge.table("", wanted.as_table())?;
    let head = "# What the cloud wants to be different here. Written by gatelodge; it is read last.\n";
    let text = format!("{head}{}", merge.kept);
    let loaded = layers::load_with(flags, Some(&text))?;
    match loaded.refused.is_empty() {
        true => Ok(Candidate {
            config: loaded.config,
            text,
        }),
        false => Err(RemoteError::Screened(loaded.refused)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A box of its own whose file says this; what it was told already.
    fn configured(text: &str) -> (tempfile::TempDir, Flags, Config) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let text = format!("data_dir = {:?}\n{text}", folder.path().join("data"));
        std::fs::write(&file, text).unwrap();
        let flags = Flags {
            file: Some(file),
            ..Flags::default()
        };
        let config = layers::load(&flags).unwrap().config;
        (folder, flags, config)
    }

    #[test]
    fn only_what_differs_is_kept_and_what_is_as_below_again_goes() {
        let (_folder, flags, config) = configured("[occupancy]\ncreate_limit = \"5/s\"\n");
        let told = |config: &Config, text: &str| {
            let candidate = candidate(&flags, config, Section::Whole, text).unwrap();
            candidate.put(&config.data_dir).unwrap();
            keep(&config.data_dir).unwrap();
            std::fs::read_to_string(remote_file(&config.data_dir)).unwrap()
        };
        let said = told(
            &config,
            "[occupancy]\ncreate_limit = \"5/s\"\nidle_expiry = \"26h\"\n[site]\nname = \"Hall\"\n",
        );
        assert!(
            !said.contains("create_limit") && said.contains("idle_expiry = \"26h\""),
            "{said}"
        );
        let now = layers::load(&flags).unwrap().config;
        let said = told(&now, "[site]\nname = \"Gatelodge\"\n");
        assert!(
            !said.contains("Gatelodge") && said.contains("idle_expiry = \"26h\""),
            "{said}"
        );
        let now = layers::load(&flags).unwrap().config;
        let said = told(&now, &shown(&now, Section::Whole));
        assert_eq!(said.matches(" = ").count(), 1, "what is shown changes nothing: {said}");
    }

    #[test]
    fn a_trial_that_nobody_ended_is_put_back_and_one_that_was_kept_stays() {
        let (_folder, flags, config) = configured("[occupancy]\n");
        let with = |text: &str| candidate(&flags, &config, Section::Whole, text).unwrap();
        let name = || layers::load(&flags).unwrap().config.site.name;
        let before = name();
        with("[site]\nname = \"Two\"\n").put(&config.data_dir).unwrap();
        assert_eq!(name(), "Two");
        assert!(roll_back(&config.data_dir).unwrap());
        assert_eq!(name(), before);
        with("[site]\nname = \"Three\"\n").put(&config.data_dir).unwrap();
        keep(&config.data_dir).unwrap();
        with("[site]\nname = \"Four\"\n").put(&config.data_dir).unwrap();
        assert!(roll_back(&config.data_dir).unwrap());
        assert_eq!(name(), "Three");
        assert!(!roll_back(&config.data_dir).unwrap());
    }

    #[test]
    fn a_part_holds_its_own_keys_and_masks_hold_no_secret() {
        let (_folder, flags, config) = configured(
            "[occupancy]\n[[occupancy.webhook]]\nname = \"w\"\nurl = \"https://x.example/path\"\n\
             secret_file = \"/secret/hook\"\n\
             [uplink]\nkind = \"cumulocity\"\nurl = \"mqtts://x.example\"\ntenant = \"t1\"\n\
             username = \"u\"\npassword_file = \"/secret/place\"\n[meters]\n[[meter]]\nserial = \"EML1\"\n\
             link = \"tcp://127.0.0.1:9\"\n",
        );
        let uplink = shown(&config, Section::Uplink);
        assert!(
            uplink.starts_with("[uplink]\n") && uplink.contains("password_file = \"***\""),
            "{uplink}"
        );
        assert!(!uplink.contains("secret") && !uplink.contains("occupancy"), "{uplink}");
        let spaces = shown(&config, Section::Spaces);
        assert!(
            spaces.contains("secret_file = \"***\"") && !spaces.contains("/secret"),
            "{spaces}"
        );
        assert!(!spaces.contains("path"), "{spaces}");
        let meters = shown(&config, Section::Meters);
        assert!(meters.contains("[[meter]]\n") && !meters.contains("uplink"), "{meters}");
        let told = |text: &str| candidate(&flags, &config, Section::Uplink, text);
        let new = told(&uplink.replace("window = 20", "window = 7")).unwrap().config;
        let new = new.uplink.unwrap().room;
        assert_eq!(new.window, 7);
        assert_eq!(new.password_file, config.uplink.clone().unwrap().room.password_file);
        let moved = told(&uplink.replace("x.example", "y.example")).err().unwrap();
        assert!(moved.to_string().contains("`uplink.url`"), "{moved}");
        let wrong = candidate(&flags, &config, Section::Spaces, &uplink);
        assert!(matches!(wrong, Err(RemoteError::Elsewhere { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_a_configuration_or_refused(text in "[a-z\\[\\]{}.=\"\n *0-9]{0,60}") {
            let (_folder, flags, config) = configured("[occupancy]\n");
            let _ = candidate(&flags, &config, Section::Whole, &text);
        }
    }
}
