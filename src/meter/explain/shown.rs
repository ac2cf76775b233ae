//! What people and programs are given of a balance that is explained (EMOP §23.6).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::amount::Exact;
use super::asked::{Detail, Period};
use super::difference::{DifferenceShown, differences};
use super::statement::{Line, Statement, What};
use super::words::{self, in_pounds};
use crate::domain::{HALF_HOUR, MeterId, boundary_from};
use crate::meter::emop::Money;

/// A meter's balance over some days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MoneyShown {
    /// Whose it is.
    #[schema(value_type = String)]
    pub serial: MeterId,
    /// The first day that was asked for.
    #[schema(value_type = String)]
    pub from: Date,
    /// The last day that was asked for.
    #[schema(value_type = String)]
    pub to: Date,
    /// The first day of which balances and a tariff are known; absent: there is none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub begins: Option<Date>,
    /// What is to be known beforehand, such as that it begins later than was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What leads from one balance to another; absent: there are no two of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementShown>,
}

/// What leads from one balance to another. Amounts are pounds, as exact decimals; what was charged is below zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatementShown {
    /// When the balance was read that it begins with.
    #[schema(value_type = String)]
    pub opened: Timestamp,
    /// That balance.
    pub opening: String,
    /// What was charged and paid in. The amounts, the remainder and the opening balance add up to `computed`.
    pub lines: Vec<LineShown>,
    /// What was cut off from the lines, which are whole 1/100000 GBP.
    pub remainder: String,
    /// What it comes to.
    pub computed: String,
    /// When the balance was read that it ends with.
    #[schema(value_type = String)]
    pub closed: Timestamp,
    /// That balance, as the meter shows it.
    pub closing: String,
    /// What the meter shows less what was computed.
    pub difference: String,
    /// Between what the difference lies, if it is made of rounding and half-hours that a read cut in two; absent: more is
    /// unknown than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<String>,
    /// The other end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<String>,
    /// Whether it does.
    pub explained: bool,
    /// What a difference can be made of, in words.
    pub causes: Vec<String>,
    /// The same for programs, in the same order.
    #[serde(default)]
    pub differences: Vec<DifferenceShown>,
    /// The balances that were read, both ends among them: for those who draw them.
    #[serde(skip)]
    pub balances: Vec<(Timestamp, Money)>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineShown {
    /// The day, where the house stands.
    #[schema(value_type = String)]
    pub day: Date,
    /// From when.
    #[schema(value_type = String)]
    pub from: Timestamp,
    /// Until when.
    #[schema(value_type = String)]
    pub to: Timestamp,
    /// `energy`, `standing_charge`, `debt`, `topup`, `step` (a top-up whose worth follows from the balance), `rise` (of
    /// which no top-up is known), `not_computed` or `not_fetched` (half-hours that are not fetched yet).
    pub kind: String,
    /// What it is, in words.
    pub words: String,
    /// Of energy: how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watt_hours: Option<u64>,
    /// Of energy: what a kWh costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What it comes to, cut to 1/100000 GBP; absent: it was not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Of energy: each half-hour of it, exact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub half_hours: Vec<HalfHourShown>,
}

/// What one half-hour cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HalfHourShown {
    /// When it begins.
    #[schema(value_type = String)]
    pub from: Timestamp,
    pub watt_hours: u64,
    /// Exact, in pounds.
    pub amount: String,
}

impl MoneyShown {
    pub(super) fn of(
        meter: &MeterId,
        (period, detail): (Period, Detail),
        begins: Option<Timestamp>,
        statement: Option<Statement>,
        place: &TimeZone,
    ) -> MoneyShown {
        let begins = begins.map(|at| at.to_zoned(place.clone()).date());
        let note = note(period, begins, statement.as_ref(), place);
        MoneyShown {
            serial: meter.clone(),
            from: period.from,
            to: period.to,
            begins,
            note,
            statement: statement.map(|statement| StatementShown::of(statement, detail, place)),
        }
    }
}

/// What is to be known beforehand of a period.
fn note(period: Period, begins: Option<Date>, statement: Option<&Statement>, place: &TimeZone) -> Option<String> {
    let Some(begins) = begins else {
        return Some(
            "Neither balances nor prices of this meter are known yet: it begins when the first of both are read."
                .to_owned(),
        );
    };
    match statement {
        _ if begins > period.to => Some(format!("Balances and prices are known from {begins} on only.")),
        None => Some("Fewer than two balances of this time are known.".to_owned()),
        Some(statement) => statement.first_energy(place).or_else(|| {
            let is_later = begins > period.from;
            is_later.then(|| format!("Balances and prices are known from {begins} on: it begins there."))
        }),
    }
}

impl Statement {
    /// From when on there will be energy in it, when there cannot be any yet.
    fn first_energy(&self, place: &TimeZone) -> Option<String> {
        let first = boundary_from(self.opening.at)?;
        let ends = match first == self.opening.at {
            true => first.checked_add(SignedDuration::from_secs(HALF_HOUR)).ok()?,
            false => first,
        };
        (self.closing.at < ends).then(|| {
            format!(
                "Energy is counted in whole half-hours, and none ended between these two balances: the first energy \
                 stands here once a balance was read after {}.",
                ends.to_zoned(place.clone()).strftime("%H:%M on %-d %b %Y")
            )
        })
    }
}

/// A line as people read it.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'s> {
    /// What was charged or paid in on a day.
    Line(&'s LineShown),
    /// What has no amount: the same on days that follow each other is one.
    LeftOut(&'s DifferenceShown),
}

impl StatementShown {
    /// All lines as people read them, with the day under which each stands.
    #[must_use]
    pub fn entries(&self) -> Vec<(Date, Entry<'_>)> {
        let lines = self.lines.iter().filter(|line| line.amount.is_some());
        let lines = lines.map(|line| (line.day, Entry::Line(line)));
        let left_out = self
            .left_out()
            .filter_map(|one| Some((one.first?, Entry::LeftOut(one))));
        let mut all: Vec<(Date, Entry<'_>)> = lines.chain(left_out).collect();
        all.sort_by_key(|(day, _)| *day);
        all
    }

    fn left_out(&self) -> impl Iterator<Item = &DifferenceShown> {
        self.differences.iter().filter(|one| one.is_of_lines())
    }

    /// What is to be thought of the difference.
    #[must_use]
    pub fn verdict(&self) -> String {
        match (self.explained, &self.least, &self.most) {
            (true, Some(least), Some(most)) => format!(
                "Explained: rounding, and half-hours in the middle of which a balance was read, can make a difference \
                 from {} to {}.",
                in_pounds(least),
                in_pounds(most)
            ),
            (false, Some(least), Some(most)) => format!(
                "Not explained: rounding, and half-hours in the middle of which a balance was read, can only make a \
                 difference from {} to {}.",
                in_pounds(least),
                in_pounds(most)
            ),
            _ if self.left_out().next().is_some() && self.left_out().all(|one| one.kind == "not_fetched") => {
                "Provisional: what is not fetched from the meter yet is not counted.".to_owned()
            }
            _ if self.left_out().next().is_some() => "Not explained: something was left out, so \
                 that how large the difference may be is not known."
                .to_owned(),
            _ => "Not explained yet: of a half-hour in which a balance was read it is not known what was used, so that how \
                  large the difference may be is not known either."
                .to_owned(),
        }
    }

    fn of(statement: Statement, detail: Detail, place: &TimeZone) -> StatementShown {
        let differences = differences(&statement, place);
        StatementShown {
            difference: statement.difference().to_string(),
            explained: statement.is_explained(),
            least: statement.bounds.map(|(least, _)| least.to_string()),
            most: statement.bounds.map(|(_, most)| most.to_string()),
            opened: statement.opening.at,
            opening: statement.opening.amount.to_string(),
            lines: statement
                .lines
                .into_iter()
                .map(|line| LineShown::of(line, detail))
                .collect(),
            remainder: statement.remainder.to_string(),
            computed: statement.computed.to_string(),
            closed: statement.closing.at,
            closing: statement.closing.amount.to_string(),
            causes: differences.iter().map(DifferenceShown::told).collect(),
            differences,
            balances: statement.balances.iter().map(|one| (one.at, one.amount)).collect(),
        }
    }
}

impl LineShown {
    fn of(line: Line, detail: Detail) -> LineShown {
        let watt_hours = line.half_hours.iter().map(|(_, watt_hours, _)| watt_hours).sum();
        let (rate, watt_hours) = match &line.what {
            What::Energy { rate, .. } => (Some(rate.to_string()), Some(watt_hours)),
            _ => (None, None),
        };
        let half_hours = match detail {
            Detail::Lines => Vec::new(),
            Detail::HalfHours => line.half_hours,
        };
        LineShown {
            day: line.day,
            from: line.from,
            to: line.to,
            kind: kind(&line.what).to_owned(),
            words: words::of_line(&line.what),
            watt_hours,
            rate,
            amount: line.amount.map(|amount| amount.to_string()),
            half_hours: half_hours
                .into_iter()
                .map(|(from, watt_hours, amount): (_, _, Exact)| HalfHourShown {
                    from,
                    watt_hours,
                    amount: amount.to_string(),
                })
                .collect(),
        }
    }
}

fn kind(what: &What) -> &'static str {
    match what {
        What::Energy { .. } => "energy",
        What::StandingCharge => "standing_charge",
        What::Debt => "debt",
        What::Topup { .. } => "topup",
        What::Step { .. } => "step",
        What::NotComputed { .. } => "not_computed",
        What::NotFetched => "not_fetched",
        What::Rise { .. } => "rise",
    }
}
