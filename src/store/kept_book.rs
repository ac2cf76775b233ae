//! A book that a restore or a salvage put aside, as it is read again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::Epoch;

/// A book that was put aside.
pub struct KeptBook {
    /// Where it lies.
    pub folder: PathBuf,
    /// Its last life; `None`: its note cannot be read.
    pub epoch: Option<Epoch>,
    /// Whether nothing of it is damaged.
    pub whole: bool,
    /// By whole key.
    pub(in crate::store) rows: BTreeMap<Vec<u8>, Vec<u8>>,
}
