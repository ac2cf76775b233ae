//! Adds up what leads from one balance to another (EMOP §23.2). Pure: it is told the time and the place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::amount::Exact;
use super::facts::{Balance, Facts, HalfHourUsed};
use super::payments::{Paid, paid, rises};
use super::statement::{Cause, Line, Statement, What};
use super::tariff::Charges;
use crate::domain::{Element, boundary_from};
use crate::meter::emop::Money;
use crate::meter::own_time::OwnTime;

/// What a tariff that nobody has read is called.
const NO_TARIFF: &str = "which prices were in force is not known";
/// What the rounding of a meter may make of each stretch that is added up by itself.
const ROUNDING: Exact = Exact(1_000);

/// What leads to the last balance that was read until `span` ends, from the last one until it begins, or else from the
/// first. `None`: there are no two.
pub(super) fn statement(facts: &Facts, span: &Range<Timestamp>, place: &TimeZone) -> Option<Statement> {
    let begins = facts.begins()?;
    let first = facts.balances.partition_point(|balance| balance.at < begins);
    let until = |at: Timestamp| facts.balances.partition_point(|balance| balance.at <= at);
    let opening = until(span.start).saturating_sub(1).max(first);
    let closing = until(span.end).checked_sub(1)?;
    if closing <= opening {
        return None;
    }
    let mut sum = Sum {
        facts,
        begins,
        place,
        lines: BTreeMap::new(),
        causes: BTreeSet::from([Cause::Rounding]),
        bounds: Some((-ROUNDING, ROUNDING)),
    };
    Some(sum.add(opening, closing))
}

struct Sum<'f> {
    facts: &'f Facts,
    begins: Timestamp,
    place: &'f TimeZone,
    lines: BTreeMap<(Date, Key), Sub>,
    causes: BTreeSet<Cause>,
    bounds: Option<(Exact, Exact)>,
}

/// What is one line: everything of a day with the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    StandingCharge(Timestamp),
    Debt(Timestamp),
    Energy(u8, Money),
    NotComputed(String),
    Paid(usize, usize),
}

/// A line that grows.
struct Sub {
    from: Timestamp,
    to: Timestamp,
    what: What,
    exact: Option<Exact>,
    half_hours: Vec<(Timestamp, u64, Exact)>,
}

impl Sum<'_> {
    fn add(&mut self, opening: usize, closing: usize) -> Statement {
        let balances = &self.facts.balances;
        let (first, last) = (balances[opening], balances[closing]);
        let steps: BTreeMap<usize, Paid> = paid(self.facts)
            .into_iter()
            .filter(|(gap, _)| (opening..closing).contains(gap))
            .collect();
        let halves = self.half_hours(first.at, last.at);
        for half_hour in halves {
            self.charge(&half_hour);
        }
        self.days(first.at, last.at);
        for gap in opening..closing {
            match steps.get(&gap) {
                Some(paid) => self.pay(gap, paid),
                None if rises(balances, gap) => self.rise(gap),
                None => {}
            }
        }
        self.cut(first, 1);
        self.cut(last, -1);
        if first.amount.0 < 0 || last.amount.0 < 0 {
            self.causes.insert(Cause::EmergencyCredit);
        }
        self.close(&balances[opening..=closing])
    }

    /// The half-hours that end within a stretch: so each belongs to one stretch alone, wherever it is cut.
    fn half_hours(&self, after: Timestamp, until: Timestamp) -> Vec<HalfHourUsed> {
        let all = &self.facts.half_hours;
        let from = all.partition_point(|one| one.to() <= after);
        let to = all.partition_point(|one| one.to() <= until);
        all.get(from..to).unwrap_or_default().to_vec()
    }

    fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.place.clone()).date()
    }

    fn line(&mut self, key: (Date, Key), span: &Range<Timestamp>, what: What) -> &mut Sub {
        let sub = self.lines.entry(key).or_insert_with(|| Sub {
            from: span.start,
            to: span.end,
            what,
            exact: None,
            half_hours: Vec::new(),
        });
        sub.from = sub.from.min(span.start);
        sub.to = sub.to.max(span.end);
        sub
    }

    /// What a half-hour costs by element; why not, where nobody knows.
    fn cost(&self, one: &HalfHourUsed) -> Result<Vec<(Element, Money, u64)>, String> {
        let used = one.used.map_err(|why| why.to_string())?;
        // What was before everything began does not count.
        let span = one.from.max(self.begins)..one.to();
        let tariff = self.facts.tariff_over(&span).ok_or(NO_TARIFF)?;
        let charges = tariff.charges.map_err(|why| why.to_string())?;
        let mut costs = vec![(Element::A, charges.unit_rate_a, used.a)];
        if used.b > 0 {
            let rate = charges
                .unit_rate_b
                .ok_or("the price of the second circuit was not read")?;
            costs.push((Element::B, rate, used.b));
        }
        Ok(costs)
    }

    fn charge(&mut self, one: &HalfHourUsed) {
        let (day, span) = (self.date(one.from), one.from..one.to());
        match self.cost(one) {
            Ok(costs) => {
                for (element, rate, watt_hours) in costs {
                    let number = u8::from(element == Element::B);
                    let cost = -Exact::cost(watt_hours, rate);
                    let what = What::Energy { element, rate };
                    let line = self.line((day, Key::Energy(number, rate)), &span, what);
                    *line.exact.get_or_insert_default() += cost;
                    line.half_hours.push((one.from, watt_hours, cost));
                }
            }
            Err(why) => self.not_computed(day, &span, 1, why),
        }
    }

    fn not_computed(&mut self, day: Date, span: &Range<Timestamp>, many: usize, why: String) {
        self.bounds = None;
        self.causes.insert(Cause::NotComputed(why.clone()));
        let what = What::NotComputed {
            half_hours: 0,
            why: why.clone(),
        };
        if let What::NotComputed { half_hours, .. } = &mut self.line((day, Key::NotComputed(why)), span, what).what {
            *half_hours += many;
        }
    }

    /// The charges of days, at midnights of the meter's own clock.
    fn days(&mut self, after: Timestamp, until: Timestamp) {
        let mut midnights = BTreeSet::new();
        for clock in [OwnTime::Utc, OwnTime::British] {
            midnights.extend(clock.midnights(after, until).map(|at| (at, clock == OwnTime::Utc)));
        }
        let at_all: BTreeSet<Timestamp> = midnights.iter().map(|(at, _)| *at).collect();
        for at in at_all {
            let is_utc = midnights.contains(&(at, true));
            let is_british = midnights.contains(&(at, false));
            let is_its = |clock: OwnTime| if clock == OwnTime::Utc { is_utc } else { is_british };
            match self.facts.tariff_over(&(at..at)).map(|tariff| tariff.charges) {
                Some(Ok(charges)) if is_its(charges.own_time) => self.charge_day(at, &charges),
                Some(Err(why)) if is_utc => self.day_not_computed(at, &why.to_string()),
                None if is_utc => self.day_not_computed(at, NO_TARIFF),
                _ => {}
            }
        }
    }

    fn day_not_computed(&mut self, at: Timestamp, why: &str) {
        self.not_computed(self.date(at), &(at..at), 0, format!("standing charge and debt: {why}"));
    }

    fn charge_day(&mut self, at: Timestamp, charges: &Charges) {
        let day = self.date(at);
        let parts = [
            (
                Key::StandingCharge(at),
                What::StandingCharge,
                charges.standing_charge,
                Cause::StandingCharge,
            ),
            (Key::Debt(at), What::Debt, charges.debt_recovery_rate, Cause::Debt),
        ];
        for (key, what, amount, cause) in parts {
            if amount.0 != 0 {
                self.line((day, key), &(at..at), what).exact = Some(-Exact::from(amount));
                self.causes.insert(cause);
            }
        }
    }

    /// Top-ups between two reads: by their worth where that is known, else by what the balance rose and what was charged.
    fn pay(&mut self, gap: usize, paid: &Paid) {
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
        if worth.0 <= 0 {
            let why = "a top-up of unknown worth, which the balance does not show".to_owned();
            return self.not_computed(day, &span, 0, why);
        }
        let what = What::Step {
            ids: paid.unknown.clone(),
            foreign: paid.foreign,
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

    fn rise(&mut self, gap: usize) {
        let balances = &self.facts.balances;
        let (before, after) = (balances[gap], balances[gap + 1]);
        let by = Money(after.amount.0 - before.amount.0);
        let key = (self.date(after.at), Key::Paid(gap, 0));
        self.line(key, &(before.at..after.at), What::Rise { by });
        self.causes.insert(Cause::Rise { at: after.at, by });
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
    fn cut(&mut self, read: Balance, end: i8) {
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

    fn close(&mut self, balances: &[Balance]) -> Statement {
        let (opening, closing) = (balances[0], balances[balances.len() - 1]);
        let mut remainder = Exact::ZERO;
        let mut computed = Exact::from(opening.amount);
        let mut lines: Vec<Line> = Vec::new();
        for ((day, _), sub) in std::mem::take(&mut self.lines) {
            let amount = sub.exact.map(Exact::cut);
            if let (Some(exact), Some(amount)) = (sub.exact, amount) {
                remainder += exact - amount.into();
                computed += exact;
            }
            lines.push(Line {
                day,
                from: sub.from,
                to: sub.to,
                what: sub.what,
                amount,
                half_hours: sub.half_hours,
            });
        }
        Statement {
            opening,
            lines,
            remainder,
            computed,
            closing,
            balances: balances.to_vec(),
            causes: std::mem::take(&mut self.causes).into_iter().collect(),
            bounds: self.bounds,
        }
    }
}
