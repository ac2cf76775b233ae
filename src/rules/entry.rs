//! `[[uplink.rule]]`: rules as the configuration has them, and what is wrong with them (`contract.md` section 4,
//! `spec/uplink.md` section 3.6). An entry with the name of a built-in rule changes that one. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::builtin;
use super::machine::Terms;
use super::op::Op;
use super::rule::{On, PLACES, Rule};
use super::series::{Kind, known};
use crate::domain::Severity;
use crate::domain::units::Span;

/// Rules that there may be.
const MOST: usize = 200;

/// Rules that may share a type of alarm.
const TOGETHER: u32 = 6;

/// One `[[uplink.rule]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name, which stays; the alarm's type is `rule_` and this.
    pub id: String,
    /// `false` switches it off, also one that is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// On whom it is: `meter:SERIAL`, `meter:*`, `space:ID`, `space:*` or `appliance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// On which series, such as `c8y_SinglePhaseEnergyMeasurement.P+`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// How its values are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<OpName>,
    /// From where on they are wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise: Option<Bound>,
    /// From where on they are well again; absent: 5 % before `raise`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<Bound>,
    /// How far back `delta` looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Span>,
    /// How long they must be wrong.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold: Option<Span>,
    /// How long they must be well again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_for: Option<Span>,
    /// How bad it is; absent: `MINOR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Another type of the alarm; rules that share one have one alarm between them, as bad as the worst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_type: Option<String>,
    /// What is told, with `{name}`, `{value}`, `{unit}`, `{raise}` and `{detail}` in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How often it is told again while it stands; `"0s"`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<Span>,
    /// Whether a standing alarm is told once more after each start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resync: Option<bool>,
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpName {
    /// Above.
    #[serde(rename = ">")]
    Above,
    /// Above or there.
    #[serde(rename = ">=")]
    FromAbove,
    /// Below.
    #[serde(rename = "<")]
    Below,
    /// Below or there.
    #[serde(rename = "<=")]
    FromBelow,
    /// Outside of two.
    #[serde(rename = "outside")]
    Outside,
    /// Nothing came for so long.
    #[serde(rename = "stale")]
    Stale,
    /// Changed by more than this within a window.
    #[serde(rename = "delta")]
    Delta,
}

/// A threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a number, a pair of numbers such as [216.2, 253.0], or a length of time such as \"10m\""
)]
pub enum Bound {
    /// One number.
    One(f64),
    /// The lowest and the highest.
    Two([f64; 2]),
    /// A length of time.
    Time(Span),
}

/// What is wrong with an entry: the key, what is wrong, what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which entry, from 0.
    pub place: usize,
    /// Which key of it.
    pub key: &'static str,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub right: String,
}

/// A key, what is wrong with it, what would be right.
pub(super) type Wrong = (&'static str, String, String);

/// The rules that stand with these entries, those that are built in among them.
pub fn rules(entries: &[Entry]) -> Result<Vec<Rule>, Fault> {
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let whole = || {
            if !seen.insert(entry.id.as_str()) {
                return Err(wrong(
                    "id",
                    format!("`{}` is there twice", entry.id),
                    "each rule has a name of its own",
                ));
            }
            if place >= MOST {
                return Err(wrong(
                    "id",
                    format!("there are more than {MOST} rules"),
                    "fewer, each on meter:* or space:*",
                ));
            }
            match builtin::entries().into_iter().find(|built_in| built_in.id == entry.id) {
                Some(built_in) => entry.clone().over(built_in).rule(),
                None => entry.rule(),
            }
        };
        let rule = { whole }().map_err(|(key, what, right)| Fault {
            place,
            key,
            what,
            right,
        })?;
        rules.extend((entry.enabled != Some(false)).then_some(rule));
    }
    fits(entries, &rules)?;
    let untouched = builtin::entries()
        .into_iter()
        .filter(|built_in| !seen.contains(built_in.id.as_str()));
    rules.extend(untouched.map(|entry| entry.rule().expect("what is built in is right")));
    Ok(rules)
}

/// Rules of one type of alarm have one row between them on a source, and a row has an end.
fn fits(entries: &[Entry], rules: &[Rule]) -> Result<(), Fault> {
    let cost = |rule: &Rule| {
        if matches!(rule.terms.op, Op::Delta { .. }) {
            3
        } else {
            1
        }
    };
    let too_many = |rule: &&Rule| {
        let same = rules.iter().filter(|other| other.kind == rule.kind);
        same.map(cost).sum::<u32>() > TOGETHER
    };
    let Some(rule) = rules.iter().rev().find(too_many) else {
        return Ok(());
    };
    Err(Fault {
        place: entries.iter().position(|entry| entry.id == rule.id).unwrap_or(0),
        key: "alarm_type",
        what: format!("too many rules share `{}`", rule.kind),
        right: format!("at most {TOGETHER}, of which each delta counts three times"),
    })
}

pub(super) fn wrong(key: &'static str, what: impl Into<String>, right: &str) -> Wrong {
    (key, what.into(), right.to_owned())
}

impl Entry {
    /// What it leaves out is as `below` has it.
    fn over(self, below: Entry) -> Entry {
        // A clear that belongs to another raise says nothing.
        let clear = if self.raise.is_some() || self.op.is_some() {
            None
        } else {
            below.clear
        };
        Entry {
            id: self.id,
            enabled: self.enabled,
            on: self.on.or(below.on),
            series: self.series.or(below.series),
            op: self.op.or(below.op),
            raise: self.raise.or(below.raise),
            clear: self.clear.or(clear),
            window: self.window.or(below.window),
            hold: self.hold.or(below.hold),
            clear_for: self.clear_for.or(below.clear_for),
            severity: self.severity.or(below.severity),
            alarm_type: self.alarm_type.or(below.alarm_type),
            text: self.text.or(below.text),
            remind: self.remind.or(below.remind),
            resync: self.resync.or(below.resync),
        }
    }

    fn rule(&self) -> Result<Rule, Wrong> {
        let word = "1 to 64 letters, digits, hyphens and underscores";
        if !is_word(&self.id) {
            return Err(wrong("id", format!("`{}` is no name", self.id), word));
        }
        let kind = self.alarm_type.clone().unwrap_or_else(|| format!("rule_{}", self.id));
        if !is_word(&kind) {
            return Err(wrong("alarm_type", format!("`{kind}` is no type"), word));
        }
        let missing = |key, right: &str| wrong(key, "is missing", right);
        let on = self.on.clone().ok_or_else(|| missing("on", "such as \"meter:*\""))?;
        let series = self.series(&on)?;
        let severity = self.severity.unwrap_or(Severity::Minor);
        if severity == Severity::Critical && on.kind() != Kind::Appliance {
            let right = "WARNING, MINOR or MAJOR; a CRITICAL one would make the whole box count as away";
            return Err(wrong("severity", format!("is CRITICAL on {on}"), right));
        }
        let remind = self.remind.unwrap_or(Span::seconds(0));
        if !remind.is_zero() && remind < Span::seconds(60) {
            return Err(wrong(
                "remind",
                format!("{remind} is under a minute"),
                "such as \"1h\", or \"0s\" for never",
            ));
        }
        let op = self.compared()?;
        if on.kind() == Kind::Appliance && matches!(op, Op::Stale { .. }) {
            return Err(wrong(
                "op",
                "is \"stale\" on the box itself, which never is silent to itself",
                "meter:* or space:*",
            ));
        }
        Ok(Rule {
            id: self.id.clone(),
            terms: Terms {
                op,
                hold: self.hold.unwrap_or(Span::seconds(0)),
                clear_hold: self.clear_for.unwrap_or(Span::seconds(0)),
                remind,
                // A count is what it was until it changes; and whether a meter answers is known all the time.
                stands: on.kind() != Kind::Meter || series == "emop_Availability.silent",
            },
            on,
            series,
            severity,
            kind,
            text: self.text()?,
            resync: self.resync.unwrap_or(false),
        })
    }

    fn series(&self, on: &On) -> Result<String, Wrong> {
        let known = known(on.kind());
        let right = || format!("one of {}", known.join(", "));
        let series = self
            .series
            .as_deref()
            .ok_or_else(|| ("series", "is missing".to_owned(), right()))?;
        if known.contains(&series) {
            return Ok(series.to_owned());
        }
        Err(("series", format!("{on} has no `{series}`"), right()))
    }

    fn text(&self) -> Result<String, Wrong> {
        let text = self
            .text
            .clone()
            .unwrap_or_else(|| "{name}: {value} {unit} ({raise})".to_owned());
        let mut rest = text.as_str();
        while let Some(at) = rest.find('{') {
            rest = &rest[at..];
            if !PLACES.iter().any(|place| rest.starts_with(place)) {
                let place: String = rest.chars().take_while(|c| !c.is_whitespace()).take(20).collect();
                return Err(wrong(
                    "text",
                    format!("has `{place}` in it, for which there is nothing"),
                    &PLACES.join(", "),
                ));
            }
            rest = &rest[1..];
        }
        if text.trim().is_empty() || text.len() > 300 {
            return Err(wrong("text", "is empty or over 300 bytes", "a short sentence"));
        }
        Ok(text)
    }
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests;
