//! Lines of the log as they are told: without people, secrets and the audit.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::accounts::{Accounts, Act};
use crate::app::log_ring::LogRing;
use crate::app::redaction::Redaction;
use crate::http::{Problem, blocking};
use crate::meter::Meters;
use crate::store::ReadError;

/// Whoever may do all of these is shown lines: they tell of the box, of meters and of spaces.
pub(super) const ACTS: [Act; 3] = [Act::ManageBox, Act::ReadMeters, Act::ReadSpaces];

/// What stands behind the page and the API of the log.
pub(super) struct LogDesk {
    pub(super) ring: LogRing,
    /// Whose names are taken out.
    pub(super) accounts: Accounts,
    /// Whose names are taken out, too; they change with a reload.
    pub(super) meters: watch::Receiver<Option<Arc<Meters>>>,
}

/// How grave a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = LogLevel)]
pub(super) enum Level {
    /// Something is not as it should be.
    Error,
    /// Something may become so.
    Warn,
    /// What happens.
    Info,
    /// For whoever looks for a fault.
    #[default]
    Debug,
}

impl Level {
    /// The level that a line begins with.
    fn of(text: &str) -> Level {
        match text.split(' ').next() {
            Some("ERROR") => Level::Error,
            Some("WARN") => Level::Warn,
            Some("INFO") => Level::Info,
            _ => Level::Debug,
        }
    }
}

/// Which lines are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Those at least so grave.
    pub(super) level: Level,
    /// With this in them, however it is written; empty: all.
    pub(super) with: String,
    /// At most so many, the newest.
    pub(super) most: usize,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) level: Level,
    /// Behind its level: where it comes from, and what it says.
    pub(super) text: String,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The newest first.
    pub(super) lines: Vec<Line>,
    /// How far back the lines go that are kept, wanted or not.
    pub(super) since: Option<Timestamp>,
    /// Whether there are more than were wanted.
    pub(super) more: bool,
}

impl LogDesk {
    /// The lines that are wanted.
    pub(super) async fn find(&self, wanted: Wanted) -> Result<Found, Problem> {
        let (ring, accounts, meters) = (self.ring.clone(), self.accounts.clone(), self.meters.borrow().clone());
        let found = blocking(move || {
            let people: Vec<String> = accounts.people()?.into_iter().map(|person| person.name).collect();
            let meters = meters.map(|room| room.list()).unwrap_or_default().into_iter();
            let meters: Vec<String> = meters.filter_map(|shown| shown.meter.name).collect();
            Ok::<_, ReadError>(find(&ring, &Redaction::of(&people, &meters), &wanted))
        });
        let broken = |error: &dyn std::error::Error| {
            tracing::error!(%error, "the log cannot be shown");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong in here",
            )
        };
        let found = found.await.map_err(|error| broken(&error))?;
        found.map_err(|error| broken(&error))
    }
}

/// A word is looked for in what is shown: nobody finds out by asking what was taken out.
fn find(ring: &LogRing, redaction: &Redaction, wanted: &Wanted) -> Found {
    let kept = ring.newest();
    let since = kept.last().map(|line| line.at);
    let with = wanted.with.to_lowercase();
    let fits = |text: &str| with.is_empty() || text.to_lowercase().contains(&with);
    let mut lines = kept
        .into_iter()
        .map(|line| (Level::of(&line.text), line))
        .filter(|(level, line)| *level <= wanted.level && fits(&line.text))
        .map(|(level, line)| {
            let text = line.text.split_once(' ').map_or("", |(_, text)| text);
            Line {
                at: line.at,
                level,
                text: redaction.clean(text),
            }
        })
        .filter(|line| fits(&line.text));
    let found: Vec<Line> = lines.by_ref().take(wanted.most).collect();
    Found {
        more: lines.next().is_some(),
        lines: found,
        since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn lines_are_found_by_level_and_words_and_names_by_no_word() {
        let ring = LogRing::default();
        let subscriber = tracing_subscriber::registry().with(ring.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "gatelodge::app", "the door is open");
            tracing::warn!(target: "gatelodge::meter", "Flat 9 Mrs Smith does not answer");
            tracing::info!(target: "gatelodge::audit", "anna did something");
            tracing::error!(target: "gatelodge::store", "anna's Disk is full");
        });
        let redaction = Redaction::of(&["anna".to_owned()], &["Flat 9 Mrs Smith".to_owned()]);
        let texts = |level: Level, with: &str| {
            let wanted = Wanted {
                level,
                with: with.to_owned(),
                most: 10,
            };
            let found = find(&ring, &redaction, &wanted).lines.into_iter();
            found.map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(
            texts(Level::Debug, ""),
            [
                "gatelodge::store: person-1's Disk is full",
                "gatelodge::meter: meter-name-1 does not answer",
                "gatelodge::app: the door is open"
            ]
        );
        assert_eq!(texts(Level::Warn, "").len(), 2);
        assert_eq!(
            texts(Level::Debug, "disk IS"),
            ["gatelodge::store: person-1's Disk is full"]
        );
        for hidden in ["anna", "smith", "did something"] {
            assert_eq!(texts(Level::Debug, hidden), [""; 0], "{hidden}");
        }
        let one = find(
            &ring,
            &redaction,
            &Wanted {
                most: 1,
                ..Wanted::default()
            },
        );
        assert!(one.more && one.lines.len() == 1 && one.since.is_some_and(|since| since <= one.lines[0].at));
    }
}
