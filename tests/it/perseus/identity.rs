//! Who is let in to the machine endpoints (PER §1.2).

use std::process::Command;

use super::fixture::{Consented, OTHER, SAVER, SCHEME};

const ENDPOINTS: [&str; 4] = [
    "/api/v1/par",
    "/api/v1/authorize/token",
    "/api/v1/authorize/revoke",
    "/api/v1/permissions",
];

/// Every endpoint's answer to a certificate: status and code.
fn answers(consented: &Consented, name: Option<&str>) -> Vec<(u16, String)> {
    let answer = |path: &&str| {
        let answer = consented.post(name, path, &[("token", "x"), ("grant_type", "refresh_token")]);
        (
            answer.status,
            answer.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    ENDPOINTS.iter().map(answer).collect()
}

fn nobody() -> Vec<(u16, String)> {
    vec![(401, "invalid_client".to_owned()); 4]
}

#[test]
fn without_a_certificate_nobody_gets_past_any_endpoint() {
    let consented = Consented::start();
    assert_eq!(answers(&consented, None), nobody());
    for header in ["x-amzn-mtls-clientcert-leaf", "x-client-cert", "x-ssl-client-cert"] {
        let (chain, _) = consented.files("saver");
        let claimed = std::fs::read_to_string(chain).unwrap().replace('\n', "%0A");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            (header, claimed.as_str()),
        ];
        let answer = consented
            .machine(None)
            .unwrap()
            .try_ask("POST", ENDPOINTS[0], &headers, b"x=1")
            .unwrap();
        assert_eq!(answer.status, 401, "a header is no certificate: {header}");
        let answer = consented
            .browser()
            .ask("GET", "/.well-known/jwks.json", &[], &headers[1..]);
        assert_eq!(answer.status, 200, "{header}");
    }
}

#[test]
fn a_certificate_must_be_of_an_application_that_is_known_in_its_role() {
    let consented = Consented::start_with("", "");
    let role = format!("{SCHEME}/role/carbon-accounting-provider");
    let provider = format!("{SCHEME}/role/energy-data-provider");
    consented.certificate("wrongrole", SAVER, &[&provider]);
    consented.certificate("stranger", "https://directory.example/a/stranger", &[&role]);
    let plain = consented.running.dir.join("clients");
    let plain = plain.to_str().unwrap();
    consented
        .running
        .json(&["pki", "client", "--name", "plain", "--out", plain]);
    consented
        .running
        .json(&["pki", "client", "--name", "uri", "--uri", SAVER, "--out", plain]);
    consented.running.json(&[
        "pki", "client", "--name", "two", "--uri", SAVER, "--uri", OTHER, "--out", plain,
    ]);
    for name in ["wrongrole", "stranger", "plain", "uri", "two"] {
        assert_eq!(answers(&consented, Some(name)), nobody(), "{name}");
        let status = consented.data(name, "/datasources", "token").status;
        assert_eq!(status, if name == "wrongrole" { 403 } else { 401 }, "{name}");
    }
    // The one that is wanted may be the last of several.
    let many: Vec<String> = (0..3)
        .map(|number| format!("https://r.example/{number}/{}", "r".repeat(60)))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain([role.as_str()]).collect();
    consented.certificate("many", SAVER, &many);
    assert_eq!(consented.push(Some("many"), &[]).status, 201);
}

#[test]
fn what_no_client_authority_signed_fails_the_handshake() {
    let consented = Consented::start();
    let role = format!("{SCHEME}/role/carbon-accounting-provider");
    let out = consented.running.dir.join("clients");
    let out = out.to_str().unwrap();
    let member = "https://directory.example/member/1";
    consented.running.json(&[
        "pki",
        "signing",
        "--name",
        "signer",
        "--application",
        SAVER,
        "--member",
        member,
        "--role",
        &role,
        "--out",
        out,
    ]);
    consented
        .running
        .json(&["pki", "server", "--name", "server", "--host", "localhost", "--out", out]);
    let (chain, key) = consented.files("selfsigned");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=x",
        ])
        .args(["-addext", &format!("subjectAltName=URI:{SAVER}"), "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&chain)
        .output()
        .expect("openssl runs: apt-get install openssl");
    assert!(made.status.success(), "{made:?}");
    for name in ["signer", "server", "selfsigned"] {
        let answered = consented
            .machine(Some(name))
            .and_then(|mut machine| machine.try_ask("GET", "/whoami", &[], b""));
        assert!(answered.is_err(), "{name}: {answered:?}");
    }
}

#[test]
fn a_certificate_that_is_revoked_ends_the_session_it_is_shown_in() {
    let consented = Consented::start();
    let mut machine = consented.machine(Some("saver")).unwrap();
    assert_eq!(machine.ask("GET", "/heartbeat", &[]).status, 200);
    consented
        .running
        .json(&["pki", "revoke", "saver", "--hierarchy", "client"]);
    crate::support::eventually("the session is cut", || {
        machine.try_ask("GET", "/heartbeat", &[], b"").is_err().then_some(())
    });
    let again = consented
        .machine(Some("saver"))
        .and_then(|mut machine| machine.try_ask("GET", "/heartbeat", &[], b""));
    assert!(again.is_err(), "{again:?}");
}

#[test]
fn an_application_that_is_disabled_is_out_with_all_its_tokens() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(consented.data("saver", "/datasources", access).status, 200);
    let file = consented.running.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    let id = format!("client_id = \"{SAVER}\"");
    std::fs::write(&file, text.replace(&id, &format!("{id}\ndisabled = true"))).unwrap();
    consented.running.signal(rustix::process::Signal::HUP);
    crate::support::eventually("it is out", || {
        (consented.data("saver", "/datasources", access).status == 401).then_some(())
    });
    assert_eq!(answers(&consented, Some("saver")), nobody());
    assert_eq!(consented.push(Some("other"), &[]).status, 201, "the other one is not");
}
