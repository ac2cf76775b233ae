//! Comparisons as the configuration has them: thresholds on the right side of each other, and what stands for those that
//! are left out. Pure.

use super::entry::{Bound, Entry, OpName, Wrong, wrong};
use super::op::Op;
use crate::domain::units::Span;

impl Entry {
    /// How its values are compared.
    pub(super) fn compared(&self) -> Result<Op, Wrong> {
        let op = self
            .op
            .ok_or_else(|| wrong("op", "is missing", "one of > >= < <= outside stale delta"))?;
        if self.window.is_some() != (op == OpName::Delta) {
            return Err(wrong(
                "window",
                "belongs to op = \"delta\", and that to it",
                "such as window = \"10m\"",
            ));
        }
        let raise = self
            .raise
            .ok_or_else(|| wrong("raise", "is missing", "the threshold"))?;
        let number = |key, bound| match bound {
            Bound::One(number) if number.is_finite() => Ok(number),
            Bound::One(_) | Bound::Two(_) | Bound::Time(_) => Err(wrong(key, "is not one number", "such as 5000")),
        };
        let room = |raise: f64| raise.abs() * 0.05;
        match op {
            OpName::Above | OpName::FromAbove | OpName::Delta => {
                let raise = number("raise", raise)?;
                let clear = self
                    .clear
                    .map_or(Ok(raise - room(raise)), |clear| number("clear", clear))?;
                if clear > raise {
                    return Err(wrong(
                        "clear",
                        format!("{clear} is above raise, {raise}"),
                        "at most raise: what is wrong is above",
                    ));
                }
                let Some(window) = self.window else {
                    let inclusive = op == OpName::FromAbove;
                    return Ok(Op::Above {
                        raise,
                        clear,
                        inclusive,
                    });
                };
                if raise < 0.0 || window.0.as_secs() < 1 {
                    return Err(wrong(
                        "raise",
                        "of a delta is 0 or more, its window a second or more",
                        "such as 500 in \"10m\"",
                    ));
                }
                Ok(Op::Delta { raise, clear, window })
            }
            OpName::Below | OpName::FromBelow => {
                let raise = number("raise", raise)?;
                let clear = self
                    .clear
                    .map_or(Ok(raise + room(raise)), |clear| number("clear", clear))?;
                if clear < raise {
                    return Err(wrong(
                        "clear",
                        format!("{clear} is below raise, {raise}"),
                        "at least raise: what is wrong is below",
                    ));
                }
                Ok(Op::Below {
                    raise,
                    clear,
                    inclusive: op == OpName::FromBelow,
                })
            }
            OpName::Outside => self.outside(raise),
            OpName::Stale => self.stale(raise),
        }
    }

    fn outside(&self, raise: Bound) -> Result<Op, Wrong> {
        let pair = |key, bound| match bound {
            Bound::Two([low, high]) if low.is_finite() && high.is_finite() && low < high => Ok([low, high]),
            Bound::One(_) | Bound::Two(_) | Bound::Time(_) => Err(wrong(
                key,
                "is not the lowest and the highest value that are right",
                "such as [216.2, 253.0]",
            )),
        };
        let raise = pair("raise", raise)?;
        let room = (raise[1] - raise[0]) * 0.05;
        let inner = [raise[0] + room, raise[1] - room];
        let clear = self.clear.map_or(Ok(inner), |clear| pair("clear", clear))?;
        if clear[0] < raise[0] || clear[1] > raise[1] {
            return Err(wrong("clear", "reaches beyond raise", "a pair within raise"));
        }
        Ok(Op::Outside { raise, clear })
    }

    fn stale(&self, raise: Bound) -> Result<Op, Wrong> {
        if self.clear.is_some() {
            return Err(wrong("clear", "is not used", "any value clears what is stale"));
        }
        let after = match raise {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
            Bound::One(seconds) if (1.0..=31_536_000.0).contains(&seconds) => Span::seconds(seconds as u64),
            Bound::Time(span) if span >= Span::seconds(1) => span,
            Bound::One(_) | Bound::Two(_) | Bound::Time(_) => {
                return Err(wrong(
                    "raise",
                    "is no time to be silent for",
                    "seconds such as 600, or \"10m\"",
                ));
            }
        };
        Ok(Op::Stale { after })
    }
}
