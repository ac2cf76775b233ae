//! What is hard to write as SmartREST, as the running box writes it and reads it (UPLINK §8, encoding).

use std::collections::BTreeMap;

use gatelodge::domain::{Health, Latest, MeterNews, MeterState, Occupancy, Quantity, SpaceId, SpaceOrigin};
use gatelodge::store::meters::{MetersWriter, Note};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use gatelodge::store::{Options, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::broker::Broker;
use super::fixture::{Fixture, SERIAL};
use super::platform::{self, DEVICE, Platform, Taken};
use super::puppet::{Puppet, Said};
use crate::support::{TestBox, eventually};

/// Bytes of one packet that the platform takes, header and all.
const PACKET: usize = 16_184;

#[tokio::test(flavor = "multi_thread")]
async fn names_and_texts_with_everything_in_them_are_read_back_as_they_were() {
    let broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let fixture = Fixture::start(folder.path(), &section);
    let mut platform = Platform::default();
    platform.until(&broker, &witness, "registration", |taken| taken.fields[0] == "500");
    let id = SpaceId::from_random([7; 16]);
    let occupancy = Occupancy { current: 0, maximum: 4 };
    let name = "Meter \"A\", hall";
    let new = NewSpace::plain(id, Some(name.into()), occupancy, SpaceOrigin::Operator);
    let spaces = SpacesWriter::new(fixture.store.clone());
    spaces.create(new, Timestamp::now()).await.unwrap();
    let logged = |name: &str| MeterNews::Logged {
        at: Timestamp::now(),
        id: 7,
        name: Some(name.into()),
        set: 3,
        alarm: false,
    };
    let texts = [
        (" \tone\nand\r\nanother \u{0}\u{1b}", " \tone\nand\r\nanother "),
        ("\"", "\""),
        ("a\\\"b\\", "a/\"b/"),
        ("é\u{1F600}, 50 %", "é\u{1F600}, 50 %"),
    ];
    // The unit of the last series is empty: the platform refuses a line that ends in a comma.
    fixture.says(SERIAL, &[(Quantity::Csq, json!(12))], Vec::new()).await;
    fixture
        .says(SERIAL, &[], texts.iter().map(|(text, _)| logged(text)).collect())
        .await;
    fixture.drained().await;
    eventually("all of it arrived", || {
        platform.look(&broker, &witness);
        let named = platform.names.get(&format!("{DEVICE}-space-{id}"));
        let of_log = |taken: &&Taken| taken.fields.get(1).is_some_and(|kind| kind == "emop_Event_7");
        let heard: Vec<&str> = platform
            .lines
            .iter()
            .filter(of_log)
            .map(|taken| taken.fields[2].as_str())
            .collect();
        (named.map(String::as_str) == Some(name) && heard == texts.map(|(_, heard)| heard)).then_some(())
    });
    let csq = platform
        .lines
        .iter()
        .find(|taken| taken.fields.contains(&"csq".to_owned()));
    assert_eq!(csq.unwrap().fields[3..], ["emop_Csq", "csq", "12"]);
}

/// Writes into the book of a box that does not run what a meter would have said.
async fn said_meanwhile(running: &TestBox, said: &[(Quantity, Value)]) {
    let store = Store::open(Options::new(running.dir.join("data/store"))).unwrap();
    let meters = MetersWriter::new(store.clone());
    for (quantity, value) in said {
        let latest = Latest::measured(value.clone(), Timestamp::now());
        let state = MeterState {
            health: Health::Healthy,
            values: BTreeMap::from([(*quantity, latest)]),
            ..MeterState::default()
        };
        let values = BTreeMap::from([(*quantity, value.clone())]);
        let note = Note {
            meter: SERIAL.parse().unwrap(),
            state,
            news: vec![MeterNews::Read { values }],
            money: Default::default(),
        };
        meters.note(vec![note]).await.unwrap();
    }
    drop(meters);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_never_leaves_and_is_counted_and_every_other_is_plain_digits() {
    let puppet = Puppet::start();
    let folder = tempfile::tempdir().unwrap();
    let meter = format!("[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:9\"\n");
    let sections = puppet.section(folder.path()) + "[metrics]\nlisten = [\"127.0.0.1:0\"]\n" + &meter;
    let mut running = TestBox::start_with(&sections);
    puppet.hears("500");
    running.stop();
    let said = [
        (Quantity::Balance, json!("NaN")),
        (Quantity::Voltage, json!(-0.0)),
        (Quantity::Balance, json!("inf")),
        (Quantity::Voltage, json!(1e300)),
        (Quantity::Balance, json!("-inf")),
        (Quantity::Voltage, json!(0.1 + 0.2)),
        (Quantity::Balance, json!("-12.34567")),
    ];
    said_meanwhile(&running, &said).await;
    let before = puppet.texts().len();
    running.run();
    puppet.hears("201,emop_Reading");
    eventually("the last value arrived", || {
        let texts = puppet.texts();
        texts.iter().any(|text| text.contains("-12.34567")).then_some(())
    });
    let texts = puppet.texts().split_off(before);
    let lines = texts.iter().filter(|text| text.starts_with("201,emop_Reading,"));
    let told: Vec<&str> = lines.map(|line| line.splitn(4, ',').last().unwrap()).collect();
    let huge = format!("c8y_VoltageMeasurement,voltage,{:.0},V", 1e300);
    assert_eq!(
        told,
        [
            "c8y_VoltageMeasurement,voltage,0,V",
            &huge,
            "c8y_VoltageMeasurement,voltage,0.3,V",
            "emop_Prepay,balance,-12.34567,GBP"
        ]
    );
    assert_eq!(running.metric("gatelodge_uplink_skipped_values_total"), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_of_writing_a_quote_in_a_command_are_the_same_command() {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let section = puppet.section(folder.path()) + "operations = \"smartrest\"\n";
    let _stage = Fixture::start(folder.path(), &section);
    eventually("it listens", || {
        let said = puppet.said();
        let listens = |(_, said): &(usize, Said)| matches!(said, Said::Subscribe(topics) if topics.iter().any(|(topic, _)| topic == "s/ds"));
        said.iter().any(listens).then_some(())
    });
    // What it says in its answer is what it understood.
    for line in [
        r#"511,lodge-1,"say ""hi"" 'to all'""#,
        r#"511,lodge-1,"say \"hi\" 'to all'""#,
    ] {
        puppet.tell("s/ds", line.as_bytes());
    }
    for line in [r#"511,lodge-1,"meters ""a b""""#, r#"511,lodge-1,"meters \"a b\"""#] {
        puppet.tell("s/ds", line.as_bytes());
    }
    let answers = eventually("each is answered", || {
        let texts = puppet.texts().into_iter();
        let answers: Vec<String> = texts.filter(|text| text.starts_with("502,c8y_Command,")).collect();
        (answers.len() == 4).then_some(answers)
    });
    assert!(
        answers[0].contains("`say` is not on the allow-list") && answers[0] == answers[1],
        "{answers:?}"
    );
    assert!(
        answers[2].contains("write it as: meters") && answers[2] == answers[3],
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_long_is_cut_as_it_is_written_and_the_operation_ends_well() {
    // Twenty of them: 20,000 quotes, which are written as twice as many bytes; 5,000 characters of four bytes each.
    for name in ["\"".repeat(1_000), "\u{1F600}".repeat(250)] {
        let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
        let fixture = Fixture::start(folder.path(), &puppet.section(folder.path()));
        let spaces = SpacesWriter::new(fixture.store.clone());
        for number in 0..20 {
            let occupancy = Occupancy { current: 0, maximum: 4 };
            let id = SpaceId::from_random([number; 16]);
            let new = NewSpace::plain(id, Some(name.clone()), occupancy, SpaceOrigin::Operator);
            spaces.create(new, Timestamp::now()).await.unwrap();
        }
        puppet.hears("500");
        let asked = json!({"id": "1", "externalSource": {"externalId": "lodge-1"}, "c8y_Command": {"text": "spaces"}});
        puppet.tell("devicecontrol/notifications", asked.to_string().as_bytes());
        // Whatever is no UTF-8 the puppet does not read.
        let (topic, text) = eventually("it ends", || {
            puppet.said().into_iter().find_map(|(_, said)| match said {
                Said::Publish { topic, text, .. } if text.starts_with("506,1,") => Some((topic, text)),
                _ => None,
            })
        });
        let packet = 1 + 3 + 2 + topic.len() + 2 + text.len();
        assert!((14_900..=PACKET).contains(&packet), "{packet}");
        let read = platform::fields(&text);
        let (shown, end) = read[2].split_at(read[2].len() - 3);
        assert!(shown.contains(&name) && end == "...", "{end}");
        fixture.drained().await;
        let shown = fixture.uplink.shown();
        assert_eq!((shown.sessions, shown.dropped), (1, 0), "{shown:?}");
    }
}
