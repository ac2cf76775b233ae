//! Proxies in front of the https door: whom they may speak for, and that nobody else may.

use crate::support::TestBox;
use crate::support::https::Https;
use crate::support::test_box::CONFIG;

const BEHIND_A_PROXY: &str =
    "[limits.https]\nper_address = \"3/h\"\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n";

/// How often out of six requests the door answers before the caller's rate is used up.
fn served(https: &mut Https, forwarded: &str) -> usize {
    let asked = (0..6).map(|_| https.ask("GET", "/healthz", &[("x-forwarded-for", forwarded)]).status);
    asked.filter(|status| *status == 200).count()
}

#[test]
fn behind_a_trusted_proxy_every_caller_has_a_rate_of_its_own() {
    let running = TestBox::start_with(&format!("{CONFIG}{BEHIND_A_PROXY}"));
    let mut https = running.https();
    assert_eq!(served(&mut https, "203.0.113.9"), 3);
    assert_eq!(served(&mut https, "203.0.113.10"), 3, "another caller");
    assert_eq!(
        served(&mut https, "198.51.100.1, 203.0.113.9"),
        0,
        "an invented beginning does not help"
    );
    assert_eq!(
        served(&mut https, "203.0.113.9, 10.1.2.3"),
        0,
        "nor does a second proxy hide anybody"
    );
    let log = running.log();
    assert!(
        log.contains("203.0.113.0") && !log.contains("203.0.113.9"),
        "logs name the caller's network: {log}"
    );
}

#[test]
fn where_no_proxy_is_trusted_nobody_speaks_for_another() {
    let running = TestBox::start_with(&format!("{CONFIG}[limits.https]\nper_address = \"4/h\"\n"));
    let mut https = running.https();
    assert_eq!(
        served(&mut https, "203.0.113.9") + served(&mut https, "203.0.113.10"),
        4
    );
}

#[test]
fn spaces_are_made_at_the_rate_of_the_caller_and_not_of_the_proxy() {
    let config = CONFIG.replace("create_limit = \"off\"", "create_limit = \"2/h\"");
    let running = TestBox::start_with(&format!("{config}[limits.https]\ntrusted_proxies = [\"127.0.0.1\"]\n"));
    let mut https = running.https();
    let mut made = |caller: &str| {
        let create = "/space/new/occupancy/current/0/max/5";
        let asked = (0..4).map(|_| https.ask("PUT", create, &[("x-forwarded-for", caller)]).status);
        asked.filter(|status| *status == 200).count()
    };
    assert_eq!((made("203.0.113.9"), made("203.0.113.10")), (2, 2));
    let one_house = (made("2001:db8:1:2::1"), made("2001:db8:1:2:ffff::1"));
    assert_eq!(one_house, (2, 0), "a /64 is one caller");
}

#[test]
fn a_trusted_proxy_may_not_claim_a_certificate() {
    let running = TestBox::start_with(&format!("{CONFIG}[limits.mtls]\ntrusted_proxies = [\"127.0.0.1\"]\n"));
    let tls = crate::support::https::config(&running.ca_file(), None);
    let mut mtls = Https::connect(running.door("mtls"), tls).unwrap();
    let claims = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-client-cert", "Subject=\"CN=admin\""),
        ("client-cert", ":MIIB:"),
        ("x-ssl-client-verify", "SUCCESS"),
    ];
    let answer = mtls.ask("GET", "/whoami", &claims);
    assert_eq!(answer.status, 401, "{}", answer.text());
}
