//! `demo break` and `demo mend`: a fault of each kind in the demo that runs, for whoever wants to see what the pages say
//! then. The command speaks to the demo through a socket in its folder, which nobody else may open.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::levers::Levers;
use super::meters;
use super::prepare::Prepared;
use super::shown_pair::ShownPair;
use crate::admin::Client;
use crate::cli::reach::{absolute, block_on};
use crate::cli::{CliError, Common, print};
use crate::domain::MeterId;

/// Its name in the demo's folder.
const SOCKET: &str = "demo.sock";
/// The longest request and answer, in bytes.
const LONGEST: u64 = 64 << 10;
/// How long the demo may take to break or mend something, and a command to say what it wants.
const PATIENCE: Duration = Duration::from_secs(8);

/// What is to change in a demo that runs.
#[derive(Subcommand)]
pub(super) enum Change {
    /// Break something of the demo that runs: within 10 s its pages and `status` say so
    #[command(
        after_help = "meter: Flat 3 hangs up on whoever asks it\ncertificate: the door for machines shows one that has ended\nrelay: it is \
                      drained and takes nobody new\ndisk: the box finds no room for its book, and takes nothing new (no \
                      real disk is filled)\nclock: the box's clock stands decades back (the machine's does not)\n\n\
                      Examples:\n  gatelodge demo break meter\n  gatelodge demo break disk --dir /tmp/house"
    )]
    Break {
        /// What
        what: Thing,
        /// The folder of the demo [default: as of `gatelodge demo`]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Mend what was broken
    #[command(after_help = "Examples:\n  gatelodge demo mend          everything\n  gatelodge demo mend meter")]
    Mend {
        /// What; absent: everything
        what: Option<Thing>,
        /// The folder of the demo [default: as of `gatelodge demo`]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Thing {
    Meter,
    Certificate,
    Relay,
    Disk,
    Clock,
}

/// What the command asks of the demo.
#[derive(Serialize, Deserialize)]
struct Wanted {
    what: Vec<Thing>,
    broken: bool,
}

/// The names of what can be broken.
pub(super) fn names() -> Vec<String> {
    let named = Thing::value_variants().iter().filter_map(Thing::to_possible_value);
    named.map(|value| value.get_name().to_owned()).collect()
}

/// The folder of a demo.
pub(super) fn folder(named: Option<&Path>) -> PathBuf {
    match named {
        Some(dir) => absolute(dir),
        None => std::env::temp_dir().join(format!("gatelodge-demo-{}", rustix::process::geteuid().as_raw())),
    }
}

impl Change {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CliError> {
        let (what, broken, dir) = match self {
            Change::Break { what, dir } => (vec![*what], true, dir),
            Change::Mend { what, dir } => {
                let all = Thing::value_variants().to_vec();
                (what.map_or(all, |one| vec![one]), false, dir)
            }
        };
        let dir = folder(dir.as_deref());
        let said = block_on(ask(&dir, &Wanted { what, broken }))?;
        if let Some(error) = said["error"].as_str() {
            return Err(CliError::failed(error));
        }
        if common.json {
            print::json(&said);
        } else {
            for one in said["done"].as_array().into_iter().flatten() {
                print::line(format_args!("{}", one.as_str().unwrap_or_default()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn ask(dir: &Path, wanted: &Wanted) -> Result<Value, CliError> {
    let socket = dir.join(SOCKET);
    let away = |error: std::io::Error| {
        CliError::not_reachable(format_args!("no demo runs in {}: {error}", dir.display()))
            .hint("start it with `gatelodge demo`, or name its folder with --dir")
    };
    let mut stream = UnixStream::connect(&socket).await.map_err(away)?;
    let mut line = serde_json::to_vec(wanted).map_err(CliError::failed)?;
    line.push(b'\n');
    stream.write_all(&line).await.map_err(away)?;
    let mut answer = Vec::new();
    stream
        .take(LONGEST)
        .read_to_end(&mut answer)
        .await
        .map_err(CliError::failed)?;
    serde_json::from_slice(&answer).map_err(CliError::failed)
}

/// The side of the demo: breaks and mends.
pub(super) struct Workshop {
    listener: UnixListener,
    bench: Arc<Bench>,
}

/// What is broken and mended.
struct Bench {
    levers: Levers,
    shown: ShownPair,
    admin: Client,
    meter: MeterId,
}

impl Workshop {
    /// Listens; what an earlier demo left there is taken away, whose box holds the book no more.
    pub(super) fn open(prepared: &Prepared) -> Result<Workshop, CliError> {
        let socket = prepared.dir.join(SOCKET);
        match std::fs::remove_file(&socket) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(CliError::failed(error)),
            Ok(()) | Err(_) => {}
        }
        let listener = std::os::unix::net::UnixListener::bind(&socket).map_err(CliError::failed)?;
        listener.set_nonblocking(true).map_err(CliError::failed)?;
        Ok(Workshop {
            listener: UnixListener::from_std(listener).map_err(CliError::failed)?,
            bench: Arc::new(Bench {
                levers: prepared.levers.clone(),
                shown: prepared.shown.clone(),
                admin: Client::Socket(prepared.dir.join("admin.sock")),
                meter: meters::broken(),
            }),
        })
    }

    /// Does what it is told, one after the other, for ever.
    pub(super) async fn run(self) {
        loop {
            match self.listener.accept().await {
                // Who says nothing keeps others waiting no longer than this.
                Ok((stream, _)) => drop(tokio::time::timeout(2 * PATIENCE, self.bench.serve(stream)).await),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Bench {
    async fn serve(&self, stream: UnixStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut line = String::new();
        BufReader::new(read.take(LONGEST)).read_line(&mut line).await?;
        let answer = match serde_json::from_str::<Wanted>(&line) {
            Ok(wanted) => self.carry_out(&wanted).await,
            Err(error) => json!({ "error": error.to_string() }),
        };
        write.write_all(answer.to_string().as_bytes()).await
    }

    async fn carry_out(&self, wanted: &Wanted) -> Value {
        let mut done = Vec::new();
        for what in &wanted.what {
            match self.set(*what, wanted.broken).await {
                Ok(words) => done.push(words),
                Err(error) => return json!({ "done": done, "error": error }),
            }
        }
        json!({ "done": done })
    }

    /// Breaks one thing, or mends it; what is so already stays so.
    async fn set(&self, what: Thing, broken: bool) -> Result<&'static str, String> {
        Ok(match what {
            Thing::Meter => {
                self.levers.silence.store(broken, Ordering::Relaxed);
                self.ask_meter().await;
                match broken {
                    true => "Flat 3 hangs up on whoever asks it",
                    false => "Flat 3 answers",
                }
            }
            Thing::Certificate => {
                self.shown.show(broken).map_err(|error| error.to_string())?;
                match broken {
                    true => "the door for machines shows a certificate that has ended",
                    false => "the door for machines shows a certificate that counts",
                }
            }
            Thing::Relay => {
                let method = if broken { Method::PUT } else { Method::DELETE };
                let drained = self.admin.ask::<Value>(method, "/relay/drain", None).await;
                drained.map_err(|error| error.to_string())?;
                match broken {
                    true => "the relay is drained: it takes nobody new",
                    false => "the relay takes everybody",
                }
            }
            Thing::Disk => {
                self.levers.full.store(broken, Ordering::Relaxed);
                match broken {
                    true => "the box finds no room on its disk",
                    false => "the box finds room on its disk",
                }
            }
            Thing::Clock => {
                self.levers.set_clock(broken);
                match broken {
                    true => "the box's clock stands decades back",
                    false => "the box's clock is right",
                }
            }
        })
    }

    /// Has the box ask the meter now, as somebody would who stands before it; what it says is the box's to tell.
    async fn ask_meter(&self) {
        let path = format!("/meters/{}/reading", self.meter);
        let asked = self.admin.ask::<Value>(Method::POST, &path, None);
        if tokio::time::timeout(PATIENCE, asked).await.is_err() {
            tracing::debug!("the box still asks the meter");
        }
    }
}
