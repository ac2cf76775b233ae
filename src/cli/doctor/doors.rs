//! Whether each door takes connections, and whether what the https door shows is believed by who comes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::admin::{CertificateShown, Status};
use crate::config::{Certificate as Source, Https, Mtls, PlainDoor};
use crate::http::Proxies;
use crate::tls::proxy_header::LOCAL;
use crate::tls::{Outbound, Step};

/// For a connection on the machine itself, and a handshake.
const PATIENCE: Duration = Duration::from_secs(5);
/// A certificate that ends sooner is worth a look.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(in crate::cli) async fn look(patient: &Patient) -> Vec<Step> {
    let Some((_, status)) = &patient.running else {
        return could_listen(patient).await;
    };
    let mut steps = Vec::new();
    for (door, addresses) in &status.doors {
        for address in addresses {
            steps.push(takes(door, *address).await);
        }
    }
    let https = status.doors.get("https").and_then(|addresses| addresses.first());
    if let Some(address) = https {
        steps.push(is_believed(patient, *address).await);
    }
    steps.extend(ends(status));
    steps
}

/// Where one listens everywhere, it is asked on the machine itself.
fn here(address: SocketAddr) -> SocketAddr {
    match address.ip().is_unspecified() {
        true => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port()),
        false => address,
    }
}

async fn takes(door: &str, address: SocketAddr) -> Step {
    match timeout(PATIENCE, TcpStream::connect(here(address))).await {
        Ok(Ok(_)) => good(door, format_args!("{address} takes connections")),
        Ok(Err(error)) => bad(
            door,
            format_args!("{address}: {error}"),
            "journalctl -u gatelodge -n 50",
        ),
        Err(_) => bad(
            door,
            format_args!("{address} does not answer within 5 s"),
            "journalctl -u gatelodge -n 50",
        ),
    }
}

/// As a client comes: by the box's own root where the certificate is its own, else by the authorities of the system.
async fn is_believed(patient: &Patient, address: SocketAddr) -> Step {
    let (config, name) = (&patient.config, patient.config.site.hostname.clone());
    let own = config
        .https
        .as_ref()
        .is_none_or(|https| https.certificate == Source::SelfSigned);
    let root: Option<PathBuf> = own.then(|| config.data_dir.join("pki/server/root.cert.pem"));
    let by = match &root {
        Some(root) => format!("by {}", root.display()),
        None => "by the authorities of this system".to_owned(),
    };
    let outbound = Outbound {
        ca_file: root,
        ..Outbound::default()
    };
    let tls = match outbound.load() {
        Ok(tls) => tls,
        Err(error) => return doubt("certificate", error, "call this as root, or as the service's user"),
    };
    let Ok(server) = ServerName::try_from(name.clone()) else {
        return bad(
            "certificate",
            format_args!("{name} is no name or address"),
            "set site.hostname to one",
        );
    };
    let shake = async {
        let mut stream = TcpStream::connect(here(address)).await?;
        if must_announce(patient, &stream) {
            stream.write_all(&LOCAL).await?;
        }
        TlsConnector::from(Arc::clone(&tls.config))
            .connect(server, stream)
            .await
    };
    let private = config.acme.as_ref().is_some_and(|acme| acme.ca_file.is_some());
    match timeout(PATIENCE, shake).await {
        Ok(Ok(_)) => good("certificate", format_args!("{name} is believed {by}")),
        Ok(Err(error)) if private && error.to_string().contains("UnknownIssuer") => doubt(
            "certificate",
            format_args!("{name} has one of a private ACME server, which is not believed {by}"),
            "have phones and browsers trust that server's root",
        ),
        Ok(Err(error)) => bad(
            "certificate",
            format_args!("{name} is not believed {by}: {error}"),
            "gatelodge cert list; gatelodge cert test where it is by ACME",
        ),
        Err(_) => bad(
            "certificate",
            "no handshake within 5 s",
            "journalctl -u gatelodge -n 50",
        ),
    }
}

/// Whether the https door takes who comes from here for a proxy that says whose a connection is.
fn must_announce(patient: &Patient, stream: &TcpStream) -> bool {
    let limits = &patient.config.limits.https;
    let trusted = Proxies::new(&limits.trusted_proxies);
    limits.proxy_protocol && stream.local_addr().is_ok_and(|own| trusted.trust(own.ip()))
}

/// What each door shows, and for how long.
fn ends(status: &Status) -> Vec<Step> {
    let now = Timestamp::now();
    let step = |shown: &CertificateShown| {
        let until = shown.not_after?;
        let words = format!("{} ({}) is good until {until:.0}", shown.door, shown.source);
        Some(match (until <= now, until.duration_since(now) < SOON) {
            (true, _) => bad(
                "until",
                format_args!("{} ended at {until:.0}", shown.door),
                "gatelodge cert list",
            ),
            (false, true) => doubt(
                "until",
                words,
                "gatelodge cert list says when it is renewed, and what went wrong",
            ),
            (false, false) => good("until", words),
        })
    };
    status.certificates.iter().filter_map(step).collect()
}

/// Without a running box: whether its ports are free.
async fn could_listen(patient: &Patient) -> Vec<Step> {
    let config = &patient.config;
    let doors = [
        ("http", config.http.as_ref().map(PlainDoor::http_addresses)),
        ("https", config.https.as_ref().map(Https::addresses)),
        ("mtls", config.mtls.as_ref().map(Mtls::addresses)),
    ];
    let mut steps = Vec::new();
    for (door, addresses) in doors {
        for address in addresses.unwrap_or_default() {
            steps.push(match TcpListener::bind(address).await {
                Ok(_) => good(door, format_args!("{address} is free")),
                Err(error) => bad(
                    door,
                    format_args!("{address}: {error}"),
                    &format!("see who has it: ss -ltnp sport = :{}", address.port()),
                ),
            });
        }
    }
    steps
}
