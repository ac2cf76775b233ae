//! Brokers that are deaf, silent, choosy or busy (UPLINK §4, §8).

use std::collections::BTreeSet;
use std::time::Duration;

use gatelodge::domain::{Occupancy, SpaceId, SpaceOrigin};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use gatelodge::uplink::{Ignored, Patience};
use jiff::Timestamp;
use serde_json::json;

use super::broker::Broker;
use super::fixture::{Fixture, SERIAL};
use super::puppet::{Puppet, Said};
use crate::support::eventually;

/// A hundredth of the usual.
pub(super) fn hasty() -> Patience {
    let ms = Duration::from_millis;
    Patience {
        opening: ms(300),
        pong: ms(300),
        taken: ms(400),
        subscribed: ms(150),
        refused: ms(300),
        claimed: ms(100),
        token: ms(200),
        away: ms(10),
        trust: ms(30),
        short: ms(400),
        ..Patience::default()
    }
}

fn begin(patience: Patience) -> (Puppet, tempfile::TempDir, Fixture) {
    let puppet = Puppet::start();
    let (folder, fixture) = with(&puppet, patience);
    (puppet, folder, fixture)
}

pub(super) fn with(puppet: &Puppet, patience: Patience) -> (tempfile::TempDir, Fixture) {
    let folder = tempfile::tempdir().unwrap();
    let section = puppet.section(folder.path());
    let fixture = Fixture::hasty(folder.path(), &section, patience);
    (folder, fixture)
}

/// The powers that arrived, in order, each once.
fn powers(puppet: &Puppet) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    let said = puppet.texts();
    let lines = said.iter().filter(|line| line.starts_with("201,emop_Reading"));
    let power = |line: &String| {
        let fields: Vec<&str> = line.split(',').collect();
        let at = fields.iter().position(|field| *field == "P+").unwrap();
        fields[at + 1].parse().unwrap()
    };
    lines.map(power).filter(|power| seen.insert(*power)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_takes_the_line_and_never_answers_is_left_and_tried_again() {
    let puppet = Puppet::start();
    puppet.behave(|manners| manners.connack = None);
    let (_folder, fixture) = with(&puppet, hasty());
    eventually("it is tried again", || (puppet.connects() >= 3).then_some(()));
    assert_eq!(fixture.uplink.shown().last_error.unwrap().kind, "silent");
    puppet.behave(|manners| manners.connack = Some(0));
    puppet.hears("100,");
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_that_are_swallowed_cost_the_session_and_no_value() {
    let (puppet, _folder, fixture) = begin(hasty());
    puppet.hears("500");
    fixture.many(SERIAL, 10).await;
    fixture.drained().await;
    puppet.behave(|manners| manners.answers = false);
    fixture.many(SERIAL, 40).await;
    eventually("the session is given up", || {
        (fixture.uplink.shown().sessions > 1).then_some(())
    });
    assert!(fixture.uplink.shown().faults.iter().any(|fault| fault.kind == "silent"));
    puppet.reset();
    puppet.behave(|manners| manners.answers = true);
    fixture.drained().await;
    let arrived = powers(&puppet);
    assert_eq!(arrived, (0..40).collect::<Vec<u32>>());
    assert_eq!(fixture.uplink.shown().aside, 0, "nobody is blamed for a deaf broker");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_was_not_acknowledged_no_more_than_the_window_comes_twice() {
    const WINDOW: usize = 20;
    let patient = Patience {
        taken: Duration::from_secs(30),
        pong: Duration::from_secs(30),
        ..hasty()
    };
    let (puppet, _folder, fixture) = begin(patient);
    puppet.hears("500");
    fixture.many(SERIAL, 10).await;
    fixture.drained().await;
    puppet.behave(|manners| manners.answers = false);
    fixture.many(SERIAL, 100).await;
    let came = || {
        let texts = puppet.texts().into_iter();
        texts.filter(|text| text.starts_with("201,emop_Reading")).count()
    };
    eventually("much of the window is on its way", || {
        (came() >= 10 + WINDOW / 2).then_some(())
    });
    puppet.behave(|manners| manners.answers = true);
    puppet.reset();
    fixture.drained().await;
    assert_eq!(powers(&puppet), (0..100).collect::<Vec<u32>>());
    // The first ten were said before: the values of the two rows are the same.
    let twice = came() - 110;
    assert!((1..=WINDOW).contains(&twice), "{twice}");
    assert_eq!(fixture.uplink.shown().sessions, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_only_half_open_is_noticed_within_a_keep_alive_and_a_half() {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let section = puppet.section(folder.path()) + "keep_alive = \"10s\"\n";
    let fixture = Fixture::hasty(folder.path(), &section, hasty());
    puppet.hears("500");
    fixture.drained().await;
    puppet.behave(|manners| manners.answers = false);
    let began = std::time::Instant::now();
    eventually("the silence is noticed", || {
        (fixture.uplink.shown().sessions > 1).then_some(())
    });
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(puppet.said().contains(&(0, Said::Ping)), "it asked before it gave up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_not_granted_is_asked_for_again_while_values_go_on() {
    let puppet = Puppet::start();
    puppet.behave(|manners| manners.granted = Some(0x80));
    let (_folder, fixture) = with(&puppet, hasty());
    puppet.hears("303,uplink_Subscription");
    fixture.many(SERIAL, 5).await;
    fixture.drained().await;
    assert_eq!(powers(&puppet), [0, 1, 2, 3, 4]);
    let asked = || {
        let said = puppet.said();
        let asked = said.into_iter().filter(|(_, said)| matches!(said, Said::Subscribe(_)));
        asked.count()
    };
    eventually("it is asked for again", || (asked() >= 2).then_some(()));
    let shown = fixture.uplink.shown();
    assert_eq!((shown.sessions, shown.faults[0].kind.as_str()), (1, "subscription"));
    puppet.behave(|manners| manners.granted = Some(1));
    puppet.hears("306,uplink_Subscription");
    puppet.tell(
        "devicecontrol/notifications",
        json!({"id": "9", "externalSource": {"externalId": "lodge-1"}, "c8y_Command": {"text": "uptime"}})
            .to_string()
            .as_bytes(),
    );
    puppet.hears("506,9,");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_that_nobody_answers_are_asked_for_three_times_and_then_the_session_is_given_up() {
    let puppet = Puppet::start();
    puppet.behave(|manners| manners.granted = None);
    let (_folder, fixture) = with(&puppet, hasty());
    fixture.many(SERIAL, 5).await;
    eventually("the session is given up", || {
        (fixture.uplink.shown().sessions > 1).then_some(())
    });
    let said = puppet.said();
    let asked = said
        .iter()
        .filter(|(number, said)| *number == 0 && matches!(said, Said::Subscribe(_)));
    assert_eq!(asked.count(), 3);
    puppet.behave(|manners| manners.granted = Some(1));
    puppet.hears("500");
    fixture.drained().await;
    assert_eq!(powers(&puppet), [0, 1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_costs_three_sessions_is_set_aside_and_told_and_the_rest_goes_on() {
    let (puppet, _folder, fixture) = begin(hasty());
    puppet.hears("500");
    puppet.behave(|manners| manners.minds = Some("P+,13,".into()));
    fixture.many(SERIAL, 30).await;
    fixture.drained().await;
    let wanted: Vec<u32> = (0..30).collect();
    assert_eq!(powers(&puppet), wanted, "each was sent");
    puppet.hears("304,uplink_DeadLetter");
    let shown = fixture.uplink.shown();
    assert_eq!(shown.aside, 1, "{shown:?}");
    let aside = fixture.uplink.aside().unwrap();
    assert!(aside.len() == 1 && aside[0].text.contains("P+,13,"), "{aside:?}");
    assert!(shown.sessions >= 4, "{}", shown.sessions);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_opening_that_refuses_ends_the_session_and_not_the_box() {
    let (puppet, _folder, fixture) = begin(hasty());
    puppet.hears("500");
    puppet.tell_raw(&[0x20, 2, 0, 5]);
    eventually("it connects again", || (puppet.connects() >= 2).then_some(()));
    assert!(
        fixture
            .uplink
            .shown()
            .faults
            .iter()
            .any(|fault| fault.kind == "refused")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_does_not_like_is_counted_and_shown() {
    let (puppet, _folder, fixture) = begin(hasty());
    puppet.hears("500");
    puppet.tell("s/e", b"41,uplink_x,Alarm is not active");
    puppet.tell("s/e", b"41,uplink_y,Alarm is not active");
    puppet.tell("error", br#"{"error":"undefined/validationError","message":"no type"}"#);
    eventually("all are counted", || {
        (fixture.uplink.tallies().complained.values().sum::<u64>() == 3).then_some(())
    });
    assert_eq!(fixture.uplink.tallies().complained["41"], 2);
    let complaints = fixture.uplink.shown().complaints;
    assert_eq!(complaints[0].what, "undefined/validationError,no type");
    assert!(fixture.uplink.tallies().took.iter().sum::<u64>() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_says_how_it_is_and_how_many_are_where_though_nothing_happens() {
    let patience = Patience {
        health: Duration::from_millis(200),
        counts: Duration::from_millis(300),
        ..hasty()
    };
    let (puppet, _folder, fixture) = begin(patience);
    puppet.hears("500");
    let (id, occupancy) = (
        SpaceId::from_random([7; 16]),
        Occupancy {
            current: 3,
            maximum: 40,
        },
    );
    let spaces = SpacesWriter::new(fixture.store.clone());
    let new = NewSpace::plain(id, Some("Hall".into()), occupancy, SpaceOrigin::Operator);
    spaces.create(new, Timestamp::now()).await.unwrap();
    let health = puppet.hears("201,uplink_Health,");
    for series in [
        "uplink_Queue,messages,0",
        "uplink_Queue,oldest,0,s",
        "uplink_Link,reconnects,0",
    ] {
        assert!(health.contains(series), "{series}: {health}");
    }
    puppet.hears("211,41.5,");
    let counts = || {
        let texts = puppet.texts();
        let counts = texts.iter().filter(|line| line.starts_with("201,occ_Reading,"));
        counts.filter(|line| line.contains("current,3,")).count()
    };
    eventually("counts are said again", || (counts() >= 3).then_some(()));
    spaces.set_maximum(id, 50, Timestamp::now()).await.unwrap();
    puppet.hears("400,occ_MaximumChanged,40 -> 50,");
    let empty = gatelodge::store::spaces::SetSpace {
        current: Some(0),
        ..Default::default()
    };
    spaces.set(id, empty, Timestamp::now()).await.unwrap();
    puppet.hears("400,occ_Reset,3 -> 0,");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_follows_soon_leaves_out_what_was_acknowledged() {
    let (puppet, _folder, fixture) = begin(hasty());
    puppet.hears("500");
    let of = |template: &str| {
        let texts = puppet.texts();
        texts
            .iter()
            .filter(|text| text.starts_with(&format!("{template},")))
            .count()
    };
    let before = ["110", "113", "116", "118", "119", "122"].map(|template| (template, of(template)));
    assert!(before.iter().all(|(_, count)| *count >= 1), "{before:?}");
    let children = of("101");
    puppet.reset();
    eventually("it says again who it is", || (of("100") == 2).then_some(()));
    eventually("and asks again", || {
        (puppet.texts().iter().filter(|text| *text == "500").count() == 2).then_some(())
    });
    for (template, count) in before {
        assert_eq!(of(template), count, "{template}");
    }
    assert_eq!((of("101"), of("507")), (2 * children, 1));
    fixture.drained().await;
    fixture.many(SERIAL, 3).await;
    fixture.drained().await;
    first_the_box_and_then_its_children(&puppet);
}

/// In every session the box is named first, and each child before anything is said on its topic.
fn first_the_box_and_then_its_children(puppet: &Puppet) {
    let mut named: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut sessions = BTreeSet::new();
    for (session, said) in puppet.said() {
        let Said::Publish { topic, text, .. } = said else {
            continue;
        };
        if sessions.insert(session) {
            assert!(topic == "s/us" && text.starts_with("100,"), "{topic} {text}");
        }
        if topic == "s/us" {
            let children = text
                .lines()
                .filter(|line| line.starts_with("101,") || line.starts_with("102,"));
            named.extend(children.map(|line| (session, line.split(',').nth(1).unwrap().to_owned())));
        } else if let Some(child) = topic.strip_prefix("s/us/") {
            assert!(named.contains(&(session, child.to_owned())), "{topic} {text}");
        }
    }
    assert!(sessions.len() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_nonsense_are_ignored_and_the_next_operation_works() {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let section = puppet.section(folder.path()) + "operations = \"smartrest\"\n";
    let fixture = Fixture::hasty(folder.path(), &section, hasty());
    puppet.hears("500");
    let digits = format!("511,lodge-1,{}", "9".repeat(5_000));
    let garbage: [&[u8]; 10] = [
        b"",
        b"5",
        b"511",
        b"511,",
        b"\x00\xff\xfe\x80",
        b"999,lodge-1,x",
        b"511,\"lodge-1",
        b"106,child",
        &[b','; 3_000],
        b"9999999999999999999999,lodge-1",
    ];
    for line in garbage {
        puppet.tell("s/ds", line);
    }
    puppet.tell("s/ds", digits.as_bytes());
    puppet.hears("502,c8y_Command,");
    puppet.tell("s/ds", b"511,somebody-else,version\n530,lodge-1,host,22,key");
    puppet.tell("s/ds", b"511,lodge-1,version");
    puppet.hears("503,c8y_Command,0.");
    assert_eq!(fixture.uplink.shown().sessions, 1);
    // Four of them begin with no number that is known, and one would open a tunnel; two operations are for others.
    let Ignored { templates, operations } = fixture.uplink.tallies().ignored;
    assert_eq!((templates, operations), (5, 2));
}

pub(super) fn section(broker: &Broker) -> String {
    broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_stops_with_much_to_say_says_goodbye_and_the_rest_later() {
    let broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::start(folder.path(), &(section(&broker) + "window = 2\n"));
    fixture.drained().await;
    fixture.many(SERIAL, 1_000).await;
    fixture.stop().await;
    fixture.run();
    fixture.drained().await;
    let mut platform = super::platform::Platform::default();
    let child = format!("lodge-1-meter-{}", SERIAL.to_lowercase());
    eventually("all arrived", || {
        platform.look(&broker, &witness);
        let stored: BTreeSet<u64> = platform
            .stored(&child, "P+")
            .iter()
            .map(|power| *power as u64)
            .collect();
        (stored.len() == 1_000).then_some(())
    });
    let told = |taken: &super::platform::Taken| taken.fields.get(1).is_some_and(|kind| kind == "c8y_ConnectionEvent");
    assert!(!platform.lines.iter().any(told), "the will was not needed");
}
