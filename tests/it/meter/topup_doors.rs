//! Codes through every door of the built binary: `/v1`, a provider's signed calls, a resident's page, the command line.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::command::Simulation;
use crate::accounts::signed_in;
use crate::support::https::Answer;
use crate::support::listener::Listener;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

pub const SERIAL: &str = "EML2137580826";
/// Worth £12.50.
const CODE: &str = "10000000000000001250";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==";

/// A box with one prepaying meter that nobody uses anything of.
pub struct Prepaid {
    pub running: TestBox,
    _meter: Simulation,
    pub folder: tempfile::TempDir,
}

impl Prepaid {
    pub fn start(more: &[&str]) -> Prepaid {
        Prepaid::pausing("200ms", more)
    }

    /// With so long a pause between two looks at a code.
    pub fn pausing(pause: &str, more: &[&str]) -> Prepaid {
        let arguments = [
            "--listen",
            "127.0.0.1:0",
            "--serial",
            SERIAL,
            "--prepay",
            "--power",
            "0",
            "--standing-charge",
            "0",
            "--transaction-count",
            "6",
        ];
        let (meter, printed) = Simulation::start(&[&arguments[..], more].concat(), 1);
        let address = printed[0]["address"].as_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let running = TestBox::start_with(&format!(
            "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nproof_pause = \"{pause}\"\n\
             [[meters.provider]]\nname = \"paypoint\"\nsecret_file = \"{}\"\n\
             [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{address}\"\nname = \"Flat 1\"\nhardware = \"EMA1.w\"\n",
            secret.display()
        ));
        Prepaid {
            running,
            _meter: meter,
            folder,
        }
    }

    pub fn token(&self, scope: &str) -> String {
        let made = self
            .running
            .json(&["token", "create", "--name", scope, "--scope", scope]);
        format!("Bearer {}", made["token"].as_str().unwrap())
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.running
            .https()
            .try_ask("POST", path, &headers, body.as_bytes())
            .unwrap()
    }

    fn settled(&self, bearer: &str, location: &str) -> Value {
        eventually("the code is settled", || {
            let topup = self
                .running
                .https()
                .ask("GET", location, &[("authorization", bearer)])
                .json();
            ["taken", "refused"]
                .contains(&topup["state"].as_str().unwrap())
                .then_some(topup)
        })
    }

    /// No code stands anywhere but sealed.
    fn no_code_is_told(&self, code: &str) {
        assert!(!self.running.log().contains(code));
        let metrics = crate::support::plain_get(self.running.door("metrics"), "/metrics");
        assert!(!metrics.contains(code));
    }
}

fn paths() -> (String, String) {
    let tokens = format!("/v1/meters/{SERIAL}/tokens");
    (format!("{tokens}/events"), tokens)
}

#[test]
fn an_app_gives_a_code_and_hears_what_becomes_of_it() {
    let prepaid = Prepaid::start(&[]);
    let bearer = prepaid.token("meters:topup");
    let auth = ("authorization", bearer.as_str());
    let (events, tokens) = paths();
    let mut listener = Listener::start(&prepaid.running, &events, bearer.trim_start_matches("Bearer "), None);
    let begins = listener.message();
    assert_eq!((&begins["type"], &begins["topups"]), (&json!("state"), &json!([])));
    let body = json!({ "token": "1000-0000-0000-0000-1250" }).to_string();
    let given = prepaid.post(&tokens, &[auth, ("idempotency-key", "k1")], &body);
    assert_eq!(given.status, 202, "{}", given.text());
    let location = given.header("location").unwrap().to_owned();
    let topup = prepaid.settled(&bearer, &location);
    assert_eq!(topup["state"], "taken", "{topup}");
    assert_eq!(topup["words"], "Your meter took it: £10.00 → £22.50");
    assert_eq!(
        (&topup["proof"], &topup["reply"]),
        (&json!("count"), &json!("accepted"))
    );
    let mut states = Vec::new();
    while states.last() != Some(&json!("taken")) {
        let heard = listener.message();
        if heard["type"] == "topup" {
            assert_eq!(heard["id"], topup["id"]);
            states.push(heard["state"].clone());
        }
    }
    assert_eq!(states, ["waiting", "sending", "taken"]);
    // The same request, the same code by another request, and another code under the same key.
    for (key, code, status) in [
        ("k1", CODE, 200),
        ("k2", CODE, 200),
        ("k1", "10000000000000001251", 422),
    ] {
        let again = prepaid.post(
            &tokens,
            &[auth, ("idempotency-key", key)],
            &json!({ "token": code }).to_string(),
        );
        assert_eq!(again.status, status, "{key}: {}", again.text());
        if status == 200 {
            assert_eq!(again.json()["id"], topup["id"]);
        }
    }
    // What is no code changes nothing and is not repeated.
    for (wrong, said) in [
        (json!({ "token": "1000" }), "20 digits"),
        (json!({ "token": 10_000_000_000_001_250u64 }), "quotation marks"),
        (json!({ "token": CODE, "more": 1 }), "/more: is not known here"),
    ] {
        let refused = prepaid.post(&tokens, &[auth], &wrong.to_string());
        assert!(
            refused.status == 400 && refused.text().contains(said),
            "{}",
            refused.text()
        );
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
        assert!(!refused.text().contains("1250"));
    }
    let list = prepaid
        .running
        .https()
        .ask("GET", &format!("{tokens}?limit=1"), &[auth])
        .json();
    assert_eq!(list["topups"].as_array().unwrap().len(), 1);
    assert_eq!(list["next_cursor"], Value::Null);
    // Another scope, another meter, another top-up.
    let reader = prepaid.token("meters:read");
    let reader = ("authorization", reader.as_str());
    let mut https = prepaid.running.https();
    assert_eq!(https.ask("GET", &tokens, &[reader]).status, 403);
    assert_eq!(https.ask("GET", &location, &[reader]).status, 403);
    assert_eq!(https.ask("GET", "/v1/meters/EML1/tokens", &[auth]).status, 404);
    assert_eq!(https.ask("GET", &format!("{tokens}/0123456789ab"), &[auth]).status, 404);
    assert_eq!(https.ask("DELETE", &location, &[auth]).status, 409);
    prepaid.no_code_is_told(CODE);
}

/// Calls as a provider does, whose signature Python makes.
fn call(prepaid: &Prepaid, (id, seconds): (&str, i64), body: &str, forge: impl Fn(String) -> String) -> Answer {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/meter/provider.py");
    let mut signer = Command::new("python3")
        .arg(script)
        .args([id, &seconds.to_string(), SECRET])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    signer.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let signature = String::from_utf8(signer.wait_with_output().unwrap().stdout).unwrap();
    let (seconds, signature) = (seconds.to_string(), forge(signature));
    let headers = [
        ("webhook-id", id),
        ("webhook-timestamp", seconds.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    prepaid.post("/v1/topups/paypoint", &headers, body)
}

#[test]
fn a_provider_hands_codes_over_and_nobody_else_does() {
    let prepaid = Prepaid::start(&[]);
    let bearer = prepaid.token("meters:topup");
    let now = || jiff::Timestamp::now().as_second();
    let as_is = |signature: String| signature;
    let body = |code: &str| json!({ "meter": SERIAL, "token": code, "amount": "12.50" }).to_string();
    let first = call(&prepaid, ("m-1", now()), &body(CODE), as_is);
    assert_eq!(first.status, 202, "{}", first.text());
    let topup = prepaid.settled(&bearer, first.header("location").unwrap());
    assert_eq!(topup["state"], "taken", "{topup}");
    // Sent again, with a new time as senders do, and under another id.
    for id in ["m-1", "m-2"] {
        let again = call(&prepaid, (id, now()), &body(CODE), as_is);
        assert_eq!((again.status, &again.json()["id"]), (200, &topup["id"]), "{id}");
    }
    // The same id with another code.
    assert_eq!(
        call(&prepaid, ("m-1", now()), &body("10000000000000000100"), as_is).status,
        422
    );
    // Forged, old, ahead, changed on the way, of nobody.
    let other = "10000000000000000200";
    for (at, forge) in [
        (now(), (|_| "v1,AAAA".to_owned()) as fn(String) -> String),
        (now(), |signature| format!("v1a{}", &signature[2..])),
        (now(), |_| String::new()),
        (now() - 301, |signature| signature),
        (now() + 330, |signature| signature),
    ] {
        let refused = call(&prepaid, ("m-3", at), &body(other), forge);
        assert_eq!(refused.status, 401, "{}", refused.text());
    }
    let nobody = prepaid.post(
        "/v1/topups/nobody",
        &[
            ("webhook-id", "a"),
            ("webhook-timestamp", "1"),
            ("webhook-signature", "v1,AAAA"),
        ],
        "{}",
    );
    let forged = prepaid.post(
        "/v1/topups/paypoint",
        &[
            ("webhook-id", "a"),
            ("webhook-timestamp", "1"),
            ("webhook-signature", "v1,AAAA"),
        ],
        "{}",
    );
    let words = |answer: &Answer| {
        let json = answer.json();
        (answer.status, json["detail"].clone(), json["title"].clone())
    };
    assert_eq!(
        words(&nobody),
        words(&forged),
        "whether there is such a provider is not said"
    );
    // A message that came late is as good as one that came early.
    let late = call(&prepaid, ("m-9", now() - 60), &body(other), as_is);
    assert_eq!(late.status, 202, "{}", late.text());
    assert_eq!(
        prepaid.settled(&bearer, late.header("location").unwrap())["state"],
        "taken"
    );
    let wrong = call(
        &prepaid,
        ("m-10", now()),
        &json!({ "meter": SERIAL, "token": "1" }).to_string(),
        as_is,
    );
    assert_eq!(wrong.status, 400);
    for wrong in [
        json!({ "meter": SERIAL, "token": "10000000000000000300", "amount": "-5.00" }),
        json!([SERIAL, "10000000000000000300", "1.00"]),
        json!({ "meter": SERIAL, "10000000000000000300": 1 }),
    ] {
        let refused = call(&prepaid, ("m-11", now()), &wrong.to_string(), as_is);
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(!refused.text().contains("10000000000000000300"), "{}", refused.text());
    }
    // A message that is named by its code is the same as any other, and its name is not kept.
    let named = call(&prepaid, (CODE, now()), &body(CODE), as_is);
    assert_eq!((named.status, &named.json()["id"]), (200, &topup["id"]));
    // What it cannot check because of us is no sign to others that there is such a provider.
    std::fs::rename(prepaid.folder.path().join("secret"), prepaid.folder.path().join("away")).unwrap();
    let unchecked = call(&prepaid, ("m-12", now()), &body(other), as_is);
    assert_eq!(words(&unchecked), words(&forged));
    let listed = prepaid.running.json(&["prepay", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(listed[1]["by"], "provider paypoint");
    assert_eq!(listed[1]["key"], "m-1");
    prepaid.no_code_is_told(CODE);
}

#[test]
fn a_resident_types_a_code_in_and_reads_what_became_of_it() {
    let prepaid = Prepaid::start(&[]);
    let mut resident = signed_in(&prepaid.running, "resident");
    let page = format!("/energy/{SERIAL}/topups");
    assert_eq!(resident.get(&page).status, 404, "whose it is not learns nothing of it");
    prepaid.running.json(&["user", "meters", "resident", SERIAL]);
    let refused = resident.submit(&page, &page, &[("token", "123")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("a token has 20 digits, this one has 3"));
    let sent = resident.submit(&page, &page, &[("token", "1000+0000+0000+0000+1250")]);
    assert_eq!(sent.status, 303, "{}", sent.text());
    let location = sent.header("location").unwrap().to_owned();
    assert!(!location.contains(CODE), "no code in an address");
    let taken = eventually("the page says that it was taken", || {
        let text = resident.get(&location).text();
        text.contains("Your meter took it: £10.00 → £22.50").then_some(text)
    });
    assert!(!taken.contains("http-equiv=\"refresh\"") && !taken.contains(CODE));
    assert!(resident.get(&page).text().contains("Your meter took it"));
    // The balance on the meter's own page is the one that was just read.
    assert!(resident.get(&format!("/energy/{SERIAL}")).text().contains("22.5"));
    let cancel = resident.submit(&page, &format!("{location}/cancel"), &[]);
    assert_eq!(cancel.status, 303, "it is settled, and its page says so");
    // A form of somebody else's page is not taken.
    assert_eq!(resident.post(&page, &[("token", CODE)]).status, 403);
    let mut viewer = signed_in(&prepaid.running, "viewer");
    assert_eq!(viewer.get(&location).status, 404);
    prepaid.no_code_is_told(CODE);
}

#[test]
fn whoever_moved_out_sees_what_became_of_their_own_code_and_takes_it_back_while_it_waits() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}\n[meters]\nattempts = 1\ntimeout = \"1s\"\n[[meter]]\nserial = \"{SERIAL}\"\n\
         link = \"tcp://127.0.0.1:9\"\nname = \"Flat 1\"\nhardware = \"EMA1.w\"\n"
    ));
    let mut resident = signed_in(&running, "resident");
    running.json(&["user", "meters", "resident", SERIAL]);
    let page = format!("/energy/{SERIAL}/topups");
    let sent = resident.submit(&page, &page, &[("token", CODE)]);
    let location = sent.header("location").unwrap().to_owned();
    running.json(&["user", "meters", "resident"]);
    let mut resident = crate::accounts::signed_in_again(&running, "resident");
    assert_eq!(resident.get(&page).status, 404, "the meter is not theirs any more");
    let waits = resident.get(&location);
    assert_eq!(waits.status, 200, "{}", waits.text());
    assert!(waits.text().contains("Take it back") && !waits.text().contains(CODE));
    // Nobody else who has nothing to do with it learns of it.
    let mut other = signed_in(&running, "viewer");
    assert_eq!(other.get(&location).status, 404);
    let cancelled = resident.submit(&location, &format!("{location}/cancel"), &[]);
    assert_eq!(cancelled.status, 303, "{}", cancelled.text());
    let listed = running.json(&["prepay", "list"]);
    assert_eq!(listed[0]["state"], "cancelled", "{listed}");
    assert_eq!(resident.get(&location).status, 200);
}

#[test]
fn the_command_line_sends_lists_shows_takes_back_and_settles() {
    let prepaid = Prepaid::start(&["--foreign-rate", "1"]);
    let file = prepaid.folder.path().join("code");
    std::fs::write(&file, format!("{CODE}\n")).unwrap();
    let sent = prepaid.running.command(&[
        "prepay",
        "send",
        SERIAL,
        "--token-file",
        file.to_str().unwrap(),
        "--wait",
        "3",
    ]);
    let err = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert_eq!(sent.status.code(), Some(1), "in doubt: {err}");
    assert!(
        err.contains("will not send the code twice") && err.contains("prepay show"),
        "{err}"
    );
    let listed = prepaid.running.json(&["prepay", "list", "--meter", SERIAL]);
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed[0]["state"], "in_doubt");
    let shown = prepaid.running.command(&["prepay", "show", &id]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("more than one payment"));
    prepaid.running.command(&["mediators", "destroy", SERIAL]);
    let unserved = prepaid.running.json(&["prepay", "show", &id])["words"].clone();
    assert_eq!(unserved, "Not known: this box does not serve the meter now");
    prepaid.running.command(&["mediators", "create", SERIAL]);
    let told = format!("the code {CODE} was typed");
    for (arguments, code) in [
        (vec!["prepay", "settle", &id, "--why", "x"], 2),
        (vec!["prepay", "settle", &id, "--taken", "--why", " "], 2),
        (vec!["prepay", "settle", &id, "--taken", "--why", &told], 2),
        (vec!["prepay", "cancel", &id], 5),
        (vec!["prepay", "show", "nothing"], 5),
        (vec!["prepay", "send", SERIAL, "7146"], 2),
    ] {
        let said = prepaid.running.command(&arguments);
        assert_eq!(
            said.status.code(),
            Some(code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
    assert!(
        String::from_utf8_lossy(&shown.stdout).contains("prepay settle"),
        "what to do next is said"
    );
    let ended = prepaid
        .running
        .json(&["prepay", "settle", &id, "--taken", "--why", "the display shows both"]);
    assert_eq!((&ended["state"], &ended["proof"]), (&json!("taken"), &json!("person")));
    assert_eq!(ended["words"], "Your meter took it, says somebody who looked at it");
    assert!(
        prepaid
            .running
            .log()
            .contains("a top-up in doubt was settled by a person")
    );
    prepaid.no_code_is_told(CODE);
}

#[test]
fn after_a_restore_a_code_that_waited_is_in_doubt_and_is_not_sent() {
    let mut running = TestBox::start_with(&format!(
        "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nproof_pause = \"100ms\"\n\
         [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:9\"\nhardware = \"EMA1.w\"\n"
    ));
    let write = |name: &str, text: &str| {
        let file = running.dir.join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let (code, secret) = (write("code", CODE), write("passphrase", "a long enough passphrase\n"));
    let sent = running.command(&["prepay", "send", SERIAL, "--token-file", &code, "--wait", "0"]);
    assert_eq!(sent.status.code(), Some(0), "accepted");
    let file = running.dir.join("lodge.backup").display().to_string();
    running.json(&["backup", &file, "--passphrase-file", &secret]);
    let bytes = std::fs::read(&file).unwrap();
    assert!(
        !bytes.windows(20).any(|part| part == CODE.as_bytes()),
        "no code is in a backup in clear"
    );
    running.stop();
    let dry = running.json(&["restore", &file, "--dry-run", "--passphrase-file", &secret]);
    assert!(dry.to_string().contains("secrets.age"), "{dry}");
    running.json(&["restore", &file, "--passphrase-file", &secret]);
    running.run();
    let topup = eventually("what waited is in doubt", || {
        let topup = running.json(&["prepay", "list"])[0].clone();
        (topup["state"] == "in_doubt").then_some(topup)
    });
    assert_eq!(topup["meter"], SERIAL);
    // Given again it joins the one in doubt.
    let again = running.command(&["prepay", "send", SERIAL, "--token-file", &code, "--wait", "0", "--json"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains(topup["id"].as_str().unwrap()));
}
