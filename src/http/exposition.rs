//! The forms of a page of metrics: OpenMetrics 1.0, and Prometheus' own text format 0.0.4 for those that do not ask for
//! the newer one. Pure.

use std::fmt::Write as _;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// In which form metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// OpenMetrics.
    OpenMetrics,
    /// Prometheus' text format.
    Text,
}

impl Form {
    /// The form that a request likes best (RFC 9110 §12.5.1); the older one for whoever does not say.
    pub(super) fn wanted(headers: &HeaderMap) -> Form {
        let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let (mut open, mut text) = (0.0, 0.0);
        for range in accept.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |q| q.parse::<f32>().ok());
            let weight = weight.unwrap_or(0.0);
            match kind.as_str() {
                "application/openmetrics-text" => open = weight.max(open),
                "text/plain" | "text/*" | "*/*" => text = weight.max(text),
                _ => {}
            }
        }
        if open > 0.0 && open >= text {
            Form::OpenMetrics
        } else {
            Form::Text
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Form::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Form::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// A page that is OpenMetrics, in this form.
    pub(super) fn of(self, open: String) -> String {
        match self {
            Form::OpenMetrics => open,
            Form::Text => older(&open),
        }
    }
}

/// The text in format 0.0.4, where a family is named as its samples are: counters end in `_total`, what OpenMetrics
/// calls `info` is a gauge that ends in `_info`, and there are neither units nor an end.
fn older(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let mut help: Option<(&str, &str)> = None;
    for line in open.lines() {
        let Some(meta) = line.strip_prefix("# ") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let mut parts = meta.splitn(3, ' ');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("HELP"), Some(name), words) => help = Some((name, words.unwrap_or_default())),
            (Some("TYPE"), Some(name), Some(kind)) => {
                let (ending, kind) = match kind {
                    "counter" => ("_total", "counter"),
                    "info" => ("_info", "gauge"),
                    "unknown" => ("", "untyped"),
                    other => ("", other),
                };
                let words = help
                    .take()
                    .filter(|(known, _)| *known == name)
                    .map_or("", |(_, words)| words);
                // Writing to a String does not fail.
                let _ = writeln!(text, "# HELP {name}{ending} {words}\n# TYPE {name}{ending} {kind}");
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> Form {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(ACCEPT, accept.parse().unwrap());
        }
        Form::wanted(&headers)
    }

    #[test]
    fn whoever_asks_for_openmetrics_has_it_and_all_others_the_older_form() {
        for open in [
            "application/openmetrics-text",
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1",
            "text/plain;q=0.5, Application/OpenMetrics-Text",
        ] {
            assert_eq!(wanted(open), Form::OpenMetrics, "{open}");
        }
        for text in [
            "",
            "*/*",
            "text/plain;version=0.0.4",
            "text/plain, application/openmetrics-text;q=0.9",
            "application/openmetrics-text;q=0",
            "text/html",
        ] {
            assert_eq!(wanted(text), Form::Text, "{text}");
        }
    }

    #[test]
    fn families_are_named_as_their_samples_in_the_older_form() {
        let open = "# HELP a_changes Changes.\n# TYPE a_changes counter\na_changes_total 3\n\
                    # HELP b_build Build.\n# TYPE b_build info\nb_build_info{version=\"1\"} 1\n\
                    # HELP c_seconds Time.\n# TYPE c_seconds gauge\n# UNIT c_seconds seconds\nc_seconds 1.5\n# EOF\n";
        let text = "# HELP a_changes_total Changes.\n# TYPE a_changes_total counter\na_changes_total 3\n\
                    # HELP b_build_info Build.\n# TYPE b_build_info gauge\nb_build_info{version=\"1\"} 1\n\
                    # HELP c_seconds Time.\n# TYPE c_seconds gauge\nc_seconds 1.5\n";
        assert_eq!(older(open), text);
    }
}
