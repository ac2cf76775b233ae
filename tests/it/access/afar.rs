//! What may be set from afar: a list of keys, and nothing beside it. Every key of the manual is tried.

use std::path::Path;

use gatelodge::config::{self, Config, Flags, remote, remote_file};
use gatelodge::uplink::Section;
use serde_json::Value;

use crate::support::TestBox;
use crate::support::manual;
use crate::support::test_box::binary;

/// A box of its own whose file says this.
struct Box {
    _folder: tempfile::TempDir,
    flags: Flags,
    config: Config,
}

impl Box {
    fn new(text: &str) -> Box {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let data = folder.path().join("data");
        let own = format!(
            "data_dir = {data:?}\nadmin_socket = {:?}\n",
            folder.path().join("admin.sock")
        );
        std::fs::write(&file, own + text).unwrap();
        let flags = Flags {
            file: Some(file),
            ..Flags::default()
        };
        let config = config::load(&flags).unwrap().config;
        Box {
            _folder: folder,
            flags,
            config,
        }
    }

    /// The manual with every line in force.
    fn whole() -> Box {
        let text: Vec<&str> = manual::in_force().filter(|line| !is_top(line)).collect();
        let text = text
            .join("\n")
            .replace("certificate = \"self-signed\"", "certificate = \"files\"");
        Box::new(&text)
    }

    fn tell(&self, text: &str) -> Result<Config, String> {
        let told = remote::candidate(&self.flags, &self.config, Section::Whole, text);
        told.map(|candidate| candidate.config)
            .map_err(|error| error.to_string())
    }

    /// Puts it in force, as if the trial had gone well.
    fn told(&mut self, text: &str) -> String {
        let told = remote::candidate(&self.flags, &self.config, Section::Whole, text);
        let told = told.map_err(|error| format!("{text}: {error}")).unwrap();
        told.put(&self.config.data_dir).unwrap();
        remote::keep(&self.config.data_dir).unwrap();
        self.config = config::load(&self.flags).unwrap().config;
        std::fs::read_to_string(remote_file(&self.config.data_dir)).unwrap()
    }
}

fn is_top(line: &str) -> bool {
    line.starts_with("data_dir") || line.starts_with("admin_socket")
}

/// Every key that stands in what is in force.
fn keys(json: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    for (key, value) in json.as_object().unwrap() {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            Value::Object(table) if !table.is_empty() => keys(value, &path, found),
            _ => found.push((path, value.clone())),
        }
    }
}

fn toml(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("[{}]", list.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => {
            let present = table.iter().filter(|(_, value)| !value.is_null());
            let pairs: Vec<String> = present.map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// Another value of the same kind.
fn changed(value: &Value) -> Value {
    match value {
        Value::Bool(word) => Value::from(!word),
        Value::Number(number) => Value::from(number.as_f64().unwrap_or_default() as i64 + 1),
        Value::String(text) if text.ends_with('s') && text.len() < 6 => Value::from("77s"),
        Value::String(text) => Value::from(format!("{text}x")),
        Value::Array(list) if list.is_empty() => Value::from(vec!["x"]),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) | Value::Null => Value::from("x"),
    }
}

/// The list, each key with values that are taken and values that are refused by name.
const LIST: [(&str, &[&str], &[&str]); 19] = [
    ("site.name", &["\"Hall\""], &[]),
    ("meters.request_gap", &["\"3s\""], &[]),
    ("meters.attempts", &["7"], &[]),
    ("meters.retry_pause", &["\"8s\""], &[]),
    ("meters.timeout", &["\"11s\""], &[]),
    ("meters.polling.reads", &["\"77s\"", "\"off\""], &[]),
    ("uplink.keep_alive", &["\"90s\""], &[]),
    ("uplink.window", &["7"], &[]),
    ("uplink.replay_rate", &["\"7/s\"", "\"off\""], &[]),
    ("uplink.live_first", &["false"], &[]),
    ("uplink.position", &["[51.5, -0.1, 20]"], &[]),
    ("uplink.mqtt.ha_discovery", &["false", "true"], &[]),
    (
        "uplink.rule",
        &["[]", "[{ id = \"disk_low\", raise = 50 }]"],
        &["[\"***\", \"***\"]"],
    ),
    ("retention.history", &["\"31d\"", "\"0s\""], &["\"29d\"", "\"1s\""]),
    ("retention.readings", &["\"0\""], &["\"1d\"", "\"36500d\""]),
    ("retention.audit", &["\"401d\"", "\"0s\""], &["\"399d\"", "\"1d\""]),
    ("retention.money", &["\"2193d\"", "\"0s\""], &["\"2191d\"", "\"1d\""]),
    ("occupancy.idle_expiry", &["\"25h\"", "\"0s\""], &["\"23h\"", "\"1s\""]),
    (
        "log.filter",
        &["\"debug\"", "\"warn,gatelodge::audit=info\""],
        &[
            "\"warn\"",
            "\"off\"",
            "\"info,gatelodge::audit=off\"",
            "\"info,gatelodge=warn\"",
            "\"\"",
        ],
    ),
];

fn is_listed(path: &str) -> bool {
    path.starts_with("meters.polling.") || LIST.iter().any(|(key, ..)| *key == path)
}

#[test]
fn every_key_of_the_manual_is_on_the_list_or_refused_by_name() {
    let building = Box::whole();
    let mut all = Vec::new();
    keys(&serde_json::to_value(&building.config).unwrap(), "", &mut all);
    assert!(all.len() > 120, "{} keys", all.len());
    let mut listed = 0;
    for (path, value) in &all {
        if value.is_null() || path == "meter" {
            continue;
        }
        let unchanged = format!("{path} = {}", toml(value));
        let same = building.tell(&unchanged);
        assert!(same.is_ok_and(|config| config == building.config), "{unchanged}");
        let masked = building.tell(&format!("{path} = \"***\""));
        assert!(masked.is_ok_and(|config| config == building.config), "{path} masked");
        if is_listed(path) {
            listed += 1;
            continue;
        }
        let other = format!("{path} = {}", toml(&changed(value)));
        // The whole is refused, with what else it says.
        let refused = building.tell(&format!("site.name = \"Hall\"\n{other}")).unwrap_err();
        let told = format!("`{path}` is changed at the box itself");
        assert!(refused.contains(&told), "{other}: {refused}");
    }
    assert!(listed >= LIST.len(), "{listed} of the list stand in the manual");
}

#[test]
fn what_is_on_the_list_is_taken_within_its_bounds() {
    let building = Box::whole();
    for (path, taken, refused) in LIST {
        for value in taken {
            let told = building.tell(&format!("{path} = {value}"));
            assert!(told.is_ok(), "{path} = {value}: {}", told.unwrap_err());
        }
        for value in refused {
            let told = building.tell(&format!("{path} = {value}"));
            let told = told.err().unwrap_or_else(|| panic!("{path} = {value} is taken"));
            assert!(told.contains(&format!("`{path}`")), "{path} = {value}: {told}");
        }
    }
    for (text, why) in [
        ("data_dir = \"/x\"", "`data_dir` is changed at the box itself"),
        ("[nope]", "`nope` is changed at the box itself"),
        ("[uplink.nope]", "`uplink.nope` is changed at the box itself"),
        ("nope = 1", "unknown key `nope`"),
        ("uplink.windw = 1", "did you mean `window`?"),
        ("occupancy.x.y = 1", "unknown key `occupancy.x`"),
        ("occupancy.idle_expiry = 5", "`occupancy.idle_expiry`"),
    ] {
        let told = building.tell(text).unwrap_err();
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn what_was_shown_comes_back_as_it_was_and_in_other_words() {
    let building = Box::whole();
    for section in Section::TYPES.into_iter().chain([Section::Whole]) {
        let shown = remote::shown(&building.config, section);
        for secret in ["/etc/gatelodge/uplink", "secret-of", "socks5://"] {
            assert!(!shown.contains(secret), "{section:?} shows {secret}: {shown}");
        }
        let told = remote::candidate(&building.flags, &building.config, section, &shown);
        let told = told.map_err(|error| format!("{section:?}: {error}\n{shown}")).unwrap();
        assert!(told.config == building.config, "{section:?}");
    }
    let own = Box::new("[occupancy]\nidle_expiry = \"1d\"\n[https]\nhsts = \"2d\"\n");
    assert!(own.tell("[https]\nhsts = \"48h\"\n").is_ok(), "the same time in hours");
    assert!(own.tell("[https]\nhsts = \"49h\"\n").is_err());
}

#[test]
fn no_room_and_no_door_is_opened_from_afar() {
    let own = Box::new("[https]\n");
    for text in [
        "[occupancy]",
        "[occupancy]\nidle_expiry = \"9d\"",
        "[meters]",
        "[meters]\nattempts = 3",
        "[meters.polling]\nreads = \"1h\"",
        "[uplink]\nwindow = 3",
        "[relay]",
        "[metrics]\nlisten = [\"0.0.0.0:9464\"]",
        "[http]",
        "[[meter]]\nserial = \"EML1\"\nlink = \"tcp://10.0.0.1:1\"",
    ] {
        let told = own.tell(text).unwrap_err();
        assert!(told.contains("is changed at the box itself"), "{text}: {told}");
    }
    assert!(own.tell("[https]").is_ok(), "it is open");
}

#[test]
fn meters_are_renamed_and_nothing_else() {
    let mut own = Box::new(
        "[[meter]]\nserial = \"EML1\"\nlink = \"tcp://10.0.0.1:1\"\nname = \"Flat 1\"\n\
         [[meter]]\nserial = \"EML2\"\nlink = \"tcp://10.0.0.2:1\"\n",
    );
    for (text, key) in [
        ("serial = \"EML1\"\nlink = \"tcp://evil.example:1\"", "meter.EML1.link"),
        ("serial = \"EML1\"\nname = \"x\"\nesco = \"other\"", "meter.EML1.esco"),
        ("serial = \"EML3\"\nname = \"x\"", "meter.EML3"),
        ("name = \"x\"", "meter."),
    ] {
        let told = own.tell(&format!("[[meter]]\n{text}\n")).unwrap_err();
        assert!(told.contains(&format!("`{key}`")), "{text}: {told}");
    }
    let text = own.told("[[meter]]\nserial = \"EML2\"\nname = \"Flat 2\"\nfeeder = \"F\"\nlink = \"***\"\n");
    let mut written: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    written.sort_unstable();
    assert_eq!(
        written,
        ["[[meter]]", "feeder = \"F\"", "name = \"Flat 2\"", "serial = \"EML2\""]
    );
    let called = |own: &Box| {
        let meters = own.config.meter.iter();
        meters
            .map(|meter| (meter.name.clone().unwrap_or_default(), meter.link.to_string()))
            .collect::<Vec<_>>()
    };
    let links = ["tcp://10.0.0.1:1", "tcp://10.0.0.2:1"];
    let pairs = |one: &str, two: &str| {
        let pair = |name: &str, link: &str| (name.to_owned(), link.to_owned());
        vec![pair(one, links[0]), pair(two, links[1])]
    };
    assert_eq!(called(&own), pairs("Flat 1", "Flat 2"));
    // Who changes the box's own file is not overruled by a copy of it.
    own.told("[[meter]]\nserial = \"EML1\"\nname = \"Attic\"\n");
    assert_eq!(called(&own), pairs("Attic", "Flat 2"));
    let text = own.told("[[meter]]\nserial = \"EML1\"\nname = \"Flat 1\"\n");
    assert!(!text.contains("EML1"), "as in the box's own file again: {text}");
}

#[test]
fn a_longer_time_in_the_boxs_own_file_is_not_made_shorter_by_what_was_told_before() {
    let mut own = Box::new("[retention]\nhistory = \"30d\"\n");
    own.told("[retention]\nhistory = \"40d\"\n");
    assert_eq!(own.config.retention.history.to_string(), "40d");
    let file = own.flags.file.clone().unwrap();
    let text = std::fs::read_to_string(&file).unwrap().replace("30d", "60d");
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(&own.flags).unwrap();
    assert_eq!(loaded.config.retention.history.to_string(), "60d");
    assert!(
        loaded.refused[0].contains("`retention.history` can only be made longer"),
        "{:?}",
        loaded.refused
    );
}

/// What an earlier build took from the cloud may be what nobody may say from afar.
#[test]
fn forbidden_keys_of_an_earlier_build_are_not_applied_and_a_warning_names_them() {
    let mut running = TestBox::unstarted("[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n");
    let told = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://evil.example\"\npassword_file = \"/etc/shadow\"\n\
                [metrics]\nlisten = [\"0.0.0.0:0\"]\n[occupancy]\nidle_expiry = \"2h\"\nanonymous = false\n\
                [retention]\nhistory = \"90d\"\n[log]\nfilter = \"off\"\n[site]\nname = \"Hall\"\n";
    let folder = running.dir.join("data/conf.d");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("remote.toml"), told).unwrap();
    running.run();
    let shown = running.json(&["config", "show"]);
    for (key, value) in [
        ("site.name", "Hall"),
        ("retention.history", "90d"),
        ("occupancy.idle_expiry", "1d"),
        ("log.filter", "info"),
    ] {
        assert_eq!(shown[key]["value"], value, "{key}");
    }
    assert_eq!(shown["occupancy.anonymous"]["value"], true);
    assert!(shown["site.name"]["source"].as_str().unwrap().ends_with("remote.toml"));
    let status = running.json(&["status"]);
    assert_eq!(status["rooms"]["uplink"]["state"], "closed");
    assert!(status["doors"]["metrics"].is_null());
    let output = binary()
        .args(["check-config", "--config"])
        .arg(running.config_file())
        .output()
        .unwrap();
    let checked = String::from_utf8(output.stdout).unwrap();
    for key in [
        "uplink.kind",
        "uplink.url",
        "uplink.password_file",
        "metrics.listen",
        "occupancy.idle_expiry",
        "occupancy.anonymous",
        "log.filter",
    ] {
        let log = running.log();
        let named = |text: &str| {
            text.lines()
                .any(|line| line.contains("not applied") && line.contains(&format!("`{key}`")))
        };
        assert!(named(&log), "{key}: {log}");
        assert!(named(&checked), "{key}: {checked}");
    }
    assert!(Path::new(&folder.join("remote.toml")).exists());
    // A file that cannot be read keeps the box from nothing.
    std::fs::write(folder.join("remote.toml"), "[site\nname").unwrap();
    running.kill();
    running.run();
    assert!(running.log().contains("it is not valid TOML"), "{}", running.log());
}
