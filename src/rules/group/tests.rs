//! One alarm of several rules.

use super::*;
use crate::domain::{Severity, Wording};
use crate::rules::entry::Entry;
use crate::rules::rulebook::rules;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn two() -> Vec<Rule> {
    let of = |id: &str, raise: u32, severity: &str| {
        let text = format!(
            r#"{{"id": "{id}", "on": "meter:*", "series": "emop_Csq.csq", "op": ">", "raise": {raise},
                "severity": "{severity}", "alarm_type": "load", "text": "{id}"}}"#
        );
        serde_json::from_str::<Entry>(&text).unwrap()
    };
    let all = rules(&[of("high", 100, "MINOR"), of("very_high", 200, "MAJOR")]).unwrap();
    all.into_iter().filter(|rule| rule.kind == "load").collect()
}

fn key() -> AlarmKey {
    AlarmKey {
        kind: "load".into(),
        source: "meter:EML1".parse().unwrap(),
    }
}

/// What is told when this value comes.
fn sample(group: &mut Group, rules: &[&Rule], second: i64, value: f64) -> Vec<(AlarmNews, Severity, String)> {
    let mut told = Vec::new();
    for rule in rules {
        for said in group.state(rule).sample(&rule.parameters, at(second), value) {
            let news = group.say(
                &key(),
                rules,
                (
                    rule,
                    said,
                    Wording {
                        text: rule.id.clone(),
                        values: None,
                    },
                ),
            );
            told.extend(news.map(|(alarm, news)| (news, alarm.severity, alarm.text)));
        }
    }
    told
}

#[test]
fn what_gets_worse_is_one_alarm_that_gets_worse() {
    let rules = two();
    let rules: Vec<&Rule> = rules.iter().collect();
    let mut group = Group::default();
    let news = |news, severity, text: &str| vec![(news, severity, text.to_owned())];
    assert_eq!(
        sample(&mut group, &rules, 0, 150.0),
        news(AlarmNews::Raised, Severity::Minor, "high")
    );
    assert!(group.acknowledge().is_some() && group.acknowledge().is_none());
    assert_eq!(
        sample(&mut group, &rules, 1, 250.0),
        news(AlarmNews::Severity, Severity::Major, "very_high")
    );
    assert!(
        !group.alarm.as_ref().unwrap().acknowledged,
        "nobody has seen how bad it is now"
    );
    assert_eq!(
        sample(&mut group, &rules, 2, 150.0),
        news(AlarmNews::Severity, Severity::Minor, "very_high")
    );
    assert_eq!(group.alarm.as_ref().unwrap().since, at(0));
    assert_eq!(
        sample(&mut group, &rules, 3, 50.0),
        news(AlarmNews::Cleared, Severity::Minor, "very_high")
    );
    assert_eq!(group.forget(at(86_000)), None);
    assert_eq!(group.forget(at(90_000)).unwrap().1, AlarmNews::Forgotten);
    let text = serde_json::to_string(&group).unwrap();
    assert_eq!(serde_json::from_str::<Group>(&text).unwrap(), group);
}

#[test]
fn a_jump_past_both_is_told_by_both_and_as_bad_as_the_worst() {
    let rules = two();
    let rules: Vec<&Rule> = rules.iter().collect();
    let mut group = Group::default();
    let told: Vec<_> = sample(&mut group, &rules, 0, 500.0)
        .into_iter()
        .map(|one| (one.0, one.1))
        .collect();
    assert_eq!(
        told,
        [
            (AlarmNews::Raised, Severity::Minor),
            (AlarmNews::Severity, Severity::Major)
        ]
    );
    let told: Vec<_> = sample(&mut group, &rules, 1, 0.0)
        .into_iter()
        .map(|one| one.0)
        .collect();
    assert_eq!(
        told,
        [AlarmNews::Cleared],
        "the lesser ends first, which nobody need know"
    );
}

#[test]
fn a_rule_that_is_taken_away_or_changed_ends_its_alarm() {
    let all = two();
    let rules: Vec<&Rule> = all.iter().collect();
    let mut group = Group::default();
    let _ = sample(&mut group, &rules, 0, 250.0);
    let mut other = all[1].clone();
    other.text = "other words".into();
    let changed = [&all[0], &other];
    let (any, news) = group.keep_only(&key(), &changed, at(1));
    assert_eq!((any, news.unwrap().1), (true, AlarmNews::Severity));
    let (any, news) = group.keep_only(&key(), &[], at(2));
    assert_eq!((any, news.unwrap().1), (true, AlarmNews::Cleared));
    assert_eq!(group.keep_only(&key(), &[], at(3)), (false, None));
}

#[test]
fn keys_read_as_they_are_written() {
    assert_eq!(AlarmKey::read(&key().bytes()), Some(key()));
    assert_eq!(AlarmKey::read(b"load"), None);
    assert_eq!(AlarmKey::read(b"load\0meter:*"), None);
}
