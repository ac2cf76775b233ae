//! Alarms: each begins once and ends once, whatever happens to the box meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gatelodge::domain::series::Sample;
use gatelodge::domain::{AlarmNews, Event, MeterNews, Quantity, Seq, Severity};
use gatelodge::rules::{BoxFacts, Gauge, Inbox, Rules};
use gatelodge::store::alarms::Alarms;
use gatelodge::store::{Delivery, Options, Store};
use rustix::process::Signal;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::broker::{Broker, Witness};
use super::fixture::{Fixture, SERIAL};
use super::platform::{DEVICE, Platform};
use crate::support::{TestBox, eventually};

const LOAD: &str = r#"
[[uplink.rule]]
id = "load"
on = "meter:*"
series = "c8y_SinglePhaseEnergyMeasurement.P+"
op = ">"
raise = 5000
clear = 4500
severity = "MINOR"
alarm_type = "load"
text = "{name}: {value} {unit} above {raise}"
[[uplink.rule]]
id = "overload"
on = "meter:*"
series = "c8y_SinglePhaseEnergyMeasurement.P+"
op = ">"
raise = 9000
severity = "MAJOR"
alarm_type = "load"
"#;

async fn power(fixture: &Fixture, watts: u32) {
    fixture
        .says(SERIAL, &[(Quantity::Power, json!(watts))], Vec::new())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_told_of_an_alarm_once_how_bad_it_is_and_when_it_is_over() {
    let broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"") + LOAD;
    let mut fixture = Fixture::start(folder.path(), &section);
    let mut platform = Platform::default();
    let child = format!("{DEVICE}-meter-{}", SERIAL.to_lowercase());
    platform.until(&broker, &witness, "registration", |taken| taken.fields[0] == "500");
    // Up and down within the hysteresis, a restart in between, worse, better, over.
    for watts in [4_000, 5_100, 4_600, 5_200, 4_700] {
        power(&fixture, watts).await;
    }
    platform.until(&broker, &witness, "the alarm", |taken| taken.fields[0] == "303");
    let run = |platform: &mut Platform, text: &str| {
        let id = platform.ask(&broker, DEVICE, "c8y_Command", json!({ "text": text }));
        platform.ended(&broker, &witness, &id)
    };
    assert_eq!(run(&mut platform, "ack load"), ("SUCCESSFUL".into(), "1 seen".into()));
    assert_eq!(run(&mut platform, "ack disk_low").0, "FAILED");
    eventually("it is known to be seen", || {
        let (_, said) = run(&mut platform, "rules");
        said.contains(&format!("load of meter:{SERIAL}: MINOR since"))
            .then_some(())?;
        assert!(
            said.contains("voltage_out on meter:*: c8y_VoltageMeasurement.voltage* 216.2 to 253, MINOR"),
            "{said}"
        );
        said.contains(", seen: Flat of").then_some(())
    });
    fixture.stop().await;
    fixture.run();
    for watts in [4_800, 5_300, 9_500, 8_800, 8_000, 4_000, 4_400] {
        power(&fixture, watts).await;
    }
    platform.until(&broker, &witness, "its end", |taken| taken.fields[0] == "306");
    fixture.drained().await;
    platform.look(&broker, &witness);
    let lines: Vec<Vec<&str>> = platform
        .lines
        .iter()
        .filter(|taken| taken.child == child && taken.fields.get(1).is_some_and(|kind| kind == "load"))
        .map(|taken| taken.fields.iter().map(String::as_str).collect())
        .collect();
    let templates: Vec<&str> = lines.iter().map(|line| line[0]).collect();
    assert_eq!(templates, ["303", "305", "305", "306"], "{lines:?}");
    assert_eq!(lines[0][2], format!("Flat of {SERIAL}: 5100 W above 5000"));
    assert_eq!((lines[1][2], lines[2][2]), ("MAJOR", "MINOR"));
    assert!(lines[0][3].ends_with('Z'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_keeps_an_alarm_until_it_is_over_and_who_comes_late_finds_it() {
    let broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::start(folder.path(), &(broker.section() + LOAD));
    let topic = format!("emop/lodge-1/alarm/load/{SERIAL}");
    power(&fixture, 6_000).await;
    let told = witness.until(&topic, |heard| heard.json()["active"] == true).json();
    assert_eq!((&told["severity"], &told["rule"]), (&json!("MINOR"), &json!("load")));
    assert_eq!(told["text"], format!("Flat of {SERIAL}: 6000 W above 5000"));
    // A meter that falls silent, and one that is taken away: what stands is told again in a new session.
    fixture
        .says(
            "EML2",
            &[],
            vec![MeterNews::Silent {
                why: "no answer".into(),
            }],
        )
        .await;
    let offline = "emop/lodge-1/alarm/meter_offline/EML2";
    let told = witness.until(offline, |heard| heard.json()["active"] == true).json();
    assert_eq!(told["text"], "Flat of EML2 does not answer: no answer");
    let before = witness.on(&topic).len();
    fixture.stop().await;
    fixture.run();
    eventually("it is told in the new session", || {
        (witness.on(&topic).len() > before).then_some(())
    });
    assert!(witness.on(&topic).iter().all(|heard| heard.json()["active"] == true));
    fixture.says("EML2", &[], vec![MeterNews::Answers]).await;
    witness.until(offline, |heard| heard.json()["active"] == false);
    power(&fixture, 100).await;
    witness.until(&topic, |heard| heard.json()["active"] == false);
}

/// Waits for the last word of a rule's alarm on a source, as the book has it.
fn standing(fixture: &Fixture, kind: &str) -> Option<(Severity, String)> {
    let alarms = Alarms::new(fixture.store.clone()).standing().unwrap();
    alarms
        .into_iter()
        .find(|alarm| alarm.kind == kind)
        .map(|alarm| (alarm.severity, alarm.text))
}

#[tokio::test(flavor = "multi_thread")]
async fn time_alone_raises_what_holds_for_long_enough_and_what_is_silent() {
    let broker = Broker::unstarted();
    let folder = tempfile::tempdir().unwrap();
    let rules = r#"
[[uplink.rule]]
id = "steady"
on = "meter:*"
series = "emop_Csq.csq"
op = "<"
raise = 10
for = "1s"
[[uplink.rule]]
id = "mute"
on = "meter:EML2"
series = "emop_Csq.csq"
op = "stale"
raise = "2s"
text = "{name} says nothing since {value} s"
"#;
    let fixture = Fixture::start(folder.path(), &(broker.section() + rules));
    fixture.says(SERIAL, &[(Quantity::Csq, json!(5))], Vec::new()).await;
    fixture.says("EML2", &[(Quantity::Csq, json!(20))], Vec::new()).await;
    assert_eq!(standing(&fixture, "rule_steady"), None);
    eventually("it holds", || standing(&fixture, "rule_steady"));
    let (_, text) = eventually("it is mute", || standing(&fixture, "rule_mute"));
    assert_eq!(text, "Flat of EML2 says nothing since 2 s");
    fixture.says(SERIAL, &[(Quantity::Csq, json!(15))], Vec::new()).await;
    fixture.says("EML2", &[(Quantity::Csq, json!(20))], Vec::new()).await;
    eventually("both are well", || {
        (standing(&fixture, "rule_steady").is_none() && standing(&fixture, "rule_mute").is_none()).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_itself_is_watched_and_gets_worse_and_better() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path().join("book"))).unwrap();
    let days = Arc::new(Mutex::new(20.0));
    let measured = Arc::clone(&days);
    let gauges = Arc::new(move || {
        let sample = Sample {
            fragment: "gatelodge_Box",
            series: "cert_days",
            value: *measured.lock().unwrap(),
            unit: "",
        };
        vec![Gauge {
            sample,
            detail: "that of the mtls door".into(),
        }]
    });
    // Each run looks at once; the next look would be ten seconds later.
    for (value, expected) in [
        (20.0, Some(Severity::Minor)),
        (20.0, Some(Severity::Minor)),
        (5.0, Some(Severity::Major)),
        (10.0, Some(Severity::Minor)),
        (400.0, None),
    ] {
        *days.lock().unwrap() = value;
        let book = (store.clone(), BoxFacts::default());
        let rules = Rules::new(&[], book, gauges.clone(), Inbox::default()).unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(rules.run(stop.clone()));
        let alarms = Alarms::new(store.clone());
        eventually("the alarm is as the days are", || {
            let standing = alarms.standing().unwrap();
            let found = standing.iter().find(|alarm| alarm.kind == "cert_expiry");
            (found.map(|alarm| alarm.severity) == expected).then_some(())
        });
        stop.cancel();
        running.await.unwrap().unwrap();
    }
    let told = in_the_journal(&store, "cert_expiry").await;
    let worse = AlarmNews::Severity;
    assert_eq!(told["appliance"], [AlarmNews::Raised, worse, worse, AlarmNews::Cleared]);
}

/// What happened to alarms of a type, by source, in the order of the journal.
async fn in_the_journal(store: &Store, kind: &str) -> BTreeMap<String, Vec<AlarmNews>> {
    let mut found: BTreeMap<String, Vec<AlarmNews>> = BTreeMap::new();
    for event in events(store).await {
        if let Event::Alarm { alarm, news } = event
            && alarm.kind == kind
        {
            found.entry(alarm.source.to_string()).or_default().push(news);
        }
    }
    found
}

async fn events(store: &Store) -> Vec<Event> {
    let (mut tail, mut found) = (store.tail(Seq::ZERO), Vec::new());
    while let Ok(delivery) = tokio::time::timeout(std::time::Duration::from_millis(300), tail.next()).await {
        match delivery.unwrap() {
            Delivery::Entry(entry) => found.extend(entry.events),
            Delivery::Gap(gap) => panic!("nothing was pruned: {gap:?}"),
        }
    }
    found
}

/// When spaces were full and when they were not any more, as their counts say it: from 100 % on, to 95 %.
fn by_the_counts(events: &[Event]) -> BTreeMap<String, Vec<AlarmNews>> {
    let mut found: BTreeMap<String, Vec<AlarmNews>> = BTreeMap::new();
    for event in events {
        let Event::SpaceChanged { space, occupancy, .. } = event else {
            continue;
        };
        let news = found.entry(format!("space:{space}")).or_default();
        let full = news.last() == Some(&AlarmNews::Raised);
        if !full && occupancy.current >= occupancy.maximum {
            news.push(AlarmNews::Raised);
        }
        if full && occupancy.current * 100 <= occupancy.maximum * 95 {
            news.push(AlarmNews::Cleared);
        }
    }
    found.retain(|_, news| !news.is_empty());
    found
}

/// What the witness heard of them: what comes twice after a crash is the same word twice.
fn heard(witness: &Witness) -> BTreeMap<String, Vec<AlarmNews>> {
    let mut found: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for message in witness.heard() {
        let Some(space) = message.topic.strip_prefix("emop/lodge-1/alarm/space_full/") else {
            continue;
        };
        let told = message.json();
        let word = (told["since"].as_str().unwrap().to_owned(), told["active"] == true);
        let words = found.entry(format!("space:{space}")).or_default();
        // Each alarm is known by when it began; the journal may be told again from a little before.
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let news = |(_, active): (String, bool)| if active { AlarmNews::Raised } else { AlarmNews::Cleared };
    found
        .into_iter()
        .map(|(space, words)| (space, words.into_iter().map(news).collect()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_are_exactly_right_though_the_box_is_killed_around_them() {
    let kills: usize = std::env::var("GATELODGE_TEST_ALARM_KILLS").map_or(8, |kills| kills.parse().unwrap());
    let (_broker, witness, running) = tokio::task::spawn_blocking(move || killed_around_alarms(kills))
        .await
        .unwrap();
    let store = Store::open(Options::new(running.dir.join("data/store"))).unwrap();
    let expected = by_the_counts(&events(&store).await);
    assert!(
        expected.values().map(Vec::len).sum::<usize>() > 2 * kills,
        "{expected:?}"
    );
    assert_eq!(in_the_journal(&store, "space_full").await, expected);
    eventually("every word was heard", || (heard(&witness) == expected).then_some(()));
}

/// Spaces that get full and empty again, and a box that is killed a little earlier or later after it.
fn killed_around_alarms(kills: usize) -> (Broker, Witness, TestBox) {
    let broker = Broker::start();
    let witness = broker.witness();
    let sections =
        "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\npublish_anonymous = true\ncreate_limit = \"off\"\n";
    let mut running = TestBox::start_with(&(broker.section() + sections));
    let create = |running: &TestBox| {
        let space = running
            .https()
            .ask("PUT", "/space/new/occupancy/current/0/max/2", &[])
            .json();
        format!("/space/{}", space["space_id"].as_str().unwrap())
    };
    let mut spaces: Vec<String> = Vec::new();
    for kill in 0..kills {
        // Six beginnings in an hour are no flapping, so spaces take turns.
        if kill % 5 == 0 {
            spaces = (0..3).map(|_| create(&running)).collect();
        }
        let mut https = running.https();
        for space in &spaces {
            for way in ["increment", "increment"] {
                assert_eq!(https.ask("PUT", &format!("{space}/{way}"), &[]).status, 200);
            }
        }
        if kill % 2 == 1 {
            for space in &spaces {
                assert_eq!(https.ask("PUT", &format!("{space}/decrement"), &[]).status, 200);
            }
        }
        // Not a wait for something: the moment of the kill is what is tried out.
        std::thread::sleep(std::time::Duration::from_millis((kill as u64 * 17) % 120));
        running.kill();
        running.run();
        let mut https = running.https();
        for space in &spaces {
            while https.ask("GET", space, &[]).json()["occupancy"]["current"] != 0 {
                assert_eq!(https.ask("PUT", &format!("{space}/decrement"), &[]).status, 200);
            }
        }
    }
    eventually("no alarm stands", || {
        let status = running.json(&["status"]);
        let none = status["alarms"].as_array().is_none_or(Vec::is_empty);
        (none && status["uplink"]["backlog_rows"] == 0).then_some(())
    });
    running.stop();
    (broker, witness, running)
}

#[test]
fn a_rule_that_is_changed_lets_go_first_and_the_box_shows_what_stands() {
    let broker = Broker::start();
    let rule = |raise: u32| {
        format!(
            "[[uplink.rule]]\nid = \"crowd\"\non = \"space:*\"\nseries = \"occ_Occupancy.current\"\nop = \">=\"\nraise = {raise}\ntext = \"{{name}} has {{value}}\"\n"
        )
    };
    let sections = |raise| format!("{}{}[occupancy]\n", broker.section(), rule(raise));
    let running = TestBox::start_with(&sections(5));
    running.json(&["space", "create", "--name", "Hall", "--maximum", "10", "--current", "6"]);
    let standing = |wanted: &str| {
        eventually(wanted, || {
            let status = running.json(&["status"]);
            let texts: Vec<&str> = status["alarms"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|alarm| alarm["text"].as_str())
                .collect();
            (texts.join(";") == wanted).then_some(())
        });
    };
    standing("Hall has 6");
    running.configure(&sections(8));
    running.signal(Signal::HUP);
    eventually("only the rules are others", || {
        running.log().contains("reloaded changed=\"rules\"").then_some(())
    });
    standing("");
    running.configure(&sections(3));
    running.signal(Signal::HUP);
    standing("Hall has 6");
    running.configure("[occupancy]\n");
    running.signal(Signal::HUP);
    standing("");
}
