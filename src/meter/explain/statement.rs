//! A statement: the lines that lead from one balance to another (EMOP §23.2). Pure.

use jiff::Timestamp;
use jiff::civil::Date;

use super::amount::Exact;
use super::facts::Balance;
use crate::domain::Element;
use crate::meter::emop::Money;

/// What leads from one balance of a meter to another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    /// The balance that it begins with, as it was read.
    pub(super) opening: Balance,
    /// What was charged and paid in, in the order of time.
    pub(super) lines: Vec<Line>,
    /// What was cut off from the lines.
    pub(super) remainder: Exact,
    /// What all of it comes to.
    pub(super) computed: Exact,
    /// The balance that the meter showed at the end.
    pub(super) closing: Balance,
    /// Every balance from the one to the other, both among them.
    pub(super) balances: Vec<Balance>,
    /// What the difference is made of, as far as that is known.
    pub(super) causes: Vec<Cause>,
    /// Between what the difference lies if these causes are all; `None`: some have no bounds.
    pub(super) bounds: Option<(Exact, Exact)>,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// The day, where the house stands.
    pub(super) day: Date,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) what: What,
    /// In whole units, cut off; `None`: it was not computed.
    pub(super) amount: Option<Money>,
    /// The half-hours that it is the sum of, each with its watt-hours and what it cost.
    pub(super) half_hours: Vec<(Timestamp, u64, Exact)>,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Energy {
        element: Element,
        rate: Money,
    },
    StandingCharge,
    Debt,
    /// One of the box's own, of known worth.
    Topup {
        id: String,
    },
    /// Top-ups whose worth follows from the balance before and after.
    Step {
        ids: Vec<String>,
        foreign: usize,
        /// The box's own that are in doubt.
        doubted: Vec<String>,
        /// Whether the meter counted more payments than are known.
        perhaps_more: bool,
    },
    /// Half-hours that nobody knows, or a day's charge that depends on a tariff nobody knows.
    NotComputed {
        half_hours: usize,
        why: String,
    },
    /// Half-hours that are later than all that was fetched: provisional, no gap.
    NotFetched,
    /// The balance rose, and nobody knows why.
    Rise {
        by: Money,
        /// The box's own of that moment that are in doubt.
        doubted: Vec<String>,
    },
}

/// What a difference is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// A meter shows whole units.
    Rounding,
    /// A balance was read within a half-hour, which is charged to the time after it: what that half-hour cost.
    Cut { at: Timestamp, most: Option<Exact> },
    /// Something was not computed.
    NotComputed(String),
    /// Half-hours are later than all that was fetched.
    NotFetched,
    /// The balance rose, and no top-up is known: the meter's log was not read since, or somebody set it. Or one of the
    /// box's own of that moment is in doubt.
    Rise {
        at: Timestamp,
        by: Money,
        doubted: Vec<String>,
    },
    /// The worth of a top-up of unknown amount is taken from the balance before and after it.
    Step,
    /// Debt is taken to be recovered once a day; no object of the meter says what is still owed.
    Debt,
    /// Whether a balance below zero holds emergency credit.
    EmergencyCredit,
    /// The standing charge is taken to fall at the meter's own midnight.
    StandingCharge,
}

impl Statement {
    /// What the meter shows beside what was computed.
    pub(super) fn difference(&self) -> Exact {
        Exact::from(self.closing.amount) - self.computed
    }

    /// Whether the difference is one that rounding and half-hours that a read cut in two can make.
    pub(super) fn is_explained(&self) -> bool {
        self.bounds
            .is_some_and(|(least, most)| (least..=most).contains(&self.difference()))
    }
}
