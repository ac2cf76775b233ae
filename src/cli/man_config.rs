//! gatelodge.toml(5), made of the manual of every key, so that there is one text.

use std::io::{self, Write};

use roff::{Roff, bold, roman};

/// Every section and key with its default.
const MANUAL: &str = include_str!("../../config.example.toml");

/// What a line of the manual is.
#[derive(Debug, PartialEq, Eq)]
enum Line<'m> {
    Section(&'m str),
    Setting(&'m str),
    Words(&'m str),
    Nothing,
}

/// Writes the page.
pub(super) fn page(out: &mut impl Write) -> io::Result<()> {
    let mut roff = Roff::new();
    let version = concat!("gatelodge ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", ["gatelodge.toml", "5", "", version]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(
        "gatelodge.toml - the configuration of the box, /etc/gatelodge/config.toml",
    )]);
    roff.control("SH", ["DESCRIPTION"]);
    let mut words: Vec<&str> = Vec::new();
    for line in MANUAL.lines().map(read) {
        match line {
            Line::Words(text) => words.push(text),
            Line::Nothing => paragraph(&mut roff, &mut words),
            Line::Section(name) => {
                roff.control("SH", [name]);
                paragraph(&mut roff, &mut words);
            }
            Line::Setting(text) => {
                roff.control("TP", []);
                roff.text([bold(text)]);
                // A key without words of its own goes with the one before.
                let about = match words.is_empty() {
                    true => " ".to_owned(),
                    false => words.join(" "),
                };
                roff.text([roman(about)]);
                words.clear();
            }
        }
    }
    paragraph(&mut roff, &mut words);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman("gatelodge(1), gatelodge-check-config(1), gatelodge-config(1)")]);
    roff.to_writer(out)
}

fn paragraph(roff: &mut Roff, words: &mut Vec<&str>) {
    if !words.is_empty() {
        roff.control("PP", []);
        roff.text([roman(words.join(" "))]);
        words.clear();
    }
}

fn read(line: &str) -> Line<'_> {
    let bare = line.trim_start_matches('#').trim();
    let is_section = bare.starts_with('[') && bare.ends_with(']') && !bare.contains(' ');
    let is_key = |key: &str| {
        !key.is_empty()
            && key
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    };
    let is_setting = bare.split_once(" = ").is_some_and(|(key, _)| is_key(key));
    match bare {
        "" => Line::Nothing,
        section if is_section => Line::Section(section),
        setting if is_setting => Line::Setting(setting),
        words => Line::Words(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_manual_stands_on_the_page() {
        let mut out = Vec::new();
        page(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (mut sections, mut settings) = (0, 0);
        for line in MANUAL.lines().map(read) {
            match line {
                Line::Section(_) => sections += 1,
                Line::Setting(_) => settings += 1,
                Line::Words(_) | Line::Nothing => {}
            }
        }
        assert!(sections > 20 && settings > 150, "{sections} {settings}");
        assert_eq!(text.matches("\n.SH").count(), sections + 3);
        assert_eq!(text.matches("\n.TP").count(), settings);
    }

    #[test]
    fn sections_settings_and_sentences_are_told_apart() {
        for (line, read_as) in [
            ("[https]", Line::Section("[https]")),
            ("# [[meter]]", Line::Section("[[meter]]")),
            ("# gap = \"2s\"", Line::Setting("gap = \"2s\"")),
            (
                "# A sentence, with x = 3 in it.",
                Line::Words("A sentence, with x = 3 in it."),
            ),
            ("#", Line::Nothing),
        ] {
            assert_eq!(read(line), read_as, "{line}");
        }
    }
}
