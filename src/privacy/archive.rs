//! The archive: a ZIP file (APPNOTE 6.3) without a name, which is gone with whoever holds it, or with the process
//! (PRIV §1.2).

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::accounts::{TakeError, Taking};
use crate::files::{Readers, Unfinished};

/// How far an archive is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Steps that are done.
    pub(super) done: AtomicU32,
    /// Steps in all.
    pub(super) of: AtomicU32,
}

/// An archive that is being made.
pub(super) struct Archive {
    zip: ZipWriter<BufWriter<File>>,
    options: SimpleFileOptions,
    progress: Arc<Progress>,
    stop: CancellationToken,
}

impl Archive {
    /// Begins one on the disk of `folder`.
    pub(super) fn begin(
        folder: &Path,
        now: Timestamp,
        (progress, stop): (Arc<Progress>, CancellationToken),
    ) -> io::Result<Archive> {
        let mut named = Unfinished::create(&folder.join("archive.zip"), Readers::Owner).map_err(io::Error::other)?;
        let file = named.file().try_clone()?;
        // From here on it has no name.
        drop(named);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // A meter of many years may be long, and its length is not known beforehand.
            .large_file(true)
            .last_modified_time(written(now));
        Ok(Archive {
            zip: ZipWriter::new(BufWriter::with_capacity(256 << 10, file)),
            options,
            progress,
            stop,
        })
    }

    /// The whole, and how many bytes it has.
    pub(super) fn finish(self) -> io::Result<(File, u64)> {
        let file = self
            .zip
            .finish()?
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let bytes = file.metadata()?.len();
        Ok((file, bytes))
    }
}

impl Taking for Archive {
    fn begin(&mut self, path: &str) -> io::Result<&mut dyn Write> {
        self.zip.start_file(path, self.options)?;
        Ok(&mut self.zip)
    }

    fn step(&mut self) -> Result<(), TakeError> {
        self.progress.done.fetch_add(1, Ordering::Relaxed);
        match self.stop.is_cancelled() {
            true => Err(TakeError::Stopped),
            false => Ok(()),
        }
    }
}

/// When it was made, as archives write it: without a zone, which is UTC here.
fn written(now: Timestamp) -> DateTime {
    let at = now.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |value: i8| value.unsigned_abs();
    let given = DateTime::from_date_and_time(
        at.year().unsigned_abs(),
        part(at.month()),
        part(at.day()),
        part(at.hour()),
        part(at.minute()),
        part(at.second()),
    );
    given.unwrap_or_default()
}
