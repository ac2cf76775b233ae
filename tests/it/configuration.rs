//! The configuration as installers meet it: the manual parses, and faults are named with their place.

use std::process::Output;

use serde_json::Value;

use crate::support::TestBox;
use crate::support::manual;
use crate::support::test_box::{CONFIG, binary};

fn check(text: &str) -> (Output, String) {
    check_with(text, &[])
}

fn check_with(text: &str, flags: &[&str]) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let output = binary()
        .arg("check-config")
        .args(flags)
        .arg("--config")
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).replace(&file.display().to_string(), "config.toml");
    (output, said)
}

#[test]
fn the_manual_is_a_configuration_with_every_line_uncommented() {
    let uncommented: Vec<&str> = manual::in_force().collect();
    let text = uncommented.join("\n");
    assert!(text.contains("\nidle_expiry = \"24h\""), "settings were uncommented");
    // The two ways of https.certificate exclude each other, so the files need the other way.
    let text = text.replace("certificate = \"self-signed\"", "certificate = \"files\"");
    // It names files of another machine: that they are not there is all that is wrong.
    let (output, said) = check(&text);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.lines().all(|line| line.contains(" is not there")), "{said}");
    let (output, _) = check_with(&text, &["--json"]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    for opened in ["door grpc", "door relay", "room meters", "room relay", "room uplink"] {
        assert!(
            verdict["opens"].as_array().unwrap().contains(&opened.into()),
            "{opened}: {verdict}"
        );
    }
}

#[test]
fn the_manual_copied_whole_opens_what_a_box_needs_and_calls_nobody() {
    let (output, said) = check_with(manual::TEXT, &["--json"]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!(verdict["ok"], true, "{verdict}");
    assert_eq!(
        verdict["opens"],
        serde_json::json!(["door http", "door https", "door metrics", "room occupancy"])
    );
}

#[test]
fn faults_are_named_with_file_line_column_and_a_way_out() {
    for (text, expected) in [
        (
            "[https]\nlisen = []\n",
            "config.toml:2:1: unknown key `https.lisen` (did you mean `listen`?)",
        ),
        (
            "[occupancy]\n  idle_expiry = \"24 parsecs\"\n",
            "config.toml:2:3: `occupancy.idle_expiry`: `24 parsecs` is not a length of time",
        ),
        (
            "[occupanzy]\n",
            "config.toml:1:2: unknown key `occupanzy` (did you mean `occupancy`?)",
        ),
        (
            "[https]\ncertificate = \"magic\"\n",
            "config.toml:2:1: `https.certificate` cannot be \"magic\" (one of: self-signed, files, acme",
        ),
        (
            "[https]\ncertificate = \"files\"\n",
            "config.toml:2:1: `https.certificate`: is \"files\" (then https.certificate_file and https.key_file must say which)",
        ),
        (
            "[https]\nlisten = [\"127.0.0.1:443\"]\n[mtls]\nlisten = [\"127.0.0.1:443\"]\n",
            "config.toml:4:1: `mtls.listen`: 127.0.0.1:443 is listened on by `https` too",
        ),
        (
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://a.example:1883\"\n[[uplink.rule]]\nid = \"disk_low\"\n\
             [[uplink.rule]]\nid = \"a\"\non = \"meter:*\"\nseries = \"emop_Csq.csq\"\nop = \">\"\nraise = 10\nclear = 11\n",
            "config.toml:12:1: `clear` of `[[uplink.rule]]`: 11 is above raise, 10 (at most raise: what is wrong is above)",
        ),
        (
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://a.example:1883\"\n[[uplink.rule]]\nid = \"disk_low\"\nsevrity = \"MAJOR\"\n",
            "config.toml:6:1: unknown key `uplink.rule.0.sevrity` (did you mean `severity`?)",
        ),
        (
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://a.example:1883\"\n[[uplink.rule]]\nid = \"disk_low\"\non = \"all\"\n",
            "config.toml:6:1: `uplink.rule.0.on`: `all` is nothing that a rule can be on",
        ),
        (
            "[site]\nhostname = \"not a name\"\n",
            "config.toml:2:1: `site.hostname`: is not a DNS name",
        ),
        (
            "[https]\ncertificate = \"acme\"\n",
            "`site.hostname`: \"localhost\" is not a name of the public DNS",
        ),
        (
            "[https]\ncertificate = \"acme\"\n[acme]\ndomains = [\"a.example.org\", \"*.example.org\"]\n",
            "config.toml:4:1: `acme.domains`: \"*.example.org\" is a wildcard",
        ),
        (
            "[acme]\ndirectory = \"http://acme.example.org\"\n",
            "config.toml:2:1: `acme.directory`: \"http://acme.example.org\" is no ACME server",
        ),
        (
            "[acme]\ncontact = [\"nobody\"]\n",
            "config.toml:2:1: `acme.contact`: \"nobody\" is no mail address",
        ),
        ("[log]\nfilter = 5\n", "config.toml:2:1: `log.filter` is"),
        ("[https\n", "config.toml:1:7: not valid TOML"),
        (
            "[limits.https]\nper_address = \"20 a day\"\n",
            "config.toml:2:1: `limits.https.per_address`: \"20 a day\" is not a rate",
        ),
    ] {
        let (output, said) = check(text);
        assert_eq!(output.status.code(), Some(3), "{text}: {said}");
        assert!(said.contains(expected), "{text:?} was answered\n{said}not\n{expected}");
        assert_eq!(said.lines().count(), 1, "one line: {said}");
    }
}

#[test]
fn a_missing_file_is_named_and_nothing_is_opened() {
    let output = binary()
        .args(["serve", "--config", "/nowhere/config.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/nowhere/config.toml: cannot be read"), "{said}");
}

#[test]
fn later_layers_win_and_say_where_values_come_from() {
    let running = TestBox::unstarted(CONFIG);
    std::fs::create_dir_all(running.dir.join("conf.d")).unwrap();
    std::fs::write(
        running.dir.join("conf.d/10.toml"),
        "[site]\nname = \"From conf.d\"\ntimezone = \"Europe/Paris\"\n",
    )
    .unwrap();
    std::fs::create_dir_all(running.dir.join("data/conf.d")).unwrap();
    std::fs::write(
        running.dir.join("data/conf.d/20.toml"),
        "[site]\ntimezone = \"Europe/London\"\n",
    )
    .unwrap();
    let mut command = binary();
    command
        .args(["config", "show", "--json", "--config"])
        .arg(running.config_file());
    let output = command
        .env("GATELODGE_OCCUPANCY__IDLE_EXPIRY", "\"3h\"")
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let value = |key: &str| {
        (
            shown[key]["value"].clone(),
            shown[key]["source"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(value("site.name").0, "From conf.d");
    assert!(value("site.name").1.ends_with("conf.d/10.toml"), "{shown}");
    assert_eq!(value("site.timezone").0, "Europe/London");
    assert!(value("site.timezone").1.ends_with("data/conf.d/20.toml"));
    assert_eq!(value("occupancy.idle_expiry").0, "3h");
    assert_eq!(value("occupancy.idle_expiry").1, "GATELODGE_OCCUPANCY__IDLE_EXPIRY");
    assert_eq!(value("log.filter").1, "default");
}
