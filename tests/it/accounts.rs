//! People and tokens: from the command line, with and without a running box, and through the pages.

use crate::support::demo::Demo;
use crate::support::https::{Answer, Https};
use crate::support::test_box::{CONFIG, binary};
use crate::support::{TestBox, eventually};

/// A browser of sorts: it keeps cookies.
pub struct Browser {
    https: Https,
    cookies: Vec<(String, String)>,
    /// Headers that it sends with forms.
    pub says: Vec<(String, String)>,
}

impl Browser {
    pub fn new(running: &TestBox) -> Browser {
        Browser {
            https: running.https(),
            cookies: Vec::new(),
            says: Vec::new(),
        }
    }

    /// With the same cookies, at a box that was started anew.
    pub fn again(self, running: &TestBox) -> Browser {
        Browser {
            https: running.https(),
            ..self
        }
    }

    /// One of a demo's people, signed in.
    pub fn of_demo(demo: &Demo, role: &str) -> Browser {
        let mut browser = Browser {
            https: demo.https(),
            cookies: Vec::new(),
            says: Vec::new(),
        };
        let login = &demo.found["logins"][role];
        let field = |name: &str| login[name].as_str().unwrap();
        let fields = [("username", field("username")), ("password", field("password"))];
        let answer = browser.submit("/login", "/login", &fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    fn headers(&self) -> String {
        self.cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    pub fn get(&mut self, path: &str) -> Answer {
        let cookies = self.headers();
        let answer = self
            .https
            .ask("GET", path, &[("cookie", &cookies), ("accept", "text/html")]);
        self.keep(&answer);
        answer
    }

    /// Sends the form of the page at `path`, with the token that stands in it.
    pub fn submit(&mut self, path: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).text();
        let token = page
            .split("name=\"csrf_token\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let mut fields = fields.to_vec();
        let token = token.unwrap_or_default().to_owned();
        fields.push(("csrf_token", &token));
        self.post(action, &fields)
    }

    pub fn post(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = self.headers();
        let mut headers = vec![
            ("cookie", cookies.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
        ];
        headers.extend(self.says.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let answer = self
            .https
            .try_ask("POST", action, &headers, body.join("&").as_bytes())
            .unwrap();
        self.keep(&answer);
        answer
    }

    /// The cookies, as a header has them.
    pub fn cookies(&self) -> String {
        self.headers()
    }

    /// Asks for a stream, and waits for its head.
    pub fn begin_stream(&mut self, path: &str) {
        let cookies = self.headers();
        self.https.begin("GET", path, &[("cookie", &cookies)]);
        let status = self.https.line().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
    }

    /// The next line of a stream that begins like this.
    pub fn stream_line(&mut self, begins: &str) -> String {
        loop {
            let line = self.https.line().unwrap();
            if line.starts_with(begins) {
                return line;
            }
        }
    }

    /// Whether a stream comes to its end, rather than to its next heartbeat.
    pub fn stream_ends(&mut self) -> bool {
        loop {
            match self.https.line() {
                Ok(line) if line == "0" => return true,
                Ok(line) if line.contains("alive") => return false,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
    }

    fn keep(&mut self, answer: &Answer) {
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = value.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

/// A person of this role, signed in through the login page.
pub fn signed_in(running: &TestBox, role: &str) -> Browser {
    add(running, role, role);
    signed_in_again(running, role)
}

/// Somebody who was added by that name, in a session of their own.
pub fn signed_in_again(running: &TestBox, role: &str) -> Browser {
    let mut browser = Browser::new(running);
    let answer = browser.submit("/login", "/login", &[("username", role), ("password", "correct-horse")]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    browser
}

pub fn add(running: &TestBox, name: &str, role: &str) {
    let file = running.dir.join("password");
    std::fs::write(&file, "correct-horse\n").unwrap();
    running.json(&[
        "user",
        "add",
        name,
        "--role",
        role,
        "--password-file",
        file.to_str().unwrap(),
    ]);
}

#[test]
fn a_one_time_link_lets_somebody_choose_a_password_once() {
    let running = TestBox::start();
    let added = running.json(&["user", "add", "anna", "--role", "admin"]);
    let link = format!("/welcome/{}", added["code"].as_str().unwrap());
    let mut browser = Browser::new(&running);
    let short = browser.submit(&link, &link, &[("password", "short"), ("again", "short")]);
    assert_eq!(short.status, 400, "{}", short.text());
    assert!(short.text().contains("at least 10 characters"));
    let chosen = browser.submit(
        &link,
        &link,
        &[("password", "long-enough-word"), ("again", "long-enough-word")],
    );
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (303, Some("/")),
        "{}",
        chosen.text()
    );
    assert_eq!(browser.get("/spaces").status, 200);
    assert_eq!(browser.get(&link).status, 404, "it worked once");
    let mut again = Browser::new(&running);
    let answer = again.submit(
        "/login",
        "/login",
        &[("username", "anna"), ("password", "long-enough-word")],
    );
    assert_eq!(answer.status, 303);
}

#[test]
fn wrong_passwords_and_forged_forms_are_refused() {
    let running = TestBox::start();
    add(&running, "ben", "viewer");
    let mut browser = Browser::new(&running);
    for name in ["ben", "nobody"] {
        let answer = browser.submit(
            "/login",
            "/login",
            &[("username", name), ("password", "wrong-password")],
        );
        assert_eq!(answer.status, 401);
        assert!(
            answer.text().contains("name or password is wrong"),
            "the same words for both"
        );
    }
    let forged = browser.post(
        "/login",
        &[("username", "ben"), ("password", "correct-horse"), ("csrf_token", "x")],
    );
    assert_eq!(forged.status, 403);
}

#[test]
fn sessions_end_with_sign_out_a_new_password_and_removal() {
    let running = TestBox::start();
    let mut browser = signed_in(&running, "viewer");
    assert_eq!(browser.get("/spaces").status, 200);
    let out = browser.submit("/spaces", "/logout", &[]);
    assert_eq!((out.status, out.header("location")), (303, Some("/login")));
    assert_eq!(browser.get("/spaces").header("location"), Some("/login"));

    let mut browser = Browser::new(&running);
    browser.submit(
        "/login",
        "/login",
        &[("username", "viewer"), ("password", "correct-horse")],
    );
    assert_eq!(browser.get("/spaces").status, 200);
    let file = running.dir.join("password");
    std::fs::write(&file, "another-horse").unwrap();
    running.json(&["user", "passwd", "viewer", "--password-file", file.to_str().unwrap()]);
    assert_eq!(browser.get("/spaces").status, 303, "a new password ends sessions");
    running.json(&["user", "remove", "viewer"]);
    assert_eq!(running.json(&["user", "list"]), serde_json::json!([]));
}

#[test]
fn roles_see_what_they_may() {
    let running = TestBox::start();
    for (role, status) in [("doorman", 200), ("resident", 403), ("installer", 200)] {
        assert_eq!(signed_in(&running, role).get("/spaces").status, status, "{role}");
    }
}

#[test]
fn whoever_runs_the_box_reads_its_state_on_a_page_and_nobody_else_does() {
    let running = TestBox::start();
    let status = running.json(&["status"]);
    let mut installer = signed_in(&running, "installer");
    assert!(installer.get("/spaces").text().contains("href=\"/box\""));
    let page = installer.get("/box");
    assert_eq!(page.status, 200);
    let (policy, page) = (page.header("content-security-policy").unwrap().to_owned(), page.text());
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!page.contains("<script"), "it works without");
    for shown in [
        "ready",
        status["version"].as_str().unwrap(),
        "occupancy",
        "href=\"/box/doors\"",
        "href=\"/box/backups\"",
        "href=\"/box/log\"",
    ] {
        assert!(page.contains(shown), "{shown} is missing: {page}");
    }
    for (role, status) in [("admin", 200), ("doorman", 403), ("viewer", 403), ("resident", 403)] {
        let mut person = signed_in(&running, role);
        let answer = person.get("/box");
        assert_eq!(answer.status, status, "{role}");
        assert!(
            status == 200 || !answer.text().contains("127.0.0.1"),
            "{role} learns nothing"
        );
        assert_eq!(
            person.get("/spaces").text().contains("href=\"/box\""),
            status == 200,
            "{role}"
        );
    }
    assert_eq!(Browser::new(&running).get("/box").header("location"), Some("/login"));
}

#[test]
fn the_live_page_shows_a_change_as_it_happens() {
    let running = TestBox::start();
    let space = running.json(&["space", "create", "--name", "Hall <b>", "--maximum", "3", "--open"]);
    let id = space["id"].as_str().unwrap();
    let mut browser = signed_in(&running, "viewer");
    let page = browser.get("/spaces").text();
    assert!(
        page.contains("Hall &#60;b&#62;") || page.contains("Hall &lt;b&gt;"),
        "names are escaped: {page}"
    );
    let stream = page
        .split("data-stream=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    browser.begin_stream(&stream);
    running.https().ask("PUT", &format!("/space/{id}/increment"), &[]);
    let told = browser.stream_line("data:");
    assert!(told.contains("\"current\":1") && told.contains(id), "{told}");
    running.command(&["space", "delete", id]);
    assert_eq!(browser.stream_line("event:"), "event: gone");
}

#[test]
fn tokens_open_closed_spaces_by_their_scope_until_revoked() {
    let running = TestBox::start_with(&format!("{CONFIG}anonymous = false\n"));
    let space = running.json(&["space", "create", "--name", "Vault", "--maximum", "5"]);
    let path = format!("/space/{}", space["id"].as_str().unwrap());
    let count = format!("{path}/increment");
    let mut https = running.https();
    let refused = https.ask("GET", &path, &[]);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"gatelodge\""));
    let token = running.json(&["token", "create", "--name", "reader", "--scope", "spaces:read"]);
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    assert_eq!(https.ask("GET", &path, &[("authorization", &bearer)]).status, 200);
    assert_eq!(
        https.ask("PUT", &count, &[("authorization", &bearer)]).status,
        403,
        "reading is not counting"
    );
    running.json(&["token", "revoke", token["id"].as_str().unwrap()]);
    assert_eq!(https.ask("GET", &path, &[("authorization", &bearer)]).status, 401);
    let log = eventually("a log", || Some(running.log()));
    assert!(!log.contains(&bearer[7..]), "no token in the log");
}

#[test]
fn people_tokens_and_certificates_are_managed_without_a_running_box() {
    let mut running = TestBox::unstarted(CONFIG);
    running.json(&["pki", "init"]);
    add(&running, "carl", "viewer");
    let token = running.json(&["token", "create", "--name", "early", "--scope", "spaces:read"]);
    let out = running.dir.join("out");
    let issued = running.json(&[
        "pki",
        "server",
        "--name",
        "lodge.example.org",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(std::fs::metadata(issued["key"].as_str().unwrap()).unwrap().is_file());
    running.run();
    assert_eq!(
        running.json(&["user", "list"])[0]["name"],
        "carl",
        "the running box knows them"
    );
    assert_eq!(running.json(&["token", "list"])[0]["id"], token["id"]);
    let names: Vec<String> = running
        .json(&["pki", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.iter().any(|name| name == "lodge.example.org"), "{names:?}");
    let spaces = TestBox::unstarted(CONFIG).command(&["space", "list"]);
    assert_eq!(spaces.status.code(), Some(4), "spaces need a running box: {spaces:?}");
}

#[test]
fn faults_of_commands_have_their_exit_codes() {
    let running = TestBox::start_with(&format!("{CONFIG}[meters]\n"));
    let code = |args: &[&str]| running.command(args).status.code();
    assert_eq!(code(&["user", "remove", "nobody"]), Some(5), "refused");
    // A value that is none is a fault of the command line, found early by the command or late by the box.
    for wrong in [
        &["user", "add", "x", "--role", "king"][..],
        &["user", "add", "bad name", "--role", "viewer"],
        &["space", "show", "not-an-id"],
        &["space", "create", "--name", "hall", "--maximum", "0"],
        &["token", "create", "--name", "", "--scope", "spaces:read"],
        &["job", "run", "nothing"],
        &[
            "prepay",
            "explain",
            "EML1",
            "--from",
            "2026-03-01",
            "--to",
            "2026-02-01",
        ],
        &["prepay", "settle", "0123456789ab", "--taken", "--why", " "],
        &["meter", "show", "no serial"],
        &[
            "meter",
            "add",
            "EML1",
            "--link",
            "tcp://127.0.0.1:9",
            "--hardware",
            "X9",
        ],
        &[
            "meter",
            "tariff",
            "write",
            "EML1",
            "--unit-rate",
            "2",
            "--standing-charge",
            "0",
            "--from",
            "2099-01-01",
            "--why",
            "x",
        ],
        &[
            "meter",
            "tariff",
            "write",
            "EML1",
            "--unit-rate",
            "0.2",
            "--standing-charge",
            "0",
            "--from",
            "soon",
            "--why",
            "x",
        ],
    ] {
        let said = running.command(wrong);
        assert_eq!(said.status.code(), Some(2), "{wrong:?}: {said:?}");
    }
    // What is right by itself and is not there, or cannot be now, is refused.
    for refused in [
        &["meter", "show", "EML1"][..],
        &["prepay", "show", "0123456789ab"],
        &["user", "move-out", "nobody"],
    ] {
        let said = running.command(refused);
        assert_eq!(said.status.code(), Some(5), "{refused:?}: {said:?}");
    }
    let output = binary()
        .args(["status", "--socket", "/nowhere/admin.sock"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "not reachable");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("/nowhere/admin.sock"),
        "the path tried is named"
    );
}

#[test]
fn the_screen_at_a_door_counts_for_a_doorman_and_not_for_a_viewer() {
    let running = TestBox::start();
    let space = running.json(&["space", "create", "--name", "Hall", "--maximum", "2"]);
    let door = format!("/spaces/{}/door", space["id"].as_str().unwrap());
    let mut doorman = signed_in(&running, "doorman");
    for (by, expected, tap) in [("1", 1, "in"), ("1", 2, "in"), ("1", 2, "full"), ("-1", 1, "out")] {
        let counted = doorman.submit(&door, &door, &[("by", by)]);
        assert_eq!(
            (counted.status, counted.header("location")),
            (303, Some(format!("{door}?tap={tap}").as_str())),
            "{}",
            counted.text()
        );
        let now = running.json(&["space", "show", space["id"].as_str().unwrap()]);
        assert_eq!(now["current"], expected);
    }
    assert_eq!(doorman.post(&door, &[("by", "1"), ("csrf_token", "x")]).status, 403);
    assert_eq!(doorman.submit(&door, &door, &[("by", "50")]).status, 422);
    let page = doorman
        .get(&format!("/spaces/{}", space["id"].as_str().unwrap()))
        .text();
    assert!(
        page.contains("<svg class=\"plot stair ") && page.contains("went out"),
        "{page}"
    );
    let mut viewer = signed_in(&running, "viewer");
    assert!(
        !viewer.get(&door).text().contains("class=\"hand "),
        "no buttons for a viewer"
    );
    assert_eq!(viewer.submit("/spaces", &door, &[("by", "1")]).status, 403);
    assert_eq!(
        running.json(&["space", "show", space["id"].as_str().unwrap()])["current"],
        1
    );
}
