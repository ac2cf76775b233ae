//! Who comes in: certificates, rules, revocations.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::fixture::{Fixture, SECTIONS};
use crate::support::https::{Https, config};
use crate::support::test_box::binary;
use crate::support::{TestBox, eventually};

fn openssl(dir: &Path, args: &str) {
    let run = Command::new("openssl").args(args.split(' ')).current_dir(dir).output();
    let run = run.expect("openssl is there; apt-get install openssl");
    assert!(run.status.success(), "{args}: {}", String::from_utf8_lossy(&run.stderr));
}

/// A family of certificates as the original's scripts make them (RELAY §6.1, §6.2): EC keys in SEC1 form with
/// their parameters, `O=` only, no SAN, no EKU; a bundle is the certificate and then the key.
fn scripts_family(dir: &Path, name: &str, days: &str) -> (PathBuf, PathBuf) {
    std::fs::write(
        dir.join("leaf.ext"),
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\nauthorityKeyIdentifier=keyid\n",
    )
    .unwrap();
    std::fs::write(
        dir.join("root.cnf"),
        "[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n",
    )
    .unwrap();
    openssl(
        dir,
        &format!("ecparam -name prime256v1 -genkey -out {name}-root.key.pem"),
    );
    openssl(
        dir,
        &format!(
            "req -x509 -new -config root.cnf -key {name}-root.key.pem -subj /O={name}-root -days 500 -out {name}-root.cert.pem"
        ),
    );
    openssl(dir, &format!("ecparam -name prime256v1 -genkey -out {name}.key.pem"));
    openssl(
        dir,
        &format!("req -new -config root.cnf -key {name}.key.pem -subj /O={name} -out {name}.csr.pem"),
    );
    openssl(
        dir,
        &format!(
            "x509 -req -in {name}.csr.pem -CA {name}-root.cert.pem -CAkey {name}-root.key.pem -CAcreateserial -extfile leaf.ext {days} -out {name}.cert.pem"
        ),
    );
    let read = |kind: &str| std::fs::read_to_string(dir.join(format!("{name}.{kind}.pem"))).unwrap();
    let bundle = dir.join(format!("{name}.pkeycert.pem"));
    std::fs::write(&bundle, read("cert") + &read("key")).unwrap();
    (dir.join(format!("{name}-root.cert.pem")), bundle)
}

#[test]
fn certificates_made_by_the_originals_scripts_are_good_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let (root, bundle) = scripts_family(folder.path(), "gateway", "-days 30");
    let text = std::fs::read_to_string(&bundle).unwrap();
    assert!(
        text.contains("EC PARAMETERS") && text.contains("EC PRIVATE KEY"),
        "as the scripts write it"
    );
    let sections = SECTIONS.replace(
        "[relay]\n",
        &format!("[relay]\nclient_ca_file = {root:?}\ncertificate_file = {bundle:?}\nkey_file = {bundle:?}\n"),
    );
    let fixture = Fixture::start_with(&sections);
    // The relay shows the same family's certificate, without any name in it: peers check none.
    std::fs::copy(&root, fixture.running.dir.join("data/pki/relay/root.cert.pem")).unwrap();
    fixture.play_as(Some(&bundle), &["third"]);
    fixture.play_as(Some(&bundle), &["waits_and_goes", "tenant/7"]);
}

#[test]
fn without_a_good_certificate_nobody_comes_in() {
    let fixture = Fixture::start();
    let folder = tempfile::tempdir().unwrap();
    let (_, foreign) = scripts_family(folder.path(), "foreign", "-days 30");
    fixture.play_as(None, &["shut_out"]);
    fixture.play_as(Some(&foreign), &["shut_out"]);
    // A certificate of another hierarchy of the same box is foreign, too.
    let out = folder.path().join("client");
    let issued = fixture
        .running
        .json(&["pki", "client", "--name", "app", "--out", out.to_str().unwrap()]);
    fixture.play_as(Some(Path::new(issued["pkeycert"].as_str().unwrap())), &["shut_out"]);
    fixture.play(&["third"]);
}

/// The public key of the original's own test authority (`O=Micronets-WS-Root`, 2018), whose private key is published
/// in its repository (RELAY §6.3).
const PUBLISHED: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjaC5rowlSrtaMK+DfX01PxFUuw79
zU0CvsKw+gxXyTR2AZawUBJltmrS2CFxbZrsHwEiuc0FQNvPniuvIqQlog==
-----END PUBLIC KEY-----
";

#[test]
fn an_authority_whose_key_is_published_is_refused_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let (_, bundle) = scripts_family(folder.path(), "gateway", "-days 30");
    std::fs::write(folder.path().join("published.pem"), PUBLISHED).unwrap();
    std::fs::write(folder.path().join("ca.ext"), "basicConstraints=critical,CA:TRUE\n").unwrap();
    openssl(
        folder.path(),
        "x509 -req -in gateway.csr.pem -CA gateway-root.cert.pem -CAkey gateway-root.key.pem -CAcreateserial -extfile ca.ext -force_pubkey published.pem -out published.cert.pem",
    );
    let root = folder.path().join("published.cert.pem");
    let mut running =
        TestBox::unstarted(&SECTIONS.replace("[relay]\n", &format!("[relay]\nclient_ca_file = {root:?}\n")));
    let checked = running.command(&["check-config"]);
    let said = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(3), "{said}");
    assert!(
        said.contains("whose private key is public") && said.contains("client_ca_file"),
        "{said}"
    );
    // Its door stays shut, and the others open.
    running.run();
    assert!(
        running.log().contains("whose private key is public"),
        "{}",
        running.log()
    );
    assert!(running.json(&["status"])["doors"]["relay"].is_null());
    let called = binary()
        .args(["relay", "connect", "wss://127.0.0.1:9/gw/7", "--cert"])
        .args([&bundle, &PathBuf::from("--ca"), &root])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&called.stderr);
    assert!(
        !called.status.success() && said.contains("whose private key is public"),
        "{said}"
    );
}

#[test]
fn an_expired_certificate_does_not_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let (root, good) = scripts_family(folder.path(), "gateway", "-days 30");
    openssl(
        folder.path(),
        "x509 -req -in gateway.csr.pem -CA gateway-root.cert.pem -CAkey gateway-root.key.pem -CAcreateserial -extfile leaf.ext -days -1 -out old.cert.pem",
    );
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let expired = folder.path().join("old.pkeycert.pem");
    std::fs::write(&expired, read("old.cert.pem") + &read("gateway.key.pem")).unwrap();
    let sections = SECTIONS.replace("[relay]\n", &format!("[relay]\nclient_ca_file = {root:?}\n"));
    let fixture = Fixture::start_with(&sections);
    fixture.play_as(Some(&expired), &["shut_out"]);
    fixture.play_as(Some(&good), &["third"]);
}

#[test]
fn rules_let_named_certificates_in_and_refuse_others_before_the_upgrade() {
    let fixture = Fixture::start();
    let (gateway, manager) = (fixture.bundle("gateway"), fixture.bundle("manager"));
    fixture.play(&["refused", "tenant/7", "403"]);
    let mut waiting = fixture.begin(&gateway, &["waits", "tenant/7"]);
    assert_eq!(waiting.line(), "waiting");
    fixture.play(&["refused", "tenant/7", "403"]);
    fixture.play_as(Some(&manager), &["waits_and_goes", "tenant/7"]);
    assert_eq!(waiting.line(), "[1002, \"the peer websocket disconnected\"]");
}

#[test]
fn a_ticket_stands_for_a_certificate_at_its_meetup_and_nowhere_else() {
    let tickets =
        "[[relay.meetup]]\nid = \"bench/*\"\npeers = [\"manager\"]\ntickets = true\n[[relay.meetup]]\nid = \"two/*\"";
    let mut fixture = Fixture::start_with(&SECTIONS.replacen("[[relay.meetup]]\nid = \"two/*\"", tickets, 1));
    let made = fixture
        .running
        .json(&["relay", "ticket", "bench/1", "--name", "tester", "--for", "5m"]);
    let ticket = made["ticket"].as_str().unwrap();
    assert_eq!(made["path"], format!("/micronets/v1/ws-proxy/bench/1?ticket={ticket}"));
    let mut waiting = fixture.begin(&fixture.bundle("manager"), &["waits", "bench/1"]);
    assert_eq!(waiting.line(), "waiting");
    let with = |id: &str| format!("{id}?ticket={ticket}");
    for id in [
        "bench/1",
        &with("bench/2"),
        &with("two/1"),
        "bench/1?ticket=v1.9999999999.eA.AAAA",
    ] {
        fixture.play_as(None, &["refused", id, "403"]);
    }
    // A certificate that the rule does not name is not helped by a ticket.
    fixture.play(&["refused", &with("bench/1"), "403"]);
    fixture.play_as(None, &["waits_and_goes", &with("bench/1")]);
    assert_eq!(waiting.line(), "[1002, \"the peer websocket disconnected\"]");
    // A certificate is still needed where no rule speaks of tickets, and a bad one is refused before any HTTP.
    let folder = tempfile::tempdir().unwrap();
    let (_, foreign) = scripts_family(folder.path(), "foreign", "-days 30");
    fixture.play_as(Some(&foreign), &["shut_out"]);
    let refused = fixture
        .running
        .command(&["relay", "ticket", "two/1", "--name", "tester"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("tickets = true"));

    fixture.running.stop();
    assert!(!fixture.running.log().contains(ticket), "{}", fixture.running.log());
    fixture.running.run();
    fixture.play_as(None, &["refused", &with("bench/1"), "403"]);
}

#[test]
fn a_revoked_certificate_is_cut_within_a_second_and_does_not_come_back() {
    let fixture = Fixture::start();
    let gateway = fixture.bundle("gateway");
    let mut staying = fixture.begin(&fixture.bundle("peer"), &["stays", "a"]);
    assert_eq!(staying.line(), "paired");
    let mut waiting = fixture.begin(&gateway, &["waits", "b"]);
    assert_eq!(waiting.line(), "waiting");
    let revoked = fixture
        .running
        .command(&["pki", "revoke", "gateway", "--hierarchy", "relay"]);
    assert!(revoked.status.success());
    let at = Instant::now();
    assert_eq!(waiting.line(), "[null, null]", "cut, without a word");
    assert!(at.elapsed() < Duration::from_secs(1), "{:?}", at.elapsed());
    fixture.play_as(Some(&gateway), &["shut_out"]);
    let status = fixture.running.json(&["status"]);
    assert_eq!(status["relay"]["paired"], 1, "the others stay: {status}");
}

#[test]
fn what_is_no_websocket_is_answered_in_http() {
    let fixture = Fixture::start();
    let (chain, key) = (
        fixture.running.dir.join("peers/peer.chain.pem"),
        fixture.running.dir.join("peers/peer.key.pem"),
    );
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let changed = |name: &str, value: &'static str| {
        let mut headers = upgrade;
        headers
            .iter_mut()
            .filter(|(known, _)| *known == name)
            .for_each(|header| header.1 = value);
        headers
    };
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let config = config(&fixture.root(), Some((&chain, &key)));
        let mut https = Https::connect(fixture.running.door("relay"), config).unwrap();
        https.ask(method, path, headers).status
    };
    let path = "/micronets/v1/ws-proxy/x";
    assert_eq!(ask("GET", path, &[]), 400);
    assert_eq!(ask("POST", path, &upgrade), 405);
    assert_eq!(ask("GET", path, &changed("sec-websocket-version", "8")), 400);
    assert_eq!(ask("GET", path, &changed("sec-websocket-key", "short")), 400);
    assert_eq!(ask("GET", path, &changed("upgrade", "h2c")), 400);
    for elsewhere in [
        "/",
        "/micronets/v1/ws-proxy",
        "/Micronets/v1/ws-proxy/x",
        "/micronets/v2/ws-proxy/x",
    ] {
        assert_eq!(ask("GET", elsewhere, &upgrade), 404, "{elsewhere}");
    }
    let metric = "gatelodge_relay_connections ";
    eventually("no connection is left", || {
        (fixture.running.metric(metric) == Some(0)).then_some(())
    });
}
