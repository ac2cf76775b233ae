//! The papers beside the code: what a comment cites is there, and what is there is cited or not built.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A paper: its file, and what can be cited in it, each with the heading that it stands under.
struct Paper {
    file: String,
    /// Sections (`§2.4`), promises and decisions (`P3`, `Q12`): numbered headings and rows of tables.
    targets: BTreeMap<String, Target>,
}

struct Target {
    /// Whether it is a heading; rows of tables are cited when the heading above them is.
    is_heading: bool,
    /// The heading that it stands under, if that can be cited.
    under: Option<String>,
    /// It is said to be *not built*.
    is_not_built: bool,
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, found);
        } else if path
            .extension()
            .is_some_and(|ending| ["rs", "py", "md", "proto"].iter().any(|one| ending == *one))
        {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.to_str().unwrap().to_owned(), text));
        }
    }
}

/// Every source and test, and the papers among them.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "tests/it", "tests/speed"] {
        walk(&root.join(folder), &mut found);
    }
    let prefix = format!("{}/", root.display());
    for (file, _) in &mut found {
        *file = file.trim_start_matches(&prefix).to_owned();
    }
    found
}

/// `§2.4`, `P3`, `Q12`: what begins `text`.
fn mark(text: &str) -> Option<&str> {
    let is_section = text.starts_with('§');
    let skipped = text
        .chars()
        .next()
        .filter(|first| is_section || first.is_ascii_uppercase())?
        .len_utf8();
    let rest = &text[skipped..];
    let digits = rest.len()
        - rest
            .trim_start_matches(|c: char| c.is_ascii_digit() || (is_section && c == '.'))
            .len();
    let whole = text[..skipped + digits].trim_end_matches('.');
    (whole.len() > skipped).then_some(whole)
}

/// The section that holds a section: `§2` of `§2.4`.
fn above(section: &str) -> Option<String> {
    Some(section.rsplit_once('.')?.0.to_owned())
}

fn paper(file: &str, text: &str) -> Option<(String, Paper)> {
    let prefix = text
        .lines()
        .next()?
        .strip_prefix("Cited as `")?
        .strip_suffix("`.")?
        .to_owned();
    let mut targets: BTreeMap<String, Target> = BTreeMap::new();
    let mut here: Option<String> = None;
    for line in text.lines() {
        let heading = line.starts_with('#').then(|| line.trim_start_matches('#').trim_start());
        if let Some(heading) = heading {
            here = mark(heading).map(str::to_owned);
        } else if line.contains("*Not built.*")
            && let Some(target) = here.as_ref().and_then(|here| targets.get_mut(here))
        {
            target.is_not_built = true;
        }
        let cell = line.strip_prefix("| ").and_then(|row| row.split(" |").next());
        let row = cell.filter(|cell| heading.is_none() && mark(cell) == Some(cell));
        if let Some(found) = heading.and_then(mark).or(row) {
            let under = if heading.is_some() { above(found) } else { here.clone() };
            let target = Target {
                is_heading: heading.is_some(),
                under,
                is_not_built: false,
            };
            assert!(
                targets.insert(found.to_owned(), target).is_none(),
                "{file}: {found} stands twice"
            );
        }
    }
    let file = file.to_owned();
    Some((prefix, Paper { file, targets }))
}

fn papers(texts: &[(String, String)]) -> BTreeMap<String, Paper> {
    let found = texts.iter().filter(|(file, _)| file.starts_with("src/"));
    found.filter_map(|(file, text)| paper(file, text)).collect()
}

/// What `text` cites of the paper `prefix`: `EMOP §6, §8.3`. A citation may go over the end of a comment's line.
fn cited<'t>(text: &'t str, prefix: &str) -> Vec<&'t str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let is_word = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let mut rest = &text[at + prefix.len()..];
        let mut lead = " ";
        while is_word && let Some(next) = rest.strip_prefix(lead).and_then(mark) {
            found.push(next);
            rest = &rest[lead.len() + next.len()..];
            lead = ", ";
        }
    }
    found
}

#[test]
fn every_citation_leads_somewhere_and_every_heading_is_cited() {
    let texts = texts();
    let papers = papers(&texts);
    let known: Vec<&str> = papers.keys().map(String::as_str).collect();
    assert_eq!(known, ["BOOK", "EMOP", "MOVE", "OCC", "PER", "PRIV", "RELAY", "UPLINK"]);
    let mut faults = Vec::new();
    for (prefix, paper) in &papers {
        let mut used = BTreeSet::new();
        for (file, text) in &texts {
            for found in cited(text, prefix) {
                if !paper.targets.contains_key(found) {
                    faults.push(format!("{file}: {prefix} {found} is not in {}", paper.file));
                }
                let mut next = Some(found.to_owned());
                while let Some(one) = next {
                    next = paper.targets.get(&one).and_then(|target| target.under.clone());
                    used.insert(one);
                }
            }
        }
        assert!(used.len() > 5, "{prefix} is not read right");
        let idle = paper
            .targets
            .iter()
            .filter(|(name, target)| target.is_heading && !target.is_not_built && !used.contains(name.as_str()));
        faults.extend(idle.map(|(name, _)| format!("{}: nothing cites {prefix} {name}", paper.file)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn pages_that_comments_name_are_in_the_project() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let texts = texts();
    let mut faults = Vec::new();
    for (file, text) in texts.iter().filter(|(file, _)| !file.ends_with("it/papers.rs")) {
        for (at, _) in text.match_indices(".md") {
            let before = text[..at]
                .rsplit(|c: char| !(c.is_alphanumeric() || "_-./".contains(c)))
                .next();
            let name = format!("{}.md", before.unwrap_or_default());
            let beside = Path::new(file).parent().map(|folder| root.join(folder).join(&name));
            let is_there = root.join(&name).exists() || beside.is_some_and(|path| path.exists());
            // A method of that name, a template's ending, a place holder.
            let is_page = name.len() > 3 && !text[at + 3..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
            if is_page && !is_there && !name.contains("ROOM") {
                faults.push(format!("{file}: {name} is not there"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether a comment has the number of a section without the paper that it is of, in brackets or after the word.
fn is_bare(comment: &str) -> bool {
    let standards = ["RFC", "NIST", "Annex", "§", "X.", "ISO", "MQTT", "EN ", "IEC"];
    if standards.iter().any(|name| comment.contains(name)) {
        return false;
    }
    let begins_with_digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let in_brackets = comment.split('(').skip(1).any(|rest| {
        let inner = rest.split(')').next().unwrap_or_default();
        let is_number = inner
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        is_number && inner.contains('.')
    });
    in_brackets || comment.split("section ").skip(1).any(begins_with_digit)
}

#[test]
fn a_citation_says_of_what_it_is() {
    assert!(is_bare(" before anything is answered (3.6)") && is_bare(" of section 6.1."));
    assert!(!is_bare(" (RELAY §3.6)") && !is_bare(" since 1.5 (of 3)"));
    let mut faults = Vec::new();
    for (file, text) in texts().iter().filter(|(file, _)| file.ends_with(".rs")) {
        for (number, line) in (1..).zip(text.lines()) {
            let comment = line.trim_start().strip_prefix("//");
            if comment.is_some_and(is_bare) {
                faults.push(format!("{file}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
