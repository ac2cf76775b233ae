//! The money of a simulated meter through the built binary: top-ups that are taken, refused and lost, and a load that is
//! cut at zero and comes back (EMOP §17.1, §17.2).

use std::net::SocketAddr;
use std::time::Duration;

use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::emop::event_log::events;
use gatelodge::meter::emop::inferred::Inferred;
use gatelodge::meter::emop::{Ack, Dialect, MeterTime, Money, Value};
use gatelodge::meter::session::{Rules, Session, SessionError};

use super::command::Simulation;
use super::fixture::{SERIAL, dialect, never, object, quick, read, session};
use crate::support::eventually;

const TOKEN: &str = "10000000000000001250";

/// A meter that nobody uses anything of, with ten pounds.
fn idle(more: &[&str]) -> (Simulation, Session) {
    started(&[&["--power", "0", "--standing-charge", "0"], more].concat())
}

fn started(more: &[&str]) -> (Simulation, Session) {
    let arguments = ["--listen", "127.0.0.1:0", "--serial", SERIAL, "--prepay"];
    let (simulation, printed) = Simulation::start(&[&arguments, more].concat(), 1);
    let address: SocketAddr = printed[0]["address"].as_str().unwrap().parse().unwrap();
    let rules = Rules {
        // A reply that never comes is waited for only so long.
        timeout: Duration::from_secs(2),
        ..quick()
    };
    (simulation, session(address, rules))
}

/// What a meter says of its money.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    balance: i64,
    count: u16,
    detail: (MeterTime, Money),
    paid: usize,
}

async fn value(session: &mut Session, name: &str) -> Value {
    let payload = read(session, name).await.unwrap();
    Dialect::value(&dialect(), object(name), &payload).unwrap()
}

async fn ids(session: &mut Session) -> Vec<u8> {
    let page = session.ask(&Request::Events(0), never()).await.unwrap();
    let events = events(&page[5..], &Inferred::default().event).unwrap();
    events.iter().map(|event| event.id).collect()
}

async fn said(session: &mut Session) -> Said {
    let balance = read(session, "prepay_balance").await.unwrap();
    let count = read(session, "monetary_info_transaction_count").await.unwrap();
    let detail = match value(session, "monetary_info_transaction_details").await {
        Value::Transaction {
            payment_time, payment, ..
        } => (payment_time, payment),
        other => panic!("{other:?}"),
    };
    Said {
        balance: i32::from_le_bytes(balance.try_into().unwrap()).into(),
        count: u16::from_le_bytes(count.try_into().unwrap()),
        detail,
        paid: ids(session).await.iter().filter(|id| **id == 48).count(),
    }
}

async fn send(session: &mut Session, token: &str) -> Result<Vec<u8>, SessionError> {
    let request = Request::Write(object("prepay_token_send"), token.as_bytes().to_vec());
    session.ask(&request, never()).await
}

fn none_yet() -> Said {
    Said {
        balance: 1_000_000,
        count: 0xFFFF,
        detail: (MeterTime(0), Money(0)),
        paid: 0,
    }
}

/// That so many pounds in so many payments came in, the newest worth so much, and all of it is told alike.
fn assert_paid(said: &Said, balance: i64, payments: usize, newest: i64) {
    assert_eq!((said.balance, said.paid), (balance, payments), "{said:?}");
    assert_eq!(usize::from(said.count), payments - 1, "{said:?}");
    assert_eq!(said.detail.1, Money(newest), "{said:?}");
    assert!(said.detail.0 > MeterTime(0), "{said:?}");
}

#[tokio::test]
async fn a_top_up_that_is_taken_moves_balance_count_detail_and_log_and_one_that_is_refused_nothing() {
    let (_simulation, mut session) = idle(&[]);
    assert_eq!(said(&mut session).await, none_yet());
    // Another meter's.
    let refused = send(&mut session, "40400000000000001250").await;
    assert!(
        matches!(refused, Err(SessionError::Refused(Ack::Security))),
        "{refused:?}"
    );
    assert_eq!(said(&mut session).await, none_yet());
    send(&mut session, TOKEN).await.unwrap();
    let once = said(&mut session).await;
    assert_paid(&once, 2_250_000, 1, 1_250_000);
    let again = send(&mut session, TOKEN).await;
    assert!(matches!(again, Err(SessionError::Refused(Ack::Security))), "{again:?}");
    assert_eq!(said(&mut session).await, once);
    send(&mut session, "10000000000000000001").await.unwrap();
    assert_paid(&said(&mut session).await, 2_251_000, 2, 1_000);
}

#[tokio::test]
async fn the_count_of_payments_goes_round() {
    let (_simulation, mut session) = idle(&["--transaction-count", "65534"]);
    for wanted in [0xFFFF, 0] {
        send(&mut session, &format!("1{wanted:015}0100")).await.unwrap();
        assert_eq!(said(&mut session).await.count, wanted);
    }
}

#[tokio::test]
async fn a_token_that_is_lost_before_it_is_taken_leaves_nothing_and_one_lost_after_is_there() {
    let (_simulation, mut session) = idle(&["--reply-lost-before-rate", "1"]);
    let lost = send(&mut session, TOKEN).await;
    assert!(
        lost.is_err() && !matches!(lost, Err(SessionError::Refused(_))),
        "{lost:?}"
    );
    assert_eq!(said(&mut session).await, none_yet());

    let (_simulation, mut session) = idle(&["--reply-lost-after-rate", "1"]);
    let lost = send(&mut session, TOKEN).await;
    assert!(
        lost.is_err() && !matches!(lost, Err(SessionError::Refused(_))),
        "{lost:?}"
    );
    assert_paid(&said(&mut session).await, 2_250_000, 1, 1_250_000);
}

#[tokio::test]
async fn tokens_are_refused_aloud_or_in_silence_and_overtaken_by_a_code_from_the_keypad() {
    let (_simulation, mut session) = idle(&["--duplicate-rate", "1"]);
    let refused = send(&mut session, TOKEN).await;
    assert!(
        matches!(refused, Err(SessionError::Refused(Ack::Security))),
        "{refused:?}"
    );
    assert_eq!(said(&mut session).await, none_yet());

    let (_simulation, mut session) = idle(&["--silent-refusal-rate", "1"]);
    let silent = send(&mut session, TOKEN).await;
    assert!(
        silent.is_err() && !matches!(silent, Err(SessionError::Refused(_))),
        "{silent:?}"
    );
    assert_eq!(said(&mut session).await, none_yet());

    // A code is keyed in, and ours is lost: what is seen looks like ours, but for the amount.
    let (_simulation, mut session) = idle(&["--foreign-rate", "1", "--reply-lost-before-rate", "1"]);
    assert!(send(&mut session, TOKEN).await.is_err());
    assert_paid(&said(&mut session).await, 1_500_000, 1, 500_000);

    let (_simulation, mut session) = idle(&["--foreign-rate", "1"]);
    send(&mut session, TOKEN).await.unwrap();
    assert_paid(&said(&mut session).await, 2_750_000, 2, 1_250_000);
}

#[tokio::test]
async fn the_same_seed_loses_the_same_tokens_whatever_else_is_asked() {
    let mut runs = Vec::new();
    for (seed, reads) in [("7", 0), ("7", 5), ("8", 0)] {
        let rates = [
            "--reply-lost-before-rate",
            "0.4",
            "--duplicate-rate",
            "0.4",
            "--seed",
            seed,
        ];
        let (_simulation, mut session) = idle(&rates);
        let mut run = Vec::new();
        for number in 0..24 {
            for _ in 0..reads {
                read(&mut session, "serial").await.unwrap();
            }
            run.push(match send(&mut session, &format!("1{number:015}0100")).await {
                Ok(_) => 't',
                Err(SessionError::Refused(_)) => 'r',
                Err(_) => 'l',
            });
        }
        runs.push(String::from_iter(run));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!(['t', 'r', 'l'].iter().all(|kind| runs[0].contains(*kind)), "{runs:?}");
}

async fn watts(session: &mut Session) -> u32 {
    let payload = read(session, "instantaneous_active_power").await.unwrap();
    u32::from_le_bytes(payload.try_into().unwrap())
}

async fn import(session: &mut Session) -> u32 {
    let payload = read(session, "read_element_a").await.unwrap();
    u32::from_le_bytes(*payload.first_chunk().unwrap())
}

async fn clock(session: &mut Session) -> jiff::Timestamp {
    match value(session, "time").await {
        Value::Clock(shown) => shown.moment,
        other => panic!("{other:?}"),
    }
}

#[test]
fn at_zero_the_load_is_cut_and_a_top_up_and_the_button_bring_it_back() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // A pound in under four seconds.
    let (_simulation, mut session) = started(&[
        "--balance",
        "0.80",
        "--power",
        "10000",
        "--unit-rate",
        "100",
        "--standing-charge",
        "0",
    ]);
    let balance = |session: &mut Session| runtime.block_on(said(session)).balance;
    eventually("the balance falls with use", || {
        let left = balance(&mut session);
        (left < 80_000).then_some(())
    });
    eventually("the load is cut", || {
        (runtime.block_on(watts(&mut session)) == 0).then_some(())
    });
    let spent = balance(&mut session);
    assert!((-30_000..=0).contains(&spent), "{spent}");
    let stands = |session: &mut Session| {
        let (before, from) = runtime.block_on(async { (import(session).await, clock(session).await) });
        eventually("two seconds pass by the meter's clock", || {
            let gone = runtime.block_on(clock(session)).duration_since(from);
            (gone.as_secs() >= 2).then_some(())
        });
        assert_eq!(runtime.block_on(import(session)), before);
    };
    stands(&mut session);
    assert_eq!(balance(&mut session), spent, "nothing is used, nothing is charged");
    runtime.block_on(send(&mut session, "10000000000000009000")).unwrap();
    assert_eq!(balance(&mut session), spent + 9_000_000);
    // The load switch waits for the button, which nobody presses.
    stands(&mut session);
    let free = Request::Write(object("load_switch"), vec![1]);
    runtime.block_on(session.ask(&free, never())).unwrap();
    assert_eq!(runtime.block_on(watts(&mut session)), 10_000);
    let before = runtime.block_on(import(&mut session));
    eventually("energy is used again", || {
        (runtime.block_on(import(&mut session)) > before && balance(&mut session) < spent + 9_000_000).then_some(())
    });
    assert_eq!(runtime.block_on(ids(&mut session))[..3], [33, 48, 34]);
}
