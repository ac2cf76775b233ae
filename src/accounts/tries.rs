//! Slows down guessing (OWASP Authentication Cheat Sheet, "Account Lockout"): only failures count, five for a name and
//! twenty from an address within a quarter of an hour. An address from which the person of that name signed in before
//! has five tries of its own, so that nobody can shut a person out from elsewhere.
//!
//! Failures are rows, so that a restart forgets none; names and addresses stand in them as hashes. What is being tried
//! counts as a failure until it is known, or many tries at once would all be let in.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::http::counted;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

/// By bucket: when there were failures.
const FAILURES: Ledger<Vec<Timestamp>> = Ledger::new(schema::FAILED_SIGN_INS);
/// By name and address: when somebody last signed in from there.
const PLACES: Ledger<Timestamp> = Ledger::new(schema::SIGN_IN_PLACES);

/// For so long a failure counts.
pub(super) const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// So many for a name.
const A_NAME: usize = 5;
/// So many from an address.
const AN_ADDRESS: usize = 20;
/// A place is known for so long after it was last signed in from.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Rows that are looked through at a time for those that count no more.
const SWEPT: usize = 50;

/// What failures are counted under.
type Bucket = [u8; 32];

/// What is tried: a name from an address, as hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    name: Bucket,
    here: Bucket,
    address: Bucket,
}

impl Place {
    /// Tries for `name` from `address`; an IPv6 subscriber's /64 is one address.
    pub(super) fn new(name: &str, address: IpAddr) -> Place {
        let hash = |kind: &str, text: &str| {
            let mut bucket = Bucket::default();
            bucket.copy_from_slice(digest(&SHA256, format!("{kind}\0{text}").as_bytes()).as_ref());
            bucket
        };
        let address = hash("address", &counted(address).to_string());
        let name = hash("name", name);
        // All of a person's begin alike, so that they can be forgotten together.
        let mut here = name;
        here[16..].copy_from_slice(&address[..16]);
        Place { name, here, address }
    }
}

/// Why a try is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// There were too many failures; seconds until there is room for one more.
    For(u64),
    /// What is being tried now may become one too many.
    Until,
}

/// The failures, and what is being tried.
#[derive(Default)]
pub(super) struct Tries {
    memory: Mutex<Memory>,
    settled: Notify,
}

#[derive(Default)]
struct Memory {
    failures: HashMap<Bucket, Vec<Timestamp>>,
    trying: HashMap<Bucket, usize>,
    swept: Vec<u8>,
}

/// A try that is let in. Dropped without a word, it counts as a failure until the next start.
pub(super) struct Try<'t> {
    tries: &'t Tries,
    buckets: [Bucket; 2],
    began: Timestamp,
    open: bool,
}

/// What a failure came to.
pub(super) struct Failed {
    rows: Vec<(Bucket, Vec<Timestamp>)>,
    swept: Vec<u8>,
    /// No more is let in for the name.
    pub(super) name_is_full: bool,
    /// No more is let in from the address.
    pub(super) address_is_full: bool,
}

impl Tries {
    /// Whether a try would be let in now.
    ///
    /// # Errors
    ///
    /// Seconds until it would be.
    pub(super) fn look(&self, store: &Store, place: Place, now: Timestamp) -> Result<Result<(), u64>, ReadError> {
        let buckets = self.load(store, place, now)?;
        Ok(match self.lock().held(buckets, now) {
            Some(Held::For(seconds)) => Err(seconds),
            Some(Held::Until) | None => Ok(()),
        })
    }

    /// Lets a try in, as soon as it is known whether it may be.
    ///
    /// # Errors
    ///
    /// Seconds until it may be.
    pub(super) async fn begin(
        &self,
        store: &Store,
        place: Place,
        now: Timestamp,
    ) -> Result<Result<Try<'_>, u64>, ReadError> {
        let buckets = self.load(store, place, now)?;
        loop {
            // Listens before it looks, so that no end is missed.
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            {
                let mut memory = self.lock();
                match memory.held(buckets, now) {
                    None => {
                        for bucket in buckets {
                            *memory.trying.entry(bucket).or_default() += 1;
                        }
                        return Ok(Ok(Try {
                            tries: self,
                            buckets,
                            began: now,
                            open: true,
                        }));
                    }
                    Some(Held::For(seconds)) => return Ok(Err(seconds)),
                    Some(Held::Until) => {}
                }
            }
            settled.await;
        }
    }

    /// What a try counts under, with what the book knows of it.
    fn load(&self, store: &Store, place: Place, now: Timestamp) -> Result<[Bucket; 2], ReadError> {
        let known = PLACES.get(store, &place.here)?;
        let known = known.is_some_and(|at| now.duration_since(at) < REMEMBERED);
        let buckets = [if known { place.here } else { place.name }, place.address];
        let mut memory = self.lock();
        for bucket in buckets {
            if let Entry::Vacant(unknown) = memory.failures.entry(bucket) {
                unknown.insert(FAILURES.get(store, &bucket)?.unwrap_or_default());
            }
        }
        memory.forget_old(now);
        Ok(buckets)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The person of a name is let in again as if there had been no failure.
    pub(super) fn forget(&self, place: Place) {
        let mut memory = self.lock();
        memory.failures.remove(&place.name);
        memory.failures.remove(&place.here);
    }
}

impl Memory {
    fn held(&self, buckets: [Bucket; 2], now: Timestamp) -> Option<Held> {
        let limits = [A_NAME, AN_ADDRESS];
        let held = buckets.iter().zip(limits).filter_map(|(bucket, limit)| {
            let live = live(self.failures.get(bucket).map_or(&[][..], Vec::as_slice), now);
            let trying = self.trying.get(bucket).copied().unwrap_or_default();
            match live.len().checked_sub(limit) {
                Some(over) => Some(Held::For(wait(live[over], now))),
                None if live.len() + trying >= limit => Some(Held::Until),
                None => None,
            }
        });
        // Whoever must wait for long is told so at once.
        held.max_by_key(|held| match held {
            Held::For(seconds) => *seconds,
            Held::Until => 0,
        })
    }

    fn forget_old(&mut self, now: Timestamp) {
        if self.failures.len() > 1_000 {
            let trying = &self.trying;
            self.failures
                .retain(|bucket, failures| trying.contains_key(bucket) || !live(failures, now).is_empty());
        }
    }
}

/// The failures that count. A clock that went back leaves none for ever.
fn live(failures: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
    let counts = |at: &&Timestamp| now.duration_since(**at).abs() < WINDOW;
    failures.iter().filter(counts).copied().collect()
}

/// Seconds until a failure counts no more.
fn wait(at: Timestamp, now: Timestamp) -> u64 {
    let left = WINDOW - now.duration_since(at);
    u64::try_from(left.as_secs()).unwrap_or_default() + 1
}

impl Try<'_> {
    /// It was the right password.
    pub(super) fn succeeded(mut self) {
        self.open = false;
    }

    /// It was not.
    pub(super) fn failed(mut self) -> Failed {
        self.open = false;
        let mut memory = self.tries.lock();
        memory.note(&self.buckets, self.began);
        let row = |bucket: &Bucket| (*bucket, memory.failures[bucket].clone());
        let rows: Vec<_> = self.buckets.iter().map(row).collect();
        Failed {
            name_is_full: rows[0].1.len() >= A_NAME,
            address_is_full: rows[1].1.len() >= AN_ADDRESS,
            swept: memory.swept.clone(),
            rows,
        }
    }
}

impl Memory {
    fn note(&mut self, buckets: &[Bucket], at: Timestamp) {
        for bucket in buckets {
            let failures = self.failures.entry(*bucket).or_default();
            *failures = live(failures, at);
            failures.push(at);
        }
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        {
            let mut memory = self.tries.lock();
            for bucket in self.buckets {
                if let Some(trying) = memory.trying.get_mut(&bucket) {
                    *trying -= 1;
                    if *trying == 0 {
                        memory.trying.remove(&bucket);
                    }
                }
            }
            if self.open {
                memory.note(&self.buckets, self.began);
            }
        }
        self.tries.settled.notify_waiters();
    }
}

impl Failed {
    /// Writes it down, and sweeps some that count no more. Answers where the next sweep goes on.
    pub(super) fn write_on(self, page: &mut Page, now: Timestamp) -> Result<Vec<u8>, RowError> {
        for (bucket, failures) in &self.rows {
            FAILURES.put_on(page, bucket, failures)?;
        }
        let after = (!self.swept.is_empty()).then_some(self.swept.as_slice());
        let rows = FAILURES.scan_on(page, &[], after, SWEPT)?;
        let next = match rows.last() {
            Some((last, _)) if rows.len() == SWEPT => last.clone(),
            _ => Vec::new(),
        };
        for (bucket, failures) in rows {
            if live(&failures, now).is_empty() {
                FAILURES.delete_on(page, &bucket);
            }
        }
        Ok(next)
    }
}

impl Tries {
    /// From where the next failure sweeps.
    pub(super) fn swept(&self, next: Vec<u8>) {
        self.lock().swept = next;
    }
}

/// Somebody signed in: the failures of the name are forgotten, and the place is known.
pub(super) fn signed_in_on(page: &mut Page, place: Place, now: Timestamp) -> Result<(), RowError> {
    FAILURES.delete_on(page, &place.name);
    FAILURES.delete_on(page, &place.here);
    PLACES.put_on(page, &place.here, &now)
}

/// Forgets from where somebody signed in who is gone.
pub(super) fn forget_places_on(page: &mut Page, name: &str) -> Result<(), RowError> {
    let prefix = Place::new(name, IpAddr::from([0; 4])).name;
    for (key, _) in PLACES.scan_on(page, &prefix[..16], None, usize::MAX)? {
        PLACES.delete_on(page, &key);
    }
    Ok(())
}

/// Forgets places that nobody signed in from for long.
pub(super) fn sweep_places_on(page: &mut Page, now: Timestamp) -> Result<(), RowError> {
    for (key, at) in PLACES.scan_on(page, &[], None, 1_000)? {
        if now.duration_since(at) >= REMEMBERED {
            PLACES.delete_on(page, &key);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
        tries.forget(place);
        let written = store.write(move |page| signed_in_on(page, place, now)).await;
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
        assert_eq!(fails(&tries, &store, away, at(41)).await, Ok(()), "and it is forgotten");
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
}
