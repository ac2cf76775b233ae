//! A box with real simulated meters and a broker: energy of every kind of meter, and meters that are read when somebody
//! asks, with the pauses that a box has in the field.

use serde_json::json;

use super::broker::Broker;
use crate::meter::command::Simulation;
use crate::support::{TestBox, eventually};

fn simulated(arguments: &[&str]) -> (Simulation, String) {
    let (meter, printed) = Simulation::start(&[&["--listen", "127.0.0.1:0", "--serial"], arguments].concat(), 1);
    let address = printed[0]["address"].as_str().unwrap();
    (
        meter,
        format!("[[meter]]\nserial = \"{}\"\nlink = \"tcp://{address}\"\n", arguments[0]),
    )
}

#[test]
fn every_kind_of_three_phase_meter_tells_its_energy() {
    let broker = Broker::start();
    let witness = broker.witness();
    let (_ax, one) = simulated(&["EML2311500498", "--three-phase", "ax"]);
    let (_cx, other) = simulated(&["EML2311500499", "--three-phase", "cx"]);
    let _lodge = TestBox::start_with(&format!(
        "{}[uplink.mqtt]\nha_discovery = true\n[meters]\nrequest_gap = \"0s\"\n{one}{other}",
        broker.section()
    ));
    let fields = [
        "import_kwh",
        "export_kwh",
        "reactive_import_kvarh",
        "reactive_export_kvarh",
        "apparent_import_kvah",
        "apparent_export_kvah",
    ];
    for serial in ["EML2311500498", "EML2311500499"] {
        let state = witness.until(&format!("emop/lodge-1/meter/{serial}/state"), |heard| {
            fields.iter().all(|field| heard.json()[*field].is_f64())
        });
        assert!(state.json()["import_kwh"].as_f64().unwrap() > 100.0, "{}", state.text);
        let id = serial.to_ascii_lowercase();
        witness.until(&format!("homeassistant/device/emop_{id}/config"), |heard| {
            fields.iter().all(|field| heard.json()["cmps"][*field].is_object())
        });
    }
}

#[test]
fn a_meter_is_read_when_somebody_asks_though_its_pauses_are_long() {
    let broker = Broker::start();
    let witness = broker.witness();
    let (_meter, entry) = simulated(&["EML2137580761"]);
    // Everything as usual: two seconds between two requests.
    let _lodge = TestBox::start_with(&format!("{}{entry}", broker.section()));
    eventually("it listens", || {
        broker.log().contains("SUBACK to lodge-1").then_some(())
    });
    let result = "emop/lodge-1/cmd/read/result";
    broker.publish("emop/lodge-1/cmd/read", r#"{"id":"q1","args":["EML2137580761"]}"#);
    // What is no command is told so before the one that takes its time.
    broker.publish("emop/lodge-1/cmd/read", "EML2137580761");
    let first = witness.until(result, |_| true);
    assert_eq!(first.json()["ok"], json!(false));
    assert!(
        first.json()["text"].as_str().unwrap().contains("read SERIAL"),
        "{}",
        first.text
    );
    let answer = eventually("the meter is read", || {
        witness.on(result).into_iter().find(|heard| heard.json()["id"] == "q1")
    });
    let answer = answer.json();
    assert_eq!(answer["ok"], true, "{answer}");
    let text = answer["text"].as_str().unwrap();
    assert!(
        ["import_kwh", "power_w", "balance"]
            .iter()
            .all(|field| text.contains(field)),
        "{text}"
    );
}

#[test]
fn the_last_watts_of_a_meter_that_is_silent_are_not_its_present_ones() {
    let broker = Broker::start();
    let witness = broker.witness();
    let (meter, entry) = simulated(&["EML2137580761"]);
    let running = TestBox::start_with(&format!(
        "{}[meters]\nrequest_gap = \"0s\"\nattempts = 1\n{entry}",
        broker.section()
    ));
    let topic = "emop/lodge-1/meter/EML2137580761/state";
    witness.until(topic, |heard| heard.json()["power_w"] == 500);
    drop(meter);
    let _ = running.command(&["mediators", "sync", "EML2137580761"]);
    let state = witness
        .until(topic, |heard| heard.json()["stale"]["power_w"].is_object())
        .json();
    assert!(state["power_w"].is_null(), "{state}");
    assert_eq!(state["stale"]["power_w"]["last"], 500);
    assert!(
        state["stale"]["power_w"]["age_s"].is_u64() && state["import_kwh"].is_f64(),
        "{state}"
    );
    let shown = running.json(&["meter", "show", "EML2137580761"]);
    assert_eq!(shown["values"]["power"]["quality"], "stale");
    assert_eq!(shown["values"]["import_a"]["quality"], "measured");
}

#[test]
fn what_stands_for_no_value_is_told_as_none_and_its_place_stays() {
    let broker = Broker::start();
    let witness = broker.witness();
    let (_meter, entry) = simulated(&["EML2137580761", "--no-value-rate", "1"]);
    let _lodge = TestBox::start_with(&format!(
        "{}[uplink.mqtt]\nha_discovery = true\n[meters]\nrequest_gap = \"0s\"\n{entry}hardware = \"EMA1.w\"\n",
        broker.section()
    ));
    let none = ["import_kwh", "power_w", "voltage_v"];
    let topic = "emop/lodge-1/meter/EML2137580761/state";
    let state = witness.until(topic, |heard| {
        let state = heard.json();
        none.iter().all(|field| state.as_object().unwrap().contains_key(*field)) && state["load_switch"].is_string()
    });
    let state = state.json();
    assert!(none.iter().all(|field| state[*field].is_null()), "{state}");
    assert!(
        state["export_kwh"].is_f64() && state["balance"] == json!(-0.00001),
        "{state}"
    );
    witness.until("homeassistant/device/emop_eml2137580761/config", |heard| {
        none.iter().all(|field| heard.json()["cmps"][*field].is_object())
    });
    for heard in witness
        .heard()
        .iter()
        .filter(|heard| heard.topic.contains("EML2137580761/"))
    {
        assert!(
            !heard.text.contains("4294967") && !heard.text.contains("65535"),
            "{heard:?}"
        );
    }
}
