//! Authorities that do wrong, and clocks and names that are wrong: what people are told, and what is shown meanwhile.

use std::process::Output;

use super::{complaint, own, sections, shown, shown_by};
use crate::support::TestBox;
use crate::support::meddler::Fault;
use crate::support::pebble::{Behaviour, NAME, Pebble, free_port};

/// A box that orders through an authority with this fault.
fn behind(fault: Fault, further: &str) -> (TestBox, Pebble, u16) {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    let acme = pebble.section_behind(fault).replace("order_deadline = \"20s\"\n", "");
    let running = TestBox::start_with(&sections(port, &format!("{acme}{further}")));
    (running, pebble, port)
}

/// The box's own certificate is shown, and serves.
fn serves_with_its_own(running: &TestBox) {
    assert_eq!(shown(running)["source"], "self-signed");
    assert_eq!(own(running).ask("GET", "/healthz", &[("host", NAME)]).status, 200);
}

#[test]
fn a_certificate_for_another_name_is_not_shown() {
    let (running, _pebble, _) = behind(Fault::WrongName, "order_deadline = \"20s\"\n");
    let words = complaint(&running, "is not used");
    let words = words["last_error"].as_str().unwrap();
    assert!(
        words.contains("it is for elsewhere.example.org, not for lodge.example.org"),
        "{words}"
    );
    serves_with_its_own(&running);
    assert!(running.metric("gatelodge_acme_failures_in_a_row") >= Some(1));
}

#[test]
fn where_certificate_and_clock_disagree_the_clock_is_asked_about() {
    let (running, _pebble, _) = behind(Fault::BeginsTomorrow, "order_deadline = \"20s\"\n");
    let words = complaint(&running, "is the clock right?");
    assert!(
        words["last_error"]
            .as_str()
            .unwrap()
            .contains("this box takes it to be"),
        "{words}"
    );
    serves_with_its_own(&running);
}

#[test]
fn an_authority_that_has_had_enough_is_told_in_its_words() {
    let (running, _pebble, _) = behind(Fault::Limited, "order_deadline = \"20s\"\n");
    let words = complaint(&running, "429 rateLimited");
    assert!(
        words["last_error"].as_str().unwrap().contains("enough for today"),
        "{words}"
    );
    serves_with_its_own(&running);
}

#[test]
fn a_slow_authority_is_given_up_and_gets_there_when_it_may_take_its_time() {
    let (running, pebble, port) = behind(Fault::Slow, "order_deadline = \"1s\"\n");
    complaint(&running, "did not finish the order within 1 s: it is silent or slow");
    serves_with_its_own(&running);
    running.configure(&sections(port, &pebble.section_behind(Fault::Slow)));
    running.signal(rustix::process::Signal::HUP);
    assert!(shown_by(&running, "acme")["last_error"].is_null());
}

#[test]
fn what_is_no_acme_server_is_told_in_words_and_never_asked_in_clear() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for (fault, words) in [
        (
            Fault::LoginPage,
            "a page for people (HTML), as the login page of a network",
        ),
        (
            Fault::Elsewhere,
            "it sends the box elsewhere (302 Found), as the login page of a network",
        ),
        (Fault::Endless, "its answer is longer than 262144 bytes"),
        (Fault::InClear(port), "which is no https address"),
    ] {
        let (running, _pebble, _) = behind(fault, "order_deadline = \"20s\"\n");
        let said = complaint(&running, words);
        let said = said["last_error"].as_str().unwrap();
        assert!(!said.contains("JSON") && !said.contains("at line"), "{said}");
        serves_with_its_own(&running);
    }
    let called = listener.accept();
    assert!(called.is_err(), "nothing is asked in clear: {called:?}");
}

#[test]
fn a_server_that_rejects_every_other_nonce_issues_all_the_same_by_one_order() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour {
        rejected_nonces: 50,
        ..Behaviour::looking_at(port)
    });
    // Were an order placed anew, it would be after this pause, which no test waits for.
    let acme = pebble
        .section()
        .replace("retry_first = \"500ms\"", "retry_first = \"1h\"");
    let acme = acme.replace("retry_longest = \"2s\"", "retry_longest = \"1h\"");
    let running = TestBox::start_with(&sections(port, &acme));
    assert!(shown_by(&running, "acme")["last_error"].is_null());
    assert_eq!(running.metric("gatelodge_acme_failures_in_a_row"), Some(0));
}

#[test]
fn a_server_that_is_away_at_the_start_is_tried_again_within_seconds() {
    let port = free_port();
    let mut pebble = Pebble::unstarted();
    let acme = pebble
        .section()
        .replace("retry_first = \"500ms\"", "retry_first = \"15m\"");
    let acme = acme.replace("retry_longest = \"2s\"", "retry_longest = \"1d\"");
    let running = TestBox::start_with(&sections(port, &acme));
    let said = complaint(&running, "cannot be reached");
    let next: jiff::Timestamp = said["next_try"].as_str().unwrap().parse().unwrap();
    let left = next.duration_since(jiff::Timestamp::now());
    assert!(left.as_secs() < 10, "{said}");
    pebble.run(&Behaviour::looking_at(port));
    assert!(shown_by(&running, "acme")["last_error"].is_null());
}

#[test]
fn malformed_names_are_explained_before_anything_is_ordered() {
    let check = |name: &str| -> Output {
        let acme = format!("[acme]\ncontact = [\"it@example.org\"]\ndomains = [{name:?}]\n");
        TestBox::unstarted(&sections(free_port(), &acme)).command(&["check-config"])
    };
    for (name, words) in [
        ("*.example.org", "wildcard"),
        ("192.0.2.7", "is an address"),
        ("lodge.example.org:443", "port"),
        ("lödge.example.org", "outside ASCII"),
        ("lodge.local", "public DNS"),
    ] {
        let output = check(name);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{name}: {said}");
        assert!(said.contains(words) && said.contains("domains"), "{name}: {said}");
    }
    assert_eq!(check(NAME).status.code(), Some(0));
}
