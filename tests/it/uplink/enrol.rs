//! How the box comes to a certificate of the platform's authority, and to the next one.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use gatelodge::uplink::Patience;
use serde_json::{Value, json};

use super::est::{Est, OTP, connected};
use super::fixture::Fixture;
use crate::support::{TestBox, eventually};

fn identity(running: &TestBox) -> PathBuf {
    running.dir.join("data/uplink/identity.pem")
}

fn next(running: &TestBox) -> PathBuf {
    running.dir.join("data/uplink/identity.next.pem")
}

/// What `uplink enrol` says of each step.
fn enrol(running: &TestBox, more: &[&str]) -> Vec<(String, String, String)> {
    let output = running.command(&[&["uplink", "enrol", "--json"], more].concat());
    let steps: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let bad = steps.iter().any(|step| step["verdict"] == "bad");
    assert_eq!(output.status.code(), Some(i32::from(bad)), "{steps:?}");
    let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let part = |step: &Value| (text(step, "step"), text(step, "verdict"), text(step, "words"));
    steps.iter().map(part).collect()
}

#[test]
fn a_one_time_password_earns_a_certificate_that_logs_in_and_is_needed_once() {
    let est = Est::start();
    std::fs::write(est.otp_file(), format!("{OTP}\n")).unwrap();
    let mut running = TestBox::start_with(&format!(
        "{}[metrics]\nlisten = [\"127.0.0.1:0\"]\n",
        est.section_with_otp()
    ));
    connected(&running);
    assert_eq!(running.metric("gatelodge_uplink_cert_days_left "), Some(89));
    let asked = est.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0]["path"], "/.well-known/est/simpleenroll");
    assert_eq!(asked[0]["type"], "application/pkcs10");
    assert_eq!(asked[0]["encoding"], "base64");
    assert_eq!(
        identity(&running).metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    let shown = connected(&running);
    assert_eq!(shown["enrolment"]["stage"], "proven");
    assert!(
        shown["certificate_ends"].is_string() && shown["enrolment"]["renews"].is_string(),
        "{shown}"
    );
    let steps = running.json(&["uplink", "test"]);
    assert!(
        steps.as_array().unwrap().iter().all(|step| step["verdict"] == "good"),
        "{steps}"
    );
    assert!(
        steps.as_array().unwrap().iter().any(|step| step["step"] == "enrolment"),
        "{steps}"
    );
    let said = [
        running.log(),
        shown.to_string(),
        steps.to_string(),
        running.json(&["status"]).to_string(),
    ]
    .concat();
    assert!(!said.contains(OTP) && !said.contains("PRIVATE KEY"), "{said}");

    // A backup on another box would be a second one under this name.
    let [secret, backup] = ["secret", "lodge.backup"].map(|name| running.dir.join(name).display().to_string());
    std::fs::write(&secret, "correct horse battery staple").unwrap();
    running.json(&["backup", &backup, "--passphrase-file", &secret]);
    let other = TestBox::unstarted("");
    other.json(&["restore", &backup, "--passphrase-file", &secret]);
    assert!(other.dir.join("data/store").exists() && !identity(&other).exists());

    std::fs::remove_file(est.otp_file()).unwrap();
    running.kill();
    running.run();
    connected(&running);
    assert_eq!(est.asked().len(), 1, "what it has it does not ask for again");
}

#[test]
fn a_wrong_one_time_password_is_told_in_the_platforms_words_without_it_and_another_is_tried_at_once() {
    let est = Est::start();
    std::fs::write(est.otp_file(), "mistaken-secret").unwrap();
    let running = TestBox::start_with(&est.section_with_otp());
    let shown = eventually("the refusal is shown", || {
        let shown = running.json(&["uplink", "status"]);
        shown["last_error"].is_object().then_some(shown)
    });
    let (what, mend) = (&shown["last_error"]["what"], &shown["last_error"]["mend"]);
    assert!(
        what.as_str()
            .unwrap()
            .contains("401 Unauthorized: Wrong one-time password in"),
        "{what}"
    );
    assert!(mend.as_str().unwrap().contains("registered"), "{mend}");
    assert_eq!(shown["enrolment"]["stage"], "asking");
    let at: jiff::Timestamp = shown["last_error"]["at"].as_str().unwrap().parse().unwrap();
    let again: jiff::Timestamp = shown["enrolment"]["next_try"].as_str().unwrap().parse().unwrap();
    assert_eq!(again.duration_since(at).as_mins(), 60, "it is asked again hourly");
    assert!(!identity(&running).exists());
    let steps = running.command(&["uplink", "test", "--json"]);
    let steps: Vec<Value> = serde_json::from_slice(&steps.stdout).unwrap();
    assert_eq!(steps.last().unwrap()["step"], "enrolment", "{steps:?}");
    assert_eq!(steps.last().unwrap()["verdict"], "bad");
    assert!(
        !format!("{shown}{steps:?}{}", running.log()).contains("mistaken"),
        "{}",
        running.log()
    );
    std::fs::write(est.otp_file(), OTP).unwrap();
    connected(&running);
}

#[test]
fn whatever_is_wrong_with_the_answer_is_said_and_nothing_is_kept() {
    let est = Est::start();
    let running = TestBox::start_with(&est.section());
    let otp = est.otp_file();
    std::fs::write(&otp, OTP).unwrap();
    let file = otp.display().to_string();
    let wrong = |manners: Value, wanted: &str| {
        est.register(OTP);
        est.behave(&manners);
        let steps = enrol(&running, &["--otp-file", &file]);
        let (step, verdict, words) = steps.last().unwrap().clone();
        assert_eq!((step.as_str(), verdict.as_str()), ("certificate", "bad"), "{words}");
        assert!(words.contains(wanted), "{wanted}: {words}");
        assert!(!identity(&running).exists() && !words.contains(OTP));
    };
    wrong(
        json!({"status": 422, "text": "{\"message\":\"Tenant has no CA\"}"}),
        "422 Unprocessable Entity: Tenant has no CA",
    );
    wrong(json!({"status": 200, "text": "<html>"}), "neither PEM nor PKCS#7");
    wrong(json!({"subject": "lodge-2"}), "is for \"lodge-2\"");
    wrong(json!({"seconds": 0}), "which is not now");
    let steps = enrol(&running, &[]);
    assert!(steps.last().unwrap().2.contains("no one-time password"), "{steps:?}");
    est.register(OTP);
    est.behave(&json!({"form": "pem"}));
    let steps = enrol(&running, &["--otp-file", &file]);
    let verdicts: Vec<(&str, &str)> = steps
        .iter()
        .map(|(step, good, _)| (step.as_str(), good.as_str()))
        .collect();
    assert_eq!(
        verdicts,
        [("config", "good"), ("certificate", "good"), ("session", "good")],
        "{steps:?}"
    );
    connected(&running);
}

#[test]
fn a_certificate_is_renewed_in_time_by_a_fresh_key_and_the_next_one_is_taken_in_a_session() {
    let est = Est::start();
    est.behave(&json!({"seconds": 6, "form": "der"}));
    let running = est.enrolled();
    let first = std::fs::read_to_string(identity(&running)).unwrap();
    est.behave(&json!({}));
    let second = eventually("the next one is taken", || {
        let now = std::fs::read_to_string(identity(&running)).unwrap();
        (now != first && !next(&running).exists()).then_some(now)
    });
    let key = |pair: &str| pair[pair.find("-----BEGIN PRIVATE KEY").unwrap()..].to_owned();
    assert_ne!(key(&first), key(&second), "the key is a fresh one");
    let asked = est.asked_for("simplereenroll");
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0]["shown"], json!(["lodge-1"]), "by the certificate of before");
    let shown = connected(&running);
    assert_eq!(shown["enrolment"]["last_error"], Value::Null, "{shown}");
    assert_eq!(
        identity(&running).metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_next_certificate_that_the_broker_refuses_is_given_up_and_the_old_one_used_on() {
    let est = Est::start();
    let running = est.enrolled();
    let first = std::fs::read_to_string(identity(&running)).unwrap();
    est.behave(&json!({"authority": "stranger"}));
    let steps = enrol(&running, &[]);
    let (step, verdict, words) = steps.last().unwrap();
    assert_eq!((step.as_str(), verdict.as_str()), ("session", "bad"), "{steps:?}");
    assert!(words.contains("the one of before is used on"), "{words}");
    let shown = connected(&running);
    assert!(
        shown["enrolment"]["last_error"]["mend"]
            .as_str()
            .unwrap()
            .contains("trusts the authority"),
        "{shown}"
    );
    assert_eq!(std::fs::read_to_string(identity(&running)).unwrap(), first);
    assert!(!next(&running).exists());
    est.behave(&json!({}));
    let steps = enrol(&running, &[]);
    assert!(steps.iter().all(|(_, verdict, _)| verdict == "good"), "{steps:?}");
    assert_ne!(std::fs::read_to_string(identity(&running)).unwrap(), first);
    assert_eq!(connected(&running)["enrolment"]["last_error"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_renewal_is_tried_again_while_the_old_certificate_lasts() {
    let est = Est::start();
    est.behave(&json!({"seconds": 12}));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(est.otp_file(), OTP).unwrap();
    let section = format!("data_dir = {:?}\n{}", folder.path(), est.section_with_otp());
    let patience = Patience {
        enrol: Duration::from_millis(500),
        ..Patience::default()
    };
    let mut fixture = Fixture::hasty(folder.path(), &section, patience);
    let kept = |name: &str| std::fs::read_to_string(folder.path().join("uplink").join(name)).ok();
    let first = eventually("it is certified", || kept("identity.pem"));
    est.behave(&json!({"authority": "stranger"}));
    eventually("a renewal is refused by the broker", || {
        let shown = fixture.uplink.shown().enrolment?;
        shown
            .last_error
            .filter(|fault| fault.what.contains("the one of before is used on"))
    });
    assert_eq!(kept("identity.pem"), Some(first.clone()));
    est.behave(&json!({}));
    eventually("a later one is taken", || {
        (kept("identity.pem") != Some(first.clone()) && kept("identity.next.pem").is_none()).then_some(())
    });
    fixture.drained().await;
    fixture.stop().await;
}

/// However it is cut off, the box comes back with a pair that logs in.
#[test]
fn a_box_that_is_killed_while_it_renews_comes_back_with_a_pair_that_works() {
    let kills: u64 = std::env::var("GATELODGE_TEST_ENROL_KILLS").map_or(6, |text| text.parse().unwrap());
    let est = Est::start();
    let mut running = est.enrolled();
    for kill in 0..kills {
        let before = est.asked().len();
        let mut renewal = crate::support::test_box::binary()
            .args(["uplink", "enrol", "--config"])
            .arg(running.config_file())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        eventually("the platform is asked", || {
            (est.asked().len() > before || kill % 3 == 0).then_some(())
        });
        // A different moment each time: before the answer, around the file, around the session, after it.
        std::thread::sleep(Duration::from_millis(kill * 97 % 2_600));
        running.kill();
        let _ = renewal.wait();
        running.run();
        connected(&running);
    }
    assert!(
        est.asked_for("simpleenroll").len() == 1,
        "the one-time password is not needed again"
    );
}

#[test]
fn a_tenant_renews_for_a_token_that_mqtt_brings() {
    let est = Est::start();
    let witness = est.broker.witness();
    std::fs::write(est.otp_file(), OTP).unwrap();
    let running = TestBox::start_with(&est.section_with_otp().replace("\"mqtt\"", "\"cumulocity\""));
    connected(&running);
    est.behave(&json!({"token": "header.e30.sig"}));
    let first = std::fs::read_to_string(identity(&running)).unwrap();
    std::thread::scope(|scope| {
        let renewal = scope.spawn(|| enrol(&running, &[]));
        eventually("it asks for a token", || {
            witness.heard().iter().any(|heard| heard.topic == "s/uat").then_some(())
        });
        est.broker.publish("s/dat", "71,header.e30.sig");
        let steps = renewal.join().unwrap();
        assert!(steps.iter().all(|(_, verdict, _)| verdict == "good"), "{steps:?}");
    });
    let asked = est.asked_for("simplereenroll");
    assert_eq!(asked.last().unwrap()["authorization"], "Bearer header.e30.sig");
    assert_ne!(std::fs::read_to_string(identity(&running)).unwrap(), first);
    assert!(!running.log().contains("header.e30"), "a token is never logged");
}

/// A box that was off for too long is a stranger again.
#[test]
fn a_box_whose_certificate_has_ended_says_so_and_is_certified_anew_for_another_one_time_password() {
    let est = Est::start();
    est.behave(&json!({"seconds": 2, "status_of_renewals": 503}));
    let mut running = est.enrolled();
    let first = std::fs::read_to_string(identity(&running)).unwrap();
    let ends: jiff::Timestamp = connected(&running)["certificate_ends"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    running.kill();
    eventually("the certificate ends", || (jiff::Timestamp::now() > ends).then_some(()));
    est.behave(&json!({}));
    running.run();
    let shown = eventually("both faults are told", || {
        let shown = running.json(&["uplink", "status"]);
        let kinds: Vec<&Value> = shown["faults"].as_array()?.iter().map(|fault| &fault["kind"]).collect();
        (kinds.contains(&&json!("enrol")) && kinds.contains(&&json!("certificate"))).then_some(shown)
    });
    assert_eq!(shown["enrolment"]["stage"], "asking", "{shown}");
    let told = shown["faults"].to_string();
    assert!(
        told.contains("the platform gave the box ended at") && told.contains("401"),
        "{told}"
    );
    est.register("another");
    std::fs::write(est.otp_file(), "another").unwrap();
    connected(&running);
    assert_ne!(std::fs::read_to_string(identity(&running)).unwrap(), first);
    assert!(!next(&running).exists());
}
