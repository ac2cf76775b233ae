//! `relay …`: the table of peers, and peers with an HTTP side.

mod bridge;

use std::ffi::OsString;

use clap::Subcommand;
use hyper::Method;
use serde_json::{Value, json};

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::domain::units::Span;
use crate::relay::{PeerShown, TicketShown};

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
    /// Take nobody new: newcomers get 503, who waits is told to try again later, pairs stay
    #[command(
        after_help = "Examples:\n  gatelodge relay drain\n  gatelodge relay drain --undo\n\nA restart of the box undoes it, too."
    )]
    Drain {
        /// Take newcomers again
        #[arg(long)]
        undo: bool,
    },
    /// Log who says how much at one meetup, never what, for a while
    #[command(
        after_help = "Example:\n  gatelodge relay trace gw/7 --for 60s\n  journalctl -u gatelodge -f\n\nThe log names peers by their numbers in `gatelodge relay peers`; of a flood it holds 100 lines a second."
    )]
    Trace {
        /// The id, without a query
        id: String,
        /// For how long: 1s to 1h
        #[arg(long = "for", value_name = "TIME", default_value = "60s")]
        time: Span,
    },
    /// Sign leave for a peer without a certificate to come to one meetup
    #[command(
        after_help = "Example:\n  gatelodge relay ticket gw/7 --name test-bench --for 10m\n\nThe rule that is about the meetup must say `tickets = true`. A ticket works again and again until it ends, or the box is restarted."
    )]
    Ticket {
        /// The id, without a query
        id: String,
        /// What tables call whoever shows it
        #[arg(long)]
        name: String,
        /// For how long: 1s to 24h
        #[arg(long = "for", value_name = "TIME", default_value = "10m")]
        time: Span,
    },
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
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        match self {
            Command::Connect(connect) => connect.run(common),
            Command::ServeHttp(serve) => serve.run(common),
            Command::Peers => peers(common),
            Command::Drain { undo } => drain(common, undo),
            Command::Trace { id, time } => trace(common, &id, time),
            Command::Ticket { id, name, time } => ticket(common, &id, &name, time),
            Command::Kick { peer, meetup } => kick(common, peer, meetup.as_deref()),
        }
    }
}

fn peers(common: &Common) -> Result<(), CliError> {
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

fn ticket(common: &Common, meetup: &str, name: &str, life: Span) -> Result<(), CliError> {
    let wanted = json!({ "meetup": meetup, "name": name, "life": life });
    let ask = async {
        Ok(common
            .running()
            .await?
            .ask(Method::POST, "/relay/tickets", Some(&wanted))
            .await?)
    };
    let ticket: TicketShown = block_on(ask)?;
    if common.json {
        print::json(&ticket);
    } else {
        print::line(format_args!("{}", ticket.path));
    }
    Ok(())
}

fn kick(common: &Common, peer: Option<u64>, meetup: Option<&str>) -> Result<(), CliError> {
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

fn drain(common: &Common, undo: bool) -> Result<(), CliError> {
    let method = if undo { Method::DELETE } else { Method::PUT };
    let answer: Value = block_on(async { Ok(common.running().await?.ask(method, "/relay/drain", None).await?) })?;
    if common.json {
        print::json(&answer);
    } else if undo {
        print::line(format_args!("the relay takes newcomers again"));
    } else {
        print::line(format_args!(
            "the relay takes nobody new; meetups with two peers: {}; undo it with `gatelodge relay drain --undo`",
            answer["paired"]
        ));
    }
    Ok(())
}

fn trace(common: &Common, id: &str, time: Span) -> Result<(), CliError> {
    let wanted = json!({ "id": id, "time": time });
    let ask = async {
        Ok(common
            .running()
            .await?
            .ask(Method::POST, "/relay/traces", Some(&wanted))
            .await?)
    };
    let answer: Value = block_on(ask)?;
    if common.json {
        print::json(&answer);
    } else {
        print::line(format_args!(
            "trace {} goes to the box's log for {time}; peers there now: {}",
            answer["trace"], answer["peers"]
        ));
    }
    Ok(())
}
