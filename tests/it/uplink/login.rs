//! Who is let in, and what is said when nobody is.

use std::process::Command;

use serde_json::Value;

use super::broker::{Broker, PASSWORD};
use crate::support::Lodge;

/// The verdicts of `uplink test` with this section, without a running box.
fn tested(section: &str) -> Vec<Value> {
    let lodge = Lodge::unstarted(section);
    let output = lodge.command(&["uplink", "test", "--json"]);
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
    assert_eq!(steps, ["config", "files", "dns", "tcp", "tls", "login", "topic"]);
    assert!(good.iter().all(|step| step["verdict"] == "good"), "{good:?}");

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
        step == "tls" && words.contains("UnknownIssuer") && mend.contains("uplink.ca_file"),
        "{words}"
    );
    let (step, words, _) = fault(&section.replace("//localhost", "//127.0.0.1"));
    assert!(step == "tls" && words.contains("not valid for name"), "{words}");
    let pinned = format!("{section}pin = [\"{}\"]\n", "00".repeat(32));
    assert_eq!(fault(&pinned).0, "tls");
    let missing = section.replace("lodge-1.key.pem", "nobody.key.pem");
    let (step, words, _) = fault(&missing);
    assert!(step == "files" && words.contains("nobody.key.pem"), "{words}");
    assert!(
        !broker.log().contains("no-such"),
        "a broker that is not believed hears no CONNECT"
    );
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
    let lodge = Lodge::start_with(&section("3.1.1"));
    let uplink = || lodge.json(&["uplink", "status"]);
    crate::support::eventually("the refusal is shown", || {
        (uplink()["last_error"]["kind"] == "refused").then_some(())
    });
    assert!(!lodge.log().contains("wrong"), "a password is never logged");
    std::fs::write(&file, format!("{PASSWORD}\r\n")).unwrap();
    crate::support::eventually("the new password is tried at once", || {
        uplink()["connected_since"].is_string().then_some(())
    });
    let status = lodge.json(&["status"]);
    assert_eq!(status["rooms"]["uplink"]["state"], "running");
    assert_eq!(status["uplink"]["backlog_rows"], 0);
    let steps = lodge.json(&["uplink", "test"]);
    assert!(
        steps.as_array().unwrap().iter().all(|step| step["verdict"] == "good"),
        "{steps}"
    );
}

#[test]
fn what_cannot_work_is_said_before_anything_is_sent() {
    let lodge = |section: &str| {
        let output = Lodge::unstarted(section).command(&["check-config"]);
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let section = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://x.example.org\"\n";
    for (more, wanted) in [
        ("client_id = \"a:b\"", "`uplink.client_id`: is no device id"),
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
        let said = lodge(&format!("{section}{more}\n"));
        assert!(said.contains(wanted), "{more}: {said}");
    }
    for (url, wanted) in [
        ("x.example.org:8883", "write mqtts://host:port"),
        ("mqtts://x.example.org/mqtt", "has a path"),
        ("mqtts://me:secret@x.example.org", "only host and port"),
    ] {
        let said = lodge(&format!("[uplink]\nkind = \"mqtt\"\nurl = \"{url}\"\n"));
        assert!(said.contains(wanted) && !said.contains("secret"), "{url}: {said}");
    }
}

#[test]
fn programs_with_uplink_admin_and_people_who_run_the_box_see_how_it_is() {
    let broker = Broker::start();
    let lodge = Lodge::start_with(&format!(
        "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n{}",
        broker.section()
    ));
    let token = |scope: &str| {
        let made = lodge.json(&["token", "create", "--name", scope, "--scope", scope]);
        format!("Bearer {}", made["token"].as_str().unwrap())
    };
    let (right, wrong) = (token("uplink:admin"), token("box:admin"));
    let get = |path: &str, token: &str| lodge.https().ask("GET", path, &[("authorization", token)]);
    crate::support::eventually("it is connected", || {
        let shown = get("/v1/uplink", &right).json();
        shown["connected_since"].is_string().then_some(())
    });
    assert_eq!(get("/v1/uplink", &right).json()["client_id"], "lodge-1");
    assert_eq!(get("/v1/uplink/operations", &right).json(), serde_json::json!([]));
    assert_eq!(get("/v1/uplink", &wrong).status, 403);
    assert_eq!(get("/v1/uplink", "Bearer nobody").status, 401);
    assert_eq!(get("/uplink", &right).status, 303, "the page is for people");
}
