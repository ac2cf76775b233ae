//! Certificates of certbot: shown by the door at once, kept over a restart, and none for other names.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{import, program, sums, why};
use crate::support::eventually;
use crate::support::test_box::TestBox;

/// Nobody answers there: the box goes on showing its own until something comes in.
const CONFIG: &str = r#"
[site]
hostname = "lodge.example.org"
[https]
listen = ["127.0.0.1:0"]
certificate = "acme"
[acme]
directory = "https://127.0.0.1:9/dir"
contact = ["it@example.org"]
domains = ["lodge.example.org"]
"#;

/// A certificate as certbot lays it down: files in `archive`, links in `live`.
fn lineage(folder: &Path, name: &str, host: &str, days: u32) {
    let script = format!(
        "set -e; mkdir -p archive/{name} live/{name} renewal accounts/acme.example/directory; cd archive/{name}
         [ -f ../../root.pem ] || openssl req -new -x509 -newkey rsa:2048 -nodes -keyout ../../root.key -out ../../root.pem -days 90 -subj /CN=Test
         openssl req -new -newkey rsa:2048 -nodes -keyout privkey1.pem -out csr -subj /CN={host}
         printf 'subjectAltName=DNS:{host}\\nbasicConstraints=CA:FALSE\\n' > ext
         openssl x509 -req -in csr -CA ../../root.pem -CAkey ../../root.key -CAcreateserial -days {days} -extfile ext -out cert1.pem
         cat cert1.pem ../../root.pem > fullchain1.pem"
    );
    program(folder, "sh", &["-c", &script]);
    for kind in ["fullchain", "privkey"] {
        symlink(
            format!("../../archive/{name}/{kind}1.pem"),
            folder.join(format!("live/{name}/{kind}.pem")),
        )
        .unwrap();
    }
    fs::write(
        folder.join(format!("renewal/{name}.conf")),
        "[renewalparams]\nserver = https://acme.example/directory\n",
    )
    .unwrap();
}

fn issuer(running: &TestBox) -> String {
    running.json(&["status"])["certificates"][0]["issuer"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_certificate_is_shown_from_then_on_and_only_one_that_is_for_these_names() {
    let mut running = TestBox::start_with(CONFIG);
    let folder = running.dir.join("letsencrypt");
    fs::create_dir(&folder).unwrap();
    lineage(&folder, "lodge.example.org", "lodge.example.org", 40);
    lineage(&folder, "other.example.org", "other.example.org", 40);
    let path = folder.to_str().unwrap();
    let (dry, _) = import(&running, &["certbot", path, "--dry-run"]);
    assert_eq!(sums(&dry), [1, 0, 1], "{dry}");
    assert!(!issuer(&running).contains("Test"));
    let (report, code) = import(&running, &["certbot", path]);
    assert_eq!((sums(&report), code), ([1, 0, 1], 1), "{report}");
    assert!(
        why(&report, "other.example.org", None).contains("for other.example.org, not for lodge.example.org"),
        "{report}"
    );
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("https://acme.example/directory") && notes.contains("accounts stay behind"),
        "{notes}"
    );
    eventually("the door shows it", || issuer(&running).contains("Test").then_some(()));
    assert_eq!(
        sums(&import(&running, &["certbot", path, "--name", "lodge.example.org"]).0),
        [0, 1, 0]
    );
    running.stop();
    running.run();
    assert!(issuer(&running).contains("Test"));

    // One that ends sooner takes no better one's place, and a folder that is named too deep says so.
    let sooner = running.dir.join("sooner");
    fs::create_dir(&sooner).unwrap();
    lineage(&sooner, "lodge.example.org", "lodge.example.org", 5);
    let (report, _) = import(&running, &["certbot", sooner.to_str().unwrap()]);
    assert!(
        why(&report, "lodge.example.org", None).contains("this one ends on"),
        "{report}"
    );
    let output = running.command(&[
        "import",
        "certbot",
        folder.join("live/lodge.example.org").to_str().unwrap(),
    ]);
    assert!(super::text(&output).1.contains("config-dir"), "{output:?}");
    let output = running.command(&["import", "certbot", path, "--name", "../archive"]);
    assert_eq!(output.status.code(), Some(2));
}
