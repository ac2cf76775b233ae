//! Files that others replace while we run.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::resolved;

/// A file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read: {source}", .path.display())]
pub struct FileError {
    path: PathBuf,
    source: std::io::Error,
}

/// Some files that are one thing together; says when one of them changed.
#[derive(Debug)]
pub struct FileWatch {
    paths: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
}

/// What changes when a file is written or replaced.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A file this young may be written again within the same tick of its time stamp.
const YOUNG: Duration = Duration::from_secs(2);

impl FileWatch {
    /// Watches `paths`; what stands there now counts as not yet seen.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> FileWatch {
        FileWatch {
            paths,
            seen: Vec::new(),
        }
    }

    /// Whether a file changed, or may have changed, since the last call. A vanished file is a change too.
    pub fn changed(&mut self) -> bool {
        let mut young = false;
        let stamps: Vec<_> = self
            .paths
            .iter()
            .map(|path| {
                let metadata = fs::metadata(resolved(path).ok()?).ok()?;
                let age = metadata.modified().ok().and_then(|at| at.elapsed().ok());
                young |= age.is_none_or(|age| age < YOUNG);
                Some(Stamp::of(&metadata))
            })
            .collect();
        let same = stamps == self.seen;
        self.seen = stamps;
        young || !same
    }
}

/// The bytes of `path`, which may be a credential of systemd's.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    resolved(path).and_then(fs::read).map_err(|source| FileError {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_changing_a_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(old)
                .unwrap();
        };
        write("one");
        let mut watch = FileWatch::new(vec![path.clone()]);
        assert!(watch.changed());
        assert!(!watch.changed());
        write("two");
        assert!(watch.changed());
        fs::remove_file(&path).unwrap();
        assert!(watch.changed());
        assert!(!watch.changed());
        fs::write(&path, "young").unwrap();
        assert!(watch.changed());
        assert!(watch.changed(), "a young file is looked at again");
    }
}
