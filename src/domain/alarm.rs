//! Alarms: that something is not as it should be, told when it begins and when it is over.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alarm_text::AlarmValues;
use super::{MeterId, SpaceId, text_form};

/// What an alarm is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The box itself.
    Appliance,
    /// A meter.
    Meter(MeterId),
    /// A space.
    Space(SpaceId),
}

/// The text names nothing an alarm can be about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of appliance, meter:SERIAL, space:ID")]
pub struct SourceError(String);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Appliance => f.write_str("appliance"),
            Source::Meter(meter) => write!(f, "meter:{meter}"),
            Source::Space(space) => write!(f, "space:{space}"),
        }
    }
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Source, SourceError> {
        let found = match text.split_once(':') {
            None => (text == "appliance").then_some(Source::Appliance),
            Some(("meter", serial)) => serial.parse().ok().map(Source::Meter),
            Some(("space", id)) => id.parse().ok().map(Source::Space),
            Some(_) => None,
        };
        found.ok_or_else(|| SourceError(text.to_owned()))
    }
}

text_form!(Source);

/// How bad it is, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Somebody may want to know.
    Warning,
    /// Something is not as it should be.
    Minor,
    /// Something does not work.
    Major,
    /// The box as a whole is of no use.
    Critical,
}

impl Severity {
    /// The severity's name, as the cloud writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "WARNING",
            Severity::Minor => "MINOR",
            Severity::Major => "MAJOR",
            Severity::Critical => "CRITICAL",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "AlarmRow")]
pub struct Alarm {
    /// What it is about.
    pub source: Source,
    /// Its type: of one type a source has at most one alarm.
    pub kind: String,
    /// The rule that found it, or found it last.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, for people.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// Of what its words were made, so that pages say it in the language of whoever reads; absent: the words are the
    /// installer's own, or an earlier build's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<AlarmValues>,
    /// Somebody has seen it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub acknowledged: bool,
}

/// An alarm as it is read: whoever keeps it in a row leaves the words out that its values make again.
#[derive(Deserialize)]
struct AlarmRow {
    source: Source,
    kind: String,
    rule: String,
    severity: Severity,
    text: String,
    since: Timestamp,
    #[serde(default)]
    values: Option<AlarmValues>,
    #[serde(default)]
    acknowledged: bool,
}

impl From<AlarmRow> for Alarm {
    fn from(row: AlarmRow) -> Alarm {
        let text = match &row.values {
            Some(values) if row.text.is_empty() => values.text(),
            _ => row.text,
        };
        Alarm {
            source: row.source,
            kind: row.kind,
            rule: row.rule,
            severity: row.severity,
            text,
            since: row.since,
            values: row.values,
            acknowledged: row.acknowledged,
        }
    }
}

/// What happened to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmNews {
    /// It began.
    Raised,
    /// It still stands, and is to be told again.
    Reminded,
    /// It is better or worse than before.
    Severity,
    /// Somebody has seen it.
    Acknowledged,
    /// It is over.
    Cleared,
    /// It is over for so long that nobody need be told of it any more.
    Forgotten,
    /// It began before somebody was there to be told: nothing happened to it.
    Stands,
}

impl Alarm {
    /// As a row keeps it: its values, and no words but an installer's own.
    #[must_use]
    pub fn as_kept(&self) -> Alarm {
        let text = match self.values {
            Some(_) => String::new(),
            None => self.text.clone(),
        };
        Alarm { text, ..self.clone() }
    }

    /// Which alarm it is.
    #[must_use]
    pub fn key(&self) -> AlarmKey {
        AlarmKey {
            kind: self.kind.clone(),
            source: self.source.clone(),
        }
    }
}

/// What is one alarm, however often it comes and goes: its type, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlarmKey {
    /// The type of the alarm.
    pub kind: String,
    /// What it is about.
    pub source: Source,
}

impl AlarmKey {
    /// The key of the row: types hold no zero byte.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        format!("{}\0{}", self.kind, self.source).into_bytes()
    }

    /// As addresses and pages name it: `disk_low:appliance`, `meter_silent:meter:EML2137580826`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.kind, self.source)
    }

    /// Reads back what [`AlarmKey::name`] gave; a type may hold colons.
    #[must_use]
    pub fn named(name: &str) -> Option<AlarmKey> {
        name.match_indices(':').find_map(|(place, _)| {
            Some(AlarmKey {
                kind: name[..place].to_owned(),
                source: name[place + 1..].parse().ok()?,
            })
        })
    }

    /// Reads back what [`AlarmKey::bytes`] gave.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<AlarmKey> {
        let (kind, source) = std::str::from_utf8(bytes).ok()?.split_once('\0')?;
        Some(AlarmKey {
            kind: kind.to_owned(),
            source: source.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::alarm_text::Wording;
    use super::*;

    #[test]
    fn a_row_keeps_values_and_whoever_reads_it_has_the_words_again() {
        let Wording { text, values } = Wording::of(AlarmValues {
            code: "meter_offline".to_owned(),
            name: "Flat {value}".to_owned(),
            value: "1".to_owned(),
            detail: "x".repeat(1_000),
            ..AlarmValues::default()
        });
        assert!(
            text.starts_with("Flat {value} does not answer: xxx") && text.ends_with("..."),
            "{text}"
        );
        let alarm = Alarm {
            source: Source::Appliance,
            kind: "meter_offline".to_owned(),
            rule: "meter_offline".to_owned(),
            severity: Severity::Major,
            text,
            since: jiff::Timestamp::UNIX_EPOCH,
            values,
            acknowledged: false,
        };
        let kept = serde_json::to_value(alarm.as_kept()).expect("a plain struct");
        assert_eq!(kept["text"], "");
        assert_eq!(
            serde_json::from_value::<Alarm>(kept).expect("what was just written"),
            alarm
        );
        let own = Alarm { values: None, ..alarm };
        assert_eq!(own.as_kept(), own, "an installer's words are theirs");
    }

    #[test]
    fn a_name_leads_back_to_its_alarm() {
        for (kind, source) in [
            ("disk_low", "appliance"),
            ("a:b", "meter:EML2137580826"),
            ("meter", "space:07070707-0707-4707-8707-070707070707"),
        ] {
            let key = AlarmKey {
                kind: kind.to_owned(),
                source: source.parse().unwrap(),
            };
            assert_eq!(AlarmKey::named(&key.name()), Some(key));
        }
        assert_eq!(AlarmKey::named("disk_low"), None);
    }

    #[test]
    fn sources_read_as_they_are_written() {
        for text in [
            "appliance",
            "meter:EML2137580826",
            "space:07070707-0707-4707-8707-070707070707",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        for wrong in ["", "meter", "meter:", "meter:*", "space:hall", "box:1", "appliance:"] {
            assert_eq!(wrong.parse::<Source>(), Err(SourceError(wrong.to_owned())));
        }
        assert!(Severity::Warning < Severity::Minor && Severity::Major < Severity::Critical);
    }
}
