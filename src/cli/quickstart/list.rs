//! The pasted list of meters: a line each, as spreadsheets and people write them.

use crate::domain::MeterId;
use crate::meter::link::Target;

/// One meter of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) serial: MeterId,
    pub(super) link: Target,
    pub(super) name: Option<String>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; a line is SERIAL LINK NAME, such as EML2137580826 tcp://10.0.0.7:8080 Flat 7")]
pub(super) struct ListError {
    line: usize,
    what: String,
}

/// Most meters of one list.
const MOST: usize = 10_000;

/// Reads a list. Fields stand apart by commas, semicolons, tabs or spaces; empty lines and those that begin with `#` say
/// nothing; `host:port` alone is a TCP link. The first line that is wrong refuses all of it.
pub(super) fn read(text: &str) -> Result<Vec<Listed>, ListError> {
    let mut found: Vec<Listed> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fault = |what: String| ListError { line: at + 1, what };
        let one = read_line(line).map_err(fault)?;
        if found.iter().any(|other| other.serial == one.serial) {
            return Err(fault(format!("{} is there twice", one.serial)));
        }
        if let Some(other) = found.iter().find(|other| other.link.line() == one.link.line()) {
            let what = format!(
                "{} is the line of {}: one line leads to one meter",
                one.link, other.serial
            );
            return Err(fault(what));
        }
        if found.len() == MOST {
            return Err(fault(format!("more than {MOST} meters")));
        }
        found.push(one);
    }
    Ok(found)
}

fn read_line(line: &str) -> Result<Listed, String> {
    let apart = |c: char| c == ',' || c == ';' || c.is_whitespace();
    let (serial, rest) = line.split_once(apart).unwrap_or((line, ""));
    let (link, name) = rest
        .trim_matches(apart)
        .split_once(apart)
        .unwrap_or((rest.trim_matches(apart), ""));
    let serial = serial
        .trim_matches('"')
        .parse::<MeterId>()
        .map_err(|error| error.to_string())?;
    if !serial.as_str().bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(format!("{serial} is no serial of a meter: it has no digit"));
    }
    let link = link.trim_matches('"');
    if link.is_empty() {
        return Err(format!("{serial} has no link"));
    }
    if !link.contains([':', '.']) {
        return Err(format!("{link} is no address: it has neither a dot nor a port"));
    }
    let whole = match link.contains("://") {
        true => link.to_owned(),
        false => format!("tcp://{link}"),
    };
    let link = whole.parse::<Target>().map_err(|error| error.to_string())?;
    let name = name.trim_matches(apart).trim_matches('"').trim();
    Ok(Listed {
        serial,
        link,
        name: (!name.is_empty()).then(|| name.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_are_read_as_people_and_spreadsheets_write_them() {
        let text = "\u{feff}# ours\n\nEML2137580826 tcp://10.0.0.7:8080 Flat 7, left\nEML2137580827;10.0.0.8:8080;\"Flat 8\"\r\n\
                    EML2137580828\t10.0.0.9:8080\n";
        let found = read(text).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.serial.to_string(), one.link.to_string(), one.name.as_deref()))
            .collect();
        let row = |serial: &str, link: &str, name| (serial.to_owned(), link.to_owned(), name);
        assert_eq!(
            shown,
            [
                row("EML2137580826", "tcp://10.0.0.7:8080", Some("Flat 7, left")),
                row("EML2137580827", "tcp://10.0.0.8:8080", Some("Flat 8")),
                row("EML2137580828", "tcp://10.0.0.9:8080", None),
            ]
        );
    }

    #[test]
    fn a_line_that_is_wrong_is_named_and_refuses_all() {
        for (text, line) in [
            ("EML2137580826", 1),
            ("EML2137580826 tcp://10.0.0.7:8080\nEML2137580826 10.0.0.8:8080", 2),
            ("\n\n? 10.0.0.8:8080", 3),
            ("EML2137580826 ftp://x", 1),
            ("rubbish line", 1),
            ("EML2137580826 line", 1),
        ] {
            assert_eq!(read(text).unwrap_err().line, line, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = read(&text);
        }
    }
}
