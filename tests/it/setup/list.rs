//! Meters by a pasted list: each line has its own outcome, and what is wrong keeps no other from being added.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::{BARE, Program, leads_to};
use crate::accounts::signed_in;
use crate::meter::command::Simulation;
use crate::support::{TestBox, eventually};

const SERIAL: &str = "EML2137580826";
const OTHER: &str = "EML2137580827";
const WRONG: &str = "EML2244826999";
const SILENT: &str = "EML2244826998";

/// Two meters that answer, and a port where nobody does.
struct Lines {
    _meters: Simulation,
    links: [String; 2],
    nobody: String,
}

impl Lines {
    fn start() -> Lines {
        let (meters, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL, "--count", "2"], 2);
        let link = |at: usize| printed[at]["address"].as_str().unwrap().to_owned();
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = held.local_addr().unwrap().to_string();
        Lines {
            links: [link(0), link(1)],
            _meters: meters,
            nobody,
        }
    }

    /// One that is right, one where another answers, one that is silent, one that nobody can read, one twice.
    fn mixed(&self) -> String {
        format!(
            "{SERIAL} tcp://{} Flat 1\n{WRONG};{};Flat 2\n\n{SILENT}\t{}\tFlat 3\nrubbish\n{SERIAL} tcp://127.0.0.1:9\n",
            self.links[0], self.links[1], self.nobody
        )
    }
}

const QUICK: &str = "[meters]\nrequest_gap = \"0s\"\nattempts = 1\ntimeout = \"2s\"\n";

fn states(shown: &Value) -> Vec<(u64, String)> {
    let rows = shown["rows"].as_array().unwrap_or_else(|| panic!("{shown}")).iter();
    rows.map(|row| (row["line"].as_u64().unwrap(), row["state"].as_str().unwrap().to_owned()))
        .collect()
}

fn told(states: &[(u64, &str)]) -> Vec<(u64, String)> {
    states
        .iter()
        .map(|(line, state)| (*line, (*state).to_owned()))
        .collect()
}

fn known(running: &TestBox) -> Vec<String> {
    let listed = running.json(&["meter", "list"]);
    let all = listed.as_array().unwrap().iter();
    all.map(|meter| meter["serial"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_line_of_a_list_has_its_own_outcome() {
    let lines = Lines::start();
    let running = TestBox::start_with(&format!("{BARE}{QUICK}"));
    let program = Program::new(&running, &["box:admin", "meters:read"]);
    assert_eq!(program.step(3).0, "waits");
    let begun = program.ask("POST", "/v1/meter-lists", &json!({ "list": lines.mixed() }));
    assert_eq!(begun.status, 202, "{}", begun.text());
    let path = format!("/v1/meter-lists/{}", begun.json()["id"].as_str().unwrap());
    let asked = eventually("all are asked", || {
        let shown = program.ask("GET", &path, &Value::Null).json();
        (shown["asking"] == 0).then_some(shown)
    });
    assert_eq!(
        states(&asked),
        told(&[
            (1, "answers"),
            (2, "another"),
            (4, "silent"),
            (5, "wrong"),
            (6, "wrong")
        ])
    );
    assert!(
        asked["rows"][0]["volts"].as_f64().is_some_and(|volts| volts > 100.0),
        "{asked}"
    );
    assert_eq!(asked["rows"][1]["says"], OTHER);
    assert!(asked["rows"][4]["why"].as_str().unwrap().contains("twice"), "{asked}");
    assert!(known(&running).is_empty(), "nothing is added by asking");

    // Whoever names the wrong one does not get it in.
    let all = json!({ "serials": [SERIAL, WRONG, SILENT] });
    let added = program.ask("POST", &format!("{path}/meters"), &all).json();
    assert_eq!(
        states(&added),
        told(&[(1, "added"), (2, "another"), (4, "added"), (5, "wrong"), (6, "wrong")])
    );
    assert_eq!(known(&running), [SERIAL, SILENT]);
    assert!(running.log().contains("a meter of a list was added"), "it is audited");
    let (state, words) = eventually("both were asked again", || {
        let (state, words) = program.step(3);
        words.contains("does not answer").then_some((state, words))
    });
    assert_eq!(state, "wrong", "{words}");
    assert!(words.contains("Flat 3 does not answer"), "{words}");
    let other = Program::new(&running, &["box:admin"]);
    let (_, words) = other.step(3);
    assert!(
        words.contains("1 meter does not answer") && !words.contains("Flat 3"),
        "{words}"
    );
    let list = json!({ "list": lines.mixed() });
    assert_eq!(
        other.ask("POST", "/v1/meter-lists", &list).status,
        403,
        "it would learn which meters there are"
    );

    // Once more: what is there is said to be.
    let again = program
        .ask("POST", "/v1/meter-lists", &json!({ "list": lines.mixed() }))
        .json();
    assert_eq!(states(&again)[0], (1, "listed".to_owned()));
    for (body, status) in [
        (json!({ "list": "# nothing\n" }), 422),
        (json!({ "list": "x 1.1.1.1:1\n".repeat(501) }), 422),
        (json!({ "lst": "" }), 400),
    ] {
        assert_eq!(program.ask("POST", "/v1/meter-lists", &body).status, status);
    }
    assert_eq!(program.ask("GET", "/v1/meter-lists/nope", &Value::Null).status, 404);
}

#[test]
fn a_list_is_pasted_looked_at_and_added_by_page() {
    let lines = Lines::start();
    let running = TestBox::start_with(BARE);
    let mut ivo = signed_in(&running, "installer");
    // The room is closed on a bare box; the step opens it, in the file of the setup.
    assert_eq!(ivo.get("/energy/add").status, 404);
    assert_eq!(leads_to(&ivo.submit("/setup", "/setup/meters", &[])), "/energy/add");
    let file = running.dir.join("data/conf.d/10-setup.toml");
    assert!(std::fs::read_to_string(&file).unwrap().contains("[meters]"));
    let list = format!(
        "{SERIAL} tcp://{} Flat 1\n{WRONG} tcp://{} Flat 2\n",
        lines.links[0], lines.links[1]
    );
    let typed = list.replace(' ', "+").replace('\n', "%0D%0A").replace(':', "%3A");
    let begun = ivo.submit("/energy/add", "/energy/add", &[("list", &typed)]);
    let path = leads_to(&begun).to_owned();
    let page = eventually("both are asked", || {
        let answer = ivo.get(&path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let over = answer.header("refresh").is_none();
        over.then(|| answer.text())
    });
    assert!(page.contains(&format!("answers as {SERIAL}, ")), "{page}");
    assert!(
        page.contains(&format!("another meter answers: {OTHER}, expected {WRONG}")),
        "{page}"
    );
    assert!(page.contains(&format!("name=\"add-{SERIAL}\" checked")), "{page}");
    assert!(!page.contains(&format!("add-{WRONG}")), "{page}");
    let ticked = [(format!("add-{SERIAL}"), "on"), (format!("add-{WRONG}"), "on")];
    let ticked: Vec<(&str, &str)> = ticked.iter().map(|(name, on)| (name.as_str(), *on)).collect();
    assert_eq!(leads_to(&ivo.submit(&path, &path, &ticked)), path);
    let page = ivo.get(&path).text();
    assert!(
        page.contains("was added") && page.contains("1 meter was added"),
        "{page}"
    );
    assert_eq!(known(&running), [SERIAL]);
    let empty = ivo.submit("/energy/add", "/energy/add", &[("list", "%23")]);
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("names no meter"), "{}", empty.text());
}
