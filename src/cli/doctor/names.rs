//! Whether the box's name leads to the box.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::tls::Step;

/// For an answer of the name service.
const PATIENCE: Duration = Duration::from_secs(5);

pub(in crate::cli) async fn look(patient: &Patient) -> Vec<Step> {
    let name = &patient.config.site.hostname;
    if name == "localhost" {
        let words = "people can reach the box only on itself: site.hostname is not set";
        return vec![doubt(
            "name",
            words,
            "set site.hostname to the name or address by which phones reach the box",
        )];
    }
    let found = match timeout(PATIENCE, lookup_host((name.as_str(), 443))).await {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect::<Vec<_>>(),
        Ok(Err(error)) => return vec![unknown(name, &error.to_string())],
        Err(_) => return vec![unknown(name, "nobody answered within 5 s")],
    };
    vec![told(name, &found)]
}

fn unknown(name: &str, why: &str) -> Step {
    let next =
        format!("add a record for {name} where the network's names are kept, or give the box an address that stays");
    bad("name", format_args!("{name} leads nowhere: {why}"), &next)
}

fn told(name: &str, found: &[IpAddr]) -> Step {
    let listed: Vec<String> = found.iter().map(ToString::to_string).collect();
    let listed = listed.join(", ");
    match found.iter().any(|address| is_ours(*address)) {
        true => good("name", format_args!("{name} is {listed}, which is this machine")),
        false if found.is_empty() => unknown(name, "it has no address"),
        false => doubt(
            "name",
            format_args!("{name} is {listed}, which is another machine, or a router that leads here"),
            "open it from a phone; if that fails, mend the record or the router's port forwarding",
        ),
    }
}

/// Whether an address is this machine's: only such a one can be bound.
pub(super) fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::StepVerdict;

    #[test]
    fn a_name_is_held_against_the_machines_own_addresses() {
        let verdict = |addresses: &[&str]| {
            let found: Vec<IpAddr> = addresses.iter().map(|one| one.parse().unwrap()).collect();
            told("lodge", &found).verdict
        };
        assert_eq!(verdict(&["127.0.0.1"]), StepVerdict::Good);
        assert_eq!(verdict(&["192.0.2.1", "127.0.0.1"]), StepVerdict::Good);
        assert_eq!(verdict(&["192.0.2.1"]), StepVerdict::Doubtful);
        assert_eq!(verdict(&[]), StepVerdict::Bad);
    }
}
