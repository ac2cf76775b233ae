//! What lies between two reads of the balance, and what a read leaves open: a part of the sum (EMOP §23.5). Pure.

use jiff::Timestamp;

use super::amount::Exact;
use super::facts::Balance;
use super::payments::Paid;
use super::statement::{Cause, What};
use super::sum::{Key, ROUNDING, Sum};
use crate::domain::boundary_from;
use crate::meter::emop::Money;

impl Sum<'_> {
    /// Top-ups between two reads: by their worth where that is known, else by what the balance rose and what was charged.
    pub(super) fn pay(&mut self, gap: usize, paid: &Paid) {
        let balances = &self.facts.balances;
        let (before, after) = (balances[gap], balances[gap + 1]);
        let (day, span) = (self.date(after.at), before.at..after.at);
        for (number, (id, worth)) in paid.known.iter().enumerate() {
            let what = What::Topup { id: id.clone() };
            self.line((day, Key::Paid(gap, number)), &span, what).exact = Some(Exact::from(*worth));
        }
        if !paid.is_step() {
            return;
        }
        let known: Exact = paid.known.iter().map(|(_, worth)| Exact::from(*worth)).sum();
        let rise = Exact::from(after.amount) - Exact::from(before.amount);
        let worth = rise + self.charged(before.at, after.at) - known;
        let worth = Money((worth + Exact(500)).0.div_euclid(1_000).try_into().unwrap_or(i64::MAX));
        if worth.0 <= 0 && paid.foreign == 0 && paid.unknown.is_empty() {
            // Nothing is left for a payment that only may have been.
            return;
        }
        if worth.0 <= 0 {
            let why = "a top-up of unknown worth, which the balance does not show".to_owned();
            return self.not_computed(day, &span, 0, why);
        }
        let what = What::Step {
            ids: paid.unknown.clone(),
            foreign: paid.foreign,
            doubted: paid.doubted.clone(),
            perhaps_more: paid.perhaps_more,
        };
        self.line((day, Key::Paid(gap, usize::MAX)), &span, what).exact = Some(Exact::from(worth));
        self.causes.insert(Cause::Step);
        // What is before it and what is after it are two stretches, each with its ends.
        self.widen(ROUNDING, ROUNDING);
        for end in [before, after] {
            self.cut(end, 1);
            self.cut(end, -1);
        }
    }

    /// What was charged in a stretch, as far as it was computed.
    fn charged(&self, after: Timestamp, until: Timestamp) -> Exact {
        let halves = self.half_hours(after, until);
        let costs = halves.iter().filter_map(|one| self.cost(one).ok());
        let used: Exact = costs
            .flatten()
            .map(|(_, rate, watt_hours)| Exact::cost(watt_hours, rate))
            .sum();
        let days = self.lines.values().filter(|line| {
            matches!(line.what, What::StandingCharge | What::Debt) && after < line.from && line.from <= until
        });
        used - days.filter_map(|line| line.exact).sum()
    }

    /// The balance rose, and nothing is known to have been paid in; `doubt`: what may have been.
    pub(super) fn rise(&mut self, gap: usize, doubt: Option<&Paid>) {
        let doubted = doubt.map_or_else(Vec::new, |paid| paid.doubted.clone());
        let balances = &self.facts.balances;
        let (before, after) = (balances[gap], balances[gap + 1]);
        let by = Money(after.amount.0 - before.amount.0);
        let key = (self.date(after.at), Key::Paid(gap, 0));
        let what = What::Rise {
            by,
            doubted: doubted.clone(),
        };
        self.line(key, &(before.at..after.at), what);
        let at = after.at;
        self.causes.insert(Cause::Rise { at, by, doubted });
        self.bounds = None;
    }

    fn widen(&mut self, least: Exact, most: Exact) {
        if let Some((low, high)) = &mut self.bounds {
            *low = *low - least;
            *high += most;
        }
    }

    /// A balance that was read within a half-hour: what was used in it before the read is charged after it. At the
    /// beginning (1) that charges too much, at the end (-1) too little.
    pub(super) fn cut(&mut self, read: Balance, end: i8) {
        if boundary_from(read.at) == Some(read.at) {
            return;
        }
        let halves = &self.facts.half_hours;
        let place = halves.partition_point(|one| one.to() <= read.at);
        let one = halves.get(place).filter(|one| one.from < read.at);
        let cost = one.and_then(|one| self.cost(one).ok()).map(|costs| {
            let all = costs.into_iter();
            all.map(|(_, rate, watt_hours)| Exact::cost(watt_hours, rate))
                .sum::<Exact>()
        });
        self.causes.insert(Cause::Cut {
            at: read.at,
            most: cost,
        });
        match (cost, end) {
            (Some(cost), 1) => self.widen(Exact::ZERO, cost.abs()),
            (Some(cost), _) => self.widen(cost.abs(), Exact::ZERO),
            (None, _) => self.bounds = None,
        }
    }
}
