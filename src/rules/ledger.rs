//! The rows of rules: what is remembered of groups, which rules were in force, how full spaces are. Everybody may read
//! which alarms stand; only the room writes.

use serde::{Deserialize, Serialize};

use super::group::{Group, Key};
use crate::domain::{Alarm, Level, Seq, Source, SpaceId};
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

pub(super) const GROUPS: Ledger<Group> = Ledger::new(schema::ALARMS);
pub(super) const IN_FORCE: Ledger<u32> = Ledger::new(schema::RULES);
pub(super) const BEGUN: Ledger<Seq> = Ledger::new(schema::RULES_BEGUN);
pub(super) const LEVELS: Ledger<LevelRow> = Ledger::new(schema::SPACE_LEVELS);

/// Rows read at a time.
const PAGE: usize = 256;

/// How full a space is, and up to where the journal is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LevelRow {
    pub(super) level: Level,
    pub(super) seq: Seq,
}

/// Reads which alarms stand.
#[derive(Clone)]
pub struct Alarms {
    store: Store,
}

impl Alarms {
    /// The alarms of this book.
    #[must_use]
    pub fn new(store: Store) -> Alarms {
        Alarms { store }
    }

    /// Every alarm that stands, the worst first, the oldest of them first.
    pub fn standing(&self) -> Result<Vec<Alarm>, ReadError> {
        let groups = all(&self.store, GROUPS)?;
        let mut standing: Vec<Alarm> = groups.into_iter().filter_map(|(_, group)| group.alarm).collect();
        standing.sort_by(|one, other| {
            let worst = other.severity.cmp(&one.severity);
            worst
                .then(one.since.cmp(&other.since))
                .then(one.source.cmp(&other.source))
        });
        Ok(standing)
    }

    /// Type and source of every alarm that stands, or is told as over.
    pub fn told_of(&self) -> Result<Vec<(String, Source)>, ReadError> {
        let groups = groups(&self.store)?.into_iter();
        let told = groups.filter(|(_, group)| group.alarm.is_some() || group.over.is_some());
        Ok(told.map(|(key, _)| (key.kind, key.source)).collect())
    }

    /// An alarm as this change finds it, if it still stands.
    pub fn still_on(page: &Page, alarm: &Alarm) -> Result<Option<Alarm>, RowError> {
        let key = Key {
            kind: alarm.kind.clone(),
            source: alarm.source.clone(),
        };
        Ok(GROUPS.get_on(page, &key.bytes())?.and_then(|group| group.alarm))
    }

    /// The alarm of a type on a source, if it stands and nothing was told of it in the journal after `until`.
    pub fn told(&self, kind: &str, source: &Source, until: Seq) -> Result<Option<Alarm>, ReadError> {
        let key = Key {
            kind: kind.to_owned(),
            source: source.clone(),
        };
        let group = GROUPS.get(&self.store, &key.bytes())?;
        Ok(group.filter(|group| group.told <= until).and_then(|group| group.alarm))
    }
}

/// Every row, under the key that it has.
pub(super) fn all<T>(store: &Store, ledger: Ledger<T>) -> Result<Vec<(Vec<u8>, T)>, ReadError>
where
    T: Serialize + serde::de::DeserializeOwned,
{
    let (mut found, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let rows = ledger.scan(store, &[], after.as_deref(), PAGE)?;
        let Some((last, _)) = rows.last() else { return Ok(found) };
        after = Some(last.clone());
        found.extend(rows);
    }
}

/// Every group that is remembered.
pub(super) fn groups(store: &Store) -> Result<Vec<(Key, Group)>, ReadError> {
    let rows = all(store, GROUPS)?.into_iter();
    Ok(rows
        .filter_map(|(key, group)| Some((Key::read(&key)?, group)))
        .collect())
}

/// How full every space is that ever was more than free.
pub(super) fn levels(store: &Store) -> Result<Vec<(SpaceId, LevelRow)>, ReadError> {
    let rows = all(store, LEVELS)?.into_iter();
    Ok(rows
        .filter_map(|(key, row)| Some((SpaceId::from_bytes(key.try_into().ok()?), row)))
        .collect())
}
