//! Logs on standard output: text for people, JSON for programs, never a secret.

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use super::audit::Trail;
use super::log_ring::LogRing;
use crate::config::{Log, LogFormat};

/// Changes which lines are logged while the box runs.
#[derive(Clone)]
pub struct Logging {
    filter: reload::Handle<EnvFilter, Registry>,
    ring: LogRing,
    audit: Trail,
}

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTo {
    /// A service: systemd keeps them.
    Stdout,
    /// A demonstration: standard output is for what it has to say.
    Stderr,
}

/// Starts logging; the process keeps what was started first.
#[must_use]
pub fn start(log: &Log, to: LogTo) -> Logging {
    let (filter, handle) = reload::Layer::new(filter(log));
    let lines = fmt::layer().with_target(true);
    let lines: Box<dyn Layer<_> + Send + Sync> = match (log.format, to) {
        (LogFormat::Json, LogTo::Stdout) => lines.json().flatten_event(true).boxed(),
        (LogFormat::Json, LogTo::Stderr) => lines.json().flatten_event(true).with_writer(std::io::stderr).boxed(),
        (LogFormat::Text, LogTo::Stdout) => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stdout()))
            .boxed(),
        (LogFormat::Text, LogTo::Stderr) => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .with_writer(std::io::stderr)
            .boxed(),
    };
    // A second start in one process (tests) keeps the first, which is right.
    let ring = LogRing::default();
    ring.hear_panics();
    let audit = Trail::default();
    // The audit is written down whichever lines are shown.
    let shown = lines.and_then(ring.clone()).with_filter(filter);
    let _ = tracing_subscriber::registry()
        .with(shown)
        .with(audit.clone())
        .try_init();
    Logging {
        filter: handle,
        ring,
        audit,
    }
}

impl Logging {
    /// The newest lines.
    pub(super) fn ring(&self) -> LogRing {
        self.ring.clone()
    }

    /// What the audit is told.
    pub(super) fn audit(&self) -> &Trail {
        &self.audit
    }

    /// Changes which lines are logged. The form of lines changes only with a restart.
    pub fn set_filter(&self, log: &Log) {
        if let Err(error) = self.filter.reload(filter(log)) {
            tracing::warn!(%error, "the log filter could not be changed");
        }
    }
}

fn filter(log: &Log) -> EnvFilter {
    // `config::check` has read it; sled is silenced to faults because it logs its every start.
    EnvFilter::try_new(format!("sled=warn,{}", log.filter)).unwrap_or_else(|_| EnvFilter::new("info"))
}
