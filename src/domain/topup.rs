//! How far a top-up is.

use serde::{Deserialize, Serialize};

/// What became of a code that somebody wants a meter to take (EMOP §21.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopupState {
    /// Nothing of it was sent yet.
    Waiting,
    /// It may be on the line; what the meter counts is looked at.
    Sending,
    /// The meter counted it.
    Taken,
    /// The meter did not count it.
    Refused,
    /// What the meter counts proves neither.
    InDoubt,
    /// The meter could not be reached in all that time; nothing was sent.
    NotSent,
    /// It was taken back before it was sent.
    Cancelled,
}

impl TopupState {
    /// Every state, in the order in which a top-up may come to them.
    pub const ALL: [TopupState; 7] = [
        TopupState::Waiting,
        TopupState::Sending,
        TopupState::InDoubt,
        TopupState::Taken,
        TopupState::Refused,
        TopupState::NotSent,
        TopupState::Cancelled,
    ];

    /// Whether nothing more will become of it.
    #[must_use]
    pub fn is_settled(self) -> bool {
        match self {
            TopupState::Waiting | TopupState::Sending | TopupState::InDoubt => false,
            TopupState::Taken | TopupState::Refused | TopupState::NotSent | TopupState::Cancelled => true,
        }
    }

    /// The state's name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TopupState::Waiting => "waiting",
            TopupState::Sending => "sending",
            TopupState::Taken => "taken",
            TopupState::Refused => "refused",
            TopupState::InDoubt => "in doubt",
            TopupState::NotSent => "not sent",
            TopupState::Cancelled => "cancelled",
        }
    }

    /// What whoever lives there is told; of one that was taken, without its amounts.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            TopupState::Waiting => "On its way to your meter",
            TopupState::Sending => "Checking",
            TopupState::Taken => "Your meter took it",
            TopupState::Refused => "Not taken: this code was used before or is not for this meter",
            TopupState::InDoubt => "Not known yet. We ask your meter and will not send the code twice",
            TopupState::NotSent => "Your meter could not be reached; the code is still good",
            TopupState::Cancelled => "Taken back before it was sent",
        }
    }
}
