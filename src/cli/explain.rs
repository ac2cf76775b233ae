//! `prepay explain`: a balance, line by line.

use clap::Args;
use hyper::Method;
use jiff::civil::Date;

use super::{CliError, Common, print};
use crate::admin::Client;
use crate::domain::{MeterId, given};
use crate::meter::explain::{MoneyShown, StatementShown};

/// Which balance is to be explained.
#[derive(Args)]
pub(super) struct Explain {
    /// The meter's serial
    serial: MeterId,
    /// The first day, where the house stands [default: six days before the last]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = given::day)]
    from: Option<Date>,
    /// The last day, which is among them [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = given::day)]
    to: Option<Date>,
    /// Rows for a spreadsheet
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Each half-hour with what it cost, where lines are their sum (with --csv or --json)
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
            let text = String::from_utf8_lossy(&bytes);
            for line in text.lines() {
                print::line(format_args!("{line}"));
            }
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
    let mut rows = vec![end(opened, "balance as the meter showed it", &statement.opening)];
    rows.extend(statement.lines.iter().map(|line| {
        let energy = line
            .watt_hours
            .map(|count| format!("{}.{:03} kWh", count / 1_000, count % 1_000));
        [
            line.day.to_string(),
            line.words.clone(),
            print::or_dash(energy),
            line.amount.clone().unwrap_or_else(|| "?".to_owned()),
        ]
    }));
    rows.push(end("-".to_owned(), "cut off from these lines", &statement.remainder));
    rows.push(end(closed.clone(), "computed", &statement.computed));
    rows.push(end(closed, "the meter's own", &statement.closing));
    rows.push(end("-".to_owned(), "difference", &statement.difference));
    print::table(["when", "what", "energy", "GBP"], rows);
    print::line(format_args!("{}", statement.verdict()));
    for cause in &statement.causes {
        print::line(format_args!("* {cause}"));
    }
}
