//! Why a peer goes, and what it is told (RELAY Q13). Pure.

use std::time::Duration;

use super::config::CloseCodes;
use super::hello::HelloError;
use super::inbound::InboundError;

/// What a peer is told whose partner is gone (RELAY §3.6): known peers have always been told so.
pub const PARTNER_GONE: &str = "the peer websocket disconnected";

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goodbye {
    /// It said good-bye, with this code if any.
    Itself(Option<u16>),
    /// Its connection broke.
    Lost,
    /// Its partner went.
    PartnerGone,
    /// Its first message was none.
    BadHello(HelloError),
    /// Its HELLO is longer than any.
    LongHello,
    /// It said no HELLO in time.
    HelloTimeout,
    /// The meetup has its two.
    Full,
    /// The one who waits has the same certificate.
    SameIdentity,
    /// A newer connection of the same certificate took its place.
    Displaced,
    /// There are as many meetups as may be.
    TooManyMeetups,
    /// It sent more than is kept before its partner came.
    TooEarly,
    /// It broke the rules of WebSockets.
    Fault(InboundError),
    /// It did not answer a ping in this time.
    PingTimeout(Duration),
    /// It took nothing of what was for it for this time.
    Stalled(Duration),
    /// It and its partner said nothing to each other for this time.
    Idle(Duration),
    /// The relay takes nobody new for now, and nobody who still waits could be met.
    Draining,
    /// The rules changed and do not let it in any more.
    Forbidden,
    /// The operator ended it.
    Kicked,
    /// The relay stops.
    Shutdown,
    /// The relay's door is opened anew.
    Moved,
}

impl Goodbye {
    /// The close code.
    #[must_use]
    pub fn code(self, codes: CloseCodes) -> u16 {
        let (code, is_refusal) = match self {
            Goodbye::Itself(code) => (code.unwrap_or(1000), false),
            Goodbye::Lost | Goodbye::PartnerGone | Goodbye::PingTimeout(_) | Goodbye::Stalled(_) => (1002, false),
            Goodbye::BadHello(_) => (4400, true),
            Goodbye::LongHello => (1009, true),
            Goodbye::HelloTimeout | Goodbye::Idle(_) => (4408, true),
            Goodbye::Full => (4409, true),
            Goodbye::SameIdentity | Goodbye::Forbidden => (4403, true),
            Goodbye::Displaced => (4410, true),
            Goodbye::TooManyMeetups | Goodbye::Draining => (1013, true),
            Goodbye::TooEarly | Goodbye::Kicked => (1008, true),
            Goodbye::Fault(fault) => (fault.code(), false),
            Goodbye::Shutdown => (1001, false),
            Goodbye::Moved => (1012, false),
        };
        match codes {
            CloseCodes::Original if is_refusal => 1000,
            CloseCodes::Original | CloseCodes::Distinct => code,
        }
    }

    /// The reason, for people.
    #[must_use]
    pub fn reason(self) -> String {
        match self {
            Goodbye::Itself(_) | Goodbye::Lost => String::new(),
            Goodbye::PartnerGone => PARTNER_GONE.to_owned(),
            Goodbye::BadHello(error) => error.to_string(),
            Goodbye::LongHello => format!("the HELLO is longer than {} bytes", super::hello::LONGEST),
            Goodbye::HelloTimeout => "no HELLO came in time".to_owned(),
            Goodbye::Full => "two peers are here already".to_owned(),
            Goodbye::SameIdentity => "the peer that waits here has the same certificate identity".to_owned(),
            Goodbye::Displaced => "a newer connection of the same certificate identity took this place".to_owned(),
            Goodbye::TooManyMeetups => "there are as many meetups as may be; try again later".to_owned(),
            Goodbye::TooEarly => "too much was sent before a partner came".to_owned(),
            Goodbye::Fault(fault) => fault.to_string(),
            Goodbye::PingTimeout(time) => format!("Ping timed out ({} seconds)", time.as_secs_f64()),
            Goodbye::Stalled(time) => format!("nothing was taken for {} seconds", time.as_secs_f64()),
            Goodbye::Idle(time) => format!("nothing was said for {} seconds", time.as_secs_f64()),
            Goodbye::Draining => "the relay takes nobody new for now; try again later".to_owned(),
            Goodbye::Forbidden => "the rules do not let this certificate in any more".to_owned(),
            Goodbye::Kicked => "ended by the operator".to_owned(),
            Goodbye::Shutdown => "the relay stops".to_owned(),
            Goodbye::Moved => "the relay was configured anew; come again".to_owned(),
        }
    }

    /// One word for counters, the journal and the log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Goodbye::Itself(_) => "closed",
            Goodbye::Lost => "lost",
            Goodbye::PartnerGone => "partner_gone",
            Goodbye::BadHello(_) => "bad_hello",
            Goodbye::LongHello => "long_hello",
            Goodbye::HelloTimeout => "hello_timeout",
            Goodbye::Full => "full",
            Goodbye::SameIdentity => "same_identity",
            Goodbye::Displaced => "displaced",
            Goodbye::TooManyMeetups => "too_many_meetups",
            Goodbye::TooEarly => "too_early",
            Goodbye::Fault(InboundError::TooLong(_)) => "too_long",
            Goodbye::Fault(_) => "protocol_error",
            Goodbye::PingTimeout(_) => "ping_timeout",
            Goodbye::Stalled(_) => "stalled",
            Goodbye::Idle(_) => "idle",
            Goodbye::Draining => "draining",
            Goodbye::Forbidden => "forbidden",
            Goodbye::Kicked => "kicked",
            Goodbye::Shutdown => "shutdown",
            Goodbye::Moved => "moved",
        }
    }
}

impl From<InboundError> for Goodbye {
    fn from(fault: InboundError) -> Goodbye {
        Goodbye::Fault(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_reasons_apart_and_old_ones_can_be_had() {
        let refusals = [
            (Goodbye::BadHello(HelloError::NotJson), 4400),
            (Goodbye::Forbidden, 4403),
            (Goodbye::HelloTimeout, 4408),
            (Goodbye::Idle(Duration::from_secs(1)), 4408),
            (Goodbye::Draining, 1013),
            (Goodbye::Full, 4409),
            (Goodbye::Displaced, 4410),
        ];
        for (goodbye, code) in refusals {
            assert_eq!(goodbye.code(CloseCodes::Distinct), code);
            assert_eq!(goodbye.code(CloseCodes::Original), 1000);
            assert!(!goodbye.reason().is_empty() && goodbye.reason().len() < 120);
        }
        for codes in [CloseCodes::Distinct, CloseCodes::Original] {
            assert_eq!(Goodbye::PartnerGone.code(codes), 1002);
            assert_eq!(Goodbye::Shutdown.code(codes), 1001);
            assert_eq!(Goodbye::Fault(InboundError::Utf8).code(codes), 1007);
            assert_eq!(Goodbye::Itself(Some(3000)).code(codes), 3000);
        }
        let timeout = Goodbye::PingTimeout(Duration::from_secs(10));
        assert_eq!(timeout.reason(), "Ping timed out (10 seconds)");
    }
}
