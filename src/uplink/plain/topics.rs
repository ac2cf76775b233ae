//! The topics of kind `"mqtt"` (UPLINK §5.1). Serials are letters and digits and space ids are UUIDs, so
//! no part of a topic can be mistaken for another.

use crate::domain::{MeterId, SpaceId};

/// Topics that begin with one prefix.
#[derive(Clone, Debug)]
pub struct Topics {
    prefix: String,
}

impl Topics {
    /// Topics under `prefix`.
    #[must_use]
    pub fn new(prefix: String) -> Topics {
        Topics { prefix }
    }

    /// Whether the box is there.
    #[must_use]
    pub fn status(&self) -> String {
        format!("{}/status", self.prefix)
    }

    /// Where `uplink test` tries whether messages are taken.
    #[must_use]
    pub fn test(&self) -> String {
        format!("{}/test", self.prefix)
    }

    /// What the box is.
    #[must_use]
    pub fn info(&self) -> String {
        format!("{}/info", self.prefix)
    }

    /// How the box is.
    #[must_use]
    pub fn health(&self) -> String {
        format!("{}/health", self.prefix)
    }

    /// Which alarms stand.
    #[must_use]
    pub fn alarms(&self) -> String {
        format!("{}/alarms", self.prefix)
    }

    /// Something of a meter: `state`, `reading`, `event`, `availability`.
    #[must_use]
    pub fn meter(&self, meter: &MeterId, last: &str) -> String {
        format!("{}/meter/{meter}/{last}", self.prefix)
    }

    /// Something of a space: `state`.
    #[must_use]
    pub fn space(&self, space: SpaceId, last: &str) -> String {
        format!("{}/space/{space}/{last}", self.prefix)
    }

    /// An alarm of a source.
    #[must_use]
    pub fn alarm(&self, kind: &str, source: &str) -> String {
        format!("{}/alarm/{kind}/{source}", self.prefix)
    }

    /// Where commands come.
    #[must_use]
    pub fn commands(&self) -> String {
        format!("{}/cmd/+", self.prefix)
    }

    /// Where one command comes, for brokers that take no wildcards.
    #[must_use]
    pub fn command(&self, name: &str) -> String {
        format!("{}/cmd/{name}", self.prefix)
    }

    /// The command that a topic is for.
    #[must_use]
    pub fn command_of<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(&self.prefix)?.strip_prefix("/cmd/")
    }

    /// Where it is told what came of a command.
    #[must_use]
    pub fn command_result(&self, name: &str) -> String {
        format!("{}/cmd/{name}/result", self.prefix)
    }
}
