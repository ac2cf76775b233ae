//! What a broker was given to keep, remembered in the book: what is no more is taken from it when the box comes back,
//! though it left the configuration while the box was away, or its topic is another now. A row a topic, and no more rows
//! than [`ROWS`]: those of brokers of before go first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::ledger::LedgerError;
use crate::pki::sha256;
use crate::store::{Ledger, Page, RowError, Store, WriteError, schema};

const ANNOUNCED: Ledger<Announced> = Ledger::new(schema::UPLINK_ANNOUNCED);
/// Rows at most.
const ROWS: usize = 8_192;
/// Rows written in one change; each takes less than a row may.
const AT_ONCE: usize = 64;
/// Bytes of a topic that is remembered.
const TOPIC: usize = 1_024;

/// Components of a device in discovery, by key, and the platform of each.
pub(super) type Parts = BTreeMap<String, String>;

/// A topic on which a broker keeps something of the box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Announced {
    /// Which broker, as host and port.
    broker: String,
    topic: String,
    /// Of discovery: its components, and the platform of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parts: Parts,
}

/// Topics on which one broker keeps something of the box.
pub(super) struct Announcements {
    store: Store,
    broker: String,
    known: Mutex<BTreeMap<String, Parts>>,
}

impl Announcements {
    /// What this broker was given.
    pub(super) fn open(store: &Store, broker: String) -> Result<Announcements, LedgerError> {
        let rows = ANNOUNCED.scan(store, &[], None, ROWS)?;
        let own = rows.into_iter().map(|(_, row)| row).filter(|row| row.broker == broker);
        Ok(Announcements {
            known: Mutex::new(own.map(|row| (row.topic, row.parts)).collect()),
            store: store.clone(),
            broker,
        })
    }

    /// Topics that are remembered and not among these.
    pub(super) fn besides(&self, kept: &BTreeSet<String>) -> Vec<String> {
        let known = self.known();
        known.keys().filter(|topic| !kept.contains(*topic)).cloned().collect()
    }

    /// The components that discovery was told of on a topic.
    pub(super) fn parts(&self, topic: &str) -> Parts {
        self.known().get(topic).cloned().unwrap_or_default()
    }

    /// Whether a topic is remembered.
    pub(super) fn knows(&self, topic: &str) -> bool {
        self.known().contains_key(topic)
    }

    /// Remembers what is to be told before it is, so that a crash between leaves nothing behind.
    pub(super) async fn remember(&self, told: Vec<(String, Parts)>) -> Result<(), LedgerError> {
        let new = |(topic, parts): &(String, Parts)| self.known().get(topic) != Some(parts);
        let new: Vec<_> = told
            .into_iter()
            .filter(|told| told.0.len() <= TOPIC)
            .filter(new)
            .collect();
        for some in new.chunks(AT_ONCE) {
            let rows: Vec<Announced> = some.iter().cloned().map(|told| self.row(told)).collect();
            let broker = self.broker.clone();
            let write = move |page: &mut Page| {
                make_room(page, &broker, rows.len())?;
                for row in &rows {
                    ANNOUNCED.put_on(page, &key(row), row)?;
                }
                Ok(())
            };
            match self.store.write_bulk(write).await {
                Ok(()) => self.known().extend(some.iter().cloned()),
                // It is told all the same; the next session remembers it.
                Err(WriteError::Busy | WriteError::DiskFull) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Nothing of the box is kept on these any more.
    pub(super) async fn forget(&self, topics: Vec<String>) -> Result<(), LedgerError> {
        let keys: Vec<_> = topics
            .iter()
            .map(|topic| key(&self.row((topic.clone(), BTreeMap::new()))))
            .collect();
        let write = move |page: &mut Page| {
            for key in &keys {
                ANNOUNCED.delete_on(page, key);
            }
            Ok(())
        };
        match self.store.write_bulk(write).await {
            Ok(()) => {
                let mut known = self.known();
                for topic in &topics {
                    known.remove(topic);
                }
                Ok(())
            }
            // Then the next session takes them from the broker once more.
            Err(WriteError::Busy | WriteError::DiskFull) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn row(&self, (topic, parts): (String, Parts)) -> Announced {
        Announced {
            broker: self.broker.clone(),
            topic,
            parts,
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Parts>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rows of other brokers go first; one of this broker that has to go can never be taken from it.
fn make_room(page: &mut Page, broker: &str, wanted: usize) -> Result<(), RowError> {
    let rows = ANNOUNCED.scan_on(page, &[], None, ROWS + 1)?;
    let many = (rows.len() + wanted).saturating_sub(ROWS);
    if many == 0 {
        return Ok(());
    }
    let (own, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, row)| row.broker == broker);
    for (key, _) in others.into_iter().chain(own).take(many) {
        ANNOUNCED.delete_on(page, &key);
    }
    Ok(())
}

/// A topic may be longer than a key.
fn key(row: &Announced) -> Vec<u8> {
    sha256(format!("{}\0{}", row.broker, row.topic).as_bytes())[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Options;

    #[tokio::test]
    async fn what_was_told_is_known_after_a_restart_and_to_whom() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path().join("book"))).unwrap();
        let open = |broker: &str| Announcements::open(&store, broker.to_owned()).unwrap();
        let told = |topic: &str| (topic.to_owned(), BTreeMap::new());
        let first = open("a:1");
        first.remember(vec![told("x"), told("y")]).await.unwrap();
        first.remember(vec![told("x")]).await.unwrap();
        let none = BTreeSet::new();
        assert_eq!(open("a:1").besides(&none), ["x", "y"]);
        assert_eq!(open("b:1").besides(&none), Vec::<String>::new());
        first.forget(vec!["x".to_owned()]).await.unwrap();
        assert_eq!(open("a:1").besides(&none), ["y"]);
        assert_eq!(
            open("a:1").besides(&BTreeSet::from(["y".to_owned()])),
            Vec::<String>::new()
        );
    }

    #[tokio::test]
    async fn rows_are_bounded_and_those_of_brokers_of_before_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path().join("book"))).unwrap();
        let many = |of: &str| {
            (0..ROWS - 100)
                .map(|n| (format!("{of}/{n}"), BTreeMap::new()))
                .collect()
        };
        let before = Announcements::open(&store, "a:1".to_owned()).unwrap();
        before.remember(many("a")).await.unwrap();
        let now = Announcements::open(&store, "b:1".to_owned()).unwrap();
        now.remember(many("b")).await.unwrap();
        let left = |broker: &str| Announcements::open(&store, broker.to_owned()).unwrap().known().len();
        assert_eq!((left("b:1"), left("a:1")), (ROWS - 100, 100));
    }
}
