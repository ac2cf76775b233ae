//! `kill -9` of the built binary under load: nothing acknowledged is lost, nothing is counted twice.
//!
//! `GATELODGE_TEST_KILLS` says how often (20 in everyday runs, 1,000 in the long form).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::https::{Https, config};
use crate::support::{TestBox, eventually};

/// What one counter knows of its own space: nobody else counts there.
#[derive(Clone)]
struct Counter {
    path: String,
    /// Answered, so on disk.
    acknowledged: u64,
    /// Sent, perhaps written.
    sent: u64,
}

const COUNTERS: usize = 8;

fn kills() -> usize {
    std::env::var("GATELODGE_TEST_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(20)
}

#[test]
fn nothing_acknowledged_is_lost_when_the_box_is_killed() {
    let mut running = TestBox::start();
    let mut https = running.https();
    let mut counters: Vec<Counter> = (0..COUNTERS)
        .map(|_| {
            let space = https
                .ask("PUT", "/space/new/occupancy/current/0/max/100000", &[])
                .json();
            Counter {
                path: format!("/space/{}", space["space_id"].as_str().unwrap()),
                acknowledged: 0,
                sent: 0,
            }
        })
        .collect();
    let (mut slowest, mut acknowledged) = (Duration::ZERO, 0);
    for round in 0..kills() {
        counters = count_until_killed(
            &mut running,
            counters,
            Duration::from_millis(20 + (round as u64 * 37) % 180),
        );
        slowest = slowest.max(running.run());
        let mut https = running.https();
        for counter in &mut counters {
            let found = https.ask("GET", &counter.path, &[]).json()["occupancy"]["current"]
                .as_u64()
                .unwrap();
            assert!(
                (counter.acknowledged..=counter.sent).contains(&found),
                "round {round}: {} acknowledged, {} sent, {found} found",
                counter.acknowledged,
                counter.sent
            );
            counter.acknowledged = found;
            counter.sent = found;
        }
        acknowledged = counters.iter().map(|counter| counter.acknowledged).sum();
    }
    println!(
        "{} kills, {acknowledged} changes acknowledged, slowest start {slowest:?}",
        kills()
    );
    assert!(acknowledged > 0, "the box was counted in");
    // A start is promised in 2 s in release; a debug binary on a busy machine gets thrice that.
    assert!(slowest < Duration::from_secs(6), "{slowest:?}");
}

/// Counts on every space at once, and kills the box in the middle of it.
fn count_until_killed(running: &mut TestBox, counters: Vec<Counter>, after: Duration) -> Vec<Counter> {
    let address = running.door("https");
    let tls = config(&running.ca_file(), None);
    let over = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = counters
        .into_iter()
        .map(|mut counter| {
            let (tls, over) = (tls.clone(), Arc::clone(&over));
            std::thread::spawn(move || {
                let Ok(mut https) = Https::connect(address, tls) else {
                    return counter;
                };
                while !over.load(Ordering::Relaxed) {
                    counter.sent += 1;
                    match https.try_ask("PUT", &format!("{}/increment", counter.path), &[], b"") {
                        Ok(answer) if answer.status == 200 => {
                            counter.acknowledged += 1;
                            let shown = answer.json()["occupancy"]["current"].as_u64().unwrap();
                            assert_eq!(shown, counter.acknowledged, "each answer shows its own result");
                        }
                        Ok(answer) => panic!("{answer:?}"),
                        Err(_) => break,
                    }
                }
                counter
            })
        })
        .collect();
    std::thread::sleep(after);
    running.kill();
    over.store(true, Ordering::Relaxed);
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn sums_and_bounds_are_exact_under_many_hands() {
    let running = TestBox::start();
    let space = running
        .https()
        .ask("PUT", "/space/new/occupancy/current/0/max/500", &[])
        .json();
    let path = format!("/space/{}", space["space_id"].as_str().unwrap());
    let (address, tls) = (running.door("https"), config(&running.ca_file(), None));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (tls, path) = (tls.clone(), path.clone());
            std::thread::spawn(move || {
                let mut https = Https::connect(address, tls).unwrap();
                (0..100)
                    .map(|_| {
                        https.ask("PUT", &format!("{path}/increment"), &[]).json()["occupancy"]["current"]
                            .as_u64()
                            .unwrap()
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut shown: Vec<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    shown.sort_unstable();
    // 800 tries for 500 places: each place was shown to the one who took it, and "full" to the others.
    let full = shown.iter().filter(|count| **count == 500).count();
    assert_eq!(full, 301);
    shown.dedup();
    assert_eq!(shown, (1..=500).collect::<Vec<_>>());
}

#[test]
fn idle_spaces_die_and_used_ones_live() {
    let running = TestBox::start_with("[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\nidle_expiry = \"2s\"\n");
    let mut https = running.https();
    let mut make = || {
        let space = https.ask("PUT", "/space/new/occupancy/current/0/max/5", &[]).json();
        format!("/space/{}", space["space_id"].as_str().unwrap())
    };
    let (idle, used) = (make(), make());
    let kept = running.json(&["space", "create", "--maximum", "5"]);
    let began = std::time::Instant::now();
    eventually("the idle space is gone", || {
        assert_eq!(https.ask("GET", &used, &[]).status, 200, "reading renews it");
        // The idle one is asked for only after its time, since asking would renew it.
        (began.elapsed() > Duration::from_millis(2_200) && https.ask("GET", &idle, &[]).status == 404).then_some(())
    });
    eventually("its row is gone too", || {
        let left = running.json(&["space", "list"]);
        (left.as_array().unwrap().len() == 2).then_some(())
    });
    assert_eq!(
        running.json(&["space", "show", kept["id"].as_str().unwrap()])["maximum"],
        5,
        "the operator's stay"
    );
}
