//! What a meter took today, yesterday and this month, and what that cost whoever lives there: by the statement where it
//! has all of a day, else about, by the price in force (EMOP §23.6).

use std::ops::Range;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::PageState;
use super::day::{Halves, date_of, span_of};
use super::drawn::{Drawing, Part, by_day};
use super::error::PageError;
use super::figures::{due, ends, gaps, sum};
use super::own_now::is_their_week;
use super::seen::Seen;
use super::stretch::Kind;
use crate::domain::Interval;
use crate::meter::emop::Money;
use crate::meter::explain::{Charged, Detail, ExplainError, Period, Price, StatementShown};
use crate::texts::Texts;

/// Days that are seen beside each other.
const DAYS: i64 = 14;
const DAY_S: i64 = 86_400;

/// An amount, and whether it is only about that: the price of now, times what was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub amount: Money,
    pub is_about: bool,
}

/// What a day came to, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayUse {
    pub watt_hours: u64,
    /// Half-hours that are due and not here.
    pub missing: usize,
    pub cost: Option<Cost>,
}

/// What the month came to so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthSoFar {
    pub cost: Cost,
    /// The first day of it that is known, where that is not the first of the month.
    pub since: Option<Date>,
    /// What all of it will come to at last week's pace, where that and all days so far are known.
    pub about: Option<Money>,
}

/// The days of one meter.
pub struct OwnDays {
    pub today: Option<DayUse>,
    pub yesterday: Option<DayUse>,
    pub month: Option<MonthSoFar>,
    /// Today's half-hours over yesterday's; and fourteen days.
    pub plots: Option<[String; 2]>,
}

/// What the days are worked out from.
struct Known<'k> {
    days: Vec<(Date, Vec<Interval>)>,
    statement: Option<StatementShown>,
    price: Option<Price>,
    drawing: Drawing<'k>,
    today: Date,
}

impl OwnDays {
    /// Of one that is theirs now; the whole with its month and its plots. Reads the disk: a thread that may block.
    pub(super) fn of(
        state: &PageState,
        seen: &Seen,
        (t, now, whole): (Texts, Timestamp, bool),
    ) -> Result<OwnDays, PageError> {
        let today = date_of(state, now);
        let earlier = |days: i64| today.checked_sub(days.days()).unwrap_or(today);
        let first = match whole {
            true => today.first_of_month().min(earlier(DAYS - 1)),
            false => earlier(1),
        };
        let tomorrow = today.tomorrow().unwrap_or(today);
        let span = |from, to| span_of(state, from, to).map_err(super::error::HalfHoursError::from);
        let halves = Halves::read(state, seen, span(first, tomorrow)?)?;
        // One day more: what was charged since the balance of before stands under the first.
        let from = today.first_of_month().min(earlier(1)).yesterday().unwrap_or(first);
        let known = Known {
            days: by_day(&halves.import, (first, today), state.face.timezone()),
            statement: statement(state, seen, (from, today), now)?,
            price: state.room.price(&seen.shown),
            drawing: Drawing {
                t,
                timezone: state.face.timezone(),
                due: due(now),
                catching_up: seen.shown.half_hours.is_some_and(|progress| progress.open > 0),
            },
            today,
        };
        Ok(OwnDays {
            today: known.used(today),
            yesterday: known.used(earlier(1)),
            month: known.month().filter(|_| whole).map(|month| MonthSoFar {
                about: about(state, seen, &month, now),
                ..month
            }),
            plots: match whole {
                true => Some([
                    known.half_hours(state, seen, tomorrow)?,
                    known.fortnight(&seen.shown.meter.serial.to_string()),
                ]),
                false => None,
            },
        })
    }
}

/// The statement of a meter that is paid for beforehand, over days of which they know the balances.
fn statement(
    state: &PageState,
    seen: &Seen,
    (from, today): (Date, Date),
    now: Timestamp,
) -> Result<Option<StatementShown>, ExplainError> {
    let theirs = seen.sight.clip(Timestamp::MIN..Timestamp::MAX);
    let within: Option<&Range<Timestamp>> = theirs.iter().find(|span| span.contains(&now));
    match (within, state.room.left(&seen.shown)) {
        (Some(within), Some(_)) => {
            let period = Period::new(Some(from), None, today)?;
            let meter = &seen.shown.meter.serial;
            Ok(state.room.explain(meter, (period, Detail::Lines), within)?.statement)
        }
        _ => Ok(None),
    }
}

/// What the month comes to at last week's pace, when all of it so far is known.
fn about(state: &PageState, seen: &Seen, month: &MonthSoFar, now: Timestamp) -> Option<Money> {
    let a_day = state.room.a_day(&seen.shown).filter(|_| is_their_week(seen, now))?;
    let today = date_of(state, now);
    let next = today.last_of_month().tomorrow().ok()?;
    let ends = span_of(state, today, next).ok()?.to;
    let left = ends.duration_since(now).as_secs().max(0);
    let to_come = a_day.0.checked_mul(left)? / DAY_S;
    month.since.is_none().then_some(Money(month.cost.amount.0 + to_come))
}

impl Known<'_> {
    fn of(&self, day: Date) -> &[Interval] {
        let found = self.days.iter().find(|(date, _)| *date == day);
        found.map_or(&[], |(_, halves)| halves)
    }

    fn used(&self, day: Date) -> Option<DayUse> {
        let halves = self.of(day);
        let watt_hours = sum(halves)?;
        let midnight = |day: Date| {
            let begins = day.to_zoned(self.drawing.timezone.clone());
            begins.map(|begins| begins.timestamp())
        };
        let is_over = day < self.today;
        let covers = |statement: &&StatementShown| {
            let ends = day.tomorrow().and_then(midnight);
            let begun = midnight(day).is_ok_and(|begins| statement.opened <= begins);
            begun && (!is_over || ends.is_ok_and(|ends| statement.closed >= ends))
        };
        let stated = self.statement.as_ref().filter(covers);
        let stated = stated.and_then(|statement| Charged::on(day, &statement.lines));
        let cost = match (stated.filter(|charged| charged.is_whole), self.price) {
            (Some(charged), price) => Some(Cost {
                amount: Money(charged.amount.0 + self.since_stated(halves, price)),
                is_about: false,
            }),
            (None, Some(price)) => Some(Cost {
                amount: price.cost(watt_hours, 1),
                is_about: true,
            }),
            (None, None) => None,
        };
        Some(DayUse {
            watt_hours,
            missing: gaps(halves, self.drawing.due),
            cost,
        })
    }

    /// What half-hours cost that ended after the balance with which the statement ends: the next one will have them.
    fn since_stated(&self, halves: &[Interval], price: Option<Price>) -> i64 {
        let stated = self.statement.as_ref().map(|statement| statement.closed);
        let newer = halves.iter().filter(|one| stated.is_some_and(|at| ends(one) > at));
        let watt_hours = newer.filter_map(|one| one.energy).map(|energy| energy.0).sum();
        price.map_or(0, |price| price.cost(watt_hours, 0).0)
    }

    /// As far back from today as every day is known.
    fn month(&self) -> Option<MonthSoFar> {
        let first = self.today.first_of_month();
        let mut month: Option<MonthSoFar> = None;
        for (day, _) in self.days.iter().rev().take_while(|(day, _)| *day >= first) {
            // A day that has hardly begun has no half-hours yet.
            let cost = match self.used(*day) {
                Some(used) => used.cost,
                None if *day == self.today => continue,
                None => None,
            };
            let Some(cost) = cost else { break };
            let so_far = month.map(|month| month.cost);
            month = Some(MonthSoFar {
                cost: Cost {
                    amount: Money(cost.amount.0 + so_far.map_or(0, |cost| cost.amount.0)),
                    is_about: cost.is_about || so_far.is_some_and(|cost| cost.is_about),
                },
                since: (*day != first).then_some(*day),
                about: None,
            });
        }
        month
    }

    fn half_hours(&self, state: &PageState, seen: &Seen, tomorrow: Date) -> Result<String, PageError> {
        let span = span_of(state, self.today, tomorrow).map_err(super::error::HalfHoursError::from)?;
        let halves = Halves::read(state, seen, span)?;
        let ghost = self.today.yesterday().map_or(&[][..], |day| self.of(day));
        let csv = format!("/energy/{}/half-hours.csv?day={}", seen.shown.meter.serial, self.today);
        Ok(self.drawing.halves(span, &halves, (ghost, &csv)))
    }

    fn fortnight(&self, serial: &str) -> String {
        let first = self.today.checked_sub((DAYS - 1).days()).unwrap_or(self.today);
        let days = self.days.iter();
        let days = days.filter(|(day, halves)| *day >= first && !halves.is_empty());
        let parts: Vec<Part> = days
            .map(|(day, halves)| Part {
                address: format!("/energy/{serial}?day={day}"),
                here: *day == self.today,
                first: *day,
                halves: halves.clone(),
            })
            .collect();
        self.drawing.parts(Kind::Day, &parts)
    }
}
