//! How far the box is with its proof of who it is, for `uplink status`, the page and `/v1/uplink`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::uplink::config::Auth;
use crate::uplink::connection::shown::FaultShown;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It has none yet, and asks for one.
    Asking,
    /// It has one.
    Proven,
    /// It has one, and the next waits to be tried in a session.
    Next,
}

/// How far the box is with its proof of who it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnrolmentShown {
    /// How it comes to one.
    pub by: Auth,
    /// How far it is.
    pub stage: Stage,
    /// When the certificate is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<Timestamp>,
    /// When it is tried again, after a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
    /// The fault that stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<FaultShown>,
    /// What was heard in place of a login, how often.
    #[serde(default)]
    pub no_login: u64,
}

impl EnrolmentShown {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(by: Auth) -> EnrolmentShown {
        EnrolmentShown {
            by,
            stage: Stage::Asking,
            renews: None,
            next_try: None,
            last_error: None,
            no_login: 0,
        }
    }

    /// The state in a sentence without its end, `device` being what the box calls itself.
    #[must_use]
    pub fn words(&self, device: &str) -> String {
        let renews = |words: &str| match self.renews {
            Some(at) => format!("{words}; it is renewed from {at} on"),
            None => words.to_owned(),
        };
        match (self.by, self.stage) {
            (Auth::Bootstrap, Stage::Asking) => {
                format!("the box asks for a login: accept the device id {device} on the platform's registration page")
            }
            (Auth::Bootstrap, Stage::Proven | Stage::Next) => "the platform granted the box a login".to_owned(),
            (_, Stage::Asking) => format!("the box has no certificate that is good now, and asks for one as {device}"),
            (_, Stage::Proven) => renews("the platform certified the box"),
            (_, Stage::Next) => "the renewed certificate waits for the broker to take it".to_owned(),
        }
    }
}
