//! Programs that are told, written in Python: they check signatures by themselves, answer badly, hang, die and come back.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::pebble::free_port;
use crate::support::tinyproxy::Tinyproxy;
use crate::support::{TestBox, eventually};

const SECRET: &str = "a secret of more than sixteen bytes";

/// A program that is told.
struct Receiver {
    port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Receiver {
    fn unstarted() -> Receiver {
        let receiver = Receiver {
            port: free_port(),
            folder: tempfile::tempdir().unwrap(),
            child: None,
        };
        std::fs::write(receiver.secret(), format!("{SECRET}\n")).unwrap();
        receiver.mood("ok");
        receiver
    }

    fn start() -> Receiver {
        let mut receiver = Receiver::unstarted();
        receiver.run();
        receiver
    }

    fn run(&mut self) {
        let mut child = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/occupancy/receiver.py"))
            .args([&self.port.to_string(), SECRET])
            .arg(self.folder.path().join("mood"))
            .arg(self.folder.path().join("out"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs: apt-get install python3");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "listens\n");
        self.child = Some(child);
    }

    fn die(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// How it answers from now on.
    fn mood(&self, mood: &str) {
        let (file, beside) = (self.folder.path().join("mood"), self.folder.path().join("mood.new"));
        std::fs::write(&beside, mood).unwrap();
        std::fs::rename(beside, file).unwrap();
    }

    fn secret(&self) -> PathBuf {
        self.folder.path().join("secret")
    }

    /// What it was told, in order, each with how it answered.
    fn told(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("out")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What it took: topic and count, each delivery once, in the order in which it took them first.
    fn took(&self) -> Vec<(String, u64)> {
        let mut seen = Vec::new();
        for told in self.told().into_iter().filter(|told| told["mood"] == "ok") {
            if !seen.iter().any(|(id, _)| *id == told["id"]) {
                let message = &told["message"];
                let word = message["type"].as_str().unwrap().to_owned();
                let current = message["data"]["occupancy"]["current"].as_u64().unwrap_or(0);
                seen.push((told["id"].clone(), (word, current)));
            }
        }
        seen.into_iter().map(|(_, word)| word).collect()
    }

    fn section(&self, name: &str, more: &str) -> String {
        format!(
            "[[occupancy.webhook]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:{}/hook?token=hidden\"\nsecret_file = {:?}\n\
             timeout = \"1s\"\nretry_first = \"100ms\"\n{more}\n",
            self.port,
            self.secret(),
        )
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let ended = child.try_wait().unwrap();
            let _ = child.kill();
            let _ = child.wait();
            if !std::thread::panicking() {
                assert!(ended.is_none(), "the receiver did not believe a request: {ended:?}");
            }
        }
    }
}

const DOORS: &str = "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n";
const LEVELS: &str = "events = [\"space.free\", \"space.warn\", \"space.full\", \"space.over\"]";

fn hall(running: &TestBox) -> String {
    let space = running.json(&["space", "create", "--name", "Hall", "--maximum", "10"]);
    space["id"].as_str().unwrap().to_owned()
}

fn count(running: &TestBox, space: &str, current: u32) {
    running.json(&["space", "set", space, "--current", &current.to_string()]);
}

fn words(words: &[(&str, u64)]) -> Vec<(String, u64)> {
    words
        .iter()
        .map(|(word, current)| ((*word).to_owned(), *current))
        .collect()
}

#[test]
fn a_program_is_told_once_of_each_level_in_order_signed_and_by_nobody_else() {
    let receiver = Receiver::start();
    let alarms = Receiver::start();
    let sections = [
        DOORS,
        &receiver.section("desk", LEVELS),
        &alarms.section("alarms", "events = [\"alarm.raised\", \"alarm.cleared\"]"),
    ];
    let running = TestBox::start_with(&sections.concat());
    let space = hall(&running);
    for current in [7, 8, 7, 8, 10, 9, 10, 12, 10, 3] {
        count(&running, &space, current);
    }
    // From warn at 80 % and full at 100 % on, each left 5 points below; nothing in between is told.
    let expected = words(&[
        ("space.warn", 8),
        ("space.free", 7),
        ("space.warn", 8),
        ("space.full", 10),
        ("space.warn", 9),
        ("space.full", 10),
        ("space.over", 12),
        ("space.full", 10),
        ("space.free", 3),
    ]);
    eventually("every level was told", || (receiver.took() == expected).then_some(()));
    let told = receiver.told();
    assert_eq!(told.len(), expected.len(), "each once");
    assert_eq!(told[0]["path"], "/hook?token=hidden");
    let data = &told[0]["message"]["data"];
    assert_eq!(
        (&data["space"], &data["name"], &data["before"]),
        (&json!(space), &json!("Hall"), &json!("free"))
    );
    eventually("the alarms were told", || (alarms.took().len() == 4).then_some(()));
    let alarm = &alarms.told()[0]["message"];
    assert_eq!(
        (&alarm["type"], &alarm["data"]["alarm"]["text"]),
        (&json!("alarm.raised"), &json!("Hall is full"))
    );
    // What is shown has neither the secret nor the end of the address in it.
    let shown = running.json(&["webhook", "list"]).to_string() + &running.json(&["webhook", "deliveries"]).to_string();
    let log = running.log();
    for hidden in [SECRET, "token=hidden"] {
        assert!(!shown.contains(hidden) && !log.contains(hidden));
    }
    let effective = String::from_utf8(running.command(&["config", "show"]).stdout).unwrap();
    assert!(!effective.contains("token=hidden"), "{effective}");
}

#[test]
fn order_stands_through_failures_and_one_that_hangs_holds_nobody_up() {
    let (mut moody, calm) = (Receiver::start(), Receiver::start());
    moody.mood("500");
    let sections = [DOORS, &moody.section("moody", LEVELS), &calm.section("calm", LEVELS)].concat();
    let mut running = TestBox::start_with(&sections);
    let space = hall(&running);
    for current in [8, 10, 0] {
        count(&running, &space, current);
    }
    let first = words(&[("space.warn", 8), ("space.full", 10), ("space.free", 0)]);
    eventually("the calm one has all", || (calm.took() == first).then_some(()));
    let tries = |mood: &str| moody.told().iter().filter(|told| told["mood"] == mood).count();
    eventually("the moody one was asked twice and took nothing", || {
        (tries("500") >= 2).then_some(())
    });
    moody.mood("hang");
    eventually("it hangs", || (tries("hang") >= 1).then_some(()));
    // A redirect is not followed, nor is it taken for a yes.
    moody.mood(&format!("redirect http://127.0.0.1:{}/elsewhere", calm.port));
    eventually("it points elsewhere", || {
        moody
            .told()
            .iter()
            .any(|told| told["mood"] != "500" && told["mood"] != "hang")
            .then_some(())
    });
    assert!(
        moody.told().iter().all(|told| told["id"] == moody.told()[0]["id"]),
        "nothing overtakes the first"
    );
    moody.die();
    running.kill();
    running.run();
    count(&running, &space, 11);
    moody.mood("ok");
    moody.run();
    let all = [first, words(&[("space.over", 11)])].concat();
    eventually("everything arrived in order", || (moody.took() == all).then_some(()));
    assert_eq!(calm.took(), all);
    assert!(calm.told().iter().all(|told| told["path"] != "/elsewhere"));
}

#[test]
fn a_box_that_is_killed_between_deliveries_leaves_none_out() {
    let kills: usize = std::env::var("GATELODGE_TEST_WEBHOOK_KILLS").map_or(6, |kills| kills.parse().unwrap());
    let receiver = Receiver::start();
    let mut running = TestBox::start_with(&[DOORS, receiver.section("desk", LEVELS).as_str()].concat());
    let space = hall(&running);
    let mut expected = Vec::new();
    for kill in 0..kills {
        for (word, current) in [
            ("space.warn", 8),
            ("space.full", 10),
            ("space.over", 11),
            ("space.free", 1),
        ] {
            count(&running, &space, current.try_into().unwrap());
            expected.push((word.to_owned(), current));
        }
        // Not a wait for something: the moment of the kill is what is tried out.
        std::thread::sleep(std::time::Duration::from_millis((kill as u64 * 13) % 70));
        running.kill();
        running.run();
    }
    let began = std::time::Instant::now();
    while receiver.took() != expected && began.elapsed().as_secs() < 10 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(receiver.took(), expected);
}

#[test]
fn what_nobody_took_is_a_dead_letter_that_can_be_sent_again() {
    let receiver = Receiver::start();
    receiver.mood("500");
    let section = receiver.section("desk", &format!("give_up = \"1s\"\n{LEVELS}"));
    let running = TestBox::start_with(&[DOORS, section.as_str()].concat());
    let space = hall(&running);
    count(&running, &space, 10);
    let dead = eventually("it is given up", || {
        let dead = running.json(&["webhook", "deliveries", "--state", "dead"]);
        dead.as_array().unwrap().first().cloned()
    });
    assert!(
        dead["attempts"].as_u64().unwrap() > 1 && dead["outcome"].as_str().unwrap().contains("500"),
        "{dead}"
    );
    let made = running.json(&["token", "create", "--name", "ops", "--scope", "spaces:admin"]);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let ask = |method: &str, path: &str, bearer: &str| running.https().ask(method, path, &[("authorization", bearer)]);
    let id = dead["id"].as_str().unwrap();
    let again = format!("/v1/webhooks/desk/deliveries/{id}/replay");
    assert_eq!(ask("POST", &again, "Bearer nonsense").status, 401);
    let counter = running.json(&["token", "create", "--name", "c", "--scope", "spaces:count"]);
    let counter = format!("Bearer {}", counter["token"].as_str().unwrap());
    assert_eq!(ask("POST", &again, &counter).status, 403);
    for unknown in [
        "/v1/webhooks/other/deliveries/1.1.0/replay",
        "/v1/webhooks/desk/deliveries/9.9.9/replay",
    ] {
        assert_eq!(ask("POST", unknown, &bearer).status, 404);
    }
    assert_eq!(ask("GET", "/v1/webhooks/deliveries?state=lost", &bearer).status, 400);
    receiver.mood("ok");
    assert_eq!(ask("POST", &again, &bearer).status, 202);
    eventually("it arrived after all", || {
        (receiver.took() == words(&[("space.full", 10)])).then_some(())
    });
    eventually("it is known to have arrived", || {
        let shown = ask("GET", "/v1/webhooks", &bearer).json();
        (shown[0]["dead"] == 0 && shown[0]["delivered"] == 1).then_some(())
    });
    // Once more on the command line: the same delivery, under the same id.
    running.json(&["webhook", "replay", "desk", id]);
    eventually("it came once more", || {
        (receiver.told().iter().filter(|told| told["mood"] == "ok").count() == 2).then_some(())
    });
    assert!(receiver.told().iter().all(|told| told["id"] == id));
}

/// The newest delivery to `hook`, once it was tried in the receiver's `mood`.
fn tried(running: &TestBox, receiver: &Receiver, mood: &str) -> Value {
    eventually(mood, || {
        receiver.told().iter().any(|told| told["mood"] == mood).then_some(())
    });
    eventually("it is written down", || {
        let target = running.json(&["webhook", "list"])[0].clone();
        (target["last"]["attempts"].as_u64() >= Some(1)).then_some(target)
    })
}

#[test]
fn a_target_that_asks_for_patience_is_left_alone_as_long_as_it_says() {
    for (mood, least, most) in [
        ("503 later 3600", 3_500, 3_601),
        ("429 date 3600", 3_500, 3_601),
        ("410", 86_300, 86_401),
        ("500", -1, -1),
    ] {
        let receiver = Receiver::start();
        receiver.mood(mood);
        let running = TestBox::start_with(&format!("{DOORS}{}", receiver.section("hook", LEVELS)));
        let space = hall(&running);
        count(&running, &space, 10);
        let target = tried(&running, &receiver, mood);
        let status = running.json(&["status"]);
        let aside = &status["webhooks_set_aside"]["hook"];
        if least < 0 {
            assert!(target["not_before"].is_null() && aside.is_null(), "{target} {status}");
            receiver.mood("ok");
            eventually("it is tried again soon", || (!receiver.took().is_empty()).then_some(()));
            continue;
        }
        let until: jiff::Timestamp = target["not_before"].as_str().expect(mood).parse().unwrap();
        let left = until.duration_since(jiff::Timestamp::now()).as_secs();
        assert!((least..=most).contains(&left), "{mood}: {left} s");
        assert_eq!(aside, &target["not_before"], "{status}");
        // The pause outlives a restart: another one, with its first pause of 100 ms, would be tried by now.
        receiver.mood("ok");
        let mut running = running;
        running.kill();
        running.run();
        let other = running.json(&["webhook", "list"])[0].clone();
        assert_eq!(other["not_before"], target["not_before"]);
        assert_eq!(other["last"]["attempts"], 1, "{other}");
        assert_eq!(receiver.told().len(), 1);
    }
}

#[test]
fn an_answer_without_end_counts_by_its_head() {
    let receiver = Receiver::start();
    receiver.mood("endless");
    let running = TestBox::start_with(&format!("{DOORS}{}", receiver.section("hook", LEVELS)));
    let space = hall(&running);
    count(&running, &space, 10);
    let taken = eventually("it is taken", || {
        let target = running.json(&["webhook", "list"])[0].clone();
        (target["delivered"].as_u64() >= Some(1)).then_some(target)
    });
    assert_eq!(taken["last"]["attempts"], 1, "{taken}");
}

/// A reload that is refused after its parts were changed goes back, and what waits for anybody is there still.
#[test]
fn a_reload_that_goes_back_forgets_nothing_that_waits() {
    let mut receiver = Receiver::unstarted();
    let sections = [DOORS, &receiver.section("desk", LEVELS)].concat();
    let running = TestBox::start_with(&sections);
    let space = hall(&running);
    count(&running, &space, 8);
    eventually("it waits", || (waiting(&running) == 1).then_some(()));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let broken = format!("[metrics]\nlisten = [\"{}\"]\n", taken.local_addr().unwrap());
    for wanted in [
        "[https]\nlisten = [\"127.0.0.1:0\"]\n".to_owned(),
        sections.replace("\"desk\"", "\"another\""),
    ] {
        running.configure(&format!("{wanted}{broken}"));
        let output = running.command(&["config", "reload"]);
        assert_eq!(output.status.code(), Some(5), "{output:?}");
        assert_eq!(waiting(&running), 1, "{wanted}");
    }
    receiver.run();
    let expected = words(&[("space.warn", 8)]);
    eventually("it is told", || (receiver.took() == expected).then_some(()));
    // One that is taken does forget.
    running.configure("[https]\nlisten = [\"127.0.0.1:0\"]\n");
    running.json(&["config", "reload"]);
    assert!(running.json(&["webhook", "list"]).as_array().unwrap().is_empty());
    running.configure(&sections);
    running.json(&["config", "reload"]);
    assert_eq!(running.json(&["webhook", "list"])[0]["delivered"], 0, "it begins anew");
}

/// One is tried at a time, and what comes after it waits as well; a target is told nothing that it did not ask for.
#[test]
fn all_that_waits_is_counted_and_not_only_what_is_tried() {
    let mut receiver = Receiver::unstarted();
    let full = receiver.section("full", "events = [\"space.full\"]");
    let sections = [DOORS, &receiver.section("desk", LEVELS), &full].concat();
    let mut running = TestBox::start_with(&sections);
    let space = hall(&running);
    let counts = |running: &TestBox| {
        let targets = running.json(&["webhook", "list"]);
        ["waiting", "delivered"].map(|what| [targets[0][what].as_u64(), targets[1][what].as_u64()].map(Option::unwrap))
    };
    for current in [8, 10, 12, 0] {
        count(&running, &space, current);
    }
    eventually("all of it waits", || {
        (counts(&running) == [[4, 1], [0, 0]]).then_some(())
    });
    running.kill();
    running.run();
    assert_eq!(counts(&running), [[4, 1], [0, 0]], "after a restart as before it");
    receiver.run();
    eventually("all of it is taken", || {
        (counts(&running) == [[0, 0], [4, 1]]).then_some(())
    });
}

fn waiting(running: &TestBox) -> u64 {
    running.json(&["webhook", "list"])[0]["waiting"].as_u64().unwrap()
}

/// Workers have let go of their places when the next ones come.
#[test]
fn a_hundred_reloads_of_a_webhook_break_nothing() {
    let receiver = Receiver::start();
    let sections = [DOORS, &receiver.section("desk", LEVELS)].concat();
    let running = TestBox::start_with(&sections);
    let space = hall(&running);
    for round in 0..100 {
        let pause = if round % 2 == 0 { "\"200ms\"" } else { "\"100ms\"" };
        running.configure(&sections.replace("\"100ms\"", pause));
        running.json(&["config", "reload"]);
        count(&running, &space, if round % 4 < 2 { 8 } else { 1 });
    }
    assert!(!running.log().contains("is started again"), "no service broke");
    eventually("all of it was told", || (receiver.took().len() == 50).then_some(()));
}

#[test]
fn a_program_behind_the_proxy_of_the_site_is_told_through_it() {
    let (receiver, proxy) = (Receiver::start(), Tinyproxy::start());
    let sections = [DOORS, &receiver.section("desk", LEVELS), &proxy.section()].concat();
    let running = TestBox::start_with(&sections);
    let space = hall(&running);
    count(&running, &space, 8);
    eventually("it was told", || (receiver.took().len() == 1).then_some(()));
    assert!(proxy.opened(receiver.port) >= 1, "{}", proxy.log());
    // Another proxy is heeded after a reload; nobody is there, and the dead letters name it.
    let other = proxy.section().replace(&proxy.port.to_string(), "9");
    running.configure(&[DOORS, &receiver.section("desk", LEVELS), &other].concat());
    running.json(&["config", "reload"]);
    count(&running, &space, 10);
    eventually("the proxy is named", || {
        let deliveries = running.json(&["webhook", "deliveries"]).to_string();
        deliveries
            .contains("the proxy 127.0.0.1:9 cannot be reached")
            .then_some(())
    });
    assert_eq!(receiver.took().len(), 1);
}
