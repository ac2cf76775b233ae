//! Erasures as the book has them (PRIV §2.2). Who it was stands there until it is done, and then only something by which a book
//! that has them again knows it.

use std::ops::Range;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::{Erasing, random};
use crate::domain::MeterId;
use crate::pki::sha256;
use crate::store::{KeptBook, Ledger, Page, ReadError, RowError, Store, schema};

const ERASURES: Ledger<ErasureRow> = Ledger::new(schema::ERASURES);
const STRETCHES: Ledger<StretchRow> = Ledger::new(schema::ERASURE_STRETCHES);
const NOTES: Ledger<NoteRow> = Ledger::new(schema::ERASURE_NOTES);

/// Who asked for an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// The person.
    Person,
    /// Whoever runs the box.
    Operator,
    /// The box itself, in a book that was restored from before an erasure.
    Restore,
}

impl AskedBy {
    /// As an audit says it.
    pub(super) fn words(self) -> &'static str {
        match self {
            AskedBy::Person => "the person",
            AskedBy::Operator => "whoever runs the box",
            AskedBy::Restore => "the box",
        }
    }
}

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ErasureRow {
    /// 32 hex digits; whoever knows them may see how far it is.
    pub(super) id: String,
    pub(super) asked: Timestamp,
    pub(super) by: AskedBy,
    /// By which somebody is known again: SHA-256 of id, name and since when they were known, hex.
    pub(super) mark: String,
    /// Who, until it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<(String, Timestamp)>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Timestamp>,
}

/// A stretch of a meter that an erasure takes; an empty one says that the meter was theirs, and somebody else's too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StretchRow {
    pub(super) meter: MeterId,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// In which life of the book erasures were last looked at, and of which line of books it is: copies and restores of one box
/// share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoteRow {
    pub(super) epoch: u32,
    pub(super) line: String,
}

impl ErasureRow {
    /// One that begins now.
    pub(super) fn new(erasing: &Erasing, by: AskedBy, now: Timestamp) -> ErasureRow {
        let id = HEXLOWER.encode(&random::<16>());
        ErasureRow {
            mark: mark(&id, &erasing.name, erasing.created),
            id,
            asked: now,
            by,
            of: Some((erasing.name.clone(), erasing.created)),
            ended: None,
        }
    }

    /// Whether it is somebody's.
    pub(super) fn is_of(&self, name: &str, created: Timestamp) -> bool {
        self.mark == mark(&self.id, name, created)
    }
}

fn mark(id: &str, name: &str, created: Timestamp) -> String {
    HEXLOWER.encode(&sha256(format!("{id}\0{name}\0{created}").as_bytes()))
}

fn place(id: &str, number: usize) -> Vec<u8> {
    let number = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    [id.as_bytes(), &[0], &number].concat()
}

/// Writes one down, with all that it takes.
pub(super) fn begin_on(page: &mut Page, row: &ErasureRow, erasing: &Erasing) -> Result<(), RowError> {
    ERASURES.put_on(page, row.id.as_bytes(), row)?;
    let whole = |meter: &MeterId, span: &Range<Timestamp>| StretchRow {
        meter: meter.clone(),
        from: span.start,
        until: span.end,
    };
    let stretches = erasing.spans.iter().map(|(meter, span)| whole(meter, span));
    let untouched = erasing
        .meters
        .iter()
        .filter(|meter| !erasing.spans.iter().any(|(known, _)| known == *meter));
    let untouched = untouched.map(|meter| whole(meter, &(row.asked..row.asked)));
    for (number, stretch) in stretches.chain(untouched).enumerate() {
        STRETCHES.put_on(page, &place(&row.id, number), &stretch)?;
    }
    Ok(())
}

/// It is done: who it was is not kept.
pub(super) fn end_on(page: &mut Page, id: &str, now: Timestamp) -> Result<(), RowError> {
    if let Some(mut row) = ERASURES.get_on(page, id.as_bytes())? {
        row.of = None;
        row.ended = Some(now);
        ERASURES.put_on(page, id.as_bytes(), &row)?;
    }
    Ok(())
}

/// One of that id.
pub(super) fn find(store: &Store, id: &str) -> Result<Option<ErasureRow>, ReadError> {
    ERASURES.get(store, id.as_bytes())
}

/// All of them.
pub(super) fn all(store: &Store) -> Result<Vec<ErasureRow>, ReadError> {
    Ok(ERASURES.all(store)?.into_iter().map(|(_, row)| row).collect())
}

/// What an erasure takes; `None`: it is done, and nobody knows any more whose it was.
pub(super) fn erasing(store: &Store, row: &ErasureRow) -> Result<Option<Erasing>, ReadError> {
    let Some((name, created)) = row.of.clone() else {
        return Ok(None);
    };
    let stretches = STRETCHES.scan(store, &[row.id.as_bytes(), &[0]].concat(), None, usize::MAX)?;
    let stretches = stretches.into_iter().map(|(_, stretch)| stretch);
    Ok(Some(gathered((name, created), stretches)))
}

fn gathered((name, created): (String, Timestamp), stretches: impl Iterator<Item = StretchRow>) -> Erasing {
    let mut erasing = Erasing {
        name,
        created,
        spans: Vec::new(),
        meters: Vec::new(),
    };
    for stretch in stretches {
        if !erasing.meters.contains(&stretch.meter) {
            erasing.meters.push(stretch.meter.clone());
        }
        if stretch.from < stretch.until {
            erasing.spans.push((stretch.meter, stretch.from..stretch.until));
        }
    }
    erasing
}

/// Stretches of erasures that are done.
pub(super) fn erased(store: &Store) -> Result<Vec<(MeterId, Range<Timestamp>)>, ReadError> {
    let rows = STRETCHES.all(store)?.into_iter().map(|(_, row)| row);
    let whole = rows.filter(|row| row.from < row.until);
    Ok(whole.map(|row| (row.meter, row.from..row.until)).collect())
}

/// Erasures of a book that was put aside, each with what it took.
pub(super) fn in_kept(book: &KeptBook) -> Result<Vec<(ErasureRow, Vec<StretchRow>)>, ReadError> {
    let stretches = STRETCHES.of_kept(book)?;
    let rows = ERASURES.of_kept(book)?.into_iter().map(|(id, row)| {
        let begins = [&id[..], &[0]].concat();
        let of = stretches.iter().filter(|(key, _)| key.starts_with(&begins));
        (row, of.map(|(_, stretch)| stretch.clone()).collect())
    });
    Ok(rows.collect())
}

/// Takes an erasure over from a book that was put aside, to be carried out here: of whoever is known here again, or of nobody.
pub(super) fn take_over_on(
    page: &mut Page,
    (mut row, stretches): (ErasureRow, Vec<StretchRow>),
    who: Option<(String, Timestamp)>,
) -> Result<Option<Erasing>, RowError> {
    if ERASURES.get_on(page, row.id.as_bytes())?.is_some() {
        return Ok(None);
    }
    row.by = AskedBy::Restore;
    row.ended = None;
    // Nobody of that name is here, but what their meters showed may be.
    row.of = Some(who.or(row.of).unwrap_or((String::new(), row.asked)));
    ERASURES.put_on(page, row.id.as_bytes(), &row)?;
    for (number, stretch) in stretches.iter().enumerate() {
        STRETCHES.put_on(page, &place(&row.id, number), stretch)?;
    }
    Ok(row.of.map(|of| gathered(of, stretches.into_iter())))
}

/// What was noted when erasures were last looked at.
pub(super) fn noted(store: &Store) -> Result<Option<NoteRow>, ReadError> {
    NOTES.get(store, &[])
}

/// The same of a book that was put aside.
pub(super) fn noted_in(book: &KeptBook) -> Option<NoteRow> {
    Some(NOTES.of_kept(book).ok()?.pop()?.1)
}

/// Notes that they were looked at.
pub(super) fn note_on(page: &mut Page, note: &NoteRow) -> Result<(), RowError> {
    NOTES.put_on(page, &[], note)
}
