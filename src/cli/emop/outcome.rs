//! What a command of `emop` prints: the forms of EMOP §13, which scripts read.

use serde_json::Value as Json;

use crate::cli::CliError;
use crate::cli::print;
use crate::cli::tariffs::frames_shown;
use crate::meter::tariffs::FrameShown;

/// What came of a command.
pub(super) enum Outcome {
    /// It is done, and there is nothing to say.
    Nothing,
    /// One value: `command=value`.
    Scalar(Json),
    /// A mapping or a list: JSON, two spaces a level.
    Structure(Json),
    /// It is done, and what is said beside was said to people; for programs it is this.
    Told(Json),
    /// The meter holds something else than was written: for programs, and in words.
    Differs(Json, String),
    /// Frames that would be sent.
    Frames(Vec<FrameShown>),
    /// Anything else, as it is.
    Text(String),
}

impl Outcome {
    pub(super) fn print(&self, command: &str) {
        match self {
            Outcome::Nothing | Outcome::Told(_) | Outcome::Differs(..) => {}
            Outcome::Frames(frames) => frames_shown(frames),
            Outcome::Scalar(value) => print::line(format_args!("{command}={}", natural(value))),
            Outcome::Structure(value) => print::json_lines(&indented(value)),
            Outcome::Text(text) => print::line(format_args!("{text}")),
        }
    }

    /// Whether it failed, though the meter took it.
    pub(super) fn ended(self) -> Result<(), CliError> {
        match self {
            Outcome::Differs(_, words) => Err(CliError::failed(words)),
            _ => Ok(()),
        }
    }

    /// As `--json` has it: one line, whatever it is.
    pub(super) fn print_json(&self) {
        match self {
            Outcome::Nothing => {}
            Outcome::Scalar(value) | Outcome::Structure(value) => print::json(value),
            Outcome::Told(value) | Outcome::Differs(value, _) => print::json(value),
            Outcome::Frames(frames) => print::json(frames),
            Outcome::Text(text) => print::json(text),
        }
    }
}

/// JSON as older programs print it.
pub(super) fn indented(value: &Json) -> String {
    serde_json::to_string_pretty(value).expect("JSON values are JSON")
}

/// A value as the original's language writes it.
fn natural(value: &Json) -> String {
    match value {
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Null => "None".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
