//! Rows of an answer in the form that was asked for: JSON, CSV (RFC 4180), or a line of JSON each (NDJSON).

use std::fmt::Write;

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

    /// The row's fields, each a number, a time or a word, so that none wants quotes.
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
    for row in rows {
        let _ = write!(text, "{}\r\n", row.fields().join(","));
    }
    text
}

fn ndjson<R: Serialize>(rows: &[R]) -> String {
    let lines = rows.iter().filter_map(|row| serde_json::to_string(row).ok());
    lines.map(|line| line + "\n").collect()
}
