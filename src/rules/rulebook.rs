//! The rules that stand: those of the configuration over those that are built in, and what is wrong with them together
//! (UPLINK §3.6). Pure.

use std::collections::BTreeSet;

use super::builtin;
use super::entry::Entry;
use super::op::Op;
use super::rule::Rule;
use crate::domain::Faults;

/// Rules that there may be.
const MOST: usize = 200;
/// Rules that may share a type of alarm.
const TOGETHER: u32 = 6;

/// The rules that stand with these entries, those that are built in among them; else what is wrong with the entries,
/// each under its place.
pub fn rules(entries: &[Entry]) -> Result<Vec<Rule>, Faults> {
    let mut faults = Faults::default();
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let mut inner = Faults::default();
        if !seen.insert(entry.id.as_str()) {
            let what = format!("`{}` is there twice", entry.id);
            inner.add("id", what, "each rule has a name of its own");
        }
        if place == MOST {
            let right = "fewer, each on meter:* or space:*";
            inner.add("", format!("is one of more than {MOST} rules"), right);
        }
        let built_in = builtin::entries().into_iter().find(|built_in| built_in.id == entry.id);
        let rule = match built_in {
            Some(built_in) => entry.clone().over(built_in).rule(&mut inner),
            None => entry.rule(&mut inner),
        };
        faults.within(&place.to_string(), inner);
        rules.extend(rule.filter(|_| entry.enabled != Some(false)).map(|rule| (place, rule)));
    }
    fits(&rules, &mut faults);
    let mut rules: Vec<Rule> = rules.into_iter().map(|(_, rule)| rule).collect();
    let untouched = builtin::entries()
        .into_iter()
        .filter(|built_in| !seen.contains(built_in.id.as_str()));
    rules.extend(untouched.filter_map(|entry| entry.rule(&mut faults)));
    faults.or(rules)
}

/// Rules of one type of alarm have one row between them on a source, and a row has an end. What is too much is told
/// once for each type, at the last.
fn fits(rules: &[(usize, Rule)], faults: &mut Faults) {
    let cost = |(_, rule): &(usize, Rule)| {
        if matches!(rule.parameters.op, Op::Delta { .. }) {
            3
        } else {
            1
        }
    };
    let mut told = BTreeSet::new();
    for (place, rule) in rules.iter().rev() {
        let same = rules.iter().filter(|(_, other)| other.kind == rule.kind);
        if same.map(cost).sum::<u32>() <= TOGETHER || !told.insert(&rule.kind) {
            continue;
        }
        let what = format!("too many rules share `{}`", rule.kind);
        let right = format!("at most {TOGETHER}, of which each delta counts three times");
        faults.add(format!("{place}.alarm_type"), what, right);
    }
}

#[cfg(test)]
mod tests;
