//! Whoever is told for the first time hears how things stand.

use rustix::process::Signal;

use super::broker::{Broker, Witness};
use super::platform::{DEVICE, Platform};
use crate::support::{TestBox, eventually};

/// What the tenant heard of the alarm that a space is full: template and time.
fn heard_full(platform: &Platform) -> Vec<(String, String)> {
    let of_full = platform
        .lines
        .iter()
        .filter(|taken| taken.fields.get(1).is_some_and(|kind| kind == "space_full"));
    let word = |fields: &[String]| (fields[0].clone(), fields.get(3).cloned().unwrap_or_default());
    of_full.map(|taken| word(&taken.fields)).collect()
}

/// Everything that was written before is told.
fn drained(running: &TestBox) {
    eventually("nothing waits", || {
        let shown = running.json(&["uplink", "status"]);
        (shown["backlog_rows"] == 0 && shown["connected_since"].is_string()).then_some(())
    });
}

fn in_force(running: &TestBox, sections: &str) {
    let reloads = || running.log().matches("reloaded changed=").count();
    let before = reloads();
    running.configure(sections);
    running.signal(Signal::HUP);
    eventually("it is in force", || (reloads() > before).then_some(()));
}

#[test]
fn an_alarm_that_stood_before_the_uplink_came_is_told_once_with_its_own_time_and_its_end() {
    let broker = Broker::start();
    let witness: Witness = broker.witness();
    let tenant = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"") + "[occupancy]\n";
    let mut running = TestBox::start_with("[occupancy]\n");
    let made = running.json(&["space", "create", "--name", "Hall", "--maximum", "5", "--current", "5"]);
    let space = made["id"].as_str().unwrap().to_owned();
    let since = eventually("it is full", || {
        let status = running.json(&["status"]);
        let alarm = status["alarms"].as_array()?.first()?.clone();
        alarm["since"].as_str().map(str::to_owned)
    });
    let since = format!("{:.3}", since.parse::<jiff::Timestamp>().unwrap());
    let raised = ("304".to_owned(), since);

    let mut platform = Platform::default();
    in_force(&running, &tenant);
    platform.until(&broker, &witness, "the alarm", |taken| taken.fields[0] == "304");
    drained(&running);
    // Neither an ordinary restart, nor a kill, nor a new session tells it again.
    running.stop();
    running.run();
    drained(&running);
    running.kill();
    running.run();
    drained(&running);
    platform.look(&broker, &witness);
    assert_eq!(heard_full(&platform), std::slice::from_ref(&raised));
    assert!(platform.children().contains(format!("{DEVICE}-space-{space}").as_str()));

    // It was off, and killed as soon as it was on again: the alarm is told at least once more.
    in_force(&running, "[occupancy]\n");
    running.stop();
    running.run();
    running.configure(&tenant);
    running.signal(Signal::HUP);
    running.kill();
    running.run();
    drained(&running);
    platform.look(&broker, &witness);
    let heard = heard_full(&platform);
    assert!(
        (2..=3).contains(&heard.len()) && heard.iter().all(|word| *word == raised),
        "{heard:?}"
    );

    running.json(&["space", "set", &space, "--current", "0"]);
    platform.until(&broker, &witness, "its end", |taken| taken.fields[0] == "306");
    drained(&running);
    platform.look(&broker, &witness);
    assert_eq!(heard_full(&platform).len(), heard.len() + 1);
}

#[test]
fn a_broker_that_takes_the_place_of_another_has_the_alarm_retained() {
    let broker = Broker::start();
    let witness = broker.witness();
    let running = TestBox::start_with("[occupancy]\n");
    running.json(&["space", "create", "--name", "Hall", "--maximum", "5", "--current", "5"]);
    eventually("it is full", || {
        running.json(&["status"])["alarms"].as_array()?.first().map(drop)
    });
    in_force(&running, &(broker.section() + "[occupancy]\n"));
    drained(&running);
    let told = eventually("the alarm is there", || {
        let mut heard = witness.heard().into_iter();
        heard.rfind(|heard| heard.topic.starts_with("emop/lodge-1/alarm/space_full/"))
    });
    assert_eq!(told.json()["active"], true);
}
