//! The running book: its threads, and what handles share with them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::domain::Seq;
use crate::store::files::{self, Disk};
use crate::store::health::Health;
use crate::store::keep::call::Call;
use crate::store::keep::clock::ClockState;
use crate::store::keep::clock::Trust;
use crate::store::keep::clock_fixes::Eras;
use crate::store::keep::generation::{self, CleanMark};
use crate::store::keep::keeper::{Bounds, Keeper};
use crate::store::keep::lock::Lock;
use crate::store::keep::note;
use crate::store::keep::runs::Runs;
use crate::store::log::appender::Log;
use crate::store::log::segments::Segments;
use crate::store::open::opening;
use crate::store::options::Options;
use crate::store::read::cursors::Cursors;
use crate::store::readings::{self, Compactor};
use crate::store::stats::{Counters, Stats};
use crate::store::table::Table;
use crate::store::table::settler::{self, SettlerCall};
use crate::store::write::pen::{Pen, Tools};
use crate::store::write::queue::Queue;
use crate::store::write::reserve::Reserve;
use crate::store::{OpenError, ReadError, SalvageReport};

/// What handles and readers use.
pub(in crate::store) struct OpenBook {
    pub(in crate::store) queue: Arc<Queue>,
    pub(in crate::store) segments: Arc<Segments>,
    pub(in crate::store) table: Arc<Table>,
    pub(in crate::store) cursors: Arc<Cursors>,
    pub(in crate::store) bell: watch::Receiver<Seq>,
    pub(in crate::store) health: watch::Receiver<Health>,
    pub(in crate::store) counters: Arc<Counters>,
    pub(in crate::store) keeper: Arc<Keeper>,
    pub(in crate::store) compactor: Arc<Compactor>,
    pub(in crate::store) salvage: Option<SalvageReport>,
    pub(in crate::store) epoch: u32,
    pub(in crate::store) life: String,
    pub(in crate::store) runs: Arc<Runs>,
    disk: Arc<dyn Disk>,
}

impl OpenBook {
    /// Bytes of the book on disk.
    pub(in crate::store) fn bytes(&self) -> u64 {
        let dir = self.keeper.generation.snapshots();
        let snapshots = files::list(&*self.disk, &dir).unwrap_or_default();
        let snapshots: u64 = snapshots.iter().map(|found| found.bytes).sum();
        let month_files = files::list(&*self.disk, &self.keeper.generation.month_files()).unwrap_or_default();
        let month_files: u64 = month_files.iter().map(|found| found.bytes).sum();
        self.segments.bytes() + snapshots + month_files + self.table.bytes()
    }

    /// Where readings are looked up.
    pub(in crate::store) fn readings(&self) -> readings::Lookup {
        readings::Lookup {
            table: Arc::clone(&self.table),
            disk: Arc::clone(&self.disk),
            dir: self.keeper.generation.month_files(),
        }
    }

    /// How far that clock is believed.
    pub(in crate::store) fn clock_state(&self) -> ClockState {
        let mut trust = self.keeper.trust.lock().expect("nothing panics under the lock");
        trust.state(&*self.keeper.clock).1
    }

    pub(in crate::store) fn stats(&self) -> Stats {
        let last = *self.bell.borrow();
        Stats {
            waiting: self.queue.len(),
            log_bytes: self.segments.bytes(),
            segments: self.segments.count(),
            snapshot: self.keeper.newest_snapshot(),
            last,
            lag: self
                .cursors
                .slowest()
                .map_or(0, |slowest| last.0.saturating_sub(slowest.0)),
            ..self.counters.read()
        }
    }
}

/// The threads of an open book. Dropping it stops them at once.
pub(in crate::store) struct Running {
    shared: OpenBook,
    call: Call,
    compactor_call: Call,
    settler: SettlerCall,
    threads: Mutex<Vec<JoinHandle<()>>>,
    over: watch::Receiver<bool>,
    /// Let go after the threads ended.
    _lock: Lock,
}

impl Running {
    // start is long because each thread gets its own share of what they have in common, in the order of their beginning.

    /// Opens the book and starts its threads.
    pub(in crate::store) fn start(options: Options) -> Result<Running, OpenError> {
        let lock = Lock::take(&options.dir)?;
        let (health, health_seen) = watch::channel(Health::default());
        let opened = opening::open(&options, &health)?;
        let (bell, bell_heard) = watch::channel(opened.last);
        let (over, over_seen) = watch::channel(false);
        let queue = Arc::new(Queue::new(options.queue, options.bulk_queue));
        let (counters, call, settler) = (Arc::new(Counters::default()), Call::default(), SettlerCall::default());
        let snapshot_bytes = Arc::new(AtomicU64::new(opened.snapshots.1));
        let (cursors, runs) = (Arc::new(opened.cursors), Arc::new(opened.runs));
        let log = Log::resume(
            Arc::clone(&options.disk),
            opened.generation.log(),
            opened.epoch,
            options.segment_bytes,
            Arc::clone(&opened.segments),
        );
        let reserve = || {
            let (disk, book) = (Arc::clone(&options.disk), options.dir.clone());
            Reserve::new(disk, book, options.segment_bytes, Arc::clone(&snapshot_bytes))
        };
        let eras: Arc<Eras> = Arc::default();
        let tools = Tools {
            queue: Arc::clone(&queue),
            log,
            table: Arc::clone(&opened.table),
            cursors: Arc::clone(&cursors),
            runs: Arc::clone(&runs),
            bell,
            health: health.clone(),
            reserve: reserve(),
            clock: Arc::clone(&options.clock),
            trust: Trust::new(opened.trusted),
            eras: Arc::clone(&eras),
            counters: Arc::clone(&counters),
            keeper: call.clone(),
            settler: settler.clone(),
        };
        let settler_reserve = reserve();
        let keeper = Arc::new(Keeper {
            disk: Arc::clone(&options.disk),
            generation: opened.generation,
            epoch: opened.epoch,
            segments: Arc::clone(&opened.segments),
            cursors: Arc::clone(&cursors),
            bounds: Bounds {
                bytes: options.journal_bytes,
                age: options.journal_age,
                segment_bytes: options.segment_bytes,
            },
            clock: Arc::clone(&options.clock),
            trust: Mutex::new(Trust::new(opened.trusted)),
            eras,
            health,
            snapshots: Mutex::new(opened.snapshots.0),
            snapshot_bytes,
            shedding: AtomicBool::new(false),
            files: Mutex::new(()),
            backing_up: Mutex::new(()),
        });
        let source = Arc::downgrade(&keeper);
        opened.table.can_be_made_of(Box::new(move |each| {
            let keeper = source
                .upgrade()
                .ok_or_else(|| ReadError::Table("the book is closed".to_owned()))?;
            keeper.rows(each)
        }));
        let compactor_call = Call::default();
        let lookup = readings::Lookup {
            table: Arc::clone(&opened.table),
            disk: Arc::clone(&options.disk),
            dir: keeper.generation.month_files(),
        };
        let compactor = Compactor::new(lookup, Arc::clone(&keeper), Arc::clone(&queue), compactor_call.clone());
        let compactor = Arc::new(compactor);
        let end = End {
            disk: Arc::clone(&options.disk),
            table: Arc::clone(&opened.table),
            book: options.dir,
            generation: keeper.generation.number,
            health: tools.health.clone(),
            queue: Arc::clone(&queue),
            over,
        };
        // What the last stop left undone is done now.
        call.call();
        compactor_call.call();
        let threads = vec![
            thread("book-pen", move || write(tools, &end)),
            {
                let (keeper, call) = (Arc::clone(&keeper), call.clone());
                thread("book-keeper", move || keeper.run(&call))
            },
            {
                let compactor = Arc::clone(&compactor);
                thread("book-compactor", move || compactor.run())
            },
            {
                let (table, settler) = (Arc::clone(&opened.table), settler.clone());
                thread("book-settler", move || {
                    settler::settle(&table, &settler, settler_reserve)
                })
            },
        ];
        Ok(Running {
            threads: Mutex::new(threads),
            shared: OpenBook {
                queue,
                segments: opened.segments,
                table: opened.table,
                cursors,
                bell: bell_heard,
                health: health_seen,
                counters,
                keeper,
                compactor,
                salvage: opened.salvage,
                epoch: opened.epoch,
                life: opened.life,
                runs,
                disk: options.disk,
            },
            call,
            compactor_call,
            settler,
            over: over_seen,
            _lock: lock,
        })
    }

    pub(in crate::store) fn shared(&self) -> &OpenBook {
        &self.shared
    }

    /// Has everything queued written and the book closed in order; returns when that is done.
    pub(in crate::store) async fn close(&self) {
        self.call.stop();
        self.compactor_call.stop();
        self.settler.stop();
        self.shared.queue.close();
        let mut over = self.over.clone();
        // The sender going means that the pen's thread is gone, which is as much over.
        let _: Result<_, _> = over.wait_for(|over| *over).await.map(drop);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.call.stop();
        self.compactor_call.stop();
        self.settler.stop();
        self.shared.queue.abandon();
        let threads = self.threads.lock().map(|mut threads| std::mem::take(&mut *threads));
        for thread in threads.unwrap_or_default() {
            // A panic in it has been told through the health already.
            let _: Result<(), _> = thread.join();
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .expect("a process that starts can have four more threads")
}

/// What ends the book in order.
struct End {
    disk: Arc<dyn Disk>,
    table: Arc<Table>,
    book: PathBuf,
    generation: u64,
    health: watch::Sender<Health>,
    queue: Arc<Queue>,
    over: watch::Sender<bool>,
}

/// The pen's thread: writes until told to stop; then, if all went well, closes the table and
/// leaves the clean mark (BOOK P11).
fn write(tools: Tools, end: &End) {
    let wrote = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Pen::new(tools).run()));
    match wrote {
        Ok(Some(seq)) => {
            let mark = CleanMark {
                generation: end.generation,
                seq,
            };
            let closed = end.table.close(seq).map_err(|error| error.to_string());
            let marked = closed.and_then(|()| {
                note::write(&*end.disk, &generation::clean_mark(&end.book), &mark).map_err(|error| error.to_string())
            });
            if let Err(error) = marked {
                tracing::warn!("the book is closed without its mark, the next start rebuilds its table: {error}");
            }
        }
        Ok(None) => {}
        Err(_) => {
            Health::fail(&end.health, "the pen panicked".to_owned());
            end.queue.abandon();
        }
    }
    end.over.send_replace(true);
}
