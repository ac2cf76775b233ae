//! Every fault of every section is told in one run, at its place; what nobody could work with is one; and whoever else
//! reads the configuration says the same.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use gatelodge::config::{self, Flags, remote};
use gatelodge::uplink::Section;

use crate::support::TestBox;
use crate::support::test_box::{CONFIG, binary};

/// Behind `#!` each line says what is wrong with it, once for every fault; rulers part the sections.
const ALL: &str = include_str!("configuration_faults/all.toml");

fn sections() -> impl Iterator<Item = &'static str> {
    ALL.split("# ----\n").chain([ALL])
}

/// A folder with a configuration in it.
struct Written {
    folder: tempfile::TempDir,
}

impl Written {
    fn new(text: &str) -> Written {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        Written { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// What a command says to it, line by line, with its exit code.
    fn said(&self, command: &str) -> (Option<i32>, Vec<String>) {
        let output = binary()
            .args([command, "--config"])
            .arg(self.file())
            .env("GATELODGE_DATA_DIR", self.folder.path().join("data"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let said = said.replace(&self.folder.path().display().to_string(), "");
        let line = |line: &str| line.trim_start_matches("gatelodge:").trim_start().to_owned();
        (output.status.code(), said.lines().map(line).collect())
    }
}

/// What is to be told of a text: the number of the line, and words.
fn expected(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let of_line = |(number, line)| {
        let all = str::split(line, "#!").skip(1);
        all.map(move |words| (number, words.trim()))
    };
    (1..).zip(text.lines()).flat_map(of_line)
}

/// Each expected fault is told on a line of its own, and nothing else.
fn all_told(text: &str) {
    let written = Written::new(text);
    let (code, mut said) = written.said("check-config");
    assert_eq!(code, Some(3), "{said:#?}");
    // Files are looked at too; they are another test's matter.
    said.retain(|line| !line.ends_with(" is not there"));
    let everything = said.clone();
    for (line, words) in expected(text) {
        let place = format!("/config.toml:{line}:");
        let told = said
            .iter()
            .position(|said| said.starts_with(&place) && said.contains(words));
        let told = told.unwrap_or_else(|| panic!("line {line}, {words:?} is not among {everything:#?}"));
        said.remove(told);
    }
    assert!(said.is_empty(), "not expected: {said:#?}");
}

#[test]
fn every_section_tells_all_its_faults_at_once() {
    sections().for_each(all_told);
}

#[test]
fn a_start_says_what_check_config_says() {
    for section in sections() {
        let written = Written::new(section);
        let (code, served) = written.said("serve");
        assert_eq!(code, Some(3), "{served:#?}");
        let (_, mut checked) = written.said("check-config");
        checked.retain(|line| !line.ends_with(" is not there"));
        assert_eq!(served, checked);
    }
}

#[test]
fn a_reload_and_a_configuration_from_afar_are_told_all_their_faults() {
    let running = TestBox::start_with(CONFIG);
    running.configure("[backup]\ndirectory = \"/\"\nkeep = 0\n[site]\ntimezone = \"Mars\"\n");
    let output = running.command(&["config", "reload"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("backup.keep") && said.contains("site.timezone"), "{said}");

    let written = Written::new("[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://b.example.org\"\n[meters]\n");
    let flags = Flags {
        file: Some(written.file()),
        ..Flags::default()
    };
    let now = config::load(&flags).unwrap().config;
    let text = "[uplink]\nwindow = 0\nkeep_alive = \"1s\"\n[meters]\nattempts = 0\n";
    let refused = remote::candidate(&flags, &now, Section::Whole, text).err().unwrap();
    let said = refused.to_string();
    for key in ["uplink.window", "uplink.keep_alive", "meters.attempts"] {
        assert!(said.contains(key), "{key}: {said}");
    }
}

/// Keys of the manual for which nothing is something: they say so there, or it is a number of a protocol.
const NOTHING_IS_MEANT: &[&str] = &[
    "hsts",
    "per_identity",
    "hold",
    "idle_timeout",
    "idle_expiry",
    "request_gap",
    "retry_pause",
    "backfill",
    "event_log_format",
    "intervals_format",
    "sunday",
    "clear",
    "for",
    "clear_for",
    "remind",
    "history",
    "readings",
];

#[test]
fn no_number_of_the_manual_may_be_none_or_beyond_all_bounds() {
    let manual =
        include_str!("../../config.example.toml").replace("certificate = \"self-signed\"", "certificate = \"files\"");
    let setting = |line: &str| line.trim_start_matches("# ").to_owned();
    let is_setting = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    };
    let lines: Vec<String> = manual
        .lines()
        .map(|line| {
            if is_setting(&setting(line)) {
                setting(line)
            } else {
                line.to_owned()
            }
        })
        .collect();
    let faults = |at: usize, value: &str| {
        let mut lines = lines.clone();
        let key = lines[at].split_once(" = ").unwrap().0.to_owned();
        lines[at] = format!("{key} = {value}");
        let written = Written::new(&lines.join("\n"));
        let flags = Flags {
            file: Some(written.file()),
            ..Flags::default()
        };
        config::examine(&flags).1
    };
    let is_span = |value: &str| {
        value
            .trim_matches('"')
            .parse::<gatelodge::domain::units::Span>()
            .is_ok()
    };
    let mut tried = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some((key, value)) = line.split_once(" = ").filter(|_| is_setting(line)) else {
            continue;
        };
        let (none, beyond) = match value {
            _ if value.parse::<u32>().is_ok() => ("0", "-1"),
            _ if is_span(value) => ("\"0s\"", "\"36501d\""),
            _ => continue,
        };
        tried += 1;
        let (is_meant, found) = (NOTHING_IS_MEANT.contains(&key), faults(at, none));
        assert_eq!(found.is_empty(), is_meant, "line {}, {key} = {none}: {found:?}", at + 1);
        // Where a rule is well again may be anywhere below.
        assert_eq!(faults(at, beyond).is_empty(), key == "clear", "{key} = {beyond}");
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn every_file_that_is_none_is_told() {
    let written = Written::new("[https\n");
    let folder = written.folder.path().join("conf.d");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.toml"), "[site]\nname = \n").unwrap();
    std::fs::write(folder.join("b.toml"), "[site]\nname = \"Hall\"\n").unwrap();
    std::fs::create_dir(folder.join("c.toml")).unwrap();
    for command in ["check-config", "serve"] {
        let (code, said) = written.said(command);
        assert_eq!((code, said.len()), (Some(3), 3), "{said:?}");
        for (line, wanted) in said
            .iter()
            .zip(["/config.toml:1:7: ", "/conf.d/a.toml:2:", "/conf.d/c.toml: "])
        {
            assert!(line.starts_with(wanted), "{said:?}");
        }
    }
}

#[test]
fn an_admin_socket_fits_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let of_length = |length: usize| {
        let base = folder.path().join("s");
        let padding = "s".repeat(length - base.as_os_str().len());
        PathBuf::from(format!("{}{padding}", base.display()))
    };
    let faults = |socket: &Path| {
        let written = Written::new("[occupancy]\n");
        let flags = Flags {
            file: Some(written.file()),
            socket: Some(socket.to_owned()),
        };
        config::examine(&flags).1
    };
    for (length, fits) in [(107, true), (108, false), (200, false)] {
        let socket = of_length(length);
        assert_eq!(UnixListener::bind(&socket).is_ok(), fits, "{length}");
        assert_eq!(faults(&socket).is_empty(), fits, "{length}");
    }
}

#[test]
fn what_stands_in_the_way_is_found() {
    for (text, wanted) in [
        (
            "admin_socket = \"FILE\"\n",
            "config.toml:1:1: `admin_socket`: something else than a socket",
        ),
        ("admin_socket = \"FILE/admin.sock\"\n", "`admin_socket`: FILE is a file"),
        ("admin_socket = \"\"\n", "`admin_socket`: is empty"),
        (
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://b.example.org\"\nrestart = \"/nowhere/reboot now\"\n",
            "config.toml:4:1: `uplink.restart`: /nowhere/reboot is not there",
        ),
    ] {
        let written = Written::new("");
        let path = written.folder.path().join("FILE");
        std::fs::write(&path, "").unwrap();
        std::fs::write(written.file(), text.replace("FILE", path.to_str().unwrap())).unwrap();
        let (code, said) = written.said("check-config");
        assert_eq!((code, said.len()), (Some(3), 1), "{said:?}");
        assert!(said[0].replace("/FILE", "FILE").contains(wanted), "{said:?}");
    }
    let written = Written::new("data_dir = \"/etc/hostname/data\"\n");
    let output = binary()
        .args(["check-config", "--config"])
        .arg(written.file())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("config.toml:1:1: `data_dir`: /etc/hostname is a file"),
        "{said}"
    );
}
