//! The rows of top-ups: written and found again (EMOP §21.1).

use jiff::Timestamp;

use super::error::TopupError;
use super::key::SealKey;
use super::row::{Origin, TopupRow};
use crate::accounts::random_id;
use crate::domain::{Epoch, Event, MeterId, MeterNews, Seq, TopupState};
use crate::http::once::{Answer, Known, Once};
use crate::meter::emop::{Money, Token};
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const TOPUPS: Ledger<TopupRow> = Ledger::new(schema::TOPUPS);
const OF_METERS: Ledger<()> = Ledger::new(schema::TOPUPS_OF_METERS);
const OPEN: Ledger<()> = Ledger::new(schema::TOPUPS_OPEN);
const CODES: Ledger<u64> = Ledger::new(schema::TOPUP_CODES);
const IDS: Ledger<u64> = Ledger::new(schema::TOPUP_IDS);

/// How many may wait for one meter.
const WAITING: usize = 20;
/// Rows that are looked at in one change that forgets: four of each are taken away.
const FORGOTTEN_AT_ONCE: usize = 24;
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
    /// The request, when it may come again; under its key nothing else is taken.
    pub once: Option<Once>,
}

/// The serial and a zero byte, which no serial has.
fn meter_key(meter: &MeterId) -> Vec<u8> {
    [meter.as_str().as_bytes(), &[0]].concat()
}

fn place(meter: &MeterId, seq: Seq) -> Vec<u8> {
    [meter_key(meter), seq.0.to_be_bytes().to_vec()].concat()
}

/// The sequence that a key ends in.
fn sequence(key: &[u8]) -> Option<Seq> {
    key.last_chunk().copied().map(u64::from_be_bytes).map(Seq)
}

/// Writes a new top-up down, sealed, before anything is sent; or finds the one that the code belongs to already, unless
/// that one ended before it was sent. Says whether it is a new one.
pub(super) fn create_on(
    page: &mut Page,
    (epoch, now): (Epoch, Timestamp),
    new: &NewTopup,
    key: &SealKey,
) -> Result<(TopupRow, bool), TopupError> {
    if let Some(row) = answered_before(page, new, now)? {
        return Ok((row, false));
    }
    let (row, is_new) = join_or_begin(page, (epoch, now), new, key)?;
    if let Some(once) = &new.once {
        let answer = Answer {
            status: 202,
            tag: None,
            body: row.id.clone(),
        };
        once.keep_on(page, &answer, now)?;
    }
    Ok((row, is_new))
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
) -> Result<(TopupRow, bool), TopupError> {
    let mark = key.mark(&new.meter, &new.token);
    let known = match CODES.get_on(page, &mark)? {
        Some(seq) => TOPUPS.get_on(page, &seq.to_be_bytes())?,
        None => None,
    };
    let ended = |row: &TopupRow| matches!(row.state, TopupState::NotSent | TopupState::Cancelled);
    if let Some(row) = known.filter(|row| !ended(row)) {
        return Ok((row, false));
    }
    let open = open_on(page, &new.meter)?;
    // What waits for a code because its key is gone takes this one.
    let asks =
        |row: &&TopupRow| row.state == TopupState::Waiting && row.sealed.as_ref().is_none_or(|one| !key.opens(one));
    if let Some(row) = open.iter().find(asks) {
        let mut row = row.clone();
        row.mark = data_encoding::HEXLOWER.encode(&mark);
        row.sealed = Some(key.seal(&new.meter, &new.token));
        row.trouble = None;
        CODES.put_on(page, &mark, &row.seq.0)?;
        put_on(page, &row)?;
        return Ok((row, false));
    }
    if open.len() >= WAITING {
        return Err(TopupError::TooMany(new.meter.clone()));
    }
    let seq = page.seq();
    let row = TopupRow {
        id: random_id(),
        seq,
        epoch,
        meter: new.meter.clone(),
        mark: data_encoding::HEXLOWER.encode(&mark),
        sealed: Some(key.seal(&new.meter, &new.token)),
        origin: new.origin.clone(),
        key: new.key.clone(),
        worth: new.worth,
        made: now,
        state: TopupState::Waiting,
        since: now,
        attempts: 0,
        trouble: None,
        before: None,
        reply: None,
        round: None,
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
    Ok((row, true))
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

/// Forgets some of those that were settled before a moment, the oldest first; says how many.
pub(super) fn forget_on(page: &mut Page, before: Timestamp) -> Result<usize, RowError> {
    let oldest = TOPUPS.scan_on(page, &[], None, FORGOTTEN_AT_ONCE)?;
    let over = oldest
        .into_iter()
        .map(|(_, row)| row)
        .filter(|row| row.state.is_settled() && row.since < before);
    let mut count = 0;
    for row in over {
        TOPUPS.delete_on(page, &row.seq.0.to_be_bytes());
        OF_METERS.delete_on(page, &place(&row.meter, row.seq));
        IDS.delete_on(page, row.id.as_bytes());
        // The code may have been given anew since.
        if let Ok(mark) = data_encoding::HEXLOWER.decode(row.mark.as_bytes())
            && CODES.get_on(page, &mark)? == Some(row.seq.0)
        {
            CODES.delete_on(page, &mark);
        }
        count += 1;
    }
    Ok(count)
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

#[cfg(test)]
mod tests {
    use super::super::row::Through;
    use super::*;
    use crate::store::Options;

    #[tokio::test]
    async fn what_was_settled_long_ago_is_forgotten_whole_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(dir.path())).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let meter: MeterId = "EML1".parse().unwrap();
        let new = |number: u32| NewTopup {
            meter: "EML1".parse().unwrap(),
            token: format!("{number:020}").parse().unwrap(),
            origin: Origin {
                by: "operator".to_owned(),
                through: Through::CommandLine,
            },
            key: None,
            worth: None,
            once: None,
        };
        let key = std::sync::Arc::new(SealKey::passing());
        let mut made = Vec::new();
        for number in 0..4 {
            let (new, key) = (new(number), std::sync::Arc::clone(&key));
            let made_on = move |page: &mut Page| create_on(page, (Epoch(1), at(10)), &new, &key);
            made.push(store.write(made_on).await.unwrap().0);
        }
        // The first was settled long ago, the second lately; the third waits; the fourth was settled long ago.
        for (row, since) in [(0, 20), (1, 900), (3, 30)] {
            let seq = made[row].seq;
            let settle = move |page: &mut Page| {
                change_on(page, seq, |row| {
                    row.becomes(TopupState::Cancelled, at(since));
                    true
                })
            };
            store.write(settle).await.unwrap();
        }
        let before = at(500);
        let forget = move |page: &mut Page| forget_on(page, before);
        assert_eq!(store.write(forget).await.unwrap(), 2);
        assert_eq!(store.write(forget).await.unwrap(), 0);
        let left: Vec<Seq> = of_meter(&store, &meter, None, 10)
            .unwrap()
            .iter()
            .map(|row| row.seq)
            .collect();
        assert_eq!(left, [made[2].seq, made[1].seq]);
        assert_eq!(newest(&store, 10).unwrap().len(), 2);
        assert!(find(&store, &made[0].id).unwrap().is_none());
        assert_eq!(all_open(&store).unwrap().len(), 1);
        let again = new(0);
        let (row, is_new) = store
            .write(move |page| create_on(page, (Epoch(1), at(1_000)), &again, &key))
            .await
            .unwrap();
        assert!(is_new && row.seq != made[0].seq);
    }
}
