//! Half-hours through the filter, and the records that go with them: as the existing client asks, and as others verify
//! (PER §6.3, PER §6.4, PER §6.5, PER §7).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatelodge::domain::{Quality, Reading, Register, WattHours};
use gatelodge::store::readings::{Batch, ReadingsWriter};
use gatelodge::store::{Options, Place, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fixture::{Consented, METER, SCHEME, SOURCE};
use crate::support::https::Answer;

pub const FROM: &str = "2024-12-01T00:00:00Z";
const HALF_HOUR: i64 = 1_800;

/// A register at each half-hour from 1 Dec 2024 on, but for those that are left out.
fn register(many: i64, first: u64, step: u64, without: &[i64]) -> Vec<Reading> {
    let from: Timestamp = FROM.parse().unwrap();
    let kept = (0..=many).filter(|number| !without.contains(number));
    kept.map(|number| {
        let at = from + SignedDuration::from_secs(number * HALF_HOUR);
        let value = WattHours(first + step * number.unsigned_abs());
        Reading::measured(at, value, at + SignedDuration::from_mins(5))
    })
    .collect()
}

/// A box whose resident has lived with the meter since then, with these readings.
fn with(batches: Vec<(Register, Vec<Reading>)>) -> Consented {
    let mut consented = Consented::start();
    consented.running.json(&["user", "remove", "resident"]);
    consented.person("resident", &[&format!("{METER}@2024-12-01")]);
    consented.running.stop();
    write(&consented.running.dir.join("data"), batches);
    consented.running.run();
    consented
}

/// Writes readings into the book of a box that does not run.
fn write(data: &Path, batches: Vec<(Register, Vec<Reading>)>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(Options::at(Place::in_data_dir(data))).unwrap();
        let batches = batches.into_iter().map(|(register, readings)| Batch {
            meter: METER.parse().unwrap(),
            register,
            readings,
        });
        ReadingsWriter::new(store.clone())
            .record(batches.collect())
            .await
            .unwrap();
        store.close().await;
    });
}

/// How many months have a file.
pub fn month_files(data: &Path) -> usize {
    months_with_files(data).len()
}

/// The months that have a file, in order.
pub fn months_with_files(data: &Path) -> Vec<String> {
    let sides = std::fs::read_dir(data.join("store")).unwrap();
    let sides = sides.filter_map(|life| std::fs::read_dir(life.unwrap().path().join("side")).ok());
    let names = sides
        .flatten()
        .map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut months: Vec<String> = names
        .filter_map(|name| Some(name.strip_prefix("readings-")?.split_once('.')?.0.to_owned()))
        .collect();
    months.sort();
    months.dedup();
    months
}

pub fn december() -> Consented {
    with(vec![
        (Register::ImportA, register(31 * 48, 1_000, 7, &[])),
        (Register::ExportA, register(31 * 48, 500, 0, &[])),
    ])
}

/// More than a year of half-hours.
pub fn year() -> Consented {
    with(vec![(Register::ImportA, register(390 * 48, 1_000, 7, &[]))])
}

/// The first reading of that year alone.
pub fn first_reading() -> Consented {
    with(vec![(Register::ImportA, register(0, 1_000, 7, &[]))])
}

/// The same year, into the book of a box that does not run, and two registers more: sealing them takes a while.
pub fn write_year(data: &Path) {
    let registers = [Register::ImportA, Register::ExportA, Register::ReactiveImportA];
    let year = |one: Register| (one, register(390 * 48, 1_000, 7, &[]));
    write(data, registers.map(year).into());
}

pub fn token(consented: &Consented) -> String {
    consented.tokens("saver", "resident")["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub fn asked(consented: &Consented, token: &str, path: &str, more: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [&[("authorization", bearer.as_str())], more].concat();
    consented.machine(Some("saver")).unwrap().ask("GET", path, &headers)
}

pub fn signing_root(consented: &Consented) -> PathBuf {
    consented.running.dir.join("data/pki/signing/root.cert.pem")
}

/// What the library of the scheme says of a record: the decoded steps, or why not.
pub fn outside(record: &Value, root: &Path) -> Result<Value, String> {
    const SCRIPT: &str = "import json,sys\nfrom ib1.provenance import Record\nfrom ib1.provenance.certificates import \
        CertificatesProviderSelfContainedRecord as P\nr=Record(sys.argv[1],json.load(sys.stdin))\n\
        r.verify(P(open(sys.argv[2],'rb').read()))\njson.dump(r.decoded(),sys.stdout)\n";
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/provenance/bin/python");
    assert!(
        python.exists(),
        "tests/run installs ib1-provenance into target/provenance"
    );
    let mut child = Command::new(python)
        .args(["-c", SCRIPT, &framework()])
        .arg(root)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(record.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

pub fn framework() -> String {
    SCHEME.replace("/scheme/perseus", "/trust-framework")
}

#[test]
fn the_existing_clients_day_comes_whole_with_a_record_that_its_library_verifies() {
    let consented = december();
    let token = token(&consented);
    let list = asked(&consented, &token, "/datasources/", &[("accept", "application/json")]).json();
    let (id, measure) = (&list["data"][0]["id"], &list["data"][0]["availableMeasures"][0]);
    assert_eq!((id, measure), (&SOURCE.into(), &"import".into()));
    let path = format!("/datasources/{SOURCE}/import?from=2024-12-05&to=2024-12-06");
    let interaction = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
    let answer = asked(&consented, &token, &path, &[("x-fapi-interaction-id", interaction)]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let answer = answer.json();
    let rows = answer["data"].as_array().unwrap();
    assert_eq!(rows.len(), 48);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row.as_object().unwrap().len(), 6, "{row}");
        assert_eq!(row["energy"]["value"], 7);
        assert_eq!(row["cumulative"]["value"], 1_000 + 7 * (4 * 48 + number as u64 + 1));
        let [to, taken] = ["to", "takenAt"].map(|name| row[name].as_str().unwrap().parse::<Timestamp>().unwrap());
        assert!(taken > to);
    }
    assert_eq!(
        (&rows[0]["from"], &rows[47]["to"]),
        (&"2024-12-05T00:00:00Z".into(), &"2024-12-06T00:00:00Z".into())
    );
    assert_eq!(answer["location"]["ukPostcodeOutcode"], "SW8");

    let steps = outside(&answer["provenance"], &signing_root(&consented)).unwrap();
    let step = |kind: &str| {
        steps
            .as_array()
            .unwrap()
            .iter()
            .find(|step| step["type"] == kind)
            .unwrap()
            .clone()
    };
    let (leave, origin, transfer) = (step("permission"), step("origin"), step("transfer"));
    let listed = consented.running.json(&["consent", "list"]);
    assert_eq!(
        leave["timestamp"].as_str().map(|at| &at[..16]),
        listed[0]["granted"].as_str().map(|at| &at[..16])
    );
    assert!(leave["account"].as_str().unwrap().starts_with("pw_"));
    assert_eq!(
        origin["perseus:assurance"]["missingData"],
        format!("{SCHEME}/assurance/missing-data/Complete")
    );
    assert_eq!(origin["perseus:scheme"]["meteringPeriod"]["from"], "2024-12-05T00:00Z");
    assert_eq!(transfer["of"], origin["id"]);
    assert_eq!(transfer["transaction"], interaction);
    assert_eq!(transfer["parameters"]["to"], "2024-12-06T00:00Z");
    assert_eq!(transfer["to"], super::fixture::SAVER);
    assert_eq!(
        transfer["_signature"]["signed"]["roles"][0],
        format!("{SCHEME}/role/energy-data-provider")
    );
    assert_eq!(answer["provenance"]["origins"][0], origin["id"]);

    // One character of a step, of the signature, of the origins: refused by them and by us.
    let file = consented.running.dir.join("record.json");
    let ours = |record: &Value| {
        std::fs::write(&file, record.to_string()).unwrap();
        consented
            .running
            .command(&["provenance", "verify", file.to_str().unwrap()])
    };
    let right = ours(&answer);
    let said = String::from_utf8_lossy(&right.stdout).into_owned();
    assert!(
        right.status.success() && said.contains(METER) && said.contains("48 of 48"),
        "{said} {right:?}"
    );
    for (pointer, place) in [
        ("/steps/0", 30),
        ("/steps/1", 41),
        ("/steps/3/3", 20),
        ("/origins/0", 3),
        ("/steps/3/2", 18),
    ] {
        let mut changed = answer["provenance"].clone();
        let text = changed.pointer_mut(pointer).unwrap();
        let mut characters: Vec<char> = text.as_str().unwrap().chars().collect();
        characters[place] = if characters[place] == '5' { '6' } else { '5' };
        *text = characters.into_iter().collect::<String>().into();
        assert!(outside(&changed, &signing_root(&consented)).is_err(), "{pointer}");
        assert!(!ours(&changed).status.success(), "{pointer}");
    }
}

#[test]
fn what_is_missing_is_absent_and_said_and_a_table_has_a_row_for_it() {
    let without = [4 * 48 + 10, 4 * 48 + 11];
    let mut readings = register(31 * 48, 1_000, 7, &without);
    readings
        .iter_mut()
        .filter(|one| one.at == "2024-12-06T12:00:00Z".parse().unwrap())
        .for_each(|one| one.quality = Quality::Estimated);
    let consented = with(vec![(Register::ImportA, readings)]);
    let token = token(&consented);
    let day = |day: &str, accept: &str| {
        let path = format!(
            "/datasources/{SOURCE}/import?from=2024-12-{day}&to=2024-12-{:02}",
            day.parse::<u8>().unwrap() + 1
        );
        asked(&consented, &token, &path, &[("accept", accept)])
    };
    let missing = |answer: &Value| {
        let steps = outside(&answer["provenance"], &signing_root(&consented)).unwrap();
        let said = steps[1]["perseus:assurance"]["missingData"]
            .as_str()
            .unwrap()
            .to_owned();
        said.rsplit('/').next().unwrap().to_owned()
    };
    let (fifth, sixth) = (day("05", "*/*").json(), day("06", "*/*").json());
    assert_eq!(
        (fifth["data"].as_array().unwrap().len(), missing(&fifth)),
        (45, "Missing".to_owned())
    );
    assert_eq!(
        (sixth["data"].as_array().unwrap().len(), missing(&sixth)),
        (48, "Substituted".to_owned())
    );

    let table = day("05", "text/csv");
    assert!(table.header("content-type").unwrap().starts_with("text/csv"));
    let text = table.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "from,to,taken_at,energy_wh,cumulative_wh,quality");
    assert_eq!(lines.len(), 1 + 45 + 1, "{text}");
    assert!(
        text.contains("2024-12-05T04:30:00Z,2024-12-05T06:00:00Z,,,,gap\r\n"),
        "{text}"
    );
    let link = table.header("link").unwrap();
    let address = link.split(['<', '>']).nth(1).unwrap();
    let path = address
        .strip_prefix(&format!("https://localhost:{}", consented.mtls_port))
        .unwrap();
    let record = asked(&consented, &token, path, &[]);
    assert_eq!(record.status, 200, "{}", record.text());
    assert_eq!(
        outside(&record.json(), &signing_root(&consented))
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        3
    );
    // It is the permission's own.
    let other = consented.tokens("other", "resident")["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let bearer = format!("Bearer {other}");
    let answer = consented
        .machine(Some("other"))
        .unwrap()
        .ask("GET", path, &[("authorization", &bearer)]);
    assert_eq!(
        (answer.status, answer.json()["detail"].as_str()),
        (404, Some("Record not found"))
    );
    // The person sees who fetched what.
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    let list = browser.get("/permissions").text();
    assert!(
        list.contains("Fetched 3 times in all") && list.contains("45 half-hours"),
        "{list}"
    );
}

#[test]
fn a_stretch_that_is_none_is_refused_by_its_field_and_in_its_place() {
    let consented = december();
    let token = token(&consented);
    let status = |path: &str| {
        let answer = asked(&consented, &token, path, &[]);
        (answer.status, answer.json()["detail"].clone())
    };
    let import = format!("/datasources/{SOURCE}/import");
    for (query, field) in [
        ("", "from"),
        ("?to=2024-12-06", "from"),
        ("?from=yesterday", "from"),
        ("?from=2024-12-05&to=tomorrow", "to"),
        ("?from=2024-12-06&to=2024-12-05", "to"),
        ("?from=2024-01-01&to=2025-02-05", "to"),
        ("?from=2024-12-05&from=2024-12-05", "from"),
    ] {
        let (code, detail) = status(&format!("{import}{query}"));
        assert_eq!(
            (code, &detail[0]["loc"]),
            (422, &serde_json::json!(["query", field])),
            "{query}"
        );
        assert!(detail[0]["type"].is_string() && detail[0]["msg"].is_string());
    }
    // Who and what come before when.
    assert_eq!(status(&format!("/datasources/{SOURCE}/gas")).0, 404);
    assert_eq!(status("/datasources/nobody/import").0, 404);
    assert_eq!(consented.machine(None).unwrap().ask("GET", &import, &[]).status, 401);
    let empty = asked(
        &consented,
        &token,
        &format!("{import}?from=2024-12-05&to=2024-12-05"),
        &[],
    )
    .json();
    assert_eq!(empty["data"], serde_json::json!([]));
    assert!(outside(&empty["provenance"], &signing_root(&consented)).is_ok());
    // Moments on no half-hour, and the future.
    let inner = asked(
        &consented,
        &token,
        &format!("{import}?from=2024-12-05T00:10:00Z&to=2024-12-05T02:10:00%2B00:30"),
        &[],
    );
    assert_eq!(inner.json()["data"].as_array().unwrap().len(), 2, "{}", inner.text());
    let future = format!("{import}?from=2024-12-31&to=2025-12-31");
    assert_eq!(
        asked(&consented, &token, &future, &[]).json()["data"]
            .as_array()
            .unwrap()
            .len(),
        48
    );
}

#[test]
fn without_a_key_that_can_sign_nothing_is_given_and_the_box_says_so() {
    let mut consented = december();
    let token = token(&consented);
    let path = format!("/datasources/{SOURCE}/import?from=2024-12-05&to=2024-12-06");
    let role = format!("{SCHEME}/role/energy-data-provider");
    let out = consented.running.dir.join("signing");
    let issue = |name: &str, role: &str| {
        consented.running.json(&[
            "pki",
            "signing",
            "--name",
            name,
            "--application",
            "https://directory.example/a/edp",
            "--member",
            "https://directory.example/member/1",
            "--role",
            role,
            "--organization",
            "Lodge & Sons",
            "--out",
            out.to_str().unwrap(),
        ])
    };
    issue("good", &role);
    issue("other", &format!("{SCHEME}/role/other"));
    let root = signing_root(&consented);
    let usual = std::fs::read_to_string(consented.running.config_file()).unwrap();
    let file = consented.running.config_file();
    let with_files = |certificate: &str, key: &str| {
        let keys = format!(
            "[perseus]\nsigning_certificate_file = {:?}\nsigning_key_file = {:?}\nsigning_ca_file = {root:?}\n",
            out.join(format!("{certificate}.chain.pem")),
            out.join(format!("{key}.key.pem"))
        );
        std::fs::write(&file, usual.replacen("[perseus]\n", &keys, 1)).unwrap();
    };
    for (certificate, key, words) in [
        ("other", "other", "roles do not hold"),
        ("good", "other", "another certificate's"),
        ("none", "none", "none.chain.pem"),
    ] {
        with_files(certificate, key);
        consented.running.stop();
        consented.running.run();
        let answer = asked(&consented, &token, &path, &[]);
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, Some("10")),
            "{words}: {}",
            answer.text()
        );
        let status = consented.running.json(&["status"]);
        assert_eq!(status["state"], "degraded", "{words}");
        assert!(
            status["rooms"]["perseus"]["reason"].as_str().unwrap().contains(words),
            "{status}"
        );
    }
    with_files("good", "good");
    consented.running.stop();
    consented.running.run();
    let answer = asked(&consented, &token, &path, &[]).json();
    let steps = outside(&answer["provenance"], &root).unwrap();
    assert_eq!(steps[0]["_signature"]["signed"]["name"], "Lodge & Sons");
}

#[test]
fn the_existing_clients_calls_work_against_the_demo() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = crate::support::demo::Demo::start(folder.path());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/perseus/client.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(demo.found.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let came: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&came["rows"], &came["same"], &came["outcode"]),
        (&48.into(), &true.into(), &"SW8".into())
    );
    assert_eq!(
        came["half_hours"],
        serde_json::json!({ "import": 31 * 48, "export": 31 * 48 })
    );
    let root = PathBuf::from(demo.found["perseus"]["signing_ca_file"].as_str().unwrap());
    let steps = outside(&came["provenance"], &root).unwrap();
    assert_eq!(steps[0]["account"], came["account"]);
    let file = demo.found["perseus"]["messages_file"].as_str().unwrap().to_owned();
    let told = crate::support::eventually("the withdrawal arrives", || std::fs::read_to_string(&file).ok());
    let told: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    let body = &told["message"]["body"];
    assert_eq!(
        (&body["account"], &body["refreshToken"]),
        (&came["account"], &came["refresh"])
    );
    demo.interrupt();
}
