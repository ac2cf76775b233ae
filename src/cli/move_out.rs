//! What `user move-out` says: the reading of each meter to quote, what is over, and what remains. Pure.

use std::fmt::Write;

use super::print;
use crate::admin::{Departed, LastReading, Left, Matter, Origin};
use crate::domain::Quantity;

/// What became of it, for people; each line is one.
pub(super) fn words(departed: &Departed) -> String {
    let Departed { name, at, .. } = departed;
    let mut text = String::new();
    if departed.meters.is_empty() {
        let _ = write!(text, "nothing is in force for {name}, and nothing was changed");
    }
    for left in &departed.meters {
        let did = if departed.dry_run { "would leave" } else { "left" };
        let since = print::moment(Some(left.link.since));
        let meter = &left.link.meter;
        line(
            &mut text,
            &format!(
                "{name} {did} {meter} at {}; it was theirs since {since}",
                print::moment(Some(*at))
            ),
        );
        line(&mut text, &format!("  {}", of_reading(left)));
        matters(&mut text, &left.remaining);
    }
    if !departed.meters.is_empty() {
        let over = match departed.dry_run {
            true => "nothing was changed; their sessions and one-time links would be over".to_owned(),
            false => format!(
                "sessions that are over: {}; one-time links that are good for nothing any more: {}",
                departed.sessions, departed.invitations
            ),
        };
        line(&mut text, &over);
    }
    matters(&mut text, &departed.remaining);
    text
}

fn line(text: &mut String, one: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(one);
}

fn matters(text: &mut String, matters: &[Matter]) {
    for matter in matters {
        line(text, &format!("  remains: {}", matter.words));
    }
}

fn of_reading(left: &Left) -> String {
    let Some(reading) = &left.reading else {
        return "no reading to quote".to_owned();
    };
    let registers = reading.registers.iter();
    let values: Vec<String> = registers
        .map(|(quantity, value)| format!("{} {}.{:03} kWh", called(*quantity), value / 1_000, value % 1_000))
        .collect();
    format!("reading to quote: {} ({})", values.join(", "), taken(reading))
}

fn called(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::ImportB => "import of element B",
        Quantity::ExportA => "export",
        Quantity::ExportB => "export of element B",
        _ => "import",
    }
}

fn taken(reading: &LastReading) -> String {
    let at = print::moment(Some(reading.at));
    match (reading.origin, reading.age_s) {
        (Origin::HalfHour, _) => format!("the half-hour that ended at {at}"),
        (origin, age) => {
            let how = match origin {
                Origin::Newest => "the newest; the meter was asked and did not say",
                Origin::Asked | Origin::HalfHour => "asked now",
            };
            let when = match age {
                0.. => format!("{age} s before"),
                _ => format!("{} s after it was left", age.unsigned_abs()),
            };
            format!("{how}; of {at}, {when}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn departed(meters: serde_json::Value, dry_run: bool) -> Departed {
        serde_json::from_value(json!({
            "name": "clara", "at": "2026-06-30T23:00:00Z", "dry_run": dry_run, "meters": meters,
            "sessions": 2, "invitations": 1, "remaining": [{ "kind": "link", "words": "EML2 becomes theirs" }],
        }))
        .unwrap()
    }

    #[test]
    fn it_says_what_to_quote_and_what_remains() {
        let meters = json!([
            { "meter": "EML1", "since": "2026-01-01T00:00:00Z", "until": "2026-06-30T23:00:00Z",
              "reading": { "at": "2026-06-30T23:00:00Z", "age_s": 0, "origin": "half-hour",
                           "registers": { "import_a": 9_141_007 } },
              "remaining": [{ "kind": "balance", "words": "£18.43 stood on the meter" }] },
            { "meter": "EML9", "since": "2026-01-01T00:00:00Z", "until": "2026-06-30T23:00:00Z",
              "reading": null, "remaining": [] },
        ]);
        assert_eq!(
            words(&departed(meters.clone(), false)),
            "clara left EML1 at 2026-06-30T23:00:00Z; it was theirs since 2026-01-01T00:00:00Z\n\
             \x20 reading to quote: import 9141.007 kWh (the half-hour that ended at 2026-06-30T23:00:00Z)\n\
             \x20 remains: £18.43 stood on the meter\n\
             clara left EML9 at 2026-06-30T23:00:00Z; it was theirs since 2026-01-01T00:00:00Z\n\
             \x20 no reading to quote\n\
             sessions that are over: 2; one-time links that are good for nothing any more: 1\n\
             \x20 remains: EML2 becomes theirs"
        );
        let would = words(&departed(meters, true));
        assert!(
            would.contains("would leave EML1") && would.contains("nothing was changed"),
            "{would}"
        );
        let again = words(&departed(json!([]), false));
        assert!(
            again.starts_with("nothing is in force for clara, and nothing was changed\n"),
            "{again}"
        );
    }
}
