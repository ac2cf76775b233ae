//! What the cloud asks of the box, and what became of it.

use serde::{Deserialize, Serialize};

/// Which operation: as the one who asked knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id, where operations have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whom it is addressed to, by the name under which the cloud knows it.
    pub device: String,
    /// What kind it is.
    pub kind: String,
}

/// What became of an operation; each has exactly one end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// It is begun: nothing was done before this was written.
    Executing,
    /// It worked; what it has to say.
    Successful(String),
    /// It did not; why.
    Failed(String),
}
