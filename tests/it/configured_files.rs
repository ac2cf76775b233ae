//! Every file that a configuration names, missing, garbled, swapped, or not the caller's to read: `check-config` says
//! so, with its place, and says all of it.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gatelodge::pki::Hierarchy;
use jiff::SignedDuration;
use serde_json::Value;

use crate::gate::test_pki::TestPki;
use crate::support::test_box::{CONFIG, binary};
use crate::support::{TestBox, eventually};

/// A key that names a file: its section, what stands in the section beside it, and what a good file of it holds.
struct Named {
    key: &'static str,
    sections: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Certificate,
    Key,
    Authority,
    List,
    Secret,
    Recipient,
}

const fn named(key: &'static str, kind: Kind, sections: &'static str) -> Named {
    Named { key, sections, kind }
}

const HTTPS: &str = "[https]\ncertificate = \"files\"\ncertificate_file = \"CERT\"\nkey_file = \"KEY\"\n";
const MTLS: &str =
    "[mtls]\ncertificate_file = \"CERT\"\nkey_file = \"KEY\"\nclient_ca_file = \"CA\"\ncrl_file = \"LIST\"\n";
const GRPC: &str =
    "[grpc]\ncertificate_file = \"CERT\"\nkey_file = \"KEY\"\nclient_ca_file = \"CA\"\ncrl_file = \"LIST\"\n";
const RELAY: &str =
    "[relay]\ncertificate_file = \"CERT\"\nkey_file = \"KEY\"\nclient_ca_file = \"CA\"\ncrl_file = \"LIST\"\n";
const ACME: &str = "[site]\nhostname = \"lodge.example.org\"\n[https]\ncertificate = \"acme\"\n[acme]\ndirectory = \"https://a.example.org/dir\"\nca_file = \"CA\"\n";
const SHOWN: &str = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://b.example.org:8883\"\nca_file = \"CA\"\ncertificate_file = \"CERT\"\nkey_file = \"KEY\"\n";
const LOGIN: &str =
    "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://b.example.org:8883\"\nusername = \"box\"\npassword_file = \"SECRET\"\n";
const EST: &str =
    "[uplink]\nkind = \"cumulocity\"\nurl = \"mqtts://b.example.org:8883\"\nauth = \"est\"\notp_file = \"SECRET\"\n";
const HOOK: &str = "[occupancy]\n[[occupancy.webhook]]\nname = \"a\"\nurl = \"https://a.example.org/\"\nsecret_file = \"SECRET\"\nca_file = \"CA\"\n";
const BACKUP: &str = "[backup]\ndirectory = \"FOLDER\"\nkey_file = \"RECIPIENT\"\n";

const ALL: &[Named] = &[
    named("https.certificate_file", Kind::Certificate, HTTPS),
    named("https.key_file", Kind::Key, HTTPS),
    named("mtls.certificate_file", Kind::Certificate, MTLS),
    named("mtls.key_file", Kind::Key, MTLS),
    named("mtls.client_ca_file", Kind::Authority, MTLS),
    named("mtls.crl_file", Kind::List, MTLS),
    named("grpc.certificate_file", Kind::Certificate, GRPC),
    named("grpc.key_file", Kind::Key, GRPC),
    named("grpc.client_ca_file", Kind::Authority, GRPC),
    named("grpc.crl_file", Kind::List, GRPC),
    named("relay.certificate_file", Kind::Certificate, RELAY),
    named("relay.key_file", Kind::Key, RELAY),
    named("relay.client_ca_file", Kind::Authority, RELAY),
    named("relay.crl_file", Kind::List, RELAY),
    named("acme.ca_file", Kind::Authority, ACME),
    named("uplink.ca_file", Kind::Authority, SHOWN),
    named("uplink.certificate_file", Kind::Certificate, SHOWN),
    named("uplink.key_file", Kind::Key, SHOWN),
    named("uplink.password_file", Kind::Secret, LOGIN),
    named("uplink.otp_file", Kind::Secret, EST),
    named("occupancy.webhook.0.secret_file", Kind::Secret, HOOK),
    named("occupancy.webhook.0.ca_file", Kind::Authority, HOOK),
    named("backup.key_file", Kind::Recipient, BACKUP),
];

/// Keys behind a passphrase, as OpenSSL writes them now and wrote them once.
const ENCRYPTED: [&str; 2] = ["PKCS8", "TRADITIONAL"];

/// Good files of every kind, made by a box.
struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let running = TestBox::start_with(CONFIG);
        let folder = tempfile::tempdir().unwrap();
        // Whoever looks without rights gets as far as the files.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let fixture = Fixture { folder };
        let out = running.dir.join("out");
        for name in ["own", "other"] {
            let made = running.command(&["pki", "server", "--name", name, "--out", out.to_str().unwrap()]);
            assert!(made.status.success(), "{made:?}");
        }
        let signed = running.command(&["pki", "crl", "client"]);
        assert!(signed.status.success(), "{signed:?}");
        let from = |name: &str| std::fs::read(out.join(name)).unwrap();
        fixture.write("CERT", &from("own.chain.pem"));
        fixture.write("KEY", &from("own.key.pem"));
        fixture.write("OTHER", &from("other.key.pem"));
        fixture.write("CA", &std::fs::read(running.ca_file()).unwrap());
        fixture.write(
            "LIST",
            &std::fs::read(running.dir.join("data/pki/client/crl.pem")).unwrap(),
        );
        fixture.write("SECRET", b"a secret of more than sixteen bytes\n");
        fixture.write(
            "RECIPIENT",
            b"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n",
        );
        std::fs::create_dir(fixture.path("FOLDER")).unwrap();
        fixture
    }

    /// Writes a key that opens with a passphrase.
    fn encrypt(&self, name: &str, way: &[&str]) {
        let (plain, to) = (self.path("plain"), self.path(name));
        let (plain, to) = (plain.to_str().unwrap(), to.to_str().unwrap());
        let to = ["-in", plain, "-aes256", "-passout", "pass:secret", "-out", to];
        for arguments in [["genrsa", "-out", plain, "2048"].to_vec(), [way, &to].concat()] {
            let made = Command::new("openssl").args(arguments).output();
            let made = made.expect("openssl runs: apt-get install openssl");
            assert!(made.status.success(), "{made:?}");
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// The sections with `instead` in the place of the file of one key.
    fn sections(&self, named: &Named, instead: Option<&Path>) -> String {
        let last = named.key.rsplit('.').next().unwrap();
        let mut text = String::new();
        for line in named.sections.lines() {
            let value = line
                .split_once(" = ")
                .map(|(key, value)| (key, value.trim_matches('"')));
            let section = named.key.split('.').next().unwrap();
            let here = text
                .rsplit("\n[")
                .next()
                .unwrap()
                .trim_start_matches('[')
                .starts_with(section);
            match value {
                Some((key, _)) if key == last && here && instead.is_some() => {
                    text += &format!("{key} = {:?}\n", instead.unwrap());
                }
                Some((key, name)) if self.path(name).exists() && !name.is_empty() => {
                    text += &format!("{key} = {:?}\n", self.path(name));
                }
                _ => text += &format!("{line}\n"),
            }
        }
        text
    }

    /// A configuration of these sections.
    fn configure(&self, named: &Named, instead: Option<&Path>) -> PathBuf {
        let sections = self.sections(named, instead);
        let text = format!("data_dir = {:?}\n{sections}", self.path("data"));
        let file = self.path("config.toml");
        std::fs::write(&file, text).unwrap();
        file
    }
}

fn check(file: &Path) -> (Output, Value) {
    let output = binary()
        .args(["check-config", "--json", "--config"])
        .arg(file)
        .output()
        .unwrap();
    let verdict = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output, verdict)
}

#[test]
fn every_file_is_read_as_it_will_be() {
    let fixture = Fixture::new();
    fixture.write("garbage", b"this is no PEM");
    for (name, way) in ENCRYPTED.into_iter().zip([&["pkey"][..], &["rsa", "-traditional"]]) {
        fixture.encrypt(name, way);
    }
    fixture.write("empty", b"");
    fixture.write("nobodys", b"anything");
    std::fs::set_permissions(fixture.path("nobodys"), PermissionsExt::from_mode(0o000)).unwrap();
    for named in ALL {
        let file = fixture.configure(named, None);
        let (output, verdict) = check(&file);
        assert!(output.status.success(), "{} with good files: {verdict}", named.key);
        let wrong = |verdict: &Value, what: &str, words: &str| {
            assert_eq!(verdict["ok"], false, "{} {what}", named.key);
            let faults = verdict["faults"].as_array().unwrap();
            let last = named.key.rsplit('.').next().unwrap();
            let about = faults.iter().any(|fault| {
                let message = fault["message"].as_str().unwrap();
                let place = fault["place"].as_str().unwrap();
                message.contains(last) && message.contains(words) && place.contains("config.toml:")
            });
            assert!(about, "{} {what}: {verdict}", named.key);
        };
        let mut tried = vec![("missing", "is not there"), ("empty", ""), ("FOLDER", "is a folder")];
        if named.kind != Kind::Secret {
            tried.push(("garbage", ""));
        }
        for (name, words) in tried {
            let file = fixture.configure(named, Some(&fixture.path(name)));
            let (output, verdict) = check(&file);
            assert_eq!(output.status.code(), Some(3), "{} {name}: {verdict}", named.key);
            wrong(&verdict, name, words);
        }
        if named.kind == Kind::Key {
            for name in ENCRYPTED {
                let (_, verdict) = check(&fixture.configure(named, Some(&fixture.path(name))));
                wrong(&verdict, name, "is encrypted, and the box has nobody to ask");
            }
            let (_, verdict) = check(&fixture.configure(named, Some(&fixture.path("OTHER"))));
            wrong(&verdict, "of another certificate", "does not belong to the certificate");
        }
        // Somebody without rights is told that it was not looked at, and no more.
        let file = fixture.configure(named, Some(&fixture.path("nobodys")));
        let mut command = binary();
        command.args(["check-config", "--json", "--config"]).arg(&file);
        if rustix::process::geteuid().is_root() {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let not_checked = verdict["not_checked"].as_array().unwrap();
        assert_eq!(not_checked.len(), 1, "{}: {verdict}", named.key);
        assert!(output.status.success(), "{}: {verdict}", named.key);
    }
}

#[test]
fn a_reload_takes_no_file_that_the_next_start_would_stumble_over() {
    let fixture = Fixture::new();
    fixture.write("empty", b"");
    let running = TestBox::start_with(CONFIG);
    let before = running.json(&["status"])["doors"].clone();
    for named in ALL {
        let last = named.key.rsplit('.').next().unwrap();
        for (name, words) in [("missing", "is not there"), ("empty", "")] {
            running.configure(&fixture.sections(named, Some(&fixture.path(name))));
            let refused = running.command(&["config", "reload"]);
            let said = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(refused.status.code(), Some(5), "{} {name}: {refused:?}", named.key);
            assert!(
                said.contains(last) && said.contains(words),
                "{} {name}: {said}",
                named.key
            );
            let (_, checked) = check(&running.config_file());
            let first = checked["message"].as_str().unwrap();
            assert!(said.contains(first), "not as check-config says it, {first}: {said}");
        }
    }
    running.configure(CONFIG);
    let status = running.json(&["status"]);
    assert_eq!(status["doors"], before, "what was in force is");
    assert!(status["not_in_force"].is_string(), "{status}");
    running.json(&["config", "reload"]);
    assert_eq!(running.json(&["status"])["not_in_force"], Value::Null);
}

#[test]
fn a_reload_is_refused_for_a_file_that_went_and_not_for_a_backup_folder_that_did() {
    let fixture = Fixture::new();
    let folder = fixture.path("FOLDER");
    let list = fixture.path("LIST");
    let sections = |name: &str| {
        let files = format!(
            "[mtls]\nclient_ca_file = {:?}\ncrl_file = {list:?}\n",
            fixture.path("CA")
        );
        let config = CONFIG.replace("[mtls]\n", &files);
        format!("{config}[backup]\ndirectory = {folder:?}\n[site]\nname = \"{name}\"\n")
    };
    let running = TestBox::start_with(&sections("One"));
    std::fs::remove_dir_all(&folder).unwrap();
    running.configure(&sections("Two"));
    let changed = running.json(&["config", "reload"]);
    assert!(changed["changed"].to_string().contains("site"), "{changed}");
    let another = sections("Two").replace("FOLDER", "another");
    running.configure(&another);
    let refused = running.command(&["config", "reload"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("`backup.directory`") && said.contains("is not there"),
        "{said}"
    );

    running.configure(&sections("Two"));
    std::fs::remove_file(&list).unwrap();
    let refused = running.command(&["config", "reload"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("`mtls.crl_file`") && said.contains("is not there"),
        "{said}"
    );
}

#[test]
fn all_faults_are_told_a_line_each_and_serve_refuses_the_same() {
    let fixture = Fixture::new();
    let text = "[site]\nhostname = \"not a name\"\ntimezone = \"Mars\"\n[log]\nfilter = \"loud\"\n[https]\nlisen = []\n\
                [occupancy]\nidle_expiry = \"24 parsecs\"\n[[occupancy.webhook]]\nname = \"a b\"\nurl = \"https://a.example\"\n\
                secret_file = \"/nowhere\"\n[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://a.example\"\nauth = \"password\"\n";
    let file = fixture.path("config.toml");
    std::fs::write(&file, text).unwrap();
    let output = binary().args(["check-config", "--config"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    for (line, what) in [
        ("2", "site.hostname"),
        ("3", "site.timezone"),
        ("5", "log.filter"),
        ("7", "https.lisen"),
        ("9", "occupancy.idle_expiry"),
        ("17", "uplink.auth"),
    ] {
        let told = said
            .lines()
            .filter(|told| told.contains(&format!("config.toml:{line}:")) && told.contains(what));
        assert_eq!(told.count(), 1, "{what}: {said}");
    }
    std::fs::write(
        &file,
        format!("data_dir = {:?}\n[log]\nfilter = \"loud\"\n", fixture.path("data")),
    )
    .unwrap();
    let served = binary().args(["serve", "--config"]).arg(&file).output().unwrap();
    assert_eq!(served.status.code(), Some(3), "{served:?}");
    assert!(
        String::from_utf8_lossy(&served.stderr).contains("`log.filter`"),
        "{served:?}"
    );
}

#[test]
fn a_file_that_opens_nothing_is_said_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "").unwrap();
    let output = binary().args(["check-config", "--config"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("it opens no door and no room"),
        "{said}"
    );
}

#[test]
fn a_list_that_is_cut_while_the_box_runs_is_told_where_people_look() {
    let mut running = TestBox::start_with(CONFIG);
    let signed = running.command(&["pki", "crl", "client"]);
    assert!(signed.status.success(), "{signed:?}");
    let pki = running.dir.join("data/pki/client");
    let (authority, list) = (running.dir.join("ca.pem"), running.dir.join("crl.pem"));
    std::fs::copy(pki.join("root.cert.pem"), &authority).unwrap();
    let whole = std::fs::read(pki.join("crl.pem")).unwrap();
    std::fs::write(&list, &whole).unwrap();
    running.stop();
    let files = format!("[mtls]\nclient_ca_file = {authority:?}\ncrl_file = {list:?}\n");
    running.configure(&CONFIG.replace("[mtls]\n", &files));
    running.run();
    let told = |running: &TestBox| {
        let findings = running.json(&["status"])["verdict"]["findings"].clone();
        let of_door = |finding: &&Value| finding["part"] == "door-mtls";
        findings.as_array().unwrap().iter().find(of_door).cloned()
    };
    assert_eq!(told(&running), None);
    std::fs::write(&list, &whole[..whole.len() / 2]).unwrap();
    let finding = eventually("the door's trouble is told", || told(&running));
    assert!(finding["words"].as_str().unwrap().contains("crl.pem"), "{finding}");
    std::fs::write(&list, &whole).unwrap();
    eventually("nothing is told any more", || told(&running).is_none().then_some(()));
}

/// A list that nobody renews shuts everybody out of its door in the end, whom it names or not.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_runs_out_is_told_before_it_does_and_after() {
    let theirs = TestPki::new().await;
    let files = theirs.pki.files(Hierarchy::Client);
    // A list counts for 30 days, and one day more.
    let signed = async |days: i64| {
        let at = theirs.now - SignedDuration::from_hours(24 * days);
        theirs.pki.crl(Hierarchy::Client, at).await.unwrap();
    };
    signed(1).await;
    let named = format!(
        "[mtls]\nclient_ca_file = {:?}\ncrl_file = {:?}\n",
        files.root_certificate, files.crl
    );
    let running = TestBox::start_with(&CONFIG.replace("[mtls]\n", &named));
    let told = |grade: &str| {
        eventually(grade, || {
            let verdict = running.json(&["status"])["verdict"].clone();
            let findings = verdict["findings"].as_array().unwrap();
            let of_door = |finding: &&Value| finding["part"] == "door-mtls";
            let found = findings.iter().find(of_door).cloned().unwrap_or_default();
            (found["grade"].as_str().unwrap_or("none") == grade).then_some(found)
        })
    };
    told("none");
    signed(28).await;
    assert!(told("attention")["words"].as_str().unwrap().contains(" runs out on "));
    let (_, checked) = check(&running.config_file());
    assert!(
        checked["notes"][0].as_str().unwrap().contains("`mtls.crl_file`"),
        "{checked}"
    );
    signed(60).await;
    let found = told("trouble");
    let words = found["words"].as_str().unwrap();
    assert!(
        words.contains("crl.pem ran out on ") && words.contains(" since "),
        "{found}"
    );
    assert!(found["next_step"].as_str().unwrap().contains("newest list"), "{found}");
    // It is no fault of the configuration: whoever mends it reloads as ever.
    running.json(&["config", "reload"]);
    signed(0).await;
    told("none");
}
