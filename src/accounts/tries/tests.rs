use jiff::Timestamp;

use super::place::PLACES;
use super::*;
use crate::store::Options;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn place(name: &str, address: &str) -> Place {
    Place::new(name, address.parse().unwrap())
}

async fn fails(tries: &Tries, store: &Store, place: Place, now: Timestamp) -> Result<(), u64> {
    let attempt = tries.begin(store, place, now).await.unwrap()?;
    let failed = attempt.failed();
    let written = store.write(move |page| failed.write_on(page, now)).await;
    tries.swept(written.unwrap());
    Ok(())
}

async fn comes_in(tries: &Tries, store: &Store, place: Place, now: Timestamp) -> Result<(), u64> {
    tries.begin(store, place, now).await.unwrap()?.succeeded();
    let proof = Proof::Password;
    tries.forget(place, proof);
    let written = store.write(move |page| signed_in_on(page, place, proof, now)).await;
    written.unwrap();
    Ok(())
}

#[tokio::test]
async fn five_failures_hold_a_name_back_and_twenty_an_address_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let tries = Tries::default();
    for second in 0..5 {
        let from = place("anna", &format!("192.0.2.{second}"));
        assert_eq!(fails(&tries, &store, from, at(second)).await, Ok(()));
    }
    let elsewhere = place("anna", "198.51.100.1");
    assert_eq!(fails(&tries, &store, elsewhere, at(10)).await, Err(891));
    assert_eq!(tries.look(&store, elsewhere, at(10)).unwrap(), Err(891));
    let tries = Tries::default();
    assert_eq!(fails(&tries, &store, elsewhere, at(10)).await, Err(891), "a restart");
    assert_eq!(
        fails(&tries, &store, elsewhere, at(900)).await,
        Ok(()),
        "the first counts no more"
    );
    for second in 0..20 {
        let one = place(&format!("n{second}"), &format!("2001:db8::{second}"));
        assert_eq!(fails(&tries, &store, one, at(second)).await, Ok(()), "{second}");
    }
    let one = place("ben", "2001:db8::ffff");
    assert_eq!(fails(&tries, &store, one, at(20)).await, Err(881), "of one /64");
    assert_eq!(
        fails(&tries, &store, place("ben", "2001:db8:0:1::1"), at(20)).await,
        Ok(())
    );
    store.close().await;
}

#[tokio::test]
async fn success_counts_for_nothing_and_a_known_place_has_tries_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let tries = Tries::default();
    let (home, away) = (place("anna", "192.0.2.1"), place("anna", "203.0.113.9"));
    for second in 0..30 {
        assert_eq!(comes_in(&tries, &store, home, at(second)).await, Ok(()));
    }
    for second in 30..35 {
        assert_eq!(fails(&tries, &store, away, at(second)).await, Ok(()));
    }
    assert!(fails(&tries, &store, away, at(35)).await.is_err());
    for second in 36..40 {
        assert_eq!(fails(&tries, &store, home, at(second)).await, Ok(()));
    }
    assert_eq!(
        comes_in(&tries, &store, home, at(40)).await,
        Ok(()),
        "nobody is shut out"
    );
    assert!(
        fails(&tries, &store, away, at(41)).await.is_err(),
        "which gives nobody elsewhere another guess"
    );
    tries.forget(away, Proof::Link);
    let written = store
        .write(move |page| signed_in_on(page, away, Proof::Link, at(41)))
        .await;
    written.unwrap();
    assert_eq!(
        fails(&tries, &store, away, at(41)).await,
        Ok(()),
        "a link lets its person in from anywhere"
    );
    let third = place("anna", "198.51.100.7");
    assert_eq!(fails(&tries, &store, third, at(41)).await, Ok(()));
    for second in 42..47 {
        assert_eq!(fails(&tries, &store, home, at(second)).await, Ok(()));
    }
    assert!(fails(&tries, &store, home, at(47)).await.is_err(), "five of its own");
    store.write(|page| forget_places_on(page, "anna")).await.unwrap();
    assert_eq!(PLACES.scan(&store, &[], None, 9).unwrap().len(), 0);
    store.close().await;
}

#[tokio::test]
async fn what_is_being_tried_counts_until_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let tries = Tries::default();
    let here = place("anna", "192.0.2.1");
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(tries.begin(&store, here, at(0)).await.unwrap().ok().unwrap());
    }
    let sixth = async { tries.begin(&store, here, at(0)).await.unwrap().map(Try::succeeded) };
    tokio::pin!(sixth);
    let waits = std::time::Duration::from_millis(20);
    assert!(tokio::time::timeout(waits, &mut sixth).await.is_err(), "it waits");
    open.pop().unwrap().succeeded();
    assert_eq!(sixth.await, Ok(()), "and is let in when one was right");
    drop(open);
    drop(tries.begin(&store, here, at(0)).await.unwrap());
    assert_eq!(
        tries.look(&store, here, at(1)).unwrap(),
        Err(900),
        "those that broke off failed"
    );
    store.close().await;
}

#[tokio::test]
async fn rows_that_count_no_more_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let tries = Tries::default();
    for n in 0..120 {
        let one = place(&format!("n{n}"), &format!("192.0.2.{n}"));
        fails(&tries, &store, one, at(0)).await.unwrap();
    }
    assert_eq!(FAILURES.scan(&store, &[], None, 999).unwrap().len(), 240);
    for n in 0..12 {
        let one = place("late", &format!("198.51.100.{n}"));
        let _ = fails(&tries, &store, one, at(2_000 + n * 1_000)).await;
    }
    assert!(FAILURES.scan(&store, &[], None, 999).unwrap().len() < 20);
    store.close().await;
}
