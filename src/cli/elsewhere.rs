//! How others reach the box: what stands in front of every address that is printed for them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

pub(super) use crate::app::machine;
use crate::config::{Certificate, Config, Https, Site};

/// `https://name` or `https://name:port`, under which phones and programs on other machines come to the pages. A box
/// whose name nobody set is named by its address.
pub(super) fn pages(config: &Config) -> String {
    let addresses = config.https.as_ref().map(Https::addresses).unwrap_or_default();
    pages_at(config, &addresses)
}

/// As [`pages`], where the door is known to listen.
pub(super) fn pages_at(config: &Config, listening: &[SocketAddr]) -> String {
    let host = host(&config.site, listening);
    match listening.first().map(SocketAddr::port) {
        None | Some(443 | 0) => format!("https://{host}"),
        Some(port) => format!("https://{host}:{port}"),
    }
}

fn host(site: &Site, listening: &[SocketAddr]) -> String {
    let usual = Site::default().hostname;
    let beyond = listening.iter().any(|address| !address.ip().is_loopback());
    match machine().filter(|_| site.hostname == usual && beyond) {
        Some(IpAddr::V6(address)) => format!("[{address}]"),
        Some(address) => address.to_string(),
        None => site.hostname.clone(),
    }
}

/// The root that leads to what people see at the https door, where the box issues that itself.
pub(super) fn own_root(config: &Config) -> Option<PathBuf> {
    let own = config
        .https
        .as_ref()
        .is_none_or(|https| https.certificate == Certificate::SelfSigned);
    own.then(|| config.data_dir.join("pki/server/root.cert.pem"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_for_its_own_machine_alone_is_named_as_it_is_set() {
        let site = |hostname: &str| Site {
            hostname: hostname.to_owned(),
            ..Site::default()
        };
        let at = |address: &str| vec![address.parse::<SocketAddr>().unwrap()];
        assert_eq!(host(&site("localhost"), &at("127.0.0.1:443")), "localhost");
        assert_eq!(
            host(&site("lodge.example.org"), &at("0.0.0.0:443")),
            "lodge.example.org"
        );
        if let Some(address) = machine() {
            assert!(host(&site("localhost"), &at("0.0.0.0:443")).contains(&address.to_string()));
        }
    }
}
