//! Exit codes, and what is said when a command does not work. The same mistake has the same code at every command, found
//! early on the command line or late by the box:
//!
//! | code | means |
//! |---|---|
//! | 0 | it worked |
//! | 1 | it did not work, or it is not known yet whether it did |
//! | 2 | the command line is wrong, or a value on it |
//! | 3 | the configuration is wrong |
//! | 4 | nobody answers: the box, the mediator, the meter |
//! | 5 | refused: it may not be, there is no such thing, or the box or the meter is not in a state for it |
//! | 75 | the box is to be started again |

use std::fmt;
use std::process::ExitCode;

use super::print;
use crate::admin::{ARGUMENT, ClientError};
use crate::config::{ConfigError, ConfigErrors};

/// The command line itself was wrong.
pub(super) const USAGE: u8 = 2;

/// Whoever started the box is to start it again.
pub(super) const RESTART: u8 = 75;

/// A command did not work: why, and with which exit code.
#[derive(Debug)]
pub struct CliError {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl CliError {
    /// What to do about it, when that is known.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The error of what went wrong (1).
    pub fn failed(message: impl fmt::Display) -> CliError {
        CliError {
            code: 1,
            message: message.to_string(),
            hint: None,
        }
    }

    /// The error of what was asked wrongly (2).
    pub fn usage(message: impl fmt::Display) -> CliError {
        CliError {
            code: 2,
            message: message.to_string(),
            hint: None,
        }
    }

    /// What is configured does not work (3).
    pub fn configuration(message: impl fmt::Display) -> CliError {
        CliError {
            code: 3,
            message: message.to_string(),
            hint: None,
        }
    }

    /// A peer is not reachable (4).
    pub fn not_reachable(message: impl fmt::Display) -> CliError {
        CliError {
            code: 4,
            message: message.to_string(),
            hint: None,
        }
    }

    /// Somebody said no (5).
    pub fn refused(message: impl fmt::Display) -> CliError {
        CliError {
            code: 5,
            message: message.to_string(),
            hint: None,
        }
    }

    /// What is configured does not work (3): every fault, a line each. Right when there is none.
    pub fn of_faults(faults: Vec<ConfigError>) -> Result<(), CliError> {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| fault.to_string().replace('\n', " "))
            .collect();
        match lines.is_empty() {
            true => Ok(()),
            false => Err(CliError::configuration(lines.join("\n"))),
        }
    }

    /// With what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> CliError {
        self.hint = Some(hint.to_string());
        self
    }

    /// With what it is about in front.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> CliError {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    /// The error's exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Says it on standard error, and gives the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        // What has several lines says several things; none passes for the beginning of another message.
        for (place, one) in self.message.split('\n').enumerate() {
            let begins = if place == 0 { "gatelodge:" } else { " " };
            print::note(format_args!("{begins} {one}"));
        }
        if let Some(hint) = &self.hint {
            print::note(format_args!("  {hint}"));
        }
        ExitCode::from(self.code)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> CliError {
        CliError::configuration(error)
    }
}

impl From<ConfigErrors> for CliError {
    fn from(errors: ConfigErrors) -> CliError {
        CliError::of_faults(errors.into_vec()).expect_err("errors are faults")
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> CliError {
        match &error {
            ClientError::NotReachable { .. } => CliError::not_reachable(error)
                .hint("is it running? `systemctl status gatelodge`; --socket names another place"),
            ClientError::NotLetIn { .. } => CliError::refused(error).hint(
                "root is let in (sudo), and the group of the socket: sudo usermod -aG gatelodge $USER, then sign in anew",
            ),
            ClientError::Silent { .. } => CliError::not_reachable(error)
                .hint("is it stopped or stuck? `systemctl status gatelodge`, `systemctl restart gatelodge`"),
            ClientError::Broken(_) => CliError::not_reachable(error),
            ClientError::Refused { kind, .. } if kind == ARGUMENT => CliError::usage(error),
            ClientError::Refused { status, .. } if status.is_client_error() => CliError::refused(error),
            ClientError::Refused { .. } | ClientError::Form(_) | ClientError::Written { .. } => CliError::failed(error),
        }
    }
}
