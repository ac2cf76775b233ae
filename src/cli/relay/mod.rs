//! `relay …`: the table of peers, and peers with an HTTP side.

mod bridge;

use std::ffi::OsString;

use clap::Subcommand;
use hyper::Method;
use serde_json::Value;

use super::reach::block_on;
use super::{Common, Failure, print};

/// The original's test client takes `-cc` and `-ca`, which no single letter can be.
#[must_use]
pub(super) fn as_known(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let args: Vec<OsString> = args.into_iter().collect();
    let is_ours = args.get(1).is_some_and(|arg| arg == "relay");
    let known = |arg: OsString| match arg.to_str() {
        Some("-cc") if is_ours => "--cert".into(),
        Some("-ca") if is_ours => "--ca".into(),
        _ => arg,
    };
    args.into_iter().map(known).collect()
}
use crate::relay::PeerShown;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List who is connected to the running box's relay
    #[command(after_help = "Example:\n  gatelodge relay peers")]
    Peers,
    /// Meet a partner, and hand this machine's HTTP requests to it
    #[command(
        after_help = "Example:\n  gatelodge relay connect wss://relay.example.org:5050/micronets/v1/ws-proxy/gw/7 --cert manager.pkeycert.pem --ca root.cert.pem --listen 127.0.0.1:5001\n\nEvents: GET /.relay/events, POST /.relay/events/NAME; GET /.relay/status says whether the partner is there."
    )]
    Connect(bridge::Connect),
    /// Meet a partner, and hand its requests to HTTP servers of this machine
    #[command(
        after_help = "Example:\n  gatelodge relay serve-http wss://relay.example.org:5050/micronets/v1/ws-proxy/gw/7 --cert gateway.pkeycert.pem --ca root.cert.pem --to http://127.0.0.1:8080 --allow 'GET /micronets/'"
    )]
    ServeHttp(bridge::ServeHttp),
    /// End a peer's connection; it may come again
    #[command(after_help = "Examples:\n  gatelodge relay kick 17\n  gatelodge relay kick --meetup gw/7")]
    Kick {
        /// Its number in the list
        #[arg(required_unless_present = "meetup", conflicts_with = "meetup")]
        peer: Option<u64>,
        /// Everybody at this id instead
        #[arg(long, value_name = "ID")]
        meetup: Option<String>,
    },
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self {
            Command::Connect(connect) => connect.run(common),
            Command::ServeHttp(serve) => serve.run(common),
            Command::Peers => peers(common),
            Command::Kick { peer, meetup } => kick(common, peer, meetup.as_deref()),
        }
    }
}

fn peers(common: &Common) -> Result<(), Failure> {
    let peers: Vec<PeerShown> =
        block_on(async { Ok(common.running().await?.ask(Method::GET, "/relay/peers", None).await?) })?;
    if common.json {
        print::json(&peers);
        return Ok(());
    }
    let rows = peers.into_iter().map(|peer| {
        [
            peer.peer.to_string(),
            peer.meetup,
            peer.state,
            print::or_dash(peer.partner),
            peer.identity,
            print::or_dash(peer.class),
            peer.address,
            print::moment(Some(peer.since)),
            peer.messages.to_string(),
            print::or_dash(peer.round_trip_ms.map(|ms| format!("{ms:.1}"))),
        ]
    });
    print::table(
        [
            "peer",
            "meetup",
            "state",
            "with",
            "certificate",
            "says it is",
            "from",
            "since",
            "messages",
            "ping ms",
        ],
        rows,
    );
    Ok(())
}

fn kick(common: &Common, peer: Option<u64>, meetup: Option<&str>) -> Result<(), Failure> {
    let path = match (peer, meetup) {
        (Some(peer), _) => format!("/relay/peers/{peer}"),
        (None, meetup) => format!("/relay/meetups/{}", print::segment(meetup.unwrap_or_default())),
    };
    let answer: Value = block_on(async { Ok(common.running().await?.ask(Method::DELETE, &path, None).await?) })?;
    if common.json {
        print::json(&answer);
    } else {
        print::line(format_args!("ended {}", answer["ended"]));
    }
    Ok(())
}
