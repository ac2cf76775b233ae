//! Backups that leave the building: to a server that speaks S3, PyPI's moto, and back from there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::pebble::free_port;
use crate::support::{TestBox, eventually};

/// The server, with one bucket; it ends with the test.
struct Moto {
    port: u16,
    child: Child,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    fn start() -> Moto {
        let port = free_port();
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto/bin/moto_server");
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("tests/run installs moto into target/moto");
        let moto = Moto { port, child };
        eventually("it takes a bucket", || moto.curl(&["-X", "PUT"], "/lodge").map(drop));
        moto
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What curl got, when that went well.
    fn curl(&self, more: &[&str], path: &str) -> Option<Vec<u8>> {
        let mut command = Command::new("curl");
        let output = command
            .args(["--silent", "--fail"])
            .args(more)
            .arg(self.url(path))
            .output()
            .unwrap();
        output.status.success().then_some(output.stdout)
    }

    /// Fetches what lies under that name, as whoever restores it does, by Amazon's own client.
    fn fetch(&self, name: &str, to: &Path) {
        let program = "import boto3, sys\nc = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1', \
                       aws_access_key_id='AKIAEXAMPLE', aws_secret_access_key='a secret of the bucket')\n\
                       c.download_file('lodge', sys.argv[2], sys.argv[3])";
        let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto/bin/python");
        let done = Command::new(python)
            .args(["-c", program, &self.url(""), name])
            .arg(to)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// The names in the bucket.
    fn names(&self) -> Vec<String> {
        let listed = String::from_utf8(self.curl(&[], "/lodge?list-type=2").unwrap()).unwrap();
        let keys = listed
            .split("<Key>")
            .skip(1)
            .map(|rest| rest.split("</Key>").next().unwrap().to_owned());
        keys.collect()
    }
}

struct Away {
    running: TestBox,
    moto: Moto,
    key: PathBuf,
}

impl Away {
    fn new() -> Away {
        let running = TestBox::unstarted("");
        let key = gatelodge::store::BackupKey::generate();
        let file = running.dir.join("key.txt");
        std::fs::write(&file, key.identity()).unwrap();
        std::fs::write(running.dir.join("recipient.txt"), &key.recipient).unwrap();
        std::fs::write(running.dir.join("secret"), "a secret of the bucket\n").unwrap();
        Away {
            running,
            moto: Moto::start(),
            key: file,
        }
    }

    fn configure(&self, bucket: &str) {
        let dir = &self.running.dir;
        self.running.configure(&format!(
            "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[backup]\ntarget = \"s3://{bucket}/elm-court\"\nkeep = 2\n\
             key_file = {:?}\ns3 = {{ endpoint = \"{}\", access_key_id = \"AKIAEXAMPLE\", secret_file = {:?} }}\n",
            dir.join("recipient.txt"),
            self.moto.url(""),
            dir.join("secret")
        ));
    }
}

#[test]
fn a_backup_in_a_bucket_is_sealed_read_again_and_restored() {
    let mut away = Away::new();
    // Of years ago, of somebody else, and of another kind.
    for old in [
        "elm-court/gatelodge-20200101T000000Z.backup.age",
        "elm-court/gatelodge-20210101T000000Z.backup.age",
        "notes.txt",
    ] {
        away.moto
            .curl(&["-X", "PUT", "--data", "x"], &format!("/lodge/{old}"))
            .unwrap();
    }
    away.configure("lodge");
    away.running.run();
    away.running.json(&["user", "add", "anna", "--role", "admin"]);
    let status = eventually("a backup", || {
        let status = away.running.json(&["status"]);
        (!status["store"]["last_backup"].is_null()).then_some(status)
    });
    assert_eq!(status["store"]["last_backup_keys"], "sealed");
    assert!(
        status["store"]["last_trial"]["fault"].is_null() && !status["store"]["last_trial"].is_null(),
        "{status}"
    );
    let names = eventually("the oldest goes", || {
        Some(away.moto.names()).filter(|names| names.len() == 3)
    });
    assert!(names.contains(&"notes.txt".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("20200101")), "{names:?}");
    let newest = names
        .iter()
        .filter(|name| name.starts_with("elm-court/"))
        .max()
        .unwrap();
    // Nothing of it lies about here, and nothing of it is in clear there.
    let left = std::fs::read_dir(away.running.dir.join("data")).unwrap();
    let left: Vec<_> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.starts_with("backup-") || name == "restore-trial"),
        "{left:?}"
    );
    let file = away.running.dir.join("from-the-bucket.age");
    away.moto.fetch(newest, &file);
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    assert!(!String::from_utf8_lossy(&bytes).contains("BEGIN"));
    away.running.stop();
    let restore = |more: &[&str]| {
        away.running
            .command(&[&["restore", file.to_str().unwrap()], more].concat())
    };
    let refused = restore(&["--dry-run"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("--identity-file"),
        "{refused:?}"
    );
    let key = away.key.to_str().unwrap();
    let restored = restore(&["--identity-file", key]);
    assert!(restored.status.success(), "{restored:?}");
    away.running.run();
}

#[test]
fn a_bucket_that_takes_nothing_is_told_with_what_to_do_and_no_secret() {
    let mut away = Away::new();
    away.configure("nowhere");
    away.running.run();
    let trouble = eventually("it is told", || {
        let status = away.running.json(&["status"]);
        status["store"]["backup_trouble"].as_str().map(str::to_owned)
    });
    assert!(
        trouble.contains("s3://nowhere/elm-court/") && trouble.contains("NoSuchBucket"),
        "{trouble}"
    );
    assert!(trouble.contains("make the bucket"), "{trouble}");
    let log = away.running.log();
    assert!(
        !log.contains("a secret of the bucket") && !log.contains("X-Amz-Signature"),
        "{log}"
    );
    assert!(away.running.json(&["status"])["store"]["last_backup"].is_null());
}
