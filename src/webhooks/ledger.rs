//! The rows of webhooks: since when a target is told, and what became of the latest deliveries to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::Seq;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const TARGETS: Ledger<Timestamp> = Ledger::new(schema::WEBHOOK_TARGETS);
const DELIVERIES: Ledger<Delivery> = Ledger::new(schema::WEBHOOK_DELIVERIES);

/// Deliveries to one target that are remembered.
pub const KEPT: usize = 500;
/// So many more may be before the oldest are taken away together.
const SLACK: usize = 50;
/// Rows read at a time.
const PAGE: usize = 256;

/// Where a delivery stands in the journal: the change, and the place in it.
pub type Place = (Seq, u16);

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was not taken yet, and is tried again.
    Waiting,
    /// The target took it.
    Delivered,
    /// Nobody took it in time.
    Dead,
    /// Somebody wants it sent once more.
    Again,
}

impl State {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            State::Waiting => "is tried again",
            State::Delivered => "taken",
            State::Dead => "given up",
            State::Again => "is sent once more",
        }
    }
}

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What the target knows it by.
    pub id: String,
    /// What it is about.
    pub topic: String,
    /// When that happened.
    pub at: Timestamp,
    /// What is sent.
    pub body: String,
    /// What became of it.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    pub tried: Option<Timestamp>,
    /// What the target answered last, or why it did not.
    pub outcome: String,
    /// It is not tried before: the target wants to be left alone.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
}

/// The key of a delivery: names hold no zero byte.
fn key(target: &str, (seq, place): Place) -> Vec<u8> {
    [prefix(target).as_slice(), &seq.0.to_be_bytes(), &place.to_be_bytes()].concat()
}

fn prefix(target: &str) -> Vec<u8> {
    [target.as_bytes(), &[0]].concat()
}

/// Since when targets are told, by name.
pub fn targets(store: &Store) -> Result<Vec<(String, Timestamp)>, ReadError> {
    let rows = TARGETS.scan(store, &[], None, usize::MAX)?.into_iter();
    Ok(rows
        .filter_map(|(name, since)| Some((String::from_utf8(name).ok()?, since)))
        .collect())
}

/// Has a target told from now on.
pub fn begin_on(page: &mut Page, target: &str, now: Timestamp) -> Result<(), RowError> {
    match TARGETS.get_on(page, target.as_bytes())? {
        Some(_) => Ok(()),
        None => TARGETS.put_on(page, target.as_bytes(), &now),
    }
}

/// A target is told no more; `true` once nothing of it is left.
pub fn forget_on(page: &mut Page, target: &str) -> Result<bool, RowError> {
    let rows = DELIVERIES.scan_on(page, &prefix(target), None, 100)?;
    for (key, _) in &rows {
        DELIVERIES.delete_on(page, key);
    }
    if rows.is_empty() {
        TARGETS.delete_on(page, target.as_bytes());
    }
    Ok(rows.is_empty())
}

/// One delivery to a target.
pub fn get(store: &Store, target: &str, place: Place) -> Result<Option<Delivery>, ReadError> {
    DELIVERIES.get(store, &key(target, place))
}

/// Writes down what became of a delivery; of many, the oldest that are settled go.
pub fn put_on(page: &mut Page, (target, place): (&str, Place), delivery: &Delivery) -> Result<(), RowError> {
    DELIVERIES.put_on(page, &key(target, place), delivery)?;
    let rows = DELIVERIES.scan_on(page, &prefix(target), None, KEPT + SLACK)?;
    if rows.len() >= KEPT + SLACK {
        let settled = rows
            .iter()
            .filter(|(_, row)| matches!(row.state, State::Delivered | State::Dead));
        for (key, _) in settled.take(SLACK) {
            DELIVERIES.delete_on(page, key);
        }
    }
    Ok(())
}

/// Asks for a delivery to be sent once more. Whether there is such a one that is settled.
pub fn again_on(page: &mut Page, target: &str, place: Place) -> Result<bool, RowError> {
    let key = key(target, place);
    let Some(row) = DELIVERIES.get_on(page, &key)?.filter(|row| row.state != State::Waiting) else {
        return Ok(false);
    };
    let row = Delivery {
        state: State::Again,
        ..row
    };
    DELIVERIES.put_on(page, &key, &row)?;
    Ok(true)
}

/// The deliveries to a target, oldest first.
pub fn deliveries(store: &Store, target: &str) -> Result<Vec<(Place, Delivery)>, ReadError> {
    let (mut found, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let rows = DELIVERIES.scan(store, &prefix(target), after.as_deref(), PAGE)?;
        let Some((last, _)) = rows.last() else { return Ok(found) };
        after = Some(last.clone());
        found.extend(rows.into_iter().filter_map(|(key, row)| {
            let rest = key.strip_prefix(prefix(target).as_slice())?;
            let (seq, place) = rest.split_first_chunk()?;
            Some((
                (
                    Seq(u64::from_be_bytes(*seq)),
                    u16::from_be_bytes(place.try_into().ok()?),
                ),
                row,
            ))
        }));
    }
}
