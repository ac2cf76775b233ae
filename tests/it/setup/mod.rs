//! `/setup`: an empty box begins with it, its steps are as the box is, what it sets stands in a file of its own and what is
//! wrong changes nothing; meters by a pasted list, each with its own outcome; who may.

mod list;
mod pictures;
mod roles;
mod set;

use serde_json::Value;

use crate::accounts::Browser;
use crate::support::TestBox;
use crate::support::https::Answer;

/// A box that nobody set up.
const BARE: &str = "[http]\nlisten = [\"127.0.0.1:0\"]\n[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n";

/// A program with a token.
struct Program<'b> {
    running: &'b TestBox,
    bearer: String,
}

impl<'b> Program<'b> {
    fn new(running: &'b TestBox, scopes: &[&str]) -> Program<'b> {
        let mut create = vec!["token", "create", "--name", scopes[0]];
        create.extend(scopes.iter().flat_map(|scope| ["--scope", *scope]));
        let made = running.json(&create);
        Program {
            running,
            bearer: format!("Bearer {}", made["token"].as_str().unwrap()),
        }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.running
            .https()
            .try_ask(method, path, &headers, body.as_bytes())
            .unwrap()
    }

    /// The state of a step, and what was seen of it in one text.
    fn step(&self, number: usize) -> (String, String) {
        let answer = self.ask("GET", "/v1/setup", &Value::Null);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let shown = answer.json();
        let step = &shown["steps"][number - 1];
        assert_eq!(step["step"], number);
        let words: Vec<&str> = step["seen"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["words"].as_str().unwrap())
            .collect();
        (step["state"].as_str().unwrap().to_owned(), words.join("\n"))
    }
}

/// Where an answer leads on.
fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap()
}

/// Somebody new chooses a password by their one-time link.
fn welcome(running: &TestBox, name: &str, role: &str) -> (Browser, String) {
    let added = running.json(&["user", "add", name, "--role", role]);
    let path = format!("/welcome/{}", added["code"].as_str().unwrap());
    let mut browser = Browser::new(running);
    let answer = browser.submit(
        &path,
        &path,
        &[("password", "a-good-long-word"), ("again", "a-good-long-word")],
    );
    let first = leads_to(&answer).to_owned();
    (browser, first)
}

#[test]
fn the_one_time_link_leads_to_the_setup_while_the_box_is_empty() {
    let running = TestBox::start_with(BARE);
    let (mut anna, first) = welcome(&running, "anna", "admin");
    assert_eq!(leads_to(&anna.get(&first)), "/setup");
    let page = anna.get("/setup").text();
    for step in 1..=7 {
        assert!(page.contains(&format!("id=\"step-{step}\"")), "{page}");
    }
    let (mut ivo, first) = welcome(&running, "ivo", "installer");
    assert_eq!(leads_to(&ivo.get(&first)), "/setup");
    let (mut vera, first) = welcome(&running, "vera", "viewer");
    assert_eq!(vera.get(&first).status, 200, "who does not set it up sees the building");

    // Set aside, the first page is the building; so it is after a restart, until somebody takes it up again.
    let mut running = running;
    assert_eq!(
        leads_to(&anna.submit("/setup", "/setup/aside", &[("aside", "yes")])),
        "/"
    );
    assert_eq!(anna.get("/").status, 200);
    assert!(anna.get("/box").text().contains("href=\"/setup\""));
    running.stop();
    running.run();
    let mut anna = crate::accounts::signed_in(&running, "admin");
    assert_eq!(anna.get("/").status, 200);
    assert_eq!(leads_to(&anna.submit("/setup", "/setup/aside", &[])), "/setup");
    assert_eq!(leads_to(&anna.get("/")), "/setup");
    running.json(&["space", "create", "--name", "Hall", "--maximum", "20"]);
    assert_eq!(
        anna.get("/").status,
        200,
        "a box with something in it begins with the building"
    );
}

#[test]
fn both_languages_say_the_steps() {
    let running = TestBox::start_with(BARE);
    let mut anna = crate::accounts::signed_in(&running, "admin");
    let english = anna.get("/setup").text();
    assert!(
        english.contains("<html lang=\"en\"") && english.contains("How people reach it"),
        "{english}"
    );
    anna.get("/language/cy");
    let welsh = anna.get("/setup").text();
    assert!(
        welsh.contains("<html lang=\"cy\"") && welsh.contains("Sut mae pobl"),
        "{welsh}"
    );
    let sheet = anna.get("/setup/sheet").text();
    assert!(
        sheet.contains("<html lang=\"cy\"") && sheet.contains("Trosglwyddwyd"),
        "{sheet}"
    );
    for page in [&welsh, &sheet] {
        assert!(!page.contains("<span lang=\"en\">"), "all of it is in Welsh: {page}");
    }
}
