//! Files that somebody else looks after, which sign records: what `check-config` says of those with which nothing could be
//! signed (PER §7.5).

use std::path::Path;
use std::sync::Arc;

use gatelodge::perseus::Config;
use jiff::Timestamp;
use rcgen::{ExtendedKeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use serde_json::Value;

use super::clock::Built;
use super::fixture::SCHEME;
use super::signers::{Files, Leaf};
use crate::book::clock::SetClock;
use crate::support::test_box::binary;

/// What `check-config` does about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    /// It is no fault of the configuration, and the box would start with it.
    Note,
    Fault,
}

/// What is wrong, what is told of which key, in which words, and what is to be done.
struct Case {
    name: &'static str,
    leaf: Leaf,
    told: Told,
    key: &'static str,
    words: &'static str,
    next: &'static str,
    /// Whether records are signed with it all the same.
    signs: bool,
}

const CERTIFICATE: &str = "perseus.signing_certificate_file";
const KEY: &str = "perseus.signing_key_file";
const CA: &str = "perseus.signing_ca_file";
const AS_OTHERS: &str = "as the scheme's signing certificates are";

fn fault(name: &'static str, leaf: Leaf, (key, words, next): (&'static str, &'static str, &'static str)) -> Case {
    let told = Told::Fault;
    Case {
        name,
        leaf,
        told,
        key,
        words,
        next,
        signs: false,
    }
}

fn note(name: &'static str, leaf: Leaf, (words, next): (&'static str, &'static str)) -> Case {
    let told = Told::Note;
    Case {
        name,
        leaf,
        told,
        key: CERTIFICATE,
        words,
        next,
        signs: false,
    }
}

fn cases() -> Vec<Case> {
    let leaf = Leaf::default;
    let role = format!("{SCHEME}/role/carbon-accounting-provider");
    let right = Case {
        told: Told::Nothing,
        signs: true,
        ..fault("right", leaf(), (CERTIFICATE, "", ""))
    };
    let soon = note(
        "soon",
        Leaf {
            days: (-300, 20),
            ..leaf()
        },
        ("is good until", "put it there before"),
    );
    vec![
        right,
        Case { signs: true, ..soon },
        note(
            "over",
            Leaf {
                days: (-30, -1),
                ..leaf()
            },
            ("was good until", "have a new certificate issued"),
        ),
        note(
            "to-come",
            Leaf {
                days: (2, 30),
                ..leaf()
            },
            ("is good from", "wait until then"),
        ),
        note(
            "issuer-over",
            Leaf {
                issuer_days: (-30, -1),
                ..leaf()
            },
            ("was over then", AS_OTHERS),
        ),
        fault(
            "p384",
            Leaf {
                key: &PKCS_ECDSA_P384_SHA384,
                ..leaf()
            },
            (KEY, "not on P-256", "make one"),
        ),
        fault(
            "ed25519",
            Leaf {
                key: &PKCS_ED25519,
                ..leaf()
            },
            (KEY, "not on P-256", "make one"),
        ),
        fault(
            "alone",
            Leaf {
                with_issuer: false,
                ..leaf()
            },
            (CA, "none of the authorities", "put the issuers between"),
        ),
        fault(
            "role",
            Leaf {
                roles: Some(role),
                ..leaf()
            },
            (CERTIFICATE, "roles do not hold", "perseus.registry_base"),
        ),
        fault(
            "no-roles",
            Leaf { roles: None, ..leaf() },
            (CERTIFICATE, "roles extension", AS_OTHERS),
        ),
        fault(
            "no-member",
            Leaf {
                member: false,
                ..leaf()
            },
            (CERTIFICATE, "member extension", AS_OTHERS),
        ),
        fault(
            "no-uri",
            Leaf { uris: vec![], ..leaf() },
            (CERTIFICATE, "exactly one URI", AS_OTHERS),
        ),
        fault(
            "two-uris",
            Leaf {
                uris: vec!["https://a.example/a", "https://a.example/b"],
                ..leaf()
            },
            (CERTIFICATE, "exactly one URI", AS_OTHERS),
        ),
        fault(
            "http",
            Leaf {
                uris: vec!["http://a.example/a"],
                ..leaf()
            },
            (CERTIFICATE, "not https", AS_OTHERS),
        ),
        fault(
            "nobody",
            Leaf {
                organization: false,
                ..leaf()
            },
            (CERTIFICATE, "no organisation", AS_OTHERS),
        ),
        fault(
            "no-aki",
            Leaf {
                authority_key_identifier: false,
                ..leaf()
            },
            (CERTIFICATE, "no authority key identifier", AS_OTHERS),
        ),
        fault(
            "server",
            Leaf {
                purposes: vec![ExtendedKeyUsagePurpose::ServerAuth],
                ..leaf()
            },
            (CERTIFICATE, "not for clients", AS_OTHERS),
        ),
    ]
}

/// A configuration that is right but for what these files are.
fn section(files: &Files, words: &Path) -> String {
    let Files { chain, key, root } = files;
    format!(
        "[perseus]\nname = \"Lodge\"\nprivacy_url = \"https://lodge.example/privacy\"\nsigning_certificate_file = \
         {chain:?}\nsigning_key_file = {key:?}\nsigning_ca_file = {root:?}\n[[perseus.licence]]\nurl = \
         \"https://r.example/licence\"\ntext_file = {words:?}\n"
    )
}

/// What `check-config` says of it: whether it is right, faults as `message hint`, and notes.
fn checked(folder: &Path, files: &Files) -> (bool, Vec<String>, Vec<String>) {
    let (file, words) = (folder.join("config.toml"), folder.join("words"));
    std::fs::write(&words, "[CAP] asks [EDP]: it [CAP process]. [EDP privacy policy link]").unwrap();
    std::fs::write(&file, format!("data_dir = {folder:?}\n{}", section(files, &words))).unwrap();
    let output = binary()
        .args(["check-config", "--json", "--config"])
        .arg(&file)
        .output()
        .unwrap();
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(
        output.status.code(),
        Some(if verdict["ok"] == true { 0 } else { 3 }),
        "{verdict}"
    );
    assert_eq!(verdict["opens"], serde_json::json!(["room perseus"]), "{verdict}");
    let faults = verdict["faults"].as_array().unwrap().iter();
    let faults = faults.map(|fault| {
        format!(
            "{} {}",
            fault["message"].as_str().unwrap(),
            fault["hint"].as_str().unwrap()
        )
    });
    let notes = verdict["notes"].as_array().unwrap().iter();
    let notes = notes.map(|note| note.as_str().unwrap().to_owned());
    (
        verdict["ok"] == true,
        faults.collect(),
        notes.filter(|note| note.contains("signing_")).collect(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn files_with_which_no_record_could_be_signed_are_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases();
    assert_eq!(cases.len(), 17);
    for case in cases {
        let files = case.leaf.write(folder.path(), case.name);
        let (ok, faults, notes) = checked(folder.path(), &files);
        let all = [&faults[..], &notes[..]].concat();
        assert_eq!(ok, case.told != Told::Fault, "{}: {all:?}", case.name);
        assert_eq!(
            all.len(),
            usize::from(case.told != Told::Nothing),
            "{}: {all:?}",
            case.name
        );
        for said in &all {
            let whole = [case.key, case.words, case.next]
                .iter()
                .all(|words| said.contains(words));
            assert!(whole, "{}: {said}", case.name);
        }
        // The room itself says the same.
        let config = Config {
            signing_certificate_file: Some(files.chain),
            signing_key_file: Some(files.key),
            signing_ca_file: Some(files.root),
            ..Config::default()
        };
        let built = Built::of(config, Arc::new(SetClock::new(&Timestamp::now().to_string(), true))).await;
        let hindrance = built.room.hindrance();
        assert_eq!(hindrance.is_none(), case.signs, "{}: {hindrance:?}", case.name);
        if let Some((why, next)) = hindrance {
            assert!(
                why.contains(case.words) && next.contains(case.next),
                "{}: {why}: {next}",
                case.name
            );
        }
        built.store.close().await;
    }
}

#[test]
fn a_foreign_root_and_anothers_key_are_told_and_a_key_as_openssl_writes_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (
        Leaf::default().write(folder.path(), "one"),
        Leaf::default().write(folder.path(), "other"),
    );
    let foreign = Files {
        root: other.root,
        ..one.clone()
    };
    let (ok, faults, _) = checked(folder.path(), &foreign);
    assert!(!ok && faults.len() == 1, "{faults:?}");
    assert!(
        faults[0].contains(CA) && faults[0].contains("name the root that issued"),
        "{faults:?}"
    );
    let anothers = Files {
        key: other.key,
        ..one.clone()
    };
    let (ok, faults, _) = checked(folder.path(), &anothers);
    assert!(!ok && faults.len() == 1, "{faults:?}");
    assert!(
        faults[0].contains(KEY) && faults[0].contains("name the key that the certificate was issued for"),
        "{faults:?}"
    );
    // `openssl ecparam -genkey` and `openssl ec` write SEC 1 (RFC 5915).
    let plain = folder.path().join("plain.key.pem");
    let to = ["ec", "-in", one.key.to_str().unwrap(), "-out", plain.to_str().unwrap()];
    let made = std::process::Command::new("openssl").args(to).output();
    assert!(made.expect("openssl runs: apt-get install openssl").status.success());
    assert!(
        std::fs::read_to_string(&plain)
            .unwrap()
            .contains("BEGIN EC PRIVATE KEY")
    );
    let (ok, faults, notes) = checked(folder.path(), &Files { key: plain, ..one });
    assert!(ok && faults.is_empty() && notes.is_empty(), "{faults:?} {notes:?}");
}
