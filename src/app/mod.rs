//! Composition: opens the store, builds each room, hangs routers on doors, and keeps them running.
//! The only place that knows every room.

mod acme;
mod alarms;
mod api_docs;
mod audit;
mod box_backups;
mod box_doors;
mod box_gauges;
mod box_log;
mod box_page;
mod check;
mod configured;
mod door_files;
mod door_name;
mod door_spec;
mod door_state;
mod door_tls;
mod doors;
mod gauges;
mod ground;
mod guide;
mod handover;
mod host;
mod host_control;
pub mod hostname;
mod identity;
mod lamps;
mod log_ring;
mod logging;
mod measures;
mod memory;
mod moved;
mod my;
mod openapi;
mod own_root;
mod panic_file;
mod part;
mod parts;
mod people;
mod probe;
mod reach;
mod redaction;
mod refusal;
mod reload;
mod report;
mod root;
mod router;
pub mod sensors;
mod set;
pub mod setup;
mod shown;
mod shut;
mod slot;
mod start;
mod store_metrics;
mod systemd;
mod trial;
mod upgrade;
mod uplink_metrics;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::admin::Order;
use crate::config::{Flags, Loaded, remote_file};
use crate::store::Health;
pub use check::{Findings, check};
pub use ground::Ground;
pub use logging::{LogTo, Logging, start as start_logging};
pub use memory::trim_by;
pub use parts::backups_in;
pub use reach::machine;
pub use redaction::Redaction;
use root::App;

/// Why the box ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to.
    Stopped,
    /// It is to be started again.
    Restart,
    /// Something that nothing works without has failed.
    Fallen(String),
}

/// Where the doors are, once everything works.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Each door's addresses, with the ports that port 0 became.
    pub doors: BTreeMap<String, Vec<SocketAddr>>,
}

/// Runs the box until it is told to stop. `ready` is called once, when every door accepts.
///
/// # Errors
/// When it cannot be started: the store, the PKI, a door, a certificate.
pub async fn serve(loaded: Loaded, flags: Flags, logging: Logging, ready: impl FnOnce(&Ready)) -> anyhow::Result<End> {
    serve_on(Ground::default(), loaded, flags, logging, ready).await
}

/// As [`serve`], on another ground than the machine's own.
///
/// # Errors
/// As [`serve`].
pub async fn serve_on(
    ground: Ground,
    loaded: Loaded,
    flags: Flags,
    logging: Logging,
    ready: impl FnOnce(&Ready),
) -> anyhow::Result<End> {
    // Signals that come while starting are not lost.
    let mut signals = Signals::new()?;
    let (orders, mut ordered) = mpsc::channel(8);
    let mut app = App::build((ground, loaded), flags, logging, orders).await?;
    let doors = app.doors();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), doors = %report::doors_in_words(&doors), "ready");
    systemd::ready("ready");
    ready(&Ready { doors });
    let end = attend(&mut app, &mut signals, &mut ordered).await;
    systemd::stopping();
    app.close().await;
    Ok(end)
}

/// Says what stands in the configuration from the cloud and is not in force.
pub fn warn_of_refused(loaded: &Loaded) {
    let file = remote_file(&loaded.config.data_dir);
    for why in &loaded.refused {
        tracing::warn!(file = %file.display(), why, "a key of the configuration from the cloud is not applied");
    }
}

/// Carries out signals and orders until one of them, or a failure, ends the box.
async fn attend(app: &mut App, signals: &mut Signals, ordered: &mut mpsc::Receiver<Order>) -> End {
    let fallen = app.fallen();
    tokio::pin!(fallen);
    let mut health = app.store_health();
    loop {
        tokio::select! {
            what = &mut fallen => return End::Fallen(what),
            why = failed(&mut health) => return End::Fallen(format!("the store: {why}")),
            signal = signals.next() => match signal {
                Signal::Stop(name) => {
                    tracing::info!(signal = name, "stopping");
                    return End::Stopped;
                }
                Signal::Reload => {
                    let _ = app.reload().await;
                }
            },
            () = app.until_doors_are_tried() => app.try_doors_again().await,
            works = app.verdict() => app.settle_trial(works).await,
            Some(order) = ordered.recv() => match order {
                Order::Configure(configuration, told) => app.configure(configuration, told).await,
                Order::Reload(answer) => {
                    let _ = answer.send(app.reload().await);
                }
                Order::Set(settings, answer) => {
                    let _ = answer.send(app.set(&settings).await);
                }
                Order::Restart => {
                    tracing::info!("stopping, to be started again");
                    return End::Restart;
                }
            },
        }
    }
}

async fn failed(health: &mut watch::Receiver<Health>) -> String {
    match health.wait_for(|health| health.failed.is_some()).await {
        Ok(health) => health.failed.clone().unwrap_or_default(),
        Err(_) => std::future::pending().await,
    }
}

enum Signal {
    Stop(&'static str),
    Reload,
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Signal::Stop("SIGINT"),
            _ = self.hangup.recv() => Signal::Reload,
        }
    }
}
