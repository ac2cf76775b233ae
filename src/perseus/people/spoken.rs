//! How a permission stands, who ended it and what is seen by it, in the reader's language.

use super::super::ledger::{self, Telling};
use super::super::room::Perseus;
use super::super::rows::{PermissionRow, Revoker};
use super::super::standing::Standing;
use crate::domain::Measure;
use crate::store::ReadError;
use crate::texts::{Said, Texts, named};

/// How it stands.
pub(super) fn standing(t: Texts, standing: Standing) -> Said {
    match standing {
        Standing::Allowed => t.say("consent-allowed"),
        Standing::Idle => t.say("consent-idle"),
        Standing::Stopped => t.say("consent-stopped"),
        Standing::Over => t.say("consent-over"),
    }
}

/// Who took it back, as anybody reads it.
pub(super) fn revoker(t: Texts, by: Revoker) -> Said {
    match by {
        Revoker::Person => t.say("consent-by-person"),
        Revoker::Application => t.say("consent-by-application"),
        Revoker::Operator => t.say("consent-by-operator"),
    }
}

/// A measure, as addresses and records call it.
pub(super) fn measure(t: Texts, measure: Measure) -> Said {
    match measure {
        Measure::Import => t.say("consent-import"),
        Measure::Export => t.say("consent-export"),
    }
}

/// Several words as one.
pub(super) fn joined(t: Texts, words: &[Said]) -> String {
    let words: Vec<&str> = words.iter().map(Said::text).collect();
    words.join(t.say("consent-and").text())
}

impl Perseus {
    /// What became of telling the application of it that it was withdrawn. Why a try did not work is for whoever runs the box.
    pub(super) fn told_to(&self, t: Texts, row: &PermissionRow) -> Result<Option<Said>, ReadError> {
        let name = self.name_of(row);
        Ok(ledger::withdrawal(&self.store, &row.id)?.map(|told| {
            let at = |name_of_text: &str, at: jiff::Timestamp| {
                t.say2(name_of_text, ("name", &name), ("at", format!("{at:.0}")))
            };
            match (told.telling, told.tried) {
                (Telling::Told, Some(tried)) => at(named("consent-told-at"), tried),
                (Telling::Told, None) => t.say1("consent-told", "name", &name),
                (Telling::Waiting, None) => t.say1("consent-being-told", "name", &name),
                (Telling::Waiting, Some(tried)) => at(named("consent-told-again"), tried),
                (Telling::GivenUp, _) => t.say1("consent-not-told", "name", &name),
            }
        }))
    }
}
