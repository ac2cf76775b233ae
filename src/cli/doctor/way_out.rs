//! Whether the proxy on the way out is there, where there is one.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::steps::{bad, good};
use super::Patient;
use crate::tls::Step;

/// For the proxy to take a connection.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn look(patient: &Patient) -> Vec<Step> {
    let way = patient.config.outbound.way();
    let Some(proxy) = &way.proxy else { return Vec::new() };
    let next = "check host and port in outbound.proxy (or HTTPS_PROXY), and that the proxy runs";
    let step = match timeout(PATIENCE, TcpStream::connect((proxy.host.as_str(), proxy.port))).await {
        Ok(Ok(_)) => good("proxy", format_args!("{proxy} takes connections")),
        Ok(Err(error)) => bad("proxy", format_args!("{proxy} cannot be reached: {error}"), next),
        Err(_) => bad("proxy", format_args!("{proxy} did not answer within 5 s"), next),
    };
    vec![step]
}
