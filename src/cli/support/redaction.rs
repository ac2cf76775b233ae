//! What is taken out of a bundle for supporters: the names of people and meters, and everything that opens something.
//!
//! It errs on the side of taking out: a word that might be a secret is gone.

/// What stands in the place of a secret.
const GONE: &str = "***";
/// The box's own secrets are 32 random bytes in base64url; a word of such a length that is no fingerprint may be one.
const LONG: usize = 40;
/// A prepayment code (STS, IEC 62055-41) has so many digits.
const CODE: usize = 20;

/// Takes out what may not leave the building.
pub(super) struct Redaction {
    /// Lower-case names and what stands in their place, the longest first.
    names: Vec<(Vec<char>, String)>,
}

impl Redaction {
    /// Of these people and meters, by the names that they have.
    pub(super) fn of(people: &[String], meters: &[String]) -> Redaction {
        let numbered = |names: &[String], what: &str| -> Vec<(Vec<char>, String)> {
            let lower = names.iter().map(|name| name.to_lowercase().chars().collect());
            lower
                .enumerate()
                .map(|(at, name)| (name, format!("{what}-{}", at + 1)))
                .collect()
        };
        let mut names = numbered(people, "person");
        names.extend(numbered(meters, "meter-name"));
        names.retain(|(name, _)| !name.is_empty());
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Redaction { names }
    }

    /// The text without them.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut private = false;
        let lines = text.split('\n').filter_map(|line| {
            // A key in PEM goes with all its lines.
            let begins = line.contains("-----BEGIN") && line.contains("PRIVATE KEY");
            let within = private || begins;
            private = within && !line.contains("-----END");
            if begins {
                return Some(GONE.to_owned());
            }
            (!within).then(|| self.line(line))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn line(&self, line: &str) -> String {
        words(&self.nameless(&addressless(line)))
    }

    /// Names as whole words, however they are written.
    fn nameless(&self, line: &str) -> String {
        let chars: Vec<char> = line.chars().collect();
        let lower: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
        let is_word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
        let mut out = String::with_capacity(line.len());
        let mut at = 0;
        while at < chars.len() {
            let found = self.names.iter().find(|(name, _)| {
                lower[at..].starts_with(name) && !is_word(at.checked_sub(1)) && !is_word(Some(at + name.len()))
            });
            match found {
                Some((name, instead)) => {
                    out.push_str(instead);
                    at += name.len();
                }
                None => {
                    out.push(chars[at]);
                    at += 1;
                }
            }
        }
        out
    }
}

/// Without mail addresses, and without names and passwords in front of hosts.
fn addressless(line: &str) -> String {
    if !line.contains('@') {
        return line.to_owned();
    }
    let of_address = |c: char| c.is_alphanumeric() || "._%+-:".contains(c);
    let mut out = String::with_capacity(line.len());
    let mut parts = line.split('@').peekable();
    while let Some(part) = parts.next() {
        let part = match parts.peek() {
            Some(_) => part.trim_end_matches(of_address),
            None => part,
        };
        // Behind an `@` of ours stands a host, which is no person.
        out.push_str(part);
        if parts.peek().is_some() {
            out.push_str(GONE);
            out.push('@');
        }
    }
    out
}

/// Without words that open something.
fn words(line: &str) -> String {
    let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(begins) = rest.find(of_word) {
        out.push_str(&rest[..begins]);
        let word = &rest[begins..];
        let ends = word.find(|c| !of_word(c)).unwrap_or(word.len());
        let in_link = out.ends_with("/welcome/");
        out.push_str(if in_link || opens(&word[..ends]) {
            GONE
        } else {
            &word[..ends]
        });
        rest = &word[ends..];
    }
    out.push_str(rest);
    out
}

fn opens(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_code = digits == CODE && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.starts_with("gatelodge_")
        || word.starts_with("AGE-SECRET-KEY-")
        || is_code
        || (word.len() >= LONG && !is_hex && digits > 0 && word.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redaction() -> Redaction {
        Redaction::of(
            &["anna".to_owned(), "Anna-Maria".to_owned(), "bo".to_owned()],
            &["Flat 9 Mrs Smith".to_owned()],
        )
    }

    #[test]
    fn names_and_secrets_go_and_all_else_stays() {
        for (text, clean) in [
            (
                "a person was added person=\"anna\"",
                "a person was added person=\"person-1\"",
            ),
            (
                "Anna-Maria and ANNA, not Hannah or both",
                "person-2 and person-1, not Hannah or both",
            ),
            (
                "alarm Flat 9 Mrs Smith: 0.4 GBP are left",
                "alarm meter-name-1: 0.4 GBP are left",
            ),
            ("token gatelodge_uo_M1U7dmWLRKZwKk8tzbdbF0", "token ***"),
            ("https://lodge/welcome/abc123 once", "https://lodge/welcome/*** once"),
            (
                "mqtts://user:pass@broker.example:8883",
                "mqtts://***@broker.example:8883",
            ),
            ("mail it.desk@example.org now", "mail ***@example.org now"),
            ("code 1234-5678-9012-3456-7890 sent", "code *** sent"),
            (
                "EML2137580826 at tcp://10.0.0.7:8080",
                "EML2137580826 at tcp://10.0.0.7:8080",
            ),
            (
                "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            ),
            ("v1VBBM6OTPcI5qolR4BP4tk7lkRoAbXQ6cEDBjSblaM", "***"),
            (
                "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nafter",
                "***\nafter",
            ),
        ] {
            assert_eq!(redaction().clean(text), clean);
        }
    }

    proptest! {
        #[test]
        fn wherever_a_name_or_a_secret_stands_it_is_gone(before in "[ -~äé]{0,40}", after in "[ -~äé]{0,40}") {
            let secret = "gatelodge_uo_M1U7dmWLRKZwKk8tzbdbF0DttKuQsVrgkNWuogbg";
            let text = format!("{before} anna {secret} {after}");
            let clean = redaction().clean(&text);
            prop_assert!(!clean.contains("M1U7dmWLRKZwKk8tzbdbF0"), "{}", clean);
            prop_assert!(!clean.contains(" anna "), "{}", clean);
        }
    }
}
