//! The screen at a door in a real browser, on a phone and on a desk: what is left, a full house, a box that goes away and
//! comes back while people pass.

use std::path::Path;

use serde_json::{Value, json};

use super::client::Client;
use crate::support::chromium::Page;
use crate::support::pebble::free_port;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

const IN: &str = ".hand.in";
const OUT: &str = ".hand.out";

/// A space with a doorman who sees it alone and has signed in: they stand at its door at once.
pub struct Door {
    pub running: TestBox,
    pub id: String,
    pub page: Page,
}

impl Door {
    pub fn new(maximum: &str, width: u32) -> Door {
        // The same port after a start, so that the browser finds it again.
        let port = format!("[https]\nlisten = [\"127.0.0.1:{}\"]", free_port());
        let running = TestBox::start_with(&CONFIG.replace("[https]\nlisten = [\"127.0.0.1:0\"]", &port));
        let space = running.json(&["space", "create", "--name", "Front hall", "--maximum", maximum]);
        let id = space["id"].as_str().unwrap().to_owned();
        running.json(&["space", "create", "--name", "Attic", "--maximum", "9"]);
        let added = running.json(&["user", "add", "ben", "--role", "doorman", "--space", &id]);
        let mut page = Page::new(running.door("https").port(), &running.ca_file());
        page.look(width, "light");
        page.go(&format!("/welcome/{}", added["code"].as_str().unwrap()));
        page.type_into("input[name=password]", "a-good-long-word");
        page.type_into("input[name=again]", "a-good-long-word");
        page.leaving(|page| page.click("main button"));
        assert_eq!(page.eval("location.pathname"), format!("/spaces/{id}/door"));
        let mut door = Door { running, id, page };
        door.is_live();
        door
    }

    fn is_live(&mut self) {
        self.page.until(
            "it is live",
            "document.querySelector('#live').className.includes('live')",
        );
    }

    /// Waits until the page says that so many may come in (0: that it is full), of which the small print says the rest.
    fn shows(&mut self, left: u32, of: &str) {
        let number = if left == 0 { String::new() } else { left.to_string() };
        let shown = format!(
            "document.querySelector('#left b').textContent === '{number}' && document.querySelector('#of').textContent === '{of}'"
        );
        self.page.until(&format!("{left} are left, {of}"), &shown);
    }

    fn says(&mut self, selector: &str, words: &str) {
        let said = format!("document.querySelector({selector:?}).textContent.includes({words:?})");
        self.page.until(words, &said);
    }

    /// What the box has counted: people inside, and how many came in and went out one by one.
    fn counted(&self) -> (u64, u64, u64) {
        let current = self.running.json(&["space", "show", &self.id])["current"]
            .as_u64()
            .unwrap();
        let mut operator = Client::operator(&self.running);
        let path = format!("/v1/spaces/{}/history?step=raw", self.id);
        let points = operator.get(&path).json()["points"].as_array().unwrap().clone();
        let sum = |way: &str| points.iter().map(|point| point[way].as_u64().unwrap()).sum();
        (current, sum("in"), sum("out"))
    }

    fn picture(&mut self, name: &str) {
        if let Some(folder) = std::env::var_os("GATELODGE_TEST_PICTURES") {
            std::fs::create_dir_all(&folder).unwrap();
            let width = self.page.eval("innerWidth");
            std::fs::write(
                Path::new(&folder).join(format!("{name}-{width}.png")),
                self.page.picture(),
            )
            .unwrap();
        }
    }

    fn fits(&mut self) {
        let wide = self
            .page
            .eval("document.documentElement.scrollWidth - window.innerWidth");
        assert!(wide.as_i64() <= Some(0), "{wide} pixels stick out");
    }
}

/// The next call of the page reaches the box, and its answer is lost on the way back.
const LOSE_AN_ANSWER: &str = "window.lost = 0; { const real = window.fetch; window.fetch = (...asked) => real(...asked)
    .then(() => { window.fetch = real; window.lost = 1; throw new TypeError('lost'); }); } 0";

#[test]
fn taps_wait_while_the_box_is_away_and_count_once_each() {
    for width in [360, 1280] {
        let mut door = Door::new("50", width);
        door.shows(50, "0 of 50");
        assert_eq!(
            door.page.count("header nav a, .lamps .lamp, .bar .lamp"),
            0,
            "nothing but the door"
        );
        assert_eq!(door.page.count(".who button"), 1, "and the way out");
        for left in [49, 48, 47] {
            door.page.click(IN);
            door.shows(left, &format!("{} of 50", 50 - left));
        }
        door.page.click(OUT);
        door.shows(48, "2 of 50");
        door.fits();
        door.picture("door");

        // An answer is lost: the tap was counted, and comes again by itself.
        door.page.eval(LOSE_AN_ANSWER);
        door.page.click(IN);
        door.page.until("its answer was lost", "window.lost === 1");
        door.says("#live", "1 waits for the box");
        door.is_live();
        door.shows(47, "3 of 50");
        eventually("the history is written", || (door.counted() == (3, 4, 1)).then_some(()));

        // An answer is lost, and the box is gone before the tap comes again; more people pass meanwhile.
        door.page.eval(LOSE_AN_ANSWER);
        door.page.click(IN);
        door.page.until("its answer was lost", "window.lost === 1");
        door.running.kill();
        door.says("#live", "1 waits for the box");
        for _ in 0..3 {
            door.page.click(IN);
        }
        door.page.click(OUT);
        door.says("#live", "5 wait for the box");
        door.picture("door-away");
        door.fits();
        door.shows(44, "6 of 50");
        let kept = "Object.keys(localStorage).filter(name => name.startsWith('gatelodge-door')).length";
        assert_eq!(door.page.eval(kept), 5, "kept where a closed page does not lose them");
        door.running.run();
        door.is_live();
        door.page.until("nothing waits any more", &format!("{kept} === 0"));
        door.shows(44, "6 of 50");
        eventually("each counts once", || (door.counted() == (6, 8, 2)).then_some(()));

        // What is taken back before it was sent never was.
        door.running.kill();
        door.says("#live", "away");
        door.page.click(IN);
        door.says("#live", "1 waits for the box");
        door.page
            .until("it can be taken back", "!document.querySelector('#undo').hidden");
        door.says("#undo button", "Undo: in, ");
        door.running.run();
        door.is_live();
        door.page.until("nothing waits any more", &format!("{kept} === 0"));
        door.shows(43, "7 of 50");
        door.page.click("#undo button");
        door.shows(44, "6 of 50");
        eventually("it is taken back once", || (door.counted() == (6, 9, 3)).then_some(()));
    }
}

#[test]
fn a_key_counts_once_over_a_start_whoever_sends_it() {
    let mut running = TestBox::start();
    let space = running.json(&["space", "create", "--maximum", "50"]);
    let door = format!("/spaces/{}/door", space["id"].as_str().unwrap());
    let mut anna = crate::accounts::signed_in(&running, "doorman");
    let once = ("once", "0123456789abcdef0123456789abcdef");
    let tapped = |answer: crate::support::Answer| {
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").unwrap().split('=').nth(1).unwrap().to_owned()
    };
    for _ in 0..3 {
        assert_eq!(tapped(anna.submit(&door, &door, &[("by", "1"), once])), "in");
    }
    let another = anna.submit(&door, &door, &[("by", "-1"), once]);
    assert_eq!(another.status, 422, "the key stands for one tap: {}", another.text());
    for bad in ["short", "", "%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20"] {
        assert_eq!(
            anna.submit(&door, &door, &[("by", "1"), ("once", bad)]).status,
            422,
            "{bad:?}"
        );
    }
    running.kill();
    running.run();
    crate::accounts::add(&running, "ben", "doorman");
    let mut ben = crate::accounts::signed_in_again(&running, "ben");
    assert_eq!(
        tapped(ben.submit(&door, &door, &[("by", "1"), once])),
        "in",
        "the phone was handed on"
    );
    assert_eq!(
        running.json(&["space", "show", space["id"].as_str().unwrap()])["current"],
        1
    );
}

#[test]
fn a_full_house_says_so_and_lets_more_in_only_where_that_may_be() {
    for width in [360, 1280] {
        let mut door = Door::new("1", width);
        door.page.click(IN);
        door.shows(0, "1 of 1");
        assert_eq!(door.page.text("#left span"), "Full");
        door.page.click(IN);
        door.says("#said", "Full: not counted");
        door.picture("door-full");
        door.page.until(
            "for three seconds",
            "document.querySelector('#said').textContent === ''",
        );
        assert_eq!(door.counted().0, 1, "nobody was counted");
        assert!(
            door.page.eval("document.querySelector('#ask').hidden") == true,
            "nobody is asked"
        );

        door.running.json(&["space", "set", &door.id, "--overfill"]);
        door.page.until(
            "the page knows that more may come in",
            "(document.querySelector('.hand.in').click(), !document.querySelector('#ask').hidden)",
        );
        assert_eq!(door.counted().0, 1, "not before somebody says so");
        door.picture("door-ask");
        door.page.click("#no");
        assert_eq!(door.page.eval("document.querySelector('#ask').hidden"), true);
        door.page.click(IN);
        door.page.click("#ask button");
        door.shows(0, "2 of 1");
        door.page.click(OUT);
        door.page.click(OUT);
        door.shows(1, "0 of 1");
        door.page.click(OUT);
        door.says("#said", "Nobody is inside");
        assert_eq!(door.page.faults(), [""; 0]);
    }
}

fn press(page: &mut Page, selector: &str, kind: &str) {
    let at = page.eval(&format!(
        "(() => {{ const box = document.querySelector({selector:?}).getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
    ));
    let press = json!({ "type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1 });
    page.command("Input.dispatchMouseEvent", press);
}

#[test]
fn everybody_is_out_when_it_is_held_and_asked_when_it_is_not() {
    let mut door = Door::new("50", 360);
    for _ in 0..2 {
        door.page.click(IN);
    }
    door.shows(48, "2 of 50");
    door.page.eval("document.querySelector('#empty').scrollIntoView()");
    press(&mut door.page, "#empty", "mousePressed");
    door.shows(50, "0 of 50");
    press(&mut door.page, "#empty", "mouseReleased");
    door.says("#said", "Everybody is out");
    assert_eq!(
        door.page.eval("location.pathname"),
        format!("/spaces/{}/door", door.id),
        "the page stays"
    );
    assert_eq!(door.counted().0, 0);
    door.page.leaving(|page| page.click("#empty"));
    assert_eq!(door.page.text("h1"), "Everybody out?");
    door.picture("door-empty");

    door.page.leaving(|page| page.click("main a"));
    door.page.leaving(|page| page.click(".acts a:last-child"));
    door.picture("door-set");
    door.page.type_into("input[name=current]", "27");
    door.page.type_into("input[name=reason]", "counted by hand");
    door.page.leaving(|page| page.click("main button"));
    door.shows(23, "27 of 50");
    let listed = Client::operator(&door.running)
        .get(&format!("/v1/spaces/{}/corrections", door.id))
        .json();
    let all: Vec<Value> = listed["corrections"].as_array().unwrap().clone();
    assert_eq!(all.len(), 2, "{listed}");
    assert_eq!(
        (&all[0]["what"], &all[0]["by"], &all[0]["before"]),
        (&json!("emptied"), &json!("person ben"), &json!(2))
    );
    assert_eq!(
        (&all[1]["what"], &all[1]["reason"]),
        (&json!({ "set_to": 27 }), &json!("counted by hand"))
    );
    assert_eq!(door.page.faults(), [""; 0]);
}

#[test]
fn the_door_does_all_of_it_without_script() {
    let mut door = Door::new("2", 360);
    door.page.scripts(false);
    let path = format!("/spaces/{}/door", door.id);
    door.page.go(&path);
    let step = |door: &mut Door, selector: &str, left: &str, said: &str| {
        door.page.leaving(|page| page.click(selector));
        assert_eq!(door.page.text("#left b"), left, "{selector}");
        assert!(
            door.page.text("#said").contains(said),
            "{said}: {}",
            door.page.text("#said")
        );
    };
    step(&mut door, IN, "1", "One came in");
    step(&mut door, IN, "", "One came in");
    step(&mut door, IN, "", "Full: not counted");
    assert_eq!(door.page.count("#undo:not([hidden])"), 0, "nothing to take back");
    step(&mut door, OUT, "1", "One went out");
    assert_eq!(door.page.text("#undo button"), "Undo: out");
    step(&mut door, "#undo button", "", "Taken back");
    door.running.json(&["space", "set", &door.id, "--overfill"]);
    door.page.leaving(|page| page.click(IN));
    assert_eq!(door.page.count("#ask:not([hidden])"), 1);
    step(&mut door, "#ask button", "", "One came in");
    assert_eq!(door.page.text("#of"), "3 of 2");
    door.page.leaving(|page| page.click("#empty"));
    step(&mut door, "main button", "2", "Everybody is out");
    assert_eq!(door.counted().0, 0);
    assert_eq!(door.page.faults(), [""; 0]);
}
