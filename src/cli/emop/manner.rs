//! How something is written that people write: looked at first, confirmed, with a reason, and read back (EMOP §22.4, §22.5).

use std::io::{IsTerminal, Write};

use jiff::Timestamp;

use super::command::Given;
use super::outcome::Outcome;
use super::place::There;
use crate::cli::CliError;
use crate::cli::print;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::{ObjectId, Value};
use crate::meter::reads::{self, Asking};
use crate::meter::tariffs::FrameShown;
use crate::meter::writes::{Leave, ReadBack};

/// What was said of a write beside what it is.
pub(super) struct Manner {
    /// Nothing is sent.
    dry_run: bool,
    /// Nobody is asked whether it is meant.
    yes: bool,
    leave: Leave,
}

impl Manner {
    pub(super) fn of(given: &Given) -> Result<Manner, CliError> {
        let leave = Leave {
            why: given.option("why").map(str::to_owned),
            now: given.has("now"),
            ..Leave::default()
        };
        if leave.now && leave.why.is_none() {
            return Err(CliError::usage("--now needs --why: a reason, for the audit"));
        }
        leave
            .check()
            .map_err(|error| CliError::usage(format_args!("--why: {error}")))?;
        Ok(Manner {
            dry_run: given.has("dry-run"),
            yes: given.has("yes"),
            leave,
        })
    }

    /// The same for an object that was named by its number.
    pub(super) fn raw(mut self) -> Manner {
        self.leave.raw = true;
        self
    }

    pub(super) fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// The frame that would be written, or why it would not be.
    pub(super) async fn plan(
        &self,
        meter: There<'_>,
        object: ObjectId,
        payload: &[u8],
    ) -> Result<FrameShown, CliError> {
        let leave = Leave {
            ahead: !self.dry_run,
            ..self.leave.clone()
        };
        Ok(meter.place.plan(meter.serial, (object, payload), &leave).await?)
    }

    /// Writes an object, and tells what it holds then.
    pub(super) async fn write(&self, meter: There<'_>, object: ObjectId, payload: &[u8]) -> Result<Outcome, CliError> {
        if self.dry_run {
            return Ok(Outcome::Frames(vec![self.plan(meter, object, payload).await?]));
        }
        let load_switch = meter.dialect().catalogue().named("load_switch");
        if load_switch.is_some_and(|switch| switch.id == object) {
            self.must_be_meant(meter)?;
        }
        meter.place.write(meter.serial, (object, payload), &self.leave).await?;
        if self.leave.raw && self.leave.why.is_none() {
            print::note(format_args!(
                "{}: no --why was given: the audit says who wrote this, and not why",
                meter.serial
            ));
        }
        Ok(read_back(meter, object, payload).await)
    }

    /// Sets the clock, and tells what it shows then.
    pub(super) async fn set_clock(&self, meter: There<'_>) -> Result<Outcome, CliError> {
        if self.dry_run {
            let frame = meter.place.plan_clock(meter.serial, &self.leave).await?;
            return Ok(Outcome::Frames(vec![frame]));
        }
        let clock = meter.dialect().catalogue().named("time");
        let clock = clock.expect("names in this program are names of the catalogue").id;
        let payload = Value::clock(Timestamp::now(), meter.dialect().inferred()).map_err(CliError::failed)?;
        meter.place.set_clock(meter.serial, &self.leave).await?;
        Ok(read_back(meter, clock, &payload).await)
    }

    /// Asks a second time, since it can leave people in the dark: the serial is typed, or `--yes` was given.
    fn must_be_meant(&self, meter: There<'_>) -> Result<(), CliError> {
        if self.yes {
            return Ok(());
        }
        let unmeant = || {
            CliError::refused("the load switch is set only when you say so twice")
                .hint("on a terminal type the serial when you are asked; in a script give --yes")
        };
        if !std::io::stdin().is_terminal() {
            return Err(unmeant());
        }
        print::note(format_args!(
            "the load switch decides whether people have power again by themselves; type {} to set it:",
            meter.serial
        ));
        let _ = std::io::stderr().flush();
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed).map_err(CliError::failed)?;
        match typed.trim() == meter.serial.as_str() {
            true => Ok(()),
            false => Err(unmeant()),
        }
    }
}

/// What an object holds after it was written: people see it on standard error, programs with `--json`.
async fn read_back(meter: There<'_>, object: ObjectId, payload: &[u8]) -> Outcome {
    let held = reads::payload(&meter, Request::Read(object)).await;
    let held = held.map_err(|error| error.to_string());
    let told = ReadBack::of(meter.dialect(), (object, payload), held);
    if told.same == Some(false) {
        return Outcome::Differs(serde_json::json!(told), told.words());
    }
    print::note(format_args!("{}: {}", meter.serial, told.words()));
    Outcome::Told(serde_json::json!(told))
}
