//! The pages on `/docs` for a bad day: each is served, and every command on it works on a box in that state.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::meter::command::Simulation;
use crate::support::TestBox;

const SECTIONS: &str = "[http]\nlisten = [\"127.0.0.1:0\"]\n[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[meters]\n\
                        [meters.polling]\nreads = \"off\"\npower = \"off\"\n";
const OLD: &str = "EML2137580826";

/// The pages, by their files.
fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/guide");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// The commands of a page, a block each, as a shell reads them.
fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("<pre class=\"run\"><code>").skip(1);
    blocks
        .map(|block| {
            let text = block.split("</code></pre>").next().unwrap();
            text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        })
        .collect()
}

/// A box, and a shell in which `gatelodge` means it, with what a page is about around it.
struct Stage {
    running: TestBox,
    _meters: Simulation,
    /// What stands in the place of what pages name.
    instead: Vec<(&'static str, String)>,
}

impl Stage {
    fn new(page: &str) -> Stage {
        let running = TestBox::start_with(SECTIONS);
        let (meters, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", OLD, "--count", "2"], 2);
        let link = |at: usize| format!("tcp://{}", printed[at]["address"].as_str().unwrap());
        running.json(&["meter", "add", OLD, "--link", &link(0)]);
        running.json(&["user", "add", "anna", "--role", "admin"]);
        running.json(&["user", "add", "clara", "--role", "resident", "--meter", OLD]);
        let stick = running.dir.join("stick");
        std::fs::create_dir(&stick).unwrap();
        std::fs::create_dir(running.dir.join("etc")).unwrap();
        std::fs::create_dir(running.dir.join("conf.d")).unwrap();
        let path = |name: &str| running.dir.join(name).display().to_string();
        let instead = vec![
            ("/mnt/usb", path("stick")),
            ("/etc/gatelodge/conf.d", path("conf.d")),
            ("/var/lib/gatelodge", path("data")),
            ("192.0.2.20", "127.0.0.1".to_owned()),
            // A meter that moved is the old one; else it is another.
            ("tcp://10.0.0.7:8080", link(usize::from(page != "changed-network"))),
        ];
        let stage = Stage {
            running,
            _meters: meters,
            instead,
        };
        stage.programs();
        stage
    }

    /// `gatelodge` for this box, `sudo` for who is root already, `systemctl` for a box without systemd.
    fn programs(&self) {
        let folder = self.running.dir.join("bin");
        std::fs::create_dir(&folder).unwrap();
        let (program, config) = (env!("CARGO_BIN_EXE_gatelodge"), self.running.config_file());
        let config = config.display();
        let log = self.running.dir.join("log");
        let serve = format!(
            "{program} serve --config {config} </dev/null >>{} 2>&1 &\n  for i in $(seq 200); do {program} status --config \
             {config} >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1",
            log.display()
        );
        let stop = format!(
            "kill $({program} status --json --config {config} | sed 's/.*\"process\":\\([0-9]*\\).*/\\1/')\n  while {program} \
             status --config {config} >/dev/null 2>&1; do sleep 0.1; done"
        );
        for (name, text) in [
            ("gatelodge", format!("exec {program} \"$@\" --config {config}")),
            ("sudo", "exec \"$@\"".to_owned()),
            (
                "systemctl",
                format!(
                    "case $1 in\nstop) {stop} ;;\nstart) {serve} ;;\nreload) {program} config reload --config {config} ;;\n*) exit 2 ;;\nesac"
                ),
            ),
        ] {
            let file = folder.join(name);
            std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn run(&self, block: &str) -> Output {
        let text = self
            .instead
            .iter()
            .fold(block.to_owned(), |text, (named, ours)| text.replace(named, ours));
        let path = format!(
            "{}:{}",
            self.running.dir.join("bin").display(),
            std::env::var("PATH").unwrap()
        );
        Command::new("sh")
            .args(["-e", "-c", &text])
            .env("PATH", path)
            .current_dir(&self.running.dir)
            .output()
            .unwrap()
    }

    /// A backup with keys on the stick, and the key that opens them.
    fn backed_up(&self) {
        let stick = self.running.dir.join("stick");
        let key = gatelodge::store::BackupKey::generate();
        std::fs::write(stick.join("gatelodge-backup-key.txt"), key.identity()).unwrap();
        let recipient = self.running.dir.join("recipient.txt");
        std::fs::write(&recipient, &key.recipient).unwrap();
        let file = stick.join("lodge.backup");
        self.running.json(&[
            "backup",
            file.to_str().unwrap(),
            "--key-file",
            recipient.to_str().unwrap(),
        ]);
    }

    /// As the page finds it.
    fn as_on(&self, page: &str) {
        if matches!(page, "lost-authority" | "replaced-box") {
            self.backed_up();
        }
    }

    fn root(&self) -> PathBuf {
        self.running.ca_file()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A page may have started another one than the test did.
        let _ = self.run("systemctl stop");
    }
}

#[test]
fn every_page_is_listed_and_served() {
    let running = TestBox::start();
    let listed = running.https().ask("GET", "/docs", &[("accept", "text/html")]).text();
    for (name, _) in pages() {
        let path = format!("/docs/{name}");
        assert!(listed.contains(&format!("href=\"{path}\"")), "{path} is not listed");
        let page = running.https().ask("GET", &path, &[("accept", "text/html")]);
        assert_eq!(page.status, 200, "{path}");
        // Pages lead to pages that are there.
        let text = page.text();
        for link in text
            .split("href=\"/docs/")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            let known = link == "privacy" || pages().iter().any(|(name, _)| name == link);
            assert!(known, "{path} leads to /docs/{link}");
        }
    }
}

#[test]
fn every_command_of_every_page_works() {
    let with_commands = pages().into_iter().map(|(name, text)| (name, commands(&text)));
    let with_commands: Vec<_> = with_commands.filter(|(_, blocks)| !blocks.is_empty()).collect();
    assert!(with_commands.len() >= 8, "{}", with_commands.len());
    // Most of it is waiting for meters, which take their time.
    std::thread::scope(|scope| {
        for (name, blocks) in with_commands {
            scope.spawn(move || walk(&name, &blocks));
        }
    });
}

fn walk(name: &str, blocks: &[String]) {
    let stage = Stage::new(name);
    stage.as_on(name);
    for block in blocks {
        let done = stage.run(block);
        assert!(
            done.status.success(),
            "{name}: {block}\n{}\n{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
    after(&stage, name);
}

/// What is so once the commands of a page were done.
fn after(stage: &Stage, page: &str) {
    let running = &stage.running;
    let names = |list: &[&str], key: &str| -> Vec<String> {
        let rows = running.json(list);
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row[key].as_str().unwrap().to_owned())
            .collect()
    };
    match page {
        "lost-password" => assert!(names(&["user", "list"], "name").contains(&"ben".to_owned())),
        "replaced-meter" => assert_eq!(names(&["meter", "list"], "serial"), ["EML2137580827"]),
        "replaced-box" => assert!(names(&["user", "list"], "name").contains(&"clara".to_owned())),
        "lost-authority" => assert!(stage.root().exists()),
        "full-disk" => {
            let shown = running.json(&["config", "show"]);
            assert_eq!(shown["retention.history"]["value"], "7d", "{shown}");
        }
        "after-a-winter" => assert!(running.dir.join("gateway-7/gateway-7.cert.pem").exists()),
        _ => {}
    }
}
