//! Broker and platform behind the proxy of the site.

use super::broker::Broker;
use super::est::{Est, OTP, connected};
use crate::support::TestBox;
use crate::support::tinyproxy::Tinyproxy;

#[test]
fn the_session_goes_through_the_proxy_with_every_byte_sealed() {
    let (broker, proxy) = (Broker::start(), Tinyproxy::start());
    let sections = [
        broker.section().as_str(),
        &proxy.section(),
        "[https]\nlisten = [\"127.0.0.1:0\"]\n",
    ]
    .concat();
    let running = TestBox::start_with(&sections);
    connected(&running);
    assert_eq!(proxy.opened(broker.by_certificate), 1, "{}", proxy.log());
    let steps = running.json(&["uplink", "test"]);
    let steps = steps.as_array().unwrap();
    assert!(steps.iter().all(|step| step["verdict"] == "good"), "{steps:?}");
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(
        names[..4],
        ["config", "files", "proxy", "tls"],
        "the proxy looks the name up"
    );
    let words = steps[2]["words"].as_str().unwrap();
    let expected = format!(
        "the proxy 127.0.0.1:{} opens a way to localhost:{}",
        proxy.port, broker.by_certificate
    );
    assert_eq!(words, expected);
    let report = running.command(&["doctor", "--quick", "--json"]);
    assert!(String::from_utf8(report.stdout).unwrap().contains(&expected));
}

#[test]
fn enrolment_goes_through_the_proxy_too() {
    let (est, proxy) = (Est::start(), Tinyproxy::start());
    std::fs::write(est.otp_file(), format!("{OTP}\n")).unwrap();
    let running = TestBox::start_with(&(est.section_with_otp() + &proxy.section()));
    connected(&running);
    assert_eq!(proxy.opened(est.port), 1, "{}", proxy.log());
    assert!(proxy.opened(est.broker.by_certificate) >= 1, "{}", proxy.log());
}
