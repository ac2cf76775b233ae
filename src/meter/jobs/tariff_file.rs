//! The file of tariffs to come: whose columns are read, what each line gives, and which lines contradict one another
//! (EMOP §24.1). Pure.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use crate::domain::MeterId;
use crate::meter::emop::Money;
use crate::meter::emop::token::repeated;
use crate::meter::given_moment::GivenMoment;
use crate::meter::own_time::OwnTime;
use crate::meter::tariffs::{Absent, NewTariff};

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
pub(super) struct Row {
    /// Its number in the file.
    line: usize,
    meter: MeterId,
    pub(super) start: DateTime,
    unit_rate: String,
    standing_charge: String,
    prepay: [Option<String>; 3],
}

/// The rows of a file, and what is wrong with lines that are none: each is wrong for itself. A moment with an offset is
/// told by the clock of its meter.
fn rows(text: &str, clock: &dyn Fn(&MeterId) -> OwnTime) -> Result<Vec<Result<Row, String>>, String> {
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
    let row = |line: usize, text: &str| {
        let cells = cells(text);
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
        let meter: MeterId = cell("serial")?.parse().map_err(|_| "serial is none".to_owned())?;
        let given: GivenMoment = start.parse().map_err(|_| {
            let start = repeated(&start);
            format!("tariff_period_start is {start}, not a day such as 2027-04-01")
        })?;
        let start = given
            .by(clock(&meter))
            .map_err(|why| format!("tariff_period_start: {why}"))?;
        let given = |name: &str| place(name).map(|_| cell(name)).transpose();
        Ok::<_, String>(Row {
            line,
            meter,
            start,
            unit_rate: cell("customer_unit_rate")?,
            standing_charge: cell("customer_standing_charge")?,
            prepay: [given(PREPAY[0])?, given(PREPAY[1])?, given(PREPAY[2])?],
        })
    };
    Ok(lines
        .map(|(at, text)| row(at + 1, text).map_err(|why| format!("line {}: {why}", at + 1)))
        .collect())
}

impl Row {
    /// Whether another line gives the same amounts.
    fn has_the_amounts_of(&self, other: &Row) -> bool {
        let same = |one: &str, other: &str| match (one.parse::<Money>(), other.parse::<Money>()) {
            (Ok(one), Ok(other)) => one == other,
            _ => one == other,
        };
        let prepay = self.prepay.iter().flatten().zip(other.prepay.iter().flatten());
        same(&self.unit_rate, &other.unit_rate)
            && same(&self.standing_charge, &other.standing_charge)
            && prepay.into_iter().all(|(one, other)| same(one, other))
    }

    /// Whether a tariff to come, as a meter last said it, is this one.
    pub(super) fn is_held(&self, held: &serde_json::Value) -> bool {
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

    pub(super) fn tariff(&self) -> NewTariff {
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

/// What the file gives a meter from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// One tariff.
    One(Box<Row>),
    /// Several that differ: nobody knows which is meant. Their lines.
    Several(Vec<usize>),
}

impl Given {
    fn and(self, row: Row) -> Given {
        match self {
            Given::One(known) if known.has_the_amounts_of(&row) => Given::One(known),
            Given::One(known) => Given::Several(vec![known.line, row.line]),
            Given::Several(mut lines) => {
                lines.push(row.line);
                Given::Several(lines)
            }
        }
    }
}

/// A file of tariffs: what it gives each meter, by the moment from which on, and what is wrong with lines.
#[derive(Debug, Default)]
pub(super) struct TariffFile {
    pub(super) meters: BTreeMap<MeterId, BTreeMap<DateTime, Given>>,
    pub(super) wrong: Vec<String>,
}

impl TariffFile {
    /// Reads it. A line that is wrong is wrong for itself; without the columns that are needed there is nothing to read.
    pub(super) fn read(text: &str, clock: &dyn Fn(&MeterId) -> OwnTime) -> Result<TariffFile, String> {
        let mut file = TariffFile::default();
        for row in rows(text, clock)? {
            match row {
                Ok(row) => file.take(row),
                Err(why) => file.wrong.push(why),
            }
        }
        Ok(file)
    }

    fn take(&mut self, row: Row) {
        let tariffs = self.meters.entry(row.meter.clone()).or_default();
        let start = row.start;
        let given = match tariffs.remove(&start) {
            Some(known) => known.and(row),
            None => Given::One(Box::new(row)),
        };
        tariffs.insert(start, given);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEAD: &str = "serial,tariff_period_start,customer_unit_rate,customer_standing_charge,emergency_credit,ecredit_button_threshold,debt_recovery_rate\n";

    fn utc(_: &MeterId) -> OwnTime {
        OwnTime::Utc
    }

    #[test]
    fn a_moment_with_an_offset_is_told_by_the_meters_own_clock() {
        let text = format!(
            "{HEAD}EML1,2027-07-01T00:00:00+01:00,0.24,0.5,15,10,0.3\nEML1,2027-03-28T01:30:00,0.24,0.5,15,10,0.3\n"
        );
        let starts = |clock: OwnTime| -> Vec<_> {
            let rows = rows(&text, &|_| clock).unwrap();
            rows.into_iter()
                .map(|row| row.map(|row| row.start.to_string()))
                .collect()
        };
        assert_eq!(starts(OwnTime::Utc)[0].as_deref(), Ok("2027-06-30T23:00:00"));
        let british = starts(OwnTime::British);
        assert_eq!(british[0].as_deref(), Ok("2027-07-01T00:00:00"));
        assert!(
            british[1].as_ref().is_err_and(|why| why.contains("does not exist")),
            "{british:?}"
        );
    }

    #[test]
    fn a_line_that_is_wrong_is_wrong_for_itself() {
        let text = format!(
            "{HEAD}EML1,2027-04-01,0.24,0.5,15,10,0.3\n\nEML2,2027-04-01,0.24,0.5,,10,0.3\nE L,2027-04-01,0.24,0.5,15,10,0.3\nEML3,soon,0.24,0.5,15,10,0.3\n\"EML4\",2027-04-01T00:30:00,0.24,0.5,15,10,0.3\n"
        );
        let rows = rows(&text, &utc).unwrap();
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
            super::rows("serial,tariff_period_start\n", &utc)
                .unwrap_err()
                .contains("customer_unit_rate")
        );
        let short =
            "serial,tariff_period_start,customer_unit_rate,customer_standing_charge\nEML1,2027-04-01,0.24,0.5\n";
        assert_eq!(
            super::rows(short, &utc).unwrap()[0].as_ref().unwrap().prepay,
            [None, None, None]
        );
    }

    #[test]
    fn a_tariff_is_held_when_the_moment_and_every_amount_are_the_same() {
        let text = format!("\u{feff}{HEAD}EML1,2027-04-01,0.24,0.50,15,10,0.3\n");
        let row = rows(&text, &utc).unwrap().remove(0).unwrap();
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

    #[test]
    fn lines_that_contradict_each_other_are_named_and_lines_that_agree_are_one() {
        let text = format!(
            "{HEAD}EML1,2027-04-01,0.24,0.5,15,10,0.3\nEML1,2027-04-01T00:00:00,0.240,0.50,15,10,0.30\n\
             EML2,2027-04-01,0.24,0.5,15,10,0.3\nEML1,2028-04-01,0.24,0.5,15,10,0.3\n\
             EML2,2027-04-01,0.25,0.5,15,10,0.3\nEML2,2027-04-01,0.24,0.5,15,10,0.3\n"
        );
        let file = TariffFile::read(&text, &utc).unwrap();
        let of = |meter: &str| -> Vec<&Given> { file.meters[&meter.parse().unwrap()].values().collect() };
        assert!(matches!(of("EML1")[..], [Given::One(_), Given::One(_)]));
        assert_eq!(of("EML2"), [&Given::Several(vec![4, 6, 7])]);
        assert!(file.wrong.is_empty());
        let debt = format!("{HEAD}EML1,2027-04-01,0.24,0.5,15,10,0.3\nEML1,2027-04-01,0.24,0.5,15,10,0.4\n");
        let file = TariffFile::read(&debt, &utc).unwrap();
        assert_eq!(
            file.meters.values().flat_map(BTreeMap::values).collect::<Vec<_>>(),
            [&Given::Several(vec![2, 3])]
        );
    }
}
