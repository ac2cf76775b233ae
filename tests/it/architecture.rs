//! What the compiler cannot say within one crate: who may import whom, and how long a file may be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The allowed doors: a module, and what it may import. An import may skip floors, never climb.
const DOORS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "app",
            "admin",
            "config",
            "moving",
            "meter",
            "occupancy",
            "perseus",
            "privacy",
            "relay",
            "uplink",
            "webhooks",
            "accounts",
            "tls",
            "http",
            "pki",
            "store",
            "files",
            "domain",
            "texts",
            "cli",
        ],
    ),
    (
        "app",
        &[
            "admin",
            "config",
            "supervisor",
            "meter",
            "occupancy",
            "perseus",
            "privacy",
            "relay",
            "uplink",
            "webhooks",
            "face",
            "feed",
            "rules",
            "accounts",
            "tls",
            "http",
            "pki",
            "store",
            "files",
            "domain",
            "texts",
            "app",
        ],
    ),
    (
        "admin",
        &[
            "meter",
            "occupancy",
            "perseus",
            "privacy",
            "relay",
            "uplink",
            "webhooks",
            "accounts",
            "tls",
            "http",
            "pki",
            "store",
            "files",
            "domain",
            "texts",
            "admin",
        ],
    ),
    (
        "config",
        &[
            "meter",
            "occupancy",
            "perseus",
            "relay",
            "uplink",
            "webhooks",
            "rules",
            "accounts",
            "http",
            "files",
            "domain",
            "texts",
            "config",
        ],
    ),
    ("supervisor", &[]),
    // Readers of other systems' files: the command line opens those, and nothing here knows the box.
    ("moving", &["domain", "moving"]),
    (
        "meter",
        &[
            "face", "feed", "accounts", "tls", "http", "pki", "store", "files", "domain", "texts", "meter",
        ],
    ),
    (
        "occupancy",
        &[
            "face",
            "feed",
            "accounts",
            "tls",
            "http",
            "pki",
            "store",
            "files",
            "domain",
            "texts",
            "occupancy",
        ],
    ),
    (
        "perseus",
        &[
            "face", "accounts", "tls", "http", "pki", "store", "files", "domain", "texts", "perseus",
        ],
    ),
    (
        "privacy",
        &[
            "face", "accounts", "http", "pki", "store", "files", "domain", "texts", "privacy",
        ],
    ),
    (
        "relay",
        &[
            "face", "accounts", "tls", "http", "pki", "store", "files", "domain", "texts", "relay",
        ],
    ),
    (
        "uplink",
        &[
            "face", "feed", "rules", "accounts", "tls", "http", "pki", "store", "files", "domain", "texts", "uplink",
        ],
    ),
    (
        "face",
        &[
            "accounts", "tls", "http", "pki", "store", "files", "domain", "texts", "face",
        ],
    ),
    ("feed", &["http", "store", "files", "domain", "feed"]),
    // Webhooks read the journal and know no room, though whom they tell stands in the occupancy's section.
    (
        "webhooks",
        &[
            "face", "accounts", "tls", "http", "store", "files", "domain", "texts", "webhooks",
        ],
    ),
    // Rules read the journal; rooms that tell of alarms read what rules wrote.
    ("rules", &["store", "files", "domain", "rules"]),
    (
        "accounts",
        &["tls", "http", "pki", "store", "files", "domain", "texts", "accounts"],
    ),
    ("tls", &["http", "pki", "store", "files", "domain", "tls"]),
    ("http", &["pki", "store", "files", "domain", "texts", "http"]),
    ("pki", &["store", "files", "domain", "pki"]),
    ("store", &["files", "domain", "store"]),
    ("files", &["files"]),
    ("domain", &["domain"]),
    ("texts", &["texts"]),
];

/// Crates that only one folder may name.
const KEPT_TO: &[(&str, &str)] = &[
    ("sled", "store"),
    ("rcgen", "pki"),
    ("pkcs8", "pki"),
    ("rustls_acme", "tls"),
    ("clap", "cli"),
    ("figment", "config"),
    ("tokio_serial", "meter"),
    ("tokio_socks", "meter"),
    ("prost", "meter"),
    ("tonic", "meter"),
    ("tokio_tungstenite", "relay"),
    ("rumqttc", "uplink"),
];
/// And where a second folder does, why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("clap", "src/accounts/permission.rs"), // roles and scopes are words of the command line
];

/// Over so many lines a file states its reason, in a line `// Long because …`.
const LONG: usize = 500;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    sources(&root.join("src"), &mut found);
    found.sort();
    let named = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    found
        .iter()
        .map(|path| (named(path), fs::read_to_string(path).unwrap()))
        .collect()
}

fn module_of(file: &str) -> &str {
    file.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

/// The modules that `crate::…` paths in `text` lead to. Comments do not count.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for rest in line.split("crate::").skip(1).chain(line.split("gatelodge::").skip(1)) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                found.insert(name);
            }
        }
    }
    found
}

#[test]
fn no_module_imports_what_its_doors_do_not_allow() {
    let mut faults = Vec::new();
    for (file, text) in all_sources() {
        let module = module_of(&file);
        if module == "lib" {
            continue;
        }
        let allowed = DOORS.iter().find(|(known, _)| *known == module);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{file}: {module} has no row in the table of doors"));
        for import in imports(&text) {
            let is_module = DOORS.iter().any(|(known, _)| *known == import);
            if is_module && !allowed.contains(&import.as_str()) {
                faults.push(format!("{file}: {module} must not import {import}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn crates_stay_in_their_folders() {
    let mut faults = Vec::new();
    for (file, text) in all_sources() {
        for (name, folder) in KEPT_TO {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let named = code.into_iter().any(|line| line.contains(&format!("{name}::")));
            let excepted = EXCEPTIONS.contains(&(name, file.as_str()));
            if named && module_of(&file) != *folder && !excepted {
                faults.push(format!("{file}: {name} belongs in {folder}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Where rooms read the machine's own clock, and why it is not the time that the box goes by (`Store::now`).
const OWN_CLOCK: &[(&str, &str)] = &[
    ("occupancy/history/read.rs", "the end of what is asked for"),
    ("relay/peer.rs", "shown"),
    ("relay/conversation.rs", "shown"),
    ("relay/ticket.rs", "where an even clock begins"),
    (
        "webhooks/target.rs",
        "asks the store whether time has passed; dates tries",
    ),
    ("webhooks/room.rs", "what is kept for so long is asked of the store"),
    ("meter/served.rs", "how long ago something was"),
    ("meter/v1/meters.rs", "shown"),
    ("meter/v1/intervals.rs", "the end of what is asked for"),
    (
        "meter/driver/syncer.rs",
        "compared with the meter's clock; not asked while ours stands wrong",
    ),
    ("meter/simulator/station.rs", "a meter has a clock of its own"),
    (
        "meter/session/mod.rs",
        "set into the meter; refused while it stands wrong",
    ),
    ("rules/context.rs", "compared with what the machine's clock noted"),
    ("rules/room.rs", "moves along what it noted when the clock is set"),
    ("rules/era.rs", "notices that the clock is set"),
    ("tls/acme/fault.rs", "from when on a server wants to be asked again"),
    ("tls/acme/keeper.rs", "waits while the clock is not believed"),
    ("tls/handshake.rs", "what a certificate says is held against it"),
];

#[test]
fn rooms_go_by_the_time_that_the_box_goes_by() {
    let rooms = [
        "occupancy/",
        "relay/",
        "webhooks/",
        "accounts/",
        "face/",
        "meter/",
        "rules/",
        "pki/",
        "admin/",
        "tls/",
    ];
    let mut reads: Vec<String> = Vec::new();
    for (path, text) in all_sources() {
        let path = path.trim_start_matches("src/").to_owned();
        // What stands after the tests' beginning is theirs.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if rooms.iter().any(|room| path.starts_with(room))
            && code.contains("Timestamp::now()")
            && !path.contains("tests")
        {
            reads.push(path);
        }
    }
    reads.sort();
    let mut allowed: Vec<&str> = OWN_CLOCK.iter().map(|(path, _)| *path).collect();
    allowed.sort_unstable();
    assert_eq!(
        reads, allowed,
        "date with Store::now, ask Store::time whether time has passed, or say why not"
    );
}

#[test]
fn long_files_state_their_reason() {
    let long = all_sources()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > LONG && !text.contains("// Long because "));
    let long: Vec<String> = long
        .map(|(file, text)| format!("{file}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_what_is_imported() {
    let text = "use crate::store::Store;\n// crate::uplink is only a word here\nlet x = crate::domain::Seq(1);";
    assert_eq!(imports(text).into_iter().collect::<Vec<_>>(), ["domain", "store"]);
}

/// Lines of a function that can be seen whole.
const LONG_FUNCTION: usize = 100;

/// Functions of a source as rustfmt sets it: the name and how many lines; those of tests are not looked at.
fn functions(text: &str) -> Vec<(String, usize)> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let words = line.split_whitespace().take(5);
        let name = words.skip_while(|word| *word != "fn").nth(1);
        let Some(name) = name.filter(|_| !line.trim_start().starts_with("//")) else {
            continue;
        };
        let end = format!("{indent}}}");
        let length = lines[at..].iter().position(|line| *line == end);
        found.extend(length.map(|length| (name.split('(').next().unwrap_or(name).to_owned(), length + 1)));
    }
    found
}

#[test]
fn long_functions_state_their_reason() {
    let mut long = Vec::new();
    let mut seen = 0;
    for (file, text) in all_sources() {
        let is_tests = file.contains("tests");
        for (name, length) in functions(&text).into_iter().filter(|_| !is_tests) {
            seen += 1;
            if length > LONG_FUNCTION && !text.contains(&format!("// {name} is long because ")) {
                long.push(format!("{file}: {name} has {length} lines"));
            }
        }
    }
    assert!(seen > 3_000, "functions are found: {seen}");
    assert!(long.is_empty(), "{}", long.join("\n"));
}
