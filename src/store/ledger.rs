//! Typed rows: read from anywhere, written on a page. Those that must agree are read there too (BOOK P6).

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::schema::Place;
use super::table::Table;
use super::{KeptBook, Page, ReadError, RowError};

/// The largest row a page takes, in bytes of its encoding (BOOK P3).
pub const ROW_LIMIT: usize = 4096;

/// Rows of one kind, kept as JSON under keys that sort as bytes.
pub struct Ledger<T> {
    place: Place,
    row: PhantomData<fn() -> T>,
}

impl<T> Clone for Ledger<T> {
    fn clone(&self) -> Ledger<T> {
        *self
    }
}

impl<T> Copy for Ledger<T> {}

/// Keys (without the ledger's prefix) and rows, in key order.
pub type Rows<T> = Vec<(Vec<u8>, T)>;

impl<T: Serialize + DeserializeOwned> Ledger<T> {
    /// The ledger at `place`.
    #[must_use]
    pub const fn new(place: Place) -> Ledger<T> {
        Ledger {
            place,
            row: PhantomData,
        }
    }

    /// As [`Ledger::get`], for threads of the book's own.
    pub(super) fn get_in(&self, table: &Table, key: &[u8]) -> Result<Option<T>, ReadError> {
        table.get(&self.key(key))?.map(|row| self.decode(&row)).transpose()
    }

    /// As [`Ledger::scan`], for threads of the book's own.
    pub(super) fn scan_in(
        &self,
        table: &Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Rows<T>, ReadError> {
        let after = after.map(|after| self.key(after));
        let prefix = self.key(prefix);
        let from = after.map_or_else(|| prefix.clone(), |after| [&after[..], &[0]].concat());
        let found = table.scan(&prefix, &from, limit)?;
        found
            .into_iter()
            .map(|(key, row)| Ok((key[1..].to_vec(), self.decode(&row)?)))
            .collect()
    }

    /// Every row in a book that was put aside, in key order.
    ///
    /// # Errors
    ///
    /// When one is none of this kind.
    pub fn of_kept(&self, book: &KeptBook) -> Result<Rows<T>, ReadError> {
        let theirs = book
            .rows
            .iter()
            .filter(|(key, _)| key.first() == Some(&self.place.prefix));
        theirs
            .map(|(key, row)| Ok((key[1..].to_vec(), self.decode(row)?)))
            .collect()
    }

    /// The row under `key`, as this change and those before it leave it.
    pub fn get_on(&self, page: &Page, key: &[u8]) -> Result<Option<T>, RowError> {
        Ok(page.get(&self.key(key))?.map(|row| self.decode(&row)).transpose()?)
    }

    /// As [`Ledger::scan`], on a page.
    pub fn scan_on(&self, page: &Page, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Rows<T>, RowError> {
        let after = after.map(|after| self.key(after));
        let found = page.scan(&self.key(prefix), after.as_deref(), limit)?;
        found
            .into_iter()
            .map(|(key, row)| Ok((key[1..].to_vec(), self.decode(&row)?)))
            .collect()
    }

    /// Writes `row` under `key`, in place of what stood there.
    pub fn put_on(&self, page: &mut Page, key: &[u8], row: &T) -> Result<(), RowError> {
        let bytes = serde_json::to_vec(row).expect("rows are plain structs with string keys");
        if bytes.len() > ROW_LIMIT {
            return Err(RowError::TooLarge {
                ledger: self.place.name,
                bytes: bytes.len(),
                limit: ROW_LIMIT,
            });
        }
        page.put(self.key(key), &bytes)
    }

    /// Deletes the row under `key`, if there is one.
    pub fn delete_on(&self, page: &mut Page, key: &[u8]) {
        page.delete(&self.key(key));
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        let mut whole = Vec::with_capacity(key.len() + 1);
        whole.push(self.place.prefix);
        whole.extend_from_slice(key);
        whole
    }

    fn decode(&self, row: &[u8]) -> Result<T, ReadError> {
        serde_json::from_slice(row).map_err(|source| ReadError::Format {
            ledger: self.place.name,
            source,
        })
    }
}
