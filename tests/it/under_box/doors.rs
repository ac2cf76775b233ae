//! Doors and certificates on their page and by `/v1`.

use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use super::{by_token, is_refused};
use crate::accounts::signed_in;
use crate::people::Programmer;
use crate::support::{TestBox, eventually};

fn door(running: &TestBox, admin: &Programmer, name: &str) -> Value {
    let doors = admin.ask(running, ("GET", "/v1/doors"), &Value::Null).json();
    let found = doors.as_array().unwrap().iter().find(|door| door["name"] == name);
    found.unwrap().clone()
}

#[test]
fn every_door_says_whether_it_is_open_and_why_not() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let running = TestBox::start_with(&format!(
        "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[metrics]\nlisten = [\"127.0.0.1:{port}\"]\n"
    ));
    let admin = Programmer::new(&running, "admin");
    let https = door(&running, &admin, "https");
    assert_eq!(
        (&https["state"], https["addresses"][0].as_str().unwrap()),
        (&Value::from("open"), running.door("https").to_string().as_str())
    );
    assert!(https["since"].is_string() && https["reason"].is_null(), "{https}");
    assert_eq!(door(&running, &admin, "mtls")["state"], "closed");
    let metrics = door(&running, &admin, "metrics");
    assert_eq!(metrics["state"], "shut", "{metrics}");
    let reason = metrics["reason"].as_str().unwrap();
    assert!(
        metrics["since"].is_string() && reason.contains(&port.to_string()),
        "{metrics}"
    );
    let page = signed_in(&running, "installer").get("/box/doors").text();
    for words in [
        "shut, tried again",
        "not configured",
        "Address already in use",
        "pages and the APIs",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    drop(taken);
    eventually("it opens by itself, and says so", || {
        let metrics = door(&running, &admin, "metrics");
        (metrics["state"] == "open" && metrics["reason"].is_null()).then_some(())
    });
}

#[test]
fn certificates_stand_on_one_line_of_time_and_the_root_is_had_with_its_fingerprint() {
    let running = TestBox::start();
    let admin = Programmer::new(&running, "admin");
    let listed = admin.ask(&running, ("GET", "/v1/certificates"), &Value::Null).json();
    assert_eq!(listed, running.json(&["cert", "list"]));
    let page = signed_in(&running, "installer").get("/box/doors").text();
    let https = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|shown| shown["door"] == "https")
        .unwrap();
    for words in [
        https["issuer"].as_str().unwrap(),
        https["names"][0].as_str().unwrap(),
        "Certificates, 90 days",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(
        page.contains("href=\"/root.pem\"") && page.contains("aria-label=\"QR\""),
        "{page}"
    );
    assert_eq!(page.matches("browsers warn until they trust").count(), 1);
    let file = running.dir.join("root.pem");
    std::fs::write(&file, running.https().ask("GET", "/root.pem", &[]).text()).unwrap();
    let asked = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(&file)
        .output()
        .expect("OpenSSL is needed: apt install openssl");
    let printed = String::from_utf8(asked.stdout).unwrap();
    let fingerprint = printed.trim().split('=').nth(1).unwrap();
    assert!(page.contains(fingerprint), "{fingerprint}: {page}");
}

#[test]
fn a_renewal_is_for_certificates_that_the_box_orders() {
    let running = TestBox::start();
    let mut installer = signed_in(&running, "installer");
    assert!(!installer.get("/box/doors").text().contains("Renew now"));
    let by_form = installer.submit("/box/doors", "/box/doors/renewal", &[("door", "https")]);
    assert_eq!(by_form.status, 409, "{}", by_form.text());
    for (door, status) in [("https", 409), ("metrics", 404), ("x", 404)] {
        let path = format!("/v1/certificates/{door}/renewal");
        assert_eq!(
            by_token(&running, &["box:admin"], ("POST", &path)).status,
            status,
            "{door}"
        );
    }
}

#[test]
fn doors_are_for_whoever_runs_the_box() {
    let running = TestBox::start();
    is_refused(
        &running,
        &["/box/doors"],
        &[
            ("GET", "/v1/doors"),
            ("GET", "/v1/certificates"),
            ("POST", "/v1/certificates/https/renewal"),
        ],
        &[("/box/doors/renewal", &[("door", "https")])],
    );
}
