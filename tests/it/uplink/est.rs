//! A platform that certifies devices, in Python with openssl, and a mosquitto that believes its authority.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::broker::Broker;
use crate::support::TestBox;

pub const OTP: &str = "one-Time:secret-42";

/// The platform and its broker; both end when this is dropped.
pub struct Est {
    pub broker: Broker,
    pub port: u16,
    child: Child,
}

fn openssl(args: &[&str]) {
    let done = Command::new("openssl").args(args).output().unwrap();
    assert!(
        done.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

impl Est {
    pub fn start() -> Est {
        let mut broker = Broker::unstarted();
        let folder = broker.pki.dir.join("est");
        std::fs::create_dir(&folder).unwrap();
        let file = |name: &str| folder.join(name).display().to_string();
        // The broker believes the first and not the second.
        for name in ["ca", "stranger"] {
            let (key, pem) = (file(&format!("{name}.key")), file(&format!("{name}.pem")));
            let subject = format!("/CN={name}");
            openssl(&[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "4000",
                "-subj",
                &subject,
                "-keyout",
                &key,
                "-out",
                &pem,
            ]);
        }
        let conf = broker.pki.dir.join("mosquitto.conf");
        let bundle = broker.pki.dir.join("bundle.pem");
        let root = broker.root("client");
        let both = [root.clone(), folder.join("ca.pem")].map(|file| std::fs::read_to_string(file).unwrap());
        std::fs::write(&bundle, both.concat()).unwrap();
        let text = std::fs::read_to_string(&conf).unwrap();
        let believed = format!("cafile {}", root.display());
        std::fs::write(&conf, text.replace(&believed, &format!("cafile {}", bundle.display()))).unwrap();
        broker.run();
        std::fs::write(folder.join("otp"), OTP).unwrap();
        std::fs::write(folder.join("manners.json"), "{}").unwrap();
        let mut child = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/uplink/est.py"))
            .arg(&folder)
            .args([broker.file("localhost", "chain"), broker.file("localhost", "key")])
            .arg("lodge-1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        Est {
            port: port.trim().parse().expect("est.py says its port"),
            broker,
            child,
        }
    }

    fn folder(&self) -> PathBuf {
        self.broker.pki.dir.join("est")
    }

    /// How it behaves from now on.
    pub fn behave(&self, manners: &Value) {
        let beside = self.folder().join("manners.new");
        std::fs::write(&beside, manners.to_string()).unwrap();
        std::fs::rename(beside, self.folder().join("manners.json")).unwrap();
    }

    /// It takes this one-time password, once.
    pub fn register(&self, otp: &str) {
        std::fs::write(self.folder().join("otp"), otp).unwrap();
    }

    pub fn asked(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder().join("asked.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Those of them that went to this path.
    pub fn asked_for(&self, path: &str) -> Vec<Value> {
        let mut asked = self.asked();
        asked.retain(|asked| asked["path"] == json!(format!("/.well-known/est/{path}")));
        asked
    }

    /// Where the box finds its one-time password.
    pub fn otp_file(&self) -> PathBuf {
        self.broker.pki.dir.join("otp-of-the-box")
    }

    /// The section `[uplink]`, without a one-time password.
    pub fn section(&self) -> String {
        format!(
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://localhost:{}\"\nca_file = {:?}\nclient_id = \"lodge-1\"\n\
             auth = \"est\"\nhttp_url = \"https://localhost:{}\"\n",
            self.broker.by_certificate,
            self.broker.root("server"),
            self.port
        )
    }

    /// The same with one.
    pub fn section_with_otp(&self) -> String {
        format!("{}otp_file = {:?}\n", self.section(), self.otp_file())
    }

    /// A box that was certified and is connected.
    pub fn enrolled(&self) -> TestBox {
        std::fs::write(self.otp_file(), format!("{OTP}\n")).unwrap();
        let running = TestBox::start_with(&self.section_with_otp());
        connected(&running);
        running
    }
}

impl Drop for Est {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the box is connected; how the uplink is.
pub fn connected(running: &TestBox) -> Value {
    crate::support::eventually("it is connected", || {
        let shown = running.json(&["uplink", "status"]);
        shown["connected_since"].is_string().then_some(shown)
    })
}
