//! What a broker keeps of the box: told once, told anew to who forgot it, and taken away when it is no more.

use std::collections::BTreeSet;

use gatelodge::domain::Quantity;
use gatelodge::store::Options;
use serde_json::{Value, json};

use super::broker::Witness;
use super::clear::Clear;
use super::fixture::{Fixture, SERIAL};
use crate::support::eventually;

const HA: &str = "ha_discovery = true";
/// The alarm that these tests raise.
const RULE: &str = "[[uplink.rule]]\nid = \"overload\"\non = \"meter:*\"\nop = \">\"\nraise = 5000\nclear = 4500\n\
                    series = \"c8y_SinglePhaseEnergyMeasurement.P+\"\nseverity = \"MAJOR\"\ntext = \"{name}\"\n\
                    for = \"0s\"\nclear_for = \"0s\"\n";

async fn power(fixture: &Fixture, serial: &str, watts: u32) {
    fixture
        .says(serial, &[(Quantity::Power, json!(watts))], Vec::new())
        .await;
}

fn config(serial: &str) -> String {
    format!("homeassistant/device/emop_{}/config", serial.to_lowercase())
}

/// Waits until the topics that are kept are as wanted.
fn until_kept(clear: &Clear, what: &str, wanted: impl Fn(&BTreeSet<String>) -> bool) -> BTreeSet<String> {
    eventually(what, || {
        let topics: BTreeSet<String> = clear.kept().into_keys().collect();
        wanted(&topics).then_some(topics)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_the_configuration_while_the_box_was_away_is_taken_from_the_broker() {
    let clear = Clear::start("", "");
    let folder = tempfile::tempdir().unwrap();
    let book = || Options::new(folder.path().join("book"));
    let more = ["EML9".to_owned()];
    let mut fixture = Fixture::start_among(book(), &clear.section(HA), &more);
    power(&fixture, "EML9", 1).await;
    power(&fixture, SERIAL, 1).await;
    let of = |topics: &BTreeSet<String>, serial: &str| {
        let serial = serial.to_lowercase();
        topics
            .iter()
            .filter(|topic| topic.to_lowercase().contains(&serial))
            .count()
    };
    let before = until_kept(&clear, "both are told", |topics| {
        of(topics, "EML9") == 3 && of(topics, SERIAL) == 3
    });
    fixture.stop().await;
    drop(fixture);

    let mut fixture = Fixture::start_with(book(), &clear.section(HA));
    let after = until_kept(&clear, "the one that left is no more", |topics| of(topics, "EML9") == 0);
    assert_eq!(of(&after, SERIAL), 3, "the other one is");
    assert!(after.is_subset(&before));
    fixture.stop().await;
    drop(fixture);

    // Prefix, client id and Home Assistant's prefix are parts of every topic.
    let section = clear
        .section("ha_discovery = true\nprefix = \"new/place\"\nha_prefix = \"ha\"")
        .replace("lodge-1", "lodge-2");
    let mut fixture = Fixture::start_with(book(), &section);
    let now = until_kept(&clear, "nothing stands where it stood", |topics| {
        topics.is_disjoint(&before) && of(topics, SERIAL) == 3
    });
    assert!(
        now.iter()
            .all(|topic| topic.starts_with("new/place/") || topic.starts_with("ha/")),
        "{now:?}"
    );
    fixture.stop().await;
    drop(fixture);

    // Discovery that is switched off is no more, either.
    let fixture = Fixture::start_with(
        book(),
        &clear.section("prefix = \"new/place\"").replace("lodge-1", "lodge-2"),
    );
    until_kept(&clear, "no discovery", |topics| {
        topics.iter().all(|topic| topic.starts_with("new/place/")) && of(topics, SERIAL) == 2
    });
    drop(fixture);
}

/// How often something was said there; before a meter has a value, its device is empty.
fn told(witness: &Witness, topic: &str) -> usize {
    witness.on(topic).iter().filter(|heard| !heard.text.is_empty()).count()
}

fn repeats(witness: &Witness) -> Vec<String> {
    let mut last = std::collections::BTreeMap::new();
    let mut repeated = Vec::new();
    for heard in witness.heard() {
        let is_state = ["/reading", "/event", "/result"]
            .iter()
            .all(|end| !heard.topic.ends_with(end));
        if is_state && last.insert(heard.topic.clone(), heard.text.clone()) == Some(heard.text) {
            repeated.push(heard.topic);
        }
    }
    repeated
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_twice_but_to_who_forgot_it_or_was_born() {
    let mut clear = Clear::start("", "");
    let folder = tempfile::tempdir().unwrap();
    // Kept from long ago: that is no birth.
    clear.publish(&["-r", "-t", "homeassistant/status", "-m", "online"]);
    let fixture = Fixture::start(folder.path(), &clear.section(HA));
    let witness = clear.witness();
    let state = format!("emop/lodge-1/meter/{SERIAL}/state");
    for watts in 0..10 {
        power(&fixture, SERIAL, watts).await;
        witness.until(&state, |heard| heard.json()["power_w"] == json!(watts));
    }
    fixture.drained().await;
    assert_eq!(repeats(&witness), Vec::<String>::new());
    assert_eq!(told(&witness, &config(SERIAL)), 1);
    assert_eq!(
        witness.on(&format!("emop/lodge-1/meter/{SERIAL}/availability")).len(),
        1
    );

    clear.publish(&["-t", "homeassistant/status", "-m", "online"]);
    let once_more = |witness: &Witness| {
        let repeated: BTreeSet<String> = repeats(witness).into_iter().collect();
        let wanted = [
            config(SERIAL),
            config("gatelodge_lodge-1").replace("emop_", ""),
            state.clone(),
        ];
        wanted.iter().all(|topic| repeated.contains(topic)).then_some(repeated)
    };
    eventually("everything is told once more", || once_more(&witness));
    assert_eq!(told(&witness, &config(SERIAL)), 2, "and once");

    // It keeps nothing over its end, and so it is told all.
    clear.kill();
    clear.run();
    let kept = until_kept(&clear, "it is told all", |topics| topics.contains(&state));
    assert!(kept.contains(&config(SERIAL)), "{kept:?}");
    drop(fixture);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_is_a_device_and_alarms_are_problems_of_what_they_are_about() {
    let clear = Clear::start("", "");
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::start(folder.path(), &(clear.section(HA) + RULE));
    let witness = clear.witness();
    power(&fixture, SERIAL, 1).await;
    let meter = witness.until(&config(SERIAL), |heard| !heard.text.is_empty()).json();
    let running = "homeassistant/device/gatelodge_lodge-1/config";
    let running = witness.until(running, |heard| !heard.text.is_empty()).json();
    assert_eq!(meter["dev"]["via_device"], running["dev"]["ids"][0]);
    assert_eq!(running["dev"]["configuration_url"], "https://lodge.example/");
    assert_eq!(running["dev"]["name"], "The Gables");
    let health = witness.until(running["state_topic"].as_str().unwrap(), |_| true).json();
    for key in ["started", "queue", "disk_free", "certificate_days", "broken_rules"] {
        let part = &running["cmps"][key];
        assert_eq!(
            (&part["p"], &part["entity_category"]),
            (&json!("sensor"), &json!("diagnostic")),
            "{key}"
        );
        assert!(part["value_template"].as_str().unwrap().contains(key));
        assert!(health.get(key).is_some(), "{key}: {health}");
    }
    let alarm = &meter["cmps"]["alarm_rule_overload"];
    assert_eq!(
        (&alarm["p"], &alarm["device_class"]),
        (&json!("binary_sensor"), &json!("problem"))
    );
    assert_eq!(alarm["name"], "Overload");
    let alarms = alarm["state_topic"].as_str().unwrap();
    let stands = |heard: &Value| {
        heard["rule_overload"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(SERIAL)))
    };
    witness.until(alarms, |heard| !stands(&heard.json()));
    power(&fixture, SERIAL, 6_000).await;
    witness.until(alarms, |heard| stands(&heard.json()));
    power(&fixture, SERIAL, 1).await;
    witness.until(alarms, |heard| !stands(&heard.json()));
    fixture.stop().await;
    drop(fixture);

    // A rule that is no more: Home Assistant lets go of a component that comes with its platform alone.
    let heard = witness.on(&config(SERIAL)).len();
    let fixture = Fixture::start(folder.path(), &clear.section(HA));
    let told = eventually("the device without it", || {
        let told = witness.on(&config(SERIAL)).split_off(heard);
        (told.len() >= 2).then_some(told)
    });
    assert_eq!(
        told[0].json()["cmps"]["alarm_rule_overload"],
        json!({"p": "binary_sensor"})
    );
    assert_eq!(told[1].json()["cmps"].get("alarm_rule_overload"), None);
    assert!(told[1].json()["cmps"].get("alarm_meter_offline").is_some());
    drop(fixture);
}
