//! Comparisons as the configuration has them: thresholds on the right side of each other, and what stands for those that
//! are left out. Pure.

use super::entry::{Bound, Entry, OpName};
use super::op::Op;
use crate::domain::Faults;
use crate::domain::units::Span;

/// What a threshold hangs on: a built-in rule of that name may say the rest.
const BESIDE: &[&str] = &["id", "op", "raise", "clear", "window"];

impl Entry {
    /// How its values are compared, unless something is wrong with that.
    pub(super) fn compared(&self, faults: &mut Faults) -> Option<Op> {
        let mut wrong = Faults::default();
        let op = self.comparison(&mut wrong);
        let is_right = wrong.is_empty();
        faults.append(wrong);
        op.filter(|_| is_right)
    }

    fn comparison(&self, faults: &mut Faults) -> Option<Op> {
        if self.op.is_none() {
            let right = "one of > >= < <= outside stale delta";
            faults.joint("op", BESIDE, "is missing", right);
        }
        if self.op.is_some_and(|op| self.window.is_some() != (op == OpName::Delta)) {
            let what = "belongs to op = \"delta\", and that to it";
            faults.joint("window", BESIDE, what, "such as window = \"10m\"");
        }
        if self.raise.is_none() {
            faults.joint("raise", BESIDE, "is missing", "the threshold");
        }
        let (op, raise) = (self.op?, self.raise?);
        match op {
            OpName::Above | OpName::FromAbove | OpName::Delta => self.above(op, raise, faults),
            OpName::Below | OpName::FromBelow => self.below(op, raise, faults),
            OpName::Outside => self.outside(raise, faults),
            OpName::Stale => self.stale(raise, faults),
        }
    }

    /// Where it is well again, by what `read` makes of it, or what is usual after `raise`.
    fn cleared<T>(&self, raise: Option<T>, usual: impl Fn(T) -> T, read: impl FnMut(Bound) -> Option<T>) -> Option<T> {
        match self.clear {
            Some(clear) => Some(clear).and_then(read),
            None => raise.map(usual),
        }
    }

    fn above(&self, op: OpName, raise: Bound, faults: &mut Faults) -> Option<Op> {
        let raise = number("raise", raise, faults);
        let clear = self.cleared(
            raise,
            |raise| raise - room(raise),
            |clear| number("clear", clear, faults),
        );
        let is_short = self.window.is_some_and(|window| window.0.as_secs() < 1);
        if op == OpName::Delta && (raise.is_some_and(|raise| raise < 0.0) || is_short) {
            let what = "of a delta is 0 or more, its window a second or more";
            faults.joint("raise", BESIDE, what, "such as 500 in \"10m\"");
        }
        let (raise, clear) = (raise?, clear?);
        if clear > raise {
            let what = format!("{clear} is above raise, {raise}");
            faults.joint("clear", BESIDE, what, "at most raise: what is wrong is above");
        }
        let inclusive = op == OpName::FromAbove;
        Some(match self.window.filter(|_| op == OpName::Delta) {
            Some(window) => Op::Delta { raise, clear, window },
            None => Op::Above {
                raise,
                clear,
                inclusive,
            },
        })
    }

    fn below(&self, op: OpName, raise: Bound, faults: &mut Faults) -> Option<Op> {
        let raise = number("raise", raise, faults);
        let clear = self.cleared(
            raise,
            |raise| raise + room(raise),
            |clear| number("clear", clear, faults),
        );
        let (raise, clear) = (raise?, clear?);
        if clear < raise {
            let what = format!("{clear} is below raise, {raise}");
            faults.joint("clear", BESIDE, what, "at least raise: what is wrong is below");
        }
        Some(Op::Below {
            raise,
            clear,
            inclusive: op == OpName::FromBelow,
        })
    }

    fn outside(&self, raise: Bound, faults: &mut Faults) -> Option<Op> {
        let raise = pair("raise", raise, faults);
        let inner = |raise: [f64; 2]| {
            let room = (raise[1] - raise[0]) * 0.05;
            [raise[0] + room, raise[1] - room]
        };
        let clear = self.cleared(raise, inner, |clear| pair("clear", clear, faults));
        let (raise, clear) = (raise?, clear?);
        if clear[0] < raise[0] || clear[1] > raise[1] {
            faults.joint("clear", BESIDE, "reaches beyond raise", "a pair within raise");
        }
        Some(Op::Outside { raise, clear })
    }

    fn stale(&self, raise: Bound, faults: &mut Faults) -> Option<Op> {
        if self.clear.is_some() {
            faults.joint("clear", BESIDE, "is not used", "any value clears what is stale");
        }
        let after = match raise {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
            Bound::One(seconds) if (1.0..=31_536_000.0).contains(&seconds) => Span::seconds(seconds as u64),
            Bound::Time(span) if span >= Span::seconds(1) => span,
            Bound::One(_) | Bound::Two(_) | Bound::Time(_) => {
                let right = "seconds such as 600, or \"10m\"";
                faults.joint("raise", BESIDE, "is no time to be silent for", right);
                return None;
            }
        };
        Some(Op::Stale { after })
    }
}

fn room(raise: f64) -> f64 {
    raise.abs() * 0.05
}

fn number(key: &str, bound: Bound, faults: &mut Faults) -> Option<f64> {
    match bound {
        Bound::One(number) if number.is_finite() => Some(number),
        Bound::One(_) | Bound::Two(_) | Bound::Time(_) => {
            faults.joint(key, BESIDE, "is not one number", "such as 5000");
            None
        }
    }
}

fn pair(key: &str, bound: Bound, faults: &mut Faults) -> Option<[f64; 2]> {
    match bound {
        Bound::Two([low, high]) if low.is_finite() && high.is_finite() && low < high => Some([low, high]),
        Bound::One(_) | Bound::Two(_) | Bound::Time(_) => {
            let what = "is not the lowest and the highest value that are right";
            faults.joint(key, BESIDE, what, "such as [216.2, 253.0]");
            None
        }
    }
}
