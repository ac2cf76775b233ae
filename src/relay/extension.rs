//! Whether messages on a connection may be compressed: the offers of `permessage-deflate` (RFC 7692 §7.1). Pure.
//!
//! An offer is taken as it stands or not at all, and the first good one is taken (§5). What we answer has both sides
//! begin every message afresh: a silent connection holds no compressor, and a message stands for itself.

use axum::http::header::SEC_WEBSOCKET_EXTENSIONS;
use axum::http::{HeaderMap, HeaderValue};

const NAME: &str = "permessage-deflate";

/// How messages on a connection may be compressed: the windows, as powers of two, 8 to 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// The peer reaches back no farther than this.
    pub sends: u8,
    /// The peer can be sent what reaches back this far.
    pub takes: u8,
    /// It asked for that (§7.1.2.1), and is to hear that it gets it.
    asked: bool,
}

impl Deflate {
    /// Agreed on with these windows.
    #[cfg(test)]
    pub(super) fn with(sends: u8, takes: u8) -> Deflate {
        Deflate {
            sends,
            takes,
            asked: takes < 15,
        }
    }

    /// The answer to the offer (§7.1).
    #[must_use]
    pub fn answer(self) -> HeaderValue {
        let mut answer = format!("{NAME}; server_no_context_takeover; client_no_context_takeover");
        if self.asked {
            answer.push_str(&format!("; server_max_window_bits={}", self.takes));
        }
        HeaderValue::try_from(answer).expect("names and numbers are header text")
    }
}

/// The first offer that can be taken, if there is any.
#[must_use]
pub fn negotiate(headers: &HeaderMap) -> Option<Deflate> {
    let lists = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).into_iter();
    let lists: Vec<&str> = lists.map(HeaderValue::to_str).collect::<Result<_, _>>().ok()?;
    lists
        .into_iter()
        .flat_map(|list| split(list, ','))
        .find_map(|offer| taken(&offer))
}

/// One offer, if it can be taken (§7.1.1, §7.1.2): each parameter once, and none that we do not know.
fn taken(offer: &str) -> Option<Deflate> {
    let mut parts = split(offer, ';').into_iter();
    if !parts.next()?.eq_ignore_ascii_case(NAME) {
        return None;
    }
    let mut agreed = Deflate {
        sends: 15,
        takes: 15,
        asked: false,
    };
    let mut seen: Vec<String> = Vec::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (
                name.trim_end().to_ascii_lowercase(),
                Some(unquoted(value.trim_start())?),
            ),
            None => (part.to_ascii_lowercase(), None),
        };
        match (name.as_str(), value) {
            _ if seen.contains(&name) => return None,
            ("server_no_context_takeover" | "client_no_context_takeover", None) => {}
            ("client_max_window_bits", None) => {}
            ("client_max_window_bits", Some(value)) => agreed.sends = bits(&value)?,
            // A window of 2^8 cannot be written by known compressors without a header of their own.
            ("server_max_window_bits", Some(value)) => {
                agreed.takes = bits(&value).filter(|bits| *bits > 8)?;
                agreed.asked = true;
            }
            _ => return None,
        }
        seen.push(name);
    }
    Some(agreed)
}

/// §7.1.2: 8 to 15, and no zero before it.
fn bits(value: &str) -> Option<u8> {
    match value {
        "8" => Some(8),
        "9" => Some(9),
        "10" | "11" | "12" | "13" | "14" | "15" => value.parse().ok(),
        _ => None,
    }
}

/// Cuts at `separator` where it does not stand in quotes (RFC 6455 §9.1, RFC 9110 §5.6.4).
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in text.chars() {
        if c == separator && !quoted {
            parts.push(String::new());
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        parts.last_mut().expect("there is a first one").push(c);
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// A value, which may stand in quotes; `None`: their end is missing, or something follows it.
fn unquoted(value: &str) -> Option<String> {
    let Some(inner) = value.strip_prefix('"') else {
        return Some(value.to_owned());
    };
    let (mut plain, mut characters) = (String::new(), inner.chars());
    while let Some(c) = characters.next() {
        match c {
            '"' => return characters.as_str().is_empty().then_some(plain),
            '\\' => plain.push(characters.next()?),
            c => plain.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(offers: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for offer in offers {
            headers.append(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_str(offer).unwrap());
        }
        negotiate(&headers).map(|agreed| agreed.answer().to_str().unwrap().to_owned())
    }

    const FRESH: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    #[test]
    fn good_offers_are_taken() {
        for offer in [
            "permessage-deflate",
            "Permessage-Deflate; client_max_window_bits",
            "permessage-deflate;client_no_context_takeover ; server_no_context_takeover",
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits = \"10\"",
            "x-other; note=\"a, permessage-deflate; b\\\" \", permessage-deflate",
            "permessage-deflate; server_max_window_bits=7, permessage-deflate",
        ] {
            assert_eq!(answer(&[offer]).as_deref(), Some(FRESH), "{offer}");
        }
        assert_eq!(answer(&["x-other", "permessage-deflate"]).as_deref(), Some(FRESH));
        let narrow = format!("{FRESH}; server_max_window_bits=10");
        for offer in [
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=\"1\\0\", permessage-deflate",
        ] {
            assert_eq!(answer(&[offer]), Some(narrow.clone()), "{offer}");
        }
    }

    #[test]
    fn what_peers_may_send_and_be_sent_is_known() {
        let mut headers = HeaderMap::new();
        let offer = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=12";
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(offer));
        let agreed = negotiate(&headers).unwrap();
        assert_eq!((agreed.sends, agreed.takes), (12, 9));
    }

    #[test]
    fn offers_that_are_unknown_twice_or_wrong_are_declined() {
        for offer in [
            "",
            "x-webkit-deflate-frame",
            "permessage-deflate-2",
            "permessage-deflate; unknown",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; client_max_window_bits=10; Client_max_window_bits=10",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; server_max_window_bits=+9",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=",
            "permessage-deflate; client_max_window_bits=\"10",
            "permessage-deflate; client_max_window_bits=\"10\"0",
            "permessage-deflate;",
            "permessage-deflate permessage-deflate",
        ] {
            assert_eq!(answer(&[offer]), None, "{offer}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_answered(text in "[a-z0-9=;,\"\\\\ _-]{0,80}") {
            let _ = answer(&[&text]);
            let _ = answer(&[&format!("permessage-deflate; {text}")]);
        }
    }
}
