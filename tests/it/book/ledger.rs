//! A ledger of small rows for the tests of the book, and events to go with them.

use gatelodge::domain::{Event, Occupancy, Removal, SpaceId};
use gatelodge::store::schema::Place;
use gatelodge::store::{Ledger, Page, RowError};

/// Stands beside the ledgers of the box and belongs to none of them.
pub const COUNTS: Ledger<Count> = Ledger::new(Place {
    name: "counts",
    prefix: 0xF0,
});

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Count {
    pub value: u64,
    pub pad: String,
}

/// A row that says `value`.
pub fn count(value: u64) -> Count {
    Count {
        value,
        pad: "x".repeat(60),
    }
}

/// The id that events of `number` carry.
pub fn space(number: u64) -> SpaceId {
    SpaceId::from_random(u128::from(number).to_be_bytes())
}

/// An event of the measurement lane.
pub fn measured(number: u64, value: u32) -> Event {
    Event::SpaceChanged {
        space: space(number),
        by: 1,
        occupancy: Occupancy {
            current: value,
            maximum: 100,
        },
    }
}

/// An event of the event lane.
pub fn removed(number: u64) -> Event {
    Event::SpaceRemoved {
        space: space(number),
        why: Removal::Idle,
    }
}

/// Adds one to a row and records it; gives the new value.
pub fn add_one(page: &mut Page, key: u64) -> Result<u64, RowError> {
    let key_bytes = key.to_be_bytes();
    let value = COUNTS.get_on(page, &key_bytes)?.map_or(0, |row| row.value) + 1;
    COUNTS.put_on(page, &key_bytes, &count(value))?;
    page.record(measured(key, u32::try_from(value).unwrap_or(u32::MAX)));
    Ok(value)
}
