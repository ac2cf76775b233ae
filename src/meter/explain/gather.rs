//! Fetches what a statement is worked out from: balances, tariffs, half-hours, top-ups (EMOP §23.1).

use std::ops::Range;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::asked::{Detail, ExplainError, Period};
use super::facts::{Balance, Facts, HalfHourUsed, Tariff, Topup, Unknown, Used, tariffs};
use super::shown::MoneyShown;
use super::sum::statement;
use crate::domain::{Element, HALF_HOUR, Interval, Measure, MeterId, Quality, TopupState};
use crate::meter::emop::Money;
use crate::meter::energy::Span;
use crate::meter::room::Meters;
use crate::store::ReadError;
use crate::store::meters::Meters as Registry;

/// So long before a period the balance is looked for that it begins with.
const BEFORE: SignedDuration = SignedDuration::from_hours(35 * 24);
/// Top-ups that are looked at, the newest.
const TOPUPS: usize = 10_000;

impl Meters {
    /// The day that it is where the house stands.
    #[must_use]
    pub fn today(&self) -> Date {
        self.store.now().to_zoned(self.timezone.clone()).date()
    }

    /// Whether anything is known of a meter's money.
    pub fn has_money(&self, meter: &MeterId) -> Result<bool, ReadError> {
        Ok(Registry::new(self.store.clone()).first_balance(meter)?.is_some())
    }

    /// When the days of a period begin and end where the house stands.
    pub fn span_of(&self, period: Period) -> Result<Range<Timestamp>, ExplainError> {
        let midnight = |day: Date| day.to_zoned(self.timezone.clone());
        Ok(midnight(period.from)?.timestamp()..midnight(period.to.checked_add(1.day())?)?.timestamp())
    }

    /// Explains the balance of a meter over a period, by what is known `within` a time alone. Reads the disk: a thread that
    /// may block.
    pub fn explain(
        &self,
        meter: &MeterId,
        (period, detail): (Period, Detail),
        within: &Range<Timestamp>,
    ) -> Result<MoneyShown, ExplainError> {
        let fetched = self.show(meter)?.half_hours.map(|progress| progress.until);
        let asked = self.span_of(period)?;
        let span = asked.start.max(within.start)..asked.end.min(within.end).min(self.store.now());
        let registry = Registry::new(self.store.clone());
        let facts = self.facts(&registry, meter, &span, (within, fetched))?;
        let first = registry.first_balance(meter)?;
        let begins = first
            .map(|first| first.max(within.start))
            .zip(facts.tariffs.first())
            .map(|(first, tariff)| first.max(tariff.since));
        // Where nothing can be said until then, what is newer is better than nothing.
        let short = fetched.filter(|fetched| period.as_far_as_fetched && span.contains(fetched));
        let ends = short.into_iter().chain([span.end]);
        let mut spans = ends.map(|end| span.start..end).filter(|span| !span.is_empty());
        let explained = spans.find_map(|span| statement(&facts, &span, &self.timezone));
        Ok(MoneyShown::of(
            meter,
            (period, detail),
            begins,
            explained,
            &self.timezone,
        ))
    }

    fn facts(
        &self,
        registry: &Registry,
        meter: &MeterId,
        span: &Range<Timestamp>,
        (within, fetched): (&Range<Timestamp>, Option<Timestamp>),
    ) -> Result<Facts, ExplainError> {
        let since = span.start.saturating_sub(BEFORE).unwrap_or(Timestamp::UNIX_EPOCH);
        let kept = registry.money(meter, since.max(within.start)..span.end)?;
        let balances = kept.balances.into_iter().filter(|(at, _)| within.contains(at));
        let balances: Vec<Balance> = balances
            .map(|(at, units)| Balance {
                at,
                amount: Money(units),
            })
            .collect();
        let seen = registry.terms(meter)?;
        // A tariff that was only read in somebody else's time tells of their debt.
        let theirs = tariffs(&seen)
            .into_iter()
            .zip(&seen)
            .filter(|(_, seen)| seen.seen >= within.start);
        let tariffs = theirs.map(|(tariff, _)| Tariff {
            since: tariff.since.max(within.start),
            ..tariff
        });
        let tariffs = tariffs.collect();
        let opening = balances
            .partition_point(|balance| balance.at <= span.start)
            .saturating_sub(1);
        let half_hours = match (balances.get(opening), balances.last()) {
            (Some(first), Some(last)) => self.used(meter, first.at..last.at, (within, fetched))?,
            _ => Vec::new(),
        };
        Ok(Facts {
            tariffs,
            half_hours,
            topups: self.counted(meter, within)?,
            payments: kept.payments.into_iter().filter(|at| within.contains(at)).collect(),
            balances,
        })
    }

    /// What was used in each half-hour that two reads touch.
    fn used(
        &self,
        meter: &MeterId,
        reads: Range<Timestamp>,
        (within, fetched): (&Range<Timestamp>, Option<Timestamp>),
    ) -> Result<Vec<HalfHourUsed>, ExplainError> {
        let floor = |at: Timestamp| at.as_second().div_euclid(HALF_HOUR) * HALF_HOUR;
        let (first, end) = (floor(reads.start), floor(reads.end) + HALF_HOUR);
        let span = Span {
            from: Timestamp::from_second(first)?,
            to: Timestamp::from_second(end)?,
        };
        let [a, b] = [Element::A, Element::B].map(|element| self.element(meter, element, span));
        let (a, b) = (a?, b?);
        let count = |known: &[Interval], from: Timestamp| {
            let place = usize::try_from((from.as_second() - first) / HALF_HOUR).unwrap_or(usize::MAX);
            match known.get(place).filter(|one| one.from == from) {
                Some(Interval {
                    energy: Some(energy),
                    quality: Quality::Measured,
                    ..
                }) => Ok(energy.0),
                Some(Interval { energy: Some(_), .. }) => Err(Unknown::NotMeasured),
                _ if fetched.is_some_and(|fetched| from >= fetched) => Err(Unknown::NotFetched),
                _ => Err(Unknown::Gap),
            }
        };
        let mut all = Vec::new();
        for second in (first..end).step_by(usize::try_from(HALF_HOUR).unwrap_or(usize::MAX)) {
            let from = Timestamp::from_second(second)?;
            let ends = Timestamp::from_second(second + HALF_HOUR)?;
            let used = match from >= within.start && ends <= within.end {
                true => count(&a, from).and_then(|a| {
                    // A meter without element B counts nothing there.
                    let b = if b.is_empty() { 0 } else { count(&b, from)? };
                    Ok(Used { a, b })
                }),
                false => Err(Unknown::NotYours),
            };
            all.push(HalfHourUsed { from, used });
        }
        Ok(all)
    }

    /// The half-hours of an element, each in its place; none, when the meter has no such element.
    fn element(&self, meter: &MeterId, element: Element, span: Span) -> Result<Vec<Interval>, ExplainError> {
        let registers = self.registers_of(meter, Measure::Import, Some(element))?;
        Ok(self.totals(meter, registers, span)?.intervals)
    }

    /// The box's own top-ups that were taken or may have been, in the order in which they were made.
    fn counted(&self, meter: &MeterId, within: &Range<Timestamp>) -> Result<Vec<Topup>, ExplainError> {
        let all = self.topups_of(meter, None, TOPUPS)?;
        let amount = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let may = |state: TopupState| matches!(state, TopupState::Taken | TopupState::InDoubt);
        let counted = all
            .into_iter()
            .rev()
            .filter(|topup| may(topup.state) && within.contains(&topup.made));
        Ok(counted
            .map(|topup| Topup {
                worth: topup.fitting_worth(),
                id: topup.id,
                // Rows of earlier builds do not say when they were looked at.
                sent: topup.sent.unwrap_or(topup.made),
                looked: topup.looked.unwrap_or(topup.since),
                in_doubt: topup.state == TopupState::InDoubt,
                one_of_many: topup.is_one_of_many,
                before: amount(topup.balance_before),
                after: amount(topup.balance_after),
            })
            .collect())
    }
}
