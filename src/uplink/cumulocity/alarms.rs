//! Alarms as lines: 301 to 304 raise, 305 says how bad, 306 clears (UPLINK §2.1, §3.6).

use jiff::Timestamp;

use super::REASON;
use super::smartrest::Line;
use crate::domain::{Alarm, AlarmNews, Severity};

/// The line for what happened to an alarm at `at`; some of it is nobody's business there.
#[must_use]
pub fn line(alarm: &Alarm, news: AlarmNews, at: Timestamp) -> Option<String> {
    let raise = |at| {
        let template = match alarm.severity {
            Severity::Critical => 301,
            Severity::Major => 302,
            Severity::Minor => 303,
            Severity::Warning => 304,
        };
        let line = Line::new(template).text(&alarm.kind).text_within(&alarm.text, REASON);
        line.time(at).finish()
    };
    match news {
        AlarmNews::Raised | AlarmNews::Stands => Some(raise(alarm.since)),
        AlarmNews::Reminded => Some(raise(at)),
        AlarmNews::Severity => Some(Line::new(305).text(&alarm.kind).text(alarm.severity.name()).finish()),
        AlarmNews::Cleared => Some(Line::new(306).text(&alarm.kind).finish()),
        AlarmNews::Acknowledged | AlarmNews::Forgotten => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Source;

    #[test]
    fn an_alarm_is_raised_by_its_severity_and_cleared_by_its_type() {
        let at: Timestamp = "2026-02-10T12:00:00Z".parse().unwrap();
        let mut alarm = Alarm {
            source: Source::Appliance,
            kind: "rule_load".into(),
            rule: "load".into(),
            severity: Severity::Critical,
            text: "a, \"b\"".into(),
            since: at,
            values: None,
            acknowledged: false,
        };
        let later = "2026-02-10T13:00:00Z".parse().unwrap();
        let said = |alarm: &Alarm, news| line(alarm, news, later);
        let raised = "301,rule_load,\"a, \\\"b\\\"\",2026-02-10T12:00:00.000Z";
        assert_eq!(said(&alarm, AlarmNews::Raised).unwrap(), raised);
        alarm.severity = Severity::Warning;
        assert!(said(&alarm, AlarmNews::Reminded).unwrap().ends_with("13:00:00.000Z"));
        assert_eq!(said(&alarm, AlarmNews::Severity).unwrap(), "305,rule_load,WARNING");
        assert_eq!(said(&alarm, AlarmNews::Cleared).unwrap(), "306,rule_load");
        assert_eq!(said(&alarm, AlarmNews::Acknowledged), None);
    }
}
