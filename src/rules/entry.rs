//! `[[uplink.rule]]`: a rule as the configuration has it, and what is wrong with it (UPLINK §3.6). Pure.

use serde::{Deserialize, Serialize};

use super::machine::Parameters;
use super::rule::{On, Rule};
use crate::domain::series::{Kind, known};
use crate::domain::units::Span;
use crate::domain::{Faults, PLACES, Severity};

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
    #[serde(rename = ">")]
    Above,
    /// Above or there.
    #[serde(rename = ">=")]
    FromAbove,
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
    expecting = "wanted is a number, a pair of numbers such as [216.2, 253.0], or a length of time such as \"10m\""
)]
pub enum Bound {
    /// One number.
    One(f64),
    /// The lowest and the highest.
    Two([f64; 2]),
    /// A length of time.
    Time(Span),
}

impl Entry {
    /// What it leaves out is as `below` has it.
    pub(super) fn over(self, below: Entry) -> Entry {
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

    /// The rule, unless something is wrong with it.
    pub(super) fn rule(&self, faults: &mut Faults) -> Option<Rule> {
        let mut wrong = Faults::default();
        let word = "1 to 64 letters, digits, hyphens and underscores";
        let is_named = is_word(&self.id);
        if !is_named {
            wrong.add("id", format!("`{}` is no name", self.id), word);
        }
        let kind = self.alarm_type.clone().unwrap_or_else(|| format!("rule_{}", self.id));
        if !is_word(&kind) && (is_named || self.alarm_type.is_some()) {
            wrong.add("alarm_type", format!("`{kind}` is no type"), word);
        }
        if self.on.is_none() {
            wrong.joint("on", &["id"], "is missing", "such as \"meter:*\"");
        }
        let series = self.series(&mut wrong);
        let severity = self.severity(&mut wrong);
        let remind = self.remind.unwrap_or(Span::seconds(0));
        if !remind.is_zero() && remind < Span::seconds(60) {
            let right = "such as \"1h\", or \"0s\" for never";
            wrong.add("remind", format!("{remind} is under a minute"), right);
        }
        let op = self.compared(&mut wrong);
        let on_the_box = self.on.as_ref().is_some_and(|on| on.kind() == Kind::Appliance);
        if on_the_box && self.op == Some(OpName::Stale) {
            let what = "is \"stale\" on the box itself, which never is silent to itself";
            wrong.joint("op", &["on", "id"], what, "meter:* or space:*");
        }
        let text = self.text(&mut wrong);
        let is_right = wrong.is_empty();
        faults.append(wrong);
        let (on, series, op) = (self.on.clone()?, series?, op?);
        is_right.then(|| Rule {
            id: self.id.clone(),
            parameters: Parameters {
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
            text,
            resync: self.resync.unwrap_or(false),
        })
    }

    /// Which there are hangs on whom it is on.
    fn series(&self, faults: &mut Faults) -> Option<String> {
        let Some(on) = &self.on else {
            if self.series.is_none() {
                let right = "such as \"c8y_SinglePhaseEnergyMeasurement.P+\"";
                faults.joint("series", &["id"], "is missing", right);
            }
            return None;
        };
        let known = known(on.kind());
        let what = match self.series.as_deref() {
            Some(series) if known.contains(&series) => return Some(series.to_owned()),
            Some(series) => format!("{on} has no `{series}`"),
            None => "is missing".to_owned(),
        };
        let right = format!("one of {}", known.join(", "));
        faults.joint("series", &["on", "id"], what, right);
        None
    }

    fn severity(&self, faults: &mut Faults) -> Severity {
        let severity = self.severity.unwrap_or(Severity::Minor);
        let elsewhere = self.on.as_ref().filter(|on| on.kind() != Kind::Appliance);
        if let Some(on) = elsewhere.filter(|_| severity == Severity::Critical) {
            let right = "WARNING, MINOR or MAJOR; a CRITICAL one would make the whole box count as away";
            faults.joint("severity", &["on", "id"], format!("is CRITICAL on {on}"), right);
        }
        severity
    }

    fn text(&self, faults: &mut Faults) -> String {
        let text = self
            .text
            .clone()
            .unwrap_or_else(|| "{name}: {value} {unit} ({raise})".to_owned());
        for (at, _) in text.match_indices('{') {
            let rest = &text[at..];
            if !PLACES.iter().any(|place| rest.starts_with(place)) {
                let place: String = rest.chars().take_while(|c| !c.is_whitespace()).take(20).collect();
                let what = format!("has `{place}` in it, for which there is nothing");
                faults.add("text", what, PLACES.join(", "));
            }
        }
        if text.trim().is_empty() || text.len() > 300 {
            faults.add("text", "is empty or over 300 bytes", "a short sentence");
        }
        text
    }
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
