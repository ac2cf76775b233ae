//! What is wrong with the doors' sections and their limits.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::{Certificate, Config, Grpc, Https, Mtls, PlainDoor};
use crate::domain::Faults;
use crate::relay;

/// All faults of doors.
pub(super) fn check(config: &Config, faults: &mut Faults) {
    if let Some(https) = &config.https {
        certificate(https, faults);
    }
    if let Some(mtls) = &config.mtls {
        pair("mtls", (&mtls.certificate_file, &mtls.key_file), faults);
        by_acme(config, mtls, faults);
    }
    if let Some(grpc) = &config.grpc {
        pair("grpc", (&grpc.certificate_file, &grpc.key_file), faults);
        in_clear(grpc, faults);
        clients(grpc, faults);
    }
    limits(config, faults);
    apart(config, faults);
}

/// Files are named when the certificate comes from files, and only then.
fn certificate(https: &Https, faults: &mut Faults) {
    let files = [
        ("https.certificate_file", &https.certificate_file),
        ("https.key_file", &https.key_file),
    ];
    let by_files = https.certificate == Certificate::Files;
    let wrong = files.into_iter().filter(|(_, file)| file.is_some() != by_files);
    let wrong: Vec<&str> = wrong.map(|(key, _)| key).collect();
    if by_files && !wrong.is_empty() {
        let right = format!("then {} must say which", wrong.join(" and "));
        faults.joint(
            "https.certificate",
            &["https.certificate_file", "https.key_file"],
            "is \"files\"",
            right,
        );
        return;
    }
    for key in wrong {
        let right = "with https.certificate = \"files\" it is";
        faults.joint(key, &["https.certificate"], "is not used", right);
    }
}

/// The machines' door can show what the https door has by ACME, and then nothing else.
fn by_acme(config: &Config, mtls: &Mtls, faults: &mut Faults) {
    if mtls.certificate.is_none() {
        return;
    }
    if config
        .https
        .as_ref()
        .is_none_or(|https| https.certificate != Certificate::Acme)
    {
        let right = "https.certificate = \"acme\" orders it";
        faults.joint(
            "mtls.certificate",
            &["https.certificate"],
            "is the certificate that https has by ACME, which has none",
            right,
        );
    }
    for (key, file) in [
        ("mtls.certificate_file", &mtls.certificate_file),
        ("mtls.key_file", &mtls.key_file),
    ] {
        if file.is_some() {
            faults.joint(
                key,
                &["mtls.certificate"],
                "is not used",
                "leave mtls.certificate out, and it is",
            );
        }
    }
}

fn pair(door: &str, (certificate, key): (&Option<PathBuf>, &Option<PathBuf>), faults: &mut Faults) {
    if certificate.is_some() != key.is_some() {
        let right = "give both, or neither for the own PKI";
        let what = "has only one of certificate_file and key_file";
        let files = ["certificate_file", "key_file"].map(|file| format!("{door}.{file}"));
        faults.joint(door, &[&files[0], &files[1]], what, right);
    }
}

/// What does not go with a door that asks for no certificate.
fn in_clear(grpc: &Grpc, faults: &mut Faults) {
    if !grpc.plaintext {
        return;
    }
    if !grpc.addresses().iter().all(|address| address.ip().is_loopback()) {
        let what = "has no roles and no secrets, so it is for loopback addresses only";
        let right = "listen on 127.0.0.1 or [::1], or leave it out";
        faults.joint("grpc.plaintext", &["grpc.listen"], what, right);
    }
    for (key, is_there) in [
        ("grpc.certificate_file", grpc.certificate_file.is_some()),
        ("grpc.key_file", grpc.key_file.is_some()),
        ("grpc.client_ca_file", grpc.client_ca_file.is_some()),
        ("grpc.crl_file", grpc.crl_file.is_some()),
        ("grpc.client", !grpc.client.is_empty()),
    ] {
        if is_there {
            let right = "without grpc.plaintext it is: nobody shows a certificate there";
            faults.joint(key, &["grpc.plaintext"], "is not used", right);
        }
    }
}

/// Each client has one entry, under a name that a certificate can have.
fn clients(grpc: &Grpc, faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for (place, client) in grpc.client.iter().enumerate() {
        let mut inner = Faults::default();
        if client.name.is_empty() || client.name.contains(char::is_control) {
            let right = "the common name in its certificate";
            inner.add("name", format!("{:?} is no name", client.name), right);
        }
        if !names.insert(&client.name) {
            let what = format!("`{}` is there twice", client.name);
            inner.add("name", what, "each client has one entry");
        }
        if client.escos.iter().any(String::is_empty) {
            inner.add(
                "escos",
                "has an empty code in it",
                "codes of suppliers, such as \"hmce\"",
            );
        }
        faults.within(&format!("grpc.client.{place}"), inner);
    }
}

fn limits(config: &Config, faults: &mut Faults) {
    let limits = &config.limits;
    for (door, limits) in [
        ("http", &limits.http),
        ("https", &limits.https),
        ("mtls", &limits.mtls),
        ("grpc", &limits.grpc),
        ("relay", &limits.relay),
        ("metrics", &limits.metrics),
    ] {
        if limits.connections == 0 {
            let what = "is 0, so nobody could connect";
            faults.add(format!("limits.{door}.connections"), what, "such as 4096");
        }
        if limits.proxy_protocol && limits.trusted_proxies.is_empty() {
            let (key, trusted) = (
                format!("limits.{door}.proxy_protocol"),
                format!("limits.{door}.trusted_proxies"),
            );
            let right = format!("{trusted} names the proxies that are believed");
            faults.joint(key, &[&trusted], "is read from nobody", right);
        }
    }
}

/// An address that a door listens on.
struct Listening {
    door: &'static str,
    address: SocketAddr,
    /// Whether it takes IPv4 along: `[::]` does, unless its door has an IPv4 address of its own at that port.
    takes_v4: bool,
}

impl Listening {
    /// Whether no two sockets can be bound so.
    fn collides(&self, other: &Listening) -> bool {
        let (one, two) = (self.address.ip(), other.address.ip());
        let alike = one.is_ipv4() == two.is_ipv4();
        let along = (self.takes_v4 && two.is_ipv4()) || (other.takes_v4 && one.is_ipv4());
        let overlap = alike && (one == two || one.is_unspecified() || two.is_unspecified());
        self.address.port() != 0 && self.address.port() == other.address.port() && (overlap || along)
    }
}

/// No two doors may want the same address.
fn apart(config: &Config, faults: &mut Faults) {
    let doors: [(&'static str, Option<Vec<SocketAddr>>); 6] = [
        ("http", config.http.as_ref().map(PlainDoor::http_addresses)),
        ("https", config.https.as_ref().map(Https::addresses)),
        ("mtls", config.mtls.as_ref().map(Mtls::addresses)),
        ("grpc", config.grpc.as_ref().map(Grpc::addresses)),
        ("relay", config.relay.as_ref().map(relay::Config::addresses)),
        ("metrics", config.metrics.as_ref().map(PlainDoor::metrics_addresses)),
    ];
    let mut taken: Vec<Listening> = Vec::new();
    for (door, addresses) in doors {
        let addresses = addresses.unwrap_or_default();
        for address in &addresses {
            let is_v4_there = |other: &SocketAddr| other.is_ipv4() && other.port() == address.port();
            let new = Listening {
                door,
                address: *address,
                takes_v4: address.is_ipv6() && address.ip().is_unspecified() && !addresses.iter().any(is_v4_there),
            };
            if let Some(other) = taken.iter().find(|other| other.collides(&new)) {
                let what = match other.address == *address {
                    true => format!("{address} is listened on by `{}` too", other.door),
                    false => format!(
                        "{address} is taken by `{}`, which listens on {}",
                        other.door, other.address
                    ),
                };
                let key = format!("{door}.listen");
                // A door whose section cannot be read whole listens where nobody knows.
                faults.joint(key, &[door, other.door], what, "give each door its own port");
            }
            taken.push(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_collide_as_the_kernel_has_it() {
        let listening = |address: &str, takes_v4| Listening {
            door: "https",
            address: address.parse().unwrap(),
            takes_v4,
        };
        for (one, two, collide) in [
            (("127.0.0.1:1", false), ("127.0.0.1:1", false), true),
            (("127.0.0.1:1", false), ("127.0.0.2:1", false), false),
            (("127.0.0.1:1", false), ("127.0.0.1:2", false), false),
            (("127.0.0.1:0", false), ("127.0.0.1:0", false), false),
            (("0.0.0.0:1", false), ("127.0.0.1:1", false), true),
            (("[::]:1", false), ("[::1]:1", false), true),
            (("[::]:1", false), ("0.0.0.0:1", false), false),
            (("[::]:1", true), ("127.0.0.1:1", false), true),
            (("[::1]:1", false), ("127.0.0.1:1", false), false),
        ] {
            let (one, two) = (listening(one.0, one.1), listening(two.0, two.1));
            assert_eq!(one.collides(&two), collide, "{} {}", one.address, two.address);
            assert_eq!(two.collides(&one), collide, "{} {}", two.address, one.address);
        }
    }
}
