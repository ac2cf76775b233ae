//! One rule over one source: `normal → pending → active → clearing → normal` (UPLINK §3.6). Pure.
//!
//! The time is that of samples. Between two of them a value is taken to stand, so that what must hold for a while
//! needs no further sample; but not longer than three times the usual pause between samples, for then nobody knows.
//! What is said does not depend on how often [`State::tick`] is called, only on the samples.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::era::ClockSet;
use super::op::Op;
use super::window::Window;
use crate::domain::units::Span;

/// Raises within an hour from which on a rule flaps.
const FLAPS: usize = 6;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// A rule that flaps stays active for so long.
const FLAPPING_HOLD: SignedDuration = SignedDuration::from_mins(10);
/// A clock that goes back by more than this was set, and the state goes on from there.
const SET_BACK: SignedDuration = SignedDuration::from_mins(5);

/// What the machine is to know of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// The comparison.
    pub op: Op,
    /// How long a value must be wrong before it is said.
    pub hold: Span,
    /// How long it must be well again before that is said.
    pub clear_hold: Span,
    /// How often it is said again while it stands; nothing: never.
    pub remind: Span,
    /// Whether values stand until the next one, however long that takes: counts, not readings.
    pub stands: bool,
}

/// Where a rule is with a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// All is well.
    #[default]
    Normal,
    /// A value is wrong, for less time than it takes.
    Pending,
    /// It was said.
    Active,
    /// It was said, and the value is well again, for less time than it takes.
    Clearing,
}

/// What is to be said, and as of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The alarm begins.
    Raised {
        /// When the value had been wrong for long enough.
        at: Timestamp,
        /// It has begun too often lately.
        flapping: bool,
    },
    /// It still stands.
    Reminded {
        /// When that was due.
        at: Timestamp,
    },
    /// It is over.
    Cleared {
        /// When the value had been well for long enough.
        at: Timestamp,
    },
}

/// What is remembered of a rule and a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    phase: Phase,
    /// The newest value.
    value: Option<f64>,
    /// When it came.
    last: Option<Timestamp>,
    /// Up to where time was counted.
    counted: Option<Timestamp>,
    /// How long the phase that waits has lasted, in counted milliseconds.
    held_ms: i64,
    /// The latest pauses between samples, in milliseconds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pauses: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    raises: Vec<Timestamp>,
    /// It does not clear before this.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// When it was last said.
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<Timestamp>,
    #[serde(skip_serializing_if = "Window::is_empty")]
    window: Window,
}

/// What happens by time alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It was silent for too long.
    Silent,
    Raise,
    Clear,
}

impl State {
    /// Where the rule is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The newest value, as it was compared.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.value
    }

    /// Whether it was said and is not over.
    #[must_use]
    pub fn stands(&self) -> bool {
        matches!(self.phase, Phase::Active | Phase::Clearing)
    }

    /// Whether it is as if it had never been, but for the newest value.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.phase == Phase::Normal && self.raises.is_empty()
    }

    /// Has silence count from now on.
    pub fn begin(&mut self, at: Timestamp) {
        if self.last.is_none_or(|last| last < at) && !self.stands() {
            (self.last, self.counted) = (Some(at), Some(at));
        }
    }

    /// A value came. One that is older than the newest, or that is no number, changes nothing.
    #[must_use]
    pub fn sample(&mut self, parameters: &Parameters, at: Timestamp, value: f64) -> Vec<Said> {
        if !value.is_finite() || self.last.is_some_and(|last| at < last) {
            return Vec::new();
        }
        // A moment that was looked at before the value came is not looked at again.
        let at = self.counted.map_or(at, |counted| at.max(counted));
        let mut said = self.advance(parameters, at);
        if let Some(last) = self.last.replace(at) {
            self.pauses.push(ms(at, last));
            let many = self.pauses.len().saturating_sub(3);
            self.pauses.drain(..many);
        }
        self.counted = Some(at);
        let value = match &parameters.op {
            Op::Delta { window, .. } => self.window.add(at, value, window.0),
            Op::Above { .. } | Op::Below { .. } | Op::Outside { .. } | Op::Stale { .. } => value,
        };
        self.value = Some(value);
        said.extend(self.judge(parameters, at, value));
        said
    }

    /// Time went by.
    #[must_use]
    pub fn tick(&mut self, parameters: &Parameters, now: Timestamp) -> Vec<Said> {
        if self.counted.is_some_and(|counted| ms(counted, now) > millis(SET_BACK)) {
            (self.counted, self.last) = (Some(now), self.last.map(|_| now));
            self.raises.clear();
            (self.until, self.said) = (None, self.said.map(|_| now));
        }
        let mut said = self.advance(parameters, now);
        self.raises.retain(|raise| now.duration_since(*raise) < HOUR);
        if let Some(due) = self.reminder(parameters).filter(|due| *due <= now) {
            self.said = Some(now);
            said.push(Said::Reminded { at: due });
        }
        said
    }

    /// When [`State::tick`] has something to do.
    #[must_use]
    pub fn due(&self, parameters: &Parameters) -> Option<Timestamp> {
        let turn = self.next(parameters).map(|(at, _)| plus(at, 1));
        // Raises are remembered for an hour.
        let forgotten = self.raises.first().map(|raise| plus(*raise, millis(HOUR)));
        [turn, self.reminder(parameters), forgotten].into_iter().flatten().min()
    }

    fn reminder(&self, parameters: &Parameters) -> Option<Timestamp> {
        let said = self.said.filter(|_| self.stands() && !parameters.remind.is_zero())?;
        Some(plus(said, span_ms(parameters.remind)))
    }

    /// Lets everything happen that happens before `to`; what would happen at `to` is for the sample of that moment.
    fn advance(&mut self, parameters: &Parameters, to: Timestamp) -> Vec<Said> {
        let mut said = Vec::new();
        while let Some((at, turn)) = self.next(parameters).filter(|(at, _)| *at < to) {
            self.count(parameters, at);
            match turn {
                Turn::Silent => {
                    self.phase = if self.stands() { Phase::Active } else { Phase::Pending };
                    (self.held_ms, self.counted) = (0, Some(at));
                }
                Turn::Raise => {
                    if let (Op::Stale { .. }, Some(last)) = (&parameters.op, self.last) {
                        #[expect(clippy::cast_precision_loss, reason = "seconds of silence, for people")]
                        let silent = (ms(at, last) / 1_000) as f64;
                        self.value = Some(silent);
                    }
                    said.push(self.raise(at));
                }
                Turn::Clear => said.push(self.clear(at)),
            }
        }
        self.count(parameters, to);
        said
    }

    fn judge(&mut self, parameters: &Parameters, at: Timestamp, value: f64) -> Option<Said> {
        let (wrong, well) = (parameters.op.meets(value), parameters.op.clears(value));
        match self.phase {
            Phase::Normal if wrong => (self.phase, self.held_ms) = (Phase::Pending, 0),
            Phase::Pending if !wrong => self.phase = Phase::Normal,
            Phase::Active if well => (self.phase, self.held_ms) = (Phase::Clearing, 0),
            Phase::Clearing if !well => self.phase = Phase::Active,
            Phase::Normal | Phase::Pending | Phase::Active | Phase::Clearing => {}
        }
        match self.phase {
            Phase::Pending if self.held_ms >= span_ms(parameters.hold) => Some(self.raise(at)),
            Phase::Clearing
                if self.held_ms >= span_ms(parameters.clear_hold) && self.until.is_none_or(|until| until <= at) =>
            {
                Some(self.clear(at))
            }
            Phase::Normal | Phase::Pending | Phase::Active | Phase::Clearing => None,
        }
    }

    fn raise(&mut self, at: Timestamp) -> Said {
        self.phase = Phase::Active;
        self.raises.retain(|raise| at.duration_since(*raise) < HOUR);
        self.raises.push(at);
        let flapping = self.raises.len() > FLAPS;
        self.until = flapping.then(|| plus(at, millis(FLAPPING_HOLD)));
        self.said = Some(at);
        Said::Raised { at, flapping }
    }

    fn clear(&mut self, at: Timestamp) -> Said {
        self.phase = Phase::Normal;
        (self.until, self.said) = (None, None);
        Said::Cleared { at }
    }

    /// What happens next when no sample comes.
    fn next(&self, parameters: &Parameters) -> Option<(Timestamp, Turn)> {
        let counted = self.counted?;
        let in_time = |hold: Span| {
            let left = (span_ms(hold) - self.held_ms).max(0);
            let at = plus(counted, left);
            (left == 0 || self.edge(parameters).is_none_or(|edge| at <= edge)).then_some(at)
        };
        let silent = match (&parameters.op, self.last) {
            (Op::Stale { after }, Some(last)) => Some(plus(last, span_ms(*after))),
            _ => None,
        };
        match self.phase {
            Phase::Normal => Some((silent?, Turn::Silent)),
            Phase::Pending => Some((in_time(parameters.hold)?, Turn::Raise)),
            Phase::Active => None,
            Phase::Clearing => {
                let clear = in_time(parameters.clear_hold).map(|at| self.until.map_or(at, |until| at.max(until)));
                match (clear, silent) {
                    (clear, Some(silent)) if clear.is_none_or(|clear| silent < clear) => Some((silent, Turn::Silent)),
                    (clear, _) => Some((clear?, Turn::Clear)),
                }
            }
        }
    }

    /// The clock was set: what is remembered moves along, since no more time has passed than before.
    pub fn clock_was_set(&mut self, set: &ClockSet) {
        let move_on = |at: &mut Timestamp| set.move_along(at);
        let single = [&mut self.last, &mut self.counted, &mut self.until, &mut self.said];
        single.into_iter().flatten().for_each(move_on);
        self.raises.iter_mut().for_each(move_on);
        self.window.clock_was_set(set);
    }

    /// Beyond this nobody knows whether the newest value still stands.
    fn edge(&self, parameters: &Parameters) -> Option<Timestamp> {
        if parameters.stands || matches!(parameters.op, Op::Stale { .. }) {
            return None;
        }
        let mut pauses = self.pauses.clone();
        pauses.sort_unstable();
        // One long pause among three does not count, nor one short one.
        let usual = *pauses.get(pauses.len() / 2)?;
        Some(plus(self.last?, 3 * usual))
    }

    fn count(&mut self, parameters: &Parameters, to: Timestamp) {
        let Some(counted) = self.counted.filter(|counted| *counted < to) else {
            return;
        };
        let until = self.edge(parameters).map_or(to, |edge| edge.min(to));
        if matches!(self.phase, Phase::Pending | Phase::Clearing) {
            self.held_ms += ms(until, counted).max(0);
        }
        self.counted = Some(to);
    }
}

fn span_ms(span: Span) -> i64 {
    i64::try_from(span.0.as_millis()).unwrap_or(i64::MAX / 8)
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 8)
}

/// Milliseconds from `from` to `to`.
fn ms(to: Timestamp, from: Timestamp) -> i64 {
    millis(to.duration_since(from))
}

fn plus(at: Timestamp, ms: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(ms))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
