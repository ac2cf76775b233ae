//! `quickstart`: a box is set up by flags or by answers, is taken up where it was left, and nothing is changed by what is wrong.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::meter::command::Simulation;
use crate::support::TestBox;
use crate::support::test_box::binary;

const BARE: &str = "[http]\nlisten = [\"127.0.0.1:0\"]\n[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n";
const SERIAL: &str = "EML2137580826";
const OTHER: &str = "EML2244826911";

/// A box that nobody set up, and what an installer has at hand.
struct Bare {
    running: TestBox,
    meters: Simulation,
    links: [String; 2],
}

impl Bare {
    fn start() -> Bare {
        let running = TestBox::start_with(BARE);
        std::fs::create_dir(running.dir.join("stick")).unwrap();
        let (meters, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL, "--count", "2"], 2);
        let link = |at: usize| format!("tcp://{}", printed[at]["address"].as_str().unwrap());
        let links = [link(0), link(1)];
        Bare { running, meters, links }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.running.dir.join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("conf.d/10-quickstart.toml")
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = binary();
        command
            .arg("quickstart")
            .args(more)
            .arg("--config")
            .arg(self.running.config_file());
        command.current_dir(&self.running.dir).stdin(Stdio::null());
        command
    }

    fn run(&self, more: &[&str]) -> (Value, Output) {
        let output = self.command(&[more, &["--json"]].concat()).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (report, output)
    }

    /// With all that is wanted, but for meters.
    fn whole(&self, more: &[&str]) -> (Value, Output) {
        let stick = self.path("stick");
        let wanted = [
            "--name",
            "Elm Court",
            "--timezone",
            "Europe/London",
            "--hostname",
            "127.0.0.1",
            "--admin",
            "anna",
            "--backup-to",
            stick.to_str().unwrap(),
        ];
        self.run(&[&wanted, more].concat())
    }

    fn list(&self, text: &str) -> String {
        let file = self.path("meters.txt");
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }
}

/// The verdict and the words of a step.
fn step(report: &Value, chapter: &str, name: &str) -> (String, String) {
    let chapters = report["chapters"].as_array().unwrap_or_else(|| panic!("{report}"));
    let found = chapters
        .iter()
        .find(|one| one["name"].as_str().unwrap().contains(chapter));
    let steps = found.unwrap_or_else(|| panic!("no {chapter}: {report}"))["steps"]
        .as_array()
        .unwrap()
        .clone();
    let found = steps.iter().find(|one| one["step"].as_str().unwrap().contains(name));
    let found = found.unwrap_or_else(|| panic!("no {name} in {chapter}: {report:#}"));
    (
        found["state"].as_str().unwrap().to_owned(),
        found["words"].as_str().unwrap().to_owned(),
    )
}

/// What is to be done about a step.
fn next_step(report: &Value, chapter: &str, name: &str) -> String {
    let chapters = report["chapters"].as_array().unwrap();
    let mut steps = chapters
        .iter()
        .filter(|one| one["name"].as_str().unwrap().contains(chapter))
        .flat_map(|one| one["steps"].as_array().unwrap());
    let found = steps.find(|one| one["step"].as_str().unwrap().contains(name)).unwrap();
    found["next_step"].as_str().unwrap().to_owned()
}

#[test]
fn flags_alone_set_a_box_up_and_once_more_change_nothing() {
    let mut bare = Bare::start();
    let before = std::fs::read(bare.running.config_file()).unwrap();
    let meters = bare.list(&format!(
        "{SERIAL} {} Flat 1\n{OTHER}; {}; Flat 2\n",
        bare.links[0], bare.links[1]
    ));
    let (report, output) = bare.whole(&["--meters", &meters]);
    // One meter is another than it is said to be.
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(report["wrong"], json!(1), "{report:#}");
    assert_eq!(step(&report, "name", "name").0, "done");
    assert_eq!(
        step(&report, "reach", "certificate"),
        ("done".into(), step(&report, "reach", "certificate").1)
    );
    let (verdict, words) = step(&report, "meters", "Flat 1");
    assert_eq!(verdict, "done", "{words}");
    let (verdict, words) = step(&report, "meters", "Flat 2");
    assert!(
        verdict == "wrong" && words.contains("another meter answers: EML2137580827"),
        "{words}"
    );
    assert_eq!(step(&report, "4  people", "anna").0, "waits");
    let (verdict, words) = step(&report, "backup", "restores");
    assert!(verdict == "done" && words.contains("its keys opened"), "{words}");
    // Its own file is as it was; what opens backups is for its owner alone.
    assert_eq!(std::fs::read(bare.running.config_file()).unwrap(), before);
    let key = bare.path("gatelodge-backup-key.txt");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    // The link leads to where the password is chosen; so does the root.
    let link = report["link"].as_str().unwrap();
    let (_, path) = link.split_once("/welcome/").unwrap();
    let welcome = bare.running.https().ask("GET", &format!("/welcome/{path}"), &[]);
    assert_eq!(welcome.status, 200, "{}", welcome.text());
    let root = bare.running.https().ask("GET", "/root.pem", &[]);
    assert_eq!(root.text(), std::fs::read_to_string(bare.running.ca_file()).unwrap());
    assert_eq!(root.header("content-type"), Some("application/x-x509-ca-cert"));
    // The sheet has what is handed over, and no secret.
    let sheet = std::fs::read_to_string(bare.path("gatelodge-sheet.html")).unwrap();
    let secret = std::fs::read_to_string(&key).unwrap();
    let secret = secret.lines().find(|line| line.starts_with("AGE-SECRET-KEY")).unwrap();
    assert!(
        sheet.contains("Elm Court") && sheet.contains(SERIAL) && sheet.contains("kWh at"),
        "{sheet}"
    );
    assert!(!sheet.contains(secret) && !sheet.contains(path));
    // Once more, as somebody who looks again.
    let file = std::fs::read(bare.file()).unwrap();
    let (again, output) = bare.run(&[]);
    // The meter that came to nothing is asked again, by the next move of which it becomes a right one.
    assert_eq!(output.status.code(), Some(1), "{again:#}");
    assert_eq!(step(&again, "meters", "Flat 2").0, "wrong");
    let next = next_step(&again, "meters", "Flat 2");
    assert!(
        next.contains(&format!("gatelodge meter add EML2137580827 --link {}", bare.links[1])),
        "{next}"
    );
    let meters = bare.list(&format!("EML2137580827 {} Flat 2\n", bare.links[1]));
    let (again, output) = bare.run(&["--meters", &meters]);
    assert_eq!(output.status.code(), Some(0), "{again:#}");
    let (again, output) = bare.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{again:#}");
    assert_eq!(std::fs::read(bare.file()).unwrap(), file);
    assert_eq!(again["link"], Value::Null);
    assert_eq!(step(&again, "meters", "answer").1, "2 of 2 answer");
    assert_eq!(bare.running.json(&["user", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(step(&again, "backup", "key").0, "waits", "it still lies on the box");
    std::fs::rename(&key, bare.path("stick/taken-away.txt")).unwrap();
    let (taken, _) = bare.run(&[]);
    assert_eq!(step(&taken, "backup", "key").0, "done");
    // Without that file, as on a box that was restored without /etc/gatelodge, the meters are missed.
    bare.running.stop();
    std::fs::remove_file(bare.file()).unwrap();
    bare.running.run();
    let told = String::from_utf8(bare.running.command(&["status"]).stdout).unwrap();
    assert!(
        told.contains("2 meters are in the book, and their room is closed"),
        "{told}"
    );
    drop(bare.meters);
}

#[test]
fn what_is_wrong_changes_nothing_and_says_what_to_do() {
    let bare = Bare::start();
    let twice = bare.list(&format!("{SERIAL} {}\n{SERIAL} {}\n", bare.links[0], bare.links[1]));
    for (arguments, code, words) in [
        (&["--hostname", "no name"][..], 3, "site.hostname"),
        (&["--timezone", "Mars/Olympus"], 3, "time zone"),
        (
            &["--hostname", "127.0.0.1", "--certificate", "acme"],
            3,
            "conf.d/10-quickstart.toml:4:1: `site.hostname`",
        ),
        (&["--certificate", "magic"], 2, "magic"),
    ] {
        let (_, output) = bare.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!bare.file().exists(), "{arguments:?}");
    }
    let (_, output) = bare.run(&["--meters", &twice]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("line 2"), "{said}");
    assert_eq!(bare.running.json(&["status"])["meters"], Value::Null);
    // A folder that is not there is never made: it may be a disk that is not there.
    let (report, output) = bare.run(&["--backup-to", bare.path("nowhere").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(step(&report, "backup", "backup").0, "wrong");
    assert!(!bare.path("nowhere").exists() && !bare.path("gatelodge-backup-key.txt").exists());
}

#[test]
fn one_at_a_time_and_where_it_can_write() {
    let bare = Bare::start();
    std::fs::create_dir(bare.path("conf.d")).unwrap();
    let held = std::fs::File::open(bare.path("conf.d")).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let (_, output) = bare.whole(&[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(5) && said.contains("another quickstart"),
        "{said}"
    );
    drop(held);
    std::fs::remove_dir(bare.path("conf.d")).unwrap();
    std::fs::write(bare.path("conf.d"), "").unwrap();
    let (_, output) = bare.whole(&[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && said.contains("conf.d") && said.contains("as root"),
        "{said}"
    );
}

#[test]
fn a_box_that_does_not_run_is_named_and_what_was_said_is_kept() {
    let mut bare = Bare::start();
    bare.running.kill();
    let (report, output) = bare.whole(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(step(&report, "reach", "box").0, "wrong");
    bare.running.run();
    let (report, _) = bare.run(&[]);
    assert!(step(&report, "name", "name").1.contains("Elm Court"), "{report:#}");
}

#[test]
fn what_is_set_is_what_the_box_that_answers_reads() {
    let bare = Bare::start();
    // A link to the file, in another folder: what would be written beside it, the box never reads.
    let folder = bare.path("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    let link = folder.join("config.toml");
    std::os::unix::fs::symlink(bare.running.config_file(), &link).unwrap();
    let mut command = binary();
    command.args(["quickstart", "--name", "Wrong", "--config"]).arg(&link);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(5) && said.contains("the box that answers runs with"),
        "{said}"
    );
    // What was written and never told to the box is told now; what another file says is no success.
    std::fs::create_dir(bare.path("conf.d")).unwrap();
    std::fs::write(bare.file(), "[site]\nname = \"Elm\"\n").unwrap();
    bare.run(&[]);
    let page = bare.running.https().ask("GET", "/docs", &[("accept", "text/html")]);
    assert!(page.text().contains("Elm"), "{}", page.text());
    std::fs::write(bare.path("conf.d/20-ours.toml"), "[site]\nname = \"Ours\"\n").unwrap();
    let (report, output) = bare.run(&["--name", "Mine"]);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert!(step(&report, "name", "name").1.contains("another file"), "{report:#}");
}

#[test]
fn killed_anywhere_it_leaves_a_configuration_that_starts_and_goes_on() {
    let bare = Bare::start();
    let stick = bare.path("stick");
    let meters = bare.list(&format!("{SERIAL} {}\n", bare.links[0]));
    let wanted = [
        "--name",
        "Elm Court",
        "--hostname",
        "127.0.0.1",
        "--admin",
        "anna",
        "--meters",
        &meters,
        "--backup-to",
        stick.to_str().unwrap(),
    ];
    for round in 0..12 {
        let mut child = bare
            .command(&wanted)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(15 * (1 << (round % 6))));
        child.kill().unwrap();
        child.wait().unwrap();
        let checked = bare.running.command(&["check-config"]);
        assert!(checked.status.success(), "round {round}: {checked:?}");
    }
    let (report, output) = bare.run(&wanted);
    assert_eq!(output.status.code(), Some(0), "{report:#} {output:?}");
    assert_eq!(step(&report, "backup", "restores").0, "done");
    assert_eq!(bare.running.json(&["user", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(bare.running.json(&["meter", "list"]).as_array().unwrap().len(), 1);
    let left: Vec<_> = std::fs::read_dir(bare.path("conf.d"))
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert_eq!(left, ["10-quickstart.toml"]);
}

#[test]
fn on_a_terminal_at_most_six_questions_are_asked() {
    let bare = Bare::start();
    let answers = json!([
        ["What do people call the building?", "Elm Court"],
        ["Under which name or address", "127.0.0.1"],
        [
            "Meters: paste a line each",
            format!("{SERIAL} {} Flat 1\n", bare.links[0])
        ],
        ["Who looks after the box?", "anna"],
        ["Where do daily backups go?", bare.path("stick")],
        ["Is a broker or platform told", ""],
    ]);
    let program = env!("CARGO_BIN_EXE_gatelodge");
    let output = Command::new("python3")
        .args([
            "tests/it/quickstart.py",
            &answers.to_string(),
            program,
            "quickstart",
            "--config",
        ])
        .arg(bare.running.config_file())
        .arg("--backup-key")
        .arg(bare.path("key.txt"))
        .arg("--sheet")
        .arg(bare.path("sheet.html"))
        .output()
        .unwrap();
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{seen}");
    assert!(seen.contains("left over: []"), "{seen}");
    for said in [
        "answers as EML2137580826",
        "0 wrong",
        "/welcome/",
        "█",
        "its keys opened",
    ] {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    assert_eq!(seen.matches("[default").count(), 0);
    assert!(bare.path("sheet.html").exists());
}
