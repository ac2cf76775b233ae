//! A door's certificate from the own PKI: issued, kept, and replaced in good time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::system::uname;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::files;
use super::pair::{CertificateError, Pair};
use crate::pki::{Hierarchy, Overwrite, Pki, Request, Usage};

/// How long such a certificate lasts.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How often its age is looked at; the clock may have jumped.
const LOOK: Duration = Duration::from_secs(600);

/// See [`super::Certificate::own`].
pub(super) struct Own {
    pki: Pki,
    hierarchy: Hierarchy,
    door: String,
    hosts: BTreeSet<String>,
}

impl Own {
    /// The time that the box goes by.
    pub(super) fn now(&self) -> Timestamp {
        self.pki.now()
    }

    pub(super) fn new(pki: Pki, hierarchy: Hierarchy, door: &str, hosts: Vec<String>) -> Own {
        let mut names: BTreeSet<String> = hosts.into_iter().map(|host| canonical(&host)).collect();
        names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        names.extend(machine_names());
        if hierarchy == Hierarchy::Grpc {
            // Old clients of the mediator ask for this name (EMOP §11).
            names.insert("cepro-mediators".to_owned());
        }
        Own {
            pki,
            hierarchy,
            door: door.to_owned(),
            hosts: names,
        }
    }

    /// The certificate that lies ready, or a new one when that is old, revoked, or for other names.
    pub(super) async fn fetch(&self, now: Timestamp) -> Result<Pair, CertificateError> {
        if let Ok(pair) = self.read()
            && self.is_fresh(&pair, now)
        {
            return Ok(pair);
        }
        let request = Request {
            usage: Some(Usage::Server),
            hosts: self.hosts.iter().cloned().collect(),
            lifetime: Some(LIFE),
            overwrite: Overwrite::Yes,
            ..Request::new(self.hierarchy, &self.door)
        };
        let issued = self.pki.issue(request, Some(self.dir()), now).await;
        issued.map_err(|source| CertificateError::Issue {
            hierarchy: self.hierarchy,
            source,
        })?;
        self.read()
    }

    /// Waits until it may be time for another.
    pub(super) async fn due(&self) {
        let mut revocations = self.pki.revocations();
        tokio::select! {
            () = sleep(LOOK) => {}
            // The sender lives in the PKI that we hold.
            _ = revocations.changed() => {}
        }
    }

    fn dir(&self) -> PathBuf {
        self.pki.dir(self.hierarchy).join("doors")
    }

    fn read(&self) -> Result<Pair, CertificateError> {
        let path = |kind| self.dir().join(format!("{}.{kind}.pem", self.door));
        let (chain, key) = (path("chain"), path("key"));
        let text = files::read(&chain)?;
        let secret = Zeroizing::new(files::read(&key)?);
        let mut pair = Pair::parse(
            &text,
            &secret,
            [chain, key].map(|path| path.display().to_string()),
            "self-signed",
        )?;
        pair.served.next_try = Some(renewal(&pair));
        Ok(pair)
    }

    fn is_fresh(&self, pair: &Pair, now: Timestamp) -> bool {
        let named: BTreeSet<String> = pair.served.names.iter().map(|name| canonical(name)).collect();
        named == self.hosts
            && now >= pair.not_before
            && now < renewal(pair)
            && !self.pki.revocations().borrow().contains(&pair.id)
            && self.is_of_current_issuer(pair)
    }

    /// A hierarchy that was made anew (a lost data folder) has another root, and its clients trust that.
    fn is_of_current_issuer(&self, pair: &Pair) -> bool {
        self.pki.issued_by(self.hierarchy, &pair.id)
    }
}

/// When a third of its life is left.
fn renewal(pair: &Pair) -> Timestamp {
    let life = pair.served.not_after.duration_since(pair.not_before);
    pair.served
        .not_after
        .saturating_sub(life / 3)
        .unwrap_or(pair.not_before)
}

/// Names compare as DNS compares them, addresses by value.
fn canonical(host: &str) -> String {
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => host.to_ascii_lowercase(),
    }
}

/// What this machine calls itself, and the name by which a local network finds it.
fn machine_names() -> Vec<String> {
    let system = uname();
    let Ok(name) = system.nodename().to_str() else {
        return Vec::new();
    };
    let name = name.to_ascii_lowercase();
    if rustls::pki_types::DnsName::try_from(name.as_str()).is_err() {
        return Vec::new();
    }
    if name.contains('.') {
        return vec![name];
    }
    let local = format!("{name}.local");
    vec![name, local]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::Reason;
    use crate::store::{Options, Store};

    async fn pki(dir: &tempfile::TempDir) -> Pki {
        let store = Store::open(Options::new(dir.path().join("book"))).unwrap();
        let pki = Pki::open(dir.path().join("pki"), store).unwrap();
        pki.init(Timestamp::now()).await.unwrap();
        pki
    }

    fn own(pki: &Pki, host: &str) -> Own {
        Own::new(pki.clone(), Hierarchy::Server, "https", vec![host.to_owned()])
    }

    #[tokio::test]
    async fn a_door_keeps_its_certificate_until_a_third_of_its_life_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let pki = pki(&dir).await;
        let now = Timestamp::now();
        let days = |days: i64| now + SignedDuration::from_hours(24 * days);
        let first = own(&pki, "box.example").fetch(now).await.unwrap();
        for name in ["box.example", "localhost", "127.0.0.1", "::1"] {
            assert!(
                first.served.names.iter().any(|known| known == name),
                "{:?}",
                first.served
            );
        }
        assert_eq!(own(&pki, "BOX.example").fetch(days(59)).await.unwrap().id, first.id);
        let second = own(&pki, "box.example").fetch(days(61)).await.unwrap();
        assert_ne!(second.id, first.id);
        assert!(second.served.not_after > days(150));
        assert_eq!(pki.list().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn another_name_a_revocation_and_a_clock_set_back_each_bring_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let pki = pki(&dir).await;
        let now = Timestamp::now();
        let first = own(&pki, "a.example").fetch(now).await.unwrap();
        let second = own(&pki, "b.example").fetch(now).await.unwrap();
        assert_ne!(second.id, first.id);
        let serial = second.id.serial_hex();
        pki.revoke(&serial, None, Reason::Superseded, now).await.unwrap();
        let third = own(&pki, "b.example").fetch(now).await.unwrap();
        assert_ne!(third.id, second.id);
        let before = now - SignedDuration::from_hours(24 * 30);
        let fourth = own(&pki, "b.example").fetch(before).await.unwrap();
        assert_ne!(fourth.id, third.id);
        assert!(fourth.not_before <= before);
    }
}
