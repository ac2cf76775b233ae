//! What is handed out says under which licences: the binary, the files in `packaging/`, and the Debian package alike.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::process::Command;

use crate::portable::{CARRIERS, root};
use crate::support::test_box::binary;

/// What mends the notices.
const MEND: &str = "run packaging/notices and commit what it writes";

/// Licences that parts offer beside another, and that nobody chooses.
const NOT_CHOSEN: [&str; 3] = ["GPL-2.0-only", "GPL-3.0-only", "BSL-1.0"];

fn packaging(name: &str) -> String {
    fs::read_to_string(root().join("packaging").join(name)).unwrap()
}

/// Names and versions of the crates that are linked into the binary, on whatever it is built for.
fn linked() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for carrier in CARRIERS {
        let mut tree = Command::new("cargo");
        tree.args(["tree", "--locked", "--prefix", "none", "--format", "{p}"]);
        tree.args(["--edges", "normal,no-proc-macro", "--target", carrier]);
        let said = tree.current_dir(root()).output().expect("the test needs cargo");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        for line in String::from_utf8(said.stdout).unwrap().lines() {
            let mut words = line.split_whitespace();
            let (name, version) = (words.next().unwrap(), words.next().unwrap());
            found.insert(format!("{name} {}", version.trim_start_matches('v')));
        }
    }
    found.remove(concat!("gatelodge ", env!("CARGO_PKG_VERSION")));
    found
}

/// The parts of the notices: title, and the line with the licences and where it comes from.
fn noted() -> Vec<(String, String)> {
    let text = packaging("THIRD-PARTY");
    let parts = text.split("\n====").next().unwrap().split("\n\n");
    let part = |part: &str| {
        let mut lines = part.lines();
        let (title, source) = (lines.next()?, lines.next()?);
        source
            .contains("; https://")
            .then(|| (title.to_owned(), source.trim().to_owned()))
    };
    parts.filter_map(part).collect()
}

#[test]
fn the_notices_name_the_crates_that_are_linked() {
    let parts = noted().into_iter();
    let noted: BTreeSet<String> = parts
        .filter(|(_, source)| source.contains("; https://crates.io/crates/"))
        .map(|(title, _)| title)
        .collect();
    let linked = linked();
    assert!(linked.len() > 200, "{linked:?}");
    let missing: Vec<_> = linked.difference(&noted).collect();
    let gone: Vec<_> = noted.difference(&linked).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "packaging/THIRD-PARTY: missing {missing:?}, not linked any more {gone:?}: {MEND}"
    );
}

#[test]
fn the_binary_prints_its_licence_and_the_notices() {
    let packed = fs::read(root().join("packaging/THIRD-PARTY.gz")).unwrap();
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut unpacked)
        .unwrap();
    assert!(
        unpacked == packaging("THIRD-PARTY"),
        "THIRD-PARTY.gz is another: {MEND}"
    );
    assert!(
        packed.len() < 90_000,
        "{} bytes: too much for every binary",
        packed.len()
    );

    let printed = |option: &str| {
        let output = binary().args(["version", option]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let whole = format!("{}\n{unpacked}", packaging("LICENSE"));
    assert!(printed("--licences") == whole, "printed otherwise than it is written");
    assert!(printed("--licenses") == whole);
    let version = binary().arg("--version").output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&version.stdout),
        concat!("gatelodge ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn the_package_names_the_same_licences() {
    let offered: BTreeSet<String> = noted()
        .iter()
        .flat_map(|(_, source)| {
            let licences = source.split("; https://").next().unwrap();
            let licences = licences
                .replace(['(', ')'], "")
                .replace(" AND ", " OR ")
                .replace('/', " OR ");
            let each = licences.split(" OR ").map(|one| one.trim().to_owned());
            each.collect::<Vec<_>>()
        })
        .filter(|licence| !NOT_CHOSEN.contains(&licence.as_str()))
        .collect();
    let copyright = packaging("copyright").replace("\n ", " ");
    let (_, list) = copyright.split_once("These are the licences: ").unwrap();
    let (list, _) = list.split_once(". . ").unwrap();
    let named: BTreeSet<String> = list.split(", ").map(str::to_owned).collect();
    assert_eq!(named, offered, "packaging/copyright beside packaging/THIRD-PARTY");
    assert!(packaging("deb").contains("put 644 packaging/THIRD-PARTY.gz "));
}

#[test]
fn the_licence_is_whole() {
    let licence = packaging("LICENSE");
    for part in [
        "Version 2.0, January 2004",
        "9. Accepting Warranty",
        "END OF TERMS AND CONDITIONS",
        "APPENDIX",
    ] {
        assert!(licence.contains(part), "{part}");
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains("(packaging/LICENSE)") && readme.contains("(packaging/THIRD-PARTY)"));
}
