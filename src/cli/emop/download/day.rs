//! One day of one meter: both profile logs, and the files made of them (EMOP §6, §14, §15).

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::super::place::There;
use super::progress::{Pair, Progress, ProgressFolder};
use crate::cli::CliError;
use crate::domain::Element;
use crate::files::{self, Readers};
use crate::meter::emop::blank::is_blank_u32;
use crate::meter::emop::profile_log::{Elements, HALF_HOUR, Window, span, window};
use crate::meter::emop::{MeterTime, ProfileLog};
use crate::meter::reads;
use crate::meter::smip::{self, Markers, Name, Written};

/// Seconds of a day.
const DAY: u32 = 86_400;

/// Which day, and where its files go.
pub(super) struct DayRequest<'a> {
    pub(super) date: Date,
    pub(super) folder: &'a Path,
    /// Whether it is fetched even when it is there.
    pub(super) is_again: bool,
}

/// What came of a day.
pub(super) enum Done {
    /// It is there already.
    There(PathBuf),
    /// It was fetched. Without files the meter holds nothing of it.
    Written {
        /// What was written.
        files: Vec<PathBuf>,
        /// The day of the next half hour that the meter holds, when that lies ahead of the day.
        next_held: Option<Date>,
    },
}

impl DayRequest<'_> {
    /// Fetches it, unless it is there.
    pub(super) async fn fetch(&self, meter: There<'_>) -> Result<Done, CliError> {
        let hardware = reads::hardware(&meter).await?;
        if hardware.is_three_phase() {
            return Err(
                CliError::failed(format_args!("a {hardware} has three phases, and no profile logs"))
                    .hint("`emop three_phase_intervals` reads its intervals"),
            );
        }
        let elements = if hardware.is_twin() {
            Elements::Two
        } else {
            Elements::One
        };
        let first = hardware.is_twin().then_some(Element::A);
        if let Some(there) = there(self.folder, (meter.serial.as_str(), first), self.date)
            && !self.is_again
        {
            return Ok(Done::There(there));
        }
        let folder = ProgressFolder::of(meter.serial, self.date);
        let mut progress = folder.load();
        let mut next_held = None;
        for log in [ProfileLog::One, ProfileLog::Two] {
            let mut fetching = Fetching {
                meter,
                elements,
                folder: &folder,
                progress: &mut progress,
            };
            let next = fetching.log(log, self.begins()?).await?;
            next_held = next_held.max(next);
        }
        let files = self.write(meter, elements, &progress)?;
        folder.clear();
        Ok(Done::Written { files, next_held })
    }

    fn begins(&self) -> Result<MeterTime, CliError> {
        let begins = self
            .date
            .to_datetime(Time::midnight())
            .to_zoned(TimeZone::UTC)
            .map_err(CliError::usage)?;
        MeterTime::of(begins.timestamp()).map_err(CliError::usage)
    }

    fn write(&self, meter: There<'_>, elements: Elements, progress: &Progress) -> Result<Vec<PathBuf>, CliError> {
        let parts: &[Option<Element>] = match elements {
            Elements::One => &[None],
            Elements::Two => &[Some(Element::A), Some(Element::B)],
        };
        let begins = self.begins()?;
        let boundaries = (0..DAY / HALF_HOUR).map(|slot| MeterTime(begins.0 + slot * HALF_HOUR).moment());
        let boundaries: Vec<Timestamp> = boundaries.collect();
        let mut files = Vec::new();
        for part in parts {
            // What stands for no value is none.
            let register = |pair: &Pair| {
                let count = if *part == Some(Element::B) { pair.b } else { pair.a };
                (!is_blank_u32(count)).then_some(u64::from(count))
            };
            let rows = boundaries.iter().filter_map(|at| {
                let import = progress.log1_records.get(at).and_then(register);
                let export = progress.log2_records.get(at).and_then(register);
                (import.is_some() || export.is_some()).then_some(Written {
                    at: *at,
                    import,
                    export,
                })
            });
            let rows: Vec<Written> = rows.collect();
            if rows.is_empty() {
                continue;
            }
            let name = Name {
                serial: meter.serial.to_string(),
                element: *part,
                date: self.date,
                markers: Markers::default(),
            };
            let letter = part.map_or(String::new(), |part| format!("-{}", part.letter()));
            let text = smip::write(&format!("{}{letter}", meter.serial), &rows).map_err(CliError::failed)?;
            files.push(put(self.folder, &name, &text)?);
        }
        Ok(files)
    }
}

/// One log of a day on its way.
struct Fetching<'a> {
    meter: There<'a>,
    elements: Elements,
    folder: &'a ProgressFolder,
    progress: &'a mut Progress,
}

impl Fetching<'_> {
    /// Asks for what is not there yet. Answers the day of the next half hour held, when that ends the day's asking.
    async fn log(&mut self, log: ProfileLog, begins: MeterTime) -> Result<Option<Date>, CliError> {
        let (ends, step) = (begins.0 + DAY, span(log, self.elements));
        for from in (begins.0..ends).step_by(step as usize).map(MeterTime) {
            if self.done(log).contains(&from.moment()) {
                continue;
            }
            let to = MeterTime(ends.min(from.0 + step));
            let next = self.fetch(log, from..to).await?;
            self.done(log).insert(from.moment());
            self.folder.save(self.progress);
            // Nothing is held up to there (EMOP §6.4), so nothing more is asked of this day.
            if let Some(next) = next.filter(|next| next.0 >= ends) {
                return Ok(Some(next.moment().to_zoned(TimeZone::UTC).date()));
            }
        }
        Ok(None)
    }

    fn done(&mut self, log: ProfileLog) -> &mut std::collections::BTreeSet<Timestamp> {
        match log {
            ProfileLog::One => &mut self.progress.log1_chunks_done,
            ProfileLog::Two => &mut self.progress.log2_chunks_done,
        }
    }

    async fn fetch(
        &mut self,
        log: ProfileLog,
        span: std::ops::Range<MeterTime>,
    ) -> Result<Option<MeterTime>, CliError> {
        match log {
            ProfileLog::One => {
                let records = reads::half_hours_1(&self.meter, span.start).await?;
                let Window { inside, next_held } = window(records, span.start, span.end);
                let pairs = inside.iter().map(|one| {
                    (
                        one.at.moment(),
                        Pair {
                            a: one.import_a,
                            b: one.import_b,
                        },
                    )
                });
                self.progress.log1_records.extend(pairs);
                Ok(next_held)
            }
            ProfileLog::Two => {
                let records = reads::half_hours_2(&self.meter, span.start, self.elements).await?;
                let Window { inside, next_held } = window(records, span.start, span.end);
                let pairs = inside.iter().map(|two| {
                    let b = two.b.map_or(0, |b| b.active_export);
                    (
                        two.at.moment(),
                        Pair {
                            a: two.a.active_export,
                            b,
                        },
                    )
                });
                self.progress.log2_records.extend(pairs);
                Ok(next_held)
            }
        }
    }
}

/// The file of a day, whoever has taken it in since.
pub(super) fn there(folder: &Path, meter: (&str, Option<Element>), date: Date) -> Option<PathBuf> {
    let (serial, element) = meter;
    let files = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let mut files = files.filter(|file| {
        let name = file.file_name().to_str().and_then(|name| name.parse::<Name>().ok());
        name.is_some_and(|name| name.serial == serial && name.element == element && name.date == date)
    });
    files.next().map(|file| file.path())
}

/// Writes a file whole or not at all: who looks for days that are there must not find half of one.
fn put(folder: &Path, name: &Name, text: &str) -> Result<PathBuf, CliError> {
    let file = folder.join(name.to_string());
    files::make_shared(folder).map_err(CliError::failed)?;
    files::write(&file, text.as_bytes(), Readers::All).map_err(CliError::failed)?;
    Ok(file)
}
