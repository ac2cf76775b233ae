//! The driver of one meter: whoever wants something of it waits in its queue, and it is asked for one thing at a
//! time (EMOP §9).
//!
//! A driver that nobody asks anything is a few hundred bytes and no task. The first request starts a worker that
//! takes the session, carries out what waits, the most urgent first, and puts the session back.

mod queue;
mod schedule;
mod syncer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::emop::Dialect;
use super::emop::dialect::{ProhibitedError, Request};
use super::session::{Session, SessionError};
pub use queue::Rank;
use queue::{Queue, RequestId};
pub(super) use schedule::{Plan, Start};
pub use syncer::Syncer;
pub(super) use syncer::{Findings, SyncError};

/// The longest that a request waits for its turn (EMOP §10.1: "busy").
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How many requests may wait for one meter.
const WAITING: usize = 64;

/// Something to be done with a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask, and give the data field of the answer.
    Ask(Request),
    /// Set its clock to the moment at which the line is open.
    SetClock,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// It did not come to its turn in time.
    #[error("the meter is busy with other requests")]
    Busy,
    /// Something more urgent came, and the meter is slow.
    #[error("something more urgent was asked")]
    Yielded,
    /// The meter was taken away, or the box stops.
    #[error("the meter is not served any more")]
    Stopping,
    /// The conversation came to nothing.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// One meter's driver.
pub(super) struct Driver {
    inner: Mutex<Inner>,
    /// Rings when something urgent waits.
    urgent: Notify,
    dialect: Arc<Dialect>,
    /// A poll that is at it for longer makes way for people.
    makes_way_after: Duration,
    stop: CancellationToken,
    workers: TaskTracker,
}

struct Inner {
    queue: Queue<Job>,
    /// How many want no poll in between.
    holds: u32,
    /// Not here while a worker has it.
    session: Option<Session>,
}

struct Job {
    command: Command,
    deadline: Instant,
    answer: oneshot::Sender<Result<Vec<u8>, DriverError>>,
}

impl Driver {
    /// A driver at rest. `makes_way_after`: the time limit of one try.
    pub(super) fn new(
        session: Session,
        makes_way_after: Duration,
        stop: CancellationToken,
        workers: TaskTracker,
    ) -> Driver {
        Driver {
            dialect: Arc::clone(session.dialect()),
            inner: Mutex::new(Inner {
                queue: Queue::new(),
                holds: 0,
                session: Some(session),
            }),
            urgent: Notify::new(),
            makes_way_after,
            stop,
            workers,
        }
    }

    /// The protocol it speaks.
    pub(super) fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    /// Nothing is carried out any more; what waits is told so.
    pub(super) fn close(&self) {
        self.stop.cancel();
    }

    /// Waits for its turn, and gives the answer. Dropped while it waits, it is not carried out; dropped later, the
    /// exchange goes on to its end, so that the line is quiet for the next.
    pub(super) async fn carry_out(
        self: &Arc<Self>,
        command: Command,
        rank: Rank,
        deadline: Instant,
    ) -> Result<Vec<u8>, DriverError> {
        if let Command::Ask(request) = &command {
            // What must not be asked is known before anybody waits.
            self.dialect.data_field(request).map_err(refused)?;
        }
        let (answer, answered) = oneshot::channel();
        let ticket = self.enqueue(
            rank,
            Job {
                command,
                deadline,
                answer,
            },
        )?;
        tokio::pin!(answered);
        tokio::select! {
            biased;
            answer = &mut answered => return answer.unwrap_or(Err(DriverError::Stopping)),
            () = sleep_until(deadline.min(Instant::now() + PATIENCE)) => {}
        }
        if self.inner().queue.withdraw(ticket).is_some() {
            return Err(DriverError::Busy);
        }
        answered.await.unwrap_or(Err(DriverError::Stopping))
    }

    fn enqueue(self: &Arc<Self>, rank: Rank, job: Job) -> Result<RequestId, DriverError> {
        let mut inner = self.inner();
        if self.stop.is_cancelled() {
            return Err(DriverError::Stopping);
        }
        if inner.queue.len() >= WAITING {
            return Err(DriverError::Busy);
        }
        let ticket = inner.queue.push(rank, job);
        drop(inner);
        if !self.start_worker() && rank != Rank::Polling {
            self.urgent.notify_one();
        }
        Ok(ticket)
    }

    /// Has what waits carried out; `false`: a worker is at it already.
    fn start_worker(self: &Arc<Self>) -> bool {
        let Some(session) = self.inner().session.take() else {
            return false;
        };
        let worker = Worker {
            driver: Arc::clone(self),
            session: Some(session),
        };
        self.workers.spawn(worker.work());
        true
    }

    /// While this is held, no poll comes between the requests of somebody who has several, one after the other.
    pub(super) fn hold_polls(self: &Arc<Self>) -> PollsHeld {
        self.inner().holds += 1;
        PollsHeld(Arc::clone(self))
    }

    /// Waits until a poll that is under way since `begun` is to make way.
    async fn makes_way(&self, rank: Rank, begun: Instant) {
        if rank != Rank::Polling {
            return std::future::pending().await;
        }
        while !self.inner().queue.has_before(rank) {
            self.urgent.notified().await;
        }
        sleep_until(begun + self.makes_way_after).await;
    }

    fn spends_token(&self, command: &Command) -> bool {
        match command {
            Command::Ask(request) => self
                .dialect
                .data_field(request)
                .is_ok_and(|data| self.dialect.spends_token(&data)),
            Command::SetClock => false,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn refused(prohibited: ProhibitedError) -> DriverError {
    DriverError::Session(prohibited.into())
}

/// Keeps polls waiting.
pub(super) struct PollsHeld(Arc<Driver>);

impl Drop for PollsHeld {
    fn drop(&mut self) {
        self.0.inner().holds -= 1;
        self.0.start_worker();
    }
}

/// Carries out what waits for one meter, then goes.
struct Worker {
    driver: Arc<Driver>,
    session: Option<Session>,
}

impl Worker {
    async fn work(mut self) {
        loop {
            self.rest().await;
            let Some((rank, job)) = self.next() else { return };
            if job.answer.is_closed() {
                // Whoever asked has gone.
                continue;
            }
            let answer = match self.session.as_mut() {
                Some(session) => carry_out(&self.driver, session, rank, &job).await,
                None => return,
            };
            // Whoever asked may have gone meanwhile; the meter was asked either way.
            let _: Result<(), _> = job.answer.send(answer);
        }
    }

    /// Leaves the meter in peace after the last request, before it is decided what comes next: whatever is most urgent then.
    async fn rest(&self) {
        let Some(until) = self.session.as_ref().and_then(Session::rests_until) else {
            return;
        };
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.driver.stop.cancelled() => {}
        }
    }

    /// The next job; with none left the session goes back in the same breath, so that no job is overlooked.
    fn next(&mut self) -> Option<(Rank, Job)> {
        let mut inner = self.driver.inner();
        let next = if self.driver.stop.is_cancelled() {
            inner.queue = Queue::new();
            None
        } else {
            let least = if inner.holds > 0 { Rank::People } else { Rank::Polling };
            inner.queue.pop(least)
        };
        if next.is_none() {
            inner.session = self.session.take();
        }
        next
    }
}

impl Drop for Worker {
    /// After a panic the next request starts a worker again.
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.driver.inner().session = Some(session);
        }
    }
}

async fn carry_out(driver: &Driver, session: &mut Session, rank: Rank, job: &Job) -> Result<Vec<u8>, DriverError> {
    let exchange = async {
        match &job.command {
            Command::Ask(request) => session.ask(request, job.deadline).await,
            Command::SetClock => session.set_clock(job.deadline).await.map(|()| Vec::new()),
        }
    };
    tokio::select! {
        biased;
        answer = exchange => Ok(answer?),
        () = driver.makes_way(rank, Instant::now()) => Err(DriverError::Yielded),
        // A token under way is not cut: nobody would know whether it is spent.
        () = driver.stop.cancelled(), if !driver.spends_token(&job.command) => Err(DriverError::Stopping),
    }
}

/// A number that differs from meter to meter and stays over restarts.
pub(super) fn seed(serial: &str) -> u64 {
    // FNV-1a, then the finish of splitmix64: serials differ in their last digits only.
    let mut hash = serial.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    for (shift, factor) in [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)] {
        hash = (hash ^ (hash >> shift)).wrapping_mul(factor);
    }
    hash ^ (hash >> 31)
}
