//! The rows of top-ups: written and found again (EMOP §21.1).

use jiff::Timestamp;

use super::error::TopupError;
use super::giver;
use super::key::SealKey;
use super::places;
use super::row::{Origin, TopupRow};
use crate::accounts::random_id;
use crate::domain::{Epoch, Event, MeterId, MeterNews, Seq, TopupState};
use crate::http::once::{Answer, Known, Once};
use crate::meter::emop::{Money, Token};
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

pub(super) const TOPUPS: Ledger<TopupRow> = Ledger::new(schema::TOPUPS);
pub(super) const OF_METERS: Ledger<()> = Ledger::new(schema::TOPUPS_OF_METERS);
const OPEN: Ledger<()> = Ledger::new(schema::TOPUPS_OPEN);
pub(super) const CODES: Ledger<u64> = Ledger::new(schema::TOPUP_CODES);
pub(super) const IDS: Ledger<u64> = Ledger::new(schema::TOPUP_IDS);

/// Rows read at a time.
const PAGE: usize = 256;

/// A code that somebody wants a meter to take.
#[derive(Clone, Debug)]
pub struct NewTopup {
    pub meter: MeterId,
    pub token: Token,
    pub origin: Origin,
    /// The caller's own name for it.
    pub key: Option<String>,
    /// What the code is known to be worth.
    pub worth: Option<Money>,
    /// Whether it is sent though the meter is known not to prepay.
    pub anyway: bool,
    /// The request, when it may come again; under its key nothing else is taken.
    pub once: Option<Once>,
}

/// The serial and a zero byte, which no serial has.
fn meter_key(meter: &MeterId) -> Vec<u8> {
    [meter.as_str().as_bytes(), &[0]].concat()
}

pub(super) fn place(meter: &MeterId, seq: Seq) -> Vec<u8> {
    [meter_key(meter), seq.0.to_be_bytes().to_vec()].concat()
}

/// The sequence that a key ends in.
fn sequence(key: &[u8]) -> Option<Seq> {
    key.last_chunk().copied().map(u64::from_be_bytes).map(Seq)
}

/// What became of a code that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A top-up of its own.
    New,
    /// It was given before.
    Known,
    /// It is taken for one of the same giver that waited for its code again.
    Refilled,
}

/// Writes a new top-up down, sealed, before anything is sent; or finds the one that the code belongs to already, unless
/// that one ended before it was sent. Says which.
pub(super) fn create_on(
    page: &mut Page,
    (epoch, now): (Epoch, Timestamp),
    new: &NewTopup,
    key: &SealKey,
) -> Result<(TopupRow, Outcome), TopupError> {
    if let Some(row) = answered_before(page, new, now)? {
        return Ok((row, Outcome::Known));
    }
    let (row, outcome) = join_or_begin(page, (epoch, now), new, key)?;
    if let Some(once) = &new.once {
        let answer = Answer {
            status: 202,
            tag: None,
            body: row.id.clone(),
        };
        once.keep_on(page, &answer, now)?;
    }
    Ok((row, outcome))
}

/// What was made of the same request before.
fn answered_before(page: &Page, new: &NewTopup, now: Timestamp) -> Result<Option<TopupRow>, TopupError> {
    let Some(once) = &new.once else { return Ok(None) };
    match once.known_on(page, now)? {
        Known::Nothing => Ok(None),
        Known::Another => Err(TopupError::KeyReused),
        Known::Answered(answer) => match IDS.get_on(page, answer.body.as_bytes())? {
            Some(seq) => Ok(get_on(page, Seq(seq))?),
            None => Ok(None),
        },
    }
}

fn join_or_begin(
    page: &mut Page,
    (epoch, now): (Epoch, Timestamp),
    new: &NewTopup,
    key: &SealKey,
) -> Result<(TopupRow, Outcome), TopupError> {
    let mark = key.mark(&new.meter, &new.token);
    let known = match CODES.get_on(page, &mark)? {
        Some(seq) => TOPUPS.get_on(page, &seq.to_be_bytes())?,
        None => None,
    };
    let ended = |row: &TopupRow| matches!(row.state, TopupState::NotSent | TopupState::Cancelled);
    if let Some(mut row) = known.filter(|row| !ended(row)) {
        // A door that does not know what a code is worth may have been the first. What is settled was accounted for.
        if row.worth.is_none() && new.worth.is_some() && !row.state.is_settled() {
            row.worth = new.worth;
            put_on(page, &row)?;
        }
        return Ok((row, Outcome::Known));
    }
    let open = open_on(page, &new.meter)?;
    // What waits for its code again because the key is gone takes the next one of whoever gave it, and nobody else's.
    let asks = |row: &&TopupRow| {
        let is_gone = row.sealed.as_ref().is_none_or(|one| !key.opens(one));
        row.state == TopupState::Waiting && is_gone && row.origin == new.origin
    };
    if let Some(row) = open.iter().find(asks) {
        let mut row = row.clone();
        row.mark = data_encoding::HEXLOWER.encode(&mark);
        row.sealed = Some(key.seal(&new.meter, &new.token));
        row.trouble = None;
        row.worth = new.worth;
        CODES.put_on(page, &mark, &row.seq.0)?;
        put_on(page, &row)?;
        return Ok((row, Outcome::Refilled));
    }
    places::has_one(&open, &new.meter, &new.origin)?;
    let seq = page.seq();
    let row = TopupRow {
        id: random_id(),
        seq,
        epoch,
        meter: new.meter.clone(),
        mark: data_encoding::HEXLOWER.encode(&mark),
        sealed: Some(key.seal(&new.meter, &new.token)),
        origin: Origin {
            by: giver::known_on(page, new.origin.by.clone())?,
            through: new.origin.through,
        },
        key: new.key.clone(),
        worth: new.worth,
        made: now,
        state: TopupState::Waiting,
        since: now,
        sent: None,
        attempts: 0,
        trouble: None,
        before: None,
        reply: None,
        round: None,
        looked: None,
        unclear: 0,
        why: None,
        overtaken: false,
        proof: None,
        by_hand: None,
    };
    OF_METERS.put_on(page, &place(&row.meter, seq), &())?;
    CODES.put_on(page, &mark, &seq.0)?;
    IDS.put_on(page, row.id.as_bytes(), &seq.0)?;
    put_on(page, &row)?;
    tell(page, &row)?;
    Ok((row, Outcome::New))
}

/// The one of this place, on a page.
pub(super) fn get_on(page: &Page, seq: Seq) -> Result<Option<TopupRow>, RowError> {
    TOPUPS.get_on(page, &seq.0.to_be_bytes())
}

/// Writes a row over the one of before, and tells of it when its state is another.
pub(super) fn change_on(
    page: &mut Page,
    seq: Seq,
    change: impl FnOnce(&mut TopupRow) -> bool,
) -> Result<Option<TopupRow>, RowError> {
    let Some(before) = TOPUPS.get_on(page, &seq.0.to_be_bytes())? else {
        return Ok(None);
    };
    let mut row = before.clone();
    if before.state.is_settled() || !change(&mut row) {
        return Ok(None);
    }
    put_on(page, &row)?;
    if row.state != before.state {
        tell(page, &row)?;
    }
    Ok(Some(row))
}

/// Another code is sent: what is in doubt is not asked about any more.
pub(super) fn overtake_on(page: &mut Page, meter: &MeterId, by: Seq) -> Result<(), RowError> {
    for mut row in open_on(page, meter)? {
        if row.state == TopupState::InDoubt && row.seq != by && !row.overtaken {
            row.overtaken = true;
            put_on(page, &row)?;
        }
    }
    Ok(())
}

fn put_on(page: &mut Page, row: &TopupRow) -> Result<(), RowError> {
    let open = place(&row.meter, row.seq);
    if row.state.is_settled() {
        OPEN.delete_on(page, &open);
    } else {
        OPEN.put_on(page, &open, &())?;
    }
    TOPUPS.put_on(page, &row.seq.0.to_be_bytes(), row)
}

fn tell(page: &mut Page, row: &TopupRow) -> Result<(), RowError> {
    let open = open_on(page, &row.meter)?;
    let in_doubt = open.iter().filter(|row| row.state == TopupState::InDoubt).count();
    page.record(Event::Meter {
        meter: row.meter.clone(),
        news: MeterNews::Topup {
            id: row.id.clone(),
            state: row.state,
            in_doubt: u32::try_from(in_doubt).unwrap_or(u32::MAX),
        },
    });
    Ok(())
}

fn open_on(page: &Page, meter: &MeterId) -> Result<Vec<TopupRow>, RowError> {
    let mut rows = Vec::new();
    for (key, ()) in OPEN.scan_on(page, &meter_key(meter), None, usize::MAX)? {
        if let Some(seq) = sequence(&key) {
            rows.extend(TOPUPS.get_on(page, &seq.0.to_be_bytes())?);
        }
    }
    Ok(rows)
}

/// Whether none is in the book.
pub(super) fn is_empty(store: &Store) -> Result<bool, ReadError> {
    Ok(TOPUPS.scan(store, &[], None, 1)?.is_empty())
}

/// The one with this id.
pub(super) fn find(store: &Store, id: &str) -> Result<Option<TopupRow>, ReadError> {
    match IDS.get(store, id.as_bytes())? {
        Some(seq) => get(store, Seq(seq)),
        None => Ok(None),
    }
}

/// The one of this place.
pub(super) fn get(store: &Store, seq: Seq) -> Result<Option<TopupRow>, ReadError> {
    TOPUPS.get(store, &seq.0.to_be_bytes())
}

/// Those of a meter that are not settled, in the order in which they were made.
pub(super) fn open(store: &Store, meter: &MeterId) -> Result<Vec<TopupRow>, ReadError> {
    of_index(store, OPEN.scan(store, &meter_key(meter), None, usize::MAX)?)
}

/// All that are not settled.
pub(super) fn all_open(store: &Store) -> Result<Vec<TopupRow>, ReadError> {
    let (mut rows, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let page = OPEN.scan(store, &[], after.as_deref(), PAGE)?;
        let Some((last, ())) = page.last() else { return Ok(rows) };
        after = Some(last.clone());
        rows.extend(of_index(store, page)?);
    }
}

/// Up to `limit` of a meter, the newest first, before `before`.
pub(super) fn of_meter(
    store: &Store,
    meter: &MeterId,
    before: Option<Seq>,
    limit: usize,
) -> Result<Vec<TopupRow>, ReadError> {
    let mut keys = OF_METERS.scan(store, &meter_key(meter), None, usize::MAX)?;
    keys.retain(|(key, ())| before.is_none_or(|before| sequence(key).is_some_and(|seq| seq < before)));
    let older = keys.len().saturating_sub(limit);
    let mut rows = of_index(store, keys.split_off(older))?;
    rows.reverse();
    Ok(rows)
}

/// Up to `limit` of all meters, the newest first.
pub(super) fn newest(store: &Store, limit: usize) -> Result<Vec<TopupRow>, ReadError> {
    let (mut rows, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let page = TOPUPS.scan(store, &[], after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        rows.extend(page.into_iter().map(|(_, row)| row));
        let older = rows.len().saturating_sub(limit);
        rows.drain(..older);
    }
    rows.reverse();
    Ok(rows)
}

fn of_index(store: &Store, keys: Vec<(Vec<u8>, ())>) -> Result<Vec<TopupRow>, ReadError> {
    let mut rows = Vec::new();
    for seq in keys.iter().filter_map(|(key, ())| sequence(key)) {
        rows.extend(get(store, seq)?);
    }
    Ok(rows)
}
