//! What is asked of every page, of every role, at a desk and on a phone.

use serde_json::{Value, json};

use super::tour::Tour;
use crate::support::chromium::Page;

/// The most that a page may be, in bytes as it is sent: bare, and with its plots.
const BARE: u64 = 20_000;
const WITH_PLOTS: u64 = 60_000;

/// The page without its plots, and with them, as long as it is before it is packed.
const LENGTHS: &str = "fetch(location.href, { headers: { accept: 'text/html' } }).then(answer => answer.text()).then(text => {
    const bytes = one => new TextEncoder().encode(one).length;
    return [bytes(text.replace(/<svg[\\s\\S]*?<\\/svg>|<details class=.twin.[\\s\\S]*?<\\/details>/g, '')), bytes(text)];
})";

/// What sticks out to the right.
const STICKS_OUT: &str = "document.documentElement.scrollWidth - window.innerWidth";

/// The judge, as npm hands it out.
fn axe() -> String {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/axe/node_modules/axe-core/axe.min.js"
    );
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}; tests/run installs it"))
}

/// Rules of every kind that axe has, best practices too; each finding with the first places it is about.
const JUDGE: &str = "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(one =>
    one.id + ' (' + one.impact + '): ' + one.nodes.slice(0, 3).map(node => node.target.join(' ') + ' ' + node.html.slice(0, 90)).join(' | ')))";

fn judged(page: &mut Page, axe: &str) -> Vec<Value> {
    page.eval(&format!("{axe}; 0"));
    page.eval(JUDGE).as_array().unwrap().clone()
}

/// Every page as one role finds it; what is wrong with any of them is told together.
fn every_page_of(role: &str, at_least: usize) {
    let axe = axe();
    let mut tour = Tour::of(role);
    let mut wrong = Vec::new();
    let seen = tour.every_page(|page, path| {
        let lengths = page.eval(LENGTHS);
        let (bare, whole) = (lengths[0].as_u64().unwrap(), lengths[1].as_u64().unwrap());
        if bare > BARE || whole > WITH_PLOTS {
            wrong.push(format!("{path}: {bare} bytes bare, {whole} with plots"));
        }
        for (width, scheme) in [(1280, "dark"), (360, "light")] {
            page.look(width, scheme);
            let out = page.eval(STICKS_OUT).as_i64().unwrap();
            if out > 0 {
                wrong.push(format!("{path} at {width}: {out} pixels stick out"));
            }
            let findings = judged(page, &axe);
            wrong.extend(findings.iter().map(|one| format!("{path} at {width}, {scheme}: {one}")));
        }
    });
    // Whatever answers with a status of its own is remarked upon by the browser.
    let faults = tour.page.faults();
    wrong.extend(
        faults
            .into_iter()
            .filter(|fault| !fault.contains("Failed to load resource")),
    );
    assert!(wrong.is_empty(), "{role}:\n{}", wrong.join("\n"));
    assert!(
        seen.len() >= at_least,
        "{role} was led to {} pages only: {seen:?}",
        seen.len()
    );
}

#[test]
fn pages_of_nobody_in_particular() {
    every_page_of("nobody", 20);
}

#[test]
fn pages_of_an_admin() {
    every_page_of("admin", 25);
}

#[test]
fn pages_of_an_installer() {
    every_page_of("installer", 18);
}

#[test]
fn pages_of_a_viewer() {
    every_page_of("viewer", 5);
}

#[test]
fn pages_of_a_doorman() {
    every_page_of("doorman", 4);
}

#[test]
fn pages_of_a_resident() {
    every_page_of("resident", 8);
}

#[test]
fn the_judge_sees_what_it_is_there_for() {
    let mut tour = Tour::of("viewer");
    let axe = axe();
    tour.page.go("/");
    tour.page.eval(
        "document.querySelector('main').append(new Image()); document.querySelector('h1').style.color = '#bbb'; 0",
    );
    tour.page.look(1280, "light");
    let found = json!(judged(&mut tour.page, &axe)).to_string();
    assert!(
        found.contains("image-alt") && found.contains("color-contrast"),
        "{found}"
    );
}
