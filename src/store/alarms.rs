//! Alarms: which stand and which were, in the rows that the rules write and everybody may read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, Page, ReadError, RowError, Store, schema};
use crate::domain::{Alarm, AlarmKey, Seq, Source};

const ROWS: Ledger<Told> = Ledger::new(schema::ALARMS);

/// What everybody may read of a row of the rules: their own state beside it is theirs.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Told {
    /// The alarm that stands.
    #[serde(default)]
    alarm: Option<Alarm>,
    /// The alarm that was, and since when it is over.
    #[serde(default)]
    over: Option<(Alarm, Timestamp)>,
    /// The change that last told something of it.
    #[serde(default)]
    told: Seq,
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
    ///
    /// # Errors
    /// When the book cannot be read; so for all that follow.
    pub fn standing(&self) -> Result<Vec<Alarm>, ReadError> {
        let rows = ROWS.all(&self.store)?;
        let mut standing: Vec<Alarm> = rows.into_iter().filter_map(|(_, row)| row.alarm).collect();
        standing.sort_by(|one, other| {
            let worst = other.severity.cmp(&one.severity);
            worst
                .then(one.since.cmp(&other.since))
                .then(one.source.cmp(&other.source))
        });
        Ok(standing)
    }

    /// Type and source of every alarm that stands, or is told as over.
    pub fn told_of(&self) -> Result<Vec<AlarmKey>, ReadError> {
        let rows = ROWS.all(&self.store)?.into_iter();
        let told = rows.filter(|(_, row)| row.alarm.is_some() || row.over.is_some());
        Ok(told.filter_map(|(key, _)| AlarmKey::read(&key)).collect())
    }

    /// An alarm as this change finds it, if it still stands.
    pub fn still_on(page: &Page, alarm: &Alarm) -> Result<Option<Alarm>, RowError> {
        Ok(ROWS.get_on(page, &alarm.key().bytes())?.and_then(|row| row.alarm))
    }

    /// The alarm of a type on a source, if it stands and nothing was told of it in the journal after `until`.
    pub fn told(&self, kind: &str, source: &Source, until: Seq) -> Result<Option<Alarm>, ReadError> {
        let key = AlarmKey {
            kind: kind.to_owned(),
            source: source.clone(),
        };
        let row = ROWS.get(&self.store, &key.bytes())?;
        Ok(row.filter(|row| row.told <= until).and_then(|row| row.alarm))
    }
}
