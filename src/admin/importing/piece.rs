//! A piece of what is brought, and what came of each item in it.

use serde::{Deserialize, Serialize};

/// Some items, few enough for one request.
#[derive(Debug, Deserialize)]
pub(super) struct Piece<T> {
    /// Say what would come of them, and change nothing.
    pub(super) dry_run: bool,
    pub(super) items: Vec<T>,
}

/// What came of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// It is here now, and was not before.
    Taken,
    /// It was here already, just so.
    Already,
    /// It is not here, or another stands in its place.
    Refused,
}

/// What came of an item, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub came_to: Came,
    /// Why it was refused, or what is to be known of one that was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How many single things of it were not here before, where an item holds many.
    #[serde(default)]
    pub new: u64,
    /// Single things of it that were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A single thing of an item that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// In which line of its file.
    pub line: u64,
    pub why: String,
}

impl Outcome {
    pub(super) fn taken() -> Outcome {
        Outcome {
            came_to: Came::Taken,
            why: None,
            new: 1,
            parts: Vec::new(),
        }
    }

    pub(super) fn already() -> Outcome {
        Outcome {
            came_to: Came::Already,
            why: None,
            new: 0,
            parts: Vec::new(),
        }
    }

    pub(super) fn refused(why: impl ToString) -> Outcome {
        Outcome {
            came_to: Came::Refused,
            why: Some(why.to_string()),
            new: 0,
            parts: Vec::new(),
        }
    }

    pub(super) fn because(self, why: Option<String>) -> Outcome {
        Outcome { why, ..self }
    }
}
