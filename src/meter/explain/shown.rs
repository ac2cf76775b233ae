//! What people and programs are given of a balance that is explained (EMOP §23.6).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::amount::Exact;
use super::asked::Period;
use super::statement::{Line, Statement, What};
use crate::domain::{Element, MeterId};
use crate::http::table::Row;

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
    /// What a difference can be made of.
    pub causes: Vec<String>,
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
    /// which no top-up is known) or `not_computed`.
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
        period: Period,
        begins: Option<Timestamp>,
        statement: Option<Statement>,
        place: &TimeZone,
    ) -> MoneyShown {
        let begins = begins.map(|at| at.to_zoned(place.clone()).date());
        let note = match (begins, &statement) {
            (None, _) => Some("neither balances nor a tariff of this meter are known yet".to_owned()),
            (Some(begins), _) if begins > period.to => {
                Some(format!("balances and tariffs are known from {begins} on only"))
            }
            (Some(_), None) => Some("fewer than two balances of this time are known".to_owned()),
            (Some(begins), Some(_)) if begins > period.from => Some(format!(
                "balances and tariffs are known from {begins} on: it begins there"
            )),
            _ => None,
        };
        MoneyShown {
            serial: meter.clone(),
            from: period.from,
            to: period.to,
            begins,
            note,
            statement: statement.map(StatementShown::of),
        }
    }

    /// Leaves the half-hours out, of which each line is the sum.
    #[must_use]
    pub fn without_half_hours(mut self) -> MoneyShown {
        for line in self.statement.iter_mut().flat_map(|statement| &mut statement.lines) {
            line.half_hours.clear();
        }
        self
    }

    /// All of it as rows: the opening balance, the lines (or the half-hours of those that have some), the remainder, what
    /// it comes to, what the meter shows, and the difference.
    #[must_use]
    pub fn rows(&self) -> Vec<CsvRow> {
        self.statement.as_ref().map(StatementShown::rows).unwrap_or_default()
    }
}

impl StatementShown {
    /// What is to be thought of the difference.
    #[must_use]
    pub fn verdict(&self) -> String {
        match (self.explained, &self.least, &self.most) {
            (true, Some(least), Some(most)) => {
                format!("The difference lies between {least} and {most} GBP: as rounding and cut half-hours make it.")
            }
            (false, Some(least), Some(most)) => format!(
                "The difference is larger than rounding and cut half-hours make it ({least} to {most} GBP). It can be made of:"
            ),
            _ => "How large the difference may be is not known, since something was not computed. It can be made of:"
                .to_owned(),
        }
    }

    fn of(statement: Statement) -> StatementShown {
        StatementShown {
            difference: statement.difference().to_string(),
            explained: statement.is_explained(),
            least: statement.bounds.map(|(least, _)| least.to_string()),
            most: statement.bounds.map(|(_, most)| most.to_string()),
            opened: statement.opening.at,
            opening: statement.opening.amount.to_string(),
            lines: statement.lines.into_iter().map(LineShown::of).collect(),
            remainder: statement.remainder.to_string(),
            computed: statement.computed.to_string(),
            closed: statement.closing.at,
            closing: statement.closing.amount.to_string(),
            causes: statement.causes.iter().map(ToString::to_string).collect(),
        }
    }

    fn rows(&self) -> Vec<CsvRow> {
        let end = |kind, at, amount: &String| CsvRow::end(kind, at, amount.clone());
        let mut rows = vec![end("opening", self.opened, &self.opening)];
        for line in &self.lines {
            if line.half_hours.is_empty() {
                rows.push(CsvRow::of(line));
            }
            rows.extend(line.half_hours.iter().map(|one| CsvRow {
                from: one.from,
                to: one.from.checked_add(HALF_HOUR).unwrap_or(line.to),
                watt_hours: Some(one.watt_hours),
                amount: Some(one.amount.clone()),
                ..CsvRow::of(line)
            }));
        }
        let cut = self.lines.iter().all(|line| line.half_hours.is_empty());
        if cut {
            rows.push(end("remainder", self.closed, &self.remainder));
        }
        rows.push(end("computed", self.closed, &self.computed));
        rows.push(end("meter", self.closed, &self.closing));
        rows.push(end("difference", self.closed, &self.difference));
        rows
    }
}

/// Half an hour.
const HALF_HOUR: SignedDuration = SignedDuration::from_mins(30);

impl LineShown {
    fn of(line: Line) -> LineShown {
        let watt_hours = line.half_hours.iter().map(|(_, watt_hours, _)| watt_hours).sum();
        let (rate, watt_hours) = match &line.what {
            What::Energy { rate, .. } => (Some(rate.to_string()), Some(watt_hours)),
            _ => (None, None),
        };
        LineShown {
            day: line.day,
            from: line.from,
            to: line.to,
            kind: kind(&line.what).to_owned(),
            words: words(&line.what),
            watt_hours,
            rate,
            amount: line.amount.map(|amount| amount.to_string()),
            half_hours: line
                .half_hours
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
        What::Rise { .. } => "rise",
    }
}

/// Words without commas, which stand in CSV as they are.
fn words(what: &What) -> String {
    match what {
        What::Energy {
            element: Element::A,
            rate,
        } => format!("energy at {rate} GBP a kWh"),
        What::Energy {
            element: Element::B,
            rate,
        } => format!("energy of element B at {rate} GBP a kWh"),
        What::StandingCharge => "standing charge of a day".to_owned(),
        What::Debt => "debt recovered in a day".to_owned(),
        What::Topup { id } => format!("top-up {id}"),
        What::Step { ids, foreign } => {
            let mut parts: Vec<String> = ids.iter().map(|id| format!("top-up {id}")).collect();
            match foreign {
                0 => {}
                1 => parts.push("a top-up from elsewhere".to_owned()),
                many => parts.push(format!("{many} top-ups from elsewhere")),
            }
            format!("{} by the balance before and after", parts.join(" and "))
        }
        What::NotComputed { half_hours: 0, why } => format!("not computed: {why}").replace(',', ";"),
        What::NotComputed { half_hours: 1, why } => format!("a half-hour is not computed: {why}").replace(',', ";"),
        What::NotComputed { half_hours, why } => {
            format!("{half_hours} half-hours are not computed: {why}").replace(',', ";")
        }
        What::Rise { by } => format!("the balance rose by {by} GBP and no top-up is known"),
    }
}

/// A row of a spreadsheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CsvRow {
    day: Option<Date>,
    from: Timestamp,
    to: Timestamp,
    kind: String,
    words: String,
    watt_hours: Option<u64>,
    rate: Option<String>,
    amount: Option<String>,
}

impl CsvRow {
    fn of(line: &LineShown) -> CsvRow {
        CsvRow {
            day: Some(line.day),
            from: line.from,
            to: line.to,
            kind: line.kind.clone(),
            words: line.words.clone(),
            watt_hours: line.watt_hours,
            rate: line.rate.clone(),
            amount: line.amount.clone(),
        }
    }

    fn end(kind: &str, at: Timestamp, amount: String) -> CsvRow {
        CsvRow {
            day: None,
            from: at,
            to: at,
            kind: kind.to_owned(),
            words: String::new(),
            watt_hours: None,
            rate: None,
            amount: Some(amount),
        }
    }
}

impl Row for CsvRow {
    const COLUMNS: &str = "day,from,to,kind,words,watt_hours,rate,amount";

    fn fields(&self) -> Vec<String> {
        let text = |value: Option<String>| value.unwrap_or_default();
        vec![
            text(self.day.map(|day| day.to_string())),
            self.from.to_string(),
            self.to.to_string(),
            self.kind.clone(),
            self.words.clone(),
            text(self.watt_hours.map(|count| count.to_string())),
            text(self.rate.clone()),
            text(self.amount.clone()),
        ]
    }
}
