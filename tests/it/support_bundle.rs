//! `support-bundle`: what a supporter needs, without people and secrets; shown before it is written.

use std::process::Command;

use serde_json::Value;

use crate::support::TestBox;

const METERS: &str = "[https]\nlisten = [\"127.0.0.1:0\"]\n[meters]\nattempts = 1\n[[meter]]\nserial = \"EML2137580826\"\n\
                      link = \"tcp://127.0.0.1:9\"\nname = \"Flat 9 Mrs Smith\"\n";

#[test]
fn a_bundle_holds_what_helps_and_nobody() {
    let running = TestBox::start_with(METERS);
    let added = running.json(&["user", "add", "clara", "--role", "admin"]);
    let code = added["code"].as_str().unwrap();
    let token = running.json(&["token", "create", "--name", "app", "--scope", "spaces:read"]);
    let token = token["token"].as_str().unwrap();
    let log = running.dir.join("box.log");
    let lines = format!(
        "{}\nINFO gatelodge::meter: Flat 9 Mrs Smith is silent\nINFO gatelodge::http: clara came with {token}\nlast line\n",
        running.log()
    );
    std::fs::write(&log, lines).unwrap();
    let file = running.dir.join("bundle.zip");
    let bundle = |more: &[&str]| {
        let named = [file.to_str().unwrap(), "--log", log.to_str().unwrap()];
        running.command(&[&["support-bundle"], &named[..], more].concat())
    };
    // Nobody at a terminal said yes.
    let refused = bundle(&[]);
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");
    assert!(!file.exists());
    let listed = String::from_utf8(refused.stdout).unwrap();
    for name in [
        "status.json",
        "doctor.json",
        "configuration.txt",
        "meters.json",
        "machine.txt",
        "log.txt",
    ] {
        assert!(listed.contains(name), "{name}: {listed}");
    }
    let written = bundle(&["--yes"]);
    assert!(written.status.success(), "{written:?}");
    let shown = String::from_utf8(bundle(&["--show"]).stdout).unwrap();
    // As a supporter opens it.
    let program = "import sys, zipfile, json\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                   print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))";
    let read = Command::new("python3")
        .args(["-c", program])
        .arg(&file)
        .output()
        .unwrap();
    assert!(read.status.success(), "{read:?}");
    let parts: Value = serde_json::from_slice(&read.stdout).unwrap();
    let text = parts.to_string();
    for one in [&text, &shown] {
        for gone in ["clara", "Mrs Smith", code, token] {
            assert!(!one.contains(gone), "{gone} is in it");
        }
        for kept in [
            "EML2137580826",
            "tcp://127.0.0.1:9",
            "last line",
            "person-1 came with ***",
            "meter-name-1 is silent",
        ] {
            assert!(one.contains(kept), "{kept} is not in it: {one}");
        }
    }
    let meters: Value = serde_json::from_str(parts["meters.json"].as_str().unwrap()).unwrap();
    assert!(
        meters[0]["values"].is_null() && !meters[0]["health"].is_null(),
        "{meters}"
    );
    assert!(!parts["log.txt"].as_str().unwrap().contains("gatelodge::audit"));
    let doctor: Value = serde_json::from_str(parts["doctor.json"].as_str().unwrap()).unwrap();
    assert!(doctor.as_array().unwrap().len() > 4, "{doctor}");
}
