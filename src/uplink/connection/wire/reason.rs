//! Reason codes of MQTT 5 (OASIS MQTT 5.0 §2.4), each with a sentence for people. Pure.

use std::fmt;

/// The longest that a broker's own words are shown, in characters.
const SAID: usize = 200;

/// Why a broker refuses something or hangs up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: u8,
    /// What the broker says beside it, if anything: for people, and without control characters.
    pub said: Option<String>,
    /// Another server that it names (§3.2.2.3.16, §3.14.2.2.5).
    pub server: Option<String>,
}

/// Codes that the box acts upon.
pub mod code {
    pub const NOT_AUTHORIZED: u8 = 0x87;
    pub const SESSION_TAKEN_OVER: u8 = 0x8e;
    pub const PACKET_TOO_LARGE: u8 = 0x95;
    pub const RETAIN_NOT_SUPPORTED: u8 = 0x9a;
    pub const QOS_NOT_SUPPORTED: u8 = 0x9b;
    pub const USE_ANOTHER_SERVER: u8 = 0x9c;
    pub const SERVER_MOVED: u8 = 0x9d;
}

/// Code, and what it says.
const WORDS: &[(u8, &str)] = &[
    (0x00, "it ends the session in order"),
    (0x04, "it ends the session and publishes the will"),
    (0x10, "nobody listens to this topic"),
    (0x80, "it gives no reason"),
    (0x81, "it says that a packet of the box is malformed"),
    (0x82, "it says that the box broke the rules of MQTT"),
    (0x83, "it cannot do this, for a reason of its own"),
    (0x84, "it does not speak this version of MQTT"),
    (0x85, "it does not accept the client id"),
    (0x86, "it does not accept the user name and password"),
    (0x87, "it says that the box is not authorised"),
    (0x88, "it is not available just now"),
    (0x89, "it is busy"),
    (0x8a, "it has banned this client"),
    (0x8b, "it is shutting down"),
    (0x8c, "it does not take this way of logging in"),
    (0x8d, "it heard nothing of the box for longer than the keep-alive"),
    (0x8e, "another client logged in with the same client id"),
    (0x8f, "it does not accept the topic that the box wants to hear"),
    (0x90, "it does not accept the topic of a message"),
    (0x91, "it says that a packet's number is in use"),
    (0x93, "it had more messages of the box on their way than it allows"),
    (0x94, "it does not take the short form of a topic"),
    (0x95, "a packet was larger than it takes"),
    (0x96, "messages came faster than it takes"),
    (0x97, "the box is over a limit that it sets"),
    (0x98, "somebody who runs it ended the session"),
    (0x99, "it does not take the form of a message"),
    (0x9a, "it keeps no retained messages"),
    (0x9b, "it does not take messages at quality of service 1"),
    (0x9c, "another server is to be used for now"),
    (0x9d, "it has moved to another server"),
    (0x9e, "it has no shared subscriptions"),
    (0x9f, "connections came faster than it takes"),
    (0xa0, "the longest time that it allows for a session is over"),
    (0xa1, "it has no numbers for subscriptions"),
    (0xa2, "it has no subscriptions with wildcards"),
];

impl Reason {
    /// A code with nothing beside it.
    #[must_use]
    pub fn of(code: u8) -> Reason {
        Reason {
            code,
            said: None,
            server: None,
        }
    }

    /// The reason with the broker's own words; what steers terminals is left out.
    #[must_use]
    pub fn saying(self, said: Option<&str>) -> Reason {
        let clean = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(SAID).collect() };
        Reason {
            said: said.map(clean).filter(|text| !text.trim().is_empty()),
            ..self
        }
    }

    /// The reason with the server that the broker names.
    #[must_use]
    pub fn naming(self, server: Option<&str>) -> Reason {
        Reason {
            server: self.clone().saying(server).said,
            ..self
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match WORDS.iter().find(|(code, _)| *code == self.code) {
            Some((_, words)) => write!(f, "{words} (0x{:02X})", self.code)?,
            None => write!(f, "it gives the reason 0x{:02X}", self.code)?,
        }
        if let Some(server) = &self.server {
            write!(f, ": {server}")?;
        }
        if let Some(said) = &self.said {
            write!(f, "; in its words: {said}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_standard_that_a_server_may_send_has_its_sentence() {
        // §2.4: 0x92, "packet identifier not found", answers quality of service 2, which the box does not use.
        let sent = (0x80..=0xa2).filter(|code| *code != 0x92);
        let mut sentences: Vec<&str> = Vec::new();
        for code in sent {
            let (_, words) = WORDS
                .iter()
                .find(|(known, _)| *known == code)
                .unwrap_or_else(|| panic!("{code:#x}"));
            sentences.push(words);
        }
        let all = sentences.len();
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), all, "no two codes say the same");
    }

    #[test]
    fn what_a_broker_says_steers_no_terminal() {
        let reason = Reason::of(0x9d)
            .saying(Some("gone\u{1b}[2J\r\n"))
            .naming(Some("b.example:8883"));
        assert_eq!(
            reason.to_string(),
            "it has moved to another server (0x9D): b.example:8883; in its words: gone[2J"
        );
        assert_eq!(Reason::of(0xf0).to_string(), "it gives the reason 0xF0");
    }
}
