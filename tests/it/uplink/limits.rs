//! What brokers do not allow is found out, said, and gone on without: mosquitto with its limits, and brokers in the test
//! where it has none to be set.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use gatelodge::domain::Quantity;
use gatelodge::uplink::FaultShown;
use serde_json::{Value, json};

use super::clear::Clear;
use super::fixture::{Fixture, SERIAL};
use super::puppet::{Puppet, Said};
use crate::support::{TestBox, eventually};

fn limits(fixture: &Fixture) -> Vec<FaultShown> {
    let faults = fixture.uplink.shown().faults.into_iter();
    faults.filter(|fault| fault.kind == "limit").collect()
}

async fn delivers(fixture: &Fixture, clear: &Clear) {
    let witness = clear.witness();
    fixture.says(SERIAL, &[(Quantity::Power, json!(7))], Vec::new()).await;
    fixture.drained().await;
    let reading = witness.until(&format!("emop/lodge-1/meter/{SERIAL}/reading"), |_| true);
    assert_eq!(reading.json()["power_w"], 7);
}

/// The steps of `uplink test` with this section.
fn tested(section: &str) -> Vec<Value> {
    let output = TestBox::unstarted(section).command(&["uplink", "test", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whoever changed the file and did not reload yet is told of what the file says, not of what the box goes by.
#[test]
fn uplink_test_is_of_the_file_also_while_the_box_goes_by_another() {
    let clear = Clear::start("", "");
    let section = clear.section("");
    let running = TestBox::start_with(&section);
    let steps = |running: &TestBox| -> (Vec<Value>, String) {
        let output = running.command(&["uplink", "test", "--json"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_slice(&output.stdout).unwrap(), said)
    };
    let bad = |steps: &[Value]| steps.iter().any(|step| step["verdict"] == "bad");
    let (good, said) = steps(&running);
    assert!(!bad(&good) && !said.contains("the file is tested"), "{good:?} {said}");
    let elsewhere = section
        .replace("127.0.0.1", "broker.invalid")
        .replace("localhost", "broker.invalid");
    assert_ne!(elsewhere, section);
    running.configure(&elsewhere);
    let (wrong, said) = steps(&running);
    assert!(bad(&wrong) && said.contains("the file is tested"), "{wrong:?} {said}");
    assert!(
        wrong.iter().any(|step| step.to_string().contains("broker.invalid")),
        "{wrong:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_keeps_nothing_is_used_without_and_that_is_said() {
    let clear = Clear::start("retain_available false", "");
    for version in ["3.1.1", "5", "auto"] {
        let section = clear.section(&format!("version = \"{version}\"\nha_discovery = true"));
        let folder = tempfile::tempdir().unwrap();
        let mut fixture = Fixture::start(folder.path(), &section);
        delivers(&fixture, &clear).await;
        let found = limits(&fixture);
        assert!(
            found.len() == 1 && found[0].what.contains("retained") && found[0].mend.contains("uplink.mqtt.retain"),
            "{version}: {found:?}"
        );
        assert!(fixture.uplink.shown().last_error.is_none());
        fixture.stop().await;
        // The probe does what the box does.
        let steps = tested(&section);
        let found = steps.iter().find(|step| step["step"] == "limits").unwrap();
        assert_eq!(found["verdict"], "doubtful", "{version}: {steps:?}");
        assert!(found["next_step"].as_str().unwrap().contains("uplink.mqtt.retain"));
        assert!(
            steps.iter().all(|step| step["verdict"] != "bad"),
            "{version}: {steps:?}"
        );
    }
    assert!(clear.kept().is_empty());
    let section = clear.section("retain = false");
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &section);
    delivers(&fixture, &clear).await;
    assert_eq!(limits(&fixture), Vec::new(), "with the key it is not tried");
    assert_eq!(fixture.uplink.shown().faults, Vec::new());
    let steps = tested(&section);
    assert!(steps.iter().all(|step| step["verdict"] != "bad"), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_up_on_what_it_is_to_keep_is_found_out_by_what_it_takes_without() {
    let puppet = Puppet::start();
    puppet.behave(|manners| manners.keeps = false);
    let section = in_clear(&puppet);
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::hasty(folder.path(), &section, super::silence::hasty());
    let found = eventually("it is said", || limits(&fixture).pop());
    assert!(
        found.what.contains("hangs up") && found.mend.contains("uplink.mqtt.retain"),
        "{found:?}"
    );
    fixture.drained().await;
    let last = puppet.said().last().unwrap().0;
    let kept = |(line, said): &(usize, Said)| *line == last && matches!(said, Said::Publish { retained: true, .. });
    assert!(!puppet.said().iter().any(kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keep_alive_that_is_refused_in_the_name_of_the_client_id_is_told_from_it() {
    // As later mosquittos with max_keepalive do to clients of 3.1.1.
    let puppet = Puppet::start();
    puppet.behave(|manners| manners.longest_keep_alive_s = 20);
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &in_clear(&puppet));
    fixture.drained().await;
    let found = limits(&fixture);
    assert!(
        found.len() == 1 && found[0].mend.contains("uplink.keep_alive"),
        "{found:?}"
    );
    let opened = puppet.said().into_iter().rev().find_map(|(_, said)| match said {
        Said::Connect(opening) => Some(opening.keep_alive_s),
        _ => None,
    });
    assert_eq!(opened, Some(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keep_alive_that_a_broker_wants_is_kept_to() {
    let clear = Clear::start("max_keepalive 20", "");
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &clear.section("version = \"5\""));
    delivers(&fixture, &clear).await;
    // There is a word for it in MQTT 5: nothing is odd.
    assert_eq!(limits(&fixture), Vec::new());
}

fn in_clear(puppet: &Puppet) -> String {
    format!(
        "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"lodge-1\"\n",
        puppet.port
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_takes_messages_at_most_once_gets_them_so() {
    let clear = Clear::start("", "max_qos 0");
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &clear.section("version = \"5\""));
    delivers(&fixture, &clear).await;
    let found = limits(&fixture);
    assert!(found.len() == 1 && found[0].what.contains("at most once"), "{found:?}");
    assert_eq!(fixture.uplink.shown().sessions, 1);
    assert!(fixture.uplink.shown().published > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_on_its_way_than_a_broker_allows_and_nothing_larger_than_it_takes() {
    let clear = Clear::start("max_inflight_messages 1\nmax_packet_size 1500", "");
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &clear.section("version = \"5\"\nha_discovery = true"));
    let witness = clear.witness();
    fixture.many(SERIAL, 60).await;
    fixture.drained().await;
    let readings = format!("emop/lodge-1/meter/{SERIAL}/reading");
    witness.until(&readings, |heard| heard.json()["power_w"] == json!(59));
    assert_eq!(witness.on(&readings).len(), 60);
    let shown = fixture.uplink.shown();
    // Discovery of a meter with its alarms is larger.
    assert!(shown.dropped > 0 && shown.sessions == 1, "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_message_that_is_too_large_for_the_box_is_passed_over_and_named() {
    let clear = Clear::start("", "");
    let folder = tempfile::tempdir().unwrap();
    let giant = folder.path().join("giant");
    std::fs::write(&giant, vec![b'x'; 2_000_000]).unwrap();
    clear.publish(&["-r", "-t", "emop/lodge-1/cmd/help", "-f", &giant.display().to_string()]);
    for version in ["3.1.1", "5"] {
        let folder = tempfile::tempdir().unwrap();
        let mut fixture = Fixture::start(folder.path(), &clear.section(&format!("version = \"{version}\"")));
        let witness = clear.witness();
        fixture.drained().await;
        eventually("it listens", || clear.log().contains("SUBACK to lodge-1").then_some(()));
        eventually("a command behind it is heard", || {
            clear.publish(&["-t", "emop/lodge-1/cmd/version", "-m", r#"{"id":"a"}"#]);
            let told = witness.on("emop/lodge-1/cmd/version/result");
            told.first().map(|told| assert_eq!(told.json()["ok"], true))
        });
        let shown = fixture.uplink.shown();
        assert_eq!((shown.sessions, shown.taken_over), (1, false), "{shown:?}");
        let named = shown.faults.iter().find(|fault| fault.kind == "too_large").unwrap();
        assert!(named.what.contains("emop/lodge-1/cmd/help"), "{named:?}");
        assert!(named.mend.contains("empty retained message"), "{named:?}");
        fixture.stop().await;
    }
}

/// A broker that answers every opening with these bytes and then only listens; what it heard.
fn answering(answer: &'static [u8]) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let hears = Arc::clone(&heard);
    std::thread::spawn(move || {
        for line in listener.incoming() {
            let (mut line, mut said) = (line.unwrap(), [0; 4_096]);
            if line.read(&mut said).is_ok_and(|length| length > 0) {
                let _ = line.write_all(answer);
            }
            while let Ok(length @ 1..) = line.read(&mut said) {
                hears.lock().unwrap().extend_from_slice(&said[..length]);
            }
        }
    });
    (port, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_without_wildcards_is_asked_for_each_command_and_a_name_that_it_gives_is_shown() {
    // CONNACK with 0x28: no wildcards, and 0x12: what it calls the client.
    let (port, heard) = answering(b"\x20\x0d\x00\x00\x0a\x28\x00\x12\x00\x05named");
    let section = format!(
        "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"lodge-1\"\n\
         [uplink.mqtt]\nversion = \"5\"\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &section);
    let says = |topic: &str| {
        let heard = heard.lock().unwrap();
        heard.windows(topic.len()).any(|bytes| bytes == topic.as_bytes())
    };
    for name in ["help", "version", "read", "ack"] {
        eventually("it asks for it", || {
            says(&format!("emop/lodge-1/cmd/{name}")).then_some(())
        });
    }
    assert!(!says("cmd/+"));
    assert_eq!(fixture.uplink.shown().client_id, "named");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_moved_is_not_followed_in_clear_and_its_new_place_is_named() {
    // CONNACK, 0x9D, and the property 0x1C: the server to use.
    let (port, _) = answering(b"\x20\x0f\x00\x9d\x0c\x1c\x00\x09b.example");
    let section =
        format!("[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{port}\"\n[uplink.mqtt]\nversion = \"5\"\n");
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &section);
    let fault = eventually("it is said", || fixture.uplink.shown().last_error);
    assert!(
        fault.what.contains("moved to another server") && fault.what.contains("b.example"),
        "{fault:?}"
    );
    assert!(fault.mend.contains("uplink.url"), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_knows_only_the_older_mqtt_is_spoken_to_in_it() {
    // What brokers of 3.1.1 answer to MQTT 5: their own CONNACK, code 1, which has no properties.
    let (port, _) = answering(b"\x20\x02\x00\x01");
    let section = |version| {
        format!(
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{port}\"\n[uplink.mqtt]\nversion = \"{version}\"\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &section("5"));
    let fault = eventually("it is said", || fixture.uplink.shown().last_error);
    assert!(fault.what.contains("version of MQTT"), "{fault:?}");
    assert!(fault.mend.contains("uplink.mqtt.version"), "{fault:?}");
}
