//! What becomes of codes: in the book before the first byte, sent once, proved by what a meter counts. The meters are
//! simulated, with every fault that a code can meet (EMOP §17.2, §21).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::units::Span;
use gatelodge::domain::{Quantity, TopupState};
use gatelodge::meter::driver::Command;
use gatelodge::meter::emop::Money;
use gatelodge::meter::simulator::{Faults, Rate, Setup};
use gatelodge::meter::topup::{ByHand, NewTopup, Proof, Reply, TopupError, TopupShown};
use gatelodge::meter::{Config, Deps, Meters, MetersError};
use gatelodge::store::{Options, Store};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::driver::{entry, id, operator, quick};
use super::fixture::{SERIAL, never, serve, station};

/// Worth £12.50.
const CODE: &str = "10000000000000001250";

fn config() -> Config {
    Config {
        timeout: Span(Duration::from_millis(300)),
        proof_pause: Span(Duration::from_millis(100)),
        ..quick()
    }
}

/// A prepaying meter that nobody uses anything of, with ten pounds and seven payments.
fn setup() -> Setup {
    let mut setup = Setup::new(SERIAL);
    setup.prepay = true;
    setup.transaction_count = Some(6);
    setup
}

/// A running room over a book in a folder.
pub struct Tills {
    pub room: Arc<Meters>,
    store: Store,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Tills {
    fn start(folder: &Path, address: SocketAddr) -> Tills {
        let store = Store::open(Options::new(folder.join("store"))).unwrap();
        let deps = Deps {
            seal_key: Some(folder.join("keys/seal.key")),
            ..Deps::default()
        };
        let room = Meters::with_deps(config(), vec![entry(address)], store.clone(), deps).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let (room, stop) = (Arc::clone(&room), stop.clone());
            async move { room.run(stop).await.unwrap() }
        });
        Tills {
            room,
            store,
            stop,
            task,
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
        self.store.close().await;
    }

    async fn give(&self, code: &str) -> TopupShown {
        self.room.top_up(new(code)).await.unwrap().0
    }

    async fn settled(&self, code: &str) -> TopupShown {
        let topup = self.give(code).await;
        self.room
            .settled_topup(&topup.id, Instant::now() + Duration::from_secs(30))
            .await
            .unwrap()
    }

    async fn until(&self, id: &str, state: TopupState) -> TopupShown {
        for _ in 0..3_000 {
            let topup = self.room.topup(id).unwrap();
            if topup.state == state {
                return topup;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.room.topup(id).unwrap());
    }
}

fn new(code: &str) -> NewTopup {
    NewTopup {
        meter: id(),
        token: code.parse().unwrap(),
        origin: operator(),
        key: None,
        worth: None,
        anyway: false,
        once: None,
    }
}

async fn with(faults: Faults) -> (tempfile::TempDir, JoinSet<()>, Tills) {
    let folder = tempfile::tempdir().unwrap();
    let mut meters = JoinSet::new();
    let address = serve(station(setup(), faults, "2026-02-10T12:00:00Z"), &mut meters).await;
    let tills = Tills::start(folder.path(), address);
    (folder, meters, tills)
}

#[tokio::test]
async fn what_became_of_a_code_is_what_the_meter_counted() {
    let none = Faults::default();
    for (faults, state, reply, after) in [
        (none, TopupState::Taken, Reply::Accepted, "22.5"),
        (
            Faults {
                reply_lost_after_rate: Rate::ALWAYS,
                ..none
            },
            TopupState::Taken,
            Reply::Nothing,
            "22.5",
        ),
        (
            Faults {
                reply_lost_before_rate: Rate::ALWAYS,
                ..none
            },
            TopupState::Refused,
            Reply::Nothing,
            "10",
        ),
        (
            Faults {
                duplicate_rate: Rate::ALWAYS,
                ..none
            },
            TopupState::Refused,
            Reply::Refused(6),
            "10",
        ),
        (
            Faults {
                silent_refusal_rate: Rate::ALWAYS,
                ..none
            },
            TopupState::Refused,
            Reply::Nothing,
            "10",
        ),
    ] {
        let (_folder, _meters, tills) = with(faults).await;
        let topup = tills.settled(CODE).await;
        assert_eq!(
            (topup.state, topup.reply),
            (state, Some(reply)),
            "{faults:?}: {topup:?}"
        );
        assert_eq!(topup.balance_before.as_deref(), Some("10"));
        assert_eq!(topup.balance_after.as_deref(), Some(after), "{faults:?}");
        assert_eq!(
            topup.may_be_anothers,
            state == TopupState::Taken && reply == Reply::Nothing
        );
        if topup.may_be_anothers {
            let rose =
                "Your balance rose: £10.00 → £22.50. If another code was keyed in at the meter, check its display";
            assert_eq!(topup.words, rose);
        }
        assert_eq!(topup.proof, (state == TopupState::Taken).then_some(Proof::Count));
        // Whoever looks at the meter sees the balance that was read.
        let shown = tills.room.show(&id()).unwrap();
        assert_eq!(shown.value(Quantity::Balance).unwrap(), after, "{faults:?}");
        // The same code again is the same top-up, and nothing is sent.
        let (again, is_new) = tills.room.top_up(new(CODE)).await.unwrap();
        assert_eq!((again.id, is_new), (topup.id, false));
        tills.stop().await;
    }
}

#[tokio::test]
async fn a_code_that_was_used_elsewhere_is_refused_in_words() {
    let (_folder, _meters, tills) = with(Faults::default()).await;
    let first = tills.settled(CODE).await;
    assert_eq!(first.words, "Your meter took it: £10.00 → £22.50");
    tills.stop().await;
    // Another box, which knows nothing of it.
    let (_folder, _meters, tills) = with(Faults {
        duplicate_rate: Rate::ALWAYS,
        ..Faults::default()
    })
    .await;
    let again = tills.settled(CODE).await;
    assert_eq!(
        again.words,
        "Not taken: this code was used before or is not for this meter"
    );
    tills.stop().await;
}

#[tokio::test]
async fn a_code_that_was_keyed_in_beside_ours_leaves_a_doubt_that_a_person_ends() {
    let (_folder, _meters, tills) = with(Faults {
        foreign_rate: Rate::ALWAYS,
        ..Faults::default()
    })
    .await;
    let topup = tills.give(CODE).await;
    let doubted = tills.until(&topup.id, TopupState::InDoubt).await;
    assert!(doubted.trouble.unwrap().contains("more than one payment"));
    let settle = |taken, why: &str| {
        let by_hand = ByHand {
            by: "operator".to_owned(),
            why: why.to_owned(),
        };
        tills.room.settle_topup(&topup.id, taken, by_hand)
    };
    assert!(matches!(settle(true, " ").await, Err(TopupError::Why)));
    let ended = settle(true, "the display shows both").await.unwrap();
    assert_eq!((ended.state, ended.proof), (TopupState::Taken, Some(Proof::Person)));
    let twice = settle(false, "no").await;
    assert!(
        matches!(twice, Err(TopupError::NotInDoubt(_, TopupState::Taken))),
        "{twice:?}"
    );
    // The next code is not kept waiting for ever by one in doubt, and then only a person ends the first.
    let [second, third] = [
        tills.give("10000000000000000100").await,
        tills.give("10000000000000000200").await,
    ];
    let third = tills.until(&third.id, TopupState::InDoubt).await;
    assert_eq!(third.state, TopupState::InDoubt);
    let second = tills.room.topup(&second.id).unwrap();
    assert_eq!(second.state, TopupState::InDoubt);
    assert!(second.trouble.unwrap().contains("only a person"));
    tills.stop().await;
}

#[tokio::test]
async fn eight_hands_with_one_code_are_one_top_up_and_with_eight_codes_eight() {
    let (_folder, _meters, tills) = with(Faults::default()).await;
    let mut hands = JoinSet::new();
    for _ in 0..8 {
        let room = Arc::clone(&tills.room);
        hands.spawn(async move { room.top_up(new(CODE)).await.unwrap() });
    }
    let given = hands.join_all().await;
    assert_eq!(given.iter().filter(|(_, is_new)| *is_new).count(), 1);
    assert!(given.iter().all(|(topup, _)| topup.id == given[0].0.id));
    let mut hands = JoinSet::new();
    for number in 0..8 {
        let room = Arc::clone(&tills.room);
        hands.spawn(async move {
            let mut eighth = new(&format!("2000000000000000{:04}", 100 + number));
            eighth.origin.by = format!("hand {number}");
            let (topup, _) = room.top_up(eighth).await.unwrap();
            room.settled_topup(&topup.id, Instant::now() + Duration::from_secs(60))
                .await
                .unwrap()
        });
    }
    let settled = hands.join_all().await;
    assert!(
        settled.iter().all(|topup| topup.state == TopupState::Taken),
        "{settled:?}"
    );
    assert_eq!(tills.room.topups_of(&id(), None, 100).unwrap().len(), 9);
    let shown = tills.room.show(&id()).unwrap();
    // 10 + 12.50 + 1.00 + … + 1.07
    assert_eq!(shown.value(Quantity::Balance).unwrap(), "30.78");
    tills.stop().await;
}

#[tokio::test]
async fn a_code_waits_for_a_meter_that_is_away_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    // A port that nobody listens on.
    let address = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let tills = Tills::start(folder.path(), address);
    let topup = tills.give(CODE).await;
    for _ in 0..1_000 {
        if tills.room.topup(&topup.id).unwrap().attempts > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waiting = tills.room.topup(&topup.id).unwrap();
    assert_eq!(waiting.state, TopupState::Waiting);
    assert!(waiting.trouble.is_some() && waiting.attempts > 0, "{waiting:?}");
    // What proves it is held against the meter's clock.
    let clock = tills
        .room
        .carry_out(&id(), Command::SetClock, &operator(), never())
        .await;
    assert!(matches!(clock, Err(MetersError::Unsettled(_))), "{clock:?}");
    assert_eq!(
        tills.room.cancel_topup(&topup.id, "operator").await.unwrap().state,
        TopupState::Cancelled
    );
    let twice = tills.room.cancel_topup(&topup.id, "operator").await;
    assert!(matches!(twice, Err(TopupError::NotWaiting(..))), "{twice:?}");
    // Nothing was sent, so the same code begins anew; it waits over a restart, sealed, and is sent when the meter is there.
    let again = tills.give(CODE).await;
    assert_ne!(again.id, topup.id);
    tills.stop().await;
    let log = std::fs::read_dir(folder.path().join("store/g000001/log")).unwrap();
    for file in log {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(20).any(|part| part == CODE.as_bytes()),
            "no code lies in the book in clear"
        );
    }
    let mut meters = JoinSet::new();
    let address = serve(station(setup(), Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
    let tills = Tills::start(folder.path(), address);
    let taken = tills.until(&again.id, TopupState::Taken).await;
    assert_eq!(taken.balance_after.as_deref(), Some("22.5"));
    tills.stop().await;
}

async fn nobody_there() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn what_a_code_is_worth_may_be_said_by_a_later_door_until_it_is_settled() {
    let worth = |pence: i64| NewTopup {
        worth: Some(Money(pence * 1_000)),
        ..new(CODE)
    };
    let folder = tempfile::tempdir().unwrap();
    let tills = Tills::start(folder.path(), nobody_there().await);
    let first = tills.give(CODE).await;
    assert_eq!(first.worth, None);
    let (told, is_new) = tills.room.top_up(worth(1_250)).await.unwrap();
    assert_eq!((told.id, is_new), (first.id.clone(), false));
    // What was said first stays.
    tills.room.top_up(worth(900)).await.unwrap();
    assert_eq!(tills.room.topup(&first.id).unwrap().worth.as_deref(), Some("12.5"));
    tills.stop().await;
    // What is settled was accounted for: nobody says afterwards that it was worth something else.
    let (_folder, _meters, tills) = with(Faults::default()).await;
    let settled = tills.settled(CODE).await;
    let (told, is_new) = tills.room.top_up(worth(900)).await.unwrap();
    assert_eq!((told.id, told.worth, is_new), (settled.id, None, false));
    tills.stop().await;
}

#[tokio::test]
async fn without_its_key_a_code_that_waits_is_asked_for_again_of_whoever_gave_it() {
    let folder = tempfile::tempdir().unwrap();
    let tills = Tills::start(folder.path(), nobody_there().await);
    let topup = tills.give(CODE).await;
    assert_eq!(tills.room.fleet().codes_unknown_before, None);
    tills.stop().await;
    std::fs::remove_file(folder.path().join("keys/seal.key")).unwrap();
    let mut meters = JoinSet::new();
    let address = serve(station(setup(), Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
    let tills = Tills::start(folder.path(), address);
    let waiting = tills.room.topup(&topup.id).unwrap();
    assert!(
        waiting.state == TopupState::Waiting && waiting.wants_the_code,
        "{waiting:?}"
    );
    // Somebody else's code is theirs, and is not kept waiting by the one that nobody can read.
    let mut others = new("10000000000000000100");
    others.origin.by = "person anna".to_owned();
    let (others, is_new) = tills.room.top_up(others).await.unwrap();
    assert!(
        is_new && others.id != topup.id && others.trouble.is_none(),
        "{others:?}"
    );
    tills.until(&others.id, TopupState::Taken).await;
    assert!(tills.room.topup(&topup.id).unwrap().wants_the_code);
    let (again, is_new) = tills.room.top_up(new(CODE)).await.unwrap();
    assert_eq!((again.id.as_str(), is_new), (topup.id.as_str(), true));
    let words = again.trouble.unwrap();
    assert!(
        words.contains("the box had lost its key") && words.contains("waited for being given again"),
        "{words}"
    );
    tills.until(&topup.id, TopupState::Taken).await;
    let lost = tills.room.fleet().codes_unknown_before;
    assert!(lost.is_some(), "codes that were taken before are not known again");
    tills.stop().await;
    let tills = Tills::start(folder.path(), address);
    tills.give(CODE).await;
    assert_eq!(tills.room.fleet().codes_unknown_before, lost, "it was lost once");
    tills.stop().await;
}

#[tokio::test]
async fn a_meter_that_is_exchanged_between_the_code_and_its_proof_leaves_a_doubt() {
    // Hardware, serial, balance, count, newest payment, log, and the code: then another meter hangs on the line.
    let (_folder, _meters, tills) = with(Faults {
        exchange_after: Some(7),
        ..Faults::default()
    })
    .await;
    let topup = tills.give(CODE).await;
    let doubted = tills.until(&topup.id, TopupState::InDoubt).await;
    assert!(doubted.trouble.unwrap().contains("another meter answers"));
    assert_eq!(doubted.reply, Some(Reply::Accepted));
    // A second code is not given to it.
    let next = tills.give("10000000000000000100").await;
    let mut told = false;
    for _ in 0..1_000 {
        let next = tills.room.topup(&next.id).unwrap();
        assert_eq!(next.state, TopupState::Waiting);
        told = next.trouble.is_some_and(|why| why.contains("another meter answers"));
        if told {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(told, "why it waits is said");
    tills.stop().await;
}

#[tokio::test]
async fn a_meter_that_nobody_may_ask_is_not_asked_for_money_either() {
    let folder = tempfile::tempdir().unwrap();
    let away = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let tills = Tills::start(folder.path(), away);
    let topup = tills.give(CODE).await;
    tills.room.set_duty(&id(), gatelodge::domain::Duty::Off).await.unwrap();
    let refused = tills.room.top_up(new("10000000000000000100")).await;
    assert!(matches!(refused, Err(TopupError::Off(_))), "{refused:?}");
    tills.stop().await;
    let mut meters = JoinSet::new();
    let address = serve(station(setup(), Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
    let tills = Tills::start(folder.path(), address);
    let mut told = false;
    for _ in 0..1_000 {
        let waiting = tills.room.topup(&topup.id).unwrap();
        assert_eq!(waiting.state, TopupState::Waiting);
        told = waiting.trouble.as_deref() == Some("the meter is not served");
        if told {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(told, "why it waits is said");
    tills.stop().await;
}

#[tokio::test]
async fn a_giver_whose_places_are_full_leaves_those_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let away = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let tills = Tills::start(folder.path(), away);
    let of = |giver: &str, number: u32| {
        let mut new = new(&format!("3000000000000000{number:04}"));
        new.origin.by = giver.to_owned();
        new
    };
    for number in 0..5 {
        tills.room.top_up(of("provider paypoint", number)).await.unwrap();
    }
    let sixth = tills.room.top_up(of("provider paypoint", 5)).await.unwrap_err();
    assert!(matches!(sixth, TopupError::ShareFull { share: 5, .. }), "{sixth:?}");
    let words = sixth.to_string();
    assert!(
        words.contains("provider paypoint") && words.contains("take one back"),
        "{words}"
    );
    // The same code again is the same top-up, whoever's places are full.
    let (first, is_new) = tills.room.top_up(of("provider paypoint", 0)).await.unwrap();
    assert!(!is_new);
    tills.room.top_up(of("person anna", 6)).await.unwrap();
    // Taken back, it is a place again.
    tills.room.cancel_topup(&first.id, "operator").await.unwrap();
    tills.room.top_up(of("provider paypoint", 7)).await.unwrap();
    // All givers together have twenty.
    for number in 8..22 {
        tills
            .room
            .top_up(of(&format!("token {}", number / 4), number))
            .await
            .unwrap();
    }
    let last = tills.room.top_up(of("person clara", 30)).await.unwrap_err();
    assert!(matches!(last, TopupError::TooMany(..)), "{last:?}");
    tills.stop().await;
}
