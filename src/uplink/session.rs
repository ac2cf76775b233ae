//! One session with the broker, from the moment it is open until it ends: says hello, keeps the newest state told, and
//! sends the journal in order within the window.
//!
//! One task does all of it, so nothing waits for a lock or a channel: it reads whatever comes, and sends as long as the
//! window has room. What is not acknowledged when the session ends is sent again in the next one, from the journal.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::config::Reports;
use super::fault::Fault;
use super::outbox::{Outbox, Parcel, Ticket};
use super::pace::Pace;
use super::room::{Shared, UplinkError};
use super::speech::Heard;
use super::window::Window;
use super::wire::{Delivered, Incoming, Message, Opened, Wire, WireError};
use crate::domain::Lane;
use crate::store::SubscribeError;

/// The answer to a ping, or to a message, is awaited for so long.
const PONG: Duration = Duration::from_secs(10);
const TAKEN: Duration = Duration::from_secs(30);
/// For what is under way when the box stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// An entry that is older than this when its turn comes is sent at the pace of a replay.
const FRESH: Duration = Duration::from_secs(10);
const FRESH_SIGNED: SignedDuration = SignedDuration::from_secs(10);
/// After the subscriptions stand, operations without ids come by themselves for so long.
const CLAIMED: Duration = Duration::from_secs(5);
/// What is held back is looked at this often.
const HELD: Duration = Duration::from_millis(500);
/// For bytes to leave.
const FLUSH: Duration = Duration::from_secs(30);

/// How a session ended.
#[derive(Debug)]
pub enum Ended {
    /// The box stops.
    Stopped,
    /// The files it was opened with have changed.
    FilesChanged,
    /// Something was wrong.
    Broke(Fault),
}

/// What a message on its way is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    /// Part of the greeting.
    Hello,
    /// The newest state of something.
    Live,
    /// An entry of the journal.
    Journal(Vec<Ticket>),
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
    no_retain: bool,
    subscribed: bool,
    /// When to ask for operations that wait at the platform.
    asks_at: Option<Instant>,
}

/// What the task waits for before it looks again.
enum Woken {
    Came(Result<Incoming, WireError>),
    More,
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
        let keep_alive = opened
            .keep_alive_s
            .map(|seconds| Duration::from_secs(u64::from(seconds.max(1))));
        let now = Instant::now();
        shared.live.begin();
        shared.live.add(shared.speech.things()?);
        Ok(Session {
            hello: shared.speech.hello()?.into(),
            live: VecDeque::new(),
            live_sent: 0,
            window: Window::new(limit),
            keep_alive: keep_alive.unwrap_or(shared.config.keep_alive.0),
            heard: now,
            spoke: now,
            pinged: None,
            no_retain: opened.no_retain,
            subscribed: false,
            asks_at: None,
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
        loop {
            if let Err(error) = self.listen().await {
                return Ok(Ended::Broke(error.into()));
            }
            self.ask_for_what_waits()?;
            let resting = match self.send().await? {
                Ok(resting) => resting,
                Err(error) => return Ok(Ended::Broke(error.into())),
            };
            let watch = self.watch();
            let room = self.window.has_room();
            let live_room = self.has_live_room();
            let woken = tokio::select! {
                biased;
                () = stop.cancelled() => Woken::Stop,
                came = self.wire.next() => Woken::Came(came),
                () = &mut files => Woken::FilesChanged,
                () = self.shared.live.changed(), if live_room => Woken::More,
                more = self.outbox.wait(), if room && resting.is_none() && self.hello.is_empty() => {
                    more?;
                    Woken::More
                }
                () = until(resting), if room => Woken::More,
                () = sleep_until(watch) => Woken::More,
            };
            match woken {
                Woken::Stop => {
                    self.farewell().await;
                    return Ok(Ended::Stopped);
                }
                Woken::FilesChanged => {
                    self.farewell().await;
                    return Ok(Ended::FilesChanged);
                }
                Woken::Came(came) => {
                    if let Err(fault) = self.all_that_came(came).await {
                        return Ok(Ended::Broke(fault));
                    }
                }
                Woken::More => {}
            }
            if let Err(fault) = self.look_after_the_line().await {
                return Ok(Ended::Broke(fault));
            }
        }
    }

    /// Subscribes, once the greeting is out: a platform has to know a device before it tells it anything.
    async fn listen(&mut self) -> Result<(), WireError> {
        let topics = self.shared.speech.listens_to();
        if self.subscribed || !self.hello.is_empty() || topics.is_empty() || !self.window.has_room() {
            return Ok(());
        }
        self.subscribed = true;
        let id = self.window.send(About::Hello, Instant::now());
        self.wire.subscribe(&topics, id).await
    }

    /// Asks for operations that wait there, when the subscriptions stand and what came by itself is claimed.
    fn ask_for_what_waits(&mut self) -> Result<(), UplinkError> {
        let Some(at) = self.asks_at else { return Ok(()) };
        if Instant::now() < at || !self.outbox.is_quiet(Lane::Critical) {
            return Ok(());
        }
        self.asks_at = None;
        let orphans = self.shared.takes_orphans()?;
        self.hello.extend(self.shared.speech.listening(orphans));
        Ok(())
    }

    /// Takes what came, and what came with it.
    async fn all_that_came(&mut self, first: Result<Incoming, WireError>) -> Result<(), Fault> {
        self.came(first?).await?;
        while let Some(more) = self.wire.next().now_or_never() {
            self.came(more?).await?;
        }
        Ok(())
    }

    async fn came(&mut self, incoming: Incoming) -> Result<(), Fault> {
        self.heard = Instant::now();
        self.pinged = None;
        match incoming {
            Incoming::Taken(id, refused) => {
                let about = self.window.taken(id);
                if let Some(why) = refused {
                    // Sent again it would be refused again, and hold up all that follows.
                    tracing::warn!(why, "the broker refused a message for good; it is dropped");
                    self.shared.board.write().dropped += 1;
                } else if about.is_some() {
                    self.shared.board.write().published += 1;
                }
                if let Some(about) = about {
                    self.done(&about);
                }
            }
            Incoming::Subscribed(id, granted) => {
                self.window.taken(id);
                if granted.contains(&false) {
                    tracing::warn!("the broker did not grant every subscription; values are sent all the same");
                }
                // Without ids, what comes by itself is claimed first, so that it does not come twice.
                let after = match self.shared.config.operations {
                    Reports::Json => Duration::ZERO,
                    Reports::Smartrest => CLAIMED,
                };
                self.asks_at = Some(Instant::now() + after);
            }
            Incoming::Message(delivered) => self.told(delivered).await?,
            Incoming::HangsUp(why) => return Err(Fault::HungUp(why)),
            // Some brokers announce with a second one that they hang up.
            Incoming::Opened(opened) => {
                return Err(opened.refused.map_or(Fault::NoAnswer, Fault::Refused));
            }
            Incoming::Pong | Incoming::Other => {}
        }
        Ok(())
    }

    /// A message needs no more care: it was taken, or never will be.
    fn done(&mut self, about: &About) {
        match about {
            About::Journal(tickets) => self.outbox.taken(tickets, &self.shared.dealt),
            About::Live => self.live_sent -= 1,
            About::Hello => {}
        }
    }

    async fn told(&mut self, delivered: Delivered) -> Result<(), Fault> {
        match self.shared.speech.heard(&delivered) {
            Heard::Nothing => {}
            Heard::TellAll => {
                if let Ok(things) = self.shared.speech.things() {
                    self.shared.live.begin();
                    self.shared.live.add(things);
                }
            }
            Heard::Operations(asked) => {
                for asked in asked {
                    let kind = asked.operation.kind.clone();
                    // Only what is written down is acknowledged; what is not comes again.
                    if let Err(error) = self
                        .shared
                        .operations
                        .arrived(asked, self.shared.claim(), Timestamp::now())
                        .await
                    {
                        tracing::warn!(kind, %error, "an operation could not be written down");
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

    /// Sends what can be sent now. Answers when the pace lets the journal go on, if it rests.
    async fn send(&mut self) -> Result<Result<Option<Instant>, WireError>, UplinkError> {
        let (mut resting, mut sent) = (None, false);
        while self.window.has_room() {
            let now = Instant::now();
            let (message, about) = match self.next(now)? {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(later) => {
                    resting = Some(later);
                    break;
                }
            };
            let (message, id) = (self.fitting(message), self.window.send(about.clone(), now));
            match self.wire.publish(&message, id).await {
                Ok(()) => sent = true,
                Err(WireError::TooLarge(bytes)) => {
                    tracing::error!(
                        bytes,
                        topic = message.topic,
                        "a message is larger than may be sent; it is dropped"
                    );
                    self.shared.board.write().dropped += 1;
                    self.window.taken(id);
                    self.done(&about);
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        if self.window.is_empty() {
            self.shared.caught_up();
        }
        self.shared.board.write().oldest_waiting = self.outbox.oldest_waiting();
        if sent {
            self.spoke = Instant::now();
            match timeout(FLUSH, self.wire.flush()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Ok(Err(error)),
                Err(_) => return Ok(Err(WireError::Closed)),
            }
        }
        Ok(Ok(resting))
    }

    /// What is sent next, if there is anything; or when the pace lets the journal go on.
    fn next(&mut self, now: Instant) -> Result<Result<Option<(Message, About)>, Instant>, UplinkError> {
        if let Some(message) = self.hello.pop_front() {
            return Ok(Ok(Some((message, About::Hello))));
        }
        if self.shared.config.live_first
            && let Some(message) = self.next_live(now)?
        {
            return Ok(Ok(Some((message, About::Live))));
        }
        Ok(match self.next_of_journal(now)? {
            Ok(Some(parcel)) => Ok(Some((parcel.message, About::Journal(parcel.tickets)))),
            // With all of the journal on its way, the newest state is not ahead of anything.
            Ok(None) => {
                self.hello.extend(self.shared.speech.settle(Timestamp::now()));
                match self.hello.pop_front() {
                    Some(message) => Ok(Some((message, About::Hello))),
                    None => Ok(self.next_live(now)?.map(|message| (message, About::Live))),
                }
            }
            Err(later) => Err(later),
        })
    }

    /// One live message may always be on its way, even through a window of one.
    fn has_live_room(&self) -> bool {
        self.window.has_room() && self.live_sent * 2 < usize::from(self.shared.config.window).max(2)
    }

    fn fitting(&self, mut message: Message) -> Message {
        message.retain &= !self.no_retain;
        message
    }

    fn next_live(&mut self, now: Instant) -> Result<Option<Message>, UplinkError> {
        if !self.has_live_room() {
            return Ok(None);
        }
        loop {
            if let Some(message) = self.live.pop_front() {
                self.live_sent += 1;
                return Ok(Some(message));
            }
            let Ok(thing) = self.shared.live.take(now) else {
                return Ok(None);
            };
            let lags = self.lags();
            self.live.extend(self.shared.speech.live(&thing, lags)?);
        }
    }

    /// Whether older values still wait.
    fn lags(&self) -> bool {
        let waits = |at: Timestamp| Timestamp::now().duration_since(at) > FRESH_SIGNED;
        self.outbox.oldest_waiting().is_some_and(waits)
    }

    /// The next message of the journal, if there is one; or when the pace lets it go.
    fn next_of_journal(&mut self, now: Instant) -> Result<Result<Option<Parcel>, Instant>, UplinkError> {
        let shared = self.shared;
        let said = self.outbox.take(&shared.dealt, shared.speech.shares(), |lane, delivery| {
            if let crate::store::Delivery::Gap(gap) = delivery {
                tracing::warn!(lane = ?lane, n = gap.n, from = gap.from.0, to = gap.to.0, "entries were lost before they were sent");
                shared.board.write().lost += gap.n;
            }
            shared.speech.journal(lane, delivery)
        });
        let Some(parcel) = said? else { return Ok(Ok(None)) };
        let age = |at: Timestamp| Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default();
        if parcel.at.is_some_and(|at| age(at) > FRESH)
            && let Err(later) = self.pace.take(now)
        {
            self.outbox.put_back(parcel);
            return Ok(Err(later));
        }
        Ok(Ok(Some(parcel)))
    }

    /// When the line must be looked after next.
    fn watch(&self) -> Instant {
        let ping = match self.pinged {
            Some(pinged) => pinged + PONG,
            None => self.heard.min(self.spoke) + self.keep_alive,
        };
        let taken = self.window.oldest().map(|sent| sent + TAKEN);
        // While the window has no room for it, an acknowledgement wakes us.
        let told = self.has_live_room().then(|| self.shared.live.next_due()).flatten();
        let held = self.shared.speech.holds().then(|| Instant::now() + HELD);
        [
            Some(ping),
            taken,
            told,
            held,
            self.asks_at.map(|at| at.max(Instant::now() + HELD / 10)),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(ping)
    }

    /// Asks whether the broker is there when it was silent, and gives up when it stays so.
    async fn look_after_the_line(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        if self.pinged.is_some_and(|pinged| now >= pinged + PONG) {
            return Err(Fault::Slow {
                step: "the answer to a ping",
                limit: PONG,
            });
        }
        if self.window.oldest().is_some_and(|sent| now >= sent + TAKEN) {
            return Err(Fault::Slow {
                step: "the acknowledgement of a message",
                limit: TAKEN,
            });
        }
        if self.pinged.is_none() && now >= self.heard.min(self.spoke) + self.keep_alive {
            self.wire.ping().await?;
            (self.pinged, self.spoke) = (Some(now), now);
        }
        Ok(())
    }

    /// Says goodbye, so that the broker does not have to say it for us.
    async fn farewell(&mut self) {
        let farewell = async {
            for message in self.shared.speech.goodbye() {
                let id = self.window.send(About::Hello, Instant::now());
                self.wire.publish(&message, id).await?;
            }
            self.wire.flush().await?;
            while !self.window.is_empty() {
                if let Incoming::Taken(id, None) = self.wire.next().await?
                    && let Some(About::Journal(tickets)) = self.window.taken(id)
                {
                    self.outbox.taken(&tickets, &self.shared.dealt);
                }
            }
            self.wire.close().await
        };
        // Whoever does not answer now learns it from the will.
        let _ = timeout(FAREWELL, farewell).await;
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
