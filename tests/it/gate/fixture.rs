//! A door that is open for one test, and clients for it.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use gatelodge::http::metrics::{DoorMetrics, Metrics};
use gatelodge::tls::{Door, Limits, Policy};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// An open door on a port of its own; closed when dropped.
pub struct Open {
    pub addr: SocketAddr,
    pub counts: DoorMetrics,
    pub stop: CancellationToken,
    pub running: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Opens a door called `test`.
pub fn open(policy: Policy, router: Router, limits: Limits) -> Open {
    let metrics = Metrics::new();
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let door = Door::new("test", listen, policy, router, limits).with_metrics(&metrics);
    let door = door.bind().unwrap();
    let stop = CancellationToken::new();
    Open {
        addr: door.local_addrs()[0],
        counts: metrics.door("test"),
        running: tokio::spawn(door.run(stop.clone())),
        stop,
    }
}

/// Limits short enough to be waited for.
pub fn short() -> Limits {
    Limits {
        handshake: Duration::from_millis(500),
        head: Duration::from_millis(500),
        body: Duration::from_millis(500),
        idle: Duration::from_millis(800),
        write_stall: Duration::from_millis(700),
        drain: Duration::from_secs(3),
        ..Limits::default()
    }
}

/// Everything the other side says until it closes; panics after `limit`.
pub async fn read_to_end(stream: &mut (impl AsyncRead + Unpin), limit: Duration) -> Vec<u8> {
    let mut all = Vec::new();
    let mut part = [0; 4096];
    let read = async {
        // A reset ends a conversation as well as a close.
        while let Ok(length @ 1..) = stream.read(&mut part).await {
            all.extend_from_slice(&part[..length]);
        }
    };
    tokio::time::timeout(limit, read).await.expect("the door did not close");
    all
}

/// Sends `request` as it is and gives the whole conversation; the request should ask to close.
pub async fn say(addr: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request).await.unwrap();
    String::from_utf8_lossy(&read_to_end(&mut stream, Duration::from_secs(10)).await).into_owned()
}

/// Writes one byte of `text` every 50 ms until the other side closes or the text ends; true when it closed.
pub async fn trickle(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), text: &[u8], limit: Duration) -> bool {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let mut answer = [0; 1024];
    let mut text = text.iter();
    let talk = async {
        loop {
            tokio::select! {
                read = stream.read(&mut answer) => if !matches!(read, Ok(1..)) { return true },
                _ = tick.tick() => {
                    let Some(byte) = text.next() else { return false };
                    if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                        return true;
                    }
                }
            }
        }
    };
    tokio::time::timeout(limit, talk).await.unwrap_or(false)
}

/// Runs a real program to its end, while the door goes on serving.
pub async fn run(program: &'static str, args: Vec<String>) -> String {
    let run = move || {
        let output = Command::new(program).args(args).stdin(Stdio::null()).output();
        output.unwrap_or_else(|error| panic!("{program}: {error}; these tests need it: apt-get install {program}"))
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
