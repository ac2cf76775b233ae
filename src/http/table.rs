//! Rows of an answer in the form that was asked for: JSON, CSV (RFC 4180), or a line of JSON each (NDJSON).

use std::borrow::Cow;

use axum::Json;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The form of an answer.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One object.
    Json,
    /// Columns for a spreadsheet.
    Csv,
    /// An object a line.
    Ndjson,
}

impl Format {
    /// As the query says, or else as `Accept` does, or else JSON.
    #[must_use]
    pub fn of(asked: Option<Format>, headers: &HeaderMap) -> Format {
        let accepts = |kind: &str| {
            let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
            accept.is_some_and(|accept| accept.contains(kind))
        };
        asked.unwrap_or_else(|| match () {
            () if accepts("text/csv") => Format::Csv,
            () if accepts("application/x-ndjson") || accepts("application/ndjson") => Format::Ndjson,
            () => Format::Json,
        })
    }
}

/// A row of an answer.
pub trait Row {
    /// The names of its columns.
    const COLUMNS: &str;

    /// The row's fields.
    fn fields(&self) -> Vec<String>;
}

/// The answer; `whole` is the JSON object that holds the rows.
pub fn answer<R: Row + Serialize>(format: Format, rows: &[R], whole: impl Serialize) -> Response {
    let mut response = match format {
        Format::Json => Json(whole).into_response(),
        Format::Csv => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv(rows)).into_response(),
        Format::Ndjson => ([(CONTENT_TYPE, "application/x-ndjson")], ndjson(rows)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Rows as CSV, beneath the names of their columns.
pub fn csv<R: Row>(rows: &[R]) -> String {
    let mut text = format!("{}\r\n", R::COLUMNS);
    rows.iter().for_each(|row| text.push_str(&csv_row(row)));
    text
}

/// One row as CSV, with its end.
pub fn csv_row<R: Row>(row: &R) -> String {
    let fields = row.fields();
    let fields: Vec<_> = fields.iter().map(|field| quoted(field)).collect();
    fields.join(",") + "\r\n"
}

/// A field as it stands in a row: between quotes when it has what rows are divided by (RFC 4180 §2).
fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

fn ndjson<R: Serialize>(rows: &[R]) -> String {
    let lines = rows.iter().filter_map(|row| serde_json::to_string(row).ok());
    lines.map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Three([String; 3]);

    impl Row for Three {
        const COLUMNS: &str = "a,b,c";

        fn fields(&self) -> Vec<String> {
            self.0.to_vec()
        }
    }

    /// The rows of a CSV text as any reader of RFC 4180 sees them.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
        let (mut rest, mut within) = (text.chars().peekable(), false);
        while let Some(c) = rest.next() {
            match c {
                '"' if within && rest.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => within = !within,
                ',' if !within => row.push(std::mem::take(&mut field)),
                '\r' if !within => {
                    assert_eq!(rest.next(), Some('\n'));
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                }
                c => field.push(c),
            }
        }
        assert!(row.is_empty() && field.is_empty() && !within, "the last row ends too");
        rows
    }

    proptest! {
        #[test]
        fn whatever_a_field_holds_comes_out_as_it_went_in(fields in proptest::array::uniform3("[a,\"\r\n ]{0,6}")) {
            let rows = read(&csv(&[Three(fields.clone())]));
            prop_assert_eq!(&rows[0], &["a", "b", "c"]);
            prop_assert_eq!(&rows[1..], &[fields.to_vec()]);
        }
    }

    #[test]
    fn numbers_times_and_words_stand_without_quotes() {
        let plain = ["-0.05", "2026-03-01T00:00:00Z", "energy at 23.8p"].map(str::to_owned);
        assert_eq!(
            csv(&[Three(plain)]),
            "a,b,c\r\n-0.05,2026-03-01T00:00:00Z,energy at 23.8p\r\n"
        );
    }
}
