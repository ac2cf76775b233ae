//! Runs of jobs in the book, and what each says of its meters.

use super::{Job, Line, Report, Run};
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

pub(super) const RUNS: Ledger<Run> = Ledger::new(schema::JOB_RUNS);
pub(super) const LINES: Ledger<Vec<Line>> = Ledger::new(schema::JOB_LINES);

/// Runs of each job that are kept.
const KEPT: usize = 30;
/// Lines in one row, each of which is at most 300 bytes long.
const IN_A_ROW: usize = 10;
/// Lines of one run that are kept: those that did not work come first.
pub(super) const LINES_KEPT: usize = 1_000;

fn key(job: Job, number: u64) -> Vec<u8> {
    [job.name().as_bytes(), &[0], &number.to_be_bytes()].concat()
}

fn prefix(job: Job) -> Vec<u8> {
    [job.name().as_bytes(), &[0]].concat()
}

fn number(key: &[u8]) -> Option<u64> {
    key.last_chunk().copied().map(u64::from_be_bytes)
}

/// Writes a run down, and forgets those over the number to keep.
pub(super) fn put_on(page: &mut Page, report: &Report) -> Result<(), RowError> {
    let job = report.run.job;
    let place = key(job, page.seq().0);
    RUNS.put_on(page, &place, &report.run)?;
    for (row, lines) in (0u32..).zip(report.lines.chunks(IN_A_ROW)) {
        LINES.put_on(page, &[&place[..], &row.to_be_bytes()].concat(), &lines.to_vec())?;
    }
    let runs = RUNS.scan_on(page, &prefix(job), None, usize::MAX)?;
    let over = runs.len().saturating_sub(KEPT);
    for (old, _) in &runs[..over] {
        RUNS.delete_on(page, old);
        for (line, _) in LINES.scan_on(page, old, None, usize::MAX)? {
            LINES.delete_on(page, &line);
        }
    }
    Ok(())
}

/// The runs of a job that are kept, the newest first.
pub(super) fn runs(store: &Store, job: Job) -> Result<Vec<Run>, ReadError> {
    let mut runs = RUNS.scan(store, &prefix(job), None, usize::MAX)?;
    runs.reverse();
    Ok(runs.into_iter().map(|(_, run)| run).collect())
}

/// The newest run of a job with all that it says.
pub(super) fn newest(store: &Store, job: Job) -> Result<Option<Report>, ReadError> {
    let Some((place, run)) = RUNS.scan(store, &prefix(job), None, usize::MAX)?.pop() else {
        return Ok(None);
    };
    debug_assert!(number(&place).is_some(), "a key ends in its number");
    let lines = LINES.scan(store, &place, None, usize::MAX)?;
    Ok(Some(Report {
        run,
        lines: lines.into_iter().flat_map(|(_, lines)| lines).collect(),
    }))
}
