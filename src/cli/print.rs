//! What commands print on standard output: lines, JSON, tables.

use std::fmt::{Arguments, Display};
use std::io::Write;

use comfy_table::{ContentArrangement, Table, TableStyle};
use jiff::{Timestamp, Unit};
use serde::Serialize;

/// One line. A reader that went away (`| head`) is no fault.
pub(super) fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// One JSON document on one line.
pub(super) fn json(value: &impl Serialize) {
    line(format_args!(
        "{}",
        serde_json::to_string(value).expect("what commands print is plain data")
    ));
}

/// A table with a heading; nothing but the heading when there are no rows.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading.map(str::to_uppercase));
    for row in rows {
        table.add_row(row);
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
