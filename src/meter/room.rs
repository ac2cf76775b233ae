//! The room: the fleet of meters by serial, and what people and other rooms' doors may do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::arguments::ArgumentError;
use super::asking::Askings;
use super::config::{Config, Entry, EntryError};
use super::driver::{Driver, DriverError};
use super::emop::Dialect;
use super::emop::inferred::InferredError;
use super::emop::token::TokenError;
use super::house::HouseDays;
use super::link::{Link, Target, TargetError};
use super::notes::{Knower, Notes};
use super::served::{Beginning, Served, Source};
use super::session::Session;
use super::shown::{FleetShown, MeterShown, ToSettle};
use super::tariffs::Tariffs;
use super::topup::{TopupError, Topups};
use super::writes::FriendlyHours;
use super::writes::payloads::PayloadSizeError;
use crate::domain::units::Span;
use crate::domain::{Event, Meter, MeterId, MeterState};
use crate::feed::Hall;
use crate::store::meter_money::MoneySeen;
use crate::store::meters::{LoggedEvent, Meters as Registry, MetersWriter, RegistryError};
use crate::store::readings::ReadingsWriter;
use crate::store::{Delivery, ReadError, RowError, Store, Unwritten, WriteError};

/// How many meters are polled at once.
const AT_ONCE: usize = 1_024;

impl Knower for Meters {
    fn state_of(&self, meter: &MeterId) -> Option<MeterState> {
        Some(MeterState::clone(&self.served(meter)?.live().state))
    }

    fn money_of(&self, meter: &MeterId) -> MoneySeen {
        let served = self.served(meter);
        served.map(|served| served.live().money.clone()).unwrap_or_default()
    }

    fn is_written(&self, meter: &MeterId, state: MeterState, money: &MoneySeen) {
        if let Some(served) = self.served(meter) {
            let mut live = served.live();
            live.is_written(state);
            live.money_is_written(money);
            live.refused = None;
        }
    }

    fn is_refused(&self, meter: &MeterId, error: &RowError) {
        if let Some(served) = self.served(meter) {
            served.live().refused = Some(error.to_string());
        }
    }
}

/// The room.
pub struct Meters {
    pub(super) config: Config,
    pub(super) writer: MetersWriter,
    pub(super) readings: ReadingsWriter,
    /// How long half-hours are kept; zero: for ever.
    pub(super) kept: Span,
    /// Where the house stands, for days and hours of the day.
    pub(super) timezone: TimeZone,
    pub(super) store: Store,
    pub(super) hall: Arc<Hall<MeterId>>,
    pub(super) notes: Notes,
    pub(super) permits: Semaphore,
    pub(super) changed: Notify,
    pub(super) workers: TaskTracker,
    pub(super) topups: Arc<Topups>,
    /// When the room was built.
    pub(super) built: Timestamp,
    /// Held while a meter that was asked is put into the registry.
    pub(super) entering: tokio::sync::Mutex<()>,
    /// Lists of meters that are asked before they are added.
    pub(super) askings: Askings,
    /// Held while a job runs.
    pub(super) job_runs: tokio::sync::Mutex<()>,
    pub(super) tariffs: Tariffs,
    dialect: Arc<Dialect>,
    fleet: RwLock<BTreeMap<MeterId, Arc<Served>>>,
    /// Days of the building that were worked out lately.
    pub(super) house: HouseDays,
    /// Changes that the polling has not looked at yet.
    changes: Mutex<Vec<Arc<Served>>>,
    numbers: AtomicU64,
    stop: CancellationToken,
}

/// What the box lays down for the room.
#[derive(Clone, Debug)]
pub struct Deps {
    /// How long half-hours are kept; zero: for ever.
    pub readings: Span,
    /// How long settled top-ups are kept; zero: for ever.
    pub money: Span,
    /// Sends away who listens when it ends.
    pub streams: CancellationToken,
    /// The file of the key that seals codes; `None`: a key that lives as long as the process.
    pub seal_key: Option<PathBuf>,
    /// Where the house stands (`site.timezone`).
    pub timezone: TimeZone,
}

impl Default for Deps {
    fn default() -> Deps {
        Deps {
            readings: Span::seconds(0),
            money: Span::seconds(0),
            streams: CancellationToken::new(),
            seal_key: None,
            timezone: TimeZone::UTC,
        }
    }
}

/// The room cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The unconfirmed constants contradict one another.
    #[error(transparent)]
    Inferred(#[from] InferredError),
    /// The registry cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Something about meters did not work.
#[derive(Debug, thiserror::Error)]
pub enum MetersError {
    /// There is no such meter, or it is not served.
    #[error("there is no meter {0}")]
    Unknown(MeterId),
    /// It is known, but nobody may ask it.
    #[error("meter {0} is not served")]
    Off(MeterId),
    /// There is one of that serial.
    #[error("there is already a meter {0}")]
    Exists(MeterId),
    /// The configuration has it.
    #[error("meter {0} stands in the configuration file: change it there and reload")]
    Fixed(MeterId),
    /// Its entry cannot be.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Another meter hangs on that line.
    #[error("the link {link} is the one of meter {meter}: one line leads to one meter")]
    Link {
        /// The way that is wanted.
        link: String,
        meter: MeterId,
    },
    /// Another meter answers there.
    #[error(
        "another meter answers: {says}, expected {expected}; nothing was changed: correct the serial, or the link, or the plug"
    )]
    Another {
        /// The serial that was expected.
        expected: MeterId,
        /// The serial that the meter says.
        says: String,
    },
    /// What proves a top-up is held against the meter's clock.
    #[error("meter {0} has a top-up that is not settled: its clock is set afterwards")]
    Unsettled(MeterId),
    /// Codes were given for it of which nobody knows yet what becomes of them.
    #[error("meter {meter} has codes that are not settled: {topups}")]
    OpenTopups {
        meter: MeterId,
        /// By id and state.
        topups: String,
    },
    /// A frame with a code that is none.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A code was not taken in.
    #[error(transparent)]
    Topup(#[from] TopupError),
    /// The meter did not take the code.
    #[error("the meter did not take the code: it was used before, or is not for this meter")]
    NotTaken,
    /// What became of a code is not known yet.
    #[error(
        "what became of the code is not known yet: the meter is asked on, and the code is not sent again (top-up {0})"
    )]
    NotSettled(String),
    /// It is a bad hour for it.
    #[error(
        "{what} now, since nobody may be there to help: meters.friendly_hours keeps {hours} free of it. It may be from {from} on"
    )]
    Unfriendly {
        /// What is not done.
        what: &'static str,
        /// The hours that are kept free of it.
        hours: FriendlyHours,
        /// From when on it may be, where the house stands.
        from: String,
    },
    /// Prepayment is not switched on with so little.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// There is nothing to look at beforehand.
    #[error("that reads and writes nothing: there is no frame to look at beforehand")]
    NoWrite,
    /// The object holds more bytes, or fewer.
    #[error(transparent)]
    PayloadSize(#[from] PayloadSizeError),
    /// Meters of its kind have no such object.
    #[error("meter {meter} is a three phase meter, and those have no {object}")]
    HasNot {
        meter: MeterId,
        /// The object's name.
        object: String,
    },
    /// Its parts are being written as a whole.
    #[error("a tariff is being written to meter {0}")]
    TariffUnderWay(MeterId),
    /// No reason, or one that nobody would read.
    #[error("a reason is needed, 1 to 300 characters, without control characters and without a code")]
    Why,
    /// The box's own clock stands wrong: no meter's is set by it.
    #[error("the clock of this box stands wrong: no meter's is set by it; set it, or let the box reach a time server")]
    ClockWrong,
    /// The meter, or the way to it, did not answer.
    #[error(transparent)]
    Unanswered(#[from] DriverError),
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The book did not take the change.
    #[error("not written: {0}")]
    Write(Unwritten),
}

impl Meters {
    /// The room with the meters of the configuration and of this book; nothing runs yet.
    pub fn new(config: Config, fixed: Vec<Entry>, store: Store) -> Result<Arc<Meters>, BuildError> {
        Meters::with_deps(config, fixed, store, Deps::default())
    }

    /// The room with what the box lays down for it.
    pub fn with_deps(config: Config, fixed: Vec<Entry>, store: Store, deps: Deps) -> Result<Arc<Meters>, BuildError> {
        let registry = Registry::new(store.clone());
        let built = store.now();
        let room = Meters {
            dialect: Arc::new(config.dialect()?),
            hall: Arc::new(Hall::new(
                store.clone(),
                config.max_listeners as usize,
                deps.streams.child_token(),
            )),
            config,
            writer: MetersWriter::new(store.clone()),
            readings: ReadingsWriter::new(store.clone()),
            kept: deps.readings,
            timezone: deps.timezone,
            store,
            notes: Notes::default(),
            permits: Semaphore::new(AT_ONCE),
            changed: Notify::new(),
            workers: TaskTracker::new(),
            topups: Arc::new(Topups::new(deps.seal_key, deps.money)),
            built,
            entering: tokio::sync::Mutex::default(),
            askings: Askings::default(),
            job_runs: tokio::sync::Mutex::default(),
            tariffs: Tariffs::new(),
            fleet: RwLock::default(),
            house: HouseDays::default(),
            changes: Mutex::default(),
            numbers: AtomicU64::new(0),
            stop: CancellationToken::new(),
        };
        let mut states: BTreeMap<_, _> = registry.states()?.into_iter().collect();
        let duties: BTreeMap<_, _> = registry.duties()?.into_iter().collect();
        let fixed: Vec<Meter> = fixed.iter().map(Entry::meter).collect();
        let serials: BTreeSet<MeterId> = fixed.iter().map(|meter| meter.serial.clone()).collect();
        let added = registry
            .added()?
            .into_iter()
            .filter(|meter| !serials.contains(&meter.serial));
        let all = fixed.into_iter().map(|meter| (meter, Source::Config));
        for (meter, source) in all.chain(added.map(|meter| (meter, Source::Added))) {
            let beginning = Beginning {
                duty: duties.get(&meter.serial).copied().unwrap_or_default(),
                state: states.remove(&meter.serial).unwrap_or_default(),
                meter,
                source,
            };
            let serial = beginning.meter.serial.clone();
            if let Err(error) = room.serve(beginning) {
                tracing::error!(meter.id = %serial, %error, "a meter of the registry cannot be served");
            }
        }
        Ok(Arc::new(room))
    }

    /// The protocol as the configuration has it.
    #[must_use]
    pub fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    /// Every meter, by serial.
    #[must_use]
    pub fn list(&self) -> Vec<MeterShown> {
        let now = self.store.now();
        self.all().iter().map(|served| self.shown(served, now)).collect()
    }

    /// One meter.
    pub fn show(&self, meter: &MeterId) -> Result<MeterShown, MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        Ok(self.shown(&served, self.store.now()))
    }

    /// The fleet in numbers.
    #[must_use]
    pub fn fleet(&self) -> FleetShown {
        let now = self.store.now();
        let to_settle = self.topups_to_settle(None).unwrap_or_else(|error| {
            tracing::error!(%error, "top-ups cannot be read");
            Vec::new()
        });
        let to_settle = to_settle.into_iter().map(|topup| ToSettle {
            id: topup.id,
            meter: topup.meter,
            made: topup.made,
        });
        FleetShown {
            to_settle: to_settle.collect(),
            codes_unknown_before: self.codes_unknown_before(),
            ..FleetShown::of(&self.all(), self.horizon(now), now)
        }
    }

    pub(super) fn shown(&self, served: &Served, now: Timestamp) -> MeterShown {
        MeterShown::of(served, self.horizon(now), now)
    }

    /// The newest entries of a meter's own log, oldest first.
    pub fn logged(&self, meter: &MeterId) -> Result<Vec<LoggedEvent>, ReadError> {
        Registry::new(self.store.clone()).events(meter)
    }

    /// The meter, when there is one.
    pub(super) fn served(&self, meter: &MeterId) -> Option<Arc<Served>> {
        self.fleet
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(meter)
            .cloned()
    }

    /// All of them, by serial.
    pub(super) fn all(&self) -> Vec<Arc<Served>> {
        self.fleet
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// What changed since it was last asked.
    pub(super) fn changes(&self) -> Vec<Arc<Served>> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nobody may ask any meter any more.
    pub(super) fn close(&self) {
        self.stop.cancel();
    }

    /// Whether nobody may ask any meter any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until nobody may ask any meter any more.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Tells those who listen what the journal says of meters.
    pub(super) async fn follow(&self) -> ReadError {
        let mut tail = self.store.tail(self.hall.feed().newest());
        loop {
            match tail.next().await {
                Ok(Delivery::Entry(entry)) => {
                    // Whoever hears of it and looks then sees it.
                    for event in &entry.events {
                        if let Event::Meter { meter, .. } = event {
                            self.look_up(meter);
                        }
                    }
                    self.hall.feed().add(&entry);
                }
                Ok(Delivery::Gap(gap)) => self.hall.feed().lose(gap.to),
                Err(error) => return error,
            }
        }
    }

    /// Shows what the book has of a meter.
    fn look_up(&self, meter: &MeterId) {
        let Some(served) = self.served(meter) else { return };
        // Under the lock, so that what is written meanwhile comes after it.
        let mut live = served.live();
        match Registry::new(self.store.clone()).state(meter) {
            Ok(Some(state)) => {
                let half_hours = live.shown.half_hours.clone();
                live.is_written(MeterState { half_hours, ..state });
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(meter.id = %meter, %error, "what was last known of a meter cannot be read"),
        }
    }

    /// The polling is to look at a meter.
    pub(super) fn tell(&self, served: &Arc<Served>) {
        self.changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(served));
        self.changed.notify_one();
    }

    /// A meter that nobody finds yet.
    pub(super) fn at_rest(&self, beginning: Beginning) -> Result<Arc<Served>, TargetError> {
        let target: Target = beginning.meter.link.parse()?;
        let rules = self.config.rules();
        let link = Link::new(target, self.config.socks5_url.clone());
        let session = Session::new(link, Arc::clone(&self.dialect), rules);
        let driver = Driver::new(session, rules.timeout, self.stop.child_token(), self.workers.clone());
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Served::new(beginning, number, driver)))
    }

    /// Has a meter found from now on.
    pub(super) fn enter(&self, served: &Arc<Served>) {
        let serial = served.meter.serial.clone();
        let mut fleet = self.fleet.write().unwrap_or_else(PoisonError::into_inner);
        fleet.insert(serial, Arc::clone(served));
    }

    /// Has a meter found no more.
    pub(super) fn leave(&self, meter: &MeterId) {
        self.fleet.write().unwrap_or_else(PoisonError::into_inner).remove(meter);
        self.house.forget();
    }

    /// A meter that is found at once.
    pub(super) fn serve(&self, beginning: Beginning) -> Result<Arc<Served>, TargetError> {
        let served = self.at_rest(beginning)?;
        self.enter(&served);
        self.house.forget();
        Ok(served)
    }
}

pub(super) fn written(error: WriteError<RegistryError>) -> MetersError {
    match error.split() {
        Ok(RegistryError::Exists(meter)) => MetersError::Exists(meter),
        Ok(RegistryError::Unknown(meter)) => MetersError::Unknown(meter),
        Ok(RegistryError::Row(error)) => MetersError::Row(error),
        Err(why) => MetersError::Write(why),
    }
}
