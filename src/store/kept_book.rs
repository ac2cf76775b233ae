//! A book that a restore or a salvage put aside, as it is read again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::{Epoch, Seq};

/// A book that was put aside.
pub struct KeptBook {
    /// Where it lies.
    pub folder: PathBuf,
    /// Its last life; `None`: its note cannot be read.
    pub epoch: Option<Epoch>,
    /// Its newest change.
    pub last: Seq,
    /// Whether nothing of it is damaged.
    pub whole: bool,
    /// By whole key.
    pub(in crate::store) rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The books that were put aside since some life.
#[derive(Default)]
pub struct KeptBooks {
    /// Oldest first.
    pub books: Vec<KeptBook>,
    /// Whether all that was put aside since is among them, whole: from the life that the backup is of to the last.
    pub complete: bool,
}
