//! Certificates by ACME: ordered from Pebble, kept, renewed, and done without while the server is away.

mod asked;
mod newer;
mod trouble;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::https::config;
use crate::support::pebble::{Behaviour, NAME, Pebble, free_port};
use crate::support::tinyproxy::Tinyproxy;
use crate::support::{Https, TestBox, eventually, plain_get};

/// A box whose https door is at `port` and wants a certificate as `acme` says.
fn sections(port: u16, acme: &str) -> String {
    format!(
        "{acme}[site]\nhostname = \"{NAME}\"\n[https]\nlisten = [\"127.0.0.1:{port}\"]\ncertificate = \"acme\"\n\
         [metrics]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n"
    )
}

/// What the https door shows; while a reload puts another in its place, there is none.
fn shown(running: &TestBox) -> Value {
    eventually("the https door is open", || {
        let list = running.json(&["cert", "list"]);
        let https = list.as_array().unwrap().iter().find(|shown| shown["door"] == "https");
        https.cloned()
    })
}

fn shown_by(running: &TestBox, source: &str) -> Value {
    eventually(source, || {
        Some(shown(running)).filter(|shown| shown["source"] == source)
    })
}

/// A connection that believes the box's own certificate.
fn own(running: &TestBox) -> Https {
    Https::connect_as(running.door("https"), NAME, config(&running.ca_file(), None)).unwrap()
}

/// The first complaint that holds `words`.
fn complaint(running: &TestBox, words: &str) -> Value {
    eventually(words, || {
        let shown = shown(running);
        let found = shown["last_error"].as_str().is_some_and(|error| error.contains(words));
        found.then_some(shown)
    })
}

fn steps(running: &TestBox) -> (Option<i32>, Vec<Value>) {
    let output = running.command(&["cert", "test", "--json"]);
    let steps = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code(), steps)
}

/// The one step that failed.
fn failed_step(running: &TestBox) -> Value {
    let (code, steps) = steps(running);
    assert_eq!(code, Some(1), "{steps:?}");
    let failed: Vec<_> = steps.iter().filter(|step| step["verdict"] == "bad").collect();
    assert_eq!(failed.len(), 1, "{steps:?}");
    assert_eq!(Some(failed[0]), steps.last(), "nothing is tried after it");
    assert!(failed[0]["next_step"].is_string());
    failed[0].clone()
}

#[test]
fn a_certificate_is_ordered_by_tls_alpn_once_and_kept_over_restarts() {
    let port = free_port();
    let mut pebble = Pebble::start(&Behaviour {
        rejected_nonces: 5,
        ..Behaviour::looking_at(port)
    });
    let mut running = TestBox::start_with(&sections(port, &pebble.section()));
    let certificate = shown_by(&running, "acme");
    assert_eq!(certificate["names"], serde_json::json!([NAME]));
    assert!(certificate["next_try"].is_string() && certificate["last_error"].is_null());
    let root = pebble.issued_root();
    let mut https = Https::connect_as(running.door("https"), NAME, config(&root, None)).unwrap();
    assert_eq!(https.ask("GET", "/healthz", &[("host", NAME)]).status, 200);

    let (code, steps) = steps(&running);
    assert_eq!(code, Some(0), "{steps:?}");
    assert_eq!(steps.last().unwrap()["step"], "TLS-ALPN-01");

    // Keys are for their owner, and in no backup in clear.
    let keys: Vec<_> = std::fs::read_dir(running.dir.join("data/acme"))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(keys.len(), 2, "an account and a certificate: {keys:?}");
    let backup = running.dir.join("backup");
    let made = running.command(&["backup", backup.to_str().unwrap(), "--without-keys"]);
    assert!(made.status.success(), "{made:?}");
    let bytes = std::fs::read(backup).unwrap();
    for key in &keys {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let secret = std::fs::read(key.path()).unwrap();
        let part = &secret[40..80];
        assert!(!bytes.windows(part.len()).any(|window| window == part), "{key:?}");
    }

    // A start orders nothing when a usable certificate is stored, and needs no server.
    pebble.stop();
    drop(https);
    assert_eq!(running.stop().0, Some(0));
    running.run();
    let kept = shown(&running);
    assert_eq!(
        (&kept["source"], &kept["not_after"]),
        (&certificate["source"], &certificate["not_after"])
    );
    assert!(kept["last_error"].is_null(), "{kept}");
    assert_eq!(running.metric("gatelodge_acme_failures_in_a_row"), Some(0));
    assert!(!plain_get(running.door("metrics"), "/metrics").contains("gatelodge_acme_orders_total{"));
    Https::connect_as(running.door("https"), NAME, config(&root, None))
        .unwrap()
        .ask("GET", "/healthz", &[("host", NAME)]);
}

#[test]
fn an_order_goes_through_the_proxy_of_the_site_and_says_when_that_opens_no_way() {
    let port = free_port();
    let (pebble, proxy) = (Pebble::start(&Behaviour::looking_at(port)), Tinyproxy::start());
    let running = TestBox::start_with(&(sections(port, &pebble.section()) + &proxy.section()));
    shown_by(&running, "acme");
    assert!(proxy.opened(pebble.port()) > 5, "{}", proxy.log());
    let (code, tried) = steps(&running);
    assert_eq!(code, Some(0), "{tried:?}");
    let wrong = running.dir.join("wrong");
    std::fs::write(&wrong, "another").unwrap();
    let refused = format!(
        "[outbound]\nproxy = \"http://lodge@127.0.0.1:{}\"\nproxy_password_file = {wrong:?}\n",
        proxy.port
    );
    running.configure(&(sections(port, &pebble.section()) + &refused));
    running.json(&["config", "reload"]);
    let failed = failed_step(&running);
    let words = failed["words"].as_str().unwrap();
    assert!(
        words.contains(&format!(
            "the proxy 127.0.0.1:{} wants another name or password",
            proxy.port
        )),
        "{words}"
    );
}

#[test]
fn with_the_http_door_open_names_are_proved_by_http() {
    let (tls, http, nobody) = (free_port(), free_port(), free_port());
    let pebble = Pebble::start(&Behaviour {
        http,
        ..Behaviour::looking_at(nobody)
    });
    let open = format!(
        "{}[http]\nlisten = [\"127.0.0.1:{http}\"]\n",
        sections(tls, &pebble.section())
    );
    let running = TestBox::start_with(&open);
    shown_by(&running, "acme");
    let unknown = plain_get(running.door("http"), "/.well-known/acme-challenge/x");
    assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
    assert!(plain_get(running.door("http"), "/x").starts_with("HTTP/1.1 308"));
    let (code, steps) = steps(&running);
    assert_eq!(
        (code, &steps.last().unwrap()["step"]),
        (Some(0), &"HTTP-01".into()),
        "{steps:?}"
    );
}

#[test]
fn nothing_is_dropped_while_certificates_change() {
    let number = |name: &str, short: usize| std::env::var(name).map_or(short, |text| text.parse().unwrap());
    let (swaps, requests) = (
        number("GATELODGE_TEST_SWAPS", 2),
        number("GATELODGE_TEST_SWAP_REQUESTS", 300),
    );
    let port = free_port();
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    let running = TestBox::start_with(&sections(port, &pebble.section()));
    shown_by(&running, "acme");
    let trust = Arc::new(config(&pebble.issued_root(), None));
    let address = running.door("https");
    let (done, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (trust, done, stop) = (trust.clone(), done.clone(), stop.clone());
            std::thread::spawn(move || {
                let connect = || Https::connect_as(address, NAME, (*trust).clone()).unwrap();
                let mut https = connect();
                // Half of them keep their connection, half make a new one for every few requests.
                for turn in 0usize.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    if client % 2 == 0 && turn.is_multiple_of(5) {
                        https = connect();
                    }
                    assert_eq!(https.ask("GET", "/healthz", &[("host", NAME)]).status, 200);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut ends = vec![shown(&running)["not_after"].clone()];
    for _ in 0..swaps {
        // A certificate's end is told to the second, and that is what tells one from the next here.
        let second = jiff::Timestamp::now().as_second();
        eventually("another second", || {
            (jiff::Timestamp::now().as_second() > second).then_some(())
        });
        let renewed = running.json(&["cert", "renew"]);
        eventually("the new one is shown", || {
            (shown(&running)["not_after"] == renewed["not_after"]).then_some(())
        });
        ends.push(renewed["not_after"].clone());
    }
    let began = Instant::now();
    while done.load(Ordering::Relaxed) < requests && clients.iter().all(|client| !client.is_finished()) {
        assert!(began.elapsed() < Duration::from_secs(1200));
        std::thread::yield_now();
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().expect("no request failed");
    }
    ends.dedup();
    assert_eq!(ends.len(), swaps + 1, "each swap brought another certificate: {ends:?}");
    assert_eq!(
        running.metric("gatelodge_acme_orders_total{outcome=\"issued\"}"),
        Some(swaps as u64 + 1)
    );
    println!(
        "{} requests over {swaps} swaps, none failed",
        done.load(Ordering::Relaxed)
    );
}

#[test]
fn a_certificate_is_renewed_at_half_of_its_short_life() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour {
        life: 12,
        ..Behaviour::looking_at(port)
    });
    let running = TestBox::start_with(&sections(port, &pebble.section()));
    let first = shown_by(&running, "acme");
    let moment =
        |certificate: &Value, key: &str| certificate[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let left = moment(&first, "not_after").duration_since(moment(&first, "next_try"));
    assert!((5..=6).contains(&left.as_secs()), "{first}");
    let second = eventually("the next one", || {
        let now = shown(&running);
        assert_eq!(now["source"], "acme", "the old one is shown until then: {now}");
        (now["not_after"] != first["not_after"]).then_some(now)
    });
    assert!(moment(&second, "not_after") > moment(&first, "not_after"));
}

#[test]
fn a_server_that_is_away_is_tried_again_and_the_count_is_kept() {
    let port = free_port();
    let mut pebble = Pebble::unstarted();
    let mut running = TestBox::start_with(&sections(port, &pebble.section()));
    let meanwhile = complaint(&running, "cannot be reached");
    assert_eq!(meanwhile["source"], "self-signed");
    assert!(
        meanwhile["last_error"]
            .as_str()
            .unwrap()
            .contains("own certificate is shown meanwhile")
    );
    assert_eq!(own(&running).ask("GET", "/healthz", &[("host", NAME)]).status, 200);
    let failed = eventually("three failures", || {
        running
            .metric("gatelodge_acme_failures_in_a_row")
            .filter(|failed| *failed >= 3)
    });
    assert_eq!(failed_step(&running)["step"], "server");
    running.kill();
    running.run();
    assert!(running.metric("gatelodge_acme_failures_in_a_row").unwrap() >= failed);
    pebble.run(&Behaviour::looking_at(port));
    let healed = shown_by(&running, "acme");
    assert!(healed["last_error"].is_null(), "{healed}");
    assert_eq!(running.metric("gatelodge_acme_failures_in_a_row"), Some(0));
}

#[test]
fn a_silent_server_does_not_stop_anything_for_ever() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let acme = format!(
        "[acme]\ndirectory = \"https://{}/dir\"\norder_deadline = \"1s\"\nretry_first = \"100ms\"\nretry_longest = \"200ms\"\n",
        silent.local_addr().unwrap()
    );
    let believed = Pebble::unstarted();
    let acme = format!("{acme}ca_file = {:?}\n", believed.root());
    let running = TestBox::start_with(&sections(free_port(), &acme));
    complaint(&running, "did not finish the order within 1 s");
    eventually("a second try", || {
        running
            .metric("gatelodge_acme_failures_in_a_row")
            .filter(|failed| *failed >= 2)
    });
    let step = failed_step(&running);
    assert_eq!(step["step"], "server");
    assert!(step["words"].as_str().unwrap().contains("silent"), "{step}");
    let renewed = running.command(&["cert", "renew"]);
    assert_eq!(renewed.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&renewed.stderr).contains("silent"),
        "{renewed:?}"
    );
    assert_eq!(own(&running).ask("GET", "/healthz", &[("host", NAME)]).status, 200);
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour {
        refuses_accounts: true,
        ..Behaviour::looking_at(port)
    });
    let running = TestBox::start_with(&sections(port, &pebble.section()));
    let shown = complaint(&running, "the ACME server refused");
    let words = shown["last_error"].as_str().unwrap();
    assert!(words.contains("externalAccountRequired"), "{words}");
    assert_eq!(failed_step(&running)["step"], "account");
}

#[test]
fn a_name_that_leads_elsewhere_is_named() {
    let (port, elsewhere) = (free_port(), free_port());
    let other = TestBox::start_with(&format!("[https]\nlisten = [\"127.0.0.1:{elsewhere}\"]\n"));
    let pebble = Pebble::start(&Behaviour::looking_at(elsewhere));
    let running = TestBox::start_with(&sections(port, &pebble.section()));
    let shown = complaint(&running, "could not see that");
    assert!(shown["last_error"].as_str().unwrap().contains(NAME), "{shown}");
    assert_eq!(failed_step(&running)["step"], "TLS-ALPN-01");
    drop(other);
}

#[test]
fn without_acme_the_commands_say_how_to_come_by_it() {
    let running = TestBox::start();
    for command in ["renew", "test"] {
        let output = running.command(&["cert", command]);
        assert_eq!(output.status.code(), Some(5));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("https.certificate = \"acme\""), "{said}");
    }
    let doors: Vec<_> = running.json(&["cert", "list"]).as_array().unwrap().to_owned();
    assert_eq!(doors.len(), 2, "{doors:?}");
}

#[test]
fn a_reload_turns_to_acme_and_to_further_names() {
    const SECOND: &str = "gate.example.org";
    let port = free_port();
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    let acme = sections(port, &pebble.section());
    let running = TestBox::start_with(&acme.replace("certificate = \"acme\"\n", ""));
    assert_eq!(shown(&running)["source"], "self-signed");
    running.configure(&acme);
    running.signal(rustix::process::Signal::HUP);
    assert_eq!(shown_by(&running, "acme")["names"], serde_json::json!([NAME]));
    let both = acme.replace(
        "[acme]\n",
        &format!("[acme]\ndomains = [{NAME:?}, {:?}]\n", SECOND.to_uppercase()),
    );
    running.configure(&both);
    running.signal(rustix::process::Signal::HUP);
    eventually("a certificate for both names", || {
        let names = shown(&running);
        (names["source"] == "acme" && names["names"] == serde_json::json!([SECOND, NAME])).then_some(())
    });
    let trust = config(&pebble.issued_root(), None);
    for (host, status) in [(NAME, 200), (SECOND, 200), ("other.example.org", 421)] {
        let mut https = Https::connect_as(running.door("https"), SECOND, trust.clone()).unwrap();
        assert_eq!(https.ask("GET", "/healthz", &[("host", host)]).status, status, "{host}");
    }
    // Back at the first name, its certificate is still there.
    running.configure(&acme);
    running.signal(rustix::process::Signal::HUP);
    eventually("the first again", || {
        (shown(&running)["names"] == serde_json::json!([NAME])).then_some(())
    });
    assert_eq!(
        running.metric("gatelodge_acme_orders_total{outcome=\"issued\"}"),
        Some(2)
    );
}

#[test]
fn the_door_for_machines_shows_the_certificate_of_the_door_for_people() {
    let (port, machines) = (free_port(), free_port());
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    let mtls = format!("[mtls]\nlisten = [\"127.0.0.1:{machines}\"]\ncertificate = \"acme\"\n");
    let running = TestBox::start_with(&(sections(port, &pebble.section()) + &mtls));
    shown_by(&running, "acme");
    let of = |door: &str| {
        let list = running.json(&["cert", "list"]);
        let shown = list
            .as_array()
            .unwrap()
            .iter()
            .find(|shown| shown["door"] == door)
            .cloned();
        shown.unwrap_or_else(|| panic!("{list}"))
    };
    let machines_show = eventually("it follows", || {
        Some(of("mtls")).filter(|shown| shown["source"] == "acme")
    });
    assert_eq!(machines_show["names"], of("https")["names"]);
    assert_eq!(machines_show["not_after"], of("https")["not_after"]);
    // Without an order at the people's door there is nothing to show.
    let alone = TestBox::unstarted("[https]\nlisten = []\n[mtls]\nlisten = []\ncertificate = \"acme\"\n");
    let checked = alone.command(&["check-config"]);
    assert_eq!(checked.status.code(), Some(3), "{checked:?}");
    assert!(
        String::from_utf8_lossy(&checked.stderr).contains("mtls.certificate"),
        "{checked:?}"
    );
}
