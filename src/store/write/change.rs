//! A change on its way: the closure, and whom to answer. One that fails leaves no trace (BOOK P2).

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::store::{Page, WriteError};

/// How a change ended on its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Ran {
    /// It said yes; what it wrote is to be kept.
    Agreed,
    /// It said no or panicked; what it wrote is to be forgotten.
    Forget,
}

/// What became of the group that a change was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Verdict {
    /// It is on disk.
    Durable,
    /// The disk is full.
    DiskFull,
}

/// A change that waits for the pen, whatever its answer is.
pub(in crate::store) trait Change: Send {
    /// Runs it; a panic stays inside.
    fn run(&mut self, page: &mut Page) -> Ran;
    /// Answers whoever waits.
    fn answer(self: Box<Self>, verdict: Verdict);
}

/// A change with a closure and an answer.
pub(in crate::store) struct Submission<F, R, E> {
    change: Option<F>,
    outcome: Option<Result<R, WriteError<E>>>,
    asker: oneshot::Sender<Result<R, WriteError<E>>>,
}

impl<F, R, E> Submission<F, R, E> {
    pub(in crate::store) fn new(change: F, asker: oneshot::Sender<Result<R, WriteError<E>>>) -> Submission<F, R, E> {
        Submission {
            change: Some(change),
            outcome: None,
            asker,
        }
    }
}

impl<F, R, E> Change for Submission<F, R, E>
where
    F: FnOnce(&mut Page) -> Result<R, E> + Send,
    R: Send,
    E: Send,
{
    fn run(&mut self, page: &mut Page) -> Ran {
        let Some(change) = self.change.take() else {
            return Ran::Forget;
        };
        let outcome = match catch_unwind(AssertUnwindSafe(|| change(page))) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(refusal)) => Err(WriteError::Refused(refusal)),
            Err(_) => Err(WriteError::Panicked),
        };
        let ran = if outcome.is_ok() { Ran::Agreed } else { Ran::Forget };
        self.outcome = Some(outcome);
        ran
    }

    fn answer(self: Box<Self>, verdict: Verdict) {
        let answer = match verdict {
            Verdict::Durable => self.outcome.unwrap_or(Err(WriteError::Closed)),
            Verdict::DiskFull => Err(WriteError::DiskFull),
        };
        // Whoever asked may have gone; the change stands either way.
        let _: Result<(), _> = self.asker.send(answer);
    }
}
