//! How services are.

use std::collections::BTreeMap;

use serde::Serialize;

/// How a service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// It runs.
    Running,
    /// It broke and is started again soon.
    Retrying {
        /// What broke.
        reason: String,
    },
    /// It broke too often and is left alone until a reload or restart.
    Failed {
        /// What broke.
        reason: String,
    },
}

/// States of all services by name.
pub type States = BTreeMap<String, State>;
