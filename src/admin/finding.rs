//! What is not as it should be, and the verdict that is made of it.

use serde::{Deserialize, Serialize};

/// How it stands with something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// It does its job.
    #[default]
    Well,
    /// It does, and somebody should look.
    Attention,
    /// It does not.
    Trouble,
}

impl Grade {
    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Grade::Well => "well",
            Grade::Attention => "attention",
            Grade::Trouble => "trouble",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which part: a room, `door-NAME`, `store`, `configuration`, `backup`, `clock`, `certificate`, `webhooks` or `alarm`.
    pub part: String,
    /// How bad it is.
    pub grade: Grade,
    /// What is wrong.
    pub words: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
}

/// Whether the box does its job, and all that keeps it from doing so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The worst grade found.
    pub grade: Grade,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// How it stands with one part.
    #[must_use]
    pub fn grade_of(&self, part: &str) -> Grade {
        self.worst_of(part).map_or(Grade::Well, |finding| finding.grade)
    }

    /// The worst that was found of one part.
    #[must_use]
    pub fn worst_of(&self, part: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.part == part)
    }

    /// Whether the box itself is in trouble: what is outside of it, such as a meter, is told by alarms.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        let own =
            |finding: &Finding| finding.grade == Grade::Trouble && finding.part != "alarm" && finding.part != "meters";
        self.findings.iter().any(own)
    }

    /// In one line.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.findings.len() {
            0 => "all is well".to_owned(),
            1 => "one thing is to be looked at".to_owned(),
            many => format!("{many} things are to be looked at"),
        }
    }
}
