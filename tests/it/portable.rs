//! The binary is built for the machine that builds it: nothing names an architecture, and both that the box is meant
//! for get the flags that make it one static file. No ARM machine has run the tests yet; this keeps the way open.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

/// Those that the box is meant for.
pub const CARRIERS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// What makes the binary static.
const FLAGS: [&str; 4] = ["-C", "target-feature=+crt-static", "-C", "relocation-model=static"];

/// How architectures are called, by Rust and by Debian.
const NAMES: [&str; 4] = ["x86_64", "amd64", "aarch64", "arm64"];

/// Files that name them, both alike, and why.
const NAMED_IN: &[(&str, &str)] = &[
    (".cargo/config.toml", "the flags of each"),
    (".deny.toml", "what is handed out"),
    ("tests/it/portable.rs", "this file"),
];

/// Folders that are not written by hand: by name, or from the top.
const MADE: &[&str] = &[".git", "target", "dist", "tests/vectors", "node_modules", "__pycache__"];

/// The top of the source tree.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file under `folder` that somebody wrote, by its name from the top.
pub fn written(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let from_top = path.strip_prefix(root()).unwrap().display().to_string();
        let is_made = MADE.contains(&name.as_str()) || MADE.contains(&from_top.as_str());
        if path.is_dir() && !is_made {
            written(&path, found);
        } else if path.is_file()
            && name != "Cargo.lock"
            && let Ok(text) = fs::read_to_string(&path)
        {
            found.push((from_top, text));
        }
    }
}

fn words(item: Option<&toml_edit::Item>) -> Vec<String> {
    let words = item.and_then(toml_edit::Item::as_array).into_iter().flatten();
    words.map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn cargo_builds_for_its_own_machine_with_the_same_flags_everywhere() {
    let text = fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    let config: DocumentMut = text.parse().unwrap();
    assert_eq!(config["build"]["target"].as_str(), Some("host-tuple"));
    for carrier in CARRIERS {
        let flags = config["target"].get(carrier).and_then(|target| target.get("rustflags"));
        assert_eq!(words(flags), FLAGS, ".cargo/config.toml: the flags of {carrier}");
    }
    let deny: DocumentMut = fs::read_to_string(root().join(".deny.toml")).unwrap().parse().unwrap();
    assert_eq!(
        words(deny["graph"].get("targets")),
        CARRIERS,
        ".deny.toml looks at both"
    );
}

#[test]
fn no_file_names_an_architecture() {
    let mut files = Vec::new();
    written(root(), &mut files);
    for known in ["tests/run", "tests/bench", "packaging/deb", "README.md", "src/lib.rs"] {
        assert!(files.iter().any(|(file, _)| file == known), "{known} was not read");
    }
    let mut faults = Vec::new();
    for (file, text) in files {
        if NAMED_IN.iter().any(|(known, _)| *known == file) {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(name) = NAMES.iter().find(|name| line.contains(*name)) {
                faults.push(format!(
                    "{file}:{number}: {name} is pinned; ask cargo or dpkg: {}",
                    line.trim()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
