//! A box that is started before its clock is set.

use std::sync::{Arc, Mutex};

use gatelodge::domain::Quantity;
use gatelodge::store::{Clock, Options};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::fixture::{Fixture, SERIAL};
use super::puppet::Puppet;
use crate::support::eventually;

/// A clock that goes on as it should, and stands where it is set.
#[derive(Debug, Default)]
pub struct Shifted(Mutex<SignedDuration>);

impl Shifted {
    pub fn set(&self, to: Timestamp) {
        *self.0.lock().unwrap() = to.duration_since(Timestamp::now());
    }

    pub fn set_right(&self) {
        *self.0.lock().unwrap() = SignedDuration::ZERO;
    }
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        Timestamp::now() + *self.0.lock().unwrap()
    }

    fn synchronised(&self) -> bool {
        *self.0.lock().unwrap() == SignedDuration::ZERO
    }
}

const RULE: &str = "[[uplink.rule]]\nid = \"load\"\non = \"meter:*\"\nop = \">\"\nraise = 5000\n\
                    series = \"c8y_SinglePhaseEnergyMeasurement.P+\"\n";

pub fn options(folder: &std::path::Path, clock: &Arc<Shifted>) -> Options {
    Options {
        clock: clock.clone(),
        ..Options::new(folder.join("book"))
    }
}

async fn power(fixture: &Fixture, watts: u32) {
    fixture
        .says(SERIAL, &[(Quantity::Power, json!(watts))], Vec::new())
        .await;
}

/// Times in the lines that came, of measurements, alarms and events.
fn times(puppet: &Puppet) -> Vec<(String, Timestamp)> {
    let texts = puppet.texts().into_iter();
    let dated = texts.filter_map(|text| {
        let at = text.split(',').find_map(|field| field.parse::<Timestamp>().ok())?;
        Some((text, at))
    });
    dated.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_with_a_date_of_1970_and_what_waited_has_its_right_time_once_the_clock_is_set() {
    let puppet = Puppet::start();
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Shifted::default());
    clock.set("1970-01-01T00:10:00Z".parse().unwrap());
    let section = puppet.section(folder.path()) + RULE;
    let fixture = Fixture::start_with(options(folder.path(), &clock), &section);
    let began = Timestamp::now();
    for watts in [1_000, 6_000, 2_000] {
        power(&fixture, watts).await;
    }
    // It is connected and listens, and has nothing with a date to say.
    puppet.hears("100,");
    eventually("it is connected and waits", || {
        let shown = fixture.uplink.shown();
        (shown.connected_since.is_some() && shown.backlog_rows >= 5).then_some(())
    });
    let before = puppet.texts().len();
    assert_eq!(times(&puppet), []);
    // Set wrong once more on its way.
    clock.set("1999-12-31T23:59:00Z".parse().unwrap());
    power(&fixture, 3_000).await;
    clock.set_right();
    power(&fixture, 4_000).await;
    fixture.drained().await;
    let told = times(&puppet);
    assert!(puppet.texts().len() > before);
    let soon = Timestamp::now() + SignedDuration::from_secs(1);
    let about_now = |at: Timestamp| (began - SignedDuration::from_secs(1)..soon).contains(&at);
    assert!(told.iter().all(|(_, at)| about_now(*at)), "{told:?}");
    let stored: Vec<_> = told
        .iter()
        .filter(|(text, _)| text.starts_with("201,emop_Reading"))
        .collect();
    let powers = ["P+,1000", "P+,6000", "P+,2000", "P+,3000", "P+,4000"];
    assert_eq!(stored.len(), powers.len(), "{told:?}");
    for (reading, power) in stored.iter().zip(powers) {
        assert!(reading.0.contains(power), "{reading:?}");
    }
    assert!(
        stored.is_sorted_by_key(|(_, at)| *at),
        "a step back makes no interval negative: {stored:?}"
    );
    assert!(
        told.iter().any(|(text, _)| text.starts_with("303,rule_load")),
        "{told:?}"
    );
    assert!(!told.iter().any(|(text, _)| text.contains("uplink_TimeGuessed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_run_wrote_by_a_wrong_clock_has_the_time_of_sending_and_says_so() {
    let puppet = Puppet::start();
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Shifted::default());
    clock.set("1970-01-01T00:10:00Z".parse().unwrap());
    let section = puppet.section(folder.path());
    let mut fixture = Fixture::start_with(options(folder.path(), &clock), &section);
    power(&fixture, 1_000).await;
    puppet.hears("500");
    fixture.stop().await;
    fixture.store.close().await;
    drop(fixture);
    assert_eq!(times(&puppet), []);
    clock.set_right();
    let began = Timestamp::now();
    let fixture = Fixture::start_with(options(folder.path(), &clock), &section);
    fixture.drained().await;
    let told = times(&puppet);
    let place = |what: &str| told.iter().position(|(text, _)| text.contains(what));
    assert!(
        place("uplink_TimeGuessed").unwrap() < place("P+,1000").unwrap(),
        "{told:?}"
    );
    assert!(told.iter().all(|(_, at)| *at >= began), "{told:?}");
}
