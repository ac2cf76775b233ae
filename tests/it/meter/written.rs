//! What the box has seen it knows: what is read for somebody is on disk and shown at once, nothing that was shown goes
//! back after a crash, and no list outgrows its row.

use gatelodge::domain::{HalfHour, HalfHoursAsked, Latest, MeterState, Quantity, Stretches};
use gatelodge::meter::Meters;
use gatelodge::store::meters::{Meters as Registry, MetersWriter, Note};
use gatelodge::store::{Ledger, schema};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::command::Simulation;
use super::driver::{id, quick};
use super::half_hours::store;
use crate::support::TestBox;
use crate::support::https::Https;
use crate::support::test_box::CONFIG;

const SERIAL: &str = "EML2137580826";

/// A box with a meter that nobody polls.
fn quiet(more: &[&str]) -> (TestBox, Simulation) {
    let arguments = [&["--listen", "127.0.0.1:0", "--serial", SERIAL][..], more].concat();
    let (meter, printed) = Simulation::start(&arguments, 1);
    let link = printed[0]["address"].as_str().unwrap();
    let off: Vec<String> = [
        "reads",
        "prepay_balance",
        "csq",
        "event_log",
        "voltage",
        "power",
        "half_hours",
        "clock_diff",
        "tariffs_active",
        "tariffs_future",
        "prepay_enabled",
        "daylight_savings_enabled",
        "hardware",
        "serial",
        "firmware_version",
        "backlight",
        "load_switch",
    ]
    .map(|name| format!("{name} = \"off\"\n"))
    .to_vec();
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nrequest_gap = \"0s\"\n[meters.polling]\n{}[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{link}\"\n",
        off.concat()
    ));
    (running, meter)
}

fn token(running: &TestBox) -> String {
    let made = running.json(&["token", "create", "--name", "t", "--scope", "meters:read"]);
    format!("Bearer {}", made["token"].as_str().unwrap())
}

fn value(https: &mut Https, token: &str, quantity: &str) -> Value {
    let path = format!("/v1/meters/{SERIAL}");
    https.ask("GET", &path, &[("authorization", token)]).json()["values"][quantity].clone()
}

fn emop(running: &TestBox, arguments: &[&str]) {
    let output = running.command(&[&["emop"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

#[test]
fn what_is_read_for_somebody_is_shown_at_once_and_so_is_what_a_token_brought() {
    let (running, _meter) = quiet(&[]);
    let (mut https, token) = (running.https(), token(&running));
    assert_eq!(value(&mut https, &token, "balance"), Value::Null);
    for (command, quantity, wanted) in [
        ("prepay_balance", "balance", json!("10")),
        ("csq", "csq", json!(16)),
        ("instantaneous_voltage", "voltage", json!(240)),
        ("read", "import_a", json!(null)),
    ] {
        emop(&running, &[command, SERIAL]);
        let shown = value(&mut https, &token, quantity);
        assert_eq!(shown["quality"], "measured", "{command}: {shown}");
        assert!(wanted.is_null() || shown["value"] == wanted, "{command}: {shown}");
        assert!(
            shown["age_s"].as_u64().is_some_and(|age| age < 60),
            "{command}: {shown}"
        );
    }
    emop(&running, &["prepay_send_token", SERIAL, "71466394621589161020"]);
    assert_eq!(value(&mut https, &token, "balance")["value"], "20.2");
    // Half-hours that somebody looks at stay.
    emop(
        &running,
        &["profile_log_1", SERIAL, "--timestamp", "2026-02-10T12:00:00Z"],
    );
    let path =
        format!("/v1/meters/{SERIAL}/readings?register=import_a&from=2026-02-10T11:00:00Z&to=2026-02-10T20:00:00Z");
    let filed = https.ask("GET", &path, &[("authorization", &token)]).json();
    assert_eq!(filed["readings"].as_array().unwrap().len(), 4, "{filed}");
    // A tariff that is read as a whole, object by object.
    emop(&running, &["tariffs_active_read", SERIAL]);
    let tariff = value(&mut https, &token, "tariffs_active");
    assert_eq!(tariff["value"]["unit_rate_element_a"], "0.23812", "{tariff}");
    // What was written is read back, though nobody polls it.
    emop(&running, &["clock_time_write", SERIAL]);
    crate::support::eventually("the clock is read back", || {
        let drift = value(&mut https, &token, "clock_drift");
        (drift["quality"] == "measured").then_some(())
    });
}

#[test]
fn nothing_that_was_shown_goes_back_when_the_box_is_killed() {
    let (mut running, _meter) = quiet(&["--household"]);
    let mut last = Value::Null;
    for round in 0..6 {
        let (mut https, token) = (running.https(), token(&running));
        for command in ["prepay_balance", "csq", "instantaneous_active_power"] {
            emop(&running, &[command, SERIAL]);
        }
        let quantities = ["balance", "csq", "power"];
        let mut at = |quantity| value(&mut https, &token, quantity)["at"].clone();
        let shown: Vec<Value> = quantities.map(&mut at).to_vec();
        running.kill();
        running.run();
        let mut https = running.https();
        let mut at = |quantity| value(&mut https, &token, quantity)["at"].clone();
        let after: Vec<Value> = quantities.map(&mut at).to_vec();
        // As text, moments of one form go in their order.
        assert_eq!(after, shown, "round {round}");
        assert!(shown[0] != last, "each round reads anew");
        last = shown[0].clone();
    }
}

#[test]
fn who_waits_for_a_meter_that_hangs_sees_that_it_is_still_waited_for() {
    let (_meter, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL, "--hang-rate", "1"], 1);
    let link = printed[0]["address"].as_str().unwrap();
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nrequest_gap = \"0s\"\ntimeout = \"7s\"\nattempts = 1\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{link}\"\n"
    ));
    let output = running.command(&["emop", "csq", SERIAL]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("{SERIAL}: still waiting")), "{said}");
}

/// So many stretches, none touching the next.
fn many(number: u32) -> Stretches {
    let mut stretches = Stretches::default();
    for one in 0..number {
        stretches.add(HalfHour(900_000 + 3 * one)..HalfHour(900_001 + 3 * one));
    }
    stretches
}

#[tokio::test]
async fn an_account_of_half_hours_that_grows_takes_nothing_from_the_values() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let registry = Registry::new(store.clone());
    let writer = MetersWriter::new(store.clone());
    for number in [1, 700, 40, 900] {
        let mut state = MeterState {
            half_hours: HalfHoursAsked {
                epoch: Some(store.epoch()),
                settled: many(number),
                absent: many(number.min(500)),
                doubtful: many(number.min(300)),
            },
            ..MeterState::default()
        };
        // Everything that a meter can say, tariffs of the longest kind among it.
        let tariff: serde_json::Map<String, Value> = (0..40)
            .map(|key| (format!("rate_of_price_{key:02}"), json!("12345.67890")))
            .collect();
        for quantity in [Quantity::TariffsActive, Quantity::TariffsFuture] {
            state
                .values
                .insert(quantity, Latest::measured(tariff.clone(), Timestamp::now()));
        }
        for quantity in [
            Quantity::ImportA,
            Quantity::ExportA,
            Quantity::ImportB,
            Quantity::ExportB,
            Quantity::ReactiveImportA,
        ] {
            state
                .values
                .insert(quantity, Latest::measured(4_294_967_000u64, Timestamp::now()));
        }
        state
            .values
            .insert(Quantity::Balance, Latest::measured("-21474.83647", Timestamp::now()));
        let note = Note {
            meter: id(),
            state: state.clone(),
            news: Vec::new(),
            money: Default::default(),
        };
        writer.note(vec![note]).await.unwrap();
        assert_eq!(registry.states().unwrap(), [(id(), state.clone())], "{number}");
        assert_eq!(registry.half_hours(&id()).unwrap(), Some(state.half_hours), "{number}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_state_of_an_earlier_build_is_read_and_its_account_moves_with_the_next_note() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let now = Timestamp::now();
    let settled = HalfHour::of(now).0;
    let old = json!({
        "health": "healthy", "answered": now,
        "half_hours": {"epoch": store.epoch(), "settled": [{"start": settled - 90, "end": settled - 40}], "absent": [{"start": settled - 60, "end": settled - 59}]},
        "values": {
            "import_a": {"value": 13_054_500.0, "at": now, "quality": "measured"},
            "tariffs_active": {"value": {"standing_charge": "0.5"}, "at": now, "quality": "measured"},
            "balance": {"value": "10", "at": now, "quality": "measured"},
        },
    });
    let states: Ledger<Value> = Ledger::new(schema::METER_STATES);
    let row = old.clone();
    let put = move |page: &mut gatelodge::store::Page| states.put_on(page, id().as_str().as_bytes(), &row);
    store.write(put).await.unwrap();
    let entry = super::driver::entry("127.0.0.1:1".parse().unwrap());
    let room = Meters::new(quick(), vec![entry], store.clone()).unwrap();
    let shown = room.show(&id()).unwrap();
    assert!(shown.half_hours.is_some_and(|progress| progress.open > 0));
    assert_eq!(shown.value(Quantity::Balance), Some(&json!("10")));
    let before: MeterState = serde_json::from_value(old).unwrap();
    let registry = Registry::new(store.clone());
    assert_eq!(registry.half_hours(&id()).unwrap(), None);
    // A note that says nothing of half-hours does not forget them.
    let state = MeterState {
        half_hours: HalfHoursAsked::default(),
        ..before.clone()
    };
    let note = Note {
        meter: id(),
        state,
        news: Vec::new(),
        money: Default::default(),
    };
    MetersWriter::new(store.clone()).note(vec![note]).await.unwrap();
    assert_eq!(registry.states().unwrap(), [(id(), before.clone())]);
    assert_eq!(registry.half_hours(&id()).unwrap(), Some(before.half_hours));
    let own = states.get(&store, id().as_str().as_bytes()).unwrap().unwrap();
    assert!(
        own.get("half_hours").is_none() && own["values"].get("tariffs_active").is_none(),
        "{own}"
    );
    store.close().await;
}
