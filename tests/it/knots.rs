//! The law of imports within rooms: files that import each other in a circle are one thing that nobody can read in
//! parts. Those that are left are listed with what ties them; a new one is a fault, and so is one that was opened and
//! is still listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Circles that are left: the folder of all their files, how many there are, and why.
const KNOTS: &[(&str, usize, &str)] = &[];

/// Module paths (`store::log::frame`) and what each file says, without comments and inline tests.
struct Sources {
    files: BTreeMap<Vec<String>, String>,
    texts: BTreeMap<String, String>,
    /// What a `mod.rs` says it has from elsewhere.
    exports: BTreeMap<(String, String), Vec<String>>,
}

fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// `src/store/log/mod.rs` is `store::log`.
fn module(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    parts
}

/// A use tree as the paths in it: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, rest)) = tree.split_once('{') else {
        let plain = tree.split(" as ").next().unwrap_or_default();
        return vec![plain.trim().to_owned()];
    };
    let body = rest.rsplit_once('}').map_or(rest, |(body, _)| body);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in body.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(c),
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    let all = parts.flat_map(|part| expanded(part));
    all.map(|inner| format!("{before}{inner}")).collect()
}

/// The statements `use …;` of a text: each with whether others see what it names.
fn uses(text: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let line = text[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_public = line.starts_with("pub");
        if (line.is_empty() || is_public) && !line.contains("//") {
            let tree = text[at + 4..].split(';').next().unwrap_or_default();
            found.extend(expanded(tree).into_iter().map(|path| (is_public, path)));
        }
    }
    found
}

/// A text without its statements `use …;`.
fn without_uses(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(at) = rest.find("use ") {
        let line = rest[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_statement = line.is_empty() || (line.starts_with("pub") && !line.contains("fn"));
        let end = if is_statement {
            rest[at..].find(';').map_or(rest.len(), |end| at + end)
        } else {
            at + 4
        };
        kept.push_str(&rest[..at]);
        rest = &rest[end..];
    }
    kept + rest
}

impl Sources {
    fn read() -> Sources {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        walk(&root.join("src"), &mut paths);
        let (mut files, mut texts) = (BTreeMap::new(), BTreeMap::new());
        for path in paths {
            let file = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let is_tests = file.ends_with("tests.rs") || file.contains("/tests/");
            if file == "src/main.rs" || is_tests {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let bare = code.lines().map(|line| line.split("//").next().unwrap_or_default());
            files.insert(module(&file), file.clone());
            texts.insert(file, bare.collect::<Vec<_>>().join("\n"));
        }
        let mut sources = Sources {
            files,
            texts,
            exports: BTreeMap::new(),
        };
        for (file, text) in sources.texts.clone() {
            for (_, path) in uses(&text).into_iter().filter(|(is_public, _)| *is_public) {
                if let Some(whole) = sources.whole(&file, &path) {
                    let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                    sources.exports.insert((file.clone(), name), whole);
                }
            }
        }
        sources
    }

    /// A path from the crate's root.
    fn whole(&self, file: &str, path: &str) -> Option<Vec<String>> {
        let parts: Vec<&str> = path.split("::").map(str::trim).collect();
        let mut here = module(file);
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        match parts[0] {
            "crate" => Some(owned(&parts[1..])),
            "self" => {
                here.extend(owned(&parts[1..]));
                Some(here)
            }
            "super" => {
                let up = parts.iter().take_while(|part| **part == "super").count();
                here.truncate(here.len().checked_sub(up)?);
                here.extend(owned(&parts[up..]));
                Some(here)
            }
            child => {
                here.push(child.to_owned());
                let is_child = self.files.contains_key(&here);
                here.extend(owned(&parts[1..]));
                is_child.then_some(here)
            }
        }
    }

    /// The file that has what a path names, through what is exported on the way.
    fn file_of(&self, path: &[String], depth: usize) -> Option<&str> {
        let at = (1..=path.len())
            .rev()
            .find(|at| self.files.contains_key(&path[..*at]))?;
        let file = &self.files[&path[..at]];
        let next = path
            .get(at)
            .and_then(|name| self.exports.get(&(file.clone(), name.clone())));
        match next {
            Some(further) if depth < 6 => {
                let further: Vec<String> = further.iter().chain(&path[at + 1..]).cloned().collect();
                self.file_of(&further, depth + 1).or(Some(file))
            }
            Some(_) | None => Some(file),
        }
    }

    /// Which file imports which.
    fn imports(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (file, text) in &self.texts {
            let named = uses(text)
                .into_iter()
                .filter(|(is_public, _)| !is_public)
                .map(|(_, path)| path);
            let text = without_uses(text);
            let within = text.match_indices("crate::").chain(text.match_indices("super::"));
            let within = within.filter_map(|(at, _)| {
                let before = &text[..at];
                let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                let rest = &text[at..];
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
                let path = rest[..end.unwrap_or(rest.len())].trim_end_matches(':');
                (begins && path.contains("::")).then(|| path.to_owned())
            });
            for path in named.chain(within) {
                let whole = self.whole(file, &path);
                let target = whole.and_then(|whole| self.file_of(&whole, 0));
                if let Some(target) = target.filter(|target| target != file) {
                    imports.entry(file).or_default().insert(target);
                }
            }
        }
        imports
    }
}

/// What can be reached from `from`.
fn reached<'s>(imports: &BTreeMap<&'s str, BTreeSet<&'s str>>, from: &'s str) -> BTreeSet<&'s str> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        for target in imports.get(file).into_iter().flatten() {
            if seen.insert(*target) {
                next.push(target);
            }
        }
    }
    seen
}

/// The folder that all these files are in.
fn folder(files: &BTreeSet<&str>) -> String {
    let mut parts: Vec<Vec<&str>> = files.iter().map(|file| file.split('/').collect()).collect();
    let first = parts.pop().unwrap_or_default();
    let shared = (0..first.len() - 1).take_while(|at| parts.iter().all(|other| other.get(*at) == first.get(*at)));
    first[..shared.count()].join("/")
}

#[test]
fn files_import_each_other_in_no_circle_that_is_not_known() {
    let sources = Sources::read();
    let imports = sources.imports();
    assert!(imports.len() > 300, "the sources are read");
    let far: BTreeMap<&str, BTreeSet<&str>> = imports.keys().map(|file| (*file, reached(&imports, file))).collect();
    let mut circles: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for (file, reach) in far.iter().filter(|(file, reach)| reach.contains(*file)) {
        let circle = reach
            .iter()
            .filter(|other| far.get(*other).is_some_and(|back| back.contains(file)));
        circles.insert(circle.copied().collect());
    }
    let mut found: Vec<(String, usize)> = circles.iter().map(|circle| (folder(circle), circle.len())).collect();
    let mut known: Vec<(String, usize)> = KNOTS.iter().map(|(at, size, _)| ((*at).to_owned(), *size)).collect();
    found.sort();
    known.sort();
    let new: Vec<_> = circles
        .iter()
        .filter(|circle| !known.contains(&(folder(circle), circle.len())))
        .collect();
    assert!(
        new.is_empty(),
        "circles that are not known: {new:#?}, all of them: {found:?}"
    );
    assert_eq!(found, known, "a circle that was opened is taken from the list");
}
