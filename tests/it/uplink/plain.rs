//! What a plain broker and Home Assistant are told.

use gatelodge::domain::{MeterNews, Occupancy, Quantity, SpaceId, SpaceOrigin};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::broker::{Broker, Witness};
use super::fixture::{Fixture, SERIAL};
use crate::support::eventually;

/// A broker, a witness, and an uplink with these keys more.
fn begin(more: &str) -> (Broker, Witness, tempfile::TempDir, Fixture) {
    let broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &(broker.section() + more));
    (broker, witness, folder, fixture)
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_states_events_and_availability_arrive_on_their_topics() {
    let (_broker, witness, _folder, mut fixture) = begin("");
    witness.until("emop/lodge-1/status", |heard| heard.text == "online");
    let logged = MeterNews::Logged {
        at: "2026-02-10T12:00:00Z".parse().unwrap(),
        id: 7,
        name: Some("cover opened".into()),
        set: 3,
        alarm: true,
    };
    let values = [
        (Quantity::ImportA, json!(18_655_120)),
        (Quantity::Balance, json!("-12.34567")),
        (Quantity::PrepayEnabled, json!(true)),
    ];
    fixture.says(SERIAL, &values, vec![logged]).await;
    let topic = |last: &str| format!("emop/lodge-1/meter/{SERIAL}/{last}");
    let reading = witness.until(&topic("reading"), |_| true).json();
    assert_eq!(reading["import_kwh"], json!(18_655.12));
    assert_eq!(
        (&reading["balance"], &reading["currency"]),
        (&json!(-12.34567), &json!("GBP"))
    );
    // The id of the change, and the event's place in it.
    let (id, _) = reading["seq"].as_str().unwrap().rsplit_once('.').unwrap();
    let id: gatelodge::domain::ChangeId = id.parse().unwrap();
    assert_eq!(fixture.store.seq_of(id), Some(id.seq));
    assert!(
        reading.get("voltage_v").is_none(),
        "what is missing is absent: {reading}"
    );
    let event = witness.until(&topic("event"), |_| true).json();
    assert_eq!((&event["id"], &event["name"]), (&json!(7), &json!("cover opened")));
    assert_eq!(event["ts"], "2026-02-10T12:00:00.000Z");
    let state = witness.until(&topic("state"), |_| true).json();
    assert_eq!(state["import_kwh"], reading["import_kwh"]);
    assert_eq!(witness.until(&topic("availability"), |_| true).text, "online");

    let id = SpaceId::from_random([7; 16]);
    let spaces = SpacesWriter::new(fixture.store.clone());
    let occupancy = Occupancy { current: 2, maximum: 3 };
    let new = NewSpace::plain(id, Some("Hall, \"front\"".into()), occupancy, SpaceOrigin::Operator);
    spaces.create(new, Timestamp::now()).await.unwrap();
    let private = SpaceId::from_random([8; 16]);
    let new = NewSpace::plain(private, None, occupancy, SpaceOrigin::Open);
    spaces.create(new, Timestamp::now()).await.unwrap();
    spaces.enter(id, Timestamp::now()).await.unwrap();
    let topic = format!("emop/lodge-1/space/{id}/state");
    let state = witness
        .until(&topic, |heard| heard.json()["full"] == json!(true))
        .json();
    assert_eq!((&state["current"], &state["utilisation"]), (&json!(3), &json!(100.0)));
    spaces.delete(id).await.unwrap();
    witness.until(&topic, |heard| heard.text.is_empty());
    assert!(
        !witness
            .heard()
            .iter()
            .any(|heard| heard.topic.contains(&private.to_string()) && !heard.text.is_empty())
    );

    fixture.stop().await;
    witness.until("emop/lodge-1/status", |heard| heard.text == "offline");
}

#[tokio::test(flavor = "multi_thread")]
async fn home_assistant_is_told_before_the_first_state_and_again_when_it_starts() {
    let (broker, witness, _folder, fixture) = begin("[uplink.mqtt]\nha_discovery = true\nversion = \"auto\"\n");
    fixture
        .says(SERIAL, &[(Quantity::Voltage, json!(241))], Vec::new())
        .await;
    let topic = format!("homeassistant/device/emop_{}/config", SERIAL.to_lowercase());
    let told = witness.until(&topic, |heard| !heard.text.is_empty()).json();
    let state_topic = format!("emop/lodge-1/meter/{SERIAL}/state");
    witness.until(&state_topic, |_| true);
    let topics: Vec<String> = witness.heard().into_iter().map(|heard| heard.topic).collect();
    let place = |wanted: &str| topics.iter().position(|topic| topic == wanted).unwrap();
    assert!(place(&topic) < place(&state_topic));
    assert_eq!(told["state_topic"], state_topic.as_str());
    assert_eq!(told["dev"]["name"], format!("Flat of {SERIAL}"));
    let voltage = &told["cmps"]["voltage_v"];
    assert_eq!(
        (&voltage["p"], &voltage["device_class"]),
        (&json!("sensor"), &json!("voltage"))
    );
    let values = told["cmps"].as_object().unwrap().keys();
    let values: Vec<&String> = values.filter(|key| !key.starts_with("alarm_")).collect();
    assert_eq!(values, ["voltage_v"], "nothing is promised that the meter has not");
    assert!(told["o"]["name"].is_string() && told["availability"].as_array().unwrap().len() == 2);

    let before = witness.on(&topic).len();
    broker.publish("homeassistant/status", "online");
    crate::support::eventually("everything is told once more", || {
        (witness.on(&topic).len() > before).then_some(())
    });
    assert!(
        broker.log().contains("p5, c1"),
        "auto speaks MQTT 5 with a broker that does"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_late_finds_the_newest_state_and_who_lags_keeps_the_order() {
    let mut broker = Broker::unstarted();
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &broker.section());
    fixture.many(SERIAL, 300).await;
    let shown = fixture.uplink.shown();
    assert!(shown.connected_since.is_none() && shown.backlog_bytes > 0, "{shown:?}");
    crate::support::eventually("all of it is counted", || {
        (fixture.uplink.shown().backlog_rows == 300).then_some(())
    });
    assert_eq!(fixture.uplink.shown().last_error.unwrap().kind, "tcp");
    broker.run();
    let witness = broker.witness();
    fixture.drained().await;
    let readings = format!("emop/lodge-1/meter/{SERIAL}/reading");
    witness.until(&readings, |heard| heard.json()["power_w"] == json!(299));
    let powers: Vec<Value> = witness
        .on(&readings)
        .iter()
        .map(|heard| heard.json()["power_w"].clone())
        .collect();
    assert_eq!(powers, (0..300).map(|power| json!(power)).collect::<Vec<_>>());
    let states = witness.on(&format!("emop/lodge-1/meter/{SERIAL}/state"));
    assert!(
        states.iter().all(|heard| heard.json()["power_w"] == json!(299)),
        "an old state never stands for the new"
    );
    let first_state = witness
        .heard()
        .iter()
        .position(|heard| heard.topic.ends_with("/state"))
        .unwrap();
    let last_reading = witness
        .heard()
        .iter()
        .rposition(|heard| heard.topic.ends_with("/reading"))
        .unwrap();
    assert!(
        first_state < last_reading,
        "the newest state does not wait for what waited"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_come_by_topic_and_what_came_of_them_goes_back() {
    let broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &broker.section());
    fixture.drained().await;
    eventually("it listens", || {
        broker.log().contains("SUBACK to lodge-1").then_some(())
    });
    let result = |name: &str| format!("emop/lodge-1/cmd/{name}/result");
    broker.publish("emop/lodge-1/cmd/version", r#"{"id":"a"}"#);
    let told = witness.until(&result("version"), |_| true).json();
    assert_eq!((&told["id"], &told["ok"]), (&json!("a"), &json!(true)), "{told}");
    broker.publish("emop/lodge-1/cmd/read", &json!({"id": 7, "args": [SERIAL]}).to_string());
    let told = witness.until(&result("read"), |_| true).json();
    assert_eq!((&told["id"], &told["ok"]), (&json!(7), &json!(true)), "{told}");
    assert_eq!(fixture.host.read.lock().unwrap().len(), 1);
    broker.publish("emop/lodge-1/cmd/reboot", "{}");
    let told = witness.until(&result("reboot"), |_| true).json();
    assert!(
        told["ok"] == false && told["text"].as_str().unwrap().contains("allow-list"),
        "{told}"
    );
    // The same id again is the same command.
    broker.publish("emop/lodge-1/cmd/read", &json!({"id": 7, "args": [SERIAL]}).to_string());
    broker.publish("emop/lodge-1/cmd/uptime", r#"{"id":"last"}"#);
    witness.until(&result("uptime"), |heard| heard.json()["id"] == "last");
    assert_eq!(fixture.host.read.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_that_is_not_told_of_is_not_named_either() {
    let (_broker, witness, _folder, mut fixture) = begin("");
    let spaces = SpacesWriter::new(fixture.store.clone());
    let (open, operators) = (SpaceId::from_random([1; 16]), SpaceId::from_random([2; 16]));
    let shared = SpaceId::from_random([3; 16]);
    for (id, origin) in [
        (open, SpaceOrigin::Open),
        (operators, SpaceOrigin::Operator),
        (shared, SpaceOrigin::Shared),
    ] {
        let counts = Occupancy { current: 0, maximum: 9 };
        spaces
            .create(NewSpace::plain(id, None, counts, origin), Timestamp::now())
            .await
            .unwrap();
        spaces.enter(id, Timestamp::now()).await.unwrap();
    }
    for told in [operators, shared] {
        witness.until(&format!("emop/lodge-1/space/{told}/state"), |heard| {
            heard.json()["current"] == json!(1)
        });
    }
    fixture.drained().await;
    fixture.stop().await;
    witness.until("emop/lodge-1/status", |heard| heard.text == "offline");
    let named = witness.heard();
    let named = named
        .iter()
        .find(|heard| heard.topic.contains(&open.to_string()) || heard.text.contains(&open.to_string()));
    assert_eq!(named, None, "whoever knows its id may use it");
}
