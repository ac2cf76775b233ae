//! The money of meters over time: what was paid in whenever a meter was read, payments of its own log, and the tariffs
//! that it has had (EMOP §23.1).
//!
//! A row a meter and day, bounded; months that are over stay as such rows, for a year of them is some 150 KiB of a
//! meter that is read hourly. A row a tariff, written when it differs from the one before.

use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Ledger, Page, ReadError, RowError, Store, schema};
use crate::domain::MeterId;

const DAYS: Ledger<DayRow> = Ledger::new(schema::METER_BALANCES);
const TERMS: Ledger<TermsSeen> = Ledger::new(schema::METER_TARIFFS);

/// Milliseconds of a day, which is one of UTC.
const DAY: i64 = 86_400_000;
/// Balances of a day: four an hour.
const BALANCES: usize = 96;
/// Payments of a day; of more, the first.
const PAYMENTS: usize = 48;
/// The entry of a meter's own log that is a payment (EMOP §7).
pub(super) const PAID: u8 = 48;
/// Rows read at a time.
const PAGE: usize = 256;

/// What a meter said of money, on its way into the book.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MoneySeen {
    /// What was paid in, in 1/100000 GBP, and when it was read.
    pub balances: Vec<(Timestamp, i64)>,
    /// The newest tariff.
    pub terms: Option<TermsRead>,
}

/// A tariff as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct TermsRead {
    /// When the box knew all of it.
    pub at: Timestamp,
    /// When the tariff itself was read.
    pub seen: Timestamp,
    /// When it was to begin, if the meter had it as the tariff to come.
    pub plan: Option<Timestamp>,
    /// What it says.
    pub terms: Terms,
}

/// What a meter charges by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The tariff as meters show it, all of it.
    pub tariff: Map<String, Value>,
    /// Whether the meter's days begin by British time in summer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daylight: Option<bool>,
    /// Whether energy is paid for beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepay: Option<bool>,
}

/// What a meter charged by, from when on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TermsSeen {
    /// Since when, as far as is known.
    pub since: Timestamp,
    /// When it was last read.
    pub seen: Timestamp,
    /// Whether it began when it was to begin; else that is when it was first read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub planned: bool,
    /// What it says.
    #[serde(flatten)]
    pub terms: Terms,
}

/// The money of one meter's day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct DayRow {
    /// Milliseconds of the day and 1/100000 GBP, in order.
    b: Vec<(u32, i64)>,
    /// Payments of the meter's log: milliseconds of the day, and the log's own counter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    p: Vec<(u32, u8)>,
}

/// What is known of a meter's money over a span of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MoneyKept {
    /// What was paid in, in 1/100000 GBP, in order.
    pub balances: Vec<(Timestamp, i64)>,
    /// Payments by the meter's own log and clock, in order.
    pub payments: Vec<Timestamp>,
}

impl Terms {
    /// Whether both say the same, as far as either says anything.
    fn agrees(&self, other: &Terms) -> bool {
        let same = |one: Option<bool>, other: Option<bool>| one.is_none() || other.is_none() || one == other;
        self.tariff == other.tariff && same(self.daylight, other.daylight) && same(self.prepay, other.prepay)
    }
}

impl DayRow {
    fn add_balance(&mut self, at: u32, units: i64) {
        match self.b.binary_search_by_key(&at, |(known, _)| *known) {
            Ok(place) => self.b[place].1 = units,
            Err(place) => self.b.insert(place, (at, units)),
        }
        while self.b.len() > BALANCES {
            self.thin();
        }
    }

    /// Lets go of the balance that is missed least: neither the first nor the last, none at a rise while there are
    /// others, and of those the one whose neighbours are closest.
    fn thin(&mut self) {
        let inner = 1..self.b.len() - 1;
        let rises = |place: usize| self.b[place].1 > self.b[place - 1].1 || self.b[place + 1].1 > self.b[place].1;
        let least = inner.min_by_key(|place| (rises(*place), self.b[place + 1].0 - self.b[place - 1].0));
        if let Some(place) = least {
            self.b.remove(place);
        }
    }

    fn add_payment(&mut self, at: u32, counter: u8) {
        if let Err(place) = self.p.binary_search(&(at, counter)) {
            self.p.insert(place, (at, counter));
            self.p.truncate(PAYMENTS);
        }
    }
}

/// The day of a moment since 1970, and its millisecond.
fn place(at: Timestamp) -> Option<(u32, u32)> {
    let milliseconds = at.as_millisecond();
    let day = u32::try_from(milliseconds.div_euclid(DAY)).ok()?;
    Some((day, u32::try_from(milliseconds.rem_euclid(DAY)).ok()?))
}

fn moment(day: u32, millisecond: u32) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::from(day) * DAY + i64::from(millisecond)).ok()
}

/// What the keys of a meter's rows begin with: serials have no zero byte.
fn rows_of(meter: &MeterId) -> Vec<u8> {
    [meter.as_str().as_bytes(), &[0]].concat()
}

fn key_of_day(meter: &MeterId, day: u32) -> Vec<u8> {
    [&rows_of(meter)[..], &day.to_be_bytes()].concat()
}

fn key_of_terms(meter: &MeterId, since: Timestamp) -> Vec<u8> {
    let since = u64::try_from(since.as_millisecond()).unwrap_or(0);
    [&rows_of(meter)[..], &since.to_be_bytes()].concat()
}

fn day_of_key(key: &[u8]) -> Option<u32> {
    key.last_chunk().copied().map(u32::from_be_bytes)
}

/// Writes down what a meter said of money, and the payments that its log told, with the log's own counter.
pub(super) fn note_on(
    page: &mut Page,
    meter: &MeterId,
    money: &MoneySeen,
    payments: impl Iterator<Item = (Timestamp, u8)>,
) -> Result<(), RowError> {
    for (at, units) in &money.balances {
        change_day_on(page, (meter, *at), |row, at| row.add_balance(at, *units))?;
    }
    for (at, counter) in payments {
        change_day_on(page, (meter, at), |row, at| row.add_payment(at, counter))?;
    }
    match &money.terms {
        Some(read) => terms_on(page, meter, read),
        None => Ok(()),
    }
}

fn change_day_on(
    page: &mut Page,
    (meter, at): (&MeterId, Timestamp),
    change: impl FnOnce(&mut DayRow, u32),
) -> Result<(), RowError> {
    let Some((day, millisecond)) = place(at) else {
        return Ok(());
    };
    let key = key_of_day(meter, day);
    let before = DAYS.get_on(page, &key)?;
    let mut row = before.clone().unwrap_or_default();
    change(&mut row, millisecond);
    if before.as_ref() == Some(&row) {
        return Ok(());
    }
    DAYS.put_on(page, &key, &row)
}

fn terms_on(page: &mut Page, meter: &MeterId, read: &TermsRead) -> Result<(), RowError> {
    let newest = TERMS.scan_on(page, &rows_of(meter), None, usize::MAX)?.pop();
    let Some((key, mut newest)) = newest else {
        let first = TermsSeen {
            since: read.seen,
            seen: read.seen,
            planned: false,
            terms: read.terms.clone(),
        };
        return TERMS.put_on(page, &key_of_terms(meter, first.since), &first);
    };
    if newest.terms.agrees(&read.terms) {
        let before = newest.clone();
        newest.seen = newest.seen.max(read.seen);
        newest.terms.daylight = read.terms.daylight.or(newest.terms.daylight);
        newest.terms.prepay = read.terms.prepay.or(newest.terms.prepay);
        return match newest == before {
            true => Ok(()),
            false => TERMS.put_on(page, &key, &newest),
        };
    }
    let plan = read.plan.filter(|plan| newest.seen < *plan && *plan <= read.at);
    let first_read = if newest.terms.tariff == read.terms.tariff {
        read.at
    } else {
        read.seen
    };
    let since = plan.unwrap_or(first_read);
    if since <= newest.since {
        // A clock that was set back: what is known of later stays.
        return Ok(());
    }
    let next = TermsSeen {
        since,
        seen: first_read.max(since),
        planned: plan.is_some(),
        terms: read.terms.clone(),
    };
    TERMS.put_on(page, &key_of_terms(meter, since), &next)
}

/// Balances and payments of a span; the days at its ends are whole.
pub(super) fn kept(store: &Store, meter: &MeterId, span: Range<Timestamp>) -> Result<MoneyKept, ReadError> {
    let first = place(span.start.max(Timestamp::UNIX_EPOCH)).map_or(0, |(day, _)| day);
    let last = place(span.end).map_or(u32::MAX, |(day, _)| day);
    let mut found = MoneyKept::default();
    let mut after = first.checked_sub(1).map(|day| key_of_day(meter, day));
    loop {
        let rows = DAYS.scan(store, &rows_of(meter), after.as_deref(), PAGE)?;
        let Some((key, _)) = rows.last() else { return Ok(found) };
        after = Some(key.clone());
        for (key, row) in rows {
            let Some(day) = day_of_key(&key) else { continue };
            if day > last {
                return Ok(found);
            }
            let balances = row.b.iter().filter_map(|(at, units)| Some((moment(day, *at)?, *units)));
            found.balances.extend(balances);
            found
                .payments
                .extend(row.p.iter().filter_map(|(at, _)| moment(day, *at)));
        }
    }
}

/// Keys of up to `limit` days of any meter that are before the one of `first_kept`. Each meter's days are in order, so
/// that those who have none cost one look.
pub(super) fn old_days(store: &Store, first_kept: Timestamp, limit: usize) -> Result<Vec<Vec<u8>>, ReadError> {
    let (mut found, mut after) = (Vec::new(), None::<Vec<u8>>);
    let Some((first_kept, _)) = place(first_kept) else {
        return Ok(found);
    };
    while found.len() < limit {
        let Some((key, _)) = DAYS.scan(store, &[], after.as_deref(), 1)?.pop() else {
            break;
        };
        let is_old = day_of_key(&key).is_some_and(|day| day < first_kept);
        after = Some(match key.split_last_chunk::<4>() {
            Some((meter, _)) if !is_old => [meter, &[u8::MAX; 4]].concat(),
            _ => key.clone(),
        });
        if is_old {
            found.push(key);
        }
    }
    Ok(found)
}

/// The days of a meter that a stretch touches.
pub(super) fn days_of(store: &Store, meter: &MeterId, span: &Range<Timestamp>) -> Result<Vec<Vec<u8>>, ReadError> {
    let (Some((first, _)), Some((last, _))) = (place(span.start.max(Timestamp::UNIX_EPOCH)), place(span.end)) else {
        return Ok(Vec::new());
    };
    let after = first.checked_sub(1).map(|day| key_of_day(meter, day));
    let rows = DAYS.scan(store, &rows_of(meter), after.as_deref(), usize::MAX)?;
    let keys = rows.into_iter().map(|(key, _)| key);
    Ok(keys
        .take_while(|key| day_of_key(key).is_some_and(|day| day <= last))
        .collect())
}

/// Leaves of the balances of these days within a stretch the last of each, and those around a rise.
pub(super) fn thin_days_on(page: &mut Page, keys: &[Vec<u8>], span: &Range<Timestamp>) -> Result<(), RowError> {
    for key in keys {
        let (Some(day), Some(mut row)) = (day_of_key(key), DAYS.get_on(page, key)?) else {
            continue;
        };
        let is_within = |at: u32| moment(day, at).is_some_and(|at| span.contains(&at));
        let last = row.b.iter().rposition(|(at, _)| is_within(*at));
        let rises = |place: usize| place > 0 && row.b[place].1 > row.b[place - 1].1;
        let kept = (0..row.b.len()).filter(|place| {
            let around = rises(*place) || place + 1 < row.b.len() && rises(place + 1);
            !is_within(row.b[*place].0) || Some(*place) == last || around
        });
        let kept: Vec<(u32, i64)> = kept.map(|place| row.b[place]).collect();
        if kept.len() < row.b.len() {
            row.b = kept;
            DAYS.put_on(page, key, &row)?;
        }
    }
    Ok(())
}

/// Some days of a meter that lie wholly in a stretch.
pub(super) fn days_within(
    store: &Store,
    meter: &MeterId,
    span: &Range<Timestamp>,
    limit: usize,
) -> Result<Vec<Vec<u8>>, ReadError> {
    let (Some((first, into)), Some((end, _))) = (place(span.start.max(Timestamp::UNIX_EPOCH)), place(span.end)) else {
        return Ok(Vec::new());
    };
    let first = if into == 0 { first } else { first + 1 };
    let after = first.checked_sub(1).map(|day| key_of_day(meter, day));
    let rows = DAYS.scan(store, &rows_of(meter), after.as_deref(), limit)?;
    let keys = rows.into_iter().map(|(key, _)| key);
    Ok(keys
        .take_while(|key| day_of_key(key).is_some_and(|day| day < end))
        .collect())
}

/// Lets go of these days.
pub(super) fn forget_days_on(page: &mut Page, keys: &[Vec<u8>]) {
    keys.iter().for_each(|key| DAYS.delete_on(page, key));
}

/// The first balance that is known of a meter.
pub(super) fn first_balance(store: &Store, meter: &MeterId) -> Result<Option<Timestamp>, ReadError> {
    let mut after = None::<Vec<u8>>;
    loop {
        let rows = DAYS.scan(store, &rows_of(meter), after.as_deref(), PAGE)?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        let first = rows
            .iter()
            .find_map(|(key, row)| moment(day_of_key(key)?, row.b.first()?.0));
        if first.is_some() {
            return Ok(first);
        }
        after = Some(last.clone());
    }
}

/// The tariffs that a meter has had, in order.
pub(super) fn terms(store: &Store, meter: &MeterId) -> Result<Vec<TermsSeen>, ReadError> {
    let rows = TERMS.scan(store, &rows_of(meter), None, usize::MAX)?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[tokio::test]
    async fn of_erased_days_one_balance_stays_and_those_around_a_payment() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(crate::store::Options::new(dir.path())).unwrap();
        let meter: MeterId = "EML1".parse().unwrap();
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let at = |half: i64| start + jiff::SignedDuration::from_mins(30 * half);
        // Three days of half-hours, with a payment in the middle of the second.
        let balance = |half: i64| 1_000_000 - 700 * half + if half >= 70 { 500_000 } else { 0 };
        let seen = MoneySeen {
            balances: (0..3 * 48).map(|half| (at(half), balance(half))).collect(),
            terms: None,
        };
        let of = meter.clone();
        let noted = store.write(move |page| note_on(page, &of, &seen, std::iter::empty()));
        noted.await.unwrap();
        // From the middle of the first day to the middle of the third.
        let span = at(24)..at(2 * 48 + 24);
        let writer = crate::store::meters::MetersWriter::new(store.clone());
        writer.thin_money_within(meter.clone(), span.clone()).await.unwrap();
        let left = kept(&store, &meter, start..at(3 * 48)).unwrap().balances;
        let (inside, outside): (Vec<_>, Vec<_>) = left.iter().partition(|(at, _)| span.contains(at));
        assert_eq!(outside.len(), 24 + 24, "what is others' stays");
        let inside: Vec<Timestamp> = inside.iter().map(|(at, _)| *at).collect();
        assert_eq!(inside, [at(47), at(69), at(70), at(95), at(2 * 48 + 23)]);
        store.close().await;
    }

    proptest! {
        /// However often a day is read: its row fits, its first and last balance are there, and so are those at rises.
        #[test]
        fn a_day_is_bounded_and_keeps_its_ends_and_its_rises(
            balances in proptest::collection::vec((0u32..86_400_000, i64::from(i32::MIN)..i64::from(i32::MAX)), 1..300),
            falls in any::<bool>(), topups in proptest::collection::vec(0usize..300, 0..5),
        ) {
            let mut given: Vec<(u32, i64)> = balances;
            given.sort_by_key(|(at, _)| *at);
            given.dedup_by_key(|(at, _)| *at);
            if falls {
                let mut balance = i64::from(i32::MAX);
                for (place, one) in given.iter_mut().enumerate() {
                    balance += if topups.contains(&place) { 500_000 } else { -700 };
                    one.1 = balance;
                }
            }
            let mut row = DayRow::default();
            for (at, units) in &given {
                row.add_balance(*at, *units);
            }
            (0..60).for_each(|number| row.add_payment(86_399_999 - number, 255));
            prop_assert!(row.b.len() <= BALANCES && row.b.is_sorted());
            prop_assert!(serde_json::to_vec(&row).unwrap().len() <= crate::store::ROW_LIMIT);
            prop_assert_eq!((row.b.first(), row.b.last()), (given.first(), given.last()));
            if falls {
                for pair in given.windows(2).filter(|pair| pair[1].1 > pair[0].1) {
                    prop_assert!(row.b.contains(&pair[0]) && row.b.contains(&pair[1]), "{:?}", pair);
                }
            }
        }
    }
}
