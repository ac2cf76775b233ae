//! `three_phase_intervals`: a span of intervals as CSV (EMOP §8.4).

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::command::Given;
use super::outcome::Outcome;
use super::place::There;
use crate::cli::CliError;
use crate::files::{self, Readers};
use crate::meter::arguments;
use crate::meter::emop::blank::is_blank_u32;
use crate::meter::emop::identity::MeterType;
use crate::meter::emop::intervals::{Block, Row, Scaled, chunks, column};
use crate::meter::emop::{MeterTime, ObjectId, Value};
use crate::meter::reads::{self, Asking};

/// The last half hour of a day begins so many seconds after the first.
const LAST_OF_DAY: u32 = 23 * 3_600 + 1_800;

/// What is asked for.
pub(super) struct IntervalsRequest {
    span: Range<MeterTime>,
    file: Option<PathBuf>,
    has_statuses: bool,
}

impl IntervalsRequest {
    /// A day wins over times; of the two times both are needed.
    pub(super) fn of(given: &Given) -> Result<IntervalsRequest, CliError> {
        let moment = |text: &str| {
            let at = arguments::moment(text).map_err(CliError::usage)?;
            MeterTime::of(at).map_err(CliError::usage)
        };
        let span = match (
            given.option("day"),
            given.option("start-time"),
            given.option("end-time"),
        ) {
            (Some(day), _, _) => {
                let day = arguments::day(day).map_err(CliError::usage)?;
                let begins = day
                    .to_datetime(Time::midnight())
                    .to_zoned(TimeZone::UTC)
                    .map_err(CliError::usage)?;
                let begins = MeterTime::of(begins.timestamp()).map_err(CliError::usage)?;
                begins..MeterTime(begins.0.saturating_add(LAST_OF_DAY))
            }
            (None, Some(start), Some(end)) => moment(start)?..moment(end)?,
            _ => {
                return Err(CliError::usage(
                    "--day, or both of --start-time and --end-time, say which intervals",
                ));
            }
        };
        chunks(span.clone()).map_err(CliError::usage)?.for_each(drop);
        Ok(IntervalsRequest {
            span,
            file: given.option("csv").filter(|file| *file != "-").map(PathBuf::from),
            has_statuses: given.has("include_statuses"),
        })
    }

    /// Whether it goes to a file, of which several meters cannot have one.
    pub(super) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Reads them, piece by piece, and writes the table.
    pub(super) async fn carry_out(&self, meter: There<'_>) -> Result<Outcome, CliError> {
        let kind = match reads::value(&meter, "three_phase_hardware_configuration").await? {
            Value::MeterType(kind) => kind,
            other => unreachable!("a three phase meter's kind is no {other:?}"),
        };
        let mut table = Table::default();
        for piece in chunks(self.span.clone()).map_err(CliError::usage)? {
            let block = reads::intervals(&meter, piece).await?;
            table.take(&block, &self.span)?;
        }
        let text = self.csv(meter, &table, kind)?;
        let Some(file) = &self.file else {
            print_exactly(&text);
            return Ok(Outcome::Nothing);
        };
        let place = files::place(file).map_err(CliError::failed)?;
        files::write(&place, text.as_bytes(), Readers::All).map_err(CliError::failed)?;
        Ok(Outcome::Nothing)
    }

    fn csv(&self, meter: There<'_>, table: &Table, kind: MeterType) -> Result<String, CliError> {
        let layout = &meter.dialect().inferred().intervals;
        let mut heading = vec!["created_at".to_owned()];
        heading.extend(table.channels.iter().map(|channel| column(*channel)));
        if self.has_statuses {
            heading.extend(layout.status_bits.iter().cloned());
        }
        let mut text = format!("{}\r\n", heading.join(","));
        for (at, row) in &table.rows {
            let mut cells = vec![at.moment().strftime("%Y-%m-%dT%H:%M:%S").to_string()];
            for value in &row.values {
                // What stands for no value is none.
                cells.push(match is_blank_u32(*value) {
                    true => String::new(),
                    false => Scaled::new(*value, kind).map_err(CliError::failed)?.to_string(),
                });
            }
            if self.has_statuses {
                let bits = 0..layout.status_bits.len();
                let cell = |bit: usize| if row.status >> bit & 1 == 1 { "True" } else { "False" };
                cells.extend(bits.map(|bit| cell(bit).to_owned()));
            }
            text.push_str(&format!("{}\r\n", cells.join(",")));
        }
        Ok(text)
    }
}

/// Rows by their own moments: pieces overlap at their ends, and a meter that holds nothing there answers with others.
#[derive(Default)]
struct Table {
    channels: Vec<ObjectId>,
    rows: BTreeMap<MeterTime, Row>,
}

impl Table {
    fn take(&mut self, block: &Block, span: &Range<MeterTime>) -> Result<(), CliError> {
        let inside = block.timed().filter(|(at, _)| (span.start..=span.end).contains(at));
        let rows: Vec<(MeterTime, Row)> = inside.map(|(at, row)| (at, row.clone())).collect();
        if rows.is_empty() {
            return Ok(());
        }
        if self.rows.is_empty() {
            self.channels.clone_from(&block.channels);
        } else if self.channels != block.channels {
            return Err(CliError::failed(
                "the meter's channels change within that span; ask for a shorter one",
            ));
        }
        self.rows.extend(rows);
        Ok(())
    }
}

/// Line ends stay as they are.
fn print_exactly(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
