//! What a broker allows, found out and kept to (OASIS MQTT 5.0 §3.2.2): what it announces, what it refuses with a reason
//! that says what else would do, and of MQTT 3.1.1, which has no such words, what it hangs up on (UPLINK §5.4).
//!
//! The box uses neither topic aliases nor shared subscriptions nor numbers of subscriptions, so what a broker says of
//! those (Topic Alias Maximum, Shared Subscription and Subscription Identifiers Available) is heeded by itself.

use super::address::BrokerUrl;
use super::dial;
use super::error::{ConnectionError, LimitError};
use super::wire::reason::code;
use super::wire::{ConnackError, Opened, Opening, Protocol, Wire, WireError};
use crate::tls::OutboundTls;
use crate::uplink::config::{Config, Kind, Version};

/// Servers that are followed from one to the next.
const FOLLOWED: usize = 3;
/// A keep-alive that no broker minds, in seconds.
const SHORT_S: u16 = 10;

/// What is known to go with a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::uplink) struct Agreed {
    /// Whether messages are retained.
    pub(in crate::uplink) retain: bool,
    /// Whether messages go at least once.
    pub(in crate::uplink) surely: bool,
    /// The keep-alive that it takes, in seconds, when it is not the one of the configuration.
    pub(in crate::uplink) keep_alive_s: Option<u16>,
    /// The server that it sent the box to.
    pub(in crate::uplink) server: Option<BrokerUrl>,
    /// Sessions in a row in which nothing that was retained was taken.
    doubts: u32,
    /// Whether this is a try without, which tells whether that is why.
    tried: bool,
}

impl Agreed {
    /// What is tried first.
    pub(in crate::uplink) fn new(config: &Config) -> Agreed {
        Agreed {
            retain: config.mqtt.retain.is_wanted(),
            surely: true,
            keep_alive_s: None,
            server: None,
            doubts: 0,
            tried: false,
        }
    }

    /// Where the broker is now.
    pub(in crate::uplink) fn url<'a>(&'a self, config: &'a Config) -> &'a BrokerUrl {
        self.server.as_ref().unwrap_or(&config.url)
    }

    /// The opening as this broker takes it.
    fn fitting(&self, opening: &Opening) -> Opening {
        let mut opening = opening.clone();
        if let Some(will) = &mut opening.will {
            will.retain &= self.retain;
            will.unacknowledged |= !self.surely;
        }
        opening.keep_alive_s = self.keep_alive_s.unwrap_or(opening.keep_alive_s);
        opening
    }

    /// A session ended before anything of its greeting was taken. Some brokers of 3.1.1 hang up on the first message
    /// that is to be retained: after two such ends one session is tried without.
    pub(in crate::uplink) fn ended_ungreeted(&mut self, fault: &ConnectionError, config: &Config) {
        let hung_up = matches!(fault, ConnectionError::Wire(WireError::Closed | WireError::Io(_)));
        if self.tried {
            // It was not that.
            (self.retain, self.tried, self.doubts) = (config.mqtt.retain.is_wanted(), false, 0);
        } else if hung_up && self.retain && config.kind == Kind::Mqtt {
            self.doubts += 1;
            if self.doubts >= 2 {
                (self.retain, self.tried) = (false, true);
            }
        }
    }

    /// The greeting was taken; what that says of a try without retained messages.
    pub(in crate::uplink) fn greeted(&mut self) -> Option<LimitError> {
        self.doubts = 0;
        std::mem::take(&mut self.tried).then_some(LimitError::HangsUpOnRetain)
    }
}

/// A session that is open.
pub(in crate::uplink) struct Agreement {
    pub(in crate::uplink) wire: Wire,
    pub(in crate::uplink) opened: Opened,
    pub(in crate::uplink) agreed: Agreed,
    /// What was found out on the way.
    pub(in crate::uplink) found: Vec<LimitError>,
}

/// Opens a session with whatever the broker allows of it, connecting anew for each try.
pub(in crate::uplink) async fn agree(
    config: &Config,
    before: &Agreed,
    opening: &Opening,
    tls: Option<&OutboundTls>,
) -> Result<Agreement, ConnectionError> {
    let (mut agreed, mut found, mut followed) = (before.clone(), Vec::new(), 0);
    let mut protocol = match (config.kind, config.mqtt.version) {
        // The platform's own service refuses any other.
        (Kind::Cumulocity, _) | (Kind::Mqtt, Version::V311) => Protocol::V311,
        (Kind::Mqtt, Version::V5 | Version::Auto) => Protocol::V5,
    };
    loop {
        let fault = match speak(config, &agreed, opening, (tls, protocol)).await {
            Ok((wire, opened)) => {
                found.extend(announced(&opened, &mut agreed));
                return Ok(Agreement {
                    wire,
                    opened,
                    agreed,
                    found,
                });
            }
            Err(fault) => fault,
        };
        let retained = agreed.retain && opening.will.as_ref().is_some_and(|will| will.retain);
        let mut other = agreed.clone();
        let limit = match &fault {
            ConnectionError::Refused(ConnackError::Protocol)
                if config.mqtt.version == Version::Auto && protocol == Protocol::V5 =>
            {
                protocol = Protocol::V311;
                continue;
            }
            ConnectionError::Refused(ConnackError::Other(why)) => match why.code {
                code::RETAIN_NOT_SUPPORTED if retained => {
                    agreed.retain = false;
                    found.push(LimitError::NoRetain);
                    continue;
                }
                code::QOS_NOT_SUPPORTED if agreed.surely => {
                    agreed.surely = false;
                    found.push(LimitError::OnlyPerhaps);
                    continue;
                }
                code::USE_ANOTHER_SERVER | code::SERVER_MOVED => {
                    let Some(server) = elsewhere(config, why.server.as_deref()).filter(|_| followed < FOLLOWED) else {
                        return Err(fault);
                    };
                    followed += 1;
                    found.push(LimitError::Elsewhere {
                        server: server.clone(),
                        for_good: why.code == code::SERVER_MOVED,
                    });
                    agreed.server = Some(server);
                    continue;
                }
                _ => return Err(fault),
            },
            // 3.1.1 has no word for what it does not like: the same without tells whether it was that.
            ConnectionError::Wire(WireError::Closed | WireError::Io(_)) if retained && protocol == Protocol::V311 => {
                other.retain = false;
                LimitError::HangsUpOnRetain
            }
            ConnectionError::Refused(ConnackError::ClientId)
                if protocol == Protocol::V311 && config.kind == Kind::Mqtt && opening.keep_alive_s > SHORT_S =>
            {
                other.keep_alive_s = Some(SHORT_S);
                LimitError::KeepAlive {
                    asked_s: opening.keep_alive_s,
                    taken_s: SHORT_S,
                }
            }
            _ => return Err(fault),
        };
        let Ok((wire, opened)) = speak(config, &other, opening, (tls, protocol)).await else {
            return Err(fault);
        };
        found.push(limit);
        return Ok(Agreement {
            wire,
            opened,
            agreed: other,
            found,
        });
    }
}

/// One try.
async fn speak(
    config: &Config,
    agreed: &Agreed,
    opening: &Opening,
    (tls, protocol): (Option<&OutboundTls>, Protocol),
) -> Result<(Wire, Opened), ConnectionError> {
    let line = dial::line(agreed.url(config), &config.way, tls).await?;
    dial::open(line, protocol, &agreed.fitting(opening)).await
}

/// What a broker announced that was not known of it.
fn announced(opened: &Opened, agreed: &mut Agreed) -> Vec<LimitError> {
    let mut found = Vec::new();
    if opened.no_retain && std::mem::replace(&mut agreed.retain, false) {
        found.push(LimitError::NoRetain);
    }
    if opened.only_perhaps && std::mem::replace(&mut agreed.surely, false) {
        found.push(LimitError::OnlyPerhaps);
    }
    found
}

/// The first server of a reference (§4.11: `host[:port]`, several with blanks between). It is gone to only where the
/// line is encrypted: then it proves that it is believed as the first one was, before it sees a login.
fn elsewhere(config: &Config, reference: Option<&str>) -> Option<BrokerUrl> {
    let first = reference?.split_whitespace().next()?;
    let bare = first.rsplit_once("://").map_or(first, |(_, rest)| rest);
    let server: BrokerUrl = format!("mqtts://{bare}").parse().ok()?;
    config.url.tls.then_some(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> Config {
        serde_json::from_value(serde_json::json!({"kind": "mqtt", "url": url})).unwrap()
    }

    #[test]
    fn a_server_is_followed_only_where_it_has_to_prove_itself() {
        let (tls, clear) = (config("mqtts://a.example"), config("mqtt://a.example"));
        let to = |reference| elsewhere(&tls, reference).map(|url| url.to_string());
        assert_eq!(to(Some("b.example")).as_deref(), Some("mqtts://b.example:8883"));
        assert_eq!(
            to(Some("b.example:8884 c.example")).as_deref(),
            Some("mqtts://b.example:8884")
        );
        assert_eq!(to(Some("[::1]:9")).as_deref(), Some("mqtts://[::1]:9"));
        for none in [None, Some(""), Some("b.example/path"), Some("me:secret@b.example")] {
            assert_eq!(to(none), None, "{none:?}");
        }
        assert_eq!(elsewhere(&clear, Some("b.example")), None);
    }

    #[test]
    fn a_broker_that_hangs_up_on_what_is_retained_is_found_out_and_another_cause_is_not_taken_for_it() {
        let config = config("mqtt://a.example");
        let closed = ConnectionError::Wire(WireError::Closed);
        let mut agreed = Agreed::new(&config);
        agreed.ended_ungreeted(&closed, &config);
        assert!(agreed.retain);
        agreed.ended_ungreeted(&closed, &config);
        assert!(!agreed.retain, "one session is tried without");
        let mut guilty = agreed.clone();
        assert_eq!(guilty.greeted(), Some(LimitError::HangsUpOnRetain));
        assert_eq!((guilty.retain, guilty.greeted()), (false, None));
        agreed.ended_ungreeted(&closed, &config);
        assert!(agreed.retain, "it was not that");
        assert_eq!(agreed.greeted(), None);
    }
}
