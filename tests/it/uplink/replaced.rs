//! Certificate files that change while the box runs, and certificates that are not good now.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::broker::Broker;
use super::est::connected;
use super::login::own_certificate;
use crate::support::{TestBox, eventually};

/// The box's own files, so that what the broker's folder has stays as it is.
fn files(broker: &Broker) -> [PathBuf; 2] {
    ["chain.pem", "key.pem"].map(|name| broker.pki.dir.join("tls").join(format!("mine-{name}")))
}

/// Puts a pair in the place of the present one, as a careful hand does it.
fn replace(files: &[PathBuf; 2], by: [&Path; 2]) {
    for (file, new) in files.iter().zip(by) {
        let beside = file.with_extension("new");
        std::fs::copy(new, &beside).unwrap();
        std::fs::rename(beside, file).unwrap();
    }
}

fn section(broker: &Broker, [chain, key]: &[PathBuf; 2]) -> String {
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let theirs = |what| broker.file("lodge-1", what).display().to_string();
    let section = section.replace(&theirs("chain"), &chain.display().to_string());
    section.replace(&theirs("key"), &key.display().to_string())
}

fn sessions(running: &TestBox) -> (u64, Value) {
    let shown = connected(running);
    (shown["sessions"].as_u64().unwrap(), shown)
}

#[test]
fn a_new_pair_is_used_at_once_and_where_it_does_not_work_the_one_of_before_is_used_on() {
    let broker = Broker::start();
    let mine = files(&broker);
    let [chain, key] = ["chain", "key"].map(|what| broker.file("lodge-1", what));
    replace(&mine, [&chain, &key]);
    let running = TestBox::start_with(&section(&broker, &mine));
    let (first, _) = sessions(&running);

    // The broker does not know this one.
    let [strange, strange_key] = own_certificate(&broker.pki.dir, (2020, 2190)).map(PathBuf::from);
    replace(&mine, [&strange, &strange_key]);
    let refused = eventually("a session with the pair of before", || {
        let (now, shown) = sessions(&running);
        (now > first).then_some(shown)
    });
    assert!(
        ["tls", "lost"].contains(&refused["faults"][0]["kind"].as_str().unwrap()),
        "{refused}"
    );
    assert!(running.log().contains("the one of before is used on"));

    // One that has ended is not even tried; the next good one is.
    let [ended, ended_key] = own_certificate(&broker.pki.dir, (2001, 2002)).map(PathBuf::from);
    replace(&mine, [&ended, &ended_key]);
    let (before, _) = sessions(&running);
    let out = broker.pki.dir.join("anew");
    let made = broker.pki.json(&[
        "pki",
        "client",
        "--name",
        "lodge-1",
        "--out",
        &out.display().to_string(),
    ]);
    let text = |key: &str| PathBuf::from(made[key].as_str().unwrap());
    replace(&mine, [&text("chain"), &text("key")]);
    let shown = eventually("a session with the good pair", || {
        let (now, shown) = sessions(&running);
        (now > before).then_some(shown)
    });
    assert_eq!(shown["sessions"], before + 1, "nothing was tried in between: {shown}");
}

#[test]
fn with_a_certificate_that_is_not_good_now_nothing_is_sent_and_the_values_wait() {
    let broker = Broker::start();
    let mine = files(&broker);
    let running = |years: (i32, i32), client_id: &str| {
        let [certificate, key] = own_certificate(&broker.pki.dir, years).map(PathBuf::from);
        replace(&mine, [&certificate, &key]);
        let section = section(&broker, &mine).replace("\"lodge-1\"", &format!("{client_id:?}"));
        let meter = "[[meter]]\nserial = \"EML1\"\nlink = \"tcp://127.0.0.1:9\"\n";
        TestBox::start_with(&format!("{section}self_test_rate = \"20/s\"\n{meter}"))
    };
    for (years, client_id, wanted) in [
        ((2001, 2002), "lodge-1", "ended at 2002"),
        ((2190, 2191), "lodge-1", "not good before 2190"),
        ((2020, 2190), "lodge-2", "is for `lodge-1`"),
    ] {
        let running = running(years, client_id);
        let shown = eventually("it is told, and values wait", || {
            let shown = running.json(&["uplink", "status"]);
            let waits = shown["backlog_rows"].as_u64() > Some(5);
            (waits && shown["last_error"].is_object()).then_some(shown)
        });
        assert_eq!(shown["last_error"]["kind"], "certificate", "{shown}");
        assert!(
            shown["last_error"]["what"].as_str().unwrap().contains(wanted),
            "{shown}"
        );
        let next: jiff::Timestamp = shown["next_try"].as_str().unwrap().parse().unwrap();
        let at: jiff::Timestamp = shown["last_error"]["at"].as_str().unwrap().parse().unwrap();
        assert!(
            next.duration_since(at) >= jiff::SignedDuration::from_secs(29),
            "{shown}"
        );
    }
    let log = broker.log();
    assert!(!log.contains("d:lodge-"), "the broker hears nothing of it");
}

#[test]
fn a_code_is_signed_by_the_boxs_own_root_and_nothing_else_is() {
    let running = TestBox::unstarted("");
    running.json(&["pki", "init"]);
    let file = |name: &str| running.dir.join(name).display().to_string();
    std::fs::write(file("code"), "0123-abcd:4567").unwrap();
    let signed = running.json(&["uplink", "ca", "sign-code", &file("code")]);
    let signature = data_encoding::BASE64.decode(signed["signature"].as_str().unwrap().as_bytes());
    std::fs::write(file("signature"), signature.unwrap()).unwrap();
    let openssl = |args: &[&str]| {
        let output = std::process::Command::new("openssl").args(args).output().unwrap();
        (output.status.success(), output.stdout)
    };
    let (read, key) = openssl(&["x509", "-noout", "-pubkey", "-in", signed["root"].as_str().unwrap()]);
    assert!(read);
    std::fs::write(file("key"), key).unwrap();
    let verify = [
        "dgst",
        "-sha256",
        "-verify",
        &file("key"),
        "-signature",
        &file("signature"),
        &file("code"),
    ];
    assert!(openssl(&verify).0, "OpenSSL believes it");
    for no_code in ["", "\n", "two\nlines", "0\u{82}", &"x".repeat(2_000)] {
        std::fs::write(file("code"), no_code).unwrap();
        let output = running.command(&["uplink", "ca", "sign-code", &file("code")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains("that is no code"),
            "{no_code:?}: {said}"
        );
    }
}
