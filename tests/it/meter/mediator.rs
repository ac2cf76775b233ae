//! The mediator as somebody else's client meets it: the `grpcio` package for Python, over mutual TLS with the box's own
//! certificates, and plain on the loopback address.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::command::Simulation;
use crate::support::{TestBox, eventually};

const SERVICE: &str = "/simt_emlite.mediator.grpc.EmliteMediatorService";
const INFO: &str = "/simt_emlite.mediator.grpc.InfoService";
const SERIAL: &str = "EML0000000001";

/// A box with one simulated meter, one that is not there, and a mediator.
pub struct Fixture {
    running: TestBox,
    _meter: Simulation,
}

impl Fixture {
    pub fn start(grpc: &str) -> Fixture {
        let (meter, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL], 1);
        let link = printed[0]["address"].as_str().unwrap();
        let running = TestBox::start_with(&format!(
            "[grpc]\nlisten = [\"127.0.0.1:0\"]\n{grpc}\n[meters]\nrequest_gap = \"1ms\"\nattempts = 2\nretry_pause = \
             \"1ms\"\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{link}\"\nesco = \"hmce\"\nname = \"Flat \
             7\"\n[[meter]]\nserial = \"EML0000000002\"\nlink = \"tcp://127.0.0.1:1\"\nhardware = \"EMA1.w\"\n"
        ));
        Fixture { running, _meter: meter }
    }

    /// A certificate of the grpc hierarchy; the folder it lies in.
    fn certificate(&self, name: &str, role: Option<&str>) -> std::path::PathBuf {
        let folder = self.running.dir.join(name);
        let mut arguments = vec!["pki", "grpc", "--name", name, "--out", folder.to_str().unwrap()];
        arguments.extend(role.iter().flat_map(|role| ["--role", role]));
        let issued = self.running.command(&arguments);
        assert!(issued.status.success(), "{issued:?}");
        folder
    }

    /// What comes of these calls, under a certificate of `name` or of nobody.
    pub fn calls(&self, name: Option<&str>, calls: Value) -> Vec<Value> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/grpcio/bin/python");
        let mut command = Command::new(&python);
        command.arg(root.join("tests/it/meter/caller.py"));
        command.arg(self.running.door("grpc").to_string());
        if let Some(name) = name {
            let folder = self.running.dir.join(name);
            command.arg(self.running.dir.join("data/pki/grpc/root.cert.pem"));
            command
                .arg(folder.join(format!("{name}.chain.pem")))
                .arg(folder.join(format!("{name}.key.pem")));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{}: {error}; tests/run makes it, or: python3 -m venv target/grpcio && target/grpcio/bin/pip install grpcio grpcio-reflection grpcio-health-checking", python.display())
        });
        child
            .stdin
            .take()
            .unwrap()
            .write_all(calls.to_string().as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "the client broke");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn read(serial: &str, object: i64) -> Value {
    json!({ "method": format!("{SERVICE}/readElement"), "fields": { "serial": serial, "objectId": object } })
}

fn write(object: i64, payload: &str) -> Value {
    let fields = json!({ "serial": SERIAL, "objectId": object, "payload": payload });
    json!({ "method": format!("{SERVICE}/writeElement"), "fields": fields })
}

fn raw(data: &str) -> Value {
    json!({ "method": format!("{SERVICE}/sendRawMessage"), "fields": { "serial": SERIAL, "dataField": data } })
}

fn info(serial: &str) -> Value {
    json!({ "method": format!("{INFO}/GetInfo"), "fields": { "serial": serial } })
}

fn meters(esco: &str) -> Value {
    json!({ "method": format!("{INFO}/GetMeters"), "fields": { "esco": esco } })
}

fn verdict(answer: &Value) -> (&str, &str) {
    (answer["code"].as_str().unwrap(), answer["details"].as_str().unwrap())
}

#[test]
fn a_python_client_reads_writes_and_is_refused_in_the_words_it_knows() {
    let fixture = Fixture::start("");
    fixture.certificate("sync", Some("internal"));
    let answers = fixture.calls(
        Some("sync"),
        json!([
            read(SERIAL, 0x60_0100),
            write(0xFF_FF0D, "01"),
            read(SERIAL, 0xFF_FF0D),
            raw("0160010000"),
            raw("0300000000"),
            read("", 0x60_0100),
            read("EML0000000009", 0x60_0100),
            read("no serial", 0x60_0100),
            read("EML0000000002", 0x60_0100),
            read(SERIAL, 0x80_0309),
            write(0xFF_C802, "00000000"),
            write(0xFF_FF11, "01"),
            read(SERIAL, 0x100_0000),
            read(SERIAL, -1),
            raw(&"01".repeat(244)),
            raw("06ff"),
            json!({ "method": format!("{SERVICE}/noSuchMethod") }),
            json!({ "method": "/EmliteMediatorService/readElement", "fields": { "serial": SERIAL, "objectId": 0x60_0100 } }),
        ]),
    );
    let serial = data_encoding::HEXLOWER.encode(b"EML0000000001   ");
    assert_eq!(answers[0]["reply"]["response"], serial);
    assert_eq!(answers[1]["reply"], json!({}));
    assert_eq!(answers[2]["reply"]["response"], "01");
    // The message of a reply: without its format byte, with all the rest (EMOP §2.1).
    assert_eq!(answers[3]["reply"]["response"], format!("60010000{serial}"));
    assert_eq!(answers[4]["reply"]["response"].as_str().unwrap().len(), 2 * (4 + 80));
    for (answer, wanted) in answers[5..].iter().zip([
        ("INVALID_ARGUMENT", "Target meter serial not specified"),
        ("NOT_FOUND", "Meter 'EML0000000009' not known"),
        ("NOT_FOUND", "Meter 'no serial' not known"),
        ("INTERNAL", "failed to connect after retries"),
        ("FAILED_PRECONDITION", "NAK 5 unknown object"),
        ("FAILED_PRECONDITION", "NAK 6 refused"),
    ]) {
        assert_eq!(verdict(answer), wanted);
    }
    assert_eq!(verdict(&answers[11]).0, "FAILED_PRECONDITION", "{}", answers[11]);
    for answer in &answers[12..15] {
        assert_eq!(verdict(answer).0, "INVALID_ARGUMENT", "{answer}");
    }
    assert_eq!(
        verdict(&answers[15]).0,
        "FAILED_PRECONDITION",
        "the reset profile: {}",
        answers[15]
    );
    assert_eq!(verdict(&answers[16]).0, "UNIMPLEMENTED");
    assert_eq!(answers[17]["reply"]["response"], serial, "the package may be left out");
}

#[test]
fn the_registry_is_told_as_the_tables_had_it() {
    let fixture = Fixture::start("");
    fixture.certificate("viewer", Some("readonly"));
    eventually("the meter is read", || {
        let shown = fixture.running.json(&["meter", "show", SERIAL]);
        (!shown["values"]["load_switch"].is_null() || !shown["values"]["firmware_version"].is_null()).then_some(())
    });
    let answers = fixture.calls(
        Some("viewer"),
        json!([
            info(SERIAL),
            info("EML0000000009"),
            meters(""),
            meters("HMCE"),
            meters("other")
        ]),
    );
    let text = answers[0]["reply"]["json_data"].as_str().unwrap();
    assert!(
        text.starts_with("{\n  \"registry\": {\n    "),
        "two spaces a level: {text}"
    );
    let told: Value = serde_json::from_str(text).unwrap();
    assert_eq!(told["registry"]["serial"], SERIAL);
    assert_eq!(told["registry"]["hardware"], "EMA1.w");
    assert_eq!(told["registry"]["mode"], "active");
    assert_eq!(told["registry"]["ip_address"], "127.0.0.1");
    assert_eq!(told["shadow"]["balance"], 10.0);
    assert_eq!(told["shadow"]["health"], "healthy");
    assert!(told["shadow"]["import_a"].as_f64().unwrap() > 100.0, "in kWh: {told}");
    assert_eq!(told["shadow"]["id"], told["registry"]["id"]);
    assert_eq!(verdict(&answers[1]), ("NOT_FOUND", "meter EML0000000009 not found"));
    let listed = |place: usize| {
        let text = answers[place]["reply"]["json_meters"].as_str().unwrap();
        serde_json::from_str::<Vec<Value>>(text).unwrap()
    };
    assert_eq!(listed(2).len(), 2);
    assert_eq!((listed(3).len(), &listed(3)[0]["name"]), (1, &json!("Flat 7")));
    assert_eq!(listed(4).len(), 0);
}

#[test]
fn the_role_in_the_certificate_decides_and_a_revoked_one_is_cut() {
    let fixture = Fixture::start("[[grpc.client]]\nname = \"billing\"\nescos = [\"HMCE\"]\n");
    let calls = json!([
        read(SERIAL, 0x60_0100),
        write(0xFF_FF0D, "00"),
        raw("0160010000"),
        info(SERIAL),
        meters("")
    ]);
    let ok = "OK";
    let no = "PERMISSION_DENIED";
    for (name, role, wanted) in [
        ("anna", Some("internal"), [ok, ok, ok, ok, ok]),
        ("bert", Some("partner"), [ok, no, no, ok, ok]),
        ("carl", Some("readonly"), [no, no, no, ok, ok]),
        ("dora", None, [no, no, no, no, no]),
    ] {
        fixture.certificate(name, role);
        let answers = fixture.calls(Some(name), calls.clone());
        let codes: Vec<&str> = answers.iter().map(|answer| verdict(answer).0).collect();
        assert_eq!(codes, wanted, "{name}");
        assert!(
            answers
                .iter()
                .all(|answer| ["", "Permission denied."].contains(&verdict(answer).1)),
            "{name}"
        );
    }
    fixture.certificate("billing", Some("internal"));
    let answers = fixture.calls(
        Some("billing"),
        json!([
            read(SERIAL, 0x60_0100),
            read("EML0000000002", 0x60_0100),
            info("EML0000000002"),
            meters("")
        ]),
    );
    assert_eq!(verdict(&answers[0]).0, ok);
    assert_eq!(verdict(&answers[1]), ("NOT_FOUND", "Meter 'EML0000000002' not known"));
    assert_eq!(verdict(&answers[2]), ("NOT_FOUND", "meter EML0000000002 not found"));
    assert!(
        !answers[3]["reply"]["json_meters"]
            .as_str()
            .unwrap()
            .contains("EML0000000002")
    );

    let revoked = fixture
        .running
        .command(&["pki", "revoke", "anna", "--hierarchy", "grpc"]);
    assert!(revoked.status.success(), "{revoked:?}");
    let answers = eventually("the revocation counts", || {
        let answers = fixture.calls(
            Some("anna"),
            json!([{ "method": format!("{INFO}/GetMeters"), "timeout": 5 }]),
        );
        (verdict(&answers[0]).0 != ok).then_some(answers)
    });
    assert_eq!(verdict(&answers[0]).0, "UNAVAILABLE", "no handshake: {answers:?}");
    // A certificate of another hierarchy opens nothing.
    let folder = fixture.running.dir.join("stranger");
    let issued = fixture
        .running
        .command(&["pki", "client", "--name", "stranger", "--out", folder.to_str().unwrap()]);
    assert!(issued.status.success(), "{issued:?}");
    let answers = fixture.calls(
        Some("stranger"),
        json!([{ "method": format!("{INFO}/GetMeters"), "timeout": 5 }]),
    );
    assert_eq!(verdict(&answers[0]).0, "UNAVAILABLE");
}

#[test]
fn programs_on_this_machine_need_no_certificate_where_that_is_allowed() {
    let fixture = Fixture::start("plaintext = true\n");
    let answers = fixture.calls(
        None,
        json!([read(SERIAL, 0x60_0100), { "method": "reflection" }, { "method": "health" }, { "method": "health", "service": "nobody" }]),
    );
    assert_eq!(verdict(&answers[0]).0, "OK");
    let told = &answers[1]["reply"];
    for service in ["grpc.health.v1.Health", &SERVICE[1..], &INFO[1..]] {
        assert!(told["services"].as_array().unwrap().contains(&json!(service)), "{told}");
    }
    assert_eq!(
        told["messages"]["WriteElementRequest"],
        json!([["serial", 1, 9], ["objectId", 2, 5], ["payload", 3, 12]])
    );
    assert_eq!(answers[2]["reply"]["status"], "SERVING");
    assert_eq!(verdict(&answers[3]).0, "NOT_FOUND");

    // With the room closed the door says so; opened again by a reload, it answers on the same connection's door.
    fixture
        .running
        .configure("[grpc]\nlisten = [\"127.0.0.1:0\"]\nplaintext = true\n");
    fixture.running.json(&["config", "reload"]);
    let answers = fixture.calls(None, json!([read(SERIAL, 0x60_0100), { "method": "health" }]));
    assert_eq!(verdict(&answers[0]).0, "UNAVAILABLE");
    assert_eq!(answers[1]["reply"]["status"], "NOT_SERVING");

    fixture
        .running
        .configure("[grpc]\nlisten = [\"0.0.0.0:0\"]\nplaintext = true\n");
    let refused = fixture.running.command(&["check-config"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("grpc.plaintext"),
        "{refused:?}"
    );
}
