//! SmartREST lines, both ways (UPLINK §1.9): `id,param,…`, one line an action. Pure.

use std::fmt::Write;

use jiff::Timestamp;

/// Bytes of one payload at most; with topic and header it stays under the platform's 16,184.
pub const PAYLOAD: usize = 16_000;
/// Lines of one payload at most.
pub const LINES: usize = 200;
/// What stands where a text was cut.
const CUT: &str = "...";
/// Fields of a received line that are looked at; the platform's own have far fewer.
const FIELDS: usize = 4_096;

/// A line that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    text: String,
    /// Where the line ends without the empty fields behind it.
    end: usize,
}

impl Line {
    /// A line of this template.
    #[must_use]
    pub fn new(template: u16) -> Line {
        let text = template.to_string();
        Line { end: text.len(), text }
    }

    /// A text; an empty one stays empty.
    #[must_use]
    pub fn text(mut self, value: &str) -> Line {
        self.text.push(',');
        let before = self.text.len();
        quote(value, &mut self.text);
        // Of a text that cannot be written nothing is left.
        let is_empty = self.text.len() == before;
        self.settle(is_empty)
    }

    /// A text that is cut, if it must be, so that the whole line takes no more than `limit` bytes.
    #[must_use]
    pub fn text_within(self, value: &str, limit: usize) -> Line {
        let whole = self.clone().text(value);
        if whole.end <= limit {
            return whole;
        }
        // What quoting adds is only known when it is done: the longest beginning that fits is searched for.
        let places: Vec<usize> = value.char_indices().map(|(place, _)| place).collect();
        let fits = |place: &usize| self.clone().text(&format!("{}{CUT}", &value[..*place])).end <= limit;
        let kept = places.partition_point(fits);
        let cut = kept.checked_sub(1).map_or(0, |last| places[last]);
        self.text(&format!("{}{CUT}", &value[..cut]))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(mut self, value: i64) -> Line {
        let _ = write!(self.text, ",{value}");
        self.settle(false)
    }

    /// A number; one that cannot be written is left empty.
    #[must_use]
    pub fn number(mut self, value: f64) -> Line {
        self.text.push(',');
        let text = number(value).unwrap_or_default();
        self.text.push_str(&text);
        self.settle(text.is_empty())
    }

    /// A moment.
    #[must_use]
    pub fn time(mut self, at: Timestamp) -> Line {
        let _ = write!(self.text, ",{at:.3}");
        self.settle(false)
    }

    fn settle(mut self, is_empty: bool) -> Line {
        if !is_empty {
            self.end = self.text.len();
        }
        self
    }

    /// The line, without a line feed; empty fields at its end are cut.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.truncate(self.end);
        self.text
    }
}

/// Plain digits with a point, at most six decimals, no exponent; `None` for what is no number.
#[must_use]
pub fn number(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Some(if text == "-0" || text.is_empty() { "0" } else { text }.to_owned())
}

/// Writes a value, quoted when it must be.
fn quote(value: &str, into: &mut String) {
    let clean = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let text: String = value.chars().filter(clean).collect();
    let edge = |c: Option<char>| c.is_some_and(char::is_whitespace);
    let special = |c: char| matches!(c, '"' | ',' | '\n' | '\r' | '\t');
    if !text.contains(special) && !edge(text.chars().next()) && !edge(text.chars().next_back()) {
        into.push_str(&text);
        return;
    }
    into.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => into.push_str("\\\""),
            // Before a quote, or at the end, nobody could tell what it stands for.
            ('\\', None | Some('"')) => into.push('/'),
            _ => into.push(c),
        }
    }
    into.push('"');
}

/// The fields of the lines of a payload. What is no UTF-8 or never closes a quote is read as far as it goes.
#[must_use]
pub fn lines(payload: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(payload);
    let mut reader = Reader {
        chars: text.chars().peekable(),
    };
    let mut lines = Vec::new();
    while reader.chars.peek().is_some() {
        let line = reader.line();
        if line.iter().any(|field| !field.is_empty()) {
            lines.push(line);
        }
    }
    lines
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Reader<'_> {
    fn line(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        loop {
            let field = if self.chars.next_if_eq(&'"').is_some() {
                self.quoted()
            } else {
                String::new()
            };
            let rest = self.bare(field);
            if fields.len() < FIELDS {
                fields.push(rest);
            }
            match self.chars.next() {
                Some(',') => {}
                _ => return fields,
            }
        }
    }

    /// The platform writes a quote within as `\"`; others double it, and both are read.
    fn quoted(&mut self) -> String {
        let mut field = String::new();
        while let Some(c) = self.chars.next() {
            match c {
                '\\' if self.chars.next_if_eq(&'"').is_some() => field.push('"'),
                '"' if self.chars.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => break,
                c => field.push(c),
            }
        }
        field
    }

    fn bare(&mut self, mut field: String) -> String {
        while let Some(c) = self.chars.next_if(|c| !matches!(c, ',' | '\n')) {
            if c != '\r' || !matches!(self.chars.peek(), None | Some('\n')) {
                field.push(c);
            }
        }
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_quoted_when_they_must_be() {
        for (value, written) in [
            ("plain text", "plain text"),
            ("Meter \"A\", hall", "\"Meter \\\"A\\\", hall\""),
            ("a\r\nb\tc", "\"a\r\nb\tc\""),
            (" edge ", "\" edge \""),
            ("nul\0esc\u{1b}", "nulesc"),
            ("a\0", "a"),
            ("back\\slash", "back\\slash"),
            ("say \\\"", "\"say /\\\"\""),
        ] {
            assert_eq!(Line::new(1).text(value).finish(), format!("1,{written}"));
        }
    }

    #[test]
    fn numbers_are_plain_digits_and_what_is_none_is_left_out() {
        let written = [
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (18_655.12, "18655.12"),
            (-12.5, "-12.5"),
            (1e9, "1000000000"),
            (-1e-9, "0"),
        ];
        for (value, text) in written {
            assert_eq!(number(value).as_deref(), Some(text));
        }
        for huge in [1e15, -1e300, f64::MAX] {
            let text = number(huge).unwrap();
            assert!(text.chars().all(|c| c.is_ascii_digit() || c == '-'), "{text}");
            assert_eq!(text.parse(), Ok(huge));
        }
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(number(wrong), None);
        }
    }

    #[test]
    fn empty_fields_at_the_end_are_cut_and_those_between_stay() {
        let at: Timestamp = "2026-02-10T12:00:00Z".parse().unwrap();
        assert_eq!(
            Line::new(200).text("f").text("s").number(1.0).text("").finish(),
            "200,f,s,1"
        );
        assert_eq!(
            Line::new(201)
                .text("t")
                .time(at)
                .text("f")
                .text("s")
                .integer(7)
                .text("")
                .finish(),
            "201,t,2026-02-10T12:00:00.000Z,f,s,7"
        );
        assert_eq!(
            Line::new(507).text("").text("agent restarted").finish(),
            "507,,agent restarted"
        );
    }

    #[test]
    fn both_ways_of_writing_a_quote_are_read() {
        for text in [r#"511,d,"say \"hi\"""#, r#"511,d,"say ""hi""""#] {
            assert_eq!(lines(text.as_bytes()), [["511", "d", "say \"hi\""]]);
        }
        assert_eq!(
            lines(b"510,a\r\n511,b,\"x\ny\"\n"),
            [vec!["510", "a"], vec!["511", "b", "x\ny"]]
        );
        assert!(lines(b"").is_empty() && lines(b"\n\n").is_empty());
        assert_eq!(lines("1,".repeat(3_000).as_bytes())[0].len(), 3_001);
    }

    #[test]
    fn quotes_are_cut_after_they_are_written() {
        let line = Line::new(503)
            .text("c8y_Command")
            .text_within(&"\"".repeat(20_000), PAYLOAD)
            .finish();
        assert!(line.len() <= PAYLOAD && line.len() > PAYLOAD - 3, "{}", line.len());
        assert!(line.ends_with("...\""));
        let line = Line::new(400).text_within(&"\u{1F600}".repeat(5_000), 100).finish();
        assert!(line.len() <= 100 && line.ends_with("..."), "{line}");
    }

    /// What a text looks like after writing took away what cannot be written.
    fn writable(text: &str) -> String {
        let clean: String = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
            .collect();
        let quoted = clean.contains(['"', ',', '\n', '\r', '\t'])
            || clean.starts_with(char::is_whitespace)
            || clean.ends_with(char::is_whitespace);
        if !quoted {
            return clean;
        }
        let chars: Vec<char> = clean.chars().collect();
        let shown = chars
            .iter()
            .enumerate()
            .map(|(place, c)| match (c, chars.get(place + 1)) {
                ('\\', None | Some('"')) => '/',
                (c, _) => *c,
            });
        shown.collect()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(texts in proptest::collection::vec("[a-z\"\\\\, \r\n\té😀\0]{0,20}", 1..8)) {
            let line = texts.iter().fold(Line::new(999), |line, text| line.text(text)).finish();
            let mut wanted: Vec<String> = texts.iter().map(|text| writable(text)).collect();
            wanted.insert(0, "999".into());
            while wanted.last().is_some_and(String::is_empty) {
                wanted.pop();
            }
            let read = lines(line.as_bytes());
            prop_assert_eq!(&read, &[wanted], "{:?}", line);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for line in lines(&bytes) {
                prop_assert!(!line.is_empty() && line.len() <= FIELDS);
            }
        }

        #[test]
        fn a_text_cut_to_fit_fits(text in "[a\"\\\\,é😀]{0,200}", limit in 20usize..120) {
            let line = Line::new(400).text("t").text_within(&text, limit).finish();
            prop_assert!(line.len() <= limit, "{} > {}", line.len(), limit);
            prop_assert_eq!(lines(line.as_bytes()).len(), 1);
        }
    }
}
