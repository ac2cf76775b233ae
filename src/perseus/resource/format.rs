//! Half-hours as bytes: JSON as the scheme has it, or CSV for spreadsheets (PER §6.4, PER §6.5). Pure.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::half_hours::HalfHour;
use crate::domain::HALF_HOUR;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv,
}

/// The columns of a CSV answer.
const COLUMNS: &str = "from,to,taken_at,energy_wh,cumulative_wh,quality\r\n";

fn end_of(from: Timestamp) -> Timestamp {
    from.saturating_add(SignedDuration::from_secs(HALF_HOUR))
        .unwrap_or(from)
}

/// When we knew, in whole seconds: later than the half-hour's end, as its meaning has it.
fn taken(one: &HalfHour) -> Timestamp {
    let end = end_of(one.from);
    let after = end.saturating_add(SignedDuration::from_secs(1)).unwrap_or(end);
    one.taken.max(after)
}

impl Format {
    /// JSON, unless `Accept` names CSV; nothing is ever refused for what it accepts (RFC 9110 §12.5.1).
    pub(super) fn wanted(headers: &HeaderMap) -> Format {
        let all = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let names_csv = all.flat_map(|value| value.split(',')).any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_csv = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("text/csv"));
            let weight = parts
                .filter_map(|part| part.split_once('='))
                .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
            is_csv && weight.is_none_or(|(_, weight)| weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0))
        });
        if names_csv { Format::Csv } else { Format::Json }
    }

    /// What stands before the first half-hour.
    pub(super) fn head(self) -> &'static str {
        match self {
            Format::Json => "{\"data\":[",
            Format::Csv => COLUMNS,
        }
    }

    /// One half-hour, the first or a later one.
    pub(super) fn row(self, one: &HalfHour, first: bool, into: &mut String) {
        let (from, to) = (one.from, end_of(one.from));
        *into += &match self {
            Format::Json => {
                let row = json!({
                    "type": "electricity",
                    "from": format!("{from:.0}"),
                    "to": format!("{to:.0}"),
                    "takenAt": format!("{:.0}", taken(one)),
                    "energy": { "value": one.energy.0, "unitCode": "WHR" },
                    "cumulative": { "value": one.cumulative.0, "unitCode": "WHR" },
                });
                format!("{}{row}", if first { "" } else { "," })
            }
            Format::Csv => {
                let quality = if one.measured { "measured" } else { "estimated" };
                format!(
                    "{from:.0},{to:.0},{:.0},{},{},{quality}\r\n",
                    taken(one),
                    one.energy.0,
                    one.cumulative.0
                )
            }
        };
    }

    /// Half-hours that are missing, from one moment until another: absent from JSON, whose rows have six members each.
    pub(super) fn gap(self, (from, to): (Timestamp, Timestamp), into: &mut String) {
        if self == Format::Csv {
            *into += &format!("{from:.0},{to:.0},,,,gap\r\n");
        }
    }

    /// What stands behind the last half-hour, before the record.
    pub(super) fn tail(self) -> &'static str {
        match self {
            Format::Json => "]",
            Format::Csv => "",
        }
    }

    /// The rest of the answer, with the record where it has a place.
    pub(super) fn rest(self, outcode: &str, record: &Value) -> String {
        match self {
            Format::Json => format!(
                ",\"location\":{},\"provenance\":{record}}}",
                json!({ "ukPostcodeOutcode": outcode })
            ),
            Format::Csv => String::new(),
        }
    }

    pub(super) fn media(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WattHours;

    fn one() -> HalfHour {
        HalfHour {
            from: "2024-12-05T00:00:00Z".parse().unwrap(),
            energy: WattHours(412),
            cumulative: WattHours(18_223_410),
            taken: "2024-12-05T00:30:00Z".parse().unwrap(),
            measured: true,
        }
    }

    #[test]
    fn csv_is_given_where_it_is_named_and_json_else() {
        let wanted =
            |accept: &[&str]| Format::wanted(&accept.iter().map(|one| (ACCEPT, one.parse().unwrap())).collect());
        for json in [
            &[][..],
            &["*/*"],
            &["text/*"],
            &["application/json;charset=UTF-8"],
            &["text/csv;q=0"],
            &["text/csv; Q = 0"],
            &["text/plain"],
        ] {
            assert_eq!(wanted(json), Format::Json, "{json:?}");
        }
        for csv in [
            &["text/csv"][..],
            &["text/html, Text/CSV;q=0.5"],
            &["application/json", "text/csv"],
        ] {
            assert_eq!(wanted(csv), Format::Csv, "{csv:?}");
        }
    }

    #[test]
    fn a_half_hour_is_taken_after_its_end_and_says_all_six() {
        let mut text = String::new();
        Format::Json.row(&one(), true, &mut text);
        let row: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            row,
            json!({
                "type": "electricity", "from": "2024-12-05T00:00:00Z", "to": "2024-12-05T00:30:00Z",
                "takenAt": "2024-12-05T00:30:01Z", "energy": { "value": 412, "unitCode": "WHR" },
                "cumulative": { "value": 18_223_410, "unitCode": "WHR" },
            })
        );
        let mut text = String::new();
        Format::Csv.row(&one(), true, &mut text);
        Format::Csv.gap((one().from, end_of(one().from)), &mut text);
        assert_eq!(
            text,
            "2024-12-05T00:00:00Z,2024-12-05T00:30:00Z,2024-12-05T00:30:01Z,412,18223410,measured\r\n\
             2024-12-05T00:00:00Z,2024-12-05T00:30:00Z,,,,gap\r\n"
        );
    }
}
