//! How many people are in which space.
//!
//! The peers are apps and pages written for the Occupancy API (OCC §1): [`compat`] answers
//! them to the letter. Spaces that somebody unknown makes through those URLs are open to whoever knows their id and
//! die when nobody uses them; spaces that the operator makes stay, and want an API token unless they are shared.
#![doc = ""]
#![doc = include_str!("README.md")]

mod asked_again;
pub mod bringing;
pub mod compat;
pub mod corrections;
pub mod door;
mod following;
pub mod history;
mod holding;
mod keys;
pub mod kiosks;
mod last_use;
pub mod manage;
pub mod pages;
pub mod v1;

pub use holding::OccupancyHolding;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::accounts::{Accounts, Bearers};
use crate::domain::units::Span;
use crate::domain::{Faults, Space, SpaceId};
use crate::feed::Hall;
use crate::http::client::Origin;
use crate::http::{Limiter, Rate};
use crate::store::spaces::{SpaceLimits, Spaces, SpacesWriter};
use crate::store::{ReadError, Store};
use history::History;
use last_use::LastUse;

/// The `[occupancy]` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the old URLs work without a login; else they want an API token.
    pub anonymous: bool,
    /// How long after its last use a space dies that somebody unknown made through the old URLs; `"0s"`: never.
    pub idle_expiry: Span,
    /// How many spaces one address may make through the old URLs; the whole count may come at once.
    pub create_limit: Rate,
    /// Whether spaces that somebody unknown made through the old URLs are sent to the cloud.
    pub publish_anonymous: bool,
    /// How many spaces there may be.
    pub max_spaces: u32,
    /// Which part of them anonymous callers may make through the old URLs, 0 to 1.
    pub anonymous_share: f64,
    /// How many may listen to streams at once.
    pub max_listeners: u32,
    /// Pages of which origins may call `/v1`, such as `https://app.example.org`; `"*"`: of all.
    pub cors_origins: Vec<String>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            anonymous: true,
            idle_expiry: Span::seconds(86_400),
            create_limit: "600/min".parse().expect("a rate as the manual writes it"),
            publish_anonymous: false,
            max_spaces: 200_000,
            anonymous_share: 0.5,
            max_listeners: 4_000,
            cors_origins: Vec::new(),
        }
    }
}

impl Config {
    /// How many spaces there may be.
    #[must_use]
    pub fn limits(&self) -> SpaceLimits {
        let share = f64::from(self.max_spaces) * self.anonymous_share.clamp(0.0, 1.0);
        SpaceLimits {
            all: self.max_spaces,
            // In bounds by the line before.
            anonymous: share as u32,
        }
    }

    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        if !(0.0..=1.0).contains(&self.anonymous_share) {
            let what = format!("{} is no part of a whole", self.anonymous_share);
            faults.add("occupancy.anonymous_share", what, "from 0 to 1, such as 0.5");
        }
        if self.max_spaces == 0 {
            let what = "is 0, so there could be no space";
            faults.add("occupancy.max_spaces", what, "such as 200000");
        }
        if self.max_listeners == 0 {
            let what = "is 0, so nobody could listen";
            faults.add("occupancy.max_listeners", what, "such as 4000");
        }
        if !self.idle_expiry.is_zero() && self.idle_expiry < Span::seconds(1) {
            let what = "is under a second, in which nobody could use a space";
            faults.add("occupancy.idle_expiry", what, "such as \"24h\", or \"0s\" for never");
        }
        for text in self.cors_origins.iter().filter(|text| *text != "*") {
            let origin = text.parse().ok().and_then(|uri| Origin::of(&uri));
            match origin.map(|origin| origin.to_string()) {
                Some(written) if written == *text => {}
                // Browsers send it in one way only, with which it is compared byte by byte.
                Some(written) => {
                    let what = format!("{text:?} is not how browsers write an origin");
                    faults.add("occupancy.cors_origins", what, format!("{written:?}"));
                }
                None => {
                    let what = format!("{text:?} is no origin");
                    let right = "scheme, host and port of a page, such as \"https://app.example.org\", or \"*\"";
                    faults.add("occupancy.cors_origins", what, right);
                }
            }
        }
        faults
    }
}

/// What the box says to the room beside its own section.
#[derive(Clone)]
pub struct Deps {
    /// Whose tokens are known, and how often one token or key may ask `/v1` (`limits.https.per_client`).
    pub bearers: Arc<Bearers>,
    /// How long history is kept (`retention.history`); `"0s"`: for ever.
    pub history: Span,
    /// Ends streams when the box stops.
    pub streams: CancellationToken,
}

/// The room.
pub struct Occupancy {
    config: Config,
    idle: SignedDuration,
    store: Store,
    spaces: Spaces,
    writer: SpacesWriter,
    accounts: Accounts,
    last_use: LastUse,
    creations: Limiter<IpAddr>,
    bearers: Arc<Bearers>,
    hall: Arc<Hall<SpaceId>>,
    history: History,
}

/// The longest time between two looks for spaces whose life is over.
const LONGEST_SWEEP: Duration = Duration::from_secs(600);
/// How many rows are read, or written in one change, at a time.
const CHUNK: usize = 128;

impl Occupancy {
    /// The room on this book; nothing runs yet.
    #[must_use]
    pub fn new(config: Config, store: Store, deps: Deps) -> Arc<Occupancy> {
        let writer = SpacesWriter::with_limits(store.clone(), config.limits());
        if let Err(error) = writer.count() {
            tracing::error!(%error, "the spaces could not be counted; it is tried again");
        }
        Arc::new(Occupancy {
            idle: SignedDuration::try_from(config.idle_expiry.0).unwrap_or(SignedDuration::MAX),
            creations: Limiter::new(config.create_limit),
            accounts: deps.bearers.accounts().clone(),
            bearers: deps.bearers,
            history: History::new(store.clone(), deps.history),
            hall: Arc::new(Hall::new(
                store.clone(),
                config.max_listeners as usize,
                deps.streams.child_token(),
            )),
            spaces: Spaces::new(store.clone()),
            writer,
            last_use: LastUse::new(store.now()),
            store,
            config,
        })
    }

    /// Notes the last use of spaces, and removes those whose life is over, until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), ReadError> {
        self.remember()?;
        let following = self.follow(self.hall.feed().newest());
        tokio::pin!(following);
        let mut notes = tokio::time::interval(Duration::from_secs(1));
        let mut sweeps = tokio::time::interval(self.sweep_every());
        loop {
            tokio::select! {
                () = stop.cancelled() => {
                    // Nothing is added to the feed any more; listeners come back to the room that follows.
                    self.hall.close();
                    break;
                }
                error = &mut following => return Err(error),
                _ = notes.tick() => {
                    self.note(self.last_use.due(CHUNK)).await;
                }
                _ = sweeps.tick() => {
                    self.creations.forget_quiet();
                    self.bearers.forget_quiet();
                    self.writer.count()?;
                    self.sweep().await?;
                }
            }
        }
        loop {
            let unwritten = self.last_use.unwritten(CHUNK);
            if unwritten.is_empty() || !self.note(unwritten).await {
                return Ok(());
            }
        }
    }

    /// What writes its history down, as a service of its own.
    #[must_use]
    pub fn history(&self) -> History {
        self.history.clone()
    }

    /// A space whose life is not over, as it stands on disk.
    pub fn get(&self, id: SpaceId) -> Result<Option<Space>, ReadError> {
        Ok(self.spaces.get(id)?.filter(|space| self.lives(space)))
    }

    /// When a space dies, if nobody uses it until then.
    pub(crate) fn expires_at(&self, space: &Space) -> Option<Timestamp> {
        let (used, idle) = self.last_use.life(space, self.idle)?;
        let from = self.store.time().counts_from(used);
        Some(from.checked_add(idle).unwrap_or(Timestamp::MAX))
    }

    /// After how long without use a space dies; `None`: never.
    pub(crate) fn life(&self, space: &Space) -> Option<Span> {
        let life = last_use::life(space, self.idle)?;
        Duration::try_from(life).ok().map(Span)
    }

    /// The version of a space as it is shown outside: `<epoch>.<seq>`.
    fn version(&self, space: &Space) -> String {
        self.store.id_of(space.seq).to_string()
    }

    fn lives(&self, space: &Space) -> bool {
        let life = self.last_use.life(space, self.idle);
        life.is_none_or(|(used, idle)| !self.store.time().has_passed(idle, used))
    }

    /// The time in microseconds, as the old API shows it.
    fn now(&self) -> Timestamp {
        let now = self.store.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn sweep_every(&self) -> Duration {
        (self.config.idle_expiry.0 / 24).clamp(Duration::from_secs(1), LONGEST_SWEEP)
    }

    fn remember(&self) -> Result<(), ReadError> {
        let mut after = None;
        loop {
            let uses = self.spaces.uses(after, CHUNK)?;
            let Some((last, _)) = uses.last() else { return Ok(()) };
            after = Some(*last);
            self.last_use.remember(uses);
        }
    }

    /// Writes renewals down. Answers whether it worked; if not, they are due again at the next tick.
    async fn note(&self, uses: Vec<(SpaceId, Timestamp)>) -> bool {
        if uses.is_empty() {
            return true;
        }
        match self.writer.note_uses(uses.clone()).await {
            Ok(()) => self.last_use.wrote(&uses),
            Err(error) => {
                tracing::debug!(%error, "the last use of spaces was not written down; it is tried again");
                return false;
            }
        }
        true
    }

    async fn sweep(&self) -> Result<(), ReadError> {
        crate::http::once::sweep(&self.store).await?;
        let mut after = None;
        loop {
            let spaces = self.spaces.list(after, CHUNK)?;
            let Some(last) = spaces.last() else { return Ok(()) };
            after = Some(last.id);
            let over: Vec<SpaceId> = spaces
                .iter()
                .filter(|space| !self.lives(space))
                .map(|space| space.id)
                .collect();
            if !over.is_empty() {
                self.expire(over).await;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn expire(&self, over: Vec<SpaceId>) {
        match self.writer.expire(over.clone()).await {
            Ok(()) => {
                tracing::debug!(spaces = over.len(), "idle spaces were removed");
                for id in over {
                    self.last_use.forget(id);
                    self.forget_keys(id).await;
                }
            }
            Err(error) => tracing::warn!(%error, "idle spaces were not removed; it is tried again"),
        }
    }
}

impl Occupancy {
    /// The keys of a space that died; nobody could use them any more, so a failure does no harm.
    async fn forget_keys(&self, id: SpaceId) {
        let forgotten = self.store.write_bulk(move |page| {
            keys::revoke_all_on(page, id)?;
            kiosks::revoke_all_on(page, id)
        });
        let forgotten = forgotten.await;
        if let Err(error) = forgotten {
            tracing::debug!(%error, space.id = %id, "the keys of a dead space were not removed");
        }
    }
}
