//! What commands print on standard output: lines, JSON, tables.

use std::borrow::Cow;
use std::fmt::{Arguments, Display};
use std::io::Write;

use comfy_table::{ContentArrangement, Table, TableStyle};
use jiff::{Timestamp, Unit};
use serde::Serialize;

/// One line on standard output. A reader that went away (`| head`) is no fault.
pub(super) fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{}", escaped(&text.to_string()));
}

/// Lines that are ours: each is one line, and nothing else in them passes as one.
pub(super) fn lines(text: Arguments<'_>) {
    for one in text.to_string().split('\n') {
        line(format_args!("{one}"));
    }
}

/// A line on standard error, for people, beside what the command answers.
pub(super) fn note(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", escaped(&text.to_string()));
}

/// As [`note`], for what goes on in the same line, and begins it anew with a carriage return of ours.
pub(super) fn note_on(text: Arguments<'_>) {
    let _ = write!(std::io::stderr().lock(), "\r{}", escaped(&text.to_string()));
}

/// Rows for a spreadsheet, each ended as RFC 4180 has it.
pub(super) fn csv(text: &str) {
    let mut out = std::io::stdout().lock();
    for row in text.lines() {
        let _ = write!(out, "{}\r\n", escaped(row));
    }
}

/// One JSON document on one line.
pub(super) fn json(value: &impl Serialize) {
    let text = serde_json::to_string(value).expect("what commands print is plain data");
    let _ = writeln!(std::io::stdout().lock(), "{}", escaped_json(&text));
}

/// A JSON document as it is laid out.
pub(super) fn json_lines(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{}", escaped_json(text));
}

/// A text in which nothing moves the cursor, colours, hides or turns around what stands beside it: what came from
/// outside (names, answers of peers) reaches a terminal only so. Control characters and those that steer the direction
/// of text (Unicode Standard Annex 9, section 2) are written as `\u{…}`, line ends as `\n`.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_steering(c) => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// As [`escaped`] for JSON, whose own line ends and spaces stay: characters that steer stand only in its strings, where
/// they may be written as `\uXXXX`.
pub(super) fn escaped_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_steering(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Marks, embeddings, overrides and isolates of direction; line and paragraph separators.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Invisible, and a byte order mark in the middle of a text.
            | '\u{200b}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A table with a heading; nothing but the heading when there are no rows.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading.map(str::to_uppercase));
    for row in rows {
        table.add_row(row.map(|cell| escaped(&cell).into_owned()));
    }
    for row in table.lines() {
        line(format_args!("{}", row.trim()));
    }
}

/// A value, or a dash.
pub(super) fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A moment to the second, as people read it; JSON keeps it in full.
pub(super) fn moment(at: Option<Timestamp>) -> String {
    or_dash(at.map(|at| at.round(Unit::Second).unwrap_or(at)))
}

/// A moment that came as JSON.
pub(super) fn moment_in(value: &serde_json::Value) -> String {
    moment(value.as_str().and_then(|text| text.parse().ok()))
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> impl Display {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_done() {
        for (text, shown) in [
            ("Hall", "Hall"),
            ("Zürich 日本 🏠", "Zürich 日本 🏠"),
            ("a\u{1b}]0;owned\u{7}b", "a\\u{1b}]0;owned\\u{7}b"),
            ("a\nERROR fake\r\tb", "a\\nERROR fake\\r\\tb"),
            ("\u{9b}2K\u{202e}evil\u{2066}", "\\u{9b}2K\\u{202e}evil\\u{2066}"),
        ] {
            assert_eq!(escaped(text), shown);
        }
        let json = serde_json::to_string("a\u{9b}\u{202e}\n").unwrap();
        assert_eq!(escaped_json(&json), "\"a\\u009b\\u202e\\n\"");
    }

    proptest! {
        #[test]
        fn nothing_that_steers_is_left_and_json_stays_the_same_data(text in any::<String>()) {
            prop_assert!(!escaped(&text).chars().any(is_steering));
            let json = escaped_json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!json.chars().any(is_steering));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
