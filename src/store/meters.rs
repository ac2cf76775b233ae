//! Meters: the registry and the latest values, which the meter room writes and everybody may read.

use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::meter_money::{self, MoneyKept, MoneySeen, TermsSeen};
use super::meter_rows;
use super::{Ledger, Page, ReadError, RowError, Store, WriteError, readings, schema};
use crate::domain::{Duty, Event, HalfHoursAsked, Meter, MeterId, MeterNews, MeterState};

const ROWS: Ledger<Meter> = Ledger::new(schema::METERS);
const STATES: Ledger<MeterState> = Ledger::new(schema::METER_STATES);
const DUTIES: Ledger<Duty> = Ledger::new(schema::METER_DUTIES);
const EVENTS: Ledger<Vec<LoggedEvent>> = Ledger::new(schema::METER_EVENTS);

/// Events kept of one meter: more than its own log holds, and few enough for a row.
const KEPT: usize = 120;

/// Days of balances that one change takes away.
const DAYS_AT_ONCE: usize = 64;
/// Rows read at a time.
const PAGE: usize = 256;

/// The registry was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is one of that serial.
    #[error("there is already a meter {0}")]
    Exists(MeterId),
    /// There is none.
    #[error("there is no meter {0} that was added by command")]
    Unknown(MeterId),
    /// The row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
}

/// Reads meters.
#[derive(Clone)]
pub struct Meters {
    store: Store,
}

impl Meters {
    /// The meters of this book.
    #[must_use]
    pub fn new(store: Store) -> Meters {
        Meters { store }
    }

    /// Every meter that was added by command, by serial.
    pub fn added(&self) -> Result<Vec<Meter>, ReadError> {
        Ok(self.all(ROWS)?.into_iter().map(|(_, meter)| meter).collect())
    }

    /// One meter that was added by command.
    pub fn get(&self, meter: &MeterId) -> Result<Option<Meter>, ReadError> {
        ROWS.get(&self.store, key(meter))
    }

    /// What somebody said should be done with meters; those that are not named are polled.
    pub fn duties(&self) -> Result<Vec<(MeterId, Duty)>, ReadError> {
        self.all(DUTIES)
    }

    /// What was last known of every meter, its half-hours among it.
    pub fn states(&self) -> Result<Vec<(MeterId, MeterState)>, ReadError> {
        let mut states = self.all(STATES)?;
        for (meter, state) in &mut states {
            meter_rows::add_values(&self.store, key(meter), state)?;
            if let Some(asked) = self.half_hours(meter)? {
                state.half_hours = asked;
            }
        }
        Ok(states)
    }

    /// What was last known of one; of its half-hours [`Meters::half_hours`] knows.
    pub fn state(&self, meter: &MeterId) -> Result<Option<MeterState>, ReadError> {
        let Some(mut state) = STATES.get(&self.store, key(meter))? else {
            return Ok(None);
        };
        meter_rows::add_values(&self.store, key(meter), &mut state)?;
        Ok(Some(state))
    }

    /// Which half-hours of a meter were asked for; `None`: nobody wrote that down, or an earlier build did, beside the
    /// state.
    pub fn half_hours(&self, meter: &MeterId) -> Result<Option<HalfHoursAsked>, ReadError> {
        meter_rows::half_hours(&self.store, key(meter))
    }

    /// The newest entries of a meter's own log, oldest first.
    pub fn events(&self, meter: &MeterId) -> Result<Vec<LoggedEvent>, ReadError> {
        Ok(EVENTS.get(&self.store, key(meter))?.unwrap_or_default())
    }

    /// Balances of a meter that were read in a span, and payments of its own log; the days at its ends are whole.
    pub fn money(&self, meter: &MeterId, span: Range<Timestamp>) -> Result<MoneyKept, ReadError> {
        meter_money::kept(&self.store, meter, span)
    }

    /// When a meter's balance was first written down.
    pub fn first_balance(&self, meter: &MeterId) -> Result<Option<Timestamp>, ReadError> {
        meter_money::first_balance(&self.store, meter)
    }

    /// The tariffs that a meter has had, in order.
    pub fn terms(&self, meter: &MeterId) -> Result<Vec<TermsSeen>, ReadError> {
        meter_money::terms(&self.store, meter)
    }

    fn all<T: Serialize + serde::de::DeserializeOwned>(
        &self,
        ledger: Ledger<T>,
    ) -> Result<Vec<(MeterId, T)>, ReadError> {
        let (mut found, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let rows = ledger.scan(&self.store, &[], after.as_deref(), PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(found) };
            after = Some(last.clone());
            found.extend(rows.into_iter().filter_map(|(key, row)| {
                let serial = std::str::from_utf8(&key).ok()?;
                Some((serial.parse().ok()?, row))
            }));
        }
    }
}

/// Writes meters. Only the meter room has one.
#[derive(Clone)]
pub struct MetersWriter {
    store: Store,
}

impl MetersWriter {
    /// A writer of the meters of this book.
    #[must_use]
    pub fn new(store: Store) -> MetersWriter {
        MetersWriter { store }
    }

    /// Adds a meter to the registry.
    pub async fn add(&self, meter: Meter) -> Result<(), WriteError<RegistryError>> {
        self.store
            .write(move |page| {
                let id = meter.serial.clone();
                if ROWS.get_on(page, key(&id))?.is_some() {
                    return Err(RegistryError::Exists(id));
                }
                ROWS.put_on(page, key(&id), &meter)?;
                page.record(told(id, MeterNews::Added));
                Ok(())
            })
            .await
    }

    /// Takes a meter out of the registry, and forgets what was last known of it.
    pub async fn remove(&self, meter: MeterId) -> Result<(), WriteError<RegistryError>> {
        self.store
            .write(move |page| {
                if ROWS.get_on(page, key(&meter))?.is_none() {
                    return Err(RegistryError::Unknown(meter));
                }
                ROWS.delete_on(page, key(&meter));
                STATES.delete_on(page, key(&meter));
                DUTIES.delete_on(page, key(&meter));
                EVENTS.delete_on(page, key(&meter));
                meter_rows::forget_on(page, key(&meter))?;
                page.record(told(meter, MeterNews::Removed));
                Ok(())
            })
            .await
    }

    /// Says what is to be done with a meter.
    pub async fn set_duty(&self, meter: MeterId, duty: Duty) -> Result<(), WriteError<RowError>> {
        self.store
            .write(move |page| DUTIES.put_on(page, key(&meter), &duty))
            .await
    }

    /// Writes down what is known of meters now, and what happened to them, in one change: rows and events of
    /// few meters, for a change has an end.
    pub async fn note(&self, notes: Vec<Note>) -> Result<(), WriteError<RowError>> {
        self.store
            .write_bulk(move |page| notes.into_iter().try_for_each(|note| note_on(page, note)))
            .await
    }
}

impl MetersWriter {
    /// Lets go of balances of days before `cutoff`, and answers how many days went. Nothing goes while the clock is not
    /// trusted (BOOK P16). Tariffs stay: they are few, and what is later goes by them.
    pub async fn forget_money_before(&self, cutoff: Timestamp) -> Result<usize, WriteError<RowError>> {
        let mut gone = 0;
        while self.store.clock_is_trusted() {
            let store = self.store.clone();
            let found = tokio::task::spawn_blocking(move || meter_money::old_days(&store, cutoff, DAYS_AT_ONCE));
            let found = found.await.expect("looking for rows does not panic");
            let keys = found.map_err(|error| WriteError::Refused(error.into()))?;
            if keys.is_empty() {
                break;
            }
            gone += keys.len();
            let forget = move |page: &mut Page| {
                meter_money::forget_days_on(page, &keys);
                Ok::<_, RowError>(())
            };
            self.store.write_bulk(forget).await?;
        }
        Ok(gone)
    }
}

impl MetersWriter {
    /// Forgets what a meter's own log said of a stretch.
    ///
    /// # Errors
    ///
    /// When the book takes nothing.
    pub async fn forget_events(&self, meter: MeterId, span: Range<Timestamp>) -> Result<(), WriteError<RowError>> {
        let forget = move |page: &mut Page| {
            let Some(mut events) = EVENTS.get_on(page, key(&meter))? else {
                return Ok(());
            };
            let before = events.len();
            events.retain(|event| !span.contains(&event.0));
            match events.len() == before {
                true => Ok(()),
                false => EVENTS.put_on(page, key(&meter), &events),
            }
        };
        self.store.write_bulk(forget).await
    }

    /// Leaves of the balances of a stretch one a day, and those around a payment: half-hours could be worked out of all.
    ///
    /// # Errors
    ///
    /// When the book cannot be read, or takes nothing.
    pub async fn thin_money_within(&self, meter: MeterId, span: Range<Timestamp>) -> Result<(), WriteError<RowError>> {
        let (store, of, within) = (self.store.clone(), meter, span.clone());
        let found = tokio::task::spawn_blocking(move || meter_money::days_of(&store, &of, &within));
        let found = found.await.expect("looking for rows does not panic");
        let keys = found.map_err(|error| WriteError::Refused(error.into()))?;
        for some in keys.chunks(DAYS_AT_ONCE / 2) {
            let (some, span) = (some.to_vec(), span.clone());
            self.store
                .write_bulk(move |page| meter_money::thin_days_on(page, &some, &span))
                .await?;
        }
        Ok(())
    }

    /// Lets go of balances of whole days of a stretch of one meter; answers how many days went.
    ///
    /// # Errors
    ///
    /// When the book cannot be read, or takes nothing.
    pub async fn forget_money_within(
        &self,
        meter: MeterId,
        span: Range<Timestamp>,
    ) -> Result<usize, WriteError<RowError>> {
        let mut gone = 0;
        loop {
            let (store, of, within) = (self.store.clone(), meter.clone(), span.clone());
            let found =
                tokio::task::spawn_blocking(move || meter_money::days_within(&store, &of, &within, DAYS_AT_ONCE));
            let found = found.await.expect("looking for rows does not panic");
            let keys = found.map_err(|error| WriteError::Refused(error.into()))?;
            if keys.is_empty() {
                return Ok(gone);
            }
            gone += keys.len();
            let forget = move |page: &mut Page| {
                meter_money::forget_days_on(page, &keys);
                Ok::<_, RowError>(())
            };
            self.store.write_bulk(forget).await?;
        }
    }
}

/// What is known of a meter now, and what happened to it.
#[derive(Clone, Debug)]
pub struct Note {
    /// Which meter.
    pub meter: MeterId,
    /// What is known of it.
    pub state: MeterState,
    /// What happened.
    pub news: Vec<MeterNews>,
    /// What it said of money.
    pub money: MoneySeen,
}

/// An entry of a meter's own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoggedEvent(
    /// When, by the meter's clock.
    pub Timestamp,
    /// What: the vendor's number.
    pub u8,
    /// How often that has happened, counted in a byte.
    pub u8,
);

fn note_on(page: &mut Page, mut note: Note) -> Result<(), RowError> {
    if note.news.iter().any(|news| logged(news).is_some()) {
        // A meter's log says again what was erased (BOOK P18).
        let erased = readings::erased_on(page, &note.meter)?;
        let is_gone = |event: LoggedEvent| erased.iter().any(|stretch| stretch.holds(event.0));
        note.news.retain(|news| !logged(news).is_some_and(is_gone));
    }
    let logged: Vec<LoggedEvent> = note.news.iter().filter_map(logged).collect();
    let payments = logged.iter().filter(|logged| logged.1 == meter_money::PAID);
    let payments = payments.map(|logged| (logged.0, logged.2));
    meter_money::note_on(page, &note.meter, &note.money, payments)?;
    if !logged.is_empty() {
        let mut events = EVENTS.get_on(page, key(&note.meter))?.unwrap_or_default();
        events.extend(logged);
        events.sort_unstable();
        events.dedup();
        let many = events.len().saturating_sub(KEPT);
        events.drain(..many);
        EVENTS.put_on(page, key(&note.meter), &events)?;
    }
    let before = STATES.get_on(page, key(&note.meter))?.unwrap_or_default();
    let state = meter_rows::put_on(page, key(&note.meter), before, note.state)?;
    STATES.put_on(page, key(&note.meter), &state)?;
    for news in note.news {
        page.record(told(note.meter.clone(), news));
    }
    Ok(())
}

fn logged(news: &MeterNews) -> Option<LoggedEvent> {
    match news {
        MeterNews::Logged { at, id, set, .. } => Some(LoggedEvent(*at, *id, *set)),
        _ => None,
    }
}

fn told(meter: MeterId, news: MeterNews) -> Event {
    Event::Meter { meter, news }
}

fn key(meter: &MeterId) -> &[u8] {
    meter.as_str().as_bytes()
}
