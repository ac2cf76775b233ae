//! One session with the broker, from the moment it is open until it ends: says hello, keeps the newest state told, and
//! sends the journal in order within the window.
//!
//! One task does all of it, so nothing waits for a lock or a channel: it reads whatever comes, and sends as long as the
//! window has room. What is not acknowledged when the session ends is sent again in the next one, from the journal.

mod about;
mod allowed;
mod aside;
pub(super) mod ended;
mod hearing;
mod keeping;
mod kept;
mod line;
mod listening;
pub(super) mod pace;
mod pulse;
pub(super) mod quarantine;
mod regular;
mod sending;
mod subscription;
mod timers;
mod window;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connection::error::ConnectionError;
use super::connection::retry::SessionEnd;
use super::connection::wire::{Incoming, Message, Opened, Wire, WireError};
use super::context::Context;
use super::error::UplinkError;
use super::outbox::{Outbox, Outgoing};
use crate::domain::{Lane, Seq};
use about::{About, Greeting};
use allowed::Allowed;
use ended::{Ended, SendError};
use kept::Kept;
use pace::Pace;
use pulse::Pulse;
use subscription::MqttSubscriptions;
use timers::Timers;
use window::Window;

/// For what was written before the box stops (UPLINK §4.8).
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);

/// One session.
pub struct Session<'a> {
    context: &'a Context,
    wire: Wire,
    outbox: Outbox,
    window: Window<About>,
    pace: &'a mut Pace,
    pulse: Pulse,
    timers: Timers,
    allowed: Allowed,
    kept: Kept,
    subscription: MqttSubscriptions,
    greeting: Greeting,
    /// What is said beside the journal and the newest state, the greeting first.
    hello: VecDeque<Message>,
    live: VecDeque<Message>,
    /// Live messages on their way: they may take half of the window, so that the journal goes on.
    live_sent: usize,
    /// Messages at most once that wait to leave; then they count as taken.
    leaving: Vec<About>,
    /// Messages that are sent no more and are to be set aside.
    poison: Vec<Outgoing>,
    /// What is sent next has nothing beside it on its way.
    alone: bool,
    /// Whether nothing was said yet, on purpose.
    silent: bool,
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
        context: &'a Context,
        (wire, opened): (Wire, Opened),
        pace: &'a mut Pace,
    ) -> Result<Session<'a>, UplinkError> {
        // The cursors are taken anew for each session; only a fault of ours can have left them taken.
        let outbox = Outbox::open(&context.store)?;
        let wanted = usize::from(context.config.window);
        let limit = opened.receive_max.map_or(wanted, |most| wanted.min(usize::from(most)));
        let agreed = context.agreed().clone();
        if let Some(named) = &opened.named {
            context.status.write().client_id.clone_from(named);
        }
        // 0: the broker does not look whether the box is there; the box still looks whether the broker is.
        let keep_alive = opened
            .keep_alive_s
            .or(agreed.keep_alive_s)
            .filter(|seconds| *seconds > 0);
        let keep_alive = keep_alive.map_or(context.config.keep_alive.0, |seconds| {
            Duration::from_secs(u64::from(seconds))
        });
        let now = Instant::now();
        context.live.begin();
        context.live.add(context.dialect.things()?);
        let hello = VecDeque::from(context.dialect.birth()?);
        Ok(Session {
            window: Window::new(limit),
            pulse: Pulse::new(keep_alive, context.patience.pong, now),
            timers: Timers::new(now, &context.patience),
            allowed: Allowed::new(&agreed, &opened),
            kept: Kept::default(),
            subscription: MqttSubscriptions::default(),
            greeting: Greeting::new(hello.len()),
            hello,
            live: VecDeque::new(),
            live_sent: 0,
            leaving: Vec::new(),
            poison: Vec::new(),
            alone: false,
            silent: false,
            ends: None,
            context,
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
                () = self.context.tokens.wanted(), if self.subscription.stands() => Woken::TokenWanted,
                () = self.context.live.changed(), if live_room => Woken::More,
                more = self.outbox.wait(), if room && resting.is_none() && self.hello.is_empty() && !self.alone => {
                    more?;
                    Woken::More
                }
                () = until(resting), if room => Woken::More,
                () = sleep_until(watch) => Woken::More,
            };
            match woken {
                Woken::Stop => self.ends = Some((Instant::now() + LAST_WORDS, *self.context.store.bell().borrow())),
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
        let now = Instant::now();
        if !self.timers.is_time_to_ask(now) || !self.outbox.is_quiet(Lane::Critical) {
            return Ok(());
        }
        let orphans = self.context.takes_orphans()?;
        // What was told a moment ago is known to be told a moment later.
        if !orphans && self.context.has_orphans() && self.timers.puts_off_asking(now) {
            return Ok(());
        }
        self.timers.asked();
        self.hello.extend(self.context.dialect.subscribed(orphans));
        Ok(())
    }

    /// Everything is told once more, when somebody wanted that and it is time.
    fn tell_all(&mut self) -> Result<(), UplinkError> {
        if self.timers.all(Instant::now()) {
            self.kept.begin_anew();
            // Of a broker that keeps nothing, whoever was born has not heard that the box is there.
            self.hello.extend(self.context.dialect.birth()?);
            self.context.live.begin();
            self.context.live.add(self.context.dialect.things()?);
            let health = self.link_health();
            self.hello
                .extend(self.context.dialect.health(&health, Timestamp::now()));
        }
        Ok(())
    }

    /// Whether the greeting was taken.
    pub(super) fn is_greeted(&self) -> bool {
        self.greeting.is_over()
    }

    /// Whether it said nothing yet, on purpose.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// How the session ended, as far as it shows whether another client took its place.
    pub(super) fn end(&self, fault: &ConnectionError) -> SessionEnd {
        match fault {
            ConnectionError::Wire(WireError::Closed | WireError::Io(_)) if self.silent => SessionEnd::ClosedInSilence,
            ConnectionError::Wire(WireError::Closed) if self.greeting.is_over() && self.window.is_empty() => {
                SessionEnd::ClosedAtRest
            }
            ConnectionError::Wire(WireError::Closed | WireError::Io(_)) => SessionEnd::Closed,
            _ => SessionEnd::Otherwise,
        }
    }

    /// Says nothing for a while, so that it is seen whether the session ends by itself.
    pub(super) async fn be_silent(&mut self) -> Result<(), ConnectionError> {
        self.silent = true;
        let until = Instant::now() + self.context.patience.short / 10;
        loop {
            tokio::select! {
                came = self.wire.next() => self.came(came?).await?,
                () = sleep_until(until) => break,
            }
        }
        self.silent = false;
        Ok(())
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
