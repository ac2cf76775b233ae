//! Generations: where the files of the book lie.
//!
//! ```text
//! <dir>/lock                     held while the book is open
//! <dir>/clean                    the mark of an orderly stop
//! <dir>/table/                   sled; can be thrown away at any time
//! <dir>/g000001/book             format, epoch
//! <dir>/g000001/log/<first>.log  segments
//! <dir>/g000001/snap/<seq>.snap  snapshots
//! <dir>/g000001/side/…           month files of readings
//! ```
//!
//! Restore and salvage build the next generation in a folder that is called unfinished, and finish
//! it by giving the folder its name: the highest generation is the book, and what was before is
//! kept as it was.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::Seq;
use crate::store::files::{self, Disk, UNFINISHED};
use crate::store::{FileError, SalvageReport};

/// The format this version writes.
pub(in crate::store) const FORMAT: u32 = 1;

/// The note that makes a generation whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store) struct BookNote {
    pub(in crate::store) format: u32,
    pub(in crate::store) epoch: u32,
    /// 16 random bytes, hex, new when a book is made or restored; notes of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) life: Option<String>,
    /// The first sequence of the log when the generation was made.
    pub(in crate::store) begins: Seq,
    /// The lives that were put aside before this one, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) aside: Vec<PastLife>,
    /// The newest change of the backup that it was restored from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) restored: Option<Seq>,
    /// What salvage found when it made this generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) salvage: Option<SalvageReport>,
}

/// A life of the book that was put aside, as it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct PastLife {
    pub(in crate::store) epoch: u32,
    /// Its newest change.
    pub(in crate::store) last: Seq,
    /// Whether nothing of it was damaged.
    pub(in crate::store) whole: bool,
}

/// A new life.
pub(in crate::store) fn new_life() -> String {
    let mut life = [0; 16];
    aws_lc_rs::rand::fill(&mut life).expect("the system gives random bytes");
    data_encoding::HEXLOWER.encode(&life)
}

/// The mark of an orderly stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct CleanMark {
    pub(in crate::store) generation: u64,
    /// The newest change in log and table.
    pub(in crate::store) seq: Seq,
}

/// One generation's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Generation {
    pub(in crate::store) number: u64,
    pub(in crate::store) dir: PathBuf,
}

impl Generation {
    pub(in crate::store) fn new(book: &Path, number: u64) -> Generation {
        Generation {
            number,
            dir: book.join(format!("g{number:06}")),
        }
    }

    pub(in crate::store) fn note(&self) -> PathBuf {
        self.dir.join("book")
    }

    pub(in crate::store) fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    pub(in crate::store) fn snapshots(&self) -> PathBuf {
        self.dir.join("snap")
    }

    pub(in crate::store) fn month_files(&self) -> PathBuf {
        self.dir.join("side")
    }

    /// Where a running backup holds second names of files.
    pub(in crate::store) fn held(&self) -> PathBuf {
        self.dir.join("held")
    }

    /// The folder of this generation while it is being built.
    pub(in crate::store) fn unfinished(&self) -> Generation {
        Generation {
            number: self.number,
            dir: files::beside(&self.dir),
        }
    }

    /// Creates its folders, empty.
    pub(in crate::store) fn make(&self, disk: &dyn Disk) -> Result<(), FileError> {
        files::remove_tree(disk, &self.dir)?;
        for dir in [self.dir.clone(), self.log(), self.snapshots(), self.month_files()] {
            disk.make_dir(&dir)
                .map_err(|source| FileError::new("cannot create the folder", &dir, source))?;
        }
        Ok(())
    }

    /// Makes the names in its folders durable and gives it its own: from here on it is the book.
    pub(in crate::store) fn finish(self, disk: &dyn Disk, book: &Path) -> Result<Generation, FileError> {
        for dir in [self.log(), self.snapshots(), self.month_files(), self.dir.clone()] {
            disk.sync_dir(&dir)
                .map_err(|source| FileError::new("cannot sync the folder", &dir, source))?;
        }
        let finished = Generation::new(book, self.number);
        files::rename_synced(disk, &self.dir, &finished.dir)?;
        Ok(finished)
    }
}

/// The clean mark of the book in `book`.
pub(in crate::store) fn clean_mark(book: &Path) -> PathBuf {
    book.join("clean")
}

/// Where sled lies.
pub(in crate::store) fn table(book: &Path) -> PathBuf {
    book.join("table")
}

/// The generations in `book`, oldest first.
pub(in crate::store) fn find(disk: &dyn Disk, book: &Path) -> Result<Vec<Generation>, FileError> {
    let mut numbers: Vec<u64> = files::list(disk, book)?
        .iter()
        .filter(|found| found.folder)
        .filter_map(|found| found.name.strip_prefix('g')?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers
        .into_iter()
        .map(|number| Generation::new(book, number))
        .collect())
}

/// Removes what was begun and not finished: in `book`, and in the newest generation.
pub(in crate::store) fn sweep(disk: &dyn Disk, book: &Path, newest: Option<&Generation>) -> Result<(), FileError> {
    let mut dirs = vec![book.to_path_buf()];
    dirs.extend(
        newest
            .iter()
            .flat_map(|one| [one.dir.clone(), one.log(), one.snapshots(), one.month_files()]),
    );
    for dir in dirs {
        for found in files::list(disk, &dir)? {
            let path = dir.join(&found.name);
            if found.folder
                && (found.name.ends_with(UNFINISHED)
                    || found.name.starts_with(crate::store::table::RENEWED)
                    || Some(&path) == newest.map(Generation::held).as_ref())
            {
                files::remove_tree(disk, &path)?;
            } else if found.name.ends_with(UNFINISHED) {
                disk.remove(&path)
                    .map_err(|source| FileError::new("cannot remove", &path, source))?;
            }
        }
    }
    Ok(())
}
