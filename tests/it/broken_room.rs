//! A room that breaks again and again is failed alone: the box says so and goes on.

use gatelodge::domain::SpaceId;
use gatelodge::store::{Ledger, Options, RowError, Store, schema};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{TestBox, eventually};

/// Puts rows where the history of `space` is written now and in the next half-hour that no history can read.
fn spoil(running: &TestBox, space: SpaceId) {
    let rows: Ledger<Value> = Ledger::new(schema::HISTORY_MINUTES);
    let half_hour = u32::try_from(Timestamp::now().as_second() / 1800).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(Options::new(running.dir.join("data/store"))).unwrap();
        store
            .write(move |page| {
                for stretch in [half_hour, half_hour + 1] {
                    let key = [space.as_bytes().as_slice(), &stretch.to_be_bytes()].concat();
                    rows.put_on(page, &key, &json!("not what stood here"))?;
                }
                Ok::<_, RowError>(())
            })
            .await
            .unwrap();
        store.close().await;
    });
}

#[test]
fn a_room_that_breaks_five_times_is_failed_and_the_box_goes_on() {
    let mut running = TestBox::start();
    let made = running
        .https()
        .ask("PUT", "/space/new/occupancy/current/0/max/9", &[])
        .json();
    let space = made["space_id"].as_str().unwrap().to_owned();
    assert_eq!(running.stop().0, Some(0));
    spoil(&running, space.parse().unwrap());
    running.run();

    let mut https = running.https();
    let count = format!("/space/{space}/increment");
    assert_eq!(https.ask("PUT", &count, &[]).status, 200);
    let status = eventually("the room is given up", || {
        let status = running.json(&["status"]);
        (status["services"]["occupancy-history"]["state"] == "failed").then_some(status)
    });
    assert_eq!(status["state"], "degraded", "{status}");
    let room = &status["services"]["occupancy-history"];
    let reason = room["reason"].as_str().unwrap();
    assert!(reason.contains("history by minute is not in its format"), "{room}");
    assert_eq!(reason.matches("not what stood here").count(), 1, "said once: {room}");
    assert!(
        room["next_step"].as_str().is_some_and(|step| !step.is_empty()),
        "{room}"
    );
    assert_eq!(status["rooms"]["occupancy"]["state"], "running", "{status}");

    let counted = https.ask("PUT", &count, &[]);
    assert_eq!(
        (counted.status, &counted.json()["occupancy"]["current"]),
        (200, &json!(2))
    );
    assert_eq!(running.stop().0, Some(0), "it still stops in order");
}
