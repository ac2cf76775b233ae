//! What may be set from afar, key by key. Whoever holds the cloud, or its broker, is trusted with less than whoever
//! sits at the box: nothing here names a file, a program or a host, opens or moves a door, or says whom to trust.

use serde_json::Value as Json;
use tracing_subscriber::filter::Targets;

use super::error::RemoteError;
use crate::accounts::AUDIT;
use crate::config::Config;
use crate::domain::units::Span;
use crate::uplink::Section;

/// What stands where a secret, or the way to one, is not shown.
pub(super) const MASK: &str = "***";

/// Within which bounds a key may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// To whatever it can hold.
    Any,
    /// To a longer time than is in force; `"0s"` is for ever, and the longest.
    Longer,
    /// To a filter that lets through what is done by order of somebody.
    Audited,
}

/// The keys, but for those of single meters.
const KEYS: [(&str, Bound); 17] = [
    ("site.name", Bound::Any),
    ("meters.request_gap", Bound::Any),
    ("meters.attempts", Bound::Any),
    ("meters.retry_pause", Bound::Any),
    ("meters.timeout", Bound::Any),
    ("uplink.rule", Bound::Any),
    ("uplink.keep_alive", Bound::Any),
    ("uplink.window", Bound::Any),
    ("uplink.replay_rate", Bound::Any),
    ("uplink.live_first", Bound::Any),
    ("uplink.position", Bound::Any),
    ("uplink.mqtt.ha_discovery", Bound::Any),
    ("retention.history", Bound::Longer),
    ("retention.readings", Bound::Longer),
    ("retention.audit", Bound::Longer),
    ("retention.money", Bound::Longer),
    ("occupancy.idle_expiry", Bound::Longer),
];
/// What may be set of a meter.
pub(super) const OF_A_METER: [&str; 2] = ["name", "feeder"];

/// Whether a key belongs into a part.
pub(super) fn allows(section: Section, key: &str) -> bool {
    match section {
        Section::Whole => true,
        Section::Uplink => key != "uplink.rule" && (key == "uplink" || key.starts_with("uplink.")),
        Section::Meters => ["meters", "meter"].contains(&key.split('.').next().unwrap_or_default()),
        Section::Spaces => key.split('.').next() == Some("occupancy"),
        Section::Rules => ["uplink", "uplink.rule"].contains(&key),
    }
}

fn bound(path: &str) -> Option<Bound> {
    let polled = path
        .strip_prefix("meters.polling.")
        .is_some_and(|key| !key.contains('.'));
    match path {
        "log.filter" => Some(Bound::Audited),
        _ if polled => Some(Bound::Any),
        _ => KEYS.iter().find(|(key, _)| *key == path).map(|(_, bound)| *bound),
    }
}

/// What is to be done with a value from afar.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is what is in force.
    Unchanged,
    /// It may be set.
    Taken,
    /// It may not.
    Refused(RemoteError),
}

/// Judges the value under `path` by what is in force.
pub(super) fn judge(in_force: &Config, was: Option<&Json>, (path, wanted): (&str, &Json)) -> Verdict {
    if agrees(wanted, was) {
        return Verdict::Unchanged;
    }
    let own = || RemoteError::Ours(path.to_owned());
    let Some(bound) = bound(path) else {
        return Verdict::Refused(own());
    };
    let is_open = match path.split('.').next() {
        Some("meters") => in_force.meter_room().is_some(),
        Some("uplink") => in_force.uplink.is_some(),
        Some("occupancy") => in_force.occupancy.is_some(),
        _ => true,
    };
    if !is_open {
        return Verdict::Refused(own());
    }
    if masked(wanted) {
        return Verdict::Refused(RemoteError::MaskInList(path.to_owned()));
    }
    match bound {
        Bound::Longer if is_shorter(wanted, was) => Verdict::Refused(RemoteError::Shorter {
            key: path.to_owned(),
            now: was.and_then(Json::as_str).unwrap_or_default().to_owned(),
        }),
        Bound::Audited if !wanted.as_str().is_some_and(is_audited) => {
            Verdict::Refused(RemoteError::Unaudited(path.to_owned()))
        }
        Bound::Any | Bound::Longer | Bound::Audited => Verdict::Taken,
    }
}

/// Whether a value is the one in force, or stands for it: platforms send back what they were shown.
pub(super) fn agrees(wanted: &Json, was: Option<&Json>) -> bool {
    match (wanted, was) {
        (Json::String(text), _) if text == MASK => true,
        (Json::Number(wanted), Some(Json::Number(was))) => wanted.as_f64() == was.as_f64(),
        (Json::Array(wanted), Some(Json::Array(was))) => {
            wanted.len() == was.len() && wanted.iter().zip(was).all(|(wanted, was)| agrees(wanted, Some(was)))
        }
        (Json::Object(wanted), Some(Json::Object(was))) => {
            let left_out = |(key, value): (&String, &Json)| wanted.contains_key(key) || value.is_null();
            wanted.iter().all(|(key, value)| agrees(value, was.get(key))) && was.iter().all(left_out)
        }
        (Json::Null, None) => true,
        (wanted, Some(was)) => wanted == was,
        (_, None) => false,
    }
}

fn masked(wanted: &Json) -> bool {
    match wanted {
        Json::String(text) => text == MASK,
        Json::Array(list) => list.iter().any(masked),
        Json::Object(table) => table.values().any(masked),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether a time is shorter than another; what is no time is told by whoever reads it.
fn is_shorter(wanted: &Json, was: Option<&Json>) -> bool {
    let span = |value: &Json| serde_json::from_value::<Span>(value.clone()).ok();
    match (span(wanted), was.and_then(span)) {
        (Some(wanted), Some(was)) => !wanted.is_zero() && (was.is_zero() || wanted < was),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Whether a filter lets the lines through that say what was done by order of somebody. One whose directives hang on
/// spans and fields does not say so for certain.
fn is_audited(filter: &str) -> bool {
    let targets = filter.parse::<Targets>();
    !filter.contains(['[', '{']) && targets.is_ok_and(|targets| targets.would_enable(AUDIT, &tracing::Level::INFO))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_shown_is_what_is_in_force() {
        for (wanted, was, same) in [
            (json!("***"), json!("/etc/secret"), true),
            (json!(20), json!(20.0), true),
            (json!([51, 0, 0]), json!([51.0, 0.0, 0.0]), true),
            (
                json!([{ "a": "***", "b": 1 }]),
                json!([{ "a": "x", "b": 1, "c": null }]),
                true,
            ),
            (json!([{ "a": "***" }]), json!([{ "a": "x", "b": 1 }]), false),
            (json!([{ "a": "***", "b": 2 }]), json!([{ "a": "x", "b": 1 }]), false),
            (json!([]), json!([1]), false),
            (json!("x"), json!("y"), false),
        ] {
            assert_eq!(agrees(&wanted, Some(&was)), same, "{wanted} {was}");
        }
        assert!(!agrees(&json!("x"), None));
    }

    #[test]
    fn times_only_grow_and_filters_keep_the_audit() {
        for (wanted, was, shorter) in [
            ("31d", "30d", false),
            ("30d", "30d", false),
            ("29d", "30d", true),
            ("0s", "30d", false),
            ("0", "30d", false),
            ("3650d", "0s", true),
            ("0", "0s", false),
        ] {
            assert_eq!(is_shorter(&json!(wanted), Some(&json!(was))), shorter, "{wanted} {was}");
        }
        for (filter, audited) in [
            ("info", true),
            ("debug", true),
            ("warn", false),
            ("off", false),
            ("", false),
            ("warn,gatelodge=info", true),
            ("warn,gatelodge::audit=info", true),
            ("trace,gatelodge::audit=warn", false),
            ("info,gatelodge::audit=off", false),
            ("info,gatelodge=error", false),
            ("gatelodge::accounts=trace", false),
            ("info,gatelodge::audit[{person}]=off", false),
        ] {
            assert_eq!(is_audited(filter), audited, "{filter:?}");
        }
    }
}
