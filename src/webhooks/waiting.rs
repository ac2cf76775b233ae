//! What waits for a target: the journal behind its cursor. It has a row only once it was tried, and only one at a time
//! is.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::config::Entry;
use super::ledger::{Delivery, Place, State};
use super::message;
use super::target::{LANE, reader, space_of};
use crate::store::spaces::Spaces;
use crate::store::{self, ReadError, Store};

/// How many deliveries to a target, which is told since then, were not taken yet; `known` are those with a row. Reads the
/// disk, as far as the target is behind.
pub(super) fn count(
    store: &Store,
    entry: &Entry,
    since: Timestamp,
    known: &[(Place, Delivery)],
) -> Result<u64, ReadError> {
    let wait = known.iter().filter(|(_, delivery)| delivery.state == State::Waiting);
    let mut waiting: BTreeSet<Place> = wait.map(|(place, _)| *place).collect();
    let again = known
        .iter()
        .filter(|(_, delivery)| delivery.state == State::Again)
        .count();
    let spaces = Spaces::new(store.clone());
    for unread in store.unacknowledged(&reader(&entry.name), LANE) {
        let store::Delivery::Entry(change) = unread? else {
            continue;
        };
        if change.at < since {
            continue;
        }
        for (number, event) in (0..).zip(&change.events) {
            let place = (change.seq, number);
            let is_known = known.binary_search_by_key(&place, |(place, _)| *place).is_ok();
            let space = space_of(event).map(|id| spaces.get(id)).transpose()?.flatten();
            if !is_known && message::wants(entry, event, space.as_ref()) {
                waiting.insert(place);
            }
        }
    }
    Ok((waiting.len() + again) as u64)
}
