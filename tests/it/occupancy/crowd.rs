//! `/v1` under many at once: hands that count at the bounds, listeners that do not listen.
//!
//! `GATELODGE_TEST_LISTENERS` says how many do not listen (200 in everyday runs, 1,000 in the long form).

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};
use serde_json::{Value, json};

use super::client::{Client, space};
use crate::support::https::{Https, config};
use crate::support::test_box::CONFIG;
use crate::support::usage::resident_kib;
use crate::support::{TestBox, eventually};

const HANDS: i64 = 64;
const ROUNDS: i64 = 20;
const MAXIMUM: i64 = 30;

/// One change, as the hand that asked for it saw it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    asked: Instant,
    answered: Instant,
    by: i64,
    applied: i64,
    after: i64,
    sequence: u64,
}

fn count(client: &mut Client, change: &str, by: i64) -> Seen {
    let asked = Instant::now();
    let answer = client.post(change, json!({ "by": by }));
    let answered = Instant::now();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let done = answer.json();
    let (_, sequence) = done["sequence"].as_str().unwrap().split_once('.').unwrap();
    Seen {
        asked,
        answered,
        by,
        applied: done["applied"].as_i64().unwrap(),
        after: done["space"]["current"].as_i64().unwrap(),
        sequence: sequence.parse().unwrap(),
    }
}

/// What all hands saw, each over a connection of its own.
fn counted_by_all(running: &TestBox, change: &str, bearer: &str) -> Vec<Seen> {
    let (address, tls) = (running.door("https"), config(&running.ca_file(), None));
    let hand = |hand: i64| {
        let mut client = Client {
            https: Https::connect(address, tls.clone()).unwrap(),
            bearer: bearer.to_owned(),
        };
        let by = |round: i64| match (hand + round) % 2 {
            0 => 1 + round % 7,
            _ => -(1 + round % 5),
        };
        (0..ROUNDS)
            .map(|round| count(&mut client, change, by(round)))
            .collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..HANDS).map(|number| scope.spawn(move || hand(number))).collect();
        hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect()
    })
}

/// Every change of the log, oldest first: how many people, and the count after it.
fn log_of(operator: &mut Client, path: &str, changes: usize) -> Vec<(i64, i64)> {
    eventually("the log is written down", || {
        let log = operator.get(&format!("{path}/history?step=raw")).json();
        let points = log["points"].as_array().unwrap().clone();
        (points.len() >= changes).then(|| {
            let number = |value: &Value| value.as_i64().unwrap();
            let by = |point: &Value| number(&point["in"]) - number(&point["out"]);
            points
                .iter()
                .map(|point| (by(point), number(&point["close"])))
                .collect()
        })
    })
}

#[test]
fn sixty_four_hands_at_the_bounds_see_one_history() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, _) = space(&mut operator, u32::try_from(MAXIMUM).unwrap());
    let mut seen = counted_by_all(&running, &format!("{path}/change"), &operator.bearer);

    // One order explains every answer: replayed in it, each change does what its hand was told.
    seen.sort_by_key(|seen| (seen.sequence, seen.applied == 0));
    let (mut inside, mut sequence, mut changes) = (0, 0, Vec::new());
    for one in &seen {
        let fits = (inside + one.by).clamp(0, MAXIMUM) - inside;
        assert_eq!(
            (one.applied, one.after),
            (fits, inside + fits),
            "{one:?} with {inside} inside"
        );
        if one.applied != 0 {
            assert!(one.sequence > sequence, "{one:?}: a number of its own");
            changes.push((one.applied, one.after));
            (inside, sequence) = (one.after, one.sequence);
        }
    }
    // And it is the order of time: who asks after another was answered does not come before them.
    for (place, later) in seen.iter().enumerate() {
        let overtaken = seen[..place].iter().find(|earlier| earlier.asked > later.answered);
        let honest = overtaken.is_none_or(|earlier| earlier.sequence == later.sequence);
        assert!(honest, "{later:?} was over before {overtaken:?} began");
    }
    // The log tells the same.
    assert_eq!(log_of(&mut operator, &path, changes.len()), changes);
    assert_eq!(operator.get(&path).json()["current"], inside);
    let refused = seen.len() - changes.len();
    assert!(
        refused > 0 && changes.len() > 64,
        "the bounds were met: {refused} of {}",
        seen.len()
    );
}

/// A connection whose end takes 4 KiB and no more.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&socket, 4 << 10).unwrap();
    connect(&socket, &address).unwrap();
    TcpStream::from(socket)
}

#[test]
fn listeners_that_do_not_read_are_cut_and_harm_nobody() {
    let many: usize = std::env::var("GATELODGE_TEST_LISTENERS").map_or(200, |many| many.parse().unwrap());
    let running = TestBox::start_with(&format!(
        "{CONFIG}max_listeners = {}\n[limits.https]\nconnections = {}\n",
        many + 1,
        8 * many
    ));
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 100_000);
    let change = format!("{path}/change");
    let tls = config(&running.ca_file(), None);
    let address = running.door("https");
    let before = resident_kib(running.process());
    let bearer = format!("Bearer {owner}");
    let mut deaf: Vec<Https> = (0..many)
        .map(|_| {
            let mut https = Https::over(narrow(address), "localhost", tls.clone()).unwrap();
            https.begin("GET", &format!("{path}/events"), &[("authorization", &bearer)]);
            assert!(https.line().unwrap().starts_with("HTTP/1.1 200"));
            https
        })
        .collect();
    let mut listener = Client::with(&running, &owner);
    listener.listen(&format!("{path}/events"), &[]);
    let (_, first, _) = listener.hear();
    assert_eq!(operator.get("/v1/events").status, 503, "every place is taken");

    let cut = "gatelodge_door_refusals_total{door=\"https\",reason=\"write_timeout\"}";
    let (mut counted, mut most, began) = (0, before, Instant::now());
    while running.metric(cut).unwrap_or(0) < many as u64 {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "{:?} of {many} were cut",
            running.metric(cut)
        );
        for _ in 0..100 {
            assert_eq!(operator.post(&change, json!({ "by": 1 })).status, 200);
            counted += 1;
            let (kind, _, body) = listener.hear();
            assert_eq!((kind.as_str(), body["current"].clone()), ("changed", json!(counted)));
        }
        most = most.max(resident_kib(running.process()));
    }
    let each = (most - before) / many as u64;
    println!(
        "{many} deaf listeners, {counted} changes, {each} KiB each, cut after {:?}",
        began.elapsed()
    );
    assert!(each < 192, "{each} KiB for each that does not read");
    // Their places are free, and whoever comes back is told what was missed.
    deaf.clear();
    let mut back = Client::with(&running, &owner);
    back.listen(&format!("{path}/events"), &[("last-event-id", &first)]);
    assert_eq!(back.hear().0, "state");
    for count in 1..=counted {
        assert_eq!(back.hear().2["current"], count);
    }
}
