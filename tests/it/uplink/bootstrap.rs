//! How the box comes to a login that a person grants it, with mosquitto as the platform's broker.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::Value;

use super::broker::{Broker, Witness};
use super::est::connected;
use crate::support::test_box::binary;
use crate::support::{TestBox, eventually};

const STRANGER: &str = "for,strangers";
const GRANTED: &str = "granted \"secret\", 7";

/// A broker that knows strangers and one device.
fn broker() -> Broker {
    let mut broker = Broker::unstarted();
    broker.user("management/devicebootstrap", STRANGER);
    broker.user("t1/device_lodge-1", GRANTED);
    std::fs::write(broker.pki.dir.join("stranger"), STRANGER).unwrap();
    broker.run();
    broker
}

fn section(broker: &Broker) -> String {
    format!(
        "[uplink]\nkind = \"cumulocity\"\nurl = \"mqtts://localhost:{}\"\nca_file = {:?}\nclient_id = \"lodge-1\"\n\
         auth = \"bootstrap\"\npassword_file = {:?}\n",
        broker.by_password,
        broker.root("server"),
        broker.pki.dir.join("stranger"),
    )
}

/// The line by which the platform grants a login.
fn grant(password: &str) -> String {
    format!("70,t1,device_lodge-1,\"{}\"", password.replace('"', "\"\""))
}

/// How often the box has asked.
fn asked(witness: &Witness) -> usize {
    let asks = witness.heard().into_iter().filter(|heard| heard.topic == "s/ucr");
    asks.inspect(|heard| assert_eq!(heard.text, "", "it asks in an empty message"))
        .count()
}

fn asks_more_than(witness: &Witness, before: usize) {
    eventually("the box asks for a login", || (asked(witness) > before).then_some(()));
}

fn granted(broker: &Broker, witness: &Witness) -> TestBox {
    let running = TestBox::start_with(&section(broker));
    asks_more_than(witness, 0);
    broker.publish("s/dcr", &grant(GRANTED));
    connected(&running);
    running
}

#[test]
fn a_device_that_is_accepted_keeps_its_login_and_everything_else_is_passed_over() {
    let broker = broker();
    let witness = broker.witness();
    let mut running = TestBox::start_with(&section(&broker));
    asks_more_than(&witness, 0);
    let shown = running.json(&["uplink", "status"]);
    assert_eq!(
        (&shown["enrolment"]["by"], &shown["enrolment"]["stage"]),
        (&"bootstrap".into(), &"asking".into())
    );
    let steps = running.command(&["uplink", "test", "--json"]);
    let steps: Vec<Value> = serde_json::from_slice(&steps.stdout).unwrap();
    assert_eq!(steps.last().unwrap()["step"], "enrolment", "{steps:?}");
    for no_login in ["70,t1,device_lodge-1", "71,t1,device_lodge-1,x", "70,t1,,x"] {
        broker.publish("s/dcr", no_login);
    }
    eventually("what is no login is counted", || {
        (running.json(&["uplink", "status"])["enrolment"]["no_login"] == 3).then_some(())
    });
    asks_more_than(&witness, 1);
    broker.publish("s/dcr", &grant(GRANTED));
    assert_eq!(connected(&running)["enrolment"]["stage"], "proven");
    let file = running.dir.join("data/uplink/login.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        broker.log().contains("u't1/device_lodge-1'"),
        "it connects with what it was granted"
    );
    let before = asked(&witness);
    running.kill();
    std::fs::remove_file(broker.pki.dir.join("stranger")).unwrap();
    running.run();
    connected(&running);
    assert_eq!(asked(&witness), before, "what it has it does not ask for again");
    let steps = running.json(&["uplink", "test"]);
    assert!(
        steps.as_array().unwrap().iter().all(|step| step["verdict"] == "good"),
        "{steps}"
    );
    let said = [
        running.log(),
        steps.to_string(),
        running.json(&["uplink", "status"]).to_string(),
    ]
    .concat();
    assert!(!said.contains(STRANGER) && !said.contains("granted \\\"secret") && !said.contains("granted \"secret"));
}

#[test]
fn a_granted_login_that_fails_is_told_and_kept_until_another_is_asked_for() {
    let mut broker = broker();
    let witness = broker.witness();
    let running = granted(&broker, &witness);
    let file = running.dir.join("data/uplink/login.json");
    let kept = std::fs::read(&file).unwrap();
    broker.stop();
    broker.user("t1/device_lodge-1", "another");
    broker.run();
    let shown = eventually("the refusal is told", || {
        let shown = running.json(&["uplink", "status"]);
        (shown["last_error"]["kind"] == "refused").then_some(shown)
    });
    let what = shown["last_error"]["what"].as_str().unwrap();
    assert!(what.contains("the login that the platform granted"), "{what}");
    assert!(
        shown["last_error"]["mend"].as_str().unwrap().contains("enrol --again"),
        "{shown}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), kept, "it is not thrown away by itself");
    let before = asked(&witness);
    std::thread::scope(|scope| {
        let again = scope.spawn(|| running.json(&["uplink", "enrol", "--again"]));
        asks_more_than(&witness, before);
        broker.publish("s/dcr", &grant("another"));
        let steps = again.join().unwrap();
        assert!(
            steps.as_array().unwrap().iter().all(|step| step["verdict"] == "good"),
            "{steps}"
        );
    });
    connected(&running);
}

#[test]
fn who_no_longer_waits_for_another_login_leaves_the_box_with_the_one_it_has() {
    let broker = broker();
    let witness = broker.witness();
    let running = granted(&broker, &witness);
    let kept = std::fs::read(running.dir.join("data/uplink/login.json")).unwrap();
    let before = asked(&witness);
    let mut again = binary()
        .args(["uplink", "enrol", "--again", "--config"])
        .arg(running.config_file())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    asks_more_than(&witness, before);
    again.kill().unwrap();
    again.wait().unwrap();
    connected(&running);
    assert_eq!(std::fs::read(running.dir.join("data/uplink/login.json")).unwrap(), kept);
}

#[test]
fn a_proof_that_the_platform_gives_stands_alone() {
    let said = |section: &str| {
        let output = TestBox::unstarted(section).command(&["check-config"]);
        assert_eq!(output.status.code(), Some(3), "{section}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let section = |kind: &str, url: &str, more: &str| {
        format!("[uplink]\nkind = \"{kind}\"\nurl = \"{url}://x.example.org\"\n{more}\n")
    };
    let boots = "auth = \"bootstrap\"\npassword_file = \"/p\"";
    for (kind, url, more, wanted) in [
        ("cumulocity", "mqtt", boots, "`uplink.url`: is in clear"),
        ("mqtt", "mqtts", boots, "other brokers grant no logins"),
        (
            "cumulocity",
            "mqtts",
            "auth = \"bootstrap\"",
            "where the platform's bootstrap password is",
        ),
        ("cumulocity", "mqtt", "auth = \"est\"", "`uplink.url`: is in clear"),
        (
            "cumulocity",
            "mqtts",
            "auth = \"est\"\ncertificate_file = \"/c\"\nkey_file = \"/k\"",
            "there is another proof too",
        ),
        (
            "mqtt",
            "mqtts",
            "auth = \"est\"\npassword_file = \"/p\"",
            "and there is a password_file",
        ),
        ("mqtt", "mqtts", "otp_file = \"/o\"", "`uplink.otp_file`: is not used"),
    ] {
        let heard = said(&section(kind, url, more));
        assert!(heard.contains(wanted), "{more}: {heard}");
    }
}
