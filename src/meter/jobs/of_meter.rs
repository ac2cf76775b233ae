//! What reports of jobs say of one meter in somebody's time: theirs to take, and gone when they are erased (PRIV §2.2).

use std::ops::Range;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ledger::{LINES, RUNS};
use crate::domain::MeterId;
use crate::store::{ReadError, RowError, Store, WriteError};

/// Rows that one change writes.
const AT_ONCE: usize = 24;

/// Lines of a meter out of runs that began at moments that are wanted, the oldest first of each job.
///
/// # Errors
///
/// When the book cannot be read.
pub(in crate::meter) fn lines(
    store: &Store,
    meter: &MeterId,
    wanted: impl Fn(Timestamp) -> bool,
) -> Result<Vec<Value>, ReadError> {
    let mut found = Vec::new();
    for (key, run) in RUNS.all(store)?.into_iter().filter(|(_, run)| wanted(run.began)) {
        for (_, lines) in LINES.scan(store, &key, None, usize::MAX)? {
            let of = lines.into_iter().filter(|line| line.meter.as_ref() == Some(meter));
            found.extend(of.map(|line| json!({ "job": run.job, "began": run.began, "said": line })));
        }
    }
    Ok(found)
}

/// Forgets those of a stretch.
///
/// # Errors
///
/// When the book cannot be read, or takes nothing.
pub(in crate::meter) async fn forget(
    store: &Store,
    meter: &MeterId,
    span: &Range<Timestamp>,
) -> Result<(), WriteError<RowError>> {
    let mut keys = Vec::new();
    let read = |error: ReadError| WriteError::Refused(error.into());
    let runs = RUNS.all(store).map_err(read)?.into_iter();
    for (key, _) in runs.filter(|(_, run)| span.contains(&run.began)) {
        let rows = LINES.scan(store, &key, None, usize::MAX).map_err(read)?;
        let of = rows
            .into_iter()
            .filter(|(_, lines)| lines.iter().any(|line| line.meter.as_ref() == Some(meter)));
        keys.extend(of.map(|(key, _)| key));
    }
    for some in keys.chunks(AT_ONCE) {
        let (some, meter) = (some.to_vec(), meter.clone());
        let forget = move |page: &mut crate::store::Page| {
            for key in &some {
                let Some(mut lines) = LINES.get_on(page, key)? else {
                    continue;
                };
                lines.retain(|line| line.meter.as_ref() != Some(&meter));
                match lines.is_empty() {
                    true => LINES.delete_on(page, key),
                    false => LINES.put_on(page, key, &lines)?,
                }
            }
            Ok::<_, RowError>(())
        };
        store.write_bulk(forget).await?;
    }
    Ok(())
}
