//! What is taken out of a bundle for supporters: the names of people and meters, and everything that opens something.
//!
//! It errs on the side of taking out: a word that might be a secret is gone.

/// What stands in the place of a secret.
const GONE: &str = "***";
/// The box's own secrets are 32 random bytes in base64url; a word of such a length that is no fingerprint may be one.
const LONG: usize = 40;
/// A key in hexadecimal has 32 bytes; numbers of certificates have 20 at most (RFC 5280 §4.1.2.2). Fingerprints go with them.
const HEX: usize = 48;
/// A prepayment code (STS, IEC 62055-41) has so many digits.
const CODE: usize = 20;

/// Words behind which a value stands that opens something, or names somebody, whatever it looks like.
const TELLING: [&str; 13] = [
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "bearer",
    "cookie",
    "api_key",
    "apikey",
    "access_key_id",
    "username",
    "contact",
    "otp",
];

/// Takes out what may not leave the building.
pub(super) struct Redaction {
    /// Lower-case names and what stands in their place, the longest first.
    names: Vec<(Vec<char>, String)>,
}

impl Redaction {
    /// Of these people and meters, by the names that they have.
    pub(super) fn of(people: &[String], meters: &[String]) -> Redaction {
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
        words(&codeless(&valueless(&self.nameless(&addressless(line)))))
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

/// Without mail addresses, and without names and passwords in front of hosts.
fn addressless(line: &str) -> String {
    let ends_word = |c: char| c.is_whitespace() || "\"`<>".contains(c);
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let begins = before
            .rfind(ends_word)
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let word = &before[begins..];
        // Of an address of a server, the scheme is nobody's.
        let kept = word.find("://").map_or(0, |at| at + 3);
        out.push_str(&before[..begins]);
        out.push_str(&word[..kept]);
        if word.len() > kept {
            out.push_str(GONE);
        }
        out.push('@');
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Without the values behind words that tell what they are.
fn valueless(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut gone: Vec<(usize, usize)> = Vec::new();
    for word in TELLING {
        for (at, _) in lower.match_indices(word) {
            let behind = &line[at + word.len()..];
            // `password_file = "/etc/…"` is a place, and wanted.
            let signs = behind.len() - behind.trim_start_matches(['"', '\'', ' ', '=', ':']).len();
            let joined = behind[..signs].contains(['=', ':']) || (word == "bearer" && signs > 0);
            if !joined {
                continue;
            }
            let begins = at + word.len() + signs;
            // `authorization: Bearer x` has its value behind the second word.
            let scheme = lower[begins..].strip_prefix("bearer ").map_or(0, |_| "bearer ".len());
            let begins = begins + scheme;
            let value = line[begins..].find(|c: char| c.is_whitespace() || "\"'&,;".contains(c));
            let ends = value.map_or(line.len(), |at| begins + at);
            if ends > begins {
                gone.push((begins, ends));
            }
        }
    }
    gone.sort_unstable();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    for (begins, ends) in gone.into_iter().filter(|(begins, ends)| begins < ends) {
        if begins >= at {
            out.push_str(&line[at..begins]);
            out.push_str(GONE);
        }
        at = at.max(ends);
    }
    out.push_str(&line[at..]);
    out
}

/// Without codes, however their digits are grouped.
fn codeless(line: &str) -> String {
    let of_code = |c: char| c.is_ascii_digit() || c == ' ' || c == '-';
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(begins) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..begins]);
        let run = &rest[begins..];
        let ends = run.find(|c| !of_code(c)).unwrap_or(run.len());
        let run = run[..ends].trim_end_matches([' ', '-']);
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let in_word = out.ends_with(|c: char| c.is_alphanumeric());
        out.push_str(if digits >= CODE && !in_word { GONE } else { run });
        rest = &rest[begins + run.len()..];
    }
    out.push_str(rest);
    out
}

/// Without words that open something.
fn words(line: &str) -> String {
    let of_word = |c: char| c.is_ascii_alphanumeric() || "_-+/=".contains(c);
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(begins) = rest.find(of_word) {
        out.push_str(&rest[..begins]);
        let word = &rest[begins..];
        let word = &word[..word.find(|c| !of_word(c)).unwrap_or(word.len())];
        let encoded = out.to_ascii_lowercase().ends_with("welcome%") && word.to_ascii_lowercase().starts_with("2f");
        match word.split_once("/welcome/") {
            Some((before, code)) if !code.is_empty() => out.push_str(&format!("{before}/welcome/{GONE}")),
            _ if encoded || is_base64(word) => out.push_str(GONE),
            _ => out.push_str(&parts(word)),
        }
        rest = &rest[begins + word.len()..];
    }
    out.push_str(rest);
    out
}

/// The parts of a path, or of what stands on both sides of a sign, each by itself.
fn parts(word: &str) -> String {
    let each = word.split_inclusive(['/', '=', '+']);
    each.map(|part| {
        let bare = part.trim_end_matches(['/', '=', '+']);
        match opens(bare) {
            true => format!("{GONE}{}", &part[bare.len()..]),
            false => part.to_owned(),
        }
    })
    .collect()
}

/// A long word of base64 with its signs in it; a path has more of them.
fn is_base64(word: &str) -> bool {
    let slashes = word.bytes().filter(|byte| *byte == b'/').count();
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    word.len() >= LONG && mixed && !word.starts_with('/') && slashes * 8 <= word.len()
}

fn opens(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mixed = word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    let begins = ["gatelodge_", "age-secret-key-", "whsec_"];
    let lowercase_name = lower == word && word.contains('-') && !word.bytes().any(|byte| byte.is_ascii_digit());
    begins
        .iter()
        .any(|begin| lower.starts_with(begin) && lower.len() > begin.len() + 8)
        || (mixed && !is_hex && word.len() >= LONG && !lowercase_name)
        || (is_hex && mixed && word.len() >= HEX)
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
