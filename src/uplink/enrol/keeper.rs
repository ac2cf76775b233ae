//! Sees to it that the box has a proof of who it is: asks for one, renews it in time, and says how that goes.
//!
//! What was given lies in files ([`CredentialFolder`]), and the one who opens sessions looks there: a renewed pair is tried in a
//! session before it replaces the present one, so whatever happens in between there is one that works.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex as Turn, watch};
use tokio::time::{interval, sleep};
use zeroize::Zeroizing;

use super::credential_folder::CredentialFolder;
use super::error::EnrolError;
use super::est::{self, Chain, EstRequest};
use super::otp::Otp;
use super::shown::{EnrolmentShown, Stage};
use crate::files::read_secret;
use crate::pki::SigningRequest;
use crate::uplink::config::{Auth, Config};
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::shown::FaultShown;
use crate::uplink::patience::Patience;
use crate::uplink::status::Status;
use crate::uplink::tenant::Tenant;

/// The clock may be set while we wait, so we never wait longer at once.
const LOOK: Duration = Duration::from_secs(60);
/// How often the file of the one-time password is looked at.
const GLANCE: Duration = Duration::from_secs(2);

/// Sees to the box's proof of who it is.
pub struct Enrol {
    pub(super) config: Config,
    pub(super) credential_folder: CredentialFolder,
    pub(super) status: Arc<Status>,
    pub(super) patience: Patience,
    /// Whether a login is asked for anew though there is one.
    pub(super) anew: watch::Sender<bool>,
    tenant: Tenant,
    /// Only one asks at a time.
    turn: Turn<()>,
    /// Whether somebody sees to it.
    pub(super) at_work: watch::Sender<bool>,
    /// Nothing is asked by itself before then.
    rest: Mutex<Option<Timestamp>>,
    /// Something came or went; what, the files say.
    changes: watch::Sender<u64>,
}

/// For as long as this lives somebody sees to it.
struct AtWork<'a>(&'a Enrol);

impl<'a> AtWork<'a> {
    fn begin(enrol: &'a Enrol) -> AtWork<'a> {
        enrol.at_work.send_replace(true);
        AtWork(enrol)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.at_work.send_replace(false);
        self.0.changed();
    }
}

impl Enrol {
    /// Nothing is asked yet. `None`: the box proves itself by what its configuration names.
    #[must_use]
    pub fn new(config: &Config, tenant: Tenant, status: Arc<Status>, patience: Patience) -> Option<Enrol> {
        let credential_folder = config.credential_folder.clone().filter(|_| config.auth().is_given())?;
        status.write().enrolment = Some(EnrolmentShown::new(config.auth()));
        Some(Enrol {
            config: config.clone(),
            credential_folder,
            status,
            patience,
            anew: watch::Sender::new(false),
            tenant,
            turn: Turn::default(),
            at_work: watch::Sender::new(false),
            rest: Mutex::default(),
            changes: watch::Sender::default(),
        })
    }

    /// Sees to it, for as long as the room runs.
    pub async fn keep(&self, device: &str) -> Infallible {
        let _at_work = AtWork::begin(self);
        match self.config.auth() {
            Auth::Bootstrap => self.keep_granted(device).await,
            _ => self.keep_certified(device).await,
        }
    }

    /// Waits until there is a proof that a session can be opened with.
    pub async fn proven(&self) {
        let mut changes = self.changes.subscribe();
        while !self.is_proven() {
            // The sender lives as long as we do.
            let _ = changes.changed().await;
        }
    }

    pub(super) fn is_proven(&self) -> bool {
        match self.config.auth() {
            Auth::Bootstrap => self.credential_folder.granted().exists() && !*self.anew.borrow(),
            _ => self.credential_folder.identity().exists(),
        }
    }

    /// Waits until the session has to make way for the question for another login.
    pub async fn makes_way(&self) {
        let _ = self.anew.subscribe().wait_for(|anew| *anew).await;
    }

    /// What came or went from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// The broker took the next pair: it is the present one from now on.
    pub fn took_next(&self) {
        match self.credential_folder.take_next() {
            Ok(()) => tracing::info!("the broker took the renewed certificate; it replaces the one of before"),
            // It stays the next one and is tried again with the next session.
            Err(error) => self.failed(&EnrolError::Kept(error)),
        }
        self.changed();
    }

    /// The broker takes the present pair and not the next one.
    pub fn refused_next(&self, fault: ConnectionError) {
        if let Err(error) = self.credential_folder.drop_next() {
            tracing::warn!(%error, "the refused certificate could not be removed");
        }
        self.failed(&EnrolError::NextRefused(Box::new(fault)));
        self.changed();
    }

    async fn keep_certified(&self, device: &str) -> Infallible {
        loop {
            let mut changes = self.changes();
            let begun = Timestamp::now();
            let due = self.due(begun).unwrap_or_else(|fault| {
                if self.rested(begun) <= begun {
                    self.failed(&fault);
                }
                None
            });
            let now = Timestamp::now();
            let pause = due.map_or(LOOK, |(_, at)| {
                Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
            });
            let request = due.map(|(request, _)| request);
            if !pause.is_zero() {
                tokio::select! {
                    _ = changes.changed() => {}
                    () = sleep(pause.min(LOOK)) => {}
                    () = self.other_otp(), if request == Some(EstRequest::Enrol) => self.rest(None),
                }
                continue;
            }
            let Some(request) = request else { continue };
            let certified = match self.otp(request) {
                Ok(otp) => self.certify(device, otp).await,
                Err(fault) => Err(fault),
            };
            match certified {
                // One that is old when it comes would be renewed without end.
                Ok(chain) => self.rest(now.checked_add(chain.not_after.duration_since(now) / 10).ok()),
                Err(fault) => self.failed(&fault),
            }
        }
    }

    /// What is to be asked for, and when; `None`: a next pair waits to be tried.
    fn due(&self, now: Timestamp) -> Result<Option<(EstRequest, Timestamp)>, EnrolError> {
        let life = self.credential_folder.life()?;
        let next = self.credential_folder.next().exists();
        let due = match life {
            _ if next => None,
            Some(life) if now < life.until => Some((EstRequest::Renew, est::renewal(life.from, life.until))),
            // Whoever let it end is a stranger again.
            Some(_) | None => Some((EstRequest::Enrol, now)),
        };
        let mut written = self.status.write();
        written.certificate_ends = life.map(|life| life.until);
        if let Some(shown) = &mut written.enrolment {
            shown.stage = match (life, next) {
                (_, true) => Stage::Next,
                (Some(life), false) if now < life.until => Stage::Proven,
                (Some(_) | None, false) => Stage::Asking,
            };
            shown.renews = due
                .filter(|(request, _)| *request == EstRequest::Renew)
                .map(|(_, at)| at);
        }
        Ok(due.map(|(request, at)| (request, self.rested(at))))
    }

    /// The one-time password of the configuration, where one is needed.
    pub(super) fn otp(&self, request: EstRequest) -> Result<Option<Zeroizing<String>>, EnrolError> {
        if request == EstRequest::Renew {
            return Ok(None);
        }
        let file = self.config.otp_file.as_ref().ok_or(EnrolError::NoOtp)?;
        let text = read_secret(file).map_err(|source| EnrolError::Otp {
            path: file.display().to_string(),
            source,
        })?;
        let text = Zeroizing::new(text.trim().to_owned());
        if text.is_empty() {
            return Err(EnrolError::NoOtp);
        }
        Ok(Some(text))
    }

    /// Waits until the file of the one-time password has another one.
    async fn other_otp(&self) {
        let before = self.otp(EstRequest::Enrol).ok();
        let mut glances = interval(GLANCE);
        loop {
            glances.tick().await;
            let now = self.otp(EstRequest::Enrol).ok();
            if now.is_some() && now != before {
                return;
            }
        }
    }

    /// Has a fresh key certified, for the first time by a one-time password, and keeps the pair.
    pub(super) async fn certify(&self, device: &str, otp: Option<Zeroizing<String>>) -> Result<Chain, EnrolError> {
        let _turn = self.turn.lock().await;
        let request = SigningRequest::new(device)?;
        let otp = otp.as_ref().map(|password| Otp { device, password });
        let answer = self.tenant.certify(&request.der, otp).await?;
        let chain = est::chain(&answer, &request.public_key, device, Timestamp::now());
        let chain = chain.map_err(|why| EnrolError::Unusable {
            origin: self.config.http_origin(),
            why,
        })?;
        let place = self.credential_folder.put(&request.key, &chain.pem)?;
        tracing::info!(until = %chain.not_after, file = %place.display(), "the platform certified the box");
        self.succeeded();
        Ok(chain)
    }

    /// There is something new.
    pub(super) fn succeeded(&self) {
        self.rest(None);
        if let Some(shown) = &mut self.status.write().enrolment {
            (shown.last_error, shown.next_try) = (None, None);
        }
        self.changed();
    }

    /// Tells of the fault; the errand is tried again later.
    pub(super) fn failed(&self, fault: &EnrolError) {
        let now = Timestamp::now();
        let pause = SignedDuration::try_from(self.patience.enrol).unwrap_or(SignedDuration::from_hours(1));
        let next = now.checked_add(pause).ok();
        self.rest(next);
        if let Some(shown) = &mut self.status.write().enrolment {
            shown.next_try = next;
        }
        let told = FaultShown {
            at: now,
            kind: "enrol".to_owned(),
            what: fault.to_string(),
            mend: fault.mend().to_owned(),
        };
        tracing::warn!(error = %fault, mend = fault.mend(), next_try = next.map(|at| at.to_string()), "not enrolled");
        self.status.unenrolled(told);
    }

    fn rest(&self, until: Option<Timestamp>) {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn rested(&self, at: Timestamp) -> Timestamp {
        let rest = *self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.map_or(at, |until| until.max(at))
    }
}
