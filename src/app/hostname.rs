//! Whether the box's name leads to the box.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::config::Site;

/// For an answer of the name service.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// Nobody set one.
    Unset,
    /// To this machine, among these addresses.
    Here(Vec<IpAddr>),
    /// To another machine, or a router that leads here.
    Elsewhere(Vec<IpAddr>),
    /// Nowhere, and why.
    Nowhere(String),
}

/// Asks the name service where `name` leads.
pub async fn leads(name: &str) -> Leads {
    if name == Site::default().hostname {
        return Leads::Unset;
    }
    match timeout(PATIENCE, lookup_host((name, 443))).await {
        Ok(Ok(found)) => of(found.map(|address| address.ip()).collect()),
        Ok(Err(error)) => Leads::Nowhere(error.to_string()),
        Err(_) => Leads::Nowhere(format!("nobody answered within {} s", PATIENCE.as_secs())),
    }
}

fn of(found: Vec<IpAddr>) -> Leads {
    match found.iter().any(|address| is_ours(*address)) {
        true => Leads::Here(found),
        false if found.is_empty() => Leads::Nowhere("it has no address".to_owned()),
        false => Leads::Elsewhere(found),
    }
}

/// Whether an address is this machine's: only such a one can be bound.
#[must_use]
pub fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_held_against_the_machines_own_addresses() {
        let leads = |addresses: &[&str]| of(addresses.iter().map(|one| one.parse().unwrap()).collect());
        assert!(matches!(leads(&["127.0.0.1"]), Leads::Here(_)));
        assert!(matches!(leads(&["192.0.2.1", "127.0.0.1"]), Leads::Here(_)));
        assert!(matches!(leads(&["192.0.2.1"]), Leads::Elsewhere(_)));
        assert!(matches!(leads(&[]), Leads::Nowhere(_)));
    }
}
