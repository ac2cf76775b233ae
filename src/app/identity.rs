//! Under which names the box answers.

use std::net::IpAddr;

use super::acme;
use crate::config::Config;

/// The names of the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    hostname: String,
    machine: Option<String>,
    others: Vec<String>,
}

/// What `site.hostname` is when nobody set it.
const UNSET: &str = "localhost";

impl Names {
    /// The names that a configuration gives the box, and those of its certificate by ACME.
    pub(super) fn of(config: &Config) -> Names {
        let names = Names::new(&config.site.hostname);
        match acme::wanted(config) {
            Some(acme) => names.and(acme.domains),
            None => names,
        }
    }

    pub(super) fn new(hostname: &str) -> Names {
        let machine = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .to_ascii_lowercase();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let usable = !machine.is_empty() && machine.chars().all(is_name);
        Names {
            hostname: hostname.to_ascii_lowercase(),
            machine: usable.then_some(machine),
            others: Vec::new(),
        }
    }

    /// With further names, those of an ACME certificate.
    pub(super) fn and(mut self, others: Vec<String>) -> Names {
        self.others.extend(others.iter().map(|name| name.to_ascii_lowercase()));
        self
    }

    /// What its own certificate is made out to.
    pub(super) fn for_certificate(&self) -> Vec<String> {
        let machine = self.machine.clone().filter(|machine| *machine != self.hostname);
        let others = self.others.iter().filter(|name| **name != self.hostname).cloned();
        std::iter::once(self.hostname.clone())
            .chain(machine)
            .chain(others)
            .collect()
    }

    /// Where to send a client that asked for `host` at our address `reached`: the name it asked for, when that is
    /// one of ours or that address, else a name or an address that is. A foreign name is never repeated.
    pub(super) fn own(&self, host: Option<&str>, reached: Option<IpAddr>) -> String {
        let reached = reached.map(|address| address.to_canonical());
        let asked = host
            .filter(|host| self.is_named(host) || host.parse::<IpAddr>().is_ok_and(|address| Some(address) == reached));
        match (asked, reached) {
            (Some(asked), _) => asked.to_ascii_lowercase(),
            (None, Some(reached)) if self.hostname == UNSET => reached.to_string(),
            (None, _) => self.hostname.clone(),
        }
    }

    fn is_named(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case(&self.hostname)
            || host.eq_ignore_ascii_case(UNSET)
            || self
                .machine
                .as_ref()
                .is_some_and(|machine| host.eq_ignore_ascii_case(machine))
            || self.others.iter().any(|name| host.eq_ignore_ascii_case(name))
    }

    /// Whether a request under `host` is for us. Addresses always are; with no name set, every name is,
    /// since an installer reaches the box by whatever the local network calls it.
    pub(super) fn are_ours(&self, host: &str) -> bool {
        self.hostname == UNSET || self.is_named(host) || host.parse::<IpAddr>().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_names_are_not_ours_once_a_name_is_set() {
        let names = Names::new("Lodge.example.org");
        for ours in [
            "lodge.example.org",
            "LODGE.example.org",
            "localhost",
            "192.0.2.7",
            "::1",
        ] {
            assert!(names.are_ours(ours), "{ours}");
        }
        for foreign in ["evil.example", "example.org", "lodge.example.org.evil.example", ""] {
            assert!(!names.are_ours(foreign), "{foreign}");
        }
        assert!(Names::new("localhost").are_ours("lodge.lan"));
    }

    #[test]
    fn clients_are_sent_to_own_names_and_to_the_address_they_reached() {
        let reached = Some("192.0.2.7".parse().unwrap());
        let unset = Names::new("localhost").and(vec!["door.example.org".to_owned()]);
        let set = Names::new("lodge.example.org");
        for (names, asked, sent) in [
            (&set, "Lodge.example.org", "lodge.example.org"),
            (&set, "evil.example", "lodge.example.org"),
            (&set, "192.0.2.7", "192.0.2.7"),
            (&set, "198.51.100.1", "lodge.example.org"),
            (&unset, "evil.example", "192.0.2.7"),
            (&unset, "198.51.100.1", "192.0.2.7"),
            (&unset, "192.0.2.7", "192.0.2.7"),
            (&unset, "Door.example.org", "door.example.org"),
            (&unset, "localhost", "localhost"),
        ] {
            assert_eq!(names.own(Some(asked), reached), sent, "{asked}");
        }
        assert_eq!(set.own(None, reached), "lodge.example.org");
    }
}
