//! Authorities as `openssl ca`, the `certs` command and Micronets' scripts leave them: their clients get in, the revoked ones
//! do not, and a door shows what old clients verify.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{CONFIG, import, program, sums, text, why};
use crate::support::eventually;
use crate::support::test_box::{TestBox, binary};

const CONFIGURATION: &str = "/etc/ssl/openssl.cnf";

/// Whether a client shakes hands by TLS 1.2, where the server's refusal is part of it.
fn shakes_hands(running: &TestBox, door: &str, ca: &Path, (certificate, key): (&Path, &Path)) -> Result<(), String> {
    let output = Command::new("openssl")
        .args(["s_client", "-tls1_2", "-verify_return_error", "-alpn", "h2", "-connect"])
        .arg(running.door(door).to_string())
        .arg("-CAfile")
        .arg(ca)
        .arg("-cert")
        .arg(certificate)
        .arg("-key")
        .arg(key)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(text(&output).1),
    }
}

/// A folder of `openssl ca` with two good certificates and a revoked one; its key opens with `old words`.
fn demo_ca(folder: &Path) -> PathBuf {
    let openssl = |arguments: &str| {
        let words: Vec<&str> = arguments.split(' ').collect();
        program(folder, "openssl", &words)
    };
    let ca = folder.join("demoCA");
    fs::create_dir_all(ca.join("newcerts")).unwrap();
    fs::create_dir(ca.join("private")).unwrap();
    fs::write(ca.join("index.txt"), "").unwrap();
    fs::write(ca.join("serial"), "01\n").unwrap();
    fs::write(folder.join("words"), "old-words\n").unwrap();
    openssl(
        "req -new -x509 -newkey rsa:2048 -keyout demoCA/private/cakey.pem -passout file:words -out demoCA/cacert.pem -days 900 -subj /C=GB/O=Old/CN=Old",
    );
    for name in ["sync", "other", "gone"] {
        openssl(&format!(
            "req -new -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /O=Old/OU=readonly/CN={name}"
        ));
        openssl(&format!(
            "ca -batch -config {CONFIGURATION} -policy policy_anything -in {name}.csr -out {name}.pem -passin file:words -days 90"
        ));
    }
    openssl(&format!(
        "ca -config {CONFIGURATION} -revoke gone.pem -crl_reason keyCompromise -passin file:words"
    ));
    ca
}

#[test]
fn what_openssl_ca_issued_is_believed_and_what_it_revoked_is_not() {
    let running = TestBox::start_with(CONFIG);
    let ca = demo_ca(&running.dir);
    let file = |name: &str| running.dir.join(name);
    let path = ca.to_str().unwrap();
    let pair = |name: &str| (file(&format!("{name}.pem")), file(&format!("{name}.key")));
    let (sync, gone) = (pair("sync"), pair("gone"));
    let root = ca.join("cacert.pem");
    assert!(shakes_hands(&running, "grpc", &root, (&sync.0, &sync.1)).is_err());

    let output = running.command(&["import", "ca", path]);
    assert!(text(&output).1.contains("the key is encrypted"), "{output:?}");
    fs::write(file("wrong"), "other-words").unwrap();
    let output = running.command(&[
        "import",
        "ca",
        path,
        "--passphrase-file",
        file("wrong").to_str().unwrap(),
    ]);
    assert!(
        text(&output).1.contains("the passphrase does not open the key"),
        "{output:?}"
    );

    let words = file("words");
    let arguments = ["ca", path, "--passphrase-file", words.to_str().unwrap()];
    let (dry, _) = import(&running, &[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(sums(&dry), [4, 0, 0]);
    assert!(!running.dir.join("data/pki/grpc/adopted").exists());
    let (taken, code) = import(&running, &arguments);
    assert_eq!((sums(&taken), code), ([4, 0, 0], 0), "{taken}");

    // From now on, without a restart: by the old root, and by the box's own.
    let own = running.dir.join("data/pki/grpc/root.cert.pem");
    for root in [&root, &own] {
        eventually("an old client gets in", || {
            shakes_hands(&running, "grpc", root, (&sync.0, &sync.1)).ok()
        });
        let refused = shakes_hands(&running, "grpc", root, (&gone.0, &gone.1)).unwrap_err();
        assert!(refused.contains("revoked"), "{refused}");
    }
    // Nowhere else.
    assert!(
        shakes_hands(
            &running,
            "relay",
            &running.dir.join("data/pki/relay/root.cert.pem"),
            (&sync.0, &sync.1)
        )
        .is_err()
    );
    let (elsewhere, code) = import(&running, &["ca", path, "--hierarchy", "relay", "--without-key"]);
    assert_eq!((sums(&elsewhere), code), ([0, 0, 1], 1));
    assert!(why(&elsewhere, "cacert.pem", None).contains("in the grpc hierarchy already"));

    let kept: Vec<PathBuf> = fs::read_dir(running.dir.join("data/pki/grpc/adopted"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 3);
    for file in kept {
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            file.display()
        );
    }
    let (again, code) = import(&running, &arguments);
    assert_eq!((sums(&again), code), ([0, 4, 0], 0));
    let verdict = running.json(&["pki", "verify", sync.0.to_str().unwrap(), "--hierarchy", "grpc"]);
    assert_eq!(verdict["good"], true);

    // Revoked here, it stays out, whatever the old index says; both lists are signed.
    running.json(&["pki", "revoke", "01", "--hierarchy", "grpc"]);
    eventually("what was revoked here is out", || {
        shakes_hands(&running, "grpc", &own, (&sync.0, &sync.1)).err()
    });
    import(&running, &arguments);
    assert!(shakes_hands(&running, "grpc", &own, (&sync.0, &sync.1)).is_err());
    let lists = fs::read_to_string(running.dir.join("data/pki/grpc/crl.pem")).unwrap();
    assert_eq!(lists.matches("BEGIN X509 CRL").count(), 2);
    assert!(
        running
            .log()
            .contains("an authority of another system is believed from now on")
    );
    assert!(!running.log().contains("old-words"));
}

#[test]
fn indexes_that_are_damaged_or_lie_are_refused_by_line_and_no_box_is_needed() {
    let running = TestBox::unstarted(CONFIG);
    let ca = demo_ca(&running.dir);
    let index = fs::read_to_string(ca.join("index.txt")).unwrap();
    let first = index.lines().next().unwrap();
    let lied = first.replace("\t01\t", "\t0A\t").replace("CN=sync", "CN=lied");
    fs::copy(ca.join("newcerts/01.pem"), ca.join("newcerts/0A.pem")).unwrap();
    // A leaf of somebody else under a number of this authority's, a line that is cut, a number twice, one without a file.
    program(&running.dir, "openssl", &"req -new -x509 -newkey rsa:2048 -nodes -keyout s.key -out demoCA/newcerts/0B.pem -days 9 -set_serial 11 -subj /CN=self -addext basicConstraints=critical,CA:FALSE".split(' ').collect::<Vec<_>>());
    let strange = first.replace("\t01\t", "\t0B\t");
    let missing = first.replace("\t01\t", "\t0C\t");
    let outside = first.replace("\t01\t", "\t0D\t");
    std::os::unix::fs::symlink(running.dir.join("sync.pem"), ca.join("newcerts/0D.pem")).unwrap();
    fs::write(
        ca.join("index.txt"),
        format!("{index}{lied}\n{strange}\nV\t36\n{first}\n{missing}\n{outside}\n"),
    )
    .unwrap();

    let words = running.dir.join("words");
    let arguments = ["ca", ca.to_str().unwrap(), "--passphrase-file", words.to_str().unwrap()];
    let (report, code) = import(&running, &arguments);
    assert_eq!((sums(&report), code), ([4, 0, 6], 1), "{report}");
    for (line, said) in [
        (4, "another number than the index says"),
        (5, "the authority did not issue it"),
        (6, "2 fields between tabs"),
        (7, "stands in line 1 already"),
        (8, "itself is not there"),
        (9, "leads out of"),
    ] {
        assert!(why(&report, "index.txt", Some(line)).contains(said), "{line}: {report}");
    }
    assert_eq!(sums(&import(&running, &arguments).0), [0, 4, 6]);

    // The box that starts then believes it, with authorities of its own beside.
    let mut running = running;
    running.run();
    let (certificate, key) = (running.dir.join("other.pem"), running.dir.join("other.key"));
    for root in [ca.join("cacert.pem"), running.dir.join("data/pki/grpc/root.cert.pem")] {
        shakes_hands(&running, "grpc", &root, (&certificate, &key)).unwrap();
    }
}

#[test]
fn environments_of_certs_and_what_is_no_authority() {
    let running = TestBox::start_with(CONFIG);
    let dir = running.dir.join("certs");
    let certs = |arguments: &[&str]| {
        let output = binary()
            .arg("certs")
            .args(arguments)
            .arg("--dir")
            .arg(&dir)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    certs(&["init", "prod"]);
    certs(&["server", "prod"]);
    certs(&["client", "prod", "sync", "--ou", "internal"]);
    let prod = dir.join("prod");
    let (report, code) = import(&running, &["ca", prod.to_str().unwrap()]);
    assert_eq!((sums(&report), code), ([3, 0, 0], 0), "{report}");
    let rows = running.json(&["pki", "list"]);
    let sync = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "sync")
        .unwrap();
    assert_eq!(
        (sync["role"].as_str(), sync["foreign"].as_bool()),
        (Some("internal"), Some(true))
    );
    let ca = prod.join("ca/ca.cert");
    let client = (prod.join("clients/sync.cert"), prod.join("clients/sync.key"));
    eventually("an old client gets in", || {
        shakes_hands(&running, "grpc", &ca, (&client.0, &client.1)).ok()
    });

    // A door that goes by files is told of.
    let elsewhere = TestBox::unstarted(&CONFIG.replace("[grpc]", &format!("[grpc]\nclient_ca_file = {ca:?}")));
    let (report, _) = import(&elsewhere, &["ca", prod.to_str().unwrap()]);
    assert_eq!(sums(&report), [3, 0, 0]);
    assert!(
        report["notes"].to_string().contains("until grpc.client_ca_file goes"),
        "{report}"
    );

    // A leaf is no authority, and the box's own is none of another system.
    let fake = running.dir.join("fake");
    fs::create_dir(&fake).unwrap();
    fs::copy(prod.join("clients/sync.cert"), fake.join("cacert.pem")).unwrap();
    let (report, _) = import(&running, &["ca", fake.to_str().unwrap()]);
    assert!(why(&report, "cacert.pem", None).contains("is no authority"), "{report}");
    fs::copy(
        running.dir.join("data/pki/server/root.cert.pem"),
        fake.join("cacert.pem"),
    )
    .unwrap();
    let (report, _) = import(&running, &["ca", fake.to_str().unwrap()]);
    assert!(
        why(&report, "cacert.pem", None).contains("this box's own authority"),
        "{report}"
    );
}

#[test]
fn gateways_of_the_original_relay_connect_as_they_are() {
    let running = TestBox::start_with(CONFIG);
    let lib = running.dir.join("lib");
    fs::create_dir(&lib).unwrap();
    fs::write(
        lib.join("leaf.ext"),
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\n",
    )
    .unwrap();
    let script = "set -e
        root() { openssl ecparam -name prime256v1 -genkey -out $1.key.pem
            openssl req -new -x509 -key $1.key.pem -out $1.cert.pem -days 500 -subj /O=$1-Root \
                -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,digitalSignature,keyCertSign,cRLSign; }
        leaf() { openssl ecparam -name prime256v1 -genkey -out $1.key.pem
            openssl req -new -key $1.key.pem -subj /O=$1-Leaf -out $1.csr
            openssl x509 -req -in $1.csr -CA $2.cert.pem -CAkey $2.key.pem -CAcreateserial -out $1.cert.pem -days 500 -extfile leaf.ext
            cat $1.cert.pem $1.key.pem > $1.pkeycert.pem; }
        root ws; root api; leaf gateway ws; leaf manager ws; leaf caller api";
    program(&lib, "sh", &["-c", script]);
    let path = lib.to_str().unwrap();
    let output = running.command(&["import", "micronets", path]);
    assert!(text(&output).1.contains("there are several roots"), "{output:?}");
    let arguments = ["micronets", path, "--root", "ws.cert.pem"];
    let (report, code) = import(&running, &arguments);
    assert_eq!((sums(&report), code), ([3, 0, 1], 1), "{report}");
    assert!(why(&report, "caller.cert.pem", None).contains("did not issue it"));
    let bundle = lib.join("gateway.pkeycert.pem");
    let stranger = lib.join("caller.pkeycert.pem");
    let root = lib.join("ws.cert.pem");
    eventually("a gateway gets in", || {
        shakes_hands(&running, "relay", &root, (&bundle, &bundle)).ok()
    });
    assert!(shakes_hands(&running, "relay", &root, (&stranger, &stranger)).is_err());
    assert_eq!(sums(&import(&running, &arguments).0), [0, 3, 1]);
}
