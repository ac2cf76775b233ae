//! Tokens that prove to the platform's HTTP side who the box is (UPLINK §1.6): asked for on `s/uat`
//! by whoever needs one, brought by `s/dat`, kept in memory until shortly before they end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// A token that ends sooner is not used any more.
const SPARE: SignedDuration = SignedDuration::from_secs(60);
/// One that does not say when it ends is good for so long: none ends sooner.
const UNSAID: SignedDuration = SignedDuration::from_mins(5);
/// How often one is asked for.
const TRIES: usize = 3;

/// The box's token, and who waits for one.
pub struct Tokens {
    held: Mutex<Option<Held>>,
    wanted: Notify,
    came: watch::Sender<u64>,
}

struct Held {
    token: Zeroizing<String>,
    ends: Timestamp,
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens {
            held: Mutex::default(),
            wanted: Notify::new(),
            came: watch::channel(0).0,
        }
    }
}

impl Tokens {
    /// Waits until somebody wants one, who then is waiting for it.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// One came, in a line of the platform; any other line is none.
    pub fn came(&self, fields: &[String], now: Timestamp) {
        let [template, token, ..] = fields else { return };
        if template == "71" && !token.is_empty() {
            self.keep(token, now);
        }
    }

    /// Keeps a token, whichever way it came.
    pub fn keep(&self, token: &str, now: Timestamp) {
        let ends = ends(token).or_else(|| now.checked_add(UNSAID + SPARE).ok());
        *self.held() = ends.map(|ends| Held {
            token: Zeroizing::new(token.to_owned()),
            ends,
        });
        self.came.send_modify(|count| *count += 1);
    }

    /// The token that is held, or a new one; `None` when none comes. Each try takes up to `patience`.
    pub async fn get(&self, patience: Duration) -> Option<Zeroizing<String>> {
        let mut came = self.came.subscribe();
        for _ in 0..TRIES {
            if let Some(token) = self.good(Timestamp::now()) {
                return Some(token);
            }
            self.wanted.notify_one();
            if let Ok(Err(_)) = timeout(patience, came.changed()).await {
                return None;
            }
        }
        self.good(Timestamp::now())
    }

    /// The platform does not take the one that is held.
    pub fn refused(&self) {
        *self.held() = None;
    }

    fn good(&self, now: Timestamp) -> Option<Zeroizing<String>> {
        let held = self.held();
        let held = held.as_ref().filter(|held| held.ends.duration_since(now) > SPARE)?;
        Some(held.token.clone())
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
}

/// When a JWT says that it ends. It is believed for nothing else.
fn ends(token: &str) -> Option<Timestamp> {
    let claims = token.split('.').nth(1)?;
    let claims = BASE64URL_NOPAD.decode(claims.trim_end_matches('=').as_bytes()).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Timestamp::from_second(claims.exp).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(exp: i64) -> String {
        let claims = BASE64URL_NOPAD.encode(format!("{{\"exp\":{exp}}}").as_bytes());
        format!("e30.{claims}.sig")
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_asked_for_three_times_and_then_not_had() {
        let tokens = Tokens::default();
        let asked = async {
            let mut asked = 0;
            loop {
                tokens.wanted().await;
                asked += 1;
                if asked == TRIES {
                    return asked;
                }
            }
        };
        let (got, asked) = tokio::join!(tokens.get(Duration::from_secs(10)), asked);
        assert_eq!((got, asked), (None, TRIES));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_came_is_used_until_shortly_before_it_ends_or_is_refused() {
        let tokens = Tokens::default();
        let now = Timestamp::now();
        let line = |token: String| ["71".to_owned(), token];
        tokens.came(&["70".to_owned(), "x".to_owned()], now);
        assert_eq!(tokens.good(now), None);
        let good = token(now.as_second() + 3_600);
        let (got, ()) = tokio::join!(tokens.get(Duration::from_secs(10)), async {
            tokens.wanted().await;
            tokens.came(&line(good.clone()), now);
        });
        assert_eq!(got.as_deref(), Some(&good));
        assert_eq!(tokens.get(Duration::from_secs(10)).await.as_deref(), Some(&good));
        assert_eq!(tokens.good(now + SignedDuration::from_mins(59)), None);
        tokens.refused();
        assert_eq!(tokens.good(now), None);
        tokens.came(&line("opaque".into()), now);
        assert!(tokens.good(now).is_some(), "one that says nothing is good for a while");
    }
}
