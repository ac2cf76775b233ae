//! What a run of the tests may be told stands in variables of one prefix, so that none is taken for a setting of the box.

use crate::portable::{root, written};

/// What tests are told begins so.
const PREFIX: &str = "GATELODGE_TEST_";

/// Read by tests under another name, and why.
const OTHERS: &[(&str, &str)] = &[
    (
        "EMOP_VECTORS",
        "vectors that others keep, for whatever implements the protocol",
    ),
    ("PATH", "where programs lie"),
    ("TMPDIR", "where what is only kept for a while lies"),
    ("CARGO_TARGET_DIR", "cargo's"),
    ("PWD", "the shell's"),
];

/// Settings of the box beside `GATELODGE_<SECTION>__<KEY>`: those keys that stand in no section.
const TOP_KEYS: [&str; 2] = ["GATELODGE_DATA_DIR", "GATELODGE_ADMIN_SOCKET"];

/// The tests' files, and the check of the package.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    written(&root().join("tests"), &mut files);
    for check in ["packaging/check", "packaging/check-inside"] {
        files.push((check.to_owned(), std::fs::read_to_string(root().join(check)).unwrap()));
    }
    files.retain(|(file, _)| file != "tests/it/variables.rs");
    files
}

/// The capitals at the beginning of `text`, when they can be the name of a variable.
fn name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
    let name = &text[..end.unwrap_or(text.len())];
    (name.len() > 2 && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(name)
}

/// What follows each `beginning` in `text`, as a name.
fn names_after<'a>(text: &'a str, beginning: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(beginning).skip(1).filter_map(name)
}

/// The variables that a file reads: by name in Rust and Python, by `$` in a script.
fn read<'a>(file: &str, text: &'a str) -> Vec<&'a str> {
    let is_script =
        text.starts_with("#!/bin/sh") || text.starts_with("#!/usr/bin/env bash") || text.starts_with("#!/bin/bash");
    let ways: &[&str] = if file.ends_with(".rs") {
        &["env::var(\"", "env::var_os(\""]
    } else if is_script {
        &["$", "${"]
    } else {
        &["environ[\"", "environ.get(\"", "getenv(\""]
    };
    let mut found: Vec<&str> = ways.iter().flat_map(|way| names_after(text, way)).collect();
    if is_script {
        // Those that it sets itself.
        found.retain(|name| !text.contains(&format!("\n{name}=")) && !text.contains(&format!(" {name}=")));
    }
    found
}

#[test]
fn tests_read_variables_of_one_prefix() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for (file, text) in files() {
        for name in read(&file, &text) {
            seen += usize::from(name.starts_with(PREFIX));
            if !name.starts_with(PREFIX) && !OTHERS.iter().any(|(other, _)| *other == name) {
                faults.push(format!("{file} reads {name}: call it {PREFIX}…"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 15, "only {seen} were found");
}

#[test]
fn every_other_variable_of_ours_is_a_setting_of_the_box() {
    let mut faults = Vec::new();
    for (file, text) in files() {
        for rest in names_after(&text, "GATELODGE_") {
            let name = format!("GATELODGE_{rest}");
            let is_setting = rest.contains("__") || TOP_KEYS.contains(&name.as_str());
            if !name.starts_with(PREFIX) && !is_setting {
                faults.push(format!("{file}: {name} is neither a setting nor {PREFIX}…"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reader_of_variables_sees_what_is_read() {
    assert_eq!(read("a.rs", "env::var(\"SOME\") env::var(name)"), ["SOME"]);
    assert_eq!(read("a.py", "os.environ.get(\"MORE\", 1)"), ["MORE"]);
    assert_eq!(
        read("run", "#!/bin/sh\nLOCAL=1\necho $LOCAL ${THERE:-no} $1"),
        ["THERE"]
    );
}
