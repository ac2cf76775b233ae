//! Every fault of every section is told in one run, at its place; what nobody could work with is one; and whoever else
//! reads the configuration says the same.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use gatelodge::config::{self, Flags, remote};
use gatelodge::uplink::Section;

use crate::support::TestBox;
use crate::support::manual;
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

/// The lines of the manual, each key as if it were set.
fn manual_lines() -> Vec<String> {
    let files = |line: &str| line.replace("certificate = \"self-signed\"", "certificate = \"files\"");
    manual::in_force().map(files).collect()
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
    "test_restore",
    "event_log_format",
    "intervals_format",
    "sunday",
    "clear",
    "for",
    "clear_for",
    "remind",
    "history",
    "readings",
    "money",
    "audit",
];

#[test]
fn no_number_of_the_manual_may_be_none_or_beyond_all_bounds() {
    let lines = manual_lines();
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
        let Some((key, value)) = manual::setting(line) else {
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

/// Whether words hold something like `std::path::PathBuf`; addresses have two colons too.
fn names_a_type(words: &str) -> bool {
    let parts: Vec<&str> = words.split("::").collect();
    let is_path = |pair: &[&str]| pair[0].ends_with(char::is_alphabetic) && pair[1].starts_with(char::is_alphabetic);
    parts.windows(2).any(is_path)
}

/// The header of a section and its keys, each with `value` in the place of its own.
fn sections_of(value: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    for line in manual_lines() {
        if line.starts_with('[') {
            sections.push(format!("{line}\n"));
        } else if let (Some((key, _)), Some(section)) = (manual::setting(&line), sections.last_mut()) {
            *section += &format!("{key} = {value}\n");
        }
    }
    sections
}

#[test]
fn no_value_is_answered_with_words_of_a_programmer() {
    let theirs = [
        "array",
        "bool",
        "boolean",
        "deserialize",
        "did",
        "enum",
        "expected",
        "f64",
        "float",
        "found",
        "i64",
        "identifier",
        "int",
        "integer",
        "invalid",
        "map",
        "option",
        "sequence",
        "signed",
        "string",
        "struct",
        "tuple",
        "u16",
        "u32",
        "u64",
        "u8",
        "unit",
        "unsigned",
        "untagged",
        "usize",
        "variant",
    ];
    let values = [
        "5",
        "-1",
        "99999999999",
        "1.5",
        "nan",
        "true",
        "\"x\"",
        "\"\"",
        "[]",
        "[5]",
        "[\"x\"]",
        "[[5]]",
        "{}",
        "{ a = 1 }",
        "[{ a = 1 }]",
        "[1, 2, 3, 4]",
        "1979-05-27",
        "1979-05-27T07:32:00Z",
    ];
    let (mut told, mut wrong) = (0, Vec::new());
    for value in values {
        for section in sections_of(value) {
            let written = Written::new(&section);
            let flags = Flags {
                file: Some(written.file()),
                ..Flags::default()
            };
            for fault in config::examine(&flags).1 {
                told += 1;
                let mut words = fault.message.split(|c: char| !c.is_ascii_alphanumeric());
                if words.any(|word| theirs.contains(&word)) || names_a_type(&fault.message) {
                    wrong.push(format!("{value}: {}", fault.message));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(told > 1_000, "{told}");
}

/// Entries of one list: what is wrong with one says nothing of the number of the next.
#[test]
fn a_fault_names_the_entry_that_it_is_in_however_many_were_wrong_before() {
    let text = "[https]\n\
                listen = [\n\
                5, #! `https.listen.0`\n\
                \"127.0.0.1:1\",\n\
                true, #! `https.listen.2`\n\
                \"x\", #! `https.listen.3`\n\
                ]\n\
                [[meter]]\n\
                serial = 5 #! `meter.0.serial`\n\
                link = \"tcp://a.example:1\"\n\
                [[meter]] #! `meter.1` is missing `serial`\n\
                lnk = 7 #! unknown key `meter.1.lnk`\n\
                [[meter]] #! `meter.2` is missing `serial` #! `meter.2` is missing `link`\n\
                bogus = 1 #! unknown key `meter.2.bogus`\n\
                hardware = 70000 #! `meter.2.hardware`\n\
                [[meter]]\n\
                serial = \"EML2137580826\"\n\
                link = 7 #! `meter.3.link`\n\
                [[meter]]\n\
                serial = \"EML2137580827\"\n\
                link = \"tcp://b.example:1\"\n\
                name = \"\" #! `name` of `[[meter]]`\n\
                [occupancy]\n\
                [[occupancy.webhook]]\n\
                name = \"a\"\n\
                url = \"https://a.example\"\n\
                secret_file = \"/nowhere\"\n\
                events = [\"space.what\"] #! `occupancy.webhook.0.events.0`\n";
    all_told(text);
    all_told(
        "meter = [\n5, #! `meter.0`\n\"x\", #! `meter.1`\n{ serial = \"EML2137580826\", link = \"tcp://a:1\", bogus = 1 }, #! `meter.2.bogus`\n]\n",
    );
}

#[test]
fn what_no_file_says_is_told_by_the_name_of_its_variable_or_flag() {
    let written = Written::new("[occupancy]\n");
    for (variable, wanted) in [
        (
            "GATELODGE_LOG__FORMAT",
            "`log.format` is the number `5`, where a word in quotes is wanted",
        ),
        (
            "GATELODGE_DATA_DIR",
            "`data_dir` is the number `5`, where a path in quotes is wanted",
        ),
        (
            "GATELODGE_SITE__NAME",
            "`site.name` is the number `5`, where a text in quotes is wanted",
        ),
    ] {
        let mut command = binary();
        command.args(["check-config", "--config"]).arg(written.file());
        let output = command.env(variable, "5").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("gatelodge: {variable}: {wanted}")), "{said}");
    }
    let mut command = binary();
    command
        .args(["check-config", "--socket", "a.sock", "--config"])
        .arg(written.file());
    let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(
        said.contains("--socket: `admin_socket`: is \"a.sock\", which"),
        "{said}"
    );
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
