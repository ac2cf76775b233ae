//! Adds up what leads from one balance to another (EMOP §23.2). Pure: it is told the time and the place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::amount::Exact;
use super::facts::{Balance, Facts, HalfHourUsed, Unknown};
use super::payments::{Paid, paid, rises};
use super::statement::{Cause, Line, Statement, What};
use super::tariff::Charges;
use crate::domain::Element;
use crate::meter::emop::Money;
use crate::meter::own_time::OwnTime;

/// What a tariff that nobody has read is called.
const NO_TARIFF: &str = "which prices were in force is not known";
/// What the rounding of a meter may make of each stretch that is added up by itself.
pub(super) const ROUNDING: Exact = Exact(1_000);

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
    let date = |at: Timestamp| at.to_zoned(place.clone()).date();
    let end = span
        .end
        .saturating_sub(SignedDuration::from_nanos(1))
        .unwrap_or(span.end);
    let mut sum = Sum {
        facts,
        begins,
        place,
        days: (date(span.start), date(end.max(span.start))),
        day: None,
        lines: BTreeMap::new(),
        causes: BTreeSet::from([Cause::Rounding]),
        bounds: Some((-ROUNDING, ROUNDING)),
    };
    Some(sum.add(opening, closing))
}

/// A statement that is being added up.
pub(super) struct Sum<'f> {
    pub(super) facts: &'f Facts,
    begins: Timestamp,
    place: &'f TimeZone,
    /// The first and the last day that a line may stand under: what was charged since the balance of before stands under the
    /// first.
    days: (Date, Date),
    /// The day that was asked for last, and from when until when it is.
    day: Option<(Range<Timestamp>, Date)>,
    pub(super) lines: BTreeMap<(Date, Key), Sub>,
    pub(super) causes: BTreeSet<Cause>,
    pub(super) bounds: Option<(Exact, Exact)>,
}

/// What is one line: everything of a day with the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    StandingCharge(Timestamp),
    Debt(Timestamp),
    Energy(u8, Money),
    NotComputed(String),
    NotFetched,
    Paid(usize, usize),
}

/// A line that grows.
pub(super) struct Sub {
    pub(super) from: Timestamp,
    to: Timestamp,
    pub(super) what: What,
    pub(super) exact: Option<Exact>,
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
                Some(paid) if !paid.is_doubt() => self.pay(gap, paid),
                doubt if rises(balances, gap) => self.rise(gap, doubt),
                _ => {}
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
    pub(super) fn half_hours(&self, after: Timestamp, until: Timestamp) -> Vec<HalfHourUsed> {
        let all = &self.facts.half_hours;
        let from = all.partition_point(|one| one.to() <= after);
        let to = all.partition_point(|one| one.to() <= until);
        all.get(from..to).unwrap_or_default().to_vec()
    }

    pub(super) fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.place.clone()).date().clamp(self.days.0, self.days.1)
    }

    pub(super) fn line(&mut self, key: (Date, Key), span: &Range<Timestamp>, what: What) -> &mut Sub {
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
    pub(super) fn cost(
        &self,
        one: &HalfHourUsed,
    ) -> Result<impl Iterator<Item = (Element, Money, u64)> + use<>, String> {
        let used = one.used.map_err(|why| why.to_string())?;
        // What was before everything began does not count.
        let span = one.from.max(self.begins)..one.to();
        let tariff = self.facts.tariff_over(&span).ok_or(NO_TARIFF)?;
        let charges = tariff.charges.map_err(|why| why.to_string())?;
        let a = (Element::A, charges.unit_rate_a, used.a);
        let b = match used.b {
            0 => None,
            count => {
                let rate = charges
                    .unit_rate_b
                    .ok_or("the price of the second circuit was not read")?;
                Some((Element::B, rate, count))
            }
        };
        Ok([Some(a), b].into_iter().flatten())
    }

    /// The day of a half-hour: the same as that of the one before, most of the time.
    fn day_of(&mut self, at: Timestamp) -> Date {
        if let Some((span, day)) = &self.day
            && span.contains(&at)
        {
            return *day;
        }
        let day = at.to_zoned(self.place.clone()).date();
        let midnight = |day: Date| day.to_zoned(self.place.clone()).map(|midnight| midnight.timestamp());
        let ends = day.tomorrow().and_then(midnight);
        let shown = day.clamp(self.days.0, self.days.1);
        self.day = midnight(day).and_then(|begins| Ok((begins..ends?, shown))).ok();
        shown
    }

    fn charge(&mut self, one: &HalfHourUsed) {
        let (day, span) = (self.day_of(one.from), one.from..one.to());
        if one.used == Err(Unknown::NotFetched) {
            self.bounds = None;
            self.causes.insert(Cause::NotFetched);
            self.line((day, Key::NotFetched), &span, What::NotFetched);
            return;
        }
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

    pub(super) fn not_computed(&mut self, day: Date, span: &Range<Timestamp>, many: usize, why: String) {
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
