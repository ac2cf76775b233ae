//! How a session is opened: files read anew, our own certificate looked at, name lookup, TCP, TLS, the login; and when
//! the files change, that it is time to do so again.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::interval;

use super::agreed::agree;
use super::error::{ConnectionError, OwnCertificateError};
use super::login::{login, password};
use super::wire::{ConnackError, Opened, Opening, Wire};
use crate::files::resolved;
use crate::pki::sha256;
use crate::tls::{FileWatch, Outbound, OutboundTls};
use crate::uplink::config::{Auth, Config, Kind};
use crate::uplink::context::Context;

/// Files are looked at so often while the box waits or is connected.
const LOOK: Duration = Duration::from_secs(2);

/// Opens a session, step by step.
pub(in crate::uplink) async fn step_by_step(
    context: &Context,
    tls: Option<&OutboundTls>,
) -> Result<(Wire, Opened), ConnectionError> {
    let config = &context.config;
    if let Some(tls) = tls {
        check_identity(tls, config.kind, &context.client_id).map_err(|fault| given(config, fault))?;
        let ends = tls.identity.as_ref().map(|identity| identity.not_after);
        context.status.write().certificate_ends = ends;
    }
    let before = context.agreed().clone();
    let opened = agree(config, &before, &opening(context)?, tls).await;
    let agreement = opened.map_err(|fault| given(config, fault))?;
    *context.agreed() = agreement.agreed;
    for limit in agreement.found {
        context.limited(limit);
    }
    Ok((agreement.wire, agreement.opened))
}

/// What the platform gave is mended in another way than what somebody put there.
fn given(config: &Config, fault: ConnectionError) -> ConnectionError {
    match (config.auth(), fault) {
        (Auth::Bootstrap, ConnectionError::Refused(refusal @ (ConnackError::Login | ConnackError::NotAuthorised))) => {
            ConnectionError::Grant(refusal)
        }
        (Auth::Est, ConnectionError::Certificate(fault)) => ConnectionError::Issued(fault),
        (_, fault) => fault,
    }
}

/// What is wrong with our own certificate is said before the broker can only say no.
pub(in crate::uplink) fn check_identity(tls: &OutboundTls, kind: Kind, client_id: &str) -> Result<(), ConnectionError> {
    let Some(identity) = &tls.identity else { return Ok(()) };
    let now = Timestamp::now();
    if now >= identity.not_after {
        return Err(ConnectionError::Certificate(OwnCertificateError::Ended(
            identity.not_after,
        )));
    }
    if now < identity.not_before {
        return Err(ConnectionError::Certificate(OwnCertificateError::NotYet(
            identity.not_before,
        )));
    }
    if let Some(place) = identity.out_of_order {
        return Err(ConnectionError::Certificate(OwnCertificateError::Order(place)));
    }
    // A tenant knows a device by its certificate; a broker may know the certificate under another name.
    let common_name = identity.common_name.clone().unwrap_or_default();
    if kind == Kind::Cumulocity && common_name != client_id {
        return Err(ConnectionError::Certificate(OwnCertificateError::OtherName {
            common_name,
            client_id: client_id.to_owned(),
        }));
    }
    Ok(())
}

fn opening(context: &Context) -> Result<Opening, ConnectionError> {
    let config = &context.config;
    Ok(Opening {
        client_id: on_the_wire(config.kind, &context.client_id),
        login: login(config)?,
        keep_alive_s: u16::try_from(config.keep_alive.0.as_secs()).unwrap_or(600),
        will: Some(context.dialect.will()),
        window: config.window,
        patience: context.patience.opening,
    })
}

/// What the box calls itself in the opening: a tenant wants to hear first that it is a device.
pub(in crate::uplink) fn on_the_wire(kind: Kind, client_id: &str) -> String {
    match kind {
        Kind::Mqtt => client_id.to_owned(),
        Kind::Cumulocity => format!("d:{client_id}"),
    }
}

/// Waits until one of the files that a session is opened with says something else, and all of them can be used. A
/// session that works is not given up for files that do not.
pub(in crate::uplink) async fn changed(config: &Config, client_id: &str) {
    let files = [
        &config.ca_file,
        &config.certificate_file,
        &config.key_file,
        &config.password_file,
        &config.way.password_file,
    ];
    let given = config.credential_folder.iter().filter(|_| config.auth().is_given());
    let given = given.flat_map(|kept| [kept.identity(), kept.next(), kept.granted()]);
    let files: Vec<PathBuf> = files.into_iter().flatten().cloned().chain(given).collect();
    if files.is_empty() {
        return std::future::pending().await;
    }
    let contents = || {
        files
            .iter()
            .map(|file| Some(sha256(&std::fs::read(resolved(file).ok()?).ok()?)))
    };
    let before: Vec<Option<[u8; 32]>> = contents().collect();
    let mut watch = FileWatch::new(files.clone());
    let mut looks = interval(LOOK);
    loop {
        looks.tick().await;
        let differs = || !contents().eq(before.iter().copied());
        let usable = || {
            // A renewed certificate is tried before the present one, which may have ended.
            let outbound = config.outbound_next().or_else(|| config.outbound());
            let tls = outbound.as_ref().map(Outbound::load).transpose();
            let good = |tls: &OutboundTls| check_identity(tls, config.kind, client_id).is_ok();
            let tls = tls.is_ok_and(|tls| tls.as_ref().is_none_or(good));
            // Before the platform has granted a login, its password for strangers is what can change.
            let stranger = || {
                config
                    .password_file
                    .as_deref()
                    .is_some_and(|file| password(file).is_ok())
            };
            tls && match login(config) {
                Err(ConnectionError::NotEnrolled) => stranger(),
                login => login.is_ok(),
            }
        };
        if watch.changed() && differs() && usable() {
            return;
        }
    }
}
