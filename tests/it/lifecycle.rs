//! Starting, stopping, reloading: what systemd and an operator see.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::test_box::{CONFIG, binary};
use crate::support::{TestBox, eventually, https};

#[test]
fn a_stop_is_orderly_quick_and_exits_0() {
    let mut running = TestBox::start();
    let mut open = running.https();
    assert_eq!(open.ask("GET", "/healthz", &[]).status, 200);
    let (code, took) = running.stop();
    assert_eq!(code, Some(0), "{}", running.log());
    assert!(
        took < Duration::from_secs(10),
        "an idle connection held it up: {took:?}"
    );
    assert!(running.log().contains("stopped"), "{}", running.log());
    assert!(!running.dir.join("admin.sock").exists(), "the admin socket goes away");
}

#[test]
fn a_live_page_does_not_hold_up_a_stop() {
    let mut running = TestBox::start();
    let mut signed_in = super::accounts::signed_in(&running, "viewer");
    signed_in.begin_stream("/spaces/live");
    let (code, took) = running.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_request_that_never_ends_does_not_hold_up_a_stop() {
    let mut running = TestBox::start();
    let mut open = running.https();
    open.begin(
        "POST",
        "/login",
        &[
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", "100"),
        ],
    );
    eventually("the request is under way", || {
        running.json(&["status"])["state"].as_str().map(|_| ())
    });
    let (code, took) = running.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_box_that_stops_refuses_connections_and_finishes_what_is_under_way() {
    let mut running = TestBox::start();
    let doors = ["http", "https", "mtls", "metrics"].map(|door| running.door(door));
    let form = b"username=a&password=b&csrf_token=c";
    let mut under_way = running.https();
    under_way.begin_form("/login", form.len());
    running.signal(Signal::TERM);
    for door in doors {
        eventually("connections are refused", || {
            let refused = std::net::TcpStream::connect(door).err()?;
            (refused.kind() == std::io::ErrorKind::ConnectionRefused).then_some(())
        });
    }
    let answer = under_way.end_form(form).expect("what is under way is answered");
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
}

#[test]
fn systemd_is_told_of_every_turn() {
    let mut running = TestBox::unstarted(CONFIG);
    let socket = running.dir.join("notify");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = |wanted: &str| {
        let mut buffer = [0; 4096];
        loop {
            let length = systemd
                .recv(&mut buffer)
                .unwrap_or_else(|error| panic!("waiting for {wanted}: {error}"));
            let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if told.lines().any(|line| line.starts_with(wanted)) {
                return told;
            }
        }
    };
    running.spawn_with(&[("NOTIFY_SOCKET", socket.to_str().unwrap()), ("WATCHDOG_USEC", "400000")]);
    heard("READY=1");
    assert_eq!(
        running.https().ask("GET", "/readyz", &[]).status,
        200,
        "ready means that every door accepts"
    );
    heard("WATCHDOG=1");
    heard("WATCHDOG=1");
    running.signal(Signal::HUP);
    assert!(heard("RELOADING=1").contains("MONOTONIC_USEC="));
    heard("READY=1");
    running.signal(Signal::TERM);
    heard("STOPPING=1");
    assert_eq!(running.wait(), Some(0));
}

#[test]
fn a_reload_changes_only_what_changed() {
    let running = TestBox::start();
    let before = running.json(&["status"]);
    let mut open = running.https();
    let space = open.ask("PUT", "/space/new/occupancy/current/1/max/5", &[]).json();
    let path = format!("/space/{}", space["space_id"].as_str().unwrap());

    assert_eq!(
        running.json(&["config", "reload"]),
        serde_json::json!({ "changed": [] })
    );
    running.configure(&format!("{CONFIG}anonymous = false\n[site]\nname = \"Other\"\n"));
    let changed = running.json(&["config", "reload"]);
    assert_eq!(changed, serde_json::json!({ "changed": ["occupancy", "site"] }));

    assert_eq!(
        open.ask("GET", &path, &[]).status,
        401,
        "the same connection meets the changed room"
    );
    assert!(
        open.ask("GET", "/login", &[]).text().contains("Other"),
        "and the changed pages"
    );
    let after = running.json(&["status"]);
    assert_eq!(before["doors"], after["doors"], "no door moved");
    assert_eq!(before["started"], after["started"]);
}

#[test]
fn a_bad_configuration_leaves_the_old_in_force() {
    let running = TestBox::start();
    running.configure(&CONFIG.replace("create_limit", "creat_limit"));
    let output = running.command(&["config", "reload"]);
    assert_eq!(output.status.code(), Some(5));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("did you mean `create_limit`?"), "{said}");
    running.signal(Signal::HUP);
    eventually("the log names the fault", || {
        running.log().contains("not reloaded").then_some(())
    });
    assert_eq!(running.https().ask("GET", "/healthz", &[]).status, 200);
    let socket = running.config_file().with_file_name("admin.sock");
    let status = || {
        let asked = ["--socket", socket.to_str().unwrap(), "status"];
        running.json(&asked)
    };
    let told = status();
    assert_eq!(told["state"], "ready");
    let found = &told["verdict"]["findings"].as_array().unwrap();
    let found: Vec<&Value> = found.iter().filter(|found| found["part"] == "configuration").collect();
    assert!(
        found.len() == 1 && found[0]["words"].as_str().unwrap().contains("create_limit"),
        "{told}"
    );
    running.configure("junk = [\n");
    let output = running.command(&["status"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() || (said.contains("TOML") && said.contains("usual place")),
        "{said}"
    );
    running.configure(CONFIG);
    running.json(&["config", "reload"]);
    let told = status();
    let still = told["verdict"]["findings"].as_array().unwrap().iter();
    assert_eq!(still.filter(|found| found["part"] == "configuration").count(), 0);
}

#[test]
fn a_door_whose_limits_changed_takes_its_sockets_over() {
    let running = TestBox::start();
    let address = running.door("https");
    running.configure(&format!("{CONFIG}[limits.https]\nper_address = \"2/h\"\n"));
    running.json(&["config", "reload"]);
    assert_eq!(running.door("https"), address, "a free port stays the same port");
    let mut open = https::Https::connect(address, https::config(&running.ca_file(), None)).unwrap();
    let answers: Vec<u16> = (0..3).map(|_| open.ask("GET", "/space/x", &[]).status).collect();
    assert_eq!(answers, [400, 400, 429], "the new limits hold");
    let refused = open.ask("GET", "/space/x", &[]);
    assert!(
        refused.json()["error"].is_string(),
        "in the old API's shape: {refused:?}"
    );
}

#[test]
fn a_door_is_closed_and_opened_by_its_section() {
    let running = TestBox::start();
    let metrics = running.door("metrics");
    running.configure(&CONFIG.replace("[metrics]\nlisten = [\"127.0.0.1:0\"]", ""));
    assert_eq!(
        running.json(&["config", "reload"]),
        serde_json::json!({ "changed": ["metrics"] })
    );
    assert!(running.json(&["status"])["doors"].get("metrics").is_none());
    eventually("nobody listens there", || {
        std::net::TcpStream::connect(metrics).is_err().then_some(())
    });
    running.configure(CONFIG);
    running.json(&["config", "reload"]);
    running.door("metrics");
}

#[test]
fn two_boxes_cannot_share_a_data_folder() {
    let running = TestBox::start();
    let output = binary()
        .args(["serve", "--config"])
        .arg(running.config_file())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("in use by another gatelodge"), "{said}");
    assert_eq!(
        running.json(&["status"])["state"],
        "ready",
        "the first one is not disturbed"
    );
}

#[test]
fn an_address_in_use_ends_the_start_with_a_hint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let running = TestBox::unstarted(&format!("[https]\nlisten = [\"{}\"]\n", taken.local_addr().unwrap()));
    let output = binary()
        .args(["serve", "--config"])
        .arg(running.config_file())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("https") && said.contains(&taken.local_addr().unwrap().to_string()),
        "{said}"
    );
}

#[test]
fn logs_in_json_carry_the_request_id_and_no_token() {
    let running = TestBox::start_with(&format!("{CONFIG}[log]\nformat = \"json\"\nfilter = \"debug\"\n"));
    let mut open = running.https();
    let answer = open.ask(
        "GET",
        "/space/abc?secret=hunter2",
        &[("authorization", "Bearer gatelodge_secret_token")],
    );
    let id = answer.header("x-request-id").unwrap().to_owned();
    let line = eventually("the request's log line", || {
        let log = running.log();
        log.lines().find(|line| line.contains(&id)).map(str::to_owned)
    });
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["status"], 400, "{line}");
    let log = running.log();
    assert!(
        !log.contains("hunter2") && !log.contains("gatelodge_secret_token"),
        "{log}"
    );
}

#[test]
fn metrics_are_read_by_prometheus() {
    let running = TestBox::start();
    running.https().ask("PUT", "/space/new/occupancy/current/1/max/5", &[]);
    let text = super::support::plain_get(running.door("metrics"), "/metrics");
    for wanted in [
        "gatelodge_store_changes_total",
        "gatelodge_store_bytes",
        "# HELP gatelodge_store_bytes ",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
    }
}

#[test]
fn the_plain_door_only_sends_on() {
    let running = TestBox::start();
    let answer = super::support::plain_get(running.door("http"), "/space/x?y=1");
    let port = running.door("https").port();
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(
        answer.contains(&format!("location: https://127.0.0.1:{port}/space/x?y=1")),
        "{answer}"
    );
}

#[test]
fn foreign_hosts_are_refused_once_a_name_is_set() {
    let running = TestBox::start_with(&format!("{CONFIG}[site]\nhostname = \"lodge.example.org\"\n"));
    let mut open = running.https();
    assert_eq!(
        open.ask("GET", "/space/abc", &[("host", "lodge.example.org")]).status,
        400,
        "ours: only the id is bad"
    );
    let refused = open.ask("GET", "/space/abc", &[("host", "evil.example")]);
    assert_eq!(refused.status, 421);
    assert!(refused.json()["error"].is_string());
    let refused = open.ask("GET", "/readyz", &[("host", "evil.example")]);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
}

#[test]
fn hsts_and_security_txt_are_as_configured() {
    let running = TestBox::start_with(&CONFIG.replace("[mtls]", "hsts = \"1d\"\n[mtls]"));
    let mut open = running.https();
    let answer = open.ask("GET", "/healthz", &[]);
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=86400"));
    assert_eq!(
        open.ask("GET", "/.well-known/security.txt", &[]).status,
        404,
        "nobody is named"
    );
    running.configure(
        &format!("{CONFIG}[site]\ncontact = \"mailto:security@example.org\"\n")
            .replace("[mtls]", "hsts = \"0s\"\n[mtls]"),
    );
    running.json(&["config", "reload"]);
    let mut open = running.https();
    let answer = open.ask("GET", "/.well-known/security.txt", &[]);
    assert!(
        answer
            .text()
            .starts_with("Contact: mailto:security@example.org\nExpires: "),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[test]
fn metrics_come_in_the_form_that_is_asked_for_and_a_foreign_parser_reads_both() {
    let simulated = "[meters]\n[[meter]]\nserial = \"EML2137580761\"\nlink = \"tcp://127.0.0.1:9\"\n";
    let running = TestBox::start_with(&format!("{CONFIG}{simulated}"));
    let mut open = running.https();
    open.ask("PUT", "/space/new/occupancy/current/0/max/5/name/Nobodys", &[]);
    running.json(&["space", "create", "--name", "Hall", "--maximum", "50"]);
    let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/openapi/bin/python");
    let script = "import sys, urllib.request\n\
        from prometheus_client import parser, openmetrics\n\
        import prometheus_client.openmetrics.parser as newer\n\
        for accept, read in (('text/plain;version=0.0.4', parser), ('application/openmetrics-text', newer)):\n\
        \x20   asked = urllib.request.Request(sys.argv[1], headers={'Accept': accept})\n\
        \x20   answer = urllib.request.urlopen(asked)\n\
        \x20   assert answer.headers['Content-Type'].startswith(accept.split(';')[0]), answer.headers['Content-Type']\n\
        \x20   for family in read.text_string_to_metric_families(answer.read().decode()):\n\
        \x20       assert family.documentation and family.type != 'unknown', family\n\
        \x20       for sample in family.samples: print(accept.split(';')[0], sample.name, sample.labels, sample.value)\n";
    let url = format!("http://{}/metrics", running.door("metrics"));
    let output = std::process::Command::new(python)
        .args(["-c", script, &url])
        .output()
        .expect("tests/run installs it");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for wanted in [
        "gatelodge_build_info {'version': ",
        "process_start_time_seconds {}",
        "process_resident_memory_bytes {}",
        "process_open_fds {}",
        "gatelodge_spaces {'by': 'anonymous'} 1.0",
        "gatelodge_spaces {'by': 'operator'} 1.0",
        "'name': 'Hall'} 50.0",
    ] {
        for form in ["text/plain ", "application/openmetrics-text "] {
            let found = said.lines().any(|line| line.starts_with(form) && line.contains(wanted));
            assert!(found, "{form}{wanted}: {said}");
        }
    }
    assert!(
        !said.contains("Nobodys"),
        "names of anonymous spaces are nobody's business: {said}"
    );
}

#[test]
fn what_a_library_refuses_has_the_shape_of_the_api() {
    let running = TestBox::start_with(&CONFIG.replace("[metrics]", "[relay]\nlisten = [\"127.0.0.1:0\"]\n[metrics]"));
    let mut open = running.https();
    let token = running.json(&[
        "token",
        "create",
        "--name",
        "a",
        "--scope",
        "relay:admin",
        "--scope",
        "spaces:admin",
    ]);
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    for (method, path, status) in [
        ("GET", "/v1/nothing", 404),
        ("PATCH", "/v1/spaces", 405),
        ("DELETE", "/openapi.json", 405),
        ("GET", "/v1/spaces?limit=x", 400),
        ("POST", "/v1/relay/tickets", 415),
    ] {
        let answer = open.ask(method, path, &[("authorization", &bearer)]);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{method} {path}"
        );
        assert_eq!(answer.json()["status"], status, "{method} {path}");
    }
    let large = "x".repeat(20_000);
    let asked = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = open.try_ask("POST", "/v1/spaces", &asked, large.as_bytes()).unwrap();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (413, Some("application/problem+json"))
    );
    let old = running.https().ask("DELETE", "/space/x", &[]);
    assert!(old.json()["error"].is_string(), "{}", old.text());
}

#[test]
fn the_http_door_sends_nobody_to_a_foreign_name() {
    use std::io::{Read, Write};
    let running = TestBox::start();
    for host in ["evil.example", "198.51.100.7", "127.0.0.1"] {
        let mut stream = std::net::TcpStream::connect(running.door("http")).unwrap();
        write!(stream, "GET /x HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("location: https://127.0.0.1:"), "{host}: {answer}");
    }
}
