//! What an alarm is, in the language of whoever reads: made of its code and values where the words are the box's own.

use crate::domain::{Alarm, AlarmValues};
use crate::texts::{Said, Texts};

/// What it is. Words that the installer wrote, and those of earlier builds, are shown as they are.
#[must_use]
pub fn alarm_words(t: Texts, alarm: &Alarm) -> Said {
    let Some(values) = &alarm.values else {
        return Said::as_it_is(&alarm.text);
    };
    let name = format!("alarm-{}", values.code.replace('_', "-"));
    // A rule of a later build, read by this one after it was put back.
    if !Texts::knows(&name) {
        return Said::as_it_is(&alarm.text);
    }
    let places = [
        ("name", values.name.as_str().into()),
        ("value", amount(values).into()),
        ("unit", values.unit.as_str().into()),
        ("raise", values.raise.as_str().into()),
        ("detail", values.detail.as_str().into()),
    ];
    let words = t.say_with(&name, &places);
    match values.flapping {
        true => t.say1("alarm-flapping", "words", words.text()),
        false => words,
    }
}

/// Money as people write it; any other value as it is, beside which its unit stands.
fn amount(values: &AlarmValues) -> String {
    match (values.unit.as_str(), values.value.parse::<f64>()) {
        ("GBP", Ok(pounds)) if pounds < 0.0 => format!("−£{:.2}", -pounds),
        ("GBP", Ok(pounds)) => format!("£{pounds:.2}"),
        _ => values.value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Severity, Source, alarm_codes};
    use crate::texts::Language;

    fn alarm(code: &str, value: &str, unit: &str) -> Alarm {
        Alarm {
            source: Source::Appliance,
            kind: code.to_owned(),
            rule: code.to_owned(),
            severity: Severity::Minor,
            text: "as it was told".to_owned(),
            since: jiff::Timestamp::UNIX_EPOCH,
            values: Some(AlarmValues {
                code: code.to_owned(),
                name: "<Flat 9>".to_owned(),
                value: value.to_owned(),
                unit: unit.to_owned(),
                ..AlarmValues::default()
            }),
            acknowledged: false,
        }
    }

    fn said(language: Language, alarm: &Alarm) -> String {
        alarm_words(Texts::of(language), alarm).to_string()
    }

    #[test]
    fn each_reads_it_in_their_language_and_money_is_money() {
        let low = alarm("prepay_low", "0.4", "GBP");
        assert_eq!(said(Language::English, &low), "&#60;Flat 9&#62;: £0.40 are left");
        assert_eq!(said(Language::Welsh, &low), "&#60;Flat 9&#62;: mae £0.40 ar ôl");
        assert_eq!(
            said(Language::English, &alarm("prepay_low", "-3.25", "GBP")),
            "&#60;Flat 9&#62;: −£3.25 are left"
        );
        assert_eq!(
            said(Language::Welsh, &alarm("disk_low", "4", "%")),
            "Mae 4 % o&#39;r ddisg yn rhydd: gwnewch le, neu rhowch un fwy i&#39;r blwch"
        );
    }

    #[test]
    fn every_rule_of_the_box_has_words_in_the_table() {
        for code in alarm_codes() {
            let words = said(Language::English, &alarm(code, "3", ""));
            assert!(
                words != "as it was told" && !words.contains("alarm-"),
                "{code}: {words}"
            );
        }
    }

    #[test]
    fn what_comes_and_goes_says_so() {
        let mut full = alarm("space_full", "100", "%");
        full.values.as_mut().expect("it has values").flapping = true;
        assert_eq!(
            said(Language::English, &full),
            "&#60;Flat 9&#62; is full (comes and goes)"
        );
    }

    #[test]
    fn an_installers_words_and_those_of_other_builds_are_shown_as_they_are() {
        let mut own = alarm("disk_low", "4", "%");
        own.values = None;
        assert_eq!(said(Language::Welsh, &own), "as it was told");
        assert_eq!(
            said(Language::Welsh, &alarm("of_a_later_build", "", "")),
            "as it was told"
        );
    }
}
