//! Tickets: short-lived signed leave for a peer without a certificate to come to one meetup (RELAY Q7). Pure.
//!
//! A ticket is `v1.EXPIRES.NAME.MAC`: seconds since 1970, a name of the operator's choice and an HMAC-SHA256 over both
//! and the meetup's id, the last two in unpadded base64url. The key is of this run of the box and written nowhere: a
//! restart makes every ticket worthless.

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use data_encoding::BASE64URL_NOPAD;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::rule::Identity;
use crate::accounts::random;

/// Where a ticket stands in a request's query.
const PARAMETER: &str = "ticket=";
/// The longest life of a ticket.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// The longest name, in bytes.
const LONGEST_NAME: usize = 64;

/// Issues and checks tickets.
pub(super) struct Tickets(Key);

/// A clock that nobody sets: it began with the machine's, and went on evenly.
pub(super) struct Even {
    began: Timestamp,
    moment: Instant,
}

impl Even {
    pub(super) fn begin() -> Even {
        Even {
            began: Timestamp::now(),
            moment: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.moment.elapsed()).unwrap_or(SignedDuration::MAX);
        self.began.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// No ticket can be made of this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The name cannot stand in a table.
    #[error("a ticket's name has 1 to {LONGEST_NAME} visible ASCII characters")]
    Name,
    /// It would live for no time or for too long.
    #[error("a ticket lives from 1s to 24h")]
    Life,
    /// The rules let nobody come there by ticket.
    #[error("nobody may come to {0} by ticket: set `tickets = true` in the [[relay.meetup]] that is about it")]
    NotThere(String),
    /// The id has a query of its own, or is longer than any.
    #[error("the id must be without a query and have at most 512 bytes")]
    Id,
}

impl Tickets {
    pub(super) fn new() -> Tickets {
        Tickets(Key::new(HMAC_SHA256, &random::<32>()))
    }

    /// A ticket for `name` to `id`, and when it ends.
    pub(super) fn issue(
        &self,
        id: &str,
        name: &str,
        life: SignedDuration,
        now: Timestamp,
    ) -> Result<(String, Timestamp), TicketError> {
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TicketError::Name);
        }
        if life < SignedDuration::from_secs(1) || life > LONGEST {
            return Err(TicketError::Life);
        }
        let expires = now.checked_add(life).map_err(|_| TicketError::Life)?;
        let mac = hmac::sign(&self.0, &signed(id, name, expires.as_second()));
        let text = format!(
            "v1.{}.{}.{}",
            expires.as_second(),
            BASE64URL_NOPAD.encode(name.as_bytes()),
            BASE64URL_NOPAD.encode(mac.as_ref())
        );
        Ok((text, expires))
    }

    /// Whom `ticket` lets come to `id` at `now`; `None`: nobody.
    pub(super) fn check(&self, ticket: &str, id: &str, now: Timestamp) -> Option<Identity> {
        let mut parts = ticket.strip_prefix("v1.")?.split('.');
        let expires: i64 = parts.next()?.parse().ok()?;
        let name = BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        let mac = BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        let name = String::from_utf8(name).ok()?;
        hmac::verify(&self.0, &signed(id, &name, expires), &mac).ok()?;
        let is_good = parts.next().is_none() && now.as_second() < expires;
        is_good.then(|| Identity::of_ticket(&name))
    }
}

/// What the MAC is over; no part can reach into the next.
fn signed(id: &str, name: &str, expires: i64) -> Vec<u8> {
    format!("gatelodge relay ticket v1\0{}\0{id}\0{name}\0{expires}", id.len()).into_bytes()
}

/// The id of a request without its ticket, and the ticket.
pub(super) fn split(target: &str) -> (String, Option<&str>) {
    let Some((path, query)) = target.split_once('?') else {
        return (target.to_owned(), None);
    };
    let ticket = query.split('&').find_map(|pair| pair.strip_prefix(PARAMETER));
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with(PARAMETER)).collect();
    match (ticket, rest.is_empty()) {
        (None, _) => (target.to_owned(), None),
        (Some(_), true) => (path.to_owned(), ticket),
        (Some(_), false) => (format!("{path}?{}", rest.join("&")), ticket),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_ticket_is_good_for_its_meetup_until_it_ends_and_with_its_key() {
        let tickets = Tickets::new();
        let (ticket, expires) = tickets
            .issue("gw/7", "bench", SignedDuration::from_mins(10), at(1_000))
            .unwrap();
        assert_eq!(expires, at(1_600));
        let holder = tickets.check(&ticket, "gw/7", at(1_599)).unwrap();
        assert!(holder.is("ticket:bench") && holder.is_by_ticket());
        assert_eq!(tickets.check(&ticket, "gw/7", at(1_600)), None);
        assert_eq!(tickets.check(&ticket, "gw/8", at(1_000)), None);
        assert_eq!(Tickets::new().check(&ticket, "gw/7", at(1_000)), None);
        let longer = ticket.replacen("1600", "9600", 1);
        assert_eq!(tickets.check(&longer, "gw/7", at(1_000)), None);
        assert_eq!(tickets.check(&format!("{ticket}.x"), "gw/7", at(1_000)), None);
        for (name, life) in [("", 60), ("two words", 60), ("x", 0), ("x", 90_000)] {
            let life = SignedDuration::from_secs(life);
            assert!(tickets.issue("gw/7", name, life, at(1_000)).is_err(), "{name} {life}");
        }
    }

    #[test]
    fn the_ticket_is_taken_out_of_the_id_and_the_rest_stays() {
        for (target, id, ticket) in [
            ("gw/7", "gw/7", None),
            ("gw/7?x=1", "gw/7?x=1", None),
            ("gw/7?ticket=v1.a", "gw/7", Some("v1.a")),
            ("gw/7?x=1&ticket=v1.a&y", "gw/7?x=1&y", Some("v1.a")),
        ] {
            assert_eq!(split(target), (id.to_owned(), ticket));
        }
    }

    proptest! {
        #[test]
        fn nothing_but_an_issued_ticket_is_one(text in "v1\\.[0-9]{1,12}\\.[A-Za-z0-9_-]{0,12}\\.[A-Za-z0-9_-]{0,44}|.{0,40}") {
            prop_assert_eq!(Tickets::new().check(&text, "gw/7", at(0)), None);
        }
    }
}
