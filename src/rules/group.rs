//! Rules that share one type of alarm, on one source: they have one alarm between them, as bad as the worst of those
//! that stand (UPLINK §3.6). A group is a row. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use super::era::ClockSet;
use super::machine::{Said, State};
use super::rule::Rule;
use crate::domain::{Alarm, AlarmKey, AlarmNews, Lane, Seq, Wording};

/// An alarm that is over is told as over for so long (UPLINK §5.1).
const TOLD_OVER: SignedDuration = SignedDuration::from_hours(24);

/// What is remembered of the rules, and the alarm they have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// By the id of the rule.
    pub states: BTreeMap<String, RuleState>,
    /// The alarm that stands.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "kept")]
    pub alarm: Option<Alarm>,
    /// The alarm that was, and since when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "kept_over")]
    pub over: Option<(Alarm, Timestamp)>,
    /// The change that last told something of it.
    #[serde(default)]
    pub told: Seq,
    /// Up to where each lane of the journal is in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<Lane, Seq>,
}

fn kept<S: Serializer>(alarm: &Option<Alarm>, serializer: S) -> Result<S::Ok, S::Error> {
    alarm.as_ref().map(Alarm::as_kept).serialize(serializer)
}

fn kept_over<S: Serializer>(over: &Option<(Alarm, Timestamp)>, serializer: S) -> Result<S::Ok, S::Error> {
    over.as_ref()
        .map(|(alarm, at)| (alarm.as_kept(), at))
        .serialize(serializer)
}

/// One rule's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleState {
    /// Which rule it is of, so that the state of another is not taken for it.
    pub fingerprint: u32,
    pub state: State,
}

impl Group {
    /// The state of a rule, new if need be.
    pub fn state(&mut self, rule: &Rule) -> &mut State {
        let kept = self.states.entry(rule.id.clone()).or_insert_with(|| RuleState {
            fingerprint: rule.fingerprint(),
            state: State::default(),
        });
        &mut kept.state
    }

    /// A rule said something; what is to be told of the alarm, if anything. `rules` are those of this group.
    #[must_use]
    pub fn say(
        &mut self,
        key: &AlarmKey,
        rules: &[&Rule],
        (rule, said, wording): (&Rule, Said, Wording),
    ) -> Option<(Alarm, AlarmNews)> {
        match said {
            Said::Reminded { .. } => {
                let alarm = self.alarm.as_ref()?;
                let tells = alarm.rule == rule.id && !alarm.acknowledged;
                tells.then(|| (alarm.clone(), AlarmNews::Reminded))
            }
            Said::Raised { at, .. } => self.settle(key, rules, (at, Some((rule, wording)))),
            Said::Cleared { at } => self.settle(key, rules, (at, None)),
        }
    }

    /// Brings the alarm in line with the rules that stand; `raised` is the one that just began, with its words.
    fn settle(
        &mut self,
        key: &AlarmKey,
        rules: &[&Rule],
        (at, raised): (Timestamp, Option<(&Rule, Wording)>),
    ) -> Option<(Alarm, AlarmNews)> {
        let stands = |rule: &&&Rule| self.states.get(&rule.id).is_some_and(|kept| kept.state.stands());
        let worst = rules.iter().filter(stands).max_by_key(|rule| rule.severity).copied();
        match (&mut self.alarm, worst) {
            (None, None) => None,
            (None, Some(rule)) => {
                let Wording { text, values } = raised.map(|(_, wording)| wording).unwrap_or_default();
                let alarm = Alarm {
                    source: key.source.clone(),
                    kind: key.kind.clone(),
                    rule: rule.id.clone(),
                    severity: rule.severity,
                    text,
                    values,
                    since: at,
                    acknowledged: false,
                };
                (self.over, self.alarm) = (None, Some(alarm.clone()));
                Some((alarm, AlarmNews::Raised))
            }
            (Some(alarm), Some(rule)) if alarm.severity != rule.severity => {
                // Worse than what somebody has seen.
                alarm.acknowledged &= rule.severity < alarm.severity;
                (alarm.severity, alarm.rule) = (rule.severity, rule.id.clone());
                if let Some((_, wording)) = raised.filter(|(raised, _)| raised.id == rule.id) {
                    (alarm.text, alarm.values) = (wording.text, wording.values);
                }
                Some((alarm.clone(), AlarmNews::Severity))
            }
            (Some(alarm), Some(rule)) => {
                // The one that told it is over, and another as bad goes on.
                let goes_on = self.states.get(&alarm.rule).is_some_and(|kept| kept.state.stands());
                if !goes_on {
                    alarm.rule.clone_from(&rule.id);
                }
                None
            }
            (Some(_), None) => self.end(at),
        }
    }

    /// The alarm is over, whatever the rules say.
    fn end(&mut self, at: Timestamp) -> Option<(Alarm, AlarmNews)> {
        let alarm = self.alarm.take()?;
        self.over = Some((alarm.clone(), at));
        Some((alarm, AlarmNews::Cleared))
    }

    /// Rules that are no more, or that are others now, let go. What is to be told of the alarm, and whether anything
    /// changed.
    #[must_use]
    pub fn keep_only(&mut self, key: &AlarmKey, rules: &[&Rule], at: Timestamp) -> (bool, Option<(Alarm, AlarmNews)>) {
        let before = self.states.len();
        let stays = |id: &str, kept: &RuleState| {
            let rule = rules.iter().find(|rule| rule.id == id);
            rule.is_some_and(|rule| rule.fingerprint() == kept.fingerprint)
        };
        self.states.retain(|id, kept| stays(id, kept));
        (self.states.len() < before, self.settle(key, rules, (at, None)))
    }

    /// Somebody has seen it.
    #[must_use]
    pub fn acknowledge(&mut self) -> Option<(Alarm, AlarmNews)> {
        let alarm = self.alarm.as_mut().filter(|alarm| !alarm.acknowledged)?;
        alarm.acknowledged = true;
        Some((alarm.clone(), AlarmNews::Acknowledged))
    }

    /// Once it is over for long enough, nobody need be told any more.
    #[must_use]
    pub fn forget(&mut self, now: Timestamp) -> Option<(Alarm, AlarmNews)> {
        self.over
            .take_if(|(_, at)| now.duration_since(*at) >= TOLD_OVER)
            .map(|(alarm, _)| (alarm, AlarmNews::Forgotten))
    }

    /// The clock was set: what is remembered moves along.
    pub fn clock_was_set(&mut self, set: &ClockSet) {
        for kept in self.states.values_mut() {
            kept.state.clock_was_set(set);
        }
        if let Some((_, at)) = &mut self.over {
            set.move_along(at);
        }
    }

    /// When time alone changes something.
    #[must_use]
    pub fn due(&self, rules: &[&Rule]) -> Option<Timestamp> {
        let over = self.over.as_ref().and_then(|(_, at)| at.checked_add(TOLD_OVER).ok());
        let of = |rule: &&Rule| self.states.get(&rule.id)?.state.due(&rule.parameters);
        rules.iter().filter_map(of).chain(over).min()
    }

    /// Whether it need not be remembered beyond the process.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.alarm.is_none() && self.over.is_none() && self.states.values().all(|kept| kept.state.is_plain())
    }
}

#[cfg(test)]
mod tests;
