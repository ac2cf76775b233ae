//! Steps as the chapters write them.

use std::fmt::Display;

use crate::tls::{Step, StepVerdict};

/// It holds.
pub(in crate::cli) fn good(step: &str, words: impl Display) -> Step {
    of(StepVerdict::Good, step, words, None)
}

/// Somebody should look, or it could not be looked at.
pub(in crate::cli) fn look(step: &str, words: impl Display, next: &str) -> Step {
    of(StepVerdict::Doubtful, step, words, Some(next))
}

/// It does not hold.
pub(in crate::cli) fn bad(step: &str, words: impl Display, next: &str) -> Step {
    of(StepVerdict::Bad, step, words, Some(next))
}

fn of(verdict: StepVerdict, step: &str, words: impl Display, next: Option<&str>) -> Step {
    Step {
        step: step.to_owned(),
        verdict,
        words: words.to_string(),
        next_step: next.filter(|next| !next.is_empty()).map(str::to_owned),
    }
}
