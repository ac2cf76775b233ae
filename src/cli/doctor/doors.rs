//! Whether each door takes connections, and whether what the https door shows is believed by who comes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use jiff::{SignedDuration, Timestamp};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use super::handshake::{self, Missed, PATIENCE};
use crate::admin::{CertificateShown, Status};
use crate::config::{Https, Mtls, PlainDoor};
use crate::tls::Step;

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
pub(super) fn here(address: SocketAddr) -> SocketAddr {
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

/// As a client comes.
async fn is_believed(patient: &Patient, address: SocketAddr) -> Step {
    let name = &patient.config.site.hostname;
    let trust = match handshake::trust(patient) {
        Ok(trust) => trust,
        Err(error) => return doubt("certificate", error, "call this as root, or as the service's user"),
    };
    let by = &trust.by;
    match handshake::shake(patient, &trust, here(address)).await {
        Ok(_) => good("certificate", format_args!("{name} is believed {by}")),
        Err(Missed::Disbelieved(error)) if trust.private && error.to_string().contains("UnknownIssuer") => doubt(
            "certificate",
            format_args!("{name} has one of a private ACME server, which is not believed {by}"),
            "have phones and browsers trust that server's root",
        ),
        Err(Missed::Disbelieved(error)) => bad(
            "certificate",
            format_args!("{name} is not believed {by}: {error}"),
            "gatelodge cert list; gatelodge cert test where it is by ACME",
        ),
        Err(Missed::Unreached(why)) => bad("certificate", why, "journalctl -u gatelodge -n 50"),
        Err(Missed::Name) => bad(
            "certificate",
            format_args!("{name} is no name or address"),
            "set site.hostname to one",
        ),
    }
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
