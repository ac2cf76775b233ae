//! The questions: on a terminal alone, each with what is taken when nothing is typed.

use std::io::{BufRead, IsTerminal};

use super::super::{CliError, print};

/// Who is asked.
pub(super) struct Asker {
    /// Whether there is anybody.
    listens: bool,
}

impl Asker {
    pub(super) fn new(json: bool) -> Asker {
        Asker {
            listens: !json && std::io::stdin().is_terminal(),
        }
    }

    /// What whoever sits there should know before the first question.
    pub(super) fn welcome(&self) {
        if self.listens {
            print::note(format_args!(
                "Enter takes what stands in brackets. Ctrl-C leaves at any time: what was done stays, and gatelodge quickstart goes on."
            ));
        }
    }

    /// Whether anybody is asked.
    pub(super) fn listens(&self) -> bool {
        self.listens
    }

    /// One line; what is `usual` when it is empty. `None`: nobody was asked, or nothing was said and nothing is usual.
    pub(super) fn ask(&self, question: &str, usual: Option<&str>) -> Result<Option<String>, CliError> {
        if !self.listens {
            return Ok(None);
        }
        match usual {
            Some(usual) => print::note(format_args!("{question} [{usual}]")),
            None => print::note(format_args!("{question}")),
        }
        let said = read_line()?;
        Ok(match said.trim() {
            "" => usual.map(str::to_owned),
            text => Some(text.to_owned()),
        })
    }

    /// Lines up to an empty one.
    pub(super) fn lines(&self, question: &str) -> Result<String, CliError> {
        let mut text = String::new();
        if !self.listens {
            return Ok(text);
        }
        print::note(format_args!("{question}"));
        loop {
            let line = read_line()?;
            if line.trim().is_empty() {
                return Ok(text);
            }
            text.push_str(&line);
        }
    }
}

/// The end of input is somebody who left: what was done stays done.
fn read_line() -> Result<String, CliError> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).map_err(CliError::failed)?;
    if read == 0 {
        return Err(CliError::failed("left").hint("gatelodge quickstart goes on where this stopped"));
    }
    Ok(line)
}
