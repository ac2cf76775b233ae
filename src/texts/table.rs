//! The tables, as they stand in `web/texts/`.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

use super::{Language, Value};

const ENGLISH: &str = include_str!("../../web/texts/en.ftl");
const WELSH: &str = include_str!("../../web/texts/cy.ftl");

type Bundle = FluentBundle<FluentResource>;

static TABLES: LazyLock<[Bundle; 2]> =
    LazyLock::new(|| Language::ALL.map(|language| bundle(language, source(language))));

fn source(language: Language) -> &'static str {
    match language {
        Language::English => ENGLISH,
        Language::Welsh => WELSH,
    }
}

fn bundle(language: Language, source: &str) -> Bundle {
    let tag = language.tag().parse().expect("the tags are of two letters");
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Marks around values would show as boxes in old browsers, and stand in what is copied.
    bundle.set_use_isolating(false);
    // A test reads the tables: what cannot be read, or is there twice, does not leave the workshop.
    let read = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
    let _ = bundle.add_resource(read);
    bundle
}

/// Whether English, which has every text, has one of that name.
pub(super) fn has(name: &str) -> bool {
    TABLES[Language::English as usize].get_message(name).is_some()
}

/// The text of a name, with values in its places.
pub(super) fn find(language: Language, name: &str, places: &[(&'static str, Value)]) -> Option<String> {
    let table = &TABLES[language as usize];
    let pattern = table.get_message(name)?.value()?;
    let mut args = FluentArgs::with_capacity(places.len());
    for (place, value) in places {
        args.set(*place, value.as_fluent());
    }
    let mut errors = Vec::new();
    let text = table.format_pattern(pattern, Some(&args), &mut errors);
    debug_assert!(errors.is_empty(), "{name}: {errors:?}");
    Some(Cow::into_owned(text))
}

/// The names of texts that nobody who speaks the language has checked: those below a line `# unchecked`, or without one
/// `# checked by NAME` directly above them.
#[must_use]
pub fn unchecked(language: Language) -> Vec<String> {
    if language == Language::English {
        return Vec::new();
    }
    let mut checked = false;
    let mut names = Vec::new();
    for line in source(language).lines() {
        if line.starts_with('#') {
            checked = line.starts_with("# checked by ");
            continue;
        }
        if let Some(name) = name_of(line) {
            if !checked {
                names.push(name.to_owned());
            }
            checked = false;
        }
    }
    names
}

/// The name that a line of a table begins with, when it begins a text.
fn name_of(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(" =")?;
    let first = name.chars().next()?;
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    (first.is_ascii_alphabetic() && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    fn places_of(text: &str) -> BTreeSet<&str> {
        let after = text.split('$').skip(1);
        after
            .map(|rest| {
                rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .next()
                    .unwrap()
            })
            .collect()
    }

    fn entries(language: Language) -> BTreeMap<&'static str, String> {
        let mut all: BTreeMap<&str, String> = BTreeMap::new();
        let mut name = "";
        for line in source(language).lines().filter(|line| !line.starts_with('#')) {
            if let Some(begun) = name_of(line) {
                name = begun;
                assert!(!all.contains_key(name), "{name} is there twice");
            }
            all.entry(name).or_default().push_str(line);
        }
        all.retain(|name, _| !name.is_empty());
        all
    }

    #[test]
    fn every_table_can_be_read_whole() {
        for language in Language::ALL {
            let read = FluentResource::try_new(source(language).to_owned());
            assert!(read.is_ok(), "{language:?}: {:?}", read.err().map(|(_, errors)| errors));
            assert!(entries(language).len() > 10);
        }
    }

    #[test]
    fn no_language_has_a_text_or_a_place_that_english_has_not() {
        let english = entries(Language::English);
        for (name, text) in entries(Language::Welsh) {
            let known = english
                .get(name)
                .unwrap_or_else(|| panic!("{name} is in no English table"));
            let (theirs, ours) = (places_of(&text), places_of(known));
            assert!(theirs.is_subset(&ours), "{name}: {theirs:?} of {ours:?}");
        }
    }

    /// Names in quotes behind the calls that say them. What is called `named` elsewhere, of something or as a part of a
    /// longer name, is another's.
    fn said_in(source: &str) -> impl Iterator<Item = &str> {
        // Without their first bracket, so that this is none itself.
        let calls = [".say", ".say1", ".say2", ".say_with", "named"];
        calls.into_iter().flat_map(move |call| {
            source.match_indices(call).filter_map(move |(at, _)| {
                let before = source[..at].chars().next_back();
                let is_call = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '.' | ':'));
                let is_ours = call.starts_with('.') || before.is_none_or(is_call);
                let (name, _) = source[at + call.len()..]
                    .strip_prefix('(')?
                    .trim_start()
                    .strip_prefix('"')?
                    .split_once('"')?;
                is_ours.then_some(name)
            })
        })
    }

    fn files(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => files(&path, found),
                path => found.push(fs::read_to_string(path).unwrap_or_default()),
            }
        }
    }

    #[test]
    fn every_name_that_is_said_is_in_the_table_and_every_text_is_said() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = Vec::new();
        files(&root.join("src"), &mut sources);
        files(&root.join("web/templates"), &mut sources);
        // The calls that are looked for stand in this very file, and say nothing.
        sources.retain(|source| !source.contains("fn said_in("));
        let english = entries(Language::English);
        let said: BTreeSet<&str> = sources.iter().flat_map(|source| said_in(source)).collect();
        let unknown: Vec<_> = said.iter().filter(|name| !english.contains_key(**name)).collect();
        assert!(unknown.is_empty(), "said, and in no table: {unknown:?}");
        // Families whose names are put together: their members end in what follows the family's name.
        let family = |name: &str| {
            ["weekday-", "month-", "role-", "counts-", "alarm-"]
                .iter()
                .any(|family| name.starts_with(family))
        };
        let silent: Vec<_> = english
            .keys()
            .filter(|name| !said.contains(**name) && !family(name))
            .collect();
        assert!(silent.is_empty(), "in the table, and never said: {silent:?}");
    }

    #[test]
    fn what_was_checked_is_marked_text_by_text() {
        let welsh = entries(Language::Welsh);
        assert!(unchecked(Language::Welsh).len() <= welsh.len());
        assert!(unchecked(Language::English).is_empty());
    }
}
