//! What not every server has: accounts that are bound to one with its owner, kinds of certificates, and a time of renewal
//! that it says itself.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{failed_step, sections, shown, shown_by, steps};
use crate::support::meddler::Fault;
use crate::support::newer::asked;
use crate::support::pebble::{Behaviour, EAB_KEY, EAB_KEY_ID, Pebble, free_port};
use crate::support::{TestBox, eventually};

fn with(section: &str, more: &str) -> String {
    section.replace("[acme]\n", &format!("[acme]\n{more}\n"))
}

#[test]
fn an_account_is_bound_to_one_with_the_servers_owner() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour {
        refuses_accounts: true,
        ..Behaviour::looking_at(port)
    });
    let mut running = TestBox::unstarted("");
    let key = running.dir.join("eab-key");
    std::fs::write(&key, format!("{EAB_KEY}\n")).unwrap();
    let bound = |id: &str| {
        let more = format!("eab_key_id = \"{id}\"\neab_key_file = {key:?}");
        sections(port, &with(&pebble.section(), &more))
    };
    running.configure(&bound(EAB_KEY_ID));
    running.run();
    shown_by(&running, "acme");
    assert_eq!(steps(&running).0, Some(0));
    // Another name there means another account here, and the server knows none of that name.
    running.configure(&bound("another"));
    running.json(&["config", "reload"]);
    let failed = failed_step(&running);
    assert_eq!(failed["step"], "account");
    assert!(
        failed["next_step"].as_str().unwrap().contains("acme.eab_key_id"),
        "{failed}"
    );
    // A file that holds no key is told before anybody is asked.
    std::fs::write(&key, "no key\n").unwrap();
    let checked = running.command(&["check-config"]);
    let said = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(3), "{said}");
    assert!(
        said.contains("acme.eab_key_file") && said.contains("base64url"),
        "{said}"
    );
    assert!(!running.log().contains(EAB_KEY));
}

/// What the server says of the first certificate, and of all later ones: from when until when, in seconds from now on.
fn windows(folder: &Path, first: (i64, i64), later: (i64, i64)) {
    let at = |seconds| Timestamp::now() + SignedDuration::from_secs(seconds);
    let window = |(from, until): (i64, i64)| json!([format!("{:.0}", at(from)), format!("{:.0}", at(until))]);
    let text = json!({ "first": window(first), "later": window(later) });
    std::fs::write(folder.join("windows.json"), text.to_string()).unwrap();
}

fn issued(running: &TestBox) -> u64 {
    running
        .metric("gatelodge_acme_orders_total{outcome=\"issued\"}")
        .unwrap_or(0)
}

/// Seconds from now until the next order.
fn due_in(certificate: &Value) -> i64 {
    let due: Timestamp = certificate["next_try"].as_str().unwrap().parse().unwrap();
    due.duration_since(Timestamp::now()).as_secs()
}

#[test]
fn a_certificate_is_of_the_kind_that_is_wanted() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    windows(pebble.folder(), (600, 1200), (600, 1200));
    let section = pebble.section_behind(Fault::Newer);
    let running = TestBox::start_with(&sections(port, &with(&section, "profile = \"shortlived\"")));
    shown_by(&running, "acme");
    let orders = asked(pebble.folder(), "order");
    assert!(
        orders.iter().all(|order| order["profile"] == "shortlived"),
        "{orders:?}"
    );
    running.configure(&sections(port, &with(&section, "profile = \"eternal\"")));
    running.json(&["config", "reload"]);
    let failed = failed_step(&running);
    let words = failed["words"].as_str().unwrap();
    assert!(
        failed["step"] == "order" && words.contains("no profile `eternal`; it has classic, shortlived"),
        "{failed}"
    );
    // A server without kinds says so as well.
    running.configure(&sections(port, &with(&pebble.section(), "profile = \"eternal\"")));
    running.json(&["config", "reload"]);
    let words = failed_step(&running)["words"].as_str().unwrap().to_owned();
    assert!(words.contains("leave acme.profile out"), "{words}");
}

#[test]
fn the_server_says_when_a_certificate_is_renewed_and_is_asked_no_more_than_it_wants() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    // Of an hour, half would be the usual.
    windows(pebble.folder(), (600, 900), (600, 900));
    let mut running = TestBox::start_with(&sections(port, &pebble.section_behind(Fault::Newer)));
    shown_by(&running, "acme");
    let certificate = eventually("its renewal is as the server says", || {
        let shown = shown(&running);
        (500..=900).contains(&due_in(&shown)).then_some(shown)
    });
    running.kill();
    running.run();
    let again = shown_by(&running, "acme");
    assert_eq!(
        again["next_try"], certificate["next_try"],
        "the moment that was drawn is kept"
    );
    assert_eq!(
        asked(pebble.folder(), "renewal").len(),
        1,
        "not before an hour has passed"
    );
    assert_eq!(asked(pebble.folder(), "order").len(), 1);
    assert!(running.log().contains("https://a.example/why"));
}

#[test]
fn a_certificate_that_the_server_wants_back_is_replaced_at_once() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    windows(pebble.folder(), (-7200, -3600), (1200, 1500));
    let running = TestBox::start_with(&sections(port, &pebble.section_behind(Fault::Newer)));
    eventually("it was ordered twice", || (issued(&running) == 2).then_some(()));
    eventually("the second one has its own time", || {
        (1000..=1500).contains(&due_in(&shown(&running))).then_some(())
    });
    let (orders, renewals) = (asked(pebble.folder(), "order"), asked(pebble.folder(), "renewal"));
    assert_eq!((orders.len(), renewals.len()), (2, 2), "{orders:?} {renewals:?}");
    assert!(orders[0]["replaces"].is_null());
    assert_eq!(orders[1]["replaces"], renewals[0]["id"]);
    // One that was replaced already is replaced without saying so.
    std::fs::write(pebble.folder().join("replaced"), "").unwrap();
    running.json(&["cert", "renew"]);
    let orders = asked(pebble.folder(), "order");
    assert_eq!(orders.len(), 4, "{orders:?}");
    assert!(orders[2]["replaces"].is_string() && orders[3]["replaces"].is_null());
    assert_eq!(issued(&running), 3);
}
