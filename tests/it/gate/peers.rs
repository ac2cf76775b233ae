//! Certificates and clients that other houses bring along, and some that mean harm.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use gatelodge::http::metrics::ConnectionEnd;
use gatelodge::tls::{Authorities, Certificate, ClientTrust, Demand, Limits, PeerCertificate, Policy, Tls, Versions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::fixture::{open, read_to_end, run, short};
use super::test_pki::TestPki;

fn router() -> Router {
    Router::new().route(
        "/",
        get(async |peer: Option<PeerCertificate>| organization(peer.as_ref())),
    )
}

fn organization(peer: Option<&PeerCertificate>) -> String {
    let organization = peer.and_then(PeerCertificate::organization);
    organization.unwrap_or("nobody").to_owned()
}

async fn openssl(line: String) {
    let said = run("openssl", line.split_whitespace().map(str::to_owned).collect()).await;
    assert!(!said.contains("rror"), "openssl {line}: {said}");
}

/// A root and leaves as the relay's own scripts make them (RELAY §6.1): O alone in the subject, no SAN, no
/// EKU, keys in SEC1 after a block of parameters, and bundles of certificate and key.
async fn micronets(dir: &Path) {
    let at = |name: &str| dir.join(name).display().to_string();
    let extensions = "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature,keyCertSign,cRLSign\n\
                      subjectKeyIdentifier=hash\n[leaf]\nbasicConstraints=critical,CA:FALSE\n\
                      keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\nauthorityKeyIdentifier=keyid\n\
                      [req]\ndistinguished_name=dn\n[dn]\n";
    std::fs::write(dir.join("ext.cnf"), extensions).unwrap();
    let config = at("ext.cnf");
    for (name, issuer) in [("root", None), ("proxy", Some("root")), ("gateway", Some("root"))] {
        let (key, csr, cert) = (
            at(&format!("{name}.key")),
            at(&format!("{name}.csr")),
            at(&format!("{name}.cert")),
        );
        openssl(format!("ecparam -name prime256v1 -genkey -out {key}")).await;
        openssl(format!(
            "req -new -config {config} -key {key} -subj /O=micronets-{name} -out {csr}"
        ))
        .await;
        let signer = match issuer {
            None => format!("-signkey {key} -extensions ca"),
            Some(issuer) => {
                let (root, root_key) = (at(&format!("{issuer}.cert")), at(&format!("{issuer}.key")));
                format!("-CA {root} -CAkey {root_key} -CAcreateserial -extensions leaf")
            }
        };
        openssl(format!(
            "x509 -req -sha256 -days 500 -in {csr} -extfile {config} {signer} -out {cert}"
        ))
        .await;
        let [cert, key] = [cert, key].map(|path| std::fs::read_to_string(path).unwrap());
        assert!(key.contains("BEGIN EC PARAMETERS") && key.contains("BEGIN EC PRIVATE KEY"));
        std::fs::write(dir.join(format!("{name}.pkeycert.pem")), cert + &key).unwrap();
    }
}

#[tokio::test]
async fn the_relays_old_bundles_work_as_they_are_on_both_sides() {
    let test_pki = TestPki::new().await;
    let dir = tempfile::tempdir().unwrap();
    micronets(dir.path()).await;
    let file = |name: &str| dir.path().join(name);
    let trust = ClientTrust::load(Authorities::File(file("root.cert")), None, None).unwrap();
    let bundle = file("proxy.pkeycert.pem");
    let policy = Policy::Tls(Tls {
        challenges: None,
        certificate: Certificate::files(bundle.clone(), bundle).unwrap(),
        versions: Versions::From12,
        clients: Some((trust, Demand::Required)),
    });
    let door = open(policy, router(), Limits::default());
    let [bundle, root] = ["gateway.pkeycert.pem", "root.cert"].map(|name| file(name).display().to_string());
    for version in ["--tls-max 1.2", "--tlsv1.3"] {
        // The old peers do not look at host names either.
        let line = format!(
            "-sS -k {version} --cert {bundle} --cacert {root} https://{}/",
            door.addr
        );
        let said = run("curl", line.split_whitespace().map(str::to_owned).collect()).await;
        assert_eq!(said, "micronets-gateway", "{version}");
    }
    assert!(test_pki.client(None).get(door.addr, "/").await.is_err());
}

#[tokio::test]
async fn the_mediators_old_rsa_certificates_are_believed() {
    let test_pki = TestPki::new().await;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let extensions = "[ca]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
                      [leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                      extendedKeyUsage=clientAuth\n[req]\ndistinguished_name=dn\n[dn]\n";
    std::fs::write(dir.path().join("ext.cnf"), extensions).unwrap();
    let [config, ca, ca_key, csr, cert, key] = ["ext.cnf", "ca", "ca.key", "csr", "cert", "key"].map(at);
    // Their keys have 4096 bits; 2048 take the same path and a test less time.
    let begin = format!("req -config {config} -newkey rsa:2048 -nodes -sha256");
    openssl(format!(
        "{begin} -x509 -days 3650 -subj /O=Cepro -extensions ca -keyout {ca_key} -out {ca}"
    ))
    .await;
    openssl(format!(
        "{begin} -subj /O=Cepro/OU=readonly/CN=ops -keyout {key} -out {csr}"
    ))
    .await;
    let signer = format!("-CA {ca} -CAkey {ca_key} -CAcreateserial -extfile {config} -extensions leaf");
    openssl(format!("x509 -req -sha256 -days 365 -in {csr} {signer} -out {cert}")).await;
    let trust = ClientTrust::load(Authorities::File(ca.into()), None, None).unwrap();
    let door = open(
        test_pki.mtls(trust, Demand::Required).await,
        router(),
        Limits::default(),
    );
    let line = format!("-sS -k --cert {cert} --key {key} https://{}/", door.addr);
    let said = run("curl", line.split_whitespace().map(str::to_owned).collect()).await;
    assert_eq!(said, "Cepro");
}

#[tokio::test]
async fn a_flood_of_resets_ends_its_connection_and_no_other() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), Limits::default());
    let client = test_pki.client(None);
    let mut flood = client.connect_h2(door.addr).await.unwrap();
    flood
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    // GET https://a/ by the static table (RFC 7541 appendix A), then RST_STREAM with CANCEL (RFC 9113 §6.4).
    let attack = async {
        for stream in (1..200_000_u32).step_by(2) {
            let stream = stream.to_be_bytes();
            let headers = [&[0, 0, 6, 1, 5][..], &stream, &[0x82, 0x84, 0x87, 0x41, 1, b'a']].concat();
            let reset = [&[0, 0, 4, 3, 0][..], &stream, &[0, 0, 0, 8]].concat();
            if flood.write_all(&[headers, reset].concat()).await.is_err() {
                return true;
            }
        }
        let mut rest = [0; 4096];
        while let Ok(1..) = flood.read(&mut rest).await {}
        true
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), attack).await;
    assert!(ended.unwrap_or(false), "the flood went on");
    assert!(client.get(door.addr, "/").await.unwrap().ends_with("nobody"));
}

#[tokio::test]
async fn an_answer_held_up_by_a_closed_window_is_cut() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), short());
    let mut mean = test_pki.client(None).connect_h2(door.addr).await.unwrap();
    // SETTINGS_INITIAL_WINDOW_SIZE 0 (RFC 9113 §6.5.2): heads may come, bodies may not.
    let settings = [&[0, 0, 6, 4, 0, 0, 0, 0, 0][..], &[0, 4, 0, 0, 0, 0]].concat();
    let get = [&[0, 0, 6, 1, 5, 0, 0, 0, 1][..], &[0x82, 0x84, 0x87, 0x41, 1, b'a']].concat();
    let begin = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings, &get].concat();
    mean.write_all(&begin).await.unwrap();
    let said = read_to_end(&mut mean, Duration::from_secs(5)).await;
    assert!(
        !String::from_utf8_lossy(&said).contains("nobody"),
        "the body was not to come"
    );
    assert_eq!(door.counts.refusals(ConnectionEnd::WriteTimeout), 1);
}
