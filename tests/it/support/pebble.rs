//! Pebble, Let's Encrypt's ACME server for tests, with a certificate of its own, on free ports.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gatelodge::pki::{Hierarchy, Pki, Request, Usage};
use gatelodge::store::{Options, Store};
use jiff::Timestamp;
use tempfile::TempDir;

use super::eventually;
use super::https::{Https, config};
use super::meddler::{self, Fault};

/// What the tests' boxes are called; Pebble's name server says that every name leads to 127.0.0.1.
pub const NAME: &str = "lodge.example.org";

/// The account elsewhere that it knows, and its key.
pub const EAB_KEY_ID: &str = "kid-1";
pub const EAB_KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

/// How Pebble behaves.
pub struct Behaviour {
    /// How long certificates live, in seconds.
    pub life: u32,
    /// Where it looks for HTTP-01 answers.
    pub http: u16,
    /// Where it looks for TLS-ALPN-01 answers.
    pub tls: u16,
    /// Out of a hundred nonces, so many are rejected.
    pub rejected_nonces: u32,
    /// It takes only accounts that are bound to the one elsewhere that it knows.
    pub refuses_accounts: bool,
}

impl Behaviour {
    pub fn looking_at(tls: u16) -> Behaviour {
        Behaviour {
            life: 3600,
            http: 9,
            tls,
            rejected_nonces: 0,
            refuses_accounts: false,
        }
    }
}

/// A prepared server; it is killed when this is dropped.
pub struct Pebble {
    folder: TempDir,
    root: PathBuf,
    port: u16,
    management: u16,
    children: Vec<Child>,
}

impl Pebble {
    /// One that runs.
    pub fn start(behaviour: &Behaviour) -> Pebble {
        let mut pebble = Pebble::unstarted();
        pebble.run(behaviour);
        pebble
    }

    /// One whose address is known and that does not answer yet.
    pub fn unstarted() -> Pebble {
        gatelodge::tls::install_provider();
        let folder = tempfile::Builder::new().prefix("pb").tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let root = runtime.block_on(identity(&folder));
        Pebble {
            folder,
            root,
            port: free_port(),
            management: free_port(),
            children: Vec::new(),
        }
    }

    pub fn run(&mut self, behaviour: &Behaviour) {
        let text = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": self.folder.path().join("pebble.chain.pem"),
            "privateKey": self.folder.path().join("pebble.key.pem"),
            "httpPort": behaviour.http,
            "tlsPort": behaviour.tls,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": behaviour.refuses_accounts,
            "externalAccountMACKeys": { (EAB_KEY_ID): EAB_KEY },
            "certificateValidityPeriod": behaviour.life,
        }});
        let file = self.folder.path().join("pebble.json");
        std::fs::write(&file, text.to_string()).unwrap();
        let (dns, desk) = (free_port(), free_port());
        let mut names = self.program("pebble-challtestsrv");
        names.args([
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
        ]);
        names.args([
            "-dns01",
            &format!("127.0.0.1:{dns}"),
            "-management",
            &format!("127.0.0.1:{desk}"),
        ]);
        let mut server = self.program("pebble");
        server
            .arg("-config")
            .arg(&file)
            .args(["-dnsserver", &format!("127.0.0.1:{dns}")]);
        server.env("PEBBLE_VA_NOSLEEP", "1");
        server.env("PEBBLE_WFE_NONCEREJECT", behaviour.rejected_nonces.to_string());
        for mut command in [names, server] {
            let child = command.spawn();
            self.children
                .push(child.unwrap_or_else(|error| panic!("{command:?}: {error}; apt-get install pebble")));
        }
        eventually("Pebble answers", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    fn program(&self, name: &str) -> Command {
        let log = std::fs::File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        let mut command = Command::new(name);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    /// Takes it away.
    pub fn stop(&mut self) {
        for mut child in self.children.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The root of its own certificate.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where it keeps things, and what stands before it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it answers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The section `[acme]` of a box that orders here, impatiently.
    pub fn section(&self) -> String {
        self.section_at(self.port)
    }

    /// The same for a box that orders through somebody who meddles.
    pub fn section_behind(&self, fault: Fault) -> String {
        let place = (self.folder.path(), self.root.as_path());
        self.section_at(meddler::start(fault, ([127, 0, 0, 1], self.port).into(), place))
    }

    fn section_at(&self, port: u16) -> String {
        format!(
            "[acme]\ndirectory = \"https://127.0.0.1:{}/dir\"\ncontact = [\"it@example.org\"]\nca_file = {:?}\n\
             order_deadline = \"20s\"\nretry_first = \"500ms\"\nretry_longest = \"2s\"\n",
            port, self.root
        )
    }

    /// The root of what it issues now, in a file: it makes a new one at every start.
    pub fn issued_root(&self) -> PathBuf {
        let address = ([127, 0, 0, 1], self.management).into();
        let mut https = Https::connect(address, config(&self.root, None)).unwrap();
        let answer = https.ask("GET", "/roots/0", &[]);
        let file = self.folder.path().join("issued-root.pem");
        std::fs::write(&file, answer.body).unwrap();
        file
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("pebble.log")).unwrap_or_default()
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("--- Pebble logged ---\n{}", self.log());
        }
    }
}

/// Pebble's own certificate; answers its root.
async fn identity(folder: &TempDir) -> PathBuf {
    let store = Store::open(Options::new(folder.path().join("book"))).unwrap();
    let pki = Pki::open(folder.path().join("pki"), store.clone()).unwrap();
    let now = Timestamp::now();
    pki.init(now).await.unwrap();
    let request = Request {
        usage: Some(Usage::Server),
        hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
        ..Request::new(Hierarchy::Server, "pebble")
    };
    pki.issue(request, Some(folder.path().to_owned()), now).await.unwrap();
    store.close().await;
    pki.files(Hierarchy::Server).root_certificate
}

/// A port that nobody listens on now, below those that the system gives to outgoing connections.
pub fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 11_000 + u16::try_from((std::process::id() * 37 + step) % 20_000).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
