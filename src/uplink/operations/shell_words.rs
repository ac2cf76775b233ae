//! A command line as words: quotes and backslashes as a POSIX shell reads them, and nothing else of a shell.

/// The words of a line; `None` when a quote is not closed.
#[must_use]
pub fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            '\'' => loop {
                match chars.next()? {
                    '\'' => {
                        word.get_or_insert_default();
                        break;
                    }
                    c => word.get_or_insert_default().push(c),
                }
            },
            '"' => loop {
                match chars.next()? {
                    '"' => {
                        word.get_or_insert_default();
                        break;
                    }
                    '\\' => match chars.next()? {
                        c @ ('"' | '\\' | '$' | '`') => word.get_or_insert_default().push(c),
                        c => word.get_or_insert_default().extend(['\\', c]),
                    },
                    c => word.get_or_insert_default().push(c),
                }
            },
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_hold_words_together_and_nothing_is_expanded() {
        for (line, wanted) in [
            ("meter EML1", vec!["meter", "EML1"]),
            ("  a 'b c' \"d \\\" e\" f\\ g ''", vec!["a", "b c", "d \" e", "f g", ""]),
            ("uptime; id", vec!["uptime;", "id"]),
            ("$(reboot) `x` | y", vec!["$(reboot)", "`x`", "|", "y"]),
            ("", vec![]),
        ] {
            assert_eq!(words(line).unwrap(), wanted, "{line}");
        }
        for open in ["'a", "\"a", "a\\", "\"a\\"] {
            assert_eq!(words(open), None, "{open}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_words_or_refused(line in ".{0,60}") {
            let _ = words(&line);
        }

        #[test]
        fn what_is_quoted_comes_back(parts in proptest::collection::vec("[^'\0]{0,10}", 0..5)) {
            let line: Vec<String> = parts.iter().map(|part| format!("'{part}'")).collect();
            prop_assert_eq!(words(&line.join(" ")).unwrap(), parts);
        }
    }
}
