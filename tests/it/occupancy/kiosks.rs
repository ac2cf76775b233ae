//! Screens that show a space by a link: made, listed and taken back at every door; good for looking and nothing else.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{Client, space};
use crate::accounts::signed_in;
use crate::support::chromium::Page;
use crate::support::pebble::free_port;
use crate::support::test_box::CONFIG;
use crate::support::{Https, TestBox};

fn key_of(link: &Value) -> String {
    let link = link.as_str().unwrap();
    link[link.find("/k/").unwrap()..].to_owned()
}

fn status(https: &mut Https, path: &str) -> u16 {
    https.ask("GET", path, &[("accept", "text/html")]).status
}

#[test]
fn a_link_is_made_listed_and_taken_back_by_program_command_and_page() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 50);
    let id = path.rsplit('/').next().unwrap();
    let (other, _) = space(&mut operator, 7);
    let mut owner = Client::with(&running, &owner);
    let viewer = operator
        .post(&format!("{path}/keys"), json!({ "role": "counter" }))
        .json();
    let mut counter = Client::with(&running, viewer["secret"].as_str().unwrap());
    let kiosks = format!("{path}/kiosks");
    assert_eq!(counter.post(&kiosks, json!({ "name": "x" })).status, 403);
    assert_eq!(counter.get(&kiosks).status, 403);
    for body in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": "x".repeat(101) }),
        json!({ "name": "a\u{202e}b" }),
    ] {
        let answer = owner.post(&kiosks, body.clone());
        assert!([400, 422].contains(&answer.status), "{body}: {}", answer.text());
    }
    let again = [("idempotency-key", "the same")];
    let made = owner.ask("POST", &kiosks, json!({ "name": "front" }), &again);
    assert_eq!(made.status, 201, "{}", made.text());
    let repeated = owner.ask("POST", &kiosks, json!({ "name": "front" }), &again).json();
    assert_eq!(
        made.json()["path"],
        repeated["path"],
        "asked again it is the same screen"
    );
    let by_program = key_of(&made.json()["path"]);

    let made = running.json(&["kiosk", "create", id, "--name", "back door"]);
    let by_command = key_of(&made["link"]);
    assert_eq!(by_command, format!("/k/{}", made["key"].as_str().unwrap()));
    let mut admin = signed_in(&running, "admin");
    let page = admin
        .submit(
            &format!("/spaces/{id}"),
            &format!("/spaces/{id}/kiosks"),
            &[("name", "by+page")],
        )
        .text();
    let link = page.split("<a href=\"https://localhost").nth(1).unwrap();
    let by_page = link[link.find("/k/").unwrap()..link.find('"').unwrap()].to_owned();
    assert!(page.contains("<svg") && page.contains("QR code"), "{page}");

    let listed = running.json(&["kiosk", "list"]);
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["front", "back door", "by page"]);
    let mut https = running.https();
    for key in [&by_program, &by_command, &by_page] {
        assert!(!listed.to_string().contains(&key[3..]), "no list holds a link");
        let shown = https.ask("GET", key, &[("accept", "text/html")]);
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert!(shown.text().contains("Hall") && shown.text().contains("more may come in"));
        assert!(shown.header("set-cookie").is_none(), "no session begins");
        let now = https.ask("GET", &format!("{key}/now"), &[]).json();
        assert_eq!(now["left"], 50);
        // Good for looking at that space alone, and not as a token.
        let bearer = format!("Bearer {}", &key[3..]);
        for (method, call) in [
            ("GET", path.clone()),
            ("POST", format!("{path}/change")),
            ("GET", other.clone()),
        ] {
            let answer = https
                .try_ask(method, &call, &[("authorization", &bearer)], b"{\"by\":1}")
                .unwrap();
            assert_eq!(answer.status, 401, "{method} {call}");
        }
        assert_eq!(https.ask("POST", key, &[]).status, 405);
    }

    let ids: Vec<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    let not_there = owner.ask("DELETE", &format!("{other}/kiosks/{}", ids[0]), Value::Null, &[]);
    assert_eq!(not_there.status, 404, "of another space");
    assert_eq!(
        owner
            .ask("DELETE", &format!("{kiosks}/{}", ids[0]), Value::Null, &[])
            .status,
        204
    );
    running.command(&["kiosk", "revoke", &ids[1]]);
    let taken = admin.submit(
        &format!("/spaces/{id}"),
        &format!("/spaces/{id}/kiosks/{}", ids[2]),
        &[],
    );
    assert_eq!(taken.status, 303, "{}", taken.text());
    for key in [&by_program, &by_command, &by_page] {
        for rest in ["", "/now", "/live"] {
            assert_eq!(status(&mut https, &format!("{key}{rest}")), 404, "{key}{rest}");
        }
        let gone = https.ask("GET", key, &[("accept", "text/html")]).text();
        assert!(
            gone.contains("This screen was taken away") && !gone.contains("Hall"),
            "{gone}"
        );
    }
    assert_eq!(running.json(&["kiosk", "list"]), json!([]));
    assert_eq!(running.command(&["kiosk", "revoke", &ids[1]]).status.code(), Some(5));
    assert_eq!(
        running.command(&["kiosk", "create", "x", "--name", "y"]).status.code(),
        Some(2)
    );

    // A space has so many screens and no more, and takes them along when it goes.
    let mut keys = Vec::new();
    for number in 0..20 {
        keys.push(key_of(
            &running.json(&["kiosk", "create", id, "--name", &number.to_string()])["link"],
        ));
    }
    assert_eq!(owner.post(&kiosks, json!({ "name": "one more" })).status, 409);
    assert_eq!(status(&mut https, &keys[7]), 200);
    running.command(&["space", "delete", id]);
    assert_eq!(status(&mut https, &keys[7]), 404);
    assert_eq!(running.json(&["kiosk", "list"]), json!([]));
    let data = std::fs::read_dir(running.dir.join("data")).unwrap().count();
    assert!(data > 0);
    assert!(!running.log().contains(&by_command[3..]), "no log holds a link");
}

fn look(page: &mut Page, (width, height): (u32, u32)) {
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    page.command("Emulation.setDeviceMetricsOverride", size);
}

fn picture(page: &mut Page, name: &str) {
    if let Some(folder) = std::env::var_os("GATELODGE_TEST_PICTURES") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("kiosk-{name}.png")), page.picture()).unwrap();
    }
}

/// The text that can be seen.
const SEEN: &str = "[...document.querySelectorAll('.tongue p, h1')].filter(one => one.offsetParent !== null).map(one => one.innerText.trim()).join('|')";
const INSIDE: &str = "[...document.querySelectorAll('main *')].filter(one => one.offsetParent !== null).every(one => { const box = one.getBoundingClientRect(); \
    return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight; })";

#[test]
fn a_screen_moves_takes_turns_grows_old_and_is_taken_away_while_it_is_open() {
    let port = format!("[https]\nlisten = [\"127.0.0.1:{}\"]", free_port());
    let sections = CONFIG.replace("[https]\nlisten = [\"127.0.0.1:0\"]", &port);
    let mut running = TestBox::start_with(&format!("[site]\nlanguages = [\"en\", \"cy\"]\n{sections}"));
    let made = running.json(&["space", "create", "--name", "Front hall", "--maximum", "3"]);
    let id = made["id"].as_str().unwrap();
    let kiosk = running.json(&["kiosk", "create", id, "--name", "beside the door"]);
    let mut page = Page::new(running.door("https").port(), &running.ca_file());
    for (name, size) in [("wide", (1920, 1080)), ("high", (1080, 1920)), ("small", (800, 480))] {
        look(&mut page, size);
        running.json(&["space", "set", id, "--current", "1"]);
        page.go(&key_of(&kiosk["link"]));
        let shows = |text: &str| format!("{SEEN} === {text:?}");
        page.until("two may come in", &shows("Front hall|2\nmore may come in"));
        assert_eq!(page.eval(INSIDE), true, "{name}");
        picture(&mut page, &format!("{name}-may"));
        page.eval("window.stayed = true");
        running.json(&["space", "set", id, "--current", "3"]);
        page.until("nobody may", &shows("Front hall|Please wait"));
        assert_eq!(page.eval(INSIDE), true, "{name}");
        picture(&mut page, &format!("{name}-wait"));
        // The other language has its turn.
        page.until("the other language comes", &shows("Front hall|Arhoswch"));
        assert_eq!(page.eval(INSIDE), true, "{name}");
        assert_eq!(page.eval("document.querySelector('.tongue.here').lang"), "cy");
        picture(&mut page, &format!("{name}-cy"));
        assert_eq!(page.eval("window.stayed"), true);
    }
    assert_eq!(
        page.eval("document.documentElement.scrollHeight <= innerHeight"),
        true,
        "nothing to scroll"
    );
    assert_eq!(page.eval("document.cookie"), "");
    let before = page.faults();
    assert_eq!(before, [""; 0]);

    // A minute without news: what it shows is old, and it says from when.
    running.kill();
    page.eval("{ const real = Date.now; Date.now = () => real() + 61_000; } 0");
    page.until(
        "it says so",
        &format!("/This screen is from [0-2][0-9]:[0-5][0-9]|Mae.r sgrin hon o/.test({SEEN})"),
    );
    assert_eq!(page.eval(INSIDE), true);
    picture(&mut page, "old");
    running.run();
    running.json(&["space", "set", id, "--current", "0"]);
    page.eval("ask(); 0");
    page.until(
        "it is live again by itself",
        &format!("/3\\n(more may|arall)/.test({SEEN})"),
    );

    running.command(&["kiosk", "revoke", kiosk["id"].as_str().unwrap()]);
    page.until(
        "it says that it was taken away",
        &format!("/taken away|Tynnwyd/.test({SEEN})"),
    );
    assert_eq!(
        page.eval(&format!("/Front|[0-9]/.test({SEEN})")),
        false,
        "and nothing else"
    );
    picture(&mut page, "gone");
    page.go(&key_of(&kiosk["link"]));
    assert!(page.text("body").contains("taken away"));
}
