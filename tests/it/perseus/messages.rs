//! Applications are told of withdrawals, by a receiver in Python that wants a certificate (PER §8).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::fixture::{Consented, SAVER};
use crate::support::eventually;
use crate::support::tinyproxy::Tinyproxy;

struct Receiver {
    child: Child,
    folder: PathBuf,
    port: String,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Receiver {
    fn answers(&self, status: u16) {
        std::fs::write(self.folder.join("status"), status.to_string()).unwrap();
    }

    fn told(&self) -> Vec<Value> {
        let mut told = Vec::new();
        while let Ok(text) = std::fs::read_to_string(self.folder.join(format!("{}.json", told.len()))) {
            told.push(serde_json::from_str(&text).unwrap());
        }
        told
    }
}

/// A box whose first application has a receiver.
fn start() -> (Consented, Receiver) {
    let consented = Consented::start();
    let running = &consented.running;
    let out = running.dir.join("outside");
    let out_text = out.to_str().unwrap();
    running.json(&["pki", "server", "--name", "localhost", "--out", out_text]);
    running.json(&["pki", "client", "--name", "lodge", "--out", out_text]);
    let folder = running.dir.join("told");
    std::fs::create_dir(&folder).unwrap();
    let mut child = Command::new("python3")
        .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/perseus/receiver.py"))
        .args([out.join("localhost.chain.pem"), out.join("localhost.key.pem")])
        .arg(running.dir.join("data/pki/client/root.cert.pem"))
        .arg(&folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    let port = port.trim().to_owned();
    let receiver = Receiver { child, folder, port };
    receiver.answers(200);
    let file = running.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    let outbound = format!(
        "[perseus]\noutbound_ca_file = {:?}\noutbound_certificate_file = {:?}\noutbound_key_file = {:?}\n",
        running.ca_file(),
        out.join("lodge.chain.pem"),
        out.join("lodge.key.pem")
    );
    let told = format!(
        "client_id = \"{SAVER}\"\nmessage_url = \"https://localhost:{}/perseus/messages\"\n",
        receiver.port
    );
    let text = text.replacen("[perseus]\n", &outbound, 1);
    std::fs::write(&file, text.replacen(&format!("client_id = \"{SAVER}\"\n"), &told, 1)).unwrap();
    running.json(&["config", "reload"]);
    (consented, receiver)
}

fn revoke(consented: &Consented) -> Value {
    let id = consented.running.json(&["consent", "list"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    consented.running.json(&["consent", "revoke", &id])
}

fn told_words(consented: &Consented) -> String {
    let listed = consented.running.json(&["consent", "list"]);
    listed[0]["told"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_withdrawal_arrives_once_with_the_token_that_is_none_any_more() {
    let (consented, receiver) = start();
    let tokens = consented.tokens("saver", "resident");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let shown = revoke(&consented);
    let told = eventually("it arrives", || (!receiver.told().is_empty()).then(|| receiver.told()));
    let Value::Object(body) = &told[0]["body"]["body"] else {
        panic!("{told:?}")
    };
    assert_eq!(told[0]["path"], "/perseus/messages");
    assert_eq!(told[0]["by"]["commonName"], "lodge", "the box shows its certificate");
    assert_eq!(
        told[0]["body"]["subject"],
        "https://registry.trust.ib1.org/message/revoke"
    );
    assert_eq!(
        (&body["client"], &body["refreshToken"], &body["revoked"]),
        (
            &json!(SAVER),
            &json!(refresh),
            &json!(shown["revoked"].as_str().unwrap().get(..19).map(|at| format!("{at}Z")))
        )
    );
    assert!(body["account"].as_str().unwrap().starts_with("pw_") && body["evidenceId"].is_string());
    eventually("it is noted", || {
        told_words(&consented).starts_with("told at").then_some(())
    });
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    assert!(browser.get("/permissions").text().contains("was told at"));
    // Nothing of the token is anywhere in clear, and a renewal tells nobody of the older grant.
    let secret = &refresh["prt_".len()..];
    let found = Command::new("grep")
        .args(["-rlF", secret])
        .arg(consented.running.dir.join("data"))
        .output()
        .unwrap();
    assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));
    assert!(!consented.running.log().contains(secret));
    consented.tokens("saver", "resident");
    consented.tokens("saver", "resident");
    assert_eq!(receiver.told().len(), 1);
}

#[test]
fn a_receiver_that_does_not_take_it_is_told_again_also_by_a_box_that_was_killed() {
    let (mut consented, receiver) = start();
    consented.tokens("saver", "resident");
    receiver.answers(503);
    revoke(&consented);
    eventually("it was tried", || {
        told_words(&consented).contains("answered 503").then_some(())
    });
    consented.running.kill();
    receiver.answers(204);
    consented.running.run();
    assert!(told_words(&consented).starts_with("is being told"));
    // After half a minute to a minute.
    let began = std::time::Instant::now();
    while receiver.told().len() < 2 {
        assert!(began.elapsed().as_secs() < 120, "{:?}", receiver.told());
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    let told = receiver.told();
    assert_eq!(told[0]["body"], told[1]["body"], "the same once more");
    eventually("it is noted", || {
        told_words(&consented).starts_with("told at").then_some(())
    });
}

#[test]
fn without_the_key_it_is_told_without_the_token_and_said() {
    let (mut consented, receiver) = start();
    consented.tokens("saver", "resident");
    consented.running.stop();
    std::fs::remove_file(consented.running.dir.join("data/keys/seal.key")).unwrap();
    consented.running.run();
    revoke(&consented);
    let told = eventually("it arrives", || receiver.told().pop());
    assert!(told["body"]["body"].get("refreshToken").is_none(), "{told}");
    eventually("it is said", || {
        consented.running.log().contains("with_token=false").then_some(())
    });
}

#[test]
fn a_withdrawal_goes_through_the_proxy_of_the_site() {
    let (consented, receiver) = start();
    let proxy = Tinyproxy::start();
    let file = consented.running.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text + &proxy.section()).unwrap();
    consented.running.json(&["config", "reload"]);
    consented.tokens("saver", "resident");
    revoke(&consented);
    eventually("it arrives", || (!receiver.told().is_empty()).then_some(()));
    assert!(proxy.opened(receiver.port.parse().unwrap()) >= 1, "{}", proxy.log());
}
