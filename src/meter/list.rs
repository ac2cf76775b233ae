//! The pasted list of meters: a line each, as spreadsheets and people write them. Pure.

use super::config::Entry;
use super::link::Target;
use crate::domain::{Counts, MeterId};

/// One meter of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub serial: MeterId,
    /// The way to it.
    pub link: Target,
    /// What people call it.
    pub name: Option<String>,
}

impl From<Listed> for Entry {
    fn from(listed: Listed) -> Entry {
        Entry {
            serial: listed.serial,
            link: listed.link,
            esco: None,
            name: listed.name,
            feeder: None,
            hardware: None,
            datasource: None,
            counts: Counts::default(),
            space: None,
        }
    }
}

/// A line of the list that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which it is, from 1 on.
    pub number: usize,
    /// As it was written.
    pub text: String,
    /// The meter, or what is wrong.
    pub read: Result<Listed, String>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; a line is SERIAL LINK NAME, such as EML2137580826 tcp://10.0.0.7:8080 Flat 7")]
pub struct ListError {
    line: usize,
    what: String,
}

/// Most meters of one list.
const MOST: usize = 10_000;

/// Reads a list. The first line that is wrong refuses all of it.
///
/// # Errors
///
/// When a line is wrong: which, and what is.
pub fn read(text: &str) -> Result<Vec<Listed>, ListError> {
    let each = lines(text).into_iter().map(|line| {
        line.read.map_err(|what| ListError {
            line: line.number,
            what,
        })
    });
    each.collect()
}

/// Reads a list, each line by itself. Fields stand apart by commas, semicolons, tabs or spaces; empty lines and those that
/// begin with `#` say nothing; `host:port` alone is a TCP link. What comes after too many meters is one wrong line.
#[must_use]
pub fn lines(text: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    for (at, text) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let is_full = found.len() == MOST;
        let read = match is_full {
            true => Err(format!("more than {MOST} meters")),
            false => read_line(text).and_then(|one| alone(one, &found)),
        };
        found.push(Line {
            number: at + 1,
            text: text.to_owned(),
            read,
        });
        if is_full {
            break;
        }
    }
    found
}

/// The meter, unless it or its line was there before.
fn alone(one: Listed, before: &[Line]) -> Result<Listed, String> {
    let mut others = before.iter().filter_map(|line| line.read.as_ref().ok());
    if others.clone().any(|other| other.serial == one.serial) {
        return Err(format!("{} is there twice", one.serial));
    }
    match others.find(|other| other.link.line() == one.link.line()) {
        Some(other) => Err(format!(
            "{} is the line of {}: one line leads to one meter",
            one.link, other.serial
        )),
        None => Ok(one),
    }
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

    #[test]
    fn each_line_has_its_own_answer() {
        let lines = lines("EML1 10.0.0.1:1\n\nEML1 10.0.0.2:1\nEML3 10.0.0.1:1 Flat 3\n# no\nEML4 10.0.0.4:1\nrubbish");
        let told: Vec<_> = lines.iter().map(|line| (line.number, line.read.is_ok())).collect();
        assert_eq!(told, [(1, true), (3, false), (4, false), (6, true), (7, false)]);
        assert_eq!(lines[1].read, Err("EML1 is there twice".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = read(&text);
        }
    }
}
