//! Tariffs to come out of a file: whatever a meter does not hold yet is written (EMOP §24.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use tokio::time::Instant;

use super::tariff_file::{Given, Row, TariffFile};
use super::{Line, Outcome};
use crate::domain::{MeterId, Quantity};
use crate::meter::own_time::OwnTime;
use crate::meter::room::Meters;
use crate::meter::tariffs::WriteState;
use crate::meter::topup::{Origin, Through};

/// What is said while there is nothing to write.
const NO_FILE: &str = "no file of tariffs is configured: write tariffs_file = \"/etc/gatelodge/tariffs.csv\" below \
                       [meters.jobs], or wherever it lies, then `gatelodge config reload`";

impl Meters {
    /// Writes the next tariff of the file to each meter that does not hold it yet.
    pub(super) async fn missing_tariffs(self: &Arc<Self>) -> Result<Vec<Line>, String> {
        let Some(file) = self.config.jobs.tariffs_file.clone() else {
            return Err(NO_FILE.to_owned());
        };
        let text = tokio::fs::read_to_string(&file).await;
        let text = text.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => format!("{}: it is no text in UTF-8", file.display()),
            _ => format!("{}: {error}", file.display()),
        })?;
        let given = TariffFile::read(&text, &|meter| self.own_time(meter))
            .map_err(|why| format!("{}: {why}", file.display()))?;
        let mut lines: Vec<Line> = given.wrong.into_iter().map(Line::of_nothing).collect();
        for (meter, tariffs) in given.meters {
            let to_come = to_come(tariffs, self.own_time(&meter), self.store.now());
            lines.extend(
                to_come
                    .iter()
                    .filter_map(|(start, given)| contradicted(&meter, *start, given)),
            );
            if let Some((_, Given::One(row))) = to_come.first()
                && let Some(line) = self.missing_tariff(&meter, row).await
            {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    /// The clock of a meter, as far as anybody knows whether it follows summer time.
    fn own_time(&self, meter: &MeterId) -> OwnTime {
        let flag = self.show(meter).ok().and_then(|shown| {
            let flag = shown.value(Quantity::DaylightSavings)?;
            flag.as_bool()
        });
        OwnTime::of(flag.unwrap_or(false))
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

/// The tariffs whose moments lie ahead on a meter's own clock, the next one first.
fn to_come(tariffs: BTreeMap<DateTime, Given>, own_time: OwnTime, now: Timestamp) -> Vec<(DateTime, Given)> {
    let shown = Offset::UTC.to_datetime(own_time.shows(now));
    tariffs.into_iter().filter(|(start, _)| *start > shown).collect()
}

/// Why a moment's tariff is not written that the file gives several times, and differently.
fn contradicted(meter: &MeterId, start: DateTime, given: &Given) -> Option<Line> {
    let Given::Several(numbers) = given else { return None };
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let words = format!(
        "lines {} of the file give different tariffs from {start} on: none of them is written; leave one",
        numbers.join(" and ")
    );
    Some(Line::new(meter, Outcome::Failed, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tariff_is_to_come_by_the_meters_own_clock() {
        let head = "serial,tariff_period_start,customer_unit_rate,customer_standing_charge";
        let file = TariffFile::read(
            &format!("{head}\nEML1,2027-07-01,0.24,0.5\nEML1,2027-08-01,0.25,0.5\n"),
            &|_| OwnTime::Utc,
        );
        let [tariffs] = file
            .unwrap()
            .meters
            .into_values()
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        // Half past midnight in British summer time.
        let now: Timestamp = "2027-06-30T23:30:00Z".parse().unwrap();
        let next = |own_time| to_come(tariffs.clone(), own_time, now)[0].0.to_string();
        assert_eq!(next(OwnTime::Utc), "2027-07-01T00:00:00");
        assert_eq!(next(OwnTime::British), "2027-08-01T00:00:00", "July's has begun");
    }
}
