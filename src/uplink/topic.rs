//! A topic that is listened to.

/// A topic that is listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name, or a pattern of names.
    pub name: String,
    /// Whether its messages come at least once.
    pub surely: bool,
}

impl Topic {
    /// One whose messages come at least once.
    #[must_use]
    pub fn surely(name: impl Into<String>) -> Topic {
        Topic {
            name: name.into(),
            surely: true,
        }
    }

    /// One whose messages come at most once.
    #[must_use]
    pub fn perhaps(name: impl Into<String>) -> Topic {
        Topic {
            name: name.into(),
            surely: false,
        }
    }
}
