//! What a difference can be made of, each cause once: the same on days that follow each other is one, with how often and
//! how much in all (EMOP §23.7).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::amount::Exact;
use super::statement::{Cause, Line, Statement, What};
use super::words;
use crate::domain::HALF_HOUR;

/// A part of what a difference can be made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DifferenceShown {
    /// `not_computed` (something was left out), `not_fetched` (half-hours that are not fetched yet), `rise` (of which no top-up is known), `cut` (a half-hour in which a balance
    /// was read), `rounding`, `step` (a top-up whose worth follows from the balance), `debt`, `standing_charge` or
    /// `emergency_credit`.
    pub kind: String,
    /// What it is, in words.
    pub words: String,
    /// The first day, where the house stands; absent: it is about all of the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub first: Option<Date>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub last: Option<Date>,
    /// From when.
    #[schema(value_type = String)]
    pub from: Timestamp,
    /// Until when.
    #[schema(value_type = String)]
    pub to: Timestamp,
    /// How many half-hours, days, rises or balances it is, as `words` says.
    pub times: usize,
    /// How much it is in all, or can be at most, in pounds; absent: nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
}

/// The same cause, as long as it goes on.
struct Run {
    cause: Cause,
    first: Date,
    last: Date,
    from: Timestamp,
    to: Timestamp,
    /// Lines or reads, and the half-hours of these lines.
    times: usize,
    half_hours: usize,
    amount: Option<Exact>,
}

impl Run {
    fn of_line(line: &Line) -> Option<Run> {
        let (cause, half_hours, amount) = match &line.what {
            What::NotComputed { half_hours, why } => (Cause::NotComputed(why.clone()), *half_hours, None),
            What::NotFetched => (Cause::NotFetched, 0, None),
            What::Rise { by, doubted } => {
                let (at, doubted) = (line.to, doubted.clone());
                (Cause::Rise { at, by: *by, doubted }, 0, Some(Exact::from(*by)))
            }
            _ => return None,
        };
        Some(Run {
            cause,
            first: line.day,
            last: line.day,
            from: line.from,
            to: line.to,
            times: 1,
            half_hours,
            amount,
        })
    }

    fn of_cut(cause: &Cause, place: &TimeZone) -> Option<Run> {
        let Cause::Cut { at, most } = cause else { return None };
        let day = at.to_zoned(place.clone()).date();
        Some(Run {
            cause: cause.clone(),
            first: day,
            last: day,
            from: *at,
            to: *at,
            times: 1,
            half_hours: 0,
            amount: *most,
        })
    }

    /// Whether `next`, which is not before it, is more of the same. Balances that are read within half-hours are the same
    /// on whatever day.
    fn goes_on_as(&self, next: &Run) -> bool {
        let follows = || self.last == next.last || self.last.tomorrow().is_ok_and(|day| day == next.first);
        match (&self.cause, &next.cause) {
            (Cause::Cut { .. }, Cause::Cut { .. }) => true,
            (Cause::NotComputed(one), Cause::NotComputed(other)) => one == other && follows(),
            (Cause::NotFetched, Cause::NotFetched) => follows(),
            (Cause::Rise { doubted: one, .. }, Cause::Rise { doubted: other, .. }) => {
                one.is_empty() && other.is_empty() && follows()
            }
            _ => false,
        }
    }

    fn take(&mut self, next: &Run) {
        self.last = next.last;
        self.from = self.from.min(next.from);
        self.to = self.to.max(next.to);
        self.times += next.times;
        self.half_hours += next.half_hours;
        self.amount = self.amount.zip(next.amount).map(|(one, other)| one + other);
    }

    fn shown(self, place: &TimeZone) -> DifferenceShown {
        let (words, times) = match &self.cause {
            Cause::NotComputed(why) => (words::left_out(self.half_hours, why), self.half_hours.max(self.times)),
            Cause::NotFetched => {
                let seconds = self.to.duration_since(self.from).as_secs();
                let half_hours = usize::try_from(seconds / HALF_HOUR).unwrap_or(self.times);
                (words::not_fetched(&(self.from..self.to), place), half_hours)
            }
            cause => (words::of_cause(cause, self.times, self.amount), self.times),
        };
        DifferenceShown {
            kind: kind(&self.cause).to_owned(),
            words,
            first: Some(self.first),
            last: Some(self.last),
            from: self.from,
            to: self.to,
            times,
            amount: self.amount.map(|amount| amount.to_string()),
        }
    }
}

/// What the difference of a statement can be made of: what stands in its lines, in the order of time, then the rest.
pub(super) fn differences(statement: &Statement, place: &TimeZone) -> Vec<DifferenceShown> {
    let of_lines = statement.lines.iter().filter_map(Run::of_line);
    let of_reads = statement.causes.iter().filter_map(|cause| Run::of_cut(cause, place));
    let mut runs: Vec<Run> = Vec::new();
    for next in of_lines.chain(of_reads) {
        match runs.iter_mut().rfind(|run| run.goes_on_as(&next)) {
            Some(run) => run.take(&next),
            None => runs.push(next),
        }
    }
    let always = statement.causes.iter().filter(|cause| !is_of_lines_or_reads(cause));
    let always = always.map(|cause| DifferenceShown {
        kind: kind(cause).to_owned(),
        words: words::of_cause(cause, 1, None),
        first: None,
        last: None,
        from: statement.opening.at,
        to: statement.closing.at,
        times: 1,
        amount: None,
    });
    runs.into_iter().map(|run| run.shown(place)).chain(always).collect()
}

fn is_of_lines_or_reads(cause: &Cause) -> bool {
    match cause {
        Cause::Cut { .. } | Cause::NotComputed(_) | Cause::NotFetched | Cause::Rise { .. } => true,
        Cause::Rounding | Cause::Step | Cause::Debt | Cause::EmergencyCredit | Cause::StandingCharge => false,
    }
}

fn kind(cause: &Cause) -> &'static str {
    match cause {
        Cause::Rounding => "rounding",
        Cause::Cut { .. } => "cut",
        Cause::NotComputed(_) => "not_computed",
        Cause::NotFetched => "not_fetched",
        Cause::Rise { .. } => "rise",
        Cause::Step => "step",
        Cause::Debt => "debt",
        Cause::EmergencyCredit => "emergency_credit",
        Cause::StandingCharge => "standing_charge",
    }
}

impl DifferenceShown {
    /// Whether it stands in the place of lines that have no amount.
    #[must_use]
    pub fn is_of_lines(&self) -> bool {
        matches!(self.kind.as_str(), "not_computed" | "not_fetched" | "rise")
    }

    /// In words, with its days.
    #[must_use]
    pub fn told(&self) -> String {
        match (self.first, self.last) {
            (Some(first), Some(last)) if first == last => format!("{first}: {}", self.words),
            (Some(first), Some(last)) => format!("{first} to {last}: {}", self.words),
            _ => self.words.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::Balance;
    use super::*;
    use crate::meter::emop::Money;

    fn line(day: &str, what: What) -> Line {
        let day: Date = day.parse().unwrap();
        let from = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
        Line {
            day,
            from,
            to: from,
            what,
            amount: None,
            half_hours: Vec::new(),
        }
    }

    fn gap(day: &str, half_hours: usize, why: &str) -> Line {
        let why = why.to_owned();
        line(day, What::NotComputed { half_hours, why })
    }

    fn rise(day: &str, units: i64) -> Line {
        line(
            day,
            What::Rise {
                by: Money(units),
                doubted: Vec::new(),
            },
        )
    }

    fn statement(lines: Vec<Line>, causes: Vec<Cause>) -> Statement {
        let read = |at: &str| Balance {
            at: at.parse().unwrap(),
            amount: Money(0),
        };
        Statement {
            opening: read("2026-02-01T00:00:00Z"),
            lines,
            remainder: Exact::ZERO,
            computed: Exact::ZERO,
            closing: read("2026-03-01T00:00:00Z"),
            balances: Vec::new(),
            causes,
            bounds: None,
        }
    }

    /// Kind, days, how often, how much.
    fn of(statement: &Statement) -> Vec<(String, String, usize, String)> {
        let days = |one: &DifferenceShown| match (one.first, one.last) {
            (Some(first), Some(last)) => format!("{}-{}", first.day(), last.day()),
            _ => String::new(),
        };
        let all = differences(statement, &TimeZone::UTC).into_iter();
        all.map(|one| (one.kind.clone(), days(&one), one.times, one.amount.unwrap_or_default()))
            .collect()
    }

    fn told(kind: &str, days: &str, times: usize, amount: &str) -> (String, String, usize, String) {
        (kind.to_owned(), days.to_owned(), times, amount.to_owned())
    }

    #[test]
    fn the_same_on_days_that_follow_each_other_is_one_and_anything_else_is_not() {
        let lines = vec![
            gap("2026-02-02", 3, "one"),
            gap("2026-02-02", 0, "days"),
            gap("2026-02-03", 48, "one"),
            gap("2026-02-03", 2, "other"),
            gap("2026-02-03", 0, "days"),
            rise("2026-02-03", 500),
            rise("2026-02-03", 700),
            gap("2026-02-04", 5, "one"),
            rise("2026-02-04", 1),
            // A day without it lies between.
            gap("2026-02-06", 1, "one"),
            rise("2026-02-06", 2),
        ];
        let causes = vec![
            Cause::Rounding,
            Cause::NotComputed("one".to_owned()),
            Cause::Rise {
                at: "2026-02-03T00:00:00Z".parse().unwrap(),
                by: Money(500),
                doubted: Vec::new(),
            },
            Cause::Debt,
        ];
        let statement = statement(lines, causes);
        assert_eq!(
            of(&statement),
            [
                told("not_computed", "2-4", 56, ""),
                told("not_computed", "2-3", 2, ""),
                told("not_computed", "3-3", 2, ""),
                told("rise", "3-4", 3, "0.01201"),
                told("not_computed", "6-6", 1, ""),
                told("rise", "6-6", 1, "0.00002"),
                told("rounding", "", 1, ""),
                told("debt", "", 1, ""),
            ]
        );
        let words = differences(&statement, &TimeZone::UTC);
        assert_eq!(
            words[0].told(),
            "2026-02-02 to 2026-02-04: 56 half-hours are left out: one"
        );
        assert!(
            words[3].words.starts_with("the balance rose by £0.01201 in 3 steps"),
            "{}",
            words[3].words
        );
    }

    #[test]
    fn balances_that_were_read_within_half_hours_are_one_cause_on_whatever_days() {
        let cut = |at: &str, most: Option<i128>| Cause::Cut {
            at: at.parse().unwrap(),
            most: most.map(Exact),
        };
        let known = [
            cut("2026-02-02T10:10:00Z", Some(500_000)),
            cut("2026-02-20T10:10:00Z", Some(1_000_000)),
        ];
        assert_eq!(
            of(&statement(Vec::new(), known.to_vec())),
            [told("cut", "2-20", 2, "0.015")]
        );
        let one_is_not = [known[0].clone(), cut("2026-02-03T10:10:00Z", None)];
        assert_eq!(
            of(&statement(Vec::new(), one_is_not.to_vec())),
            [told("cut", "2-3", 2, "")]
        );
    }
}
