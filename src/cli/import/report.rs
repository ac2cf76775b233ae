//! What a run did, or would do: item by item as it goes, and the sum at the end (MOVE §1.3).

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::admin::{Came, Outcome};
use crate::cli::{CliError, Common, print};

/// Items that the JSON report names; of more there is the count.
const NAMED: usize = 10_000;
/// How often a terminal is told how far it is, and a log.
const OFTEN: Duration = Duration::from_millis(200);
const SELDOM: Duration = Duration::from_secs(5);

/// Where something stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The file as it was named.
    pub(super) file: String,
    /// Counted from 1; `None`: it is of the whole file.
    pub(super) line: Option<u64>,
}

/// An item and what came of it.
#[derive(Debug, Serialize)]
struct Item {
    what: String,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    came_to: Came,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// The whole report; with `--json` it is printed at the end.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    import: &'static str,
    dry_run: bool,
    /// Whether it came to its end.
    finished: bool,
    taken: u64,
    already: u64,
    refused: u64,
    /// Single things that are new, where items hold many of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<u64>,
    /// Values that the files name and have no number for.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<u64>,
    items: Vec<Item>,
    /// Items of which only the count is here.
    items_left_out: u64,
    notes: Vec<String>,
    #[serde(skip)]
    is_json: bool,
    #[serde(skip)]
    told: Instant,
}

impl Report {
    pub(super) fn new(import: &'static str, dry_run: bool, common: &Common) -> Report {
        Report {
            import,
            dry_run,
            finished: true,
            taken: 0,
            already: 0,
            refused: 0,
            new: None,
            missing: None,
            items: Vec::new(),
            items_left_out: 0,
            notes: Vec::new(),
            is_json: common.json,
            told: Instant::now(),
        }
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Whether nothing was told yet.
    pub(super) fn is_empty(&self) -> bool {
        self.taken + self.already + self.refused == 0
    }

    /// Something that the reader did not send at all.
    pub(super) fn refuse(&mut self, place: Place, what: impl Into<String>, why: impl ToString) {
        let outcome = Outcome {
            came_to: Came::Refused,
            why: Some(why.to_string()),
            new: 0,
            parts: Vec::new(),
        };
        self.add(place, what, outcome);
    }

    /// What came of an item.
    pub(super) fn add(&mut self, place: Place, what: impl Into<String>, outcome: Outcome) {
        let Outcome {
            came_to,
            why,
            new,
            parts,
        } = outcome;
        let count = match came_to {
            Came::Taken => &mut self.taken,
            Came::Already => &mut self.already,
            Came::Refused => &mut self.refused,
        };
        *count += 1;
        if let Some(sum) = &mut self.new {
            *sum += new;
        }
        let file = place.file;
        let item = Item {
            what: what.into(),
            file: file.clone(),
            line: place.line,
            came_to,
            why,
        };
        if !self.is_json {
            self.say(&item);
        }
        // Of what is here already there is nothing to do or to look at.
        let is_news = came_to != Came::Already || item.why.is_some();
        match is_news && self.items.len() < NAMED {
            true => self.items.push(item),
            false => self.items_left_out += 1,
        }
        for part in parts {
            let place = Place {
                file: file.clone(),
                line: Some(part.line),
            };
            self.refuse(place, "a reading", part.why);
        }
    }

    /// Values that the files have no number for, which are missing here too.
    pub(super) fn missing(&mut self, values: u64) {
        *self.missing.get_or_insert(0) += values;
    }

    /// Counts single things too.
    pub(super) fn counting(mut self) -> Report {
        self.new = Some(0);
        self
    }

    /// What is to be known of the whole, or done next.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn say(&self, item: &Item) {
        let word = match (item.came_to, self.dry_run) {
            (Came::Taken, true) => "would take",
            (Came::Taken, false) => "taken",
            (Came::Refused, _) => "refused",
            (Came::Already, _) if item.why.is_some() => "already here",
            (Came::Already, _) => return,
        };
        let line = item.line.map(|line| format!(":{line}")).unwrap_or_default();
        let why = item.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        print::line(format_args!("{word} {}{line}: {}{why}", item.file, item.what));
    }

    /// Says how far it is, when that is worth saying.
    pub(super) fn progress(&mut self) {
        let here = std::io::stderr().is_terminal();
        if self.told.elapsed() < if here { OFTEN } else { SELDOM } {
            return;
        }
        self.told = Instant::now();
        let so_far = format!(
            "{} taken, {} already here, {} refused ",
            self.taken, self.already, self.refused
        );
        match here {
            true => print::note_on(format_args!("{so_far}")),
            false => print::note(format_args!("so far {so_far}")),
        }
    }

    /// The run was stopped before its end.
    pub(super) fn is_stopped(&mut self) {
        self.finished = false;
        self.note("stopped before the end; what is told as taken is here: run it again to go on");
    }

    /// Prints the sum. What was refused, or a run that did not come to its end, makes it a failure.
    pub(super) fn finish(self) -> Result<ExitCode, CliError> {
        if self.is_json {
            print::json(&self);
        } else {
            let verb = if self.dry_run { "would be taken" } else { "taken" };
            let new = self.new.map(|new| format!(" ({new} new)")).unwrap_or_default();
            print::line(format_args!(
                "{} {verb}{new}, {} already here, {} refused",
                self.taken, self.already, self.refused
            ));
            if let Some(missing) = self.missing {
                print::line(format_args!(
                    "{missing} values are missing in the files (empty, NA or -1), and are gaps here"
                ));
            }
            for note in &self.notes {
                print::lines(format_args!("{note}"));
            }
        }
        Ok(match self.finished && self.refused == 0 {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}
