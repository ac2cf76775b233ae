//! From where somebody tries, and from where they signed in before: the rows of both.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};

use crate::http::counted;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

/// By bucket: when there were failures.
pub(super) const FAILURES: Ledger<Vec<Timestamp>> = Ledger::new(schema::FAILED_SIGN_INS);
/// By name and address: when somebody last signed in from there.
pub(super) const PLACES: Ledger<Timestamp> = Ledger::new(schema::SIGN_IN_PLACES);
/// A place is known for so long after it was last signed in from.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What failures are counted under.
pub(super) type Bucket = [u8; 32];

/// What is tried: a name from an address, as hashes.
#[derive(Clone, Copy, Debug)]
pub(in crate::accounts) struct Place {
    pub(super) name: Bucket,
    pub(super) here: Bucket,
    pub(super) address: Bucket,
}

impl Place {
    /// Tries for `name` from `address`; an IPv6 subscriber's /64 is one address.
    pub(in crate::accounts) fn new(name: &str, address: IpAddr) -> Place {
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

/// Whether somebody of that name signed in from there of late.
pub(super) fn is_known(store: &Store, place: Place, now: Timestamp) -> Result<bool, ReadError> {
    let known = PLACES.get(store, &place.here)?;
    Ok(known.is_some_and(|at| now.duration_since(at) < REMEMBERED))
}

/// What somebody who signed in has proved by, and so whose failures are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::accounts) enum Proof {
    /// The password: those of this place. Those from elsewhere were somebody else's, who is let guess no more by it.
    Password,
    /// A one-time link of an administrator, who wants the person in: all of the name.
    Link,
}

impl Proof {
    /// The buckets that are emptied.
    pub(super) fn forgets(self, place: Place) -> impl Iterator<Item = Bucket> {
        let all = (self == Proof::Link).then_some(place.name);
        [place.here].into_iter().chain(all)
    }
}

/// Somebody signed in: the place is known from now on.
pub(in crate::accounts) fn signed_in_on(
    page: &mut Page,
    place: Place,
    proof: Proof,
    now: Timestamp,
) -> Result<(), RowError> {
    for bucket in proof.forgets(place) {
        FAILURES.delete_on(page, &bucket);
    }
    PLACES.put_on(page, &place.here, &now)
}

/// An administrator wants the person in: nothing that failed for the name counts any more, wherever it was tried.
pub(in crate::accounts) fn forgive_on(page: &mut Page, name: &str) -> Result<(), RowError> {
    let prefix = beginning(name);
    for (key, _) in FAILURES.scan_on(page, &prefix, None, usize::MAX)? {
        FAILURES.delete_on(page, &key);
    }
    Ok(())
}

/// How everything of a name begins.
pub(super) fn beginning(name: &str) -> [u8; 16] {
    let mut prefix = [0; 16];
    prefix.copy_from_slice(&Place::new(name, IpAddr::from([0; 4])).name[..16]);
    prefix
}

/// When somebody last signed in from each of the places that are known, which are kept as hashes.
pub(in crate::accounts) fn places_of(store: &Store, name: &str) -> Result<Vec<Timestamp>, ReadError> {
    let rows = PLACES.scan(store, &beginning(name), None, usize::MAX)?;
    Ok(rows.into_iter().map(|(_, at)| at).collect())
}

/// Forgets from where somebody signed in who is gone.
pub(in crate::accounts) fn forget_places_on(page: &mut Page, name: &str) -> Result<(), RowError> {
    let prefix = beginning(name);
    for (key, _) in PLACES.scan_on(page, &prefix, None, usize::MAX)? {
        PLACES.delete_on(page, &key);
    }
    Ok(())
}

/// Forgets places that nobody signed in from for long.
pub(in crate::accounts) fn sweep_places_on(page: &mut Page, now: Timestamp) -> Result<(), RowError> {
    for (key, at) in PLACES.scan_on(page, &[], None, 1_000)? {
        if now.duration_since(at) >= REMEMBERED {
            PLACES.delete_on(page, &key);
        }
    }
    Ok(())
}
