//! What a tenant is told of the box itself, of what changed, and before the box stops.

use std::process::{Command, Stdio};

use gatelodge::domain::{Occupancy, Quantity, SpaceId, SpaceOrigin};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use jiff::Timestamp;
use serde_json::json;

use super::fixture::{Fixture, SERIAL};
use super::puppet::{Puppet, Said};
use crate::support::{TestBox, eventually};

fn begin(more: &str) -> (Puppet, tempfile::TempDir, Fixture) {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let fixture = Fixture::start(folder.path(), &(puppet.section(folder.path()) + more));
    puppet.hears("500");
    (puppet, folder, fixture)
}

/// States of the service of the box's occupancy, as they were told.
fn told_of_occupancy(puppet: &Puppet) -> Vec<String> {
    let said = puppet.said().into_iter();
    let told = said.filter_map(|(_, said)| match said {
        Said::Publish { topic, text, .. } if topic == "s/us/lodge-1-svc-occupancy" => Some(text),
        _ => None,
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_box_that_broke_is_told_and_when_it_works_again_too() {
    let (puppet, _folder, fixture) = begin("");
    assert!(puppet.hears("102,lodge-1-svc-occupancy,").ends_with(",up"));
    fixture.host.broken.lock().unwrap().insert("occupancy".into());
    eventually("it is told as down", || {
        (told_of_occupancy(&puppet) == ["104,down"]).then_some(())
    });
    fixture.host.broken.lock().unwrap().clear();
    eventually("and as up", || {
        (told_of_occupancy(&puppet) == ["104,down", "104,up"]).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_until_the_stop_is_told_before_the_goodbye() {
    let (puppet, _folder, mut fixture) = begin("window = 2\n");
    fixture.many(SERIAL, 300).await;
    fixture.stop().await;
    let said = puppet.said_to_the_end();
    let readings = puppet
        .texts()
        .into_iter()
        .filter(|text| text.starts_with("201,emop_Reading"));
    assert_eq!(readings.count(), 300);
    // How much waits is not asked: the place in the journal is itself a change that nobody looks at any more.
    assert_eq!(said.last().map(|(_, said)| said), Some(&Said::Bye));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_shows_less_than_before_is_told_as_it_is_and_as_an_event() {
    let (puppet, _folder, fixture) = begin("");
    for counter in [1_000, 1_200, 30] {
        fixture
            .says(SERIAL, &[(Quantity::ImportA, json!(counter))], Vec::new())
            .await;
    }
    puppet.hears("400,emop_CounterDecreased,import_a: 1200 -> 30,");
    fixture.drained().await;
    let texts = puppet.texts();
    assert!(texts.iter().any(|text| text.contains("A+,0.03,kWh")), "{texts:?}");
    let events = texts.iter().filter(|text| text.contains("emop_CounterDecreased"));
    assert_eq!(events.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_change_of_a_maximum_after_a_restart_is_told_with_what_it_was_before() {
    let (puppet, _folder, mut fixture) = begin("");
    let id = SpaceId::from_random([7; 16]);
    let spaces = SpacesWriter::new(fixture.store.clone());
    let occupancy = Occupancy {
        current: 3,
        maximum: 40,
    };
    let new = NewSpace::plain(id, Some("Hall".into()), occupancy, SpaceOrigin::Operator);
    spaces.create(new, Timestamp::now()).await.unwrap();
    spaces.set_maximum(id, 50, Timestamp::now()).await.unwrap();
    puppet.hears("400,occ_MaximumChanged,40 -> 50,");
    fixture.drained().await;
    fixture.stop().await;
    fixture.run();
    fixture.drained().await;
    spaces.set_maximum(id, 60, Timestamp::now()).await.unwrap();
    puppet.hears("400,occ_MaximumChanged,50 -> 60,");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_wait_are_thrown_away_only_where_the_configuration_says_so_and_alarms_never() {
    let rule = "[[uplink.rule]]\nid = \"load\"\non = \"meter:*\"\nop = \">\"\nraise = 900\n\
                series = \"c8y_SinglePhaseEnergyMeasurement.P+\"\n";
    let ask = |puppet: &Puppet, id: &str| {
        let asked = json!({
            "id": id, "externalSource": {"externalId": "lodge-1"}, "c8y_Command": {"text": "queue drop measurements"},
        });
        puppet.tell("devicecontrol/notifications", asked.to_string().as_bytes());
    };
    let (puppet, _folder, _stage) = begin("");
    ask(&puppet, "1");
    assert!(puppet.hears("505,1,").contains("not on the allow-list"));

    // So slowly that nearly all of it still waits: entries of an outage go at the pace of a replay.
    let slow = format!("window = 1\nlive_first = false\nallow_commands = [\"queue drop measurements\"]\n{rule}");
    let (puppet, _folder, fixture) = begin(&slow);
    puppet.behave(|manners| manners.answers = false);
    fixture.many(SERIAL, 1_000).await;
    ask(&puppet, "2");
    eventually("it is done", || {
        let shown = fixture.uplink.tallies().operations;
        shown.get(&("c8y_Command".to_owned(), "successful")).copied()
    });
    puppet.behave(|manners| manners.answers = true);
    puppet.reset();
    fixture.drained().await;
    puppet.hears("303,rule_load,");
    puppet.hears("506,2,");
    let readings = puppet
        .texts()
        .into_iter()
        .filter(|text| text.starts_with("201,emop_Reading"));
    assert!(readings.count() < 10);
    let dropped = fixture.uplink.tallies().dropped["measurement"];
    assert!((990..=1_000).contains(&dropped), "{dropped}");
    fixture.says(SERIAL, &[(Quantity::Power, json!(77))], Vec::new()).await;
    eventually("what comes later is sent", || {
        puppet.texts().iter().any(|text| text.contains("P+,77,")).then_some(())
    });
}

/// The box has a network of its own, which has no way out at first.
#[test]
fn a_way_out_that_appears_ends_the_wait_for_the_next_try() {
    let section = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://10.77.1.1:1883\"\nclient_id = \"lodge-1\"\n";
    let running = TestBox::unstarted(section);
    let mut child = Command::new("unshare")
        .args(["--net", env!("CARGO_BIN_EXE_gatelodge"), "serve", "--config"])
        .arg(running.config_file())
        .stdout(Stdio::null())
        .spawn()
        .expect("unshare is missing: apt-get install util-linux");
    let in_its_network = |words: &[&str]| {
        let entered = Command::new("nsenter")
            .arg(format!("--net=/proc/{}/ns/net", child.id()))
            .args(words)
            .status();
        assert!(
            entered.unwrap().success(),
            "{words:?}: is iproute2 there, and are we root?"
        );
    };
    let time = |shown: &serde_json::Value| shown.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let shown = || {
        let output = running.command(&["uplink", "status", "--json"]);
        let shown: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        Some((time(&shown["last_error"]["at"])?, time(&shown["next_try"])?))
    };
    let (at, next) = eventually("the pauses have grown", || {
        let (at, next) = shown()?;
        (next.duration_since(at).as_secs() >= 6).then_some((at, next))
    });
    in_its_network(&["ip", "link", "set", "lo", "up"]);
    in_its_network(&["ip", "address", "add", "10.77.1.2/24", "dev", "lo"]);
    let tried = eventually("it tries again", || {
        shown().map(|(tried, _)| tried).filter(|tried| *tried > at)
    });
    assert!(tried < next, "tried at {tried}, and would have waited until {next}");
    child.kill().unwrap();
    child.wait().unwrap();
}
