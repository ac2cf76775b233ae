//! Looks after the audit's files: what is written is on disk within a second, each month that is over is tied to the box's
//! own signing authority, and what is older than `retention.audit` goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::book::month_of;
use super::fault::Fault;
use super::trail::{MISSING, Trail};
use crate::accounts::AUDIT;
use crate::accounts::audit::{Head, end_of, examine, file_of, know_head_on, known_head, months, walk};
use crate::domain::units::Span;
use crate::files::{self, Readers};
use crate::pki::{Hierarchy, Pki};
use crate::store::{ClockState, Store};
use crate::supervisor::{Supervisor, Weight};

/// How often what was written is brought to disk.
const SYNC: Duration = Duration::from_secs(1);
/// How often the months are looked at, in syncs.
const LOOK: u64 = 3_600;

/// Begins to write the audit below `data_dir`, and looks after it.
pub fn add_to(
    supervisor: &mut Supervisor,
    (trail, folder): (&Trail, PathBuf),
    (pki, store): (&Pki, &Store),
    kept: impl Fn() -> Span + Send + Sync + 'static,
) {
    begin(trail, &folder, store);
    let keeper = std::sync::Arc::new(Keeper {
        trail: trail.clone(),
        folder,
        pki: pki.clone(),
        store: store.clone(),
        kept: Box::new(kept),
    });
    supervisor.add("audit", Weight::Room, move |stop| {
        let keeper = std::sync::Arc::clone(&keeper);
        Box::pin(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = keeper.run() => {}
            }
            keeper.sync();
            Ok(())
        })
    });
}

/// Goes on where the audit stands, once it is known whether all is there that was.
fn begin(trail: &Trail, folder: &Path, store: &Store) {
    let known = known_head(store).unwrap_or_else(|error| {
        tracing::warn!(%error, "how far the audit had come cannot be read");
        None
    });
    let looked = files::make_private(folder)
        .map_err(std::io::Error::other)
        .and_then(|()| cut(folder))
        .and_then(|()| walk(folder, known.as_ref()));
    let begun = looked.and_then(|(examined, head)| {
        let had = known.map_or(0, |known| known.lines);
        if let Some((file, line)) = examined.broken {
            tracing::error!(file = %file.display(), line, "the audit was changed: a line does not follow the one before");
            trail.is_at_fault(Fault::Broken { file, line });
        }
        let has = head.lines;
        // What is written goes on behind what was there, so that the numbers show what is missing.
        let lines = if examined.missing { had.max(has) } else { has };
        trail.begin(folder, Head { lines, ..head })?;
        if examined.missing {
            tracing::error!(had, has, "lines of the audit that were written are not there any more");
            tracing::error!(target: AUDIT, had, has, "{MISSING}");
            trail.is_at_fault(Fault::Missing { had, has });
        }
        Ok(())
    });
    if let Err(error) = begun {
        tracing::error!(%error, folder = %folder.display(), "the audit cannot be written");
        trail.is_at_fault(Fault::Unwritten(error.to_string()));
    }
}

/// A line that was not whole when the power went was never told of; it goes, so that the next one begins a line.
fn cut(folder: &Path) -> std::io::Result<()> {
    let Some(month) = months(folder)?.pop() else {
        return Ok(());
    };
    let file = file_of(folder, &month);
    let bytes = fs::read(&file)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        fs::OpenOptions::new()
            .write(true)
            .open(&file)?
            .set_len(u64::try_from(whole).unwrap_or(0))?;
    }
    Ok(())
}

struct Keeper {
    trail: Trail,
    folder: PathBuf,
    pki: Pki,
    store: Store,
    kept: Box<dyn Fn() -> Span + Send + Sync>,
}

impl Keeper {
    async fn run(&self) {
        let mut tick = interval(SYNC);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for count in 0_u64.. {
            tick.tick().await;
            self.sync();
            self.remember().await;
            if count % LOOK == 0 && self.store.clock() == ClockState::Trusted {
                self.look();
            }
        }
    }

    fn sync(&self) {
        let (synced, lost) = self.trail.sync();
        if let Err(error) = synced {
            tracing::error!(%error, "the audit may not be on disk");
        }
        if lost > 0 {
            tracing::error!(lost, "lines of the audit could not be written");
        }
    }

    /// Has the book know how far the audit came: what is cut off its end is then missed.
    async fn remember(&self) {
        let Some(head) = self.trail.head() else { return };
        let known = known_head(&self.store).ok().flatten();
        if known.as_ref() == Some(&head) {
            return;
        }
        let epoch = self.store.epoch();
        let written = self.store.write_bulk(move |page| know_head_on(page, head, epoch)).await;
        if let Err(error) = written {
            tracing::debug!(%error, "how far the audit came was not written down; it is tried again");
        }
    }

    fn look(&self) {
        // Months that cannot be tied are let go in their time all the same.
        let (tied, let_go) = (self.tie(), self.let_go());
        if let Err(error) = tied.and(let_go) {
            tracing::warn!(%error, "the audit's months could not be looked after; it is tried again");
        }
    }

    /// Signs where each month that is over ends, once.
    fn tie(&self) -> std::io::Result<()> {
        let now = month_of(self.store.now());
        let anchor = |month: &str| self.folder.join(format!("{month}.anchor.json"));
        let mut untied = months(&self.folder)?;
        untied.retain(|month| *month < now && !anchor(month).exists());
        if untied.is_empty() {
            return Ok(());
        }
        // A signature below lines that somebody changed would say that nobody did.
        if let Some((file, line)) = examine(&self.folder)?.broken {
            let what = format!(
                "line {line} of {} does not follow the one before: no month is signed",
                file.display()
            );
            return Err(std::io::Error::other(what));
        }
        for month in untied {
            let Some(head) = end_of(&self.folder, &month)? else {
                continue;
            };
            let text = format!("audit of {month}: {} lines, the last one {}", head.lines, head.hash);
            let signed = self
                .pki
                .sign_code(Hierarchy::Signing, &text)
                .map_err(std::io::Error::other)?;
            let body = json!({
                "signed": text, "signature": BASE64.encode(&signed), "by": "the root of the signing hierarchy",
            });
            files::write(&anchor(&month), body.to_string().as_bytes(), Readers::Owner)
                .map_err(std::io::Error::other)?;
        }
        Ok(())
    }

    /// Takes months away that are older than they have to be.
    fn let_go(&self) -> std::io::Result<()> {
        let Ok(kept) = jiff::SignedDuration::try_from((self.kept)().0) else {
            return Ok(());
        };
        if kept.is_zero() {
            return Ok(());
        }
        let oldest = month_of(self.store.now().saturating_sub(kept).unwrap_or(Timestamp::MIN));
        for month in months(&self.folder)?.into_iter().filter(|month| *month < oldest) {
            fs::remove_file(file_of(&self.folder, &month))?;
            let _ = fs::remove_file(self.folder.join(format!("{month}.anchor.json"))); // there may be none
        }
        Ok(())
    }
}
