//! Records that others make, verified by ours: by the scheme's own library, nested and by two signers (PER §7.2, PER §7.3).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::fixture::{Consented, SCHEME};
use super::readings::{framework, outside, signing_root};

/// A provider's record with a step of each kind, and a receiver's that holds it.
const SCRIPT: &str = r#"
import json, sys
from ib1.provenance import Record
from ib1.provenance.certificates import CertificatesProviderSelfContainedRecord as Provider
from ib1.provenance.signing import SignerFiles
framework, root, one, other = sys.argv[1:]
provider = Provider(open(root, "rb").read())
signer = lambda name: SignerFiles(provider, f"{name}.chain.pem", f"{name}.key.pem")
first = Record(framework)
leave = first.add_step({"type": "permission", "account": "n\u00e4me", "allows": {"licences": ["x"]}})
origin = first.add_step({"type": "origin", "permissions": [leave], "external": True})
transfer = first.add_step({"type": "transfer", "of": origin, "to": "https://directory.example/a/x"})
first = first.sign(signer(one))
second = Record(framework, json.loads(json.dumps(first.encoded())))
receipt = second.add_step({"type": "receipt", "transfer": transfer})
second.add_step({"type": "origin", "sourceType": "other"})
second.add_step({"type": "process", "inputs": [receipt], "process": "https://x.example/p"})
json.dump({"first": first.encoded(), "second": second.sign(signer(other)).encoded()}, sys.stdout)
"#;

/// The `first` and `second` record that the scheme's library makes with the certificates of one and of another, whose files
/// begin so.
pub fn made_by(root: &Path, one: &Path, other: &Path) -> Value {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/provenance/bin/python");
    let made = Command::new(python)
        .args(["-c", SCRIPT, &framework()])
        .args([root, one, other])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).unwrap()
}

#[test]
fn what_the_schemes_library_makes_is_verified_and_what_is_changed_in_it_is_not() {
    let consented = Consented::start();
    let out = consented.running.dir.join("signing");
    for name in ["one", "other"] {
        let role = format!("{SCHEME}/role/{name}");
        let application = format!("https://directory.example/a/{name}");
        consented.running.json(&[
            "pki",
            "signing",
            "--name",
            name,
            "--application",
            &application,
            "--member",
            "https://directory.example/member/1",
            "--role",
            &role,
            "--organization",
            name,
            "--out",
            out.to_str().unwrap(),
        ]);
    }
    let root = signing_root(&consented);
    let made = made_by(&root, &out.join("one"), &out.join("other"));
    let file = consented.running.dir.join("record.json");
    let verified = |record: &Value, more: &[&str]| {
        std::fs::write(&file, record.to_string()).unwrap();
        let arguments = [&["provenance", "verify", file.to_str().unwrap(), "--json"], more].concat();
        let output = consented.running.command(&arguments);
        let shown: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        output.status.success().then_some(shown).flatten()
    };
    let first = verified(&made["first"], &[]).unwrap();
    assert_eq!(first["steps"].as_array().unwrap().len(), 3, "{first}");
    assert_eq!(first["steps"][0]["step"]["account"], "näme");
    let second = verified(&made["second"], &[]).unwrap();
    let steps = second["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 6, "{second}");
    assert_eq!(steps[0]["signed"]["name"], "one");
    assert_eq!(steps[0]["includedBy"][0]["name"], "other");
    assert_eq!(steps[5]["signed"]["application"], "https://directory.example/a/other");
    // As they see it, so do we, whatever is changed.
    for pointer in [
        "/steps/0/0",
        "/steps/0/3/3",
        "/steps/0/3/2",
        "/steps/0/3/1",
        "/steps/1",
        "/steps/4/3",
        "/steps/4/1",
        "/origins/0",
        "/ib1:provenance",
    ] {
        let mut changed = made["second"].clone();
        let text = changed.pointer_mut(pointer).unwrap();
        let whole = text.as_str().unwrap().to_owned();
        let middle = whole.len() / 2;
        let other = if whole.as_bytes()[middle] == b'1' { "2" } else { "1" };
        *text = format!("{}{other}{}", &whole[..middle], &whole[middle + 1..]).into();
        assert!(outside(&changed, &root).is_err(), "{pointer}");
        assert!(verified(&changed, &[]).is_none(), "{pointer}");
    }
    // Another framework, another root.
    assert!(
        verified(
            &made["first"],
            &["--framework", "https://other.example/trust-framework"]
        )
        .is_none()
    );
    let clients = consented.running.dir.join("data/pki/client/root.cert.pem");
    assert!(verified(&made["first"], &["--ca", clients.to_str().unwrap()]).is_none());
}
