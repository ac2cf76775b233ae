//! `uplink enrol`: now, and step by step in words.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::est::EstRequest;
use super::keeper::Enrol;
use crate::tls::{Step, StepVerdict};
use crate::uplink::config::Auth;

/// How long is waited for a session with what is new.
const SESSION: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The one-time password for a first certificate; absent: the configuration's.
    #[serde(default)]
    pub otp: Option<String>,
    /// Whether to begin anew though there is a certificate or a login.
    #[serde(default)]
    pub again: bool,
}

/// A login is asked for anew for as long as this lives.
struct Anew<'a>(&'a Enrol);

impl<'a> Anew<'a> {
    fn begin(enrol: &'a Enrol) -> Anew<'a> {
        enrol.anew.send_replace(true);
        enrol.changed();
        Anew(enrol)
    }
}

impl Drop for Anew<'_> {
    fn drop(&mut self) {
        self.0.anew.send_replace(false);
        self.0.changed();
    }
}

impl Enrol {
    /// Comes to a proof, or to the next one, and tries it. Dropped, it asks no more.
    pub async fn now(&self, device: &str, request: EnrolRequest) -> Vec<Step> {
        let mut steps = Vec::new();
        let sessions = self.status.sessions();
        let done = match self.config.auth() {
            _ if !self.is_open(&mut steps) => false,
            Auth::Bootstrap => self.granted_now(device, &request, &mut steps).await,
            _ => self.certified_now(device, request, &mut steps).await,
        };
        if done {
            self.try_it(sessions, &mut steps).await;
        }
        steps
    }

    /// Whether the room runs, as which it alone can do any of this.
    fn is_open(&self, steps: &mut Vec<Step>) -> bool {
        let open = *self.at_work.borrow();
        if !open {
            let words = "the uplink is just being opened, or was built anew".to_owned();
            steps.push(step("config", StepVerdict::Bad, words, "run the command again"));
        }
        open
    }

    async fn certified_now(&self, device: &str, request: EnrolRequest, steps: &mut Vec<Step>) -> bool {
        let given = request.otp.map(Zeroizing::new);
        let is_good = matches!(self.credential_folder.life(), Ok(Some(life)) if jiff::Timestamp::now() < life.until);
        let what = if given.is_none() && is_good && !request.again {
            EstRequest::Renew
        } else {
            EstRequest::Enrol
        };
        let words = match what {
            EstRequest::Enrol => "a first certificate for",
            EstRequest::Renew => "the next certificate for",
        };
        let origin = self.config.http_origin();
        steps.push(good("config", format!("{origin} is asked for {words} {device}")));
        let otp = match given {
            Some(otp) => Ok(Some(otp)),
            None => self.otp(what),
        };
        let certified = match otp {
            Ok(otp) => self.certify(device, otp).await,
            Err(fault) => Err(fault),
        };
        match certified {
            Ok(chain) => {
                let words = format!(
                    "{origin} certified the box until {}; key and chain are kept",
                    chain.not_after
                );
                steps.push(good("certificate", words));
                true
            }
            Err(fault) => {
                steps.push(step("certificate", StepVerdict::Bad, fault.to_string(), fault.mend()));
                false
            }
        }
    }

    async fn granted_now(&self, device: &str, request: &EnrolRequest, steps: &mut Vec<Step>) -> bool {
        if request.otp.is_some() {
            let words = "uplink.auth is \"bootstrap\", which knows no one-time password".to_owned();
            steps.push(step("config", StepVerdict::Bad, words, "leave --otp-file out"));
            return false;
        }
        if self.is_proven() && !request.again {
            let words = "the box has a login that the platform granted it".to_owned();
            let mend = "`gatelodge uplink enrol --again` asks for another one";
            steps.push(step("login", StepVerdict::Good, words, mend));
            return true;
        }
        let words = format!("asking {} for a login as {device}", self.config.url);
        steps.push(good("config", words));
        let before = self.credential_folder.login().ok().flatten();
        let mut changes = self.changes();
        let anew = request.again.then(|| Anew::begin(self));
        // The one whose office it is asks; here it is only waited for.
        while self.credential_folder.login().ok().flatten() == before && *self.at_work.borrow() {
            let _ = changes.changed().await;
        }
        drop(anew);
        if !self.is_open(steps) {
            return false;
        }
        let user = self
            .credential_folder
            .login()
            .ok()
            .flatten()
            .map(|login| login.username);
        let words = format!("the platform granted the login of {}", user.unwrap_or_default());
        steps.push(good("login", words));
        true
    }

    /// What is new has to prove itself in a session.
    async fn try_it(&self, mut sessions: watch::Receiver<u64>, steps: &mut Vec<Step>) {
        let before = *sessions.borrow();
        let next = || self.credential_folder.next().exists();
        let has_news = next() || self.status.write().connected_since.is_none();
        let tried = timeout(SESSION, async {
            while has_news && *sessions.borrow() == before {
                // The status lives as long as we do.
                let _ = sessions.changed().await;
            }
        });
        let tried = tried.await.is_ok();
        let fault = self.status.write().enrolment.clone().and_then(|shown| shown.last_error);
        steps.push(match (tried, fault) {
            (true, Some(fault)) => step("session", StepVerdict::Bad, fault.what, &fault.mend),
            (true, None) => good("session", "the broker lets the box in with it".to_owned()),
            (false, _) => {
                let fault = self.status.write().faults.front().cloned();
                let words = fault
                    .as_ref()
                    .map_or("no session was opened with it yet", |fault| &fault.what);
                let mend = fault.as_ref().map_or("gatelodge uplink test", |fault| &fault.mend);
                step("session", StepVerdict::Doubtful, words.to_owned(), mend)
            }
        });
    }
}

fn good(step: &str, words: String) -> Step {
    Step {
        step: step.to_owned(),
        verdict: StepVerdict::Good,
        words,
        next_step: None,
    }
}

fn step(step: &str, verdict: StepVerdict, words: String, next_step: &str) -> Step {
    Step {
        step: step.to_owned(),
        verdict,
        words,
        next_step: Some(next_step.to_owned()),
    }
}
