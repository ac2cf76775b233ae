//! What a target is told of an entry of the journal. Pure.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::{Entry, Topic};
use crate::domain::{AlarmNews, Event, Level, Source, Space};

/// What there is to be told of an event.
pub fn topic(event: &Event) -> Option<Topic> {
    match event {
        Event::SpaceLevel { level, .. } => Some(match level {
            Level::Free => Topic::Free,
            Level::Busy => Topic::Warn,
            Level::Full => Topic::Full,
            Level::Over => Topic::Over,
        }),
        Event::Alarm { news, .. } => match news {
            AlarmNews::Raised | AlarmNews::Severity | AlarmNews::Reminded => Some(Topic::Raised),
            AlarmNews::Cleared => Some(Topic::Cleared),
            AlarmNews::Acknowledged | AlarmNews::Forgotten | AlarmNews::Stands => None,
        },
        Event::SpaceCreated { .. }
        | Event::SpaceChanged { .. }
        | Event::SpaceRemoved { .. }
        | Event::ReadingsRecorded { .. }
        | Event::Meter { .. }
        | Event::PeerJoined { .. }
        | Event::PeerLeft { .. }
        | Event::Operation { .. }
        | Event::SelfTest { .. } => None,
    }
}

/// Whether a target wants to be told; `space` is the one it is about, as it stands, if it is about one that is there.
pub fn wants(entry: &Entry, event: &Event, space: Option<&Space>) -> bool {
    let Some(topic) = topic(event) else { return false };
    if entry.events.as_ref().is_some_and(|wanted| !wanted.contains(&topic)) {
        return false;
    }
    let id = match event {
        Event::SpaceLevel { space, .. } => *space,
        Event::Alarm { alarm, .. } => match &alarm.source {
            Source::Space(space) => *space,
            Source::Meter(_) | Source::Appliance => return true,
        },
        _ => return false,
    };
    let named = entry.spaces.iter().any(|wanted| wanted.parse() == Ok(id));
    // Spaces that anybody may make and that nobody named are nobody's business.
    let of_the_operator = space.is_some_and(|space| space.origin.is_by_somebody_known());
    named || (of_the_operator && entry.spaces.iter().any(|wanted| wanted == "*"))
}

/// The body of the request.
pub fn body(id: &str, at: Timestamp, event: &Event, space: Option<&Space>) -> Value {
    let name = space.and_then(|space| space.name.clone());
    let topic = topic(event).map_or("", Topic::name);
    match event {
        Event::SpaceLevel {
            space,
            before,
            occupancy,
            ..
        } => json!({
            "type": topic, "id": id, "timestamp": at,
            "data": {
                "space": space, "name": name, "before": before,
                "occupancy": {"current": occupancy.current, "maximum": occupancy.maximum},
            },
        }),
        Event::Alarm { alarm, news } => json!({
            "type": topic, "id": id, "timestamp": at, "data": {"news": news, "alarm": alarm},
        }),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SpaceOrigin;
    use crate::domain::{Occupancy, SpaceId};

    fn entry(more: &str) -> Entry {
        serde_json::from_str(&format!(
            r#"{{"name": "a", "url": "https://a.example", "secret_file": "/s"{more}}}"#
        ))
        .unwrap()
    }

    fn space(origin: SpaceOrigin) -> Space {
        serde_json::from_value(json!({
            "id": SpaceId::from_random([7; 16]), "name": "Hall", "occupancy": {"current": 9, "maximum": 10},
            "created": Timestamp::UNIX_EPOCH, "last_updated": Timestamp::UNIX_EPOCH, "origin": origin, "seq": 1,
        }))
        .unwrap()
    }

    #[test]
    fn a_target_is_told_what_it_asked_for_and_of_no_space_that_is_not_its_business() {
        let (hall, open) = (space(SpaceOrigin::Operator), space(SpaceOrigin::Open));
        let level = Event::SpaceLevel {
            space: hall.id,
            level: Level::Busy,
            before: Level::Free,
            occupancy: Occupancy {
                current: 9,
                maximum: 10,
            },
        };
        assert!(wants(&entry(""), &level, Some(&hall)));
        assert!(!wants(&entry(""), &level, Some(&open)) && !wants(&entry(""), &level, None));
        let named = format!(r#", "spaces": ["{}"]"#, hall.id);
        assert!(wants(&entry(&named), &level, Some(&open)));
        assert!(!wants(
            &entry(r#", "events": ["space.full", "alarm.raised"]"#),
            &level,
            Some(&hall)
        ));
        assert!(wants(&entry(r#", "events": ["space.warn"]"#), &level, Some(&hall)));
        assert!(!wants(&entry(""), &Event::SelfTest { count: 1 }, None));
        let body = body("1.2.0", Timestamp::UNIX_EPOCH, &level, Some(&hall));
        assert_eq!(
            body,
            json!({
                "type": "space.warn", "id": "1.2.0", "timestamp": "1970-01-01T00:00:00Z",
                "data": {
                    "space": hall.id, "name": "Hall", "before": "free", "occupancy": {"current": 9, "maximum": 10}
                }
            })
        );
    }
}
