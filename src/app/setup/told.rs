//! A step of the setup as it is told: by its lines, each with its state, its words and the next move.

use crate::texts::Said;
use crate::tls::StepVerdict;

/// Something that was looked at.
pub(super) struct Told {
    pub(super) verdict: StepVerdict,
    pub(super) words: Said,
    /// What is to be done about it.
    pub(super) next: Option<Said>,
    /// What does that in a terminal, where the page cannot.
    pub(super) command: Option<String>,
}

impl Told {
    /// It holds.
    pub(super) fn done(words: Said) -> Told {
        Told::of(StepVerdict::Good, words)
    }

    /// It waits for somebody.
    pub(super) fn waits(words: Said) -> Told {
        Told::of(StepVerdict::Doubtful, words)
    }

    /// It does not hold.
    pub(super) fn wrong(words: Said) -> Told {
        Told::of(StepVerdict::Bad, words)
    }

    fn of(verdict: StepVerdict, words: Said) -> Told {
        Told {
            verdict,
            words,
            next: None,
            command: None,
        }
    }

    /// With what is to be done about it.
    pub(super) fn next(self, next: Said) -> Told {
        Told {
            next: Some(next),
            ..self
        }
    }

    /// With the command that does it.
    pub(super) fn command(self, command: impl Into<String>) -> Told {
        Told {
            command: Some(command.into()),
            ..self
        }
    }
}

/// One of the seven.
pub(super) struct Step {
    pub(super) number: usize,
    /// The name of its text.
    pub(super) text: &'static str,
    pub(super) told: Vec<Told>,
}

impl Step {
    /// As the worst of its lines is.
    pub(super) fn verdict(&self) -> StepVerdict {
        let any = |verdict| self.told.iter().any(|told| told.verdict == verdict);
        match (any(StepVerdict::Bad), any(StepVerdict::Doubtful)) {
            (true, _) => StepVerdict::Bad,
            (false, true) => StepVerdict::Doubtful,
            (false, false) => StepVerdict::Good,
        }
    }
}
