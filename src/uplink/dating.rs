//! What was written while the clock of the box stood wrong does not leave with a date of 1970: it waits in its place until
//! the clock is set, and then has its right time, or where that is not known the time at which it is sent
//! (UPLINK §4.5).

use jiff::Timestamp;

use crate::domain::Event;
use crate::store::{ClockState, Dated, Delivery, Entry, Store};

/// A delivery as it is told, or back when it has to wait. An entry whose time nobody knows keeps the mark that the clock
/// stood wrong.
pub(super) fn dated(store: &Store, delivery: Delivery) -> Result<Delivery, Delivery> {
    let entry = match delivery {
        Delivery::Entry(entry) => entry,
        gap @ Delivery::Gap(_) => return Ok(gap),
    };
    if entry.clock != ClockState::Wrong {
        return Ok(Delivery::Entry(entry));
    }
    match store.dated(&entry) {
        Dated::At(at) => Ok(Delivery::Entry(Entry {
            clock: ClockState::Unconfirmed,
            ..moved(entry, at)
        })),
        Dated::Unknown => Ok(Delivery::Entry(moved(entry, Timestamp::now()))),
        Dated::NotYet => Err(Delivery::Entry(entry)),
    }
}

/// An entry that was written at `at`; what it says of times by the same clock moves with it.
fn moved(mut entry: Entry, at: Timestamp) -> Entry {
    let step = at.duration_since(entry.at);
    for event in &mut entry.events {
        if let Event::Alarm { alarm, .. } = event
            && alarm.since <= entry.at
        {
            alarm.since = alarm.since.checked_add(step).unwrap_or(at);
        }
    }
    entry.at = at;
    entry
}
