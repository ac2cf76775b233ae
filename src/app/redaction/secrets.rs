//! What opens something, found by how it looks and by what stands before it. It errs on the side of taking out.

/// What stands in the place of a secret.
pub(super) const GONE: &str = "***";
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

/// Without mail addresses, and without names and passwords in front of hosts.
pub(super) fn addressless(line: &str) -> String {
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

/// Without all else that opens something: values that are told by the word before them, codes, words that look it.
pub(super) fn without(line: &str) -> String {
    words(&codeless(&valueless(line)))
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
