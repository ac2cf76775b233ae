//! What is taken out of lines that are handed on, to supporters or by the page of the log: the names of people and meters, and everything that opens something.
//!
//! It errs on the side of taking out: a word that might be a secret is gone.

mod secrets;

use secrets::GONE;

/// Takes out what may not leave the building.
pub struct Redaction {
    /// Lower-case names and what stands in their place, the longest first.
    names: Vec<(Vec<char>, String)>,
}

impl Redaction {
    /// Of these people and meters, by the names that they have.
    #[must_use]
    pub fn of(people: &[String], meters: &[String]) -> Redaction {
        let numbered = |names: &[String], what: &str| -> Vec<(Vec<char>, String)> {
            let all = names.iter().enumerate().flat_map(|(at, name)| {
                let instead = format!("{what}-{}", at + 1);
                forms(name)
                    .into_iter()
                    .map(move |form| (form.to_lowercase().chars().collect(), instead.clone()))
            });
            all.collect()
        };
        let mut names = numbered(people, "person");
        names.extend(numbered(meters, "meter-name"));
        names.retain(|(name, _)| !name.is_empty());
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Redaction { names }
    }

    /// The text without them.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
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
        // Addresses first: what stands in them is nobody's word.
        secrets::without(&self.nameless(&secrets::addressless(line)))
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

/// A name as it is, and as programs write it: in JSON, in Rust's own form, in addresses.
fn forms(name: &str) -> Vec<String> {
    let json = serde_json::to_string(name).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let ascii = json.chars().map(|c| match c.is_ascii() {
        true => c.to_string(),
        false => c
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
    });
    let percent = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
    let spaces = name.replace(' ', "%20");
    let mut forms = vec![
        name.to_owned(),
        ascii.collect(),
        name.escape_debug().to_string(),
        json,
        percent,
        spaces,
    ];
    forms.sort();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redaction() -> Redaction {
        Redaction::of(
            &[
                "anna".to_owned(),
                "Anna-Maria".to_owned(),
                "bo".to_owned(),
                "José".to_owned(),
            ],
            &["Flat 9 Mrs Smith".to_owned(), "Mr \"Bob\" O'Hara".to_owned()],
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
                "serial=745d7068884726c2b9e5ed39ae6017be",
                "serial=745d7068884726c2b9e5ed39ae6017be",
            ),
            ("code 1234 5678 9012 3456 7890 sent", "code *** sent"),
            (
                "at 2026-12-01 07:29:11 and 2026-12-02",
                "at 2026-12-01 07:29:11 and 2026-12-02",
            ),
            (
                "key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "key ***",
            ),
            ("Authorization: Bearer abc.def-123 x", "Authorization: Bearer *** x"),
            (
                "uplink.username = \"lodge\"    # file",
                "uplink.username = \"***\"    # file",
            ),
            ("uplink.password_file = \"/etc/x\"", "uplink.password_file = \"/etc/x\""),
            ("https://h/x?secret=JBSW&y=1", "https://h/x?secret=***&y=1"),
            ("https://user:p/ss!word@host/x", "https://***@host/x"),
            ("contact mailto:o'brien.smith@example.org", "contact ***@example.org"),
            ("AGE-SECRET-KEY-1QQQQQQQQQQQQ whsec_MfKQ9r8GKYqrTwjU", "*** ***"),
            (
                "/var/lib/gatelodge/pki/server/doors/https.cert.pem",
                "/var/lib/gatelodge/pki/server/doors/https.cert.pem",
            ),
            ("aB3/dEf+Gh1jKlMnOpQrStUvWxYz0123456789aBcDeF==", "***"),
            ("%2Fwelcome%2Fabc123", "%2Fwelcome%***"),
            (
                r#"name "Mr \"Bob\" O'Hara" Jos\u00e9"#,
                r#"name "meter-name-2" person-4"#,
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
