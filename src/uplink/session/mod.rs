//! One session with the broker, from the moment it is open until it ends: says hello, keeps the newest state told, and
//! sends the journal in order within the window.
//!
//! One task does all of it, so nothing waits for a lock or a channel: it reads whatever comes, and sends as long as the
//! window has room. What is not acknowledged when the session ends is sent again in the next one, from the journal.

mod aside;
mod keeping;
mod line;
pub(super) mod pace;
pub(super) mod quarantine;
mod regular;
mod sending;
mod subscription;
mod window;

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connection::error::ConnectionError;
use super::connection::retry::SessionEnd;
use super::connection::wire::{Delivered, Incoming, Larger, Message, Opened, Wire, WireError};
use sending::SendError;

use super::dialect::Meaning;
use super::operations::{Arrival, OperationRequest};
use super::outbox::{Outbox, Outgoing};
use super::room::{Shared, UplinkError, chance};
use crate::domain::{Lane, Seq};
use crate::store::SubscribeError;
use keeping::Keeping;
use line::LAST_WORDS;
use pace::Pace;
use regular::Regular;
use subscription::Subscription;
use window::Window;

/// Within so long of Home Assistant's start it is told everything.
const TELLS_ALL: Duration = Duration::from_secs(5);

/// How long the journal may need to know what was acknowledged, and how often is looked.
const A_MOMENT: Duration = Duration::from_millis(100);
const WAITS_TO_ASK: u8 = 20;

/// How a session ended.
#[derive(Debug)]
pub enum Ended {
    /// The box stops.
    Stopped,
    /// The files it was opened with have changed.
    FilesChanged,
    /// Something was wrong.
    Broke(ConnectionError),
}

/// What a message on its way is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    /// Part of the greeting.
    Greeting,
    /// Something that is not asked about again.
    Hello,
    /// The newest state of something.
    Live,
    /// An entry of the journal.
    Journal(Outgoing),
}

impl About {
    fn class(&self) -> &'static str {
        match self {
            About::Journal(parcel) => parcel.class(),
            About::Greeting | About::Hello | About::Live => "other",
        }
    }
}

/// One session.
pub struct Session<'a> {
    shared: &'a Shared,
    wire: Wire,
    outbox: Outbox,
    window: Window<About>,
    pace: &'a mut Pace,
    hello: VecDeque<Message>,
    live: VecDeque<Message>,
    /// Live messages on their way: they may take half of the window, so that the journal goes on.
    live_sent: usize,
    keep_alive: Duration,
    heard: Instant,
    spoke: Instant,
    pinged: Option<Instant>,
    /// What the broker allows: retained messages, messages at least once, subscriptions with wildcards.
    retain: bool,
    surely: bool,
    wildcards: bool,
    /// Messages at most once that wait to leave; then they count as taken.
    leaving: Vec<About>,
    keeping: Keeping,
    /// Whether nothing was said yet, on purpose.
    silent: bool,
    /// When everything is told once more.
    tells_all_at: Option<Instant>,
    subscription: Subscription,
    regular: Regular,
    /// Parts of the greeting that are to be sent, and that are not taken yet.
    unsent: usize,
    untaken: usize,
    greeted: bool,
    /// What is sent next has nothing beside it on its way.
    alone: bool,
    /// Messages that are sent no more and are to be set aside.
    poison: Vec<Outgoing>,
    /// When to ask for operations that wait at the platform.
    asks_at: Option<Instant>,
    /// How often that may still be put off.
    waits_to_ask: u8,
    /// The box stops: until when what was written up to this change is still sent.
    ends: Option<(Instant, Seq)>,
}

/// What the task waits for before it looks again.
enum Woken {
    Came(Result<Incoming, WireError>),
    More,
    TokenWanted,
    Stop,
    FilesChanged,
}

impl<'a> Session<'a> {
    /// A session on an open line.
    pub fn new(
        shared: &'a Shared,
        (wire, opened): (Wire, Opened),
        outbox: Outbox,
        pace: &'a mut Pace,
    ) -> Result<Session<'a>, UplinkError> {
        let wanted = usize::from(shared.config.window);
        let limit = opened.receive_max.map_or(wanted, |most| wanted.min(usize::from(most)));
        let agreed = shared.agreed().clone();
        if let Some(named) = &opened.named {
            shared.status.write().client_id.clone_from(named);
        }
        // 0: the broker does not look whether the box is there; the box still looks whether the broker is.
        let keep_alive = opened
            .keep_alive_s
            .or(agreed.keep_alive_s)
            .filter(|seconds| *seconds > 0);
        let keep_alive = keep_alive.map(|seconds| Duration::from_secs(u64::from(seconds)));
        let now = Instant::now();
        shared.live.begin();
        shared.live.add(shared.dialect.things()?);
        let hello = VecDeque::from(shared.dialect.birth()?);
        Ok(Session {
            unsent: hello.len(),
            untaken: hello.len(),
            hello,
            live: VecDeque::new(),
            live_sent: 0,
            window: Window::new(limit),
            keep_alive: keep_alive.unwrap_or(shared.config.keep_alive.0),
            heard: now,
            spoke: now,
            pinged: None,
            retain: agreed.retain && !opened.no_retain,
            surely: agreed.surely && !opened.only_perhaps,
            wildcards: !opened.no_wildcards,
            leaving: Vec::new(),
            keeping: Keeping::default(),
            silent: false,
            tells_all_at: None,
            subscription: Subscription::default(),
            regular: Regular::new(now, &shared.patience),
            greeted: false,
            alone: false,
            poison: Vec::new(),
            asks_at: None,
            waits_to_ask: WAITS_TO_ASK,
            ends: None,
            shared,
            wire,
            outbox,
            pace,
        })
    }

    /// Goes on until it ends. An error is ours, not the broker's.
    pub async fn run(
        &mut self,
        stop: &CancellationToken,
        files: impl Future<Output = ()>,
    ) -> Result<Ended, UplinkError> {
        let mut files = std::pin::pin!(files);
        self.begin_keeping().await?;
        loop {
            if let Err(error) = self.listen().await {
                return Ok(Ended::Broke(error.into()));
            }
            self.ask_for_what_waits()?;
            self.tell_all()?;
            self.say_regularly(Instant::now())?;
            let resting = match self.send().await {
                Ok(resting) => resting,
                Err(SendError::Line(error)) => return Ok(Ended::Broke(error.into())),
                Err(SendError::Own(error)) => return Err(error),
            };
            self.set_aside().await?;
            self.forget_what_is_gone().await?;
            if self.has_said_enough(resting.is_some()) {
                self.farewell().await;
                return Ok(Ended::Stopped);
            }
            let watch = self.watch();
            let room = self.window.has_room();
            let live_room = self.has_live_room();
            let woken = tokio::select! {
                biased;
                () = stop.cancelled(), if self.ends.is_none() => Woken::Stop,
                came = self.wire.next() => Woken::Came(came),
                () = &mut files => Woken::FilesChanged,
                () = self.shared.tokens.wanted(), if self.subscription.stands() => Woken::TokenWanted,
                () = self.shared.live.changed(), if live_room => Woken::More,
                more = self.outbox.wait(), if room && resting.is_none() && self.hello.is_empty() && !self.alone => {
                    more?;
                    Woken::More
                }
                () = until(resting), if room => Woken::More,
                () = sleep_until(watch) => Woken::More,
            };
            match woken {
                Woken::Stop => self.ends = Some((Instant::now() + LAST_WORDS, *self.shared.store.bell().borrow())),
                Woken::FilesChanged => {
                    self.farewell().await;
                    return Ok(Ended::FilesChanged);
                }
                Woken::Came(came) => {
                    if let Err(fault) = self.all_that_came(came).await {
                        return Ok(Ended::Broke(fault));
                    }
                }
                Woken::TokenWanted => {
                    if let Err(error) = self.ask_for_a_token().await {
                        return Ok(Ended::Broke(error.into()));
                    }
                }
                Woken::More => {}
            }
            if let Err(fault) = self.look_after_the_line().await {
                return Ok(Ended::Broke(fault));
            }
        }
    }

    /// Asks for operations that wait there, when the subscriptions stand and what came by itself is claimed.
    fn ask_for_what_waits(&mut self) -> Result<(), UplinkError> {
        let Some(at) = self.asks_at else { return Ok(()) };
        if Instant::now() < at || !self.outbox.is_quiet(Lane::Critical) {
            return Ok(());
        }
        let orphans = self.shared.takes_orphans()?;
        // What was told a moment ago is known to be told a moment later.
        if !orphans && self.shared.has_orphans() && self.waits_to_ask > 0 {
            self.waits_to_ask -= 1;
            self.asks_at = Some(Instant::now() + A_MOMENT);
            return Ok(());
        }
        self.asks_at = None;
        self.hello.extend(self.shared.dialect.subscribed(orphans));
        Ok(())
    }

    /// Everything is told once more, when somebody wanted that and it is time.
    fn tell_all(&mut self) -> Result<(), UplinkError> {
        if self.tells_all_at.take_if(|at| *at <= Instant::now()).is_some() {
            self.keeping.begin_anew();
            // Of a broker that keeps nothing, whoever was born has not heard that the box is there.
            self.hello.extend(self.shared.dialect.birth()?);
            self.shared.live.begin();
            self.shared.live.add(self.shared.dialect.things()?);
            let health = self.link_health();
            self.hello.extend(self.shared.dialect.health(&health, Timestamp::now()));
        }
        Ok(())
    }

    /// Takes what came, and what came with it.
    async fn all_that_came(&mut self, first: Result<Incoming, WireError>) -> Result<(), ConnectionError> {
        self.came(first?).await?;
        while let Some(more) = self.wire.next().now_or_never() {
            self.came(more?).await?;
        }
        Ok(())
    }

    async fn came(&mut self, incoming: Incoming) -> Result<(), ConnectionError> {
        self.heard = Instant::now();
        self.pinged = None;
        match incoming {
            Incoming::Taken(id, refused) => {
                if let Some(sent) = self.window.sent_at(id) {
                    self.shared.status.took(sent.elapsed());
                }
                let about = self.window.taken(id);
                if let Some(why) = refused {
                    // Sent again it would be refused again, and hold up all that follows.
                    tracing::warn!(%why, "the broker refused a message for good; it is dropped");
                    self.shared.status.dropped(about.as_ref().map_or("other", About::class));
                } else if about.is_some() {
                    self.keeping.taken(id);
                    self.shared.status.write().published += 1;
                }
                if let Some(about) = about {
                    self.done(&about);
                }
            }
            Incoming::Subscribed(id, granted) => {
                self.window.taken(id);
                self.granted(&granted);
            }
            Incoming::Message(delivered) => self.told(delivered).await?,
            Incoming::HangsUp(why) => return Err(ConnectionError::HungUp(why)),
            // Some brokers announce with a second one that they hang up.
            Incoming::Opened(opened) => {
                return Err(opened
                    .refused
                    .map_or(ConnectionError::NoAnswer, ConnectionError::Refused));
            }
            Incoming::Larger(larger) => {
                let id = larger.id;
                self.passed_over(larger);
                // It is dealt with: not acknowledged, it would come again and again.
                if id != 0 {
                    self.wire.acknowledge(id).await?;
                }
            }
            Incoming::Pong | Incoming::Other => {}
        }
        Ok(())
    }

    /// Whether the greeting was taken.
    pub(super) fn is_greeted(&self) -> bool {
        self.greeted
    }

    /// Whether it said nothing yet, on purpose.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// How the session ended, as far as it shows whether another client took its place.
    pub(super) fn end(&self, fault: &ConnectionError) -> SessionEnd {
        match fault {
            ConnectionError::Wire(WireError::Closed | WireError::Io(_)) if self.silent => SessionEnd::ClosedInSilence,
            ConnectionError::Wire(WireError::Closed) if self.greeted && self.window.is_empty() => {
                SessionEnd::ClosedAtRest
            }
            ConnectionError::Wire(WireError::Closed | WireError::Io(_)) => SessionEnd::Closed,
            _ => SessionEnd::Otherwise,
        }
    }

    /// Says nothing for a while, so that it is seen whether the session ends by itself.
    pub(super) async fn be_silent(&mut self) -> Result<(), ConnectionError> {
        self.silent = true;
        let until = Instant::now() + self.shared.patience.short / 10;
        loop {
            tokio::select! {
                came = self.wire.next() => self.came(came?).await?,
                () = sleep_until(until) => break,
            }
        }
        self.silent = false;
        Ok(())
    }

    /// A message was larger than the box takes.
    fn passed_over(&self, larger: Larger) {
        let fault = ConnectionError::Larger(larger);
        tracing::warn!(what = %fault, mend = fault.mend(), "a message was passed over");
        self.shared.status.note(&fault, Timestamp::now());
    }

    /// A message needs no more care: it was taken, or never will be.
    fn done(&mut self, about: &About) {
        match about {
            About::Journal(parcel) => {
                self.shared.suspects.taken(parcel);
                self.outbox.taken(&parcel.tickets, &self.shared.dealt);
            }
            About::Live => self.live_sent -= 1,
            About::Hello => {}
            About::Greeting => {
                self.untaken -= 1;
                if self.untaken == 0 {
                    self.greeted = true;
                    if let Some(limit) = self.shared.agreed().greeted() {
                        self.shared.limited(limit);
                    }
                    self.shared.dialect.born(Timestamp::now());
                }
            }
        }
    }

    async fn told(&mut self, delivered: Delivered) -> Result<(), ConnectionError> {
        let heard = self.shared.dialect.heard(&delivered);
        self.shared.status.write().ignored = self.shared.dialect.ignored();
        for heard in heard {
            match heard {
                Meaning::Token(line) => self.shared.tokens.came(&line, Timestamp::now()),
                Meaning::Number(number) => self.shared.status.write().number = Some(number),
                Meaning::Complaint(text) => self.shared.status.complaint(&text, Timestamp::now()),
                // Many boxes may hear it at once.
                Meaning::TellAll => {
                    let soon = TELLS_ALL.mul_f64(chance());
                    self.tells_all_at.get_or_insert(Instant::now() + soon);
                }
                // Only what is written down is acknowledged; what is not comes again.
                Meaning::Operations(asked) => {
                    if !self.write_down(asked).await {
                        return Ok(());
                    }
                }
            }
        }
        if delivered.id != 0 {
            self.wire.acknowledge(delivered.id).await?;
        }
        Ok(())
    }

    /// Writes down what was asked for; whether all of it is.
    async fn write_down(&mut self, asked: Vec<OperationRequest>) -> bool {
        for asked in asked {
            let kind = asked.operation.kind.clone();
            let claim = self.shared.claim();
            match self.shared.operations.arrived(asked, claim, Timestamp::now()).await {
                Ok(Arrival::New | Arrival::Known) => {}
                Ok(Arrival::Refused) => self.shared.status.operation(&kind, "refused"),
                Err(error) => {
                    tracing::warn!(kind, %error, "an operation could not be written down");
                    return false;
                }
            }
        }
        true
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The cursors are taken anew for each session; only a fault of ours can have left them taken.
pub(super) fn outbox(shared: &Shared) -> Result<Outbox, SubscribeError> {
    Outbox::open(&shared.store)
}
