//! Who may not know is not told: every role, every scope and every key, at every route and on every stream.

use std::collections::{BTreeMap, BTreeSet};

use super::fixture::{Building, JONES, Known, SMITH, routes};
use super::streams::sign_in;
use crate::accounts::{Browser, add, signed_in};
use crate::support::{Https, eventually};

/// What somebody may know, by words that stand nowhere else.
const THINGS: [(&str, &[&str]); 6] = [
    ("smith", &["Mrs Smith", SMITH, "3.142", "£3.14"]),
    ("jones's money", &["17.25"]),
    ("jones's name", &["Flat 1 Jones"]),
    ("jones's serial", &[JONES]),
    ("hall", &["Great hall"]),
    ("attic", &["Attic of the house"]),
];

/// Everybody, and what they may know.
fn table() -> Vec<(&'static str, &'static [&'static str])> {
    vec![
        ("nobody", &[]),
        (
            "admin",
            &[
                "smith",
                "jones's money",
                "jones's name",
                "jones's serial",
                "hall",
                "attic",
            ],
        ),
        (
            "installer",
            &[
                "smith",
                "jones's money",
                "jones's name",
                "jones's serial",
                "hall",
                "attic",
            ],
        ),
        ("doorman", &["hall", "attic"]),
        // A doorman of the hall alone.
        ("porter", &["hall"]),
        ("viewer", &["hall", "attic"]),
        ("resident", &["jones's money", "jones's name", "jones's serial"]),
        // Lived there until before anything was said; has just moved in; will move in.
        ("former", &["jones's serial"]),
        ("next", &["jones's serial", "jones's name"]),
        ("to come", &[]),
        ("spaces:read", &["hall", "attic"]),
        ("spaces:count", &["hall", "attic"]),
        ("spaces:admin", &["hall", "attic"]),
        (
            "meters:read",
            &["smith", "jones's money", "jones's name", "jones's serial"],
        ),
        (
            "meters:write",
            &["smith", "jones's money", "jones's name", "jones's serial"],
        ),
        ("meters:topup", &["smith", "jones's money", "jones's serial"]),
        ("relay:admin", &[]),
        ("uplink:admin", &[]),
        ("box:admin", &[]),
    ]
}

fn everybody(building: &Building) -> Vec<(String, Known, BTreeSet<&'static str>)> {
    let running = &building.running;
    let mut all = Vec::new();
    for (name, may) in table() {
        let known = match name {
            "nobody" => Known::Nobody,
            "resident" => {
                let person = signed_in(running, name);
                running.json(&["user", "meters", name, &format!("{JONES}@2020-01-01")]);
                Known::person(&person)
            }
            "former" => {
                add(running, name, "resident");
                running.json(&["user", "meters", name, &format!("{JONES}@2020-01-01")]);
                let left = running.json(&["user", "move-out", name, "--at", "2026-01-01"]);
                assert_eq!(left["meters"][0]["meter"], JONES);
                Known::person(&sign_in(running, name))
            }
            // The meter is not asked from then on: all that it said, it said before.
            "next" => {
                add(running, name, "resident");
                running.json(&["mediators", "stop", JONES]);
                running.json(&["user", "meters", name, JONES]);
                Known::person(&sign_in(running, name))
            }
            "to come" => {
                add(running, "to-come", "resident");
                running.json(&["user", "meters", "to-come", &format!("{JONES}@9000-01-01")]);
                Known::person(&sign_in(running, "to-come"))
            }
            "porter" => {
                add(running, name, "doorman");
                running.json(&["user", "spaces", name, &building.hall]);
                Known::person(&sign_in(running, name))
            }
            scope if scope.contains(':') => Known::Bearer(building.token(scope)["token"].as_str().unwrap().to_owned()),
            role => Known::person(&signed_in(running, role)),
        };
        all.push((name.to_owned(), known, may.iter().copied().collect()));
    }
    all
}

/// Every route with everything in its places that there is.
fn paths(building: &Building) -> Vec<String> {
    let mut all = routes();
    let document = building.running.https().ask("GET", "/openapi.json", &[]).json();
    all.extend(document["paths"].as_object().unwrap().keys().cloned());
    for known in [
        "/box",
        "/energy/{serial}",
        "/v1/spaces/{id}/events",
        "/box/webhooks",
        "/docs/privacy",
        "/",
    ] {
        assert!(all.contains(known), "{known} is a route: {all:?}");
    }
    let mut paths = vec!["/nope".to_owned(), "/space".to_owned()];
    for route in all {
        let fill = |id: &str, serial: &str| {
            let mut path = route
                .replace("{id}", id)
                .replace("{serial}", serial)
                .replace("{target}", "desk");
            while let Some((before, rest)) = path.clone().split_once('{') {
                path = format!("{before}x{}", rest.split_once('}').unwrap().1);
            }
            path
        };
        paths.extend([fill(&building.hall, JONES), fill(&building.attic, SMITH)]);
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Whether `word` stands in `text` by itself. An amount is no part of another number: the second 13.142 of some minute
/// tells of nobody's money.
fn stands_in(text: &str, word: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text.as_bytes()[..at].last(), text.as_bytes().get(at + word.len()));
        let (first, last) = (word.as_bytes().first(), word.as_bytes().last());
        !(is_digit(first) && is_digit(before) || is_digit(last) && is_digit(after))
    })
}

/// Which things a text tells of.
fn told(text: &str) -> BTreeSet<&'static str> {
    let tells = |words: &&[&str]| words.iter().any(|word| stands_in(text, word));
    THINGS
        .into_iter()
        .filter(|(_, words)| tells(words))
        .map(|(thing, _)| thing)
        .collect()
}

#[test]
fn nobody_is_told_at_any_route_or_on_any_stream_what_they_may_not_know() {
    let building = Building::new();
    building.refused_codes(1);
    let running = &building.running;
    let all = everybody(&building);
    eventually("the alarm is on the admin's first page", || {
        let admin = &all.iter().find(|(name, ..)| name == "admin").unwrap().1;
        let page = admin.ask(&mut running.https(), "/").text();
        page.contains("£3.14 are left").then_some(())
    });
    eventually("the alarm was told to the webhook's ledger", || {
        let deliveries = running.json(&["webhook", "deliveries"]);
        deliveries.to_string().contains("3.142").then_some(())
    });
    let paths = paths(&building);
    let mut faults = Vec::new();
    let mut learnt: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut streams: Vec<(&str, BTreeSet<&str>, String, Https)> = Vec::new();
    for (name, known, may) in &all {
        let mut https = running.https();
        for path in &paths {
            let answer = known.ask(&mut https, path);
            let text = answer.text() + &format!("{:?}", answer.headers);
            let found = told(&text);
            for thing in found.difference(may) {
                faults.push(format!("{name} is told of {thing} at {path} ({})", answer.status));
            }
            learnt.entry(name).or_default().extend(found);
            assert!(
                answer.status < 500 || path == "/readyz",
                "{name} {path}: {}",
                answer.status
            );
            if answer
                .header("content-type")
                .is_some_and(|kind| kind.starts_with("text/event-stream"))
            {
                let stream = std::mem::replace(&mut https, running.https());
                let mut may = may.clone();
                // What is said from now on is theirs.
                may.extend((name == "next").then_some("jones's money"));
                streams.push((name, may, path.clone(), stream));
            }
        }
    }
    for (name, _, may) in &all {
        assert_eq!(learnt.get(name.as_str()), Some(may), "{name} is told of what is theirs");
    }
    // Something happens to everything; each stream is read until what happens last to what its listener may hear of.
    running.json(&["mediators", "start", JONES]);
    running.command(&["mediators", "sync", SMITH]);
    running.command(&["mediators", "sync", JONES]);
    building.refused_codes(2);
    for space in [&building.attic, &building.hall] {
        running.json(&["space", "set", space, "--current", "7"]);
    }
    assert!(streams.len() >= 20, "{} streams", streams.len());
    for (name, may, path, mut stream) in streams {
        let of_meters = path.contains("meters") || path.starts_with("/energy");
        let last = match (of_meters, path.contains(SMITH), path.contains(&building.attic)) {
            (true, true, _) => SMITH,
            (true, false, _) => JONES,
            (false, _, true) => &building.attic,
            (false, _, false) => &building.hall,
        };
        let mut heard = String::new();
        while !(heard.contains(last) && heard.ends_with("\n\n")) {
            heard.push_str(
                &stream
                    .line()
                    .unwrap_or_else(|error| panic!("{name} {path}: {error}: {heard}")),
            );
            heard.push('\n');
        }
        let own_words = heard.replace(&building.hall, "").replace(&building.attic, "");
        for thing in told(&own_words).difference(&may) {
            faults.push(format!("{name} hears of {thing} on {path}: {heard}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_key_of_one_space_tells_of_no_other() {
    let building = Building::new();
    let running = &building.running;
    let token = building.token("spaces:admin");
    let operator = format!("Bearer {}", token["token"].as_str().unwrap());
    let paths = paths(&building);
    let keys = format!("/v1/spaces/{}/keys", building.hall);
    for role in ["viewer", "counter", "owner"] {
        let headers = [
            ("authorization", operator.as_str()),
            ("content-type", "application/json"),
        ];
        let body = format!("{{\"role\":\"{role}\"}}");
        let made = running
            .https()
            .try_ask("POST", &keys, &headers, body.as_bytes())
            .unwrap();
        let key = Known::Bearer(made.json()["secret"].as_str().unwrap().to_owned());
        let (mut https, mut knows) = (running.https(), false);
        for path in &paths {
            let answer = key.ask(&mut https, path);
            let text = answer.text();
            knows |= text.contains("Great hall");
            assert!(!text.contains("Attic of the house"), "{role} at {path}");
            let meters = told(&text).into_iter().find(|thing| *thing != "hall");
            assert_eq!(meters, None, "{role} at {path}");
            if answer
                .header("content-type")
                .is_some_and(|kind| kind.starts_with("text/event-stream"))
            {
                https = running.https();
            }
        }
        assert!(knows, "{role} knows its own");
    }
}

#[test]
fn a_person_whose_meter_is_none_knows_no_meter() {
    let building = Building::new();
    let running = &building.running;
    add(running, "dora", "resident");
    let mut dora = Browser::new(running);
    let answer = dora.submit(
        "/login",
        "/login",
        &[("username", "dora"), ("password", "correct-horse")],
    );
    assert_eq!(answer.header("location"), Some("/"));
    assert_eq!(dora.get("/").header("location"), Some("/my"));
    let home = dora.get("/my");
    assert_eq!(home.status, 200);
    assert!(home.text().contains("No meter is linked to you yet") && home.text().contains("Sign out"));
    for path in paths(&building) {
        let answer = Known::person(&dora).ask(&mut running.https(), &path);
        assert_eq!(told(&answer.text()), BTreeSet::new(), "{path}");
    }
    assert_eq!(dora.submit("/my", "/logout", &[]).status, 303, "and can sign out");
}
