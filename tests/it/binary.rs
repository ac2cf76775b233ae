//! The binary as a newcomer meets it: one static file, a demo that works, help with examples.

use std::process::Command;

use crate::support::demo::Demo;
use crate::support::test_box::binary;

fn text_of(args: &[&str]) -> String {
    let output = binary().args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_is_one_static_executable() {
    let file = Command::new("file").arg(env!("CARGO_BIN_EXE_gatelodge")).output();
    let file = file.expect("the test needs `file`: apt-get install file");
    let said = String::from_utf8_lossy(&file.stdout);
    assert!(said.contains("statically linked"), "{said}");
}

#[test]
fn the_walk_of_the_demo_counts_across_a_kill() {
    let said = text_of(&["demo", "--once"]);
    for step in [
        "created a space",
        "killed the box",
        "found 40 people after the restart",
        "the demo works",
    ] {
        assert!(said.contains(step), "{step} is missing:\n{said}");
    }
}

#[test]
fn the_demo_says_where_everything_is_and_keeps_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let run = || {
        let mut demo = Demo::start(&dir);
        let found = demo.found.clone();
        for key in [
            "dir",
            "config_file",
            "doors",
            "ca_file",
            "logins",
            "api_token",
            "spaces",
            "relay",
        ] {
            assert!(!found[key].is_null(), "{key} is missing: {found}");
        }
        let curl = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--cacert"])
            .arg(found["ca_file"].as_str().unwrap())
            .arg(format!(
                "https://localhost:{}/space/{}",
                demo.https_port(),
                found["spaces"][0].as_str().unwrap()
            ))
            .output()
            .expect("the test needs curl: apt-get install curl");
        assert!(curl.status.success(), "{curl:?}");
        for file in [
            &found["relay"]["ca_file"],
            &found["relay"]["peers"][0],
            &found["relay"]["peers"][1],
        ] {
            assert!(std::path::Path::new(file.as_str().unwrap()).exists(), "{file}");
        }
        assert!(
            found["relay"]["url"]
                .as_str()
                .unwrap()
                .ends_with("/micronets/v1/ws-proxy/")
        );
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(dir.join("demo.json")).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(demo.interrupt().success(), "Ctrl-C ends it in order");
        found
    };
    let (first, second) = (run(), run());
    for key in ["logins", "api_token", "spaces"] {
        assert_eq!(first[key], second[key], "{key} is used again");
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let all = text_of(&["--help"]);
    let names = all.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names: Vec<&str> = names
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 12, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let help = text_of(&[name, "--help"]);
        let is_group = help.contains("Commands:");
        assert!(is_group || help.contains("Example"), "{name} has no example:\n{help}");
    }
}

#[test]
fn shells_and_man_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(text_of(&["completions", shell]).contains("check-config"), "{shell}");
    }
    for (shell, name) in [("bash", "emop"), ("zsh", "mediators"), ("fish", "certs")] {
        let own = text_of(&["completions", shell, name]);
        assert!(own.contains(name) && !own.contains("check-config"), "{name}");
    }
    let manual = text_of(&["man"]);
    assert!(manual.contains(".TH gatelodge"), "{}", &manual[..200]);
    assert!(text_of(&["man", "pki"]).contains(".SS gatelodge pki revoke"));
    let own = text_of(&["man", "emop"]);
    assert!(own.contains(".SS emop read") && !own.contains("pki revoke"), "{own}");
    assert!(text_of(&["man", "gatelodge.toml"]).contains(".SH [https]"));
    assert_eq!(
        text_of(&["version"]),
        format!("gatelodge {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// A page that another names is there too, and `man` reads each without a complaint.
#[test]
fn packages_install_a_page_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    text_of(&["man", "--out", folder.path().to_str().unwrap()]);
    let pages: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(pages.len() > 30, "{pages:?}");
    for page in &pages {
        let text = std::fs::read_to_string(folder.path().join(page))
            .unwrap()
            .replace("\\-", "-");
        for (name, _) in text
            .match_indices("(1)")
            .chain(text.match_indices("(5)"))
            .map(|(at, _)| {
                let before = &text[..at];
                let begins = before
                    .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))
                    .map_or(0, |at| at + 1);
                (format!("{}.{}", &before[begins..], &text[at + 1..at + 2]), at)
            })
        {
            assert!(pages.contains(&name), "{page} names {name}");
        }
    }
}

/// What people are told to do next can be done: each command that a message names is one.
#[test]
fn every_command_that_is_named_is_there() {
    let commands = |words: &[&str]| -> Vec<String> {
        let output = binary().args(words).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
        let lines = listed.lines().take_while(|line| !line.is_empty());
        lines
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect()
    };
    let all = commands(&[]);
    let mut named = std::collections::BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for before in ["`gatelodge ", "\"gatelodge ", ", then gatelodge ", ": gatelodge "] {
                    for rest in text.split(before).skip(1) {
                        let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
                        let whole = rest.split(|c: char| !is_word(c) && c != ' ').next().unwrap_or_default();
                        let words = whole
                            .split(' ')
                            .take_while(|word| !word.is_empty() && !word.starts_with('-'));
                        named.insert(words.take(2).map(str::to_owned).collect::<Vec<_>>());
                    }
                }
            }
        }
    }
    named.retain(|words| !words.is_empty());
    assert!(named.len() > 20, "commands are found: {named:?}");
    for words in named {
        assert!(all.contains(&words[0]), "gatelodge {words:?} is no command");
        let inner = commands(&[&words[0]]);
        if let Some(second) = words.get(1).filter(|_| !inner.is_empty()) {
            assert!(inner.contains(second), "gatelodge {words:?} is no command");
        }
    }
}
