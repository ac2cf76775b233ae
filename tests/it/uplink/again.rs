//! When the box tries again after there was no session, or none that lasted: how often, how long it waits, and what it
//! takes meanwhile (UPLINK §1.2, §4.3).

use std::path::Path;
use std::time::{Duration, Instant};

use gatelodge::domain::Quantity;
use gatelodge::uplink::{Patience, UplinkShown};
use jiff::SignedDuration;
use serde_json::json;

use super::broker::Broker;
use super::fixture::{Fixture, SERIAL};
use super::puppet::Puppet;
use super::silence::{hasty, section, with};
use crate::support::{TestBox, eventually};

/// How long it waits after its last fault.
fn pause(shown: &UplinkShown) -> SignedDuration {
    shown.next_try.unwrap().duration_since(shown.faults[0].at)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_available_ten_times_is_reached_the_eleventh() {
    let puppet = Puppet::start();
    puppet.behave(|manners| manners.connack = Some(3));
    let patience = Patience {
        away: Duration::from_millis(1),
        ..hasty()
    };
    let (_folder, fixture) = with(&puppet, patience);
    eventually("ten refusals", || (puppet.connects() >= 10).then_some(()));
    assert_eq!(fixture.uplink.shown().last_error.unwrap().kind, "refused");
    puppet.behave(|manners| manners.connack = Some(0));
    puppet.hears("100,");
    assert!(fixture.uplink.shown().last_error.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_only_a_person_can_mend_is_not_asked_for_often() {
    // Protocol, client id: a quarter of an hour. Password, permission: half a minute at first, and nobody is locked out.
    for (code, least_s) in [(1, 900), (2, 900), (4, 30), (5, 30)] {
        let puppet = Puppet::start();
        puppet.behave(|manners| manners.connack = Some(code));
        let (_folder, fixture) = with(&puppet, Patience::default());
        let shown = eventually("the refusal is shown", || {
            Some(fixture.uplink.shown()).filter(|shown| shown.last_error.is_some())
        });
        assert_eq!(shown.faults[0].kind, "refused");
        let wait = pause(&shown).as_secs();
        assert!((least_s..=least_s * 3 / 2).contains(&wait), "{code}: {wait} s");
        assert_eq!(puppet.connects(), 1);
    }
}

/// A tenant that was not available ten times and is now, and a box for which a session of twice `short` is stable. Of
/// its pauses the longest is 120 times 4 ms, and no try after this ends by itself.
fn after_ten_refusals(short: Duration) -> (Puppet, tempfile::TempDir, Fixture) {
    let puppet = Puppet::start();
    puppet.behave(|manners| manners.connack = Some(3));
    let patience = Patience {
        away: Duration::from_millis(4),
        opening: Duration::from_secs(60),
        short,
        ..hasty()
    };
    let (folder, fixture) = with(&puppet, patience);
    eventually("ten refusals", || {
        (fixture.uplink.shown().faults.len() >= 10).then_some(())
    });
    puppet.behave(|manners| manners.connack = Some(0));
    puppet.hears("100,");
    puppet.behave(|manners| manners.connack = None);
    (puppet, folder, fixture)
}

/// Breaks the line; how the box is when it has seen it.
fn broken(puppet: &Puppet, fixture: &Fixture) -> UplinkShown {
    let before = fixture.uplink.shown().faults.len();
    puppet.reset();
    eventually("it is seen", || {
        Some(fixture.uplink.shown()).filter(|shown| shown.faults.len() > before)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_refusals_are_not_forgotten_by_a_session_that_was_not_stable() {
    let (puppet, _folder, fixture) = after_ten_refusals(Patience::default().short);
    let shown = broken(&puppet, &fixture);
    assert_eq!(shown.faults[0].kind, "lost");
    let wait = pause(&shown).as_millis();
    assert!((240..=720).contains(&wait), "{wait} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_refusals_are_forgotten_by_a_session_of_a_minute_and_the_row_begins_anew() {
    assert_eq!(Patience::default().short * 2, Duration::from_secs(60));
    let (puppet, _folder, fixture) = after_ten_refusals(Duration::from_millis(100));
    eventually("the session is stable", || {
        let since = fixture.uplink.shown().connected_since?;
        (jiff::Timestamp::now().duration_since(since).as_millis() > 300).then_some(())
    });
    let connects = puppet.connects();
    let shown = broken(&puppet, &fixture);
    assert_eq!(
        (shown.faults[0].kind.as_str(), pause(&shown)),
        ("lost", SignedDuration::ZERO)
    );
    eventually("it tries at once", || (puppet.connects() > connects).then_some(()));
    let wait = pause(&broken(&puppet, &fixture)).as_millis();
    assert!((4..=12).contains(&wait), "{wait} ms");
}

fn name_taker(folder: &Path, broker: &Broker, patience: Patience) -> Fixture {
    Fixture::hasty(folder, &section(broker), patience)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_whose_name_was_taken_once_is_back_at_once_and_stays() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start(folder.path(), &section(&broker));
    fixture.drained().await;
    // It may lose its line before it is done: the box comes back at once.
    let mut guest = broker.client("mosquitto_pub");
    guest.args(["-i", "d:lodge-1", "-t", "x", "-m", "y"]).output().unwrap();
    eventually("it is back", || (fixture.uplink.shown().sessions == 2).then_some(()));
    fixture.says(SERIAL, &[(Quantity::Power, json!(7))], Vec::new()).await;
    fixture.drained().await;
    let shown = fixture.uplink.shown();
    assert_eq!(
        (shown.sessions, shown.faults.len(), shown.taken_over),
        (2, 1, false),
        "{shown:?}"
    );
}

/// For how long two boxes with one name are watched, where it is the real thing: in seconds.
fn rivalry() -> Option<Duration> {
    let seconds = std::env::var("GATELODGE_TEST_UPLINK_RIVALS").ok()?;
    Some(Duration::from_secs(seconds.parse().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_boxes_with_one_name_slow_down_and_say_so_and_one_that_goes_leaves_the_other_in_peace() {
    let long = rivalry();
    let usual = Patience {
        short: Duration::from_secs(1),
        ..hasty()
    };
    let patience = long.map_or(usual, |_| Patience::default());
    let short = SignedDuration::try_from(patience.short).unwrap();
    let broker = Broker::start();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut boxes = folders
        .each_ref()
        .map(|folder| name_taker(folder.path(), &broker, patience));
    let shown = |boxes: &[Fixture; 2]| boxes.each_ref().map(|fixture| fixture.uplink.shown());
    // Whoever sees it waits longer than its sessions lasted.
    let first = eventually("who is cut off again and again sees it, and waits", || {
        let shown = shown(&boxes);
        let waits = shown
            .iter()
            .any(|one| one.taken_over && one.next_try.is_some() && pause(one) >= short * 2);
        waits.then_some(shown)
    });
    let began = Instant::now();
    // The other one stays until the first comes back, and comes back when that one came: twice as late every time.
    let mut longest = SignedDuration::ZERO;
    let goes_on = |longest| match long {
        Some(long) => began.elapsed() < long,
        None => longest < short * 4,
    };
    let more = |now: &[UplinkShown; 2]| [0, 1].map(|one| now[one].sessions - first[one].sessions);
    while goes_on(longest) {
        let now = shown(&boxes);
        // Each pause is twice as long as the one before, so there are as many as that goes into the time; without
        // them it would have been hundreds.
        let rounds = began.elapsed().div_duration_f64(patience.short).max(1.0).log2() + 2.0;
        assert!(
            more(&now).iter().all(|more| (*more as f64) <= rounds),
            "{:?} in {rounds} rounds",
            more(&now)
        );
        let waits = now.into_iter().filter(|one| one.taken_over && one.next_try.is_some());
        longest = waits.map(|one| pause(&one)).max().unwrap_or_default().max(longest);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let last = shown(&boxes);
    let more = more(&last);
    println!("sessions until it was seen: {:?}", first.map(|one| one.sessions));
    println!(
        "in {:?} after that: {more:?}; the longest pause: {longest}",
        began.elapsed()
    );
    assert!(longest >= short * 4);
    assert!(last.iter().any(|one| one.taken_over));
    boxes[1].stop().await;
    boxes[0].says(SERIAL, &[(Quantity::Power, json!(7))], Vec::new()).await;
    // It may just have begun to wait.
    eventually("it is back", || {
        let shown = boxes[0].uplink.shown();
        (long.is_some() || shown.connected_since.is_some()).then_some(())
    });
    if long.is_none() {
        boxes[0].drained().await;
    }
}

/// A broker of MQTT 5 that lets everybody in and then says that another client came with the same name (reason 0x8E).
fn broker_of_another() -> u16 {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for line in listener.incoming() {
            let (mut line, mut said) = (line.unwrap(), [0; 4_096]);
            for answer in [&[0x20, 3, 0, 0, 0][..], &[0xe0, 2, 0x8e, 0][..]] {
                if line.read(&mut said).is_ok_and(|length| length > 0) {
                    let _ = line.write_all(answer);
                }
            }
            while line.read(&mut said).is_ok_and(|length| length > 0) {}
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_says_that_the_name_was_taken_is_believed_however_long_the_sessions_were() {
    let port = broker_of_another();
    let folder = tempfile::tempdir().unwrap();
    let section = format!(
        "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"lodge-1\"\n\
         [uplink.mqtt]\nversion = \"5\"\n"
    );
    // Every session is long enough to look like a good one.
    let patience = Patience {
        short: Duration::from_nanos(1),
        ..hasty()
    };
    let fixture = Fixture::hasty(folder.path(), &section, patience);
    eventually("it is said", || fixture.uplink.shown().taken_over.then_some(()));
    let faults = eventually("again and again", || {
        Some(fixture.uplink.shown().faults).filter(|faults| faults.len() >= 3)
    });
    let said = |fault: &&gatelodge::uplink::FaultShown| {
        fault.what.contains("another client logged in with the same client id")
    };
    assert!(faults.iter().filter(said).count() >= 3, "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_an_address_is_not_asked_for_in_a_busy_loop() {
    let folder = tempfile::tempdir().unwrap();
    let section = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://no-such-host.invalid\"\nclient_id = \"lodge-1\"\n";
    let patience = Patience {
        away: Duration::from_millis(40),
        ..hasty()
    };
    let fixture = Fixture::hasty(folder.path(), section, patience);
    let faults = eventually("five tries", || {
        Some(fixture.uplink.shown().faults).filter(|faults| faults.len() >= 5)
    });
    assert!(faults.iter().all(|fault| fault.kind == "dns"));
    // Newest first: each pause is about twice the one before, and never under its half.
    for (tries, pair) in faults.iter().rev().zip(faults.iter().rev().skip(1)).enumerate() {
        let pause = pair.1.at.duration_since(pair.0.at).as_millis();
        assert!(pause >= 20 << tries, "{pause} ms after {} tries", tries + 1);
    }
}

#[test]
fn a_box_whose_broker_has_no_address_takes_next_to_no_processor_time() {
    let seconds: u64 = std::env::var("GATELODGE_TEST_UPLINK_NO_ADDRESS").map_or(5, |text| text.parse().unwrap());
    let section = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://no-such-host.invalid\"\nclient_id = \"lodge-1\"\n";
    let tries = |running: &TestBox| {
        running.json(&["uplink", "status"])["faults"]
            .as_array()
            .map_or(0, Vec::len)
    };
    // Beside one that has no uplink at all: what a box takes while it does nothing.
    let boxes = [TestBox::start_with(section), TestBox::start_with("")];
    eventually("it was tried", || (tries(&boxes[0]) >= 1).then_some(()));
    let (before, began) = (boxes.each_ref().map(TestBox::processor_time), Instant::now());
    // Not a wait for something: the time over which it is measured.
    std::thread::sleep(Duration::from_secs(seconds));
    let (after, took) = (boxes.each_ref().map(TestBox::processor_time), began.elapsed());
    let part = |one: usize| (after[one] - before[one]).as_secs_f64() / took.as_secs_f64();
    println!(
        "in {took:?}: {:.2} %; without an uplink {:.2} %",
        part(0) * 100.0,
        part(1) * 100.0
    );
    assert!(tries(&boxes[0]) >= 2, "it did try meanwhile");
    assert!(part(0) < 0.02, "{:.2} %", part(0) * 100.0);
}
