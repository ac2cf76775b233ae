//! Who is let in, and what is said when nobody is.

use std::process::Command;

use serde_json::Value;

use super::broker::{Broker, PASSWORD};
use crate::support::TestBox;

/// The verdicts of `uplink test` with this section, without a running box.
fn tested(section: &str) -> Vec<Value> {
    let running = TestBox::unstarted(section);
    let output = running.command(&["uplink", "test", "--json"]);
    let steps: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let failed = steps.iter().any(|step| step["verdict"] == "bad");
    assert_eq!(output.status.code(), Some(i32::from(failed)), "{steps:?}");
    steps
}

/// The step that failed.
fn fault(section: &str) -> (String, String, String) {
    let steps = tested(section);
    let last = steps.last().unwrap();
    assert_eq!(last["verdict"], "bad", "{steps:?}");
    let text = |key: &str| last[key].as_str().unwrap().to_owned();
    (text("step"), text("words"), text("next_step"))
}

#[test]
fn each_step_of_the_way_has_its_verdict_and_its_mend() {
    let broker = Broker::start();
    let section = broker.section();
    let good = tested(&section);
    let steps: Vec<&str> = good.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "config",
            "files",
            "dns",
            "tcp",
            "tls",
            "login",
            "topic",
            "retain",
            "size",
            "subscriptions"
        ]
    );
    assert!(good.iter().all(|step| step["verdict"] == "good"), "{good:?}");
    let let_in = || broker.log().matches("New client connected").count();
    let before = let_in();
    assert!(before > 0);

    let nobody = crate::support::pebble::free_port();
    let (step, words, mend) = fault(&section.replace(&broker.by_certificate.to_string(), &nobody.to_string()));
    assert!(
        step == "tcp" && words.contains("cannot be reached") && mend.contains("firewall"),
        "{words}"
    );
    let (step, words, _) = fault(&section.replace("//localhost", "//no-such-host.invalid"));
    assert!(step == "dns" && words.contains("no-such-host.invalid"), "{words}");
    let other_root = broker.root("relay").display().to_string();
    let (step, words, mend) = fault(&section.replace(&broker.root("server").display().to_string(), &other_root));
    assert!(
        step == "tls" && words.contains("issued by an authority") && mend.contains("uplink.ca_file"),
        "{words}"
    );
    let (step, words, _) = fault(&section.replace("//localhost", "//127.0.0.1"));
    assert!(step == "tls" && words.contains("not for this host"), "{words}");
    let pinned = format!("{section}pin = [\"{}\"]\n", "00".repeat(32));
    assert_eq!(fault(&pinned).0, "tls");
    let missing = section.replace("lodge-1.key.pem", "nobody.key.pem");
    let (step, words, _) = fault(&missing);
    assert!(step == "files" && words.contains("nobody.key.pem"), "{words}");
    assert_eq!(let_in(), before, "a broker that is not believed hears no CONNECT");
}

#[test]
fn the_pin_of_the_brokers_key_is_believed() {
    let broker = Broker::start();
    let key = Command::new("openssl")
        .args(["x509", "-noout", "-pubkey", "-in"])
        .arg(broker.file("localhost", "chain"))
        .output()
        .unwrap();
    let der = rustls_der(&key.stdout);
    let pin = data_encoding::HEXLOWER.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der).as_ref());
    let steps = tested(&format!("{}pin = [\"{pin}\"]\n", broker.section()));
    assert!(steps.iter().all(|step| step["verdict"] == "good"), "{steps:?}");
}

fn rustls_der(pem: &[u8]) -> Vec<u8> {
    use rustls::pki_types::SubjectPublicKeyInfoDer;
    use rustls::pki_types::pem::PemObject;
    SubjectPublicKeyInfoDer::from_pem_slice(pem).unwrap().to_vec()
}

#[test]
fn a_password_with_everything_in_it_works_and_a_wrong_one_is_said_and_mended_without_a_restart() {
    let broker = Broker::start();
    let file = broker.pki.dir.join("password");
    std::fs::write(&file, "wrong\n").unwrap();
    let section = |version: &str| {
        format!(
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://localhost:{}\"\nca_file = {:?}\nclient_id = \"lodge-1\"\n\
             username = \"lodge\"\npassword_file = {file:?}\n[uplink.mqtt]\nversion = \"{version}\"\n",
            broker.by_password,
            broker.root("server"),
        )
    };
    for version in ["3.1.1", "5"] {
        let (step, words, mend) = fault(&section(version));
        assert!(step == "login" && words.contains("refused"), "{words}");
        assert!(mend.contains("login") || mend.contains("password"), "{mend}");
    }
    let running = TestBox::start_with(&section("3.1.1"));
    let uplink = || running.json(&["uplink", "status"]);
    crate::support::eventually("the refusal is shown", || {
        (uplink()["last_error"]["kind"] == "refused").then_some(())
    });
    assert!(!running.log().contains("wrong"), "a password is never logged");
    std::fs::write(&file, format!("{PASSWORD}\r\n")).unwrap();
    crate::support::eventually("the new password is tried at once", || {
        uplink()["connected_since"].is_string().then_some(())
    });
    assert!(!running.log().contains(PASSWORD), "nor is the right one");
    let status = running.json(&["status"]);
    assert_eq!(status["rooms"]["uplink"]["state"], "running");
    assert_eq!(status["uplink"]["backlog_rows"], 0);
    let steps = running.json(&["uplink", "test"]);
    assert!(
        steps.as_array().unwrap().iter().all(|step| step["verdict"] == "good"),
        "{steps}"
    );
}

#[test]
fn what_cannot_work_is_said_before_anything_is_sent() {
    let running = |section: &str| {
        let output = TestBox::unstarted(section).command(&["check-config"]);
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let section = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://x.example.org\"\n";
    for (more, wanted) in [
        ("client_id = \"a:b\"", "`uplink.client_id`: is no device id"),
        ("client_id = \"a b\"", "`uplink.client_id`: is no device id"),
        (
            &format!("client_id = \"{}\"", "x".repeat(65)),
            "`uplink.client_id`: is no device id",
        ),
        (
            "certificate_file = \"/a\"",
            "has only one of certificate_file and key_file",
        ),
        ("auth = \"certificate\"", "`uplink.auth`: is \"certificate\""),
        ("username = \"x\"", "has only one of username and password_file"),
        ("window = 0", "`uplink.window`"),
        ("keep_alive = \"5s\"", "`uplink.keep_alive`"),
        ("pin = [\"abc\"]", "no pin"),
        ("outbox_max = \"1KiB\"", "`uplink.outbox_max`"),
        ("kind_of = 1", "unknown key `uplink.kind_of`"),
        ("[uplink.mqtt]\nprefix = \"a/#\"", "`uplink.mqtt.prefix`"),
    ] {
        let said = running(&format!("{section}{more}\n"));
        assert!(said.contains(wanted), "{more}: {said}");
    }
    for (url, wanted) in [
        ("x.example.org:8883", "write mqtts://host:port"),
        ("x.example.org/mqtt", "write mqtts://host:port"),
        ("mqtts://x.example.org/mqtt", "has a path"),
        ("mqtts://me:secret@x.example.org", "only host and port"),
    ] {
        let said = running(&format!("[uplink]\nkind = \"mqtt\"\nurl = \"{url}\"\n"));
        assert!(said.contains(wanted) && said.contains("uplink.url"), "{url}: {said}");
        assert!(!said.contains("secret"), "{url}: {said}");
    }
}

#[test]
fn programs_with_uplink_admin_and_people_who_run_the_box_see_how_it_is() {
    let broker = Broker::start();
    let running = TestBox::start_with(&format!(
        "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n{}",
        broker.section()
    ));
    let token = |scope: &str| {
        let made = running.json(&["token", "create", "--name", scope, "--scope", scope]);
        format!("Bearer {}", made["token"].as_str().unwrap())
    };
    let (right, wrong) = (token("uplink:admin"), token("box:admin"));
    let get = |path: &str, token: &str| running.https().ask("GET", path, &[("authorization", token)]);
    crate::support::eventually("it is connected", || {
        let shown = get("/v1/uplink", &right).json();
        shown["connected_since"].is_string().then_some(())
    });
    assert_eq!(get("/v1/uplink", &right).json()["client_id"], "lodge-1");
    assert_eq!(get("/v1/uplink/operations", &right).json(), serde_json::json!([]));
    assert_eq!(get("/v1/uplink", &wrong).status, 403);
    assert_eq!(get("/v1/uplink", "Bearer nobody").status, 401);
    assert_eq!(get("/box/cloud", &right).status, 303, "the page is for people");
}

/// A certificate for `test_box-1` by itself, good between these days; it and its key as files.
pub fn own_certificate(folder: &std::path::Path, (from, to): (i32, i32)) -> [String; 2] {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "lodge-1");
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    let files = ["own.cert.pem", "own.key.pem"].map(|name| folder.join(name));
    std::fs::write(&files[0], certificate.pem()).unwrap();
    pki_private(&files[1], &key.serialize_pem());
    files.map(|file| file.display().to_string())
}

fn pki_private(file: &std::path::Path, text: &str) {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let mut open = options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .unwrap();
    open.write_all(text.as_bytes()).unwrap();
}

#[test]
fn what_is_wrong_with_the_boxs_own_certificate_is_said_before_the_broker_can_only_say_no() {
    let broker = Broker::start();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let chain = broker.file("lodge-1", "chain").display().to_string();
    let key = broker.file("lodge-1", "key").display().to_string();
    let with = |certificate: &str, own_key: &str| section.replace(&chain, certificate).replace(&key, own_key);
    for (years, wanted) in [
        ((2001, 2002), "ended at 2002"),
        ((2190, 2191), "is not good before 2190"),
    ] {
        let [certificate, own_key] = own_certificate(&broker.pki.dir, years);
        let (step, words, mend) = fault(&with(&certificate, &own_key));
        assert!(step == "files" && words.contains(wanted) && !mend.is_empty(), "{words}");
    }
    let (step, words, _) = fault(&section.replace("client_id = \"lodge-1\"", "client_id = \"lodge-2\""));
    assert!(step == "files" && words.contains("is for `lodge-1`"), "{words}");

    // The authority first: the order that devices must not have.
    let pem = std::fs::read_to_string(&chain).unwrap();
    let mut parts: Vec<String> = pem
        .split_inclusive("-----END CERTIFICATE-----\n")
        .map(str::to_owned)
        .collect();
    let root = std::fs::read_to_string(broker.root("client")).unwrap();
    parts.push(root);
    let leaf = parts[0].clone();
    let turned = [parts[0].clone(), parts[parts.len() - 1].clone(), leaf].concat();
    let file = broker.pki.dir.join("turned.pem");
    std::fs::write(&file, turned).unwrap();
    let (step, words, _) = fault(&with(&file.display().to_string(), &key));
    assert!(step == "files" && words.contains("out of order"), "{words}");
}

#[test]
fn a_leaf_that_the_broker_does_not_know_is_refused_shown_and_the_values_wait() {
    let broker = Broker::start();
    let [certificate, own_key] = own_certificate(&broker.pki.dir, (2020, 2190));
    let chain = broker.file("lodge-1", "chain").display().to_string();
    let key = broker.file("lodge-1", "key").display().to_string();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let section = section.replace(&chain, &certificate).replace(&key, &own_key) + "self_test_rate = \"20/s\"\n";
    let meter = "[[meter]]\nserial = \"EML1\"\nlink = \"tcp://127.0.0.1:9\"\n";
    let running = TestBox::start_with(&format!("{section}{meter}"));
    let shown = crate::support::eventually("the refusal is shown, and values wait", || {
        let shown = running.json(&["uplink", "status"]);
        let waits = shown["backlog_rows"].as_u64() > Some(5);
        (waits && shown["last_error"].is_object()).then_some(shown)
    });
    let kind = shown["last_error"]["kind"].as_str().unwrap();
    assert!(["tls", "lost"].contains(&kind), "{shown}");
    let next: jiff::Timestamp = shown["next_try"].as_str().unwrap().parse().unwrap();
    let at: jiff::Timestamp = shown["last_error"]["at"].as_str().unwrap().parse().unwrap();
    assert!(
        next.duration_since(at) >= jiff::SignedDuration::from_secs(29),
        "nobody is locked out: {shown}"
    );
}

/// A box whose values wait while it is not let in; how it says so.
fn waiting_box(section: &str) -> serde_json::Value {
    let meter = "[[meter]]\nserial = \"EML1\"\nlink = \"tcp://127.0.0.1:9\"\n";
    let running = TestBox::start_with(&format!("{section}self_test_rate = \"20/s\"\n{meter}"));
    let shown = crate::support::eventually("the refusal is shown, and values wait", || {
        let shown = running.json(&["uplink", "status"]);
        let waits = shown["backlog_rows"].as_u64() > Some(5);
        (waits && shown["last_error"].is_object()).then_some(shown)
    });
    assert!(shown["connected_since"].is_null(), "{shown}");
    let next: jiff::Timestamp = shown["next_try"].as_str().unwrap().parse().unwrap();
    let at: jiff::Timestamp = shown["last_error"]["at"].as_str().unwrap().parse().unwrap();
    assert!(
        next.duration_since(at) >= jiff::SignedDuration::from_secs(29),
        "nobody is locked out: {shown}"
    );
    shown
}

#[test]
fn a_leaf_without_its_intermediate_is_refused_and_the_box_says_why_and_waits() {
    let broker = Broker::start();
    let chain = broker.file("lodge-1", "chain");
    let pem = std::fs::read_to_string(&chain).unwrap();
    let parts: Vec<&str> = pem.split_inclusive("-----END CERTIFICATE-----\n").collect();
    assert!(
        parts.len() > 1,
        "an intermediate issued it, and the broker trusts only the root"
    );
    let leaf = broker.pki.dir.join("leaf.pem");
    std::fs::write(&leaf, parts[0]).unwrap();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let section = section.replace(&chain.display().to_string(), &leaf.display().to_string());
    let shown = waiting_box(&section);
    let (what, mend) = (
        shown["last_error"]["what"].as_str().unwrap(),
        shown["last_error"]["mend"].as_str().unwrap(),
    );
    assert!(
        what.contains("does not know the authority") && mend.contains("certificate"),
        "{shown}"
    );
}

#[test]
fn with_a_leaf_that_has_ended_is_not_good_yet_or_is_anothers_nothing_is_opened_and_nothing_lost() {
    let broker = Broker::start();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let chain = broker.file("lodge-1", "chain").display().to_string();
    let key = broker.file("lodge-1", "key").display().to_string();
    for (years, wanted) in [
        ((2001, 2002), "ended at 2002"),
        ((2190, 2191), "is not good before 2190"),
    ] {
        let [certificate, own_key] = own_certificate(&broker.pki.dir, years);
        let shown = waiting_box(&section.replace(&chain, &certificate).replace(&key, &own_key));
        assert!(
            shown["last_error"]["what"].as_str().unwrap().contains(wanted),
            "{shown}"
        );
    }
    let shown = waiting_box(&section.replace("client_id = \"lodge-1\"", "client_id = \"lodge-2\""));
    let what = shown["last_error"]["what"].as_str().unwrap();
    assert!(what.contains("is for `lodge-1`"), "{shown}");
    assert!(!broker.log().contains("d:lodge-"), "the broker never heard of it");
}

#[test]
fn a_server_whose_certificate_has_ended_hears_no_opening() {
    gatelodge::tls::install_provider();
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = own_certificate(folder.path(), (2001, 2002));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = vec![CertificateDer::from_pem_file(&certificate).unwrap()];
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(&key).unwrap())
        .unwrap();
    let server = std::thread::spawn(move || {
        let (mut line, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(std::sync::Arc::new(config)).unwrap();
        let shaken = tls.complete_io(&mut line);
        assert!(
            shaken.is_err() || tls.wants_read(),
            "nothing was said under this certificate"
        );
        let mut heard = Vec::new();
        let _ = std::io::Read::read_to_end(&mut tls.reader(), &mut heard);
        heard
    });
    let (step, words, _) = fault(&format!(
        "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://localhost:{port}\"\nca_file = {certificate:?}\nclient_id = \"lodge-1\"\n"
    ));
    assert!(step == "tls" && words.contains("has ended"), "{words}");
    assert!(server.join().unwrap().is_empty());
}

#[test]
fn numbers_are_the_same_in_every_language() {
    let broker = Broker::start();
    let witness = broker.witness();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let mut running = TestBox::unstarted(&(section + "position = [51.47, -0.11, 12.5]\n"));
    running.spawn_with(&[("LC_ALL", "de_DE.UTF-8"), ("LANG", "de_DE.UTF-8")]);
    running.wait_until_ready();
    let wanted = "112,51.47,-0.11,12.5";
    crate::support::eventually("the place is told with points", || {
        let heard = witness.on("s/us");
        heard
            .iter()
            .any(|heard| heard.text.lines().any(|line| line == wanted))
            .then_some(())
    });
}
