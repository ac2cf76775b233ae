//! The room: who may come, what waits, what signs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::build_error::BuildError;
use super::config::{Client, Config};
use super::licence::{Licence, LicenceError};
use super::metadata::{self, Places};
use super::naming::Naming;
use super::pushed::PushedRequests;
use super::refusal::Refusal;
use super::restored;
use super::signing::{KeySource, Signing};
use super::token_keys::TokenKeys;
use crate::accounts::{Accounts, SealKey, Sealer};
use crate::domain::Meter;
use crate::http::{Limiter, Rate};
use crate::pki::{Application, ApplicationError, Pki};
use crate::store::{ClockState, Store};
use crate::tls::PeerCertificate;

/// How often the keys of tokens are looked at.
const TEND: Duration = Duration::from_secs(60);
/// What is over is swept away every so many times.
const SWEEP: u64 = 60;

/// What the room is given beside its own section.
pub struct Deps {
    pub accounts: Accounts,
    /// Where the keys of tokens lie.
    pub token_keys: PathBuf,
    /// Where the words lie that people agreed to.
    pub words: PathBuf,
    /// Meters that stand in the configuration.
    pub meters: Vec<Meter>,
    pub timezone: TimeZone,
    pub places: Places,
    /// What applications pushed: it outlives a reload.
    pub pushed: Arc<PushedRequests>,
    pub pki: Pki,
    /// Where the box's own key lies.
    pub seal_key: PathBuf,
    /// How long what stands behind signed records is kept.
    pub kept: SignedDuration,
    /// Requests of one application: pushed, and for tokens.
    pub rates: (Rate, Rate),
}

/// Consented energy data: the authorization server, and the door to the data.
pub struct Perseus {
    pub(super) config: Config,
    pub(super) places: Places,
    pub(super) store: Store,
    pub(super) accounts: Accounts,
    pub(super) timezone: TimeZone,
    pub(super) licences: Vec<Result<Licence, LicenceError>>,
    pub(super) keys: TokenKeys,
    pub(super) pushed: Arc<PushedRequests>,
    pub(super) push_rate: Limiter<String>,
    pub(super) token_rate: Limiter<String>,
    pub(super) words_dir: PathBuf,
    pub(super) signing: Signing,
    /// What refresh tokens are sealed with; `None`: there is no key.
    pub(super) sealer: Option<Sealer>,
    /// Whether another room took its place, or the box stops: what is under way under the rules of this one ends.
    pub(super) over: AtomicBool,
    /// Rung when an application is to be told of something.
    pub(super) to_tell: Notify,
    /// How long what stands behind signed records is kept; zero: for ever.
    pub(super) kept: SignedDuration,
    pub(super) meters: Vec<Meter>,
    pub(super) naming: Naming,
    metadata: String,
}

/// An application that is known, as it came.
pub(super) struct Caller {
    pub(super) application: Application,
    pub(super) certificate: PeerCertificate,
    /// Its place among the configured ones.
    place: usize,
}

impl Perseus {
    /// The room, with what the box lays down for it; nothing runs yet.
    ///
    /// # Errors
    ///
    /// When its keys cannot be made or read.
    pub async fn new(config: Config, store: Store, deps: Deps) -> Result<Arc<Perseus>, BuildError> {
        let naming = Naming::of(&store).await?;
        restored::settle(&store).await?;
        let keys = TokenKeys::open(&deps.token_keys, store.now())?;
        let role = config.signing_role();
        let source = key_source(&config, &deps.places, &role);
        let signing = Signing::open(deps.pki, source, role, store.now()).await;
        let licences: Vec<_> = config.licence.iter().map(Licence::read).collect();
        let urls: Vec<&str> = config.licence.iter().map(|one| one.url.as_str()).collect();
        let metadata = metadata::document(&deps.places, &urls).to_string();
        Ok(Arc::new(Perseus {
            metadata,
            signing,
            sealer: sealer(&deps.seal_key),
            over: AtomicBool::new(false),
            to_tell: Notify::new(),
            kept: deps.kept,
            licences,
            keys,
            naming,
            store,
            accounts: deps.accounts,
            timezone: deps.timezone,
            places: deps.places,
            pushed: deps.pushed,
            push_rate: Limiter::new(deps.rates.0),
            token_rate: Limiter::new(deps.rates.1),
            words_dir: deps.words,
            meters: deps.meters,
            config,
        }))
    }

    /// Keeps the keys of tokens changing.
    ///
    /// # Errors
    ///
    /// None: what does not work is tried again.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), std::convert::Infallible> {
        let mut tick = interval(TEND);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for count in 0_u64.. {
            tokio::select! {
                () = stop.cancelled() => {
                    self.over.store(true, Ordering::Release);
                    return Ok(());
                }
                _ = tick.tick() => {}
            }
            self.push_rate.forget_quiet();
            self.token_rate.forget_quiet();
            if count % SWEEP == 0 {
                self.sweep().await;
            }
            if self.store.clock() != ClockState::Trusted {
                continue;
            }
            self.signing.tend(self.store.now()).await;
            match self.keys.tend(self.store.now()) {
                Ok(true) => tracing::info!(kid = self.keys.signing().kid, "the keys that sign tokens were changed"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the keys that sign tokens were not changed; it is tried again"),
            }
        }
        Ok(())
    }

    /// What the authorization server says of itself.
    #[must_use]
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// Where the parts of the service are.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Now, when the clock is believed; nothing is given by another (PER §5.2).
    pub(super) fn now(&self) -> Result<Timestamp, Refusal> {
        match self.store.clock() {
            ClockState::Trusted => Ok(self.store.now()),
            ClockState::Unconfirmed | ClockState::Wrong => Err(Refusal::Unavailable),
        }
    }

    /// Why nothing can be allowed or fetched now, and what to do about it.
    #[must_use]
    pub fn hindrance(&self) -> Option<(String, String)> {
        if self.now().is_err() {
            let why = "the clock of this box is not believed: no code, token or answer is given";
            return Some((
                why.to_owned(),
                "let the box reach a time server, or set its clock".to_owned(),
            ));
        }
        if let Err(error) = self.signing.ready(self.store.now()) {
            let why = format!("no half-hours are given, since their record cannot be signed: {error}");
            let next = match self.config.signing_certificate_file {
                Some(_) => format!("{}; without perseus.signing_* the box makes its own", error.next_step()),
                None => "see why it cannot be made (`gatelodge pki list`)".to_owned(),
            };
            return Some((why, next));
        }
        let error = self.licences.iter().find_map(|licence| licence.as_ref().err())?;
        let next = "put the words there (perseus.licence, text_file) and reload; until then nobody can allow anything";
        Some((error.to_string(), next.to_owned()))
    }

    /// The application behind a certificate, in the order of PER §1.2.
    pub(super) fn caller(&self, certificate: Option<PeerCertificate>) -> Result<Caller, Refusal> {
        let certificate = certificate.ok_or(Refusal::NoCertificate)?;
        let application = Application::of(certificate.leaf()).map_err(|error| match error {
            ApplicationError::Unreadable | ApplicationError::NotOneUri => Refusal::NotOneUri,
            ApplicationError::Url => Refusal::ApplicationUrl,
            ApplicationError::Roles => Refusal::Roles,
            ApplicationError::Member => Refusal::Member,
        })?;
        let wanted = self.client_role();
        if !application.roles.contains(&wanted) {
            tracing::warn!(
                application = application.url,
                wanted,
                "an application came without the role that it must have"
            );
            return Err(Refusal::Role);
        }
        let known = self
            .config
            .client
            .iter()
            .position(|client| client.client_id == application.url);
        let place = known.ok_or(Refusal::UnknownClient)?;
        let client = &self.config.client[place];
        if client.disabled {
            return Err(Refusal::Disabled);
        }
        if client
            .member
            .as_ref()
            .is_some_and(|member| *member != application.member)
        {
            return Err(Refusal::OtherMember);
        }
        Ok(Caller {
            application,
            certificate,
            place,
        })
    }

    /// The scheme's URL, as records name it.
    pub(super) fn scheme(&self) -> String {
        format!("{}/scheme/perseus", self.config.registry_base)
    }

    /// The trust framework's URL.
    pub(super) fn framework(&self) -> String {
        format!("{}/trust-framework", self.config.registry_base)
    }

    /// The role that an application must have.
    pub(super) fn client_role(&self) -> String {
        format!(
            "{}/scheme/perseus/role/carbon-accounting-provider",
            self.config.registry_base
        )
    }

    /// Whether a certificate is of anybody in the scheme.
    pub(super) fn is_of_the_scheme(&self, certificate: &PeerCertificate) -> bool {
        let begins = format!("{}/scheme/perseus/role/", self.config.registry_base);
        let application = Application::of(certificate.leaf());
        application.is_ok_and(|one| one.roles.iter().any(|role| role.starts_with(&begins)))
    }

    /// The registered application of a caller.
    pub(super) fn client(&self, caller: &Caller) -> &Client {
        &self.config.client[caller.place]
    }

    /// The registered application that goes by a name.
    pub(super) fn client_called(&self, client_id: &str) -> Option<&Client> {
        self.config.client.iter().find(|client| client.is_called(client_id))
    }

    /// The licence of that URL.
    pub(super) fn licence(&self, url: &str) -> Option<&Result<Licence, LicenceError>> {
        let place = self.config.licence.iter().position(|licence| licence.url == url)?;
        self.licences.get(place)
    }

    /// How long a permission under a licence lasts at most.
    pub(super) fn licence_life(&self, url: &str) -> SignedDuration {
        let licence = self.config.licence.iter().find(|licence| licence.url == url);
        let life = licence.and_then(|licence| licence.life);
        let life = life.and_then(|life| SignedDuration::try_from(life.0).ok());
        life.unwrap_or(SignedDuration::from_hours(24 * 365))
    }
}

fn sealer(file: &std::path::Path) -> Option<Sealer> {
    match SealKey::open(file) {
        Ok(key) => Some(key.sealer("seals refresh tokens")),
        Err(error) => {
            tracing::warn!(%error, "withdrawals are told without the refresh token: there is no key to seal it with");
            None
        }
    }
}

/// Where the key is that signs records.
fn key_source(config: &Config, places: &Places, role: &str) -> KeySource {
    let files = (
        &config.signing_certificate_file,
        &config.signing_key_file,
        &config.signing_ca_file,
    );
    if let (Some(certificate), Some(key), Some(ca)) = files {
        return KeySource::Files {
            certificate: certificate.clone(),
            key: key.clone(),
            ca: ca.clone(),
        };
    }
    let own = |said: &Option<String>| said.clone().unwrap_or_else(|| places.issuer.clone());
    KeySource::Own {
        application: Application {
            url: own(&config.application),
            member: own(&config.member),
            roles: vec![role.to_owned()],
        },
        name: config.name.clone(),
    }
}
