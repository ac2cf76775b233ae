//! `prepay explain`: a balance, line by line.

use clap::Args;
use hyper::Method;
use jiff::civil::Date;

use super::{CliError, Common, print};
use crate::admin::Client;
use crate::domain::{MeterId, given};
use crate::meter::explain::{Entry, HalfHourShown, MoneyShown, StatementShown};

/// Which balance is to be explained.
#[derive(Args)]
pub(super) struct Explain {
    /// The meter's serial
    serial: MeterId,
    /// The first day, where the house stands [default: six days before the last]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = given::day)]
    from: Option<Date>,
    /// The last day, which is among them [default: as far as half-hours are fetched]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = given::day)]
    to: Option<Date>,
    /// Rows for a spreadsheet
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Each half-hour with what it cost, where lines are their sum
    #[arg(long)]
    half_hours: bool,
}

impl Explain {
    pub(super) async fn run(&self, common: &Common, client: &Client) -> Result<(), CliError> {
        let day = |name: &str, day: Option<Date>| day.map_or_else(String::new, |day| format!("&{name}={day}"));
        let mut path = format!("/meters/{}/money?half_hours={}", self.serial, self.half_hours);
        path.push_str(&day("from", self.from));
        path.push_str(&day("to", self.to));
        if self.csv {
            let bytes = client.fetch(Method::GET, &format!("{path}&format=csv"), None).await?;
            print::csv(&String::from_utf8_lossy(&bytes));
            return Ok(());
        }
        let money: MoneyShown = client.ask(Method::GET, &path, None).await?;
        if common.json {
            print::json(&money);
        } else {
            table(&money);
        }
        Ok(())
    }
}

fn table(money: &MoneyShown) {
    print::line(format_args!("meter {}, {} to {}", money.serial, money.from, money.to));
    if let Some(note) = &money.note {
        print::line(format_args!("{note}"));
    }
    if let Some(statement) = &money.statement {
        lines(statement);
    }
}

fn lines(statement: &StatementShown) {
    let end = |when: String, words: &str, amount: &String| [when, words.to_owned(), "-".to_owned(), amount.clone()];
    let opened = print::moment(Some(statement.opened));
    let closed = print::moment(Some(statement.closed));
    let mut rows = vec![end(opened, "balance that the meter showed", &statement.opening)];
    for (day, entry) in statement.entries() {
        rows.push(row(day, entry));
        if let Entry::Line(line) = entry {
            rows.extend(line.half_hours.iter().map(half_hour));
        }
    }
    rows.push(end("-".to_owned(), "fractions left off above", &statement.remainder));
    rows.push(end(closed.clone(), "so it should be", &statement.computed));
    rows.push(end(closed, "what the meter shows", &statement.closing));
    rows.push(end("-".to_owned(), "difference", &statement.difference));
    print::table(["when", "what", "energy", "GBP"], rows);
    print::line(format_args!("{}", statement.verdict()));
    if !statement.causes.is_empty() {
        print::line(format_args!("What a difference can be made of:"));
    }
    for cause in &statement.causes {
        print::line(format_args!("* {cause}"));
    }
}

fn kwh(count: u64) -> String {
    format!("{}.{:03} kWh", count / 1_000, count % 1_000)
}

fn half_hour(one: &HalfHourShown) -> [String; 4] {
    let words = "  half an hour of it".to_owned();
    [
        print::moment(Some(one.from)),
        words,
        kwh(one.watt_hours),
        one.amount.clone(),
    ]
}

fn row(day: Date, entry: Entry<'_>) -> [String; 4] {
    match entry {
        Entry::Line(line) => [
            day.to_string(),
            line.words.clone(),
            print::or_dash(line.watt_hours.map(kwh)),
            print::or_dash(line.amount.as_ref()),
        ],
        Entry::LeftOut(one) => {
            let until = one.last.filter(|last| *last != day);
            let days = until.map_or_else(|| day.to_string(), |last| format!("{day} to {last}"));
            [days, one.words.clone(), "-".to_owned(), "not known".to_owned()]
        }
    }
}
