//! `demo --once`: the main job end to end with real processes, a kill in the middle, and a verdict.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use super::client::Connection;
use super::prepare::{self, Prepared};
use crate::admin::{Client, Status};
use crate::cli::{CliError, print};

/// People counted in before and after the kill.
const PEOPLE: u64 = 40;
/// A box that is not ready by then will not be.
const PATIENCE: Duration = Duration::from_secs(30);

/// Walks the job in `dir`, which does not exist yet, and says what was done.
pub(super) async fn walk(dir: &Path) -> Result<(), CliError> {
    let mut prepared = prepare::prepare(dir, 0, &[]).await?;
    prepared.simulated.start(&tokio::runtime::Handle::current());
    say(format_args!(
        "made certificates, people, a token and spaces in {}",
        dir.display()
    ));
    walked(&prepared)
        .await
        .map_err(|error| CliError::failed(format_args!("demo: {error:#}")))
}

async fn walked(prepared: &Prepared) -> Result<()> {
    let mut first = Running::start(prepared).await?;
    let mut https = first.connect(prepared).await?;
    let space = https
        .ask("PUT", "/space/new/occupancy/current/0/max/100/name/Once")
        .await?;
    let path = format!(
        "/space/{}",
        space["space_id"].as_str().context("the new space has no id")?
    );
    say(format_args!("created a space: {path}"));
    count_in(&mut https, &path, PEOPLE, PEOPLE).await?;
    say(format_args!(
        "counted {PEOPLE} people in, each answered after it was on disk"
    ));
    first.child.start_kill()?;
    first.child.wait().await?;
    say(format_args!("killed the box (SIGKILL)"));

    let second = Running::start(prepared).await?;
    let mut https = second.connect(prepared).await?;
    expect(&https.ask("GET", &path).await?, PEOPLE)?;
    say(format_args!("found {PEOPLE} people after the restart"));
    count_in(&mut https, &path, PEOPLE, 2 * PEOPLE).await?;
    drop(https);
    second.stop().await?;
    say(format_args!("counted {PEOPLE} more, and stopped the box in order"));

    let third = Running::start(prepared).await?;
    expect(&third.connect(prepared).await?.ask("GET", &path).await?, 2 * PEOPLE)?;
    third.stop().await?;
    say(format_args!(
        "found {} people after the second restart: the demo works",
        2 * PEOPLE
    ));
    Ok(())
}

async fn count_in(https: &mut Connection, path: &str, people: u64, expected: u64) -> Result<()> {
    let mut last = Value::Null;
    for _ in 0..people {
        last = https.ask("PUT", &format!("{path}/increment")).await?;
    }
    expect(&last, expected)
}

fn expect(space: &Value, people: u64) -> Result<()> {
    let found = &space["occupancy"]["current"];
    ensure!(
        found.as_u64() == Some(people),
        "the space shows {found} people, not {people}"
    );
    Ok(())
}

/// A box in a process of its own.
struct Running {
    child: Child,
    status: Status,
}

impl Running {
    /// Starts it, and waits until its doors accept.
    async fn start(prepared: &Prepared) -> Result<Running> {
        let began = Instant::now();
        let socket = prepared.dir.join("admin.sock");
        let mut child = Command::new(std::env::current_exe().context("finding our own binary")?)
            .arg("serve")
            .arg("--config")
            .arg(&prepared.config_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("starting the box")?;
        loop {
            if let Some(status) = ask_status(&socket).await.filter(|status| status.state == "ready") {
                say(format_args!(
                    "started the box, ready after {} ms",
                    began.elapsed().as_millis()
                ));
                return Ok(Running { child, status });
            }
            if let Some(end) = child.try_wait()? {
                bail!("the box ended while starting: {end}");
            }
            ensure!(
                began.elapsed() < PATIENCE,
                "the box is not ready after {} s",
                PATIENCE.as_secs()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn connect(&self, prepared: &Prepared) -> Result<Connection> {
        let https = self.status.doors.get("https").and_then(|addresses| addresses.first());
        Connection::open(
            &https.context("the https door is closed")?.to_string(),
            &prepared.ca_file,
        )
        .await
    }

    /// Stops it as systemd would.
    async fn stop(mut self) -> Result<()> {
        let pid = self
            .child
            .id()
            .and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()));
        rustix::process::kill_process(pid.context("the box has no process")?, rustix::process::Signal::TERM)?;
        let end = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .context("the box did not stop")??;
        ensure!(end.success(), "the box ended with {end}");
        Ok(())
    }
}

async fn ask_status(socket: &Path) -> Option<Status> {
    Client::Socket(socket.to_owned())
        .ask(hyper::Method::GET, "/status", None)
        .await
        .ok()
}

fn say(text: std::fmt::Arguments<'_>) {
    print::line(format_args!("{text}"));
}
