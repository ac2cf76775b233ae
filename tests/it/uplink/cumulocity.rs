//! What a tenant is told, and what it may ask for.

use gatelodge::domain::{MeterNews, Occupancy, Quantity, SpaceId, SpaceOrigin};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::json;

use super::broker::{Broker, Witness};
use super::fixture::{Fixture, SERIAL};
use super::platform::{DEVICE, Platform};
use crate::support::{TestBox, eventually};

fn section(broker: &Broker) -> String {
    broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"")
}

fn begin(more: &str) -> (Broker, Witness, tempfile::TempDir, Fixture) {
    let broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &(section(&broker) + more));
    (broker, witness, folder, fixture)
}

fn child() -> String {
    format!("{DEVICE}-meter-{}", SERIAL.to_lowercase())
}

#[tokio::test(flavor = "multi_thread")]
async fn meters_and_spaces_are_children_with_their_values_events_and_alarms() {
    let (broker, witness, _folder, mut fixture) = begin("position = [51.47, -0.11, 12.0]\n");
    let mut platform = Platform::default();
    let child = child();
    platform.until(&broker, &witness, "registration", |taken| taken.fields[0] == "500");
    assert_eq!(platform.names[DEVICE], "The Gables");
    assert_eq!(platform.names[&child], format!("Flat of {SERIAL}"));
    // What opens a session comes in an order that is nobody's business.
    for template in ["114", "112", "507"] {
        if !platform.lines.iter().any(|taken| taken.fields[0] == template) {
            platform.until(&broker, &witness, template, |taken| taken.fields[0] == template);
        }
    }
    let said =
        |platform: &Platform, template: &str| platform.lines.iter().find(|taken| taken.fields[0] == template).cloned();
    assert_eq!(
        said(&platform, "114").unwrap().fields[1..],
        [
            "c8y_Command",
            "c8y_Restart",
            "c8y_Configuration",
            "c8y_UploadConfigFile",
            "c8y_DownloadConfigFile",
            "c8y_LogfileRequest",
            "c8y_MeasurementRequestOperation"
        ]
    );
    assert_eq!(said(&platform, "112").unwrap().fields[1..], ["51.47", "-0.11", "12"]);
    assert_eq!(said(&platform, "507").unwrap().fields[2], "agent restarted");

    let at: Timestamp = "2026-02-10T12:00:00Z".parse().unwrap();
    let logged = MeterNews::Logged {
        at,
        id: 7,
        name: Some("cover \"A\", opened".into()),
        set: 3,
        alarm: true,
    };
    let silent = MeterNews::Silent {
        why: "no answer, not even\na word".into(),
    };
    let values = [
        (Quantity::ImportA, json!(18_655_120)),
        (Quantity::Power, json!(-250)),
        (Quantity::Balance, json!("-12.34567")),
        (Quantity::LoadSwitch, json!("normal_button_always")),
        (Quantity::Backlight, json!("always_on_sp")),
        (Quantity::TariffsActive, json!({"standing_charge": "0.25"})),
    ];
    fixture
        .says(SERIAL, &values, vec![logged, silent, MeterNews::Answers])
        .await;
    fixture
        .says(
            SERIAL,
            &[(Quantity::LoadSwitch, json!("never_button_required"))],
            Vec::new(),
        )
        .await;
    platform.until(&broker, &witness, "the switch's change", |taken| {
        taken.fields.get(1).is_some_and(|kind| kind == "emop_LoadSwitchChanged")
    });
    fixture.drained().await;
    platform.look(&broker, &witness);
    assert_eq!(platform.stored(&child, "A+"), [18_655.12]);
    assert_eq!(
        (platform.stored(&child, "P+"), platform.stored(&child, "P-")),
        (vec![0.0], vec![250.0])
    );
    assert_eq!(platform.stored(&child, "balance"), [-12.345_67]);
    let of = |kind: &str| {
        platform
            .lines
            .iter()
            .find(|taken| taken.fields.get(1).is_some_and(|is| is == kind))
            .unwrap()
            .clone()
    };
    assert_eq!(
        of("emop_Event_7").fields[2..],
        ["cover \"A\", opened", "2026-02-10T12:00:00.000Z"]
    );
    assert_eq!(
        of("emop_LoadSwitchChanged").fields[2],
        "normal_button_always -> never_button_required"
    );
    assert_eq!(
        platform.inventory[&child]["emop_LoadSwitch"]["setting"],
        "never_button_required"
    );
    assert_eq!(platform.inventory[&child]["emop_Backlight"]["setting"], "always_on_sp");
    assert_eq!(platform.inventory[&child]["emop_Tariff"]["standing_charge"], "0.25");
    let alarms: Vec<&str> = platform
        .lines
        .iter()
        .filter(|taken| taken.fields.get(1).is_some_and(|kind| kind == "meter_offline"))
        .map(|taken| taken.fields[0].as_str())
        .collect();
    assert_eq!(alarms, ["302", "306"], "the alarm is raised and then cleared");

    let id = SpaceId::from_random([7; 16]);
    let spaces = SpacesWriter::new(fixture.store.clone());
    let new = NewSpace::plain(
        id,
        Some("Hall".into()),
        Occupancy {
            current: 0,
            maximum: 40,
        },
        SpaceOrigin::Operator,
    );
    spaces.create(new, Timestamp::now()).await.unwrap();
    for _ in 0..30 {
        spaces.enter(id, Timestamp::now()).await.unwrap();
    }
    let space = format!("{DEVICE}-space-{id}");
    eventually("the last count is stored", || {
        platform.look(&broker, &witness);
        (platform.stored(&space, "current").last() == Some(&30.0)).then_some(())
    });
    let counts = platform.stored(&space, "current");
    assert!(
        counts.len() < 10 && counts.is_sorted(),
        "at most one a second: {counts:?}"
    );
    assert!(platform.children().contains(space.as_str()));
    fixture.stop().await;
    platform.until(&broker, &witness, "the services are down", |taken| {
        taken.fields[..] == ["104", "down"]
    });
    assert!(
        !platform
            .lines
            .iter()
            .any(|taken| taken.fields[0] == "400" && taken.fields[1] == "c8y_ConnectionEvent")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_done_once_and_ends_once_and_what_is_not_allowed_is_not_done() {
    let (broker, witness, _folder, fixture) = begin("allow_commands = [\"uptime\", \"meter\", \"help\"]\n");
    let mut platform = Platform::default();
    platform.until(&broker, &witness, "registration", |taken| taken.fields[0] == "500");
    fixture
        .says(SERIAL, &[(Quantity::Voltage, json!(241))], Vec::new())
        .await;
    let mut run = |text: &str| {
        let id = platform.ask(&broker, DEVICE, "c8y_Command", json!({ "text": text }));
        platform.ended(&broker, &witness, &id)
    };
    let (state, text) = run("uptime");
    assert!(state == "SUCCESSFUL" && text.ends_with(" s"), "{text}");
    let (state, text) = run(&format!("meter '{SERIAL}'"));
    assert!(state == "SUCCESSFUL" && text.contains("voltage_v 241"), "{text}");
    for wrong in [
        "uptime; id",
        "$(reboot)",
        "uptime | sh",
        "`id`",
        "uptime\nid",
        "",
        "version",
        "'open",
        "meter",
    ] {
        let (state, text) = run(wrong);
        assert!(state == "FAILED" && !text.is_empty(), "{wrong}: {state} {text}");
    }
    let id = platform.ask(&broker, &child(), "c8y_Command", json!({"text": "uptime"}));
    assert_eq!(
        platform.ended(&broker, &witness, &id),
        ("FAILED".into(), "not supported".into())
    );
    let on = platform
        .lines
        .iter()
        .find(|taken| taken.fields.get(1) == Some(&id))
        .unwrap();
    assert_eq!(
        on.child,
        child(),
        "the end is told where the operation was addressed to"
    );
    let id = platform.ask(&broker, DEVICE, "c8y_RemoteAccessConnect", json!({"hostname": "x"}));
    assert_eq!(platform.ended(&broker, &witness, &id).0, "FAILED");

    let nobody = platform.ask(&broker, "somebody-else", "c8y_Command", json!({"text": "uptime"}));
    let twice = platform.ask(&broker, DEVICE, "c8y_Command", json!({"text": "uptime"}));
    for _ in 0..3 {
        let again = json!({
            "id": twice, "status": "PENDING", "externalSource": {"externalId": DEVICE}, "c8y_Command": {"text": "uptime"},
        });
        broker.publish("devicecontrol/notifications", &again.to_string());
    }
    for garbage in ["", "{", "[1,2]", "\u{1}\u{2}", &"9".repeat(5_000)] {
        if !garbage.is_empty() {
            broker.publish("devicecontrol/notifications", garbage);
        }
    }
    let last = platform.ask(&broker, DEVICE, "c8y_Command", json!({"text": "help"}));
    assert_eq!(platform.ended(&broker, &witness, &last).0, "SUCCESSFUL");
    // The stand-in panics when an operation moves a second time.
    assert_eq!(platform.state(&twice), Some("SUCCESSFUL"));
    assert_eq!(platform.state(&nobody), None, "who is not ours gets no answer");
    assert_eq!(fixture.uplink.tallies().ignored.operations, 1);
    assert_eq!(fixture.uplink.shown().sessions, 1, "nothing of it cost the session");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_ids_two_operations_with_the_same_words_are_two() {
    let (broker, witness, _folder, _stage) = begin("operations = \"smartrest\"\n");
    let mut platform = Platform::default();
    platform.until(&broker, &witness, "registration", |taken| taken.fields[0] == "122");
    eventually("it listens", || {
        broker.log().contains("SUBACK to d:lodge-1").then_some(())
    });
    broker.publish("s/ds", &format!("511,{DEVICE},uptime"));
    broker.publish("s/ds", &format!("511,{DEVICE},uptime\n999,x\n511"));
    broker.publish("s/ds", &format!("511,{DEVICE},\"say \"\"hi\"\"\""));
    let of = |platform: &Platform, template: &str| {
        platform
            .lines
            .iter()
            .filter(|taken| taken.fields[0] == template)
            .count()
    };
    eventually("both are done, and the third is not", || {
        platform.look(&broker, &witness);
        (of(&platform, "503") == 2 && of(&platform, "502") == 1).then_some(())
    });
    assert_eq!(of(&platform, "501"), 3);
    platform.until(&broker, &witness, "what waits is asked for", |taken| {
        taken.fields[0] == "500"
    });
    let place = |template: &str| platform.lines.iter().rposition(|taken| taken.fields[0] == template);
    assert!(place("501") < place("500"), "after what came by itself was claimed");
}

#[test]
fn a_restart_is_told_before_and_after_and_a_counter_shows_that_nothing_was_lost() {
    let broker = Broker::start();
    let witness = broker.witness();
    let meter = format!("[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:9\"\n[meters.polling]\n");
    let mut running = TestBox::start_with(&(section(&broker) + "self_test_rate = \"100/s\"\n" + &meter));
    let mut platform = Platform::default();
    platform.until(&broker, &witness, "registration", |taken| taken.fields[0] == "500");
    let id = platform.ask(&broker, DEVICE, "c8y_Restart", json!({}));
    assert_eq!(running.wait(), Some(75), "whoever started it is to start it again");
    platform.look(&broker, &witness);
    assert_eq!(platform.state(&id), Some("EXECUTING"));
    running.run();
    assert_eq!(platform.ended(&broker, &witness, &id).0, "SUCCESSFUL");
    let again = platform.ask(&broker, DEVICE, "c8y_Restart", json!({}));
    let (state, why) = platform.ended(&broker, &witness, &again);
    assert!(state == "FAILED" && why.contains("five minutes"), "{why}");
    for _ in 0..3 {
        running.kill();
        running.run();
        let before = platform.lines.len();
        platform.until(&broker, &witness, "it goes on", |_| true);
        eventually("it counts on", || {
            platform.look(&broker, &witness);
            (platform.lines.len() > before + 20).then_some(())
        });
    }
    running.signal(Signal::TERM);
    assert_eq!(running.wait(), Some(0));
    platform.look(&broker, &witness);
    let counted = platform
        .lines
        .iter()
        .filter(|taken| taken.fields.get(1).is_some_and(|kind| kind == "c8y_SelfTest"));
    let counted: Vec<u64> = counted.map(|taken| taken.fields[3].parse().unwrap()).collect();
    let mut seen = 0;
    for count in &counted {
        assert!(*count <= seen + 1, "{} is missing", seen + 1);
        seen = seen.max(*count);
    }
    assert!(
        seen > 30 && counted.len() as u64 - seen < 200,
        "{seen} counted, {} came",
        counted.len()
    );
}
