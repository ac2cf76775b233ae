//! `relay connect` and `relay serve-http`: peers with an HTTP side (RELAY §5).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::http::Uri;
use axum::http::uri::Authority;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{self, LogTo};
use crate::cli::serve::runtime;
use crate::cli::{CliError, Common, print};
use crate::config::{Config, Log, Outbound, Proxy};
use crate::domain::units::Span;
use crate::http::{LingeringListener, closing};
use crate::relay::bridge::caller::Caller;
use crate::relay::bridge::message::Message;
use crate::relay::bridge::responder::{Allowed, Responder, Target};
use crate::relay::bridge::{Bundle, Dialing, Link, Names, events};

/// How a relay is reached.
#[derive(Args)]
pub(in crate::cli) struct Reach {
    /// Where to meet: wss://HOST:PORT/micronets/v1/ws-proxy/ID; a second one is tried when the first fails
    #[arg(required = true, num_args = 1..=2, value_name = "URL")]
    urls: Vec<Uri>,
    /// Our certificate and key in one PEM file, as `gatelodge pki relay` writes it (also -cc); a URL with a ticket
    /// needs none
    #[arg(long, alias = "client-cert", value_name = "BUNDLE")]
    cert: Option<PathBuf>,
    /// The authority of the relay's certificate, PEM (also -ca)
    #[arg(long, alias = "ca-cert", value_name = "FILE")]
    ca: PathBuf,
    /// The HTTP proxy on the way to the relay, http://NAME@HOST:PORT, or `off` [default: outbound.proxy of the
    /// configuration, or else HTTPS_PROXY but for hosts in NO_PROXY]
    #[arg(long, value_name = "URL")]
    proxy: Option<Proxy>,
    /// A file with the password that goes with the name in --proxy
    #[arg(long, value_name = "FILE", requires = "proxy")]
    proxy_password_file: Option<PathBuf>,
    /// Whether the relay's certificate must be for the host in URL; those of old relays have no name
    #[arg(long)]
    verify_name: bool,
    /// How long one request may take
    #[arg(long, default_value = "30s", value_name = "TIME")]
    timeout: Span,
    /// Whether --listen may be an address that other machines reach; whoever reaches it may ask everything
    #[arg(long)]
    allow_remote: bool,
}

/// HTTP requests of this machine become requests to the partner
#[derive(Args)]
pub(in crate::cli) struct Connect {
    #[command(flatten)]
    reach: Reach,
    /// Where HTTP is served
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["address", "port"])]
    listen: Option<SocketAddr>,
    /// The address of --listen, as the original took it
    #[arg(
        short = 'a',
        long = "http-proxy-address",
        value_name = "HOST",
        default_value = "localhost"
    )]
    address: String,
    /// The port of --listen, as the original took it
    #[arg(short = 'p', long = "http-proxy-port", value_name = "PORT", default_value_t = 5001)]
    port: u16,
}

/// The partner's requests go to HTTP servers of this machine
#[derive(Args)]
pub(in crate::cli) struct ServeHttp {
    #[command(flatten)]
    reach: Reach,
    /// A server, http://HOST:PORT[/BASE]; with /PREFIX= before it, for paths that begin so. May be given several times
    #[arg(long = "to", required = true, value_name = "[/PREFIX=]URL")]
    to: Vec<String>,
    /// What may be asked, such as `GET /status` or `* /v1/`: a method and the beginning of a path; may be given several
    /// times [default: everything]
    #[arg(long = "allow", value_name = "METHOD PATH")]
    allow: Vec<String>,
    /// Whether --to may name servers on other machines
    #[arg(long)]
    remote_servers: bool,
    /// Where events are heard and sent on this machine (/.relay/events) [default: nowhere]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

impl Connect {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let listen = match self.listen {
            Some(listen) => listen,
            None => format!("{}:{}", self.address.replace("localhost", "127.0.0.1"), self.port)
                .parse()
                .map_err(|_| CliError::usage(format_args!("{} is no address to listen on", self.address)))?,
        };
        self.reach.may_listen(listen)?;
        let link = Link::default();
        let caller = Caller::new(link.clone(), self.reach.timeout.0);
        let router = caller.router();
        let config = configured(common);
        let dialing = self.reach.dialing(config.as_ref(), "gatelodge-relay-connect")?;
        go(config, link, dialing, Some((listen, router)), move |message| {
            caller.heard(message)
        })
    }
}

impl ServeHttp {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let targets: Result<Vec<Target>, CliError> = self.to.iter().map(|text| self.target(text)).collect();
        let allowed: Result<Vec<Allowed>, CliError> = self.allow.iter().map(|text| allowed(text)).collect();
        if let Some(listen) = self.listen {
            self.reach.may_listen(listen)?;
        }
        let link = Link::default();
        let responder = Responder::new(link.clone(), targets?, allowed?, self.reach.timeout.0);
        let router = events::router(link.clone(), responder.events());
        let local = self.listen.map(|listen| (listen, router));
        let config = configured(common);
        let dialing = self.reach.dialing(config.as_ref(), "gatelodge-relay-serve-http")?;
        go(config, link, dialing, local, move |message| responder.heard(message))
    }

    fn target(&self, text: &str) -> Result<Target, CliError> {
        let fault = |what: &str| CliError::usage(format_args!("--to {text}: {what}"));
        let (prefix, url) = match text.split_once('=') {
            Some((prefix, url)) if prefix.starts_with('/') => (prefix, url),
            _ => ("/", text),
        };
        let uri: Uri = url.parse().map_err(|_| fault("not a URL"))?;
        if uri.scheme_str() != Some("http") {
            return Err(fault(
                "servers are asked by plain HTTP on this machine, so it begins with http://",
            ));
        }
        let authority: Authority = uri.authority().cloned().ok_or_else(|| fault("has no host"))?;
        if !is_loopback(authority.host()) && !self.remote_servers {
            return Err(fault("is not on this machine").hint("--remote-servers allows that"));
        }
        Ok(Target {
            prefix: prefix.to_owned(),
            authority,
            base: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn allowed(text: &str) -> Result<Allowed, CliError> {
    let (method, prefix) = text.split_once(' ').unwrap_or_default();
    if method.is_empty() || !prefix.starts_with('/') {
        let fault = CliError::usage(format_args!("--allow {text:?} is not a method and a path"));
        return Err(fault.hint("such as --allow 'GET /status'"));
    }
    Ok(Allowed {
        method: method.to_ascii_uppercase(),
        prefix: prefix.to_owned(),
    })
}

impl Reach {
    fn may_listen(&self, listen: SocketAddr) -> Result<(), CliError> {
        if listen.ip().is_loopback() || self.allow_remote {
            return Ok(());
        }
        let fault = format_args!("{listen} can be reached from other machines, and asks nobody who they are");
        Err(CliError::usage(fault).hint("listen on 127.0.0.1, or allow it with --allow-remote"))
    }

    fn dialing(self, config: Option<&Config>, class: &'static str) -> Result<Dialing, CliError> {
        if let Some(url) = self
            .urls
            .iter()
            .find(|url| url.scheme_str() != Some("wss") || url.host().is_none())
        {
            let fault = CliError::usage(format_args!("{url} is no address of a relay"));
            return Err(fault.hint("such as wss://relay.example.org:5050/micronets/v1/ws-proxy/gw/7"));
        }
        let has_ticket = |url: &Uri| url.query().is_some_and(|query| query.contains("ticket="));
        if self.cert.is_none() && !self.urls.iter().all(has_ticket) {
            let fault = CliError::usage("--cert is missing");
            return Err(
                fault.hint("`gatelodge pki relay` makes a bundle, `gatelodge relay ticket` a URL with a ticket")
            );
        }
        let bundle = Bundle {
            own: self.cert,
            authority: self.ca,
            names: if self.verify_name { Names::Checked } else { Names::Any },
        };
        let named = self.proxy.map(|proxy| Outbound {
            proxy: Some(proxy),
            proxy_password_file: self.proxy_password_file,
            no_proxy: Vec::new(),
        });
        let way = named.unwrap_or_else(|| config.map(|config| config.outbound.clone()).unwrap_or_default());
        Ok(Dialing {
            urls: self.urls,
            tls: bundle.read().map_err(CliError::failed)?,
            way: way.way(),
            class,
        })
    }
}

/// What a box of this machine would go by. A peer does its work beside one that cannot be read.
fn configured(common: &Common) -> Option<Config> {
    let config = common.load_or_default();
    if let Err(error) = &config {
        print::note(format_args!(
            "the configuration is not heeded, and no proxy in it: {error}"
        ));
    }
    config.ok()
}

/// Keeps the link up and serves HTTP until somebody ends it.
fn go(
    config: Option<Config>,
    link: Link,
    dialing: Dialing,
    local: Option<(SocketAddr, Router)>,
    heard: impl FnMut(Message),
) -> Result<(), CliError> {
    let log = config.map_or_else(Log::default, |config| config.log);
    let _logging = app::start_logging(&log, LogTo::Stderr);
    runtime()?.block_on(async move {
        let stop = CancellationToken::new();
        let serving = async {
            let Some((listen, router)) = local else {
                return std::future::pending().await;
            };
            let listener = TcpListener::bind(listen)
                .await
                .map_err(|error| CliError::failed(format_args!("listening on {listen}: {error}")))?;
            let at = listener.local_addr().unwrap_or(listen);
            print::line(format_args!("listening on http://{at}"));
            let ended = axum::serve(LingeringListener(listener), closing(router))
                .with_graceful_shutdown(stop.clone().cancelled_owned());
            ended.await.map_err(CliError::failed)
        };
        tokio::pin!(serving);
        tokio::select! {
            ended = &mut serving => return ended,
            () = link.keep(dialing, heard) => {}
            () = asked_to_end() => {}
        }
        stop.cancel();
        // Requests under way get a moment; streams of events would never end.
        let _ = tokio::time::timeout(Duration::from_millis(500), serving).await;
        Ok(())
    })
}

/// Waits for Ctrl-C or SIGTERM.
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
