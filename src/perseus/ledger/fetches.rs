//! What was fetched under a permission, and what stands behind each signed record (PER §7.6).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{beside, under};
use crate::domain::{Measure, MeterId, Register};
use crate::perseus::provenance::Completeness;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const DAYS: Ledger<DayRow> = Ledger::new(schema::FETCH_DAYS);
const FETCHES: Ledger<FetchRow> = Ledger::new(schema::FETCHES);
const RECORDS: Ledger<RecordRow> = Ledger::new(schema::RECORDS);
const BY_TIME: Ledger<()> = Ledger::new(schema::RECORDS_BY_TIME);
const STEPS: Ledger<Value> = Ledger::new(schema::RECORD_STEPS);
const SIGNERS: Ledger<Vec<String>> = Ledger::new(schema::RECORD_SIGNERS);

/// Fetches of one permission that are kept one by one.
pub(in crate::perseus) const KEPT: u64 = 100;

/// How often a permission was used on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::perseus) struct DayRow {
    pub(in crate::perseus) fetches: u64,
    pub(in crate::perseus) half_hours: u64,
}

/// One fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::perseus) struct FetchRow {
    pub(in crate::perseus) at: Timestamp,
    /// The data source's id.
    pub(in crate::perseus) source: String,
    pub(in crate::perseus) measure: Measure,
    /// As it was asked for.
    pub(in crate::perseus) from: Timestamp,
    pub(in crate::perseus) to: Timestamp,
    /// How many went out.
    pub(in crate::perseus) half_hours: u64,
    /// The origin step of the record that went with them.
    pub(in crate::perseus) origin: String,
    /// Whether the answer came to its end; else at least so many went out.
    #[serde(default = "yes")]
    pub(in crate::perseus) whole: bool,
}

fn yes() -> bool {
    true
}

/// Rows read at a time.
const AT_A_TIME: usize = 256;

/// What stands behind a signed record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// When it was signed.
    pub at: Timestamp,
    pub permission: String,
    /// The name of the exchange.
    pub transaction: String,
    /// The data source's id.
    pub source: String,
    pub meter: MeterId,
    pub measure: Measure,
    /// The registers whose sum it is.
    pub registers: Vec<Register>,
    /// As it was asked for.
    pub from: Timestamp,
    pub to: Timestamp,
    /// Half-hours in that stretch, those that went out, and those of them that the meter did not say itself.
    pub asked: u64,
    pub half_hours: u64,
    pub not_measured: u64,
    pub completeness: Completeness,
    /// When the first and the last of them were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<(Timestamp, Timestamp)>,
    /// SHA-256 of the data in the answer, hex.
    pub sha256: String,
    /// Decimal serial of the certificate that signed.
    pub signer: String,
}

/// A record that was signed and goes out.
#[derive(Clone, Debug)]
pub(in crate::perseus) struct Signed {
    /// The id of its origin step.
    pub(in crate::perseus) origin: String,
    pub(in crate::perseus) row: RecordRow,
    /// The place of the row that says that it was begun.
    pub(in crate::perseus) fetch: Option<u64>,
    /// The day on which it counts.
    pub(in crate::perseus) day: jiff::civil::Date,
    /// Its steps, when it is fetched by itself.
    pub(in crate::perseus) steps: Option<Vec<Value>>,
    /// The certificates that it names, by serial.
    pub(in crate::perseus) certificates: Vec<(String, Vec<String>)>,
}

fn place(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

fn count_on(page: &mut Page, permission: &str, day: jiff::civil::Date, more: (u64, u64)) -> Result<(), RowError> {
    let at_day = beside(permission, day.to_string().as_bytes());
    let mut of_day = DAYS.get_on(page, &at_day)?.unwrap_or_default();
    of_day.fetches += more.0;
    of_day.half_hours += more.1;
    DAYS.put_on(page, &at_day, &of_day)
}

/// Keeps that something was fetched; answers the row's place.
pub(in crate::perseus) fn fetched_on(page: &mut Page, permission: &str, fetch: &FetchRow) -> Result<u64, RowError> {
    let day = fetch.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    count_on(page, permission, day, (1, fetch.half_hours))?;
    let known = FETCHES.scan_on(page, &under(permission), None, usize::MAX)?;
    let number = |key: &[u8]| {
        let number = key.last_chunk::<8>().copied().unwrap_or_default();
        u64::from_be_bytes(number)
    };
    let next = known.last().map_or(0, |(key, _)| number(key) + 1);
    for (key, _) in known.iter().filter(|(key, _)| number(key) + KEPT <= next) {
        FETCHES.delete_on(page, key);
    }
    FETCHES.put_on(page, &beside(permission, &place(next)), fetch)?;
    Ok(next)
}

/// Keeps what stands behind a record, and that it was fetched.
pub(in crate::perseus) fn signed_on(page: &mut Page, signed: Signed) -> Result<(), RowError> {
    let Signed { origin, row, day, .. } = &signed;
    let micros = u64::try_from(row.at.as_microsecond()).unwrap_or(0);
    let fetch = FetchRow {
        at: row.at,
        source: row.source.clone(),
        measure: row.measure,
        from: row.from,
        to: row.to,
        half_hours: row.half_hours,
        origin: origin.clone(),
        whole: true,
    };
    match signed.fetch {
        None => drop(fetched_on(page, &row.permission, &fetch)?),
        Some(number) => {
            let key = beside(&row.permission, &place(number));
            let begun = FETCHES.get_on(page, &key)?.map_or(0, |begun| begun.half_hours);
            count_on(page, &row.permission, *day, (0, row.half_hours.saturating_sub(begun)))?;
            FETCHES.put_on(page, &key, &fetch)?;
        }
    }
    RECORDS.put_on(page, origin.as_bytes(), row)?;
    BY_TIME.put_on(page, &[&place(micros), origin.as_bytes()].concat(), &())?;
    for (number, step) in signed.steps.iter().flatten().enumerate() {
        STEPS.put_on(page, &beside(origin, &[u8::try_from(number).unwrap_or(u8::MAX)]), step)?;
    }
    for (serial, entry) in &signed.certificates {
        if SIGNERS.get_on(page, serial.as_bytes())?.is_none() {
            SIGNERS.put_on(page, serial.as_bytes(), entry)?;
        }
    }
    Ok(())
}

/// Forgets records that were made before `before`; answers whether there may be more.
pub(in crate::perseus) fn forget_records_on(
    page: &mut Page,
    before: Timestamp,
    limit: usize,
) -> Result<bool, RowError> {
    let before = u64::try_from(before.as_microsecond()).unwrap_or(0);
    let found = BY_TIME.scan_on(page, &[], None, limit)?;
    let mut forgotten = 0;
    for (key, ()) in &found {
        let Some((time, origin)) = key.split_first_chunk::<8>() else {
            continue;
        };
        if u64::from_be_bytes(*time) >= before {
            break;
        }
        for (key, _) in STEPS.scan_on(page, &[origin, &[0]].concat(), None, usize::MAX)? {
            STEPS.delete_on(page, &key);
        }
        RECORDS.delete_on(page, origin);
        BY_TIME.delete_on(page, key);
        forgotten += 1;
    }
    Ok(forgotten == limit)
}

/// Forgets what was fetched under a permission.
pub(super) fn forget_fetches_on(page: &mut Page, permission: &str) -> Result<(), RowError> {
    for (key, _) in DAYS.scan_on(page, &under(permission), None, usize::MAX)? {
        DAYS.delete_on(page, &key);
    }
    for (key, _) in FETCHES.scan_on(page, &under(permission), None, usize::MAX)? {
        FETCHES.delete_on(page, &key);
    }
    Ok(())
}

/// What stands behind a record.
pub(in crate::perseus) fn record(store: &Store, origin: &str) -> Result<Option<RecordRow>, ReadError> {
    RECORDS.get(store, origin.as_bytes())
}

/// Hands what stands behind each record to `each`, with the id of its origin step, some at a time.
pub(in crate::perseus) fn each_record<E: From<ReadError>>(
    store: &Store,
    mut each: impl FnMut(&str, &RecordRow) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None::<Vec<u8>>;
    loop {
        let rows = RECORDS.scan(store, &[], after.as_deref(), AT_A_TIME)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        for (origin, row) in &rows {
            each(&String::from_utf8_lossy(origin), row)?;
        }
    }
}

/// The steps of a record that is fetched by itself.
pub(in crate::perseus) fn record_steps(store: &Store, origin: &str) -> Result<Vec<Value>, ReadError> {
    let rows = STEPS.scan(store, &under(origin), None, usize::MAX)?;
    Ok(rows.into_iter().map(|(_, step)| step).collect())
}

/// A certificate that signed records, as records have it.
pub(in crate::perseus) fn record_signer(store: &Store, serial: &str) -> Result<Option<Vec<String>>, ReadError> {
    SIGNERS.get(store, serial.as_bytes())
}

/// The last fetches of a permission, the newest first.
pub(in crate::perseus) fn fetches(store: &Store, permission: &str) -> Result<Vec<FetchRow>, ReadError> {
    let rows = FETCHES.scan(store, &under(permission), None, usize::MAX)?;
    Ok(rows.into_iter().rev().map(|(_, row)| row).collect())
}

/// How often a permission was used, by day, the newest first.
pub(in crate::perseus) fn fetch_days(store: &Store, permission: &str) -> Result<Vec<(String, DayRow)>, ReadError> {
    let rows = DAYS.scan(store, &under(permission), None, usize::MAX)?;
    let day = |key: &[u8]| String::from_utf8_lossy(&key[permission.len() + 1..]).into_owned();
    Ok(rows.into_iter().rev().map(|(key, row)| (day(&key), row)).collect())
}
