//! The own PKI, judged by OpenSSL where it can be.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "in a test a panic is the verdict, and tasks end with their runtime"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use gatelodge::pki::{Hierarchy, Issued, Overwrite, Pki, PkiError, Reason, Request, Role, Usage, certificates, show};
use gatelodge::store::{Options, Store};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

struct House {
    dir: TempDir,
    store: Store,
    pki: Pki,
    now: Timestamp,
}

async fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(dir.path().join("book"))).unwrap();
    let pki = Pki::open(dir.path().join("pki"), store.clone()).unwrap();
    let now = Timestamp::now();
    assert_eq!(pki.init(now).await.unwrap(), Hierarchy::ALL);
    House { dir, store, pki, now }
}

impl House {
    async fn issue(&self, request: Request) -> Issued {
        self.pki.issue(request, None, self.now).await.unwrap()
    }

    fn root(&self, hierarchy: Hierarchy) -> String {
        self.pki.files(hierarchy).root_certificate.display().to_string()
    }
}

fn openssl<const N: usize>(args: [&str; N]) -> Output {
    Command::new("openssl")
        .args(args)
        .output()
        .expect("these tests need the openssl program: apt-get install openssl")
}

/// What OpenSSL says of a leaf in a chain file, trusting `root` for `purpose`.
fn verdict(root: &str, chain: &Path, purpose: &str, extra: &[&str]) -> (bool, String) {
    let chain = chain.to_str().unwrap();
    let output = Command::new("openssl")
        .args([
            "verify",
            "-x509_strict",
            "-CAfile",
            root,
            "-untrusted",
            chain,
            "-purpose",
            purpose,
        ])
        .args(extra)
        .arg(chain)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

fn text(certificate: &Path) -> String {
    let output = openssl(["x509", "-noout", "-text", "-in", certificate.to_str().unwrap()]);
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn openssl_accepts_every_kind_for_its_purpose_and_for_no_other() {
    let house = house().await;
    let server = house.issue(Request::new(Hierarchy::Server, "box.example")).await;
    let client = house
        .issue(Request::new(Hierarchy::Client, "https://apps.example/cap"))
        .await;
    let relay = house.issue(Request::new(Hierarchy::Relay, "gateway-7")).await;
    let cases = [
        (&server, Hierarchy::Server, "sslserver", true),
        (&server, Hierarchy::Server, "sslclient", false),
        (&client, Hierarchy::Client, "sslclient", true),
        (&client, Hierarchy::Client, "sslserver", false),
        (&client, Hierarchy::Server, "sslclient", false),
        (&client, Hierarchy::Signing, "sslclient", false),
        (&relay, Hierarchy::Relay, "sslclient", true),
        (&relay, Hierarchy::Relay, "sslserver", true),
        (&relay, Hierarchy::Grpc, "sslclient", false),
    ];
    for (issued, hierarchy, purpose, good) in cases {
        let (ok, said) = verdict(&house.root(hierarchy), &issued.chain, purpose, &[]);
        assert_eq!(ok, good, "{} under {hierarchy} as {purpose}: {said}", issued.name);
    }
}

#[tokio::test]
async fn certificates_say_what_their_peers_look_for() {
    let house = house().await;
    let client = house
        .issue(Request::new(Hierarchy::Client, "https://apps.example/cap"))
        .await;
    let said = text(&client.certificate);
    assert!(said.contains("URI:https://apps.example/cap"), "{said}");
    assert!(said.contains("CA:FALSE"), "{said}");
    assert!(
        said.contains("Subject Key Identifier") && said.contains("Authority Key Identifier"),
        "{said}"
    );

    let mediator = Request {
        role: Some(Role::Partner),
        ..Request::new(Hierarchy::Grpc, "ops_1")
    };
    let said = text(&house.issue(mediator).await.certificate);
    assert!(said.contains("OU = partner") && said.contains("CN = ops_1"), "{said}");

    let relay = house.issue(Request::new(Hierarchy::Relay, "gateway-7")).await;
    let said = text(&relay.certificate);
    assert!(said.contains("O = gateway-7"), "{said}");
    assert!(
        said.contains("Digital Signature, Key Encipherment, Key Agreement"),
        "{said}"
    );

    let signer = house
        .issue(Request::new(Hierarchy::Signing, "https://apps.example/edp"))
        .await;
    let said = text(&signer.certificate);
    assert!(!said.contains("Extended Key Usage"), "{said}");

    let server = Request {
        hosts: vec!["box.example".into(), "192.0.2.7".into(), "2001:db8::7".into()],
        ..Request::new(Hierarchy::Server, "box.example")
    };
    let said = text(&house.issue(server).await.certificate);
    assert!(
        said.contains("DNS:box.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7"),
        "{said}"
    );
}

#[tokio::test]
async fn the_bundle_is_certificate_issuer_key_and_private() {
    let house = house().await;
    let issued = house.issue(Request::new(Hierarchy::Relay, "manager")).await;
    let bundle = fs::read_to_string(&issued.pkeycert).unwrap();
    let begins: Vec<_> = bundle.lines().filter(|line| line.starts_with("-----BEGIN")).collect();
    let certificate = "-----BEGIN CERTIFICATE-----";
    assert_eq!(begins, [certificate, certificate, "-----BEGIN PRIVATE KEY-----"]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for secret in [
        &issued.key,
        &issued.pkeycert,
        &house.pki.files(Hierarchy::Relay).root_key,
    ] {
        assert_eq!(mode(secret), 0o600, "{}", secret.display());
    }
    assert_eq!(mode(&house.pki.dir(Hierarchy::Relay)), 0o700);
    assert_eq!(mode(house.dir.path().join("pki").as_path()), 0o700);
    let pair = |what: &str, path: &Path| {
        let output = openssl([what, "-in", path.to_str().unwrap(), "-pubout"]);
        String::from_utf8(output.stdout).unwrap()
    };
    let from_key = pair("pkey", &issued.key);
    let output = openssl(["x509", "-in", issued.certificate.to_str().unwrap(), "-noout", "-pubkey"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), from_key);
}

#[tokio::test]
async fn a_revoked_certificate_is_on_the_list_that_openssl_reads() {
    let house = house().await;
    let kept = house.issue(Request::new(Hierarchy::Client, "kept")).await;
    let lost = house.issue(Request::new(Hierarchy::Client, "lost")).await;
    let mut news = house.pki.revocations();
    let row = house
        .pki
        .revoke("lost", None, Reason::KeyCompromise, house.now)
        .await
        .unwrap();
    assert_eq!(row.serial, lost.serial);
    assert!(news.has_changed().unwrap());
    assert_eq!(news.borrow_and_update().len(), 1);
    let list = house.pki.files(Hierarchy::Client).crl;
    let extra = ["-crl_check", "-CRLfile", list.to_str().unwrap()];
    let root = house.root(Hierarchy::Client);
    let (ok, said) = verdict(&root, &kept.chain, "sslclient", &extra);
    assert!(ok, "{said}");
    let (ok, said) = verdict(&root, &lost.chain, "sslclient", &extra);
    assert!(!ok && said.contains("certificate revoked"), "{said}");
    let output = openssl(["crl", "-in", list.to_str().unwrap(), "-noout", "-text"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("Key Compromise"));

    let again = house
        .pki
        .revoke(&lost.serial, None, Reason::Superseded, house.now)
        .await
        .unwrap();
    assert_eq!(again.revoked, row.revoked, "the first reason stands");
}

#[tokio::test]
async fn our_own_verdicts_name_the_hierarchy_and_the_reason() {
    let house = house().await;
    let server = house.issue(Request::new(Hierarchy::Server, "box.example")).await;
    let signer = house
        .issue(Request::new(Hierarchy::Signing, "https://a.example/edp"))
        .await;
    let verify = |path: &Path, hierarchy, at| house.pki.verify(&certificates(path).unwrap(), hierarchy, at).unwrap();
    for (issued, hierarchy) in [(&server, Hierarchy::Server), (&signer, Hierarchy::Signing)] {
        for file in [&issued.certificate, &issued.chain, &issued.pkeycert] {
            let found = verify(file, None, house.now);
            assert!(found.good, "{found:?}");
            assert_eq!(found.hierarchy, Some(hierarchy));
        }
    }
    assert!(!verify(&server.chain, Some(Hierarchy::Client), house.now).good);
    let late = house.now + SignedDuration::from_hours(24 * 400);
    let found = verify(&server.chain, None, late);
    assert_eq!((found.hierarchy, found.good), (Some(Hierarchy::Server), false));
    assert!(found.reason.as_ref().unwrap().contains("Expired"), "{found:?}");
    house
        .pki
        .revoke("box.example", Some(Hierarchy::Server), Reason::default(), house.now)
        .await
        .unwrap();
    let found = verify(&server.chain, None, house.now);
    assert_eq!((found.good, found.reason.as_deref()), (false, Some("it was revoked")));

    let other = self::house().await;
    let found = other
        .pki
        .verify(&certificates(&server.chain).unwrap(), None, other.now)
        .unwrap();
    assert_eq!(found.reason.as_deref(), Some("none of our authorities issued it"));
}

#[tokio::test]
async fn register_and_revocations_survive_the_pki_being_opened_again() {
    let house = house().await;
    house.issue(Request::new(Hierarchy::Client, "one")).await;
    let two = house.issue(Request::new(Hierarchy::Client, "two")).await;
    house
        .pki
        .revoke("one", None, Reason::default(), house.now)
        .await
        .unwrap();
    let pki = Pki::open(house.dir.path().join("pki"), house.store.clone()).unwrap();
    assert!(pki.is_complete());
    assert!(pki.init(house.now).await.unwrap().is_empty());
    assert_eq!(pki.revocations().borrow().len(), 1);
    let rows = pki.list().unwrap();
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|row| row.serial == two.serial).unwrap();
    assert_eq!((row.name.as_str(), row.revoked.is_some()), ("two", false));
    assert!(
        pki.verify(&certificates(&two.chain).unwrap(), None, house.now)
            .unwrap()
            .good
    );
    assert_eq!(
        pki.roots(Hierarchy::Client).unwrap(),
        house.pki.roots(Hierarchy::Client).unwrap()
    );
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_ambiguous_is_revoked() {
    let house = house().await;
    let first = house.issue(Request::new(Hierarchy::Client, "twin")).await;
    let again = house
        .pki
        .issue(Request::new(Hierarchy::Client, "twin"), None, house.now)
        .await;
    assert!(matches!(again, Err(PkiError::Exists(path)) if path == first.key));
    let replaced = Request {
        overwrite: Overwrite::Yes,
        ..Request::new(Hierarchy::Client, "twin")
    };
    let second = house.issue(replaced).await;
    assert_ne!(first.serial, second.serial);
    let vague = house.pki.revoke("twin", None, Reason::default(), house.now).await;
    assert!(matches!(vague, Err(PkiError::Ambiguous { count: 2, .. })));
    house
        .pki
        .revoke(&first.serial, None, Reason::default(), house.now)
        .await
        .unwrap();
    let rest = house
        .pki
        .revoke("twin", None, Reason::default(), house.now)
        .await
        .unwrap();
    assert_eq!(rest.serial, second.serial);
    let unknown = house.pki.revoke("nobody", None, Reason::default(), house.now).await;
    assert!(matches!(unknown, Err(PkiError::Unknown(_))));
}

#[tokio::test]
async fn an_ageing_issuer_is_renewed_and_what_it_signed_stays_good() {
    let house = house().await;
    let years = |years: i64| house.now + SignedDuration::from_hours(24 * 365 * years);
    let request = |name| Request {
        lifetime: Some(SignedDuration::from_hours(24 * 730)),
        ..Request::new(Hierarchy::Client, name)
    };
    let old = house.pki.issue(request("old"), None, years(7)).await.unwrap();
    let ends = |pki: &Pki| show(&pki.files(Hierarchy::Client).issuer_certificate).unwrap()[0].not_after;
    let before = ends(&house.pki);
    let young = house.pki.issue(request("young"), None, years(8)).await.unwrap();
    assert!(ends(&house.pki) > before);
    assert!(young.not_after > years(9));
    // The certificate files alone: the PKI adds the issuer as it is now.
    let late = old.not_after - SignedDuration::from_hours(1);
    for (issued, at) in [(&old, late), (&young, years(9))] {
        assert!(
            house
                .pki
                .verify(&certificates(&issued.certificate).unwrap(), None, at)
                .unwrap()
                .good
        );
    }
}

#[tokio::test]
async fn a_clock_that_was_never_set_makes_no_authority_that_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(dir.path().join("book"))).unwrap();
    let pki = Pki::open(dir.path().join("pki"), store).unwrap();
    pki.init(Timestamp::UNIX_EPOCH).await.unwrap();
    let root = &show(&pki.files(Hierarchy::Server).root_certificate).unwrap()[0];
    assert!(root.is_authority);
    assert!(root.not_after > Timestamp::now() + SignedDuration::from_hours(24 * 365 * 20));
}

#[tokio::test]
async fn without_hierarchies_the_way_to_make_them_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(dir.path().join("book"))).unwrap();
    let pki = Pki::open(dir.path().join("pki"), store).unwrap();
    assert!(!pki.is_complete());
    let error = pki
        .issue(Request::new(Hierarchy::Grpc, "a"), None, Timestamp::now())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("gatelodge pki init"), "{error}");
    assert!(!dir.path().join("pki").exists());
}

#[tokio::test]
async fn show_reads_back_what_was_asked_for() {
    let house = house().await;
    let request = Request {
        usage: Some(Usage::Server),
        hosts: vec!["box.example".into(), "192.0.2.7".into()],
        ..Request::new(Hierarchy::Grpc, "mediator")
    };
    let issued = house.issue(request).await;
    let shown = show(&issued.chain).unwrap();
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0].names, ["DNS:box.example", "IP:192.0.2.7"]);
    assert_eq!(shown[0].purposes, ["serverAuth"]);
    assert_eq!(
        (&shown[0].serial, &shown[0].thumbprint),
        (&issued.serial, &issued.thumbprint)
    );
    assert_eq!(shown[0].not_after, issued.not_after);
    assert!(shown[1].is_authority && !shown[0].is_authority);
    let serial = openssl(["x509", "-in", issued.certificate.to_str().unwrap(), "-noout", "-serial"]);
    let serial = String::from_utf8(serial.stdout).unwrap().trim().to_ascii_lowercase();
    assert_eq!(serial, format!("serial={}", issued.serial));
    assert!(show(&issued.key).is_err());
}

#[test]
fn a_request_for_an_authority_of_others_is_one_for_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let request = gatelodge::pki::SigningRequest::new("box-1").unwrap();
    std::fs::write(folder.path().join("csr.der"), &request.der).unwrap();
    std::fs::write(folder.path().join("key.pem"), request.key.as_bytes()).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let said = |run: Output| String::from_utf8_lossy(&run.stdout).into_owned();
    let (csr, key) = (path("csr.der"), path("key.pem"));
    let run = openssl([
        "req", "-in", &csr, "-inform", "DER", "-verify", "-noout", "-subject", "-pubkey",
    ]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let shown = said(run);
    assert!(shown.contains("CN = box-1"), "{shown}");
    assert!(
        shown.starts_with(&said(openssl(["pkey", "-in", &key, "-pubout"]))),
        "the key is its own: {shown}"
    );
}
