//! Requests that applications pushed, and the visits of people to them (RFC 9126; PER §2.3). They lie in memory, of which
//! each application has a share; a restart loses them as "too old". Pure but for random names.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use super::pkce::Challenge;
use super::redirect_uri::RedirectUri;
use super::scope::Scope;
use crate::accounts::Secret;

/// What every name of a pushed request begins with (RFC 9126 §2.2).
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a person may take to come, as is announced (FAPI 2.0 §5.3.2.2: less than 600 s).
pub const LIFE: SignedDuration = SignedDuration::from_secs(90);
/// How long they may take from then on.
const VISIT: SignedDuration = SignedDuration::from_mins(10);
/// Of one application at a time.
const OF_ONE: usize = 500;
/// Visits to one request at a time.
const VISITS: usize = 20;

/// What an application asked for.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// The application's URL.
    pub client: String,
    pub redirect_uri: RedirectUri,
    pub scope: Scope,
    pub challenge: Challenge,
    pub state: Option<String>,
}

/// Too many of one application wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullError;

/// A request at which nobody can be, in the words of pages (PER §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VisitError {
    /// There is none, it is too old, or it was answered.
    #[error("this request is unknown, used or too old")]
    Over,
    /// Another application pushed it.
    #[error("this request belongs to another application")]
    Another,
    /// It was begun in another browser.
    #[error("this request was begun in another browser")]
    Browser,
}

struct Waiting {
    pushed: Pushed,
    made: Timestamp,
    /// By the hash of the visit's name: the hash of the browser's cookie, and when it began.
    visits: HashMap<[u8; 32], ([u8; 32], Timestamp)>,
    answered: bool,
}

impl Waiting {
    fn is_over(&self, now: Timestamp) -> bool {
        let fresh = self
            .visits
            .values()
            .any(|(_, since)| now.duration_since(*since) < VISIT);
        self.is_late(now) && !fresh
    }

    /// Whether nobody may come any more who has not come yet: from the announced second on.
    fn is_late(&self, now: Timestamp) -> bool {
        now.duration_since(self.made) >= LIFE
    }
}

/// A person at a request.
#[derive(Clone, Debug)]
pub struct Visit {
    pub pushed: Pushed,
    /// The request's place.
    request: [u8; 32],
}

/// All that wait.
#[derive(Default)]
pub struct PushedRequests {
    waiting: Mutex<HashMap<[u8; 32], Waiting>>,
}

impl PushedRequests {
    /// Keeps a request, and answers its name.
    ///
    /// # Errors
    ///
    /// When too many of the application's wait.
    pub fn push(&self, pushed: Pushed, now: Timestamp) -> Result<String, FullError> {
        let mut waiting = self.lock();
        waiting.retain(|_, one| !one.is_over(now));
        let theirs = waiting
            .values()
            .filter(|one| one.pushed.client == pushed.client && !one.answered);
        if theirs.count() >= OF_ONE {
            return Err(FullError);
        }
        let name = Secret::random(PREFIX);
        let one = Waiting {
            pushed,
            made: now,
            visits: HashMap::new(),
            answered: false,
        };
        waiting.insert(name.hash(), one);
        Ok(name.reveal().to_owned())
    }

    /// Begins a visit with a browser that carries `cookie`; answers the visit's name. It may begin again and again until it
    /// is answered.
    ///
    /// # Errors
    ///
    /// When there is no such request of that application now.
    pub fn visit(&self, name: &str, client: &str, cookie: &Secret, now: Timestamp) -> Result<Secret, VisitError> {
        if !name.starts_with(PREFIX) {
            return Err(VisitError::Over);
        }
        let mut waiting = self.lock();
        let one = waiting.get_mut(&Secret::given(name).hash());
        let one = one.filter(|one| !one.answered).ok_or(VisitError::Over)?;
        if one.pushed.client != client {
            return Err(VisitError::Another);
        }
        if one.is_late(now) {
            return Err(VisitError::Over);
        }
        if one.visits.len() >= VISITS {
            let oldest = one
                .visits
                .iter()
                .min_by_key(|(_, (_, since))| *since)
                .map(|(visit, _)| *visit);
            oldest.map(|oldest| one.visits.remove(&oldest));
        }
        let visit = Secret::random("");
        one.visits.insert(visit.hash(), (cookie.hash(), now));
        Ok(visit)
    }

    /// The request that a visit is to, from the browser that began it.
    ///
    /// # Errors
    ///
    /// When it is over, or another browser asks.
    pub fn at(&self, visit: &Secret, cookie: Option<&Secret>, now: Timestamp) -> Result<Visit, VisitError> {
        let waiting = self.lock();
        let hash = visit.hash();
        let found = waiting
            .iter()
            .find_map(|(request, one)| Some((request, one, one.visits.get(&hash)?)));
        let (request, one, (theirs, since)) = found.ok_or(VisitError::Over)?;
        if cookie.is_none_or(|cookie| cookie.hash() != *theirs) {
            return Err(VisitError::Browser);
        }
        if one.answered || now.duration_since(*since) >= VISIT {
            return Err(VisitError::Over);
        }
        Ok(Visit {
            pushed: one.pushed.clone(),
            request: *request,
        })
    }

    /// Takes a request as answered: of all who are at it, one alone is told that it was theirs to answer.
    #[must_use]
    pub fn answer(&self, visit: &Visit) -> bool {
        let mut waiting = self.lock();
        let one = waiting.get_mut(&visit.request);
        one.is_some_and(|one| !std::mem::replace(&mut one.answered, true))
    }

    /// Takes an answer back that could not be kept, so that the person can try again.
    pub fn reopen(&self, visit: &Visit) {
        if let Some(one) = self.lock().get_mut(&visit.request) {
            one.answered = false;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Waiting>> {
        self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "https://d.example/a/1";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn pushed(client: &str) -> Pushed {
        Pushed {
            client: client.to_owned(),
            redirect_uri: "https://app.example/callback".to_owned().try_into().unwrap(),
            scope: Scope {
                licence: "https://r.example/licence".to_owned(),
                offline: true,
            },
            challenge: Challenge::read("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
            state: None,
        }
    }

    #[test]
    fn a_request_is_found_for_its_life_and_answered_once() {
        let (requests, cookie) = (PushedRequests::default(), Secret::random(""));
        let name = requests.push(pushed(CLIENT), at(0)).unwrap();
        assert!(name.starts_with(PREFIX) && name.len() > PREFIX.len() + 40);
        let visit = |name: &str, client, second| requests.visit(name, client, &cookie, at(second));
        assert_eq!(
            visit(&name, "https://d.example/a/2", 1).unwrap_err(),
            VisitError::Another
        );
        assert_eq!(visit(&name[1..], CLIENT, 1).unwrap_err(), VisitError::Over);
        assert_eq!(visit(&format!("{PREFIX}x"), CLIENT, 1).unwrap_err(), VisitError::Over);
        let first = visit(&name, CLIENT, 1).unwrap();
        let second = visit(&name, CLIENT, 89).unwrap();
        // From the announced second on nobody begins, and whoever is there stays.
        assert_eq!(visit(&name, CLIENT, 90).unwrap_err(), VisitError::Over);
        let there = |visit: &Secret, cookie: Option<&Secret>, second| requests.at(visit, cookie, at(second));
        assert_eq!(there(&first, None, 2).unwrap_err(), VisitError::Browser);
        assert_eq!(
            there(&first, Some(&Secret::random("")), 2).unwrap_err(),
            VisitError::Browser
        );
        assert_eq!(
            there(&Secret::random(""), Some(&cookie), 2).unwrap_err(),
            VisitError::Over
        );
        assert_eq!(there(&first, Some(&cookie), 601).unwrap_err(), VisitError::Over);
        let (one, two) = (
            there(&first, Some(&cookie), 600).unwrap(),
            there(&second, Some(&cookie), 600).unwrap(),
        );
        assert!(requests.answer(&one) && !requests.answer(&two) && !requests.answer(&one));
        assert_eq!(there(&second, Some(&cookie), 600).unwrap_err(), VisitError::Over);
        requests.reopen(&one);
        assert!(there(&second, Some(&cookie), 600).is_ok());
    }

    #[test]
    fn each_application_has_a_share_and_what_is_over_leaves_it() {
        let requests = PushedRequests::default();
        for _ in 0..OF_ONE {
            requests.push(pushed(CLIENT), at(0)).unwrap();
        }
        assert_eq!(requests.push(pushed(CLIENT), at(89)), Err(FullError));
        assert!(requests.push(pushed("https://d.example/a/2"), at(89)).is_ok());
        assert!(requests.push(pushed(CLIENT), at(90)).is_ok());
    }
}
