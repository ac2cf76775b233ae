//! Tariffs to come out of a file: whatever a meter does not hold yet is written (EMOP §24.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::DateTime;
use tokio::time::Instant;

use super::{Line, Outcome};
use crate::domain::{MeterId, Quantity};
use crate::meter::emop::Money;
use crate::meter::room::Meters;
use crate::meter::tariffs::{Absent, NewTariff, WriteState};
use crate::meter::topup::{Origin, Through};

/// The columns, as the older program's table has them; those of prepayment may be left out altogether.
const NEEDED: [&str; 4] = [
    "serial",
    "tariff_period_start",
    "customer_unit_rate",
    "customer_standing_charge",
];
const PREPAY: [&str; 3] = ["emergency_credit", "ecredit_button_threshold", "debt_recovery_rate"];

/// What a meter's tariff to come calls them.
const HELD: [&str; 3] = [
    "prepayment_emergency_credit",
    "prepayment_ecredit_availability",
    "prepayment_debt_recovery_rate",
];

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    meter: MeterId,
    start: DateTime,
    unit_rate: String,
    standing_charge: String,
    prepay: [Option<String>; 3],
}

/// The rows of a file, and what is wrong with lines that are none: each is wrong for itself.
fn rows(text: &str) -> Result<Vec<Result<Row, String>>, String> {
    // Spreadsheets begin such a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let cells = |line: &str| -> Vec<String> {
        line.split(',')
            .map(|cell| cell.trim().trim_matches('"').to_owned())
            .collect()
    };
    let head = lines.next().map(|(_, line)| cells(line)).unwrap_or_default();
    let place = |name: &str| head.iter().position(|known| known == name);
    if let Some(missing) = NEEDED.iter().find(|name| place(name).is_none()) {
        return Err(format!("the first line has no column {missing}"));
    }
    let row = |line: &str| {
        let cells = cells(line);
        let cell = |name: &str| {
            let text = place(name)
                .and_then(|at| cells.get(at))
                .map(String::as_str)
                .unwrap_or_default();
            if text.is_empty() {
                Err(format!("{name} is empty"))
            } else {
                Ok(text.to_owned())
            }
        };
        let start = cell("tariff_period_start")?;
        let midnight = || {
            start
                .parse::<jiff::civil::Date>()
                .map(|day| day.to_datetime(jiff::civil::Time::midnight()))
        };
        let given = |name: &str| place(name).map(|_| cell(name)).transpose();
        Ok::<_, String>(Row {
            meter: cell("serial")?.parse().map_err(|_| "serial is none".to_owned())?,
            start: start
                .parse()
                .or_else(|_| midnight())
                .map_err(|_| format!("tariff_period_start is {start:?}, not a day such as 2027-04-01"))?,
            unit_rate: cell("customer_unit_rate")?,
            standing_charge: cell("customer_standing_charge")?,
            prepay: [given(PREPAY[0])?, given(PREPAY[1])?, given(PREPAY[2])?],
        })
    };
    Ok(lines
        .map(|(number, line)| row(line).map_err(|why| format!("line {}: {why}", number + 1)))
        .collect())
}

impl Row {
    /// Whether a tariff to come, as a meter last said it, is this one.
    fn is_held(&self, held: &serde_json::Value) -> bool {
        let same = |key: &str, wanted: &str| {
            let held = held
                .get(key)
                .and_then(|amount| amount.as_str())
                .and_then(|text| text.parse::<Money>().ok());
            held.is_some() && held == wanted.parse().ok()
        };
        let begins = held
            .get("activation_datetime")
            .and_then(|at| at.as_str())
            .and_then(|at| at.parse().ok());
        let prepay = HELD.iter().zip(&self.prepay);
        begins == Some(self.start)
            && same("unit_rate_element_a", &self.unit_rate)
            && same("standing_charge", &self.standing_charge)
            && prepay
                .filter_map(|(key, wanted)| Some((key, wanted.as_ref()?)))
                .all(|(key, wanted)| same(key, wanted))
    }

    fn tariff(&self) -> NewTariff {
        let [emergency_credit, ecredit_availability, debt_recovery_rate] = self.prepay.clone();
        NewTariff {
            unit_rate: self.unit_rate.clone(),
            standing_charge: self.standing_charge.clone(),
            emergency_credit,
            ecredit_availability,
            debt_recovery_rate,
            from: self.start.to_string(),
            why: "missing in the meter, from meters.jobs.tariffs_file".to_owned(),
            absent: Absent::Kept,
        }
    }
}

impl Meters {
    /// Writes the next tariff of the file to each meter that does not hold it yet.
    pub(super) async fn missing_tariffs(self: &Arc<Self>) -> Result<Vec<Line>, String> {
        let Some(file) = self.config.jobs.tariffs_file.clone() else {
            return Err("meters.jobs.tariffs_file names no file".to_owned());
        };
        let text = tokio::fs::read_to_string(&file).await;
        let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
        let now = self.store.now().to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let mut lines = Vec::new();
        let mut next: BTreeMap<MeterId, Row> = BTreeMap::new();
        for row in rows(&text).map_err(|why| format!("{}: {why}", file.display()))? {
            match row {
                Ok(row) if row.start <= now => {}
                Ok(row) => match next.get(&row.meter) {
                    Some(known) if known.start <= row.start => {}
                    _ => drop(next.insert(row.meter.clone(), row)),
                },
                Err(why) => lines.push(Line::of_nothing(why)),
            }
        }
        for (meter, row) in next {
            if let Some(line) = self.missing_tariff(&meter, &row).await {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    /// `None`: the meter holds it.
    async fn missing_tariff(self: &Arc<Self>, meter: &MeterId, row: &Row) -> Option<Line> {
        let failed = |why: String| Some(Line::new(meter, Outcome::Failed, why));
        let shown = match self.show(meter) {
            Ok(shown) => shown,
            Err(error) => return failed(error.to_string()),
        };
        if shown
            .value(Quantity::TariffsFuture)
            .is_some_and(|held| row.is_held(held))
        {
            return None;
        }
        let origin = Origin {
            by: "job tariffs".to_owned(),
            through: Through::Job,
        };
        if let Err(error) = self.write_tariff(meter, &row.tariff(), &origin).await {
            return failed(error.to_string());
        }
        // Eleven writes and as many reads, each with one whole try.
        let until = Instant::now() + self.reading_takes() * 2;
        match self.settled_tariff_write(meter, until).await {
            Ok(Some(write)) if write.state == WriteState::Done => {
                let words = format!("the tariff of {} was written and read back", row.start);
                Some(Line::new(meter, Outcome::Done, words))
            }
            Ok(Some(write)) => failed(write.words),
            Ok(None) => failed("what became of the write is not known".to_owned()),
            Err(error) => failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEAD: &str = "serial,tariff_period_start,customer_unit_rate,customer_standing_charge,emergency_credit,ecredit_button_threshold,debt_recovery_rate\n";

    #[test]
    fn a_line_that_is_wrong_is_wrong_for_itself() {
        let text = format!(
            "{HEAD}EML1,2027-04-01,0.24,0.5,15,10,0.3\n\nEML2,2027-04-01,0.24,0.5,,10,0.3\nE L,2027-04-01,0.24,0.5,15,10,0.3\nEML3,soon,0.24,0.5,15,10,0.3\n\"EML4\",2027-04-01T00:30:00,0.24,0.5,15,10,0.3\n"
        );
        let rows = rows(&text).unwrap();
        let words: Vec<_> = rows
            .iter()
            .map(|row| row.as_ref().map(|row| row.meter.to_string()))
            .collect();
        assert_eq!(words[0], Ok("EML1".to_owned()));
        assert_eq!(words[1], Err(&"line 4: emergency_credit is empty".to_owned()));
        assert_eq!(words[2], Err(&"line 5: serial is none".to_owned()));
        assert!(words[3].as_ref().is_err_and(|why| why.contains("not a day")));
        assert_eq!(words[4], Ok("EML4".to_owned()));
        assert_eq!(rows[0].as_ref().unwrap().start.to_string(), "2027-04-01T00:00:00");
        assert!(
            super::rows("serial,tariff_period_start\n")
                .unwrap_err()
                .contains("customer_unit_rate")
        );
        let short =
            "serial,tariff_period_start,customer_unit_rate,customer_standing_charge\nEML1,2027-04-01,0.24,0.5\n";
        assert_eq!(
            super::rows(short).unwrap()[0].as_ref().unwrap().prepay,
            [None, None, None]
        );
    }

    #[test]
    fn a_tariff_is_held_when_the_moment_and_every_amount_are_the_same() {
        let text = format!("\u{feff}{HEAD}EML1,2027-04-01,0.24,0.50,15,10,0.3\n");
        let row = rows(&text).unwrap().remove(0).unwrap();
        let held = json!({
            "activation_datetime": "2027-04-01T00:00:00", "unit_rate_element_a": "0.24", "standing_charge": "0.5",
            "prepayment_emergency_credit": "15", "prepayment_ecredit_availability": "10",
            "prepayment_debt_recovery_rate": "0.3",
        });
        assert!(row.is_held(&held));
        for (key, _) in held.as_object().unwrap() {
            let mut another = held.clone();
            another[key] = json!(if key == "activation_datetime" {
                "2027-04-02T00:00:00"
            } else {
                "0.01"
            });
            assert!(!row.is_held(&another), "{key}");
            another.as_object_mut().unwrap().remove(key);
            assert!(!row.is_held(&another), "without {key}");
        }
        let without = Row {
            prepay: [None, None, None],
            ..row
        };
        let mut another = held.clone();
        another["prepayment_debt_recovery_rate"] = json!("4");
        assert!(without.is_held(&another), "what the file does not say is left as it is");
    }
}
