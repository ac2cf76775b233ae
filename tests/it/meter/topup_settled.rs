//! Codes that only a person can end, by the built binary: named wherever whoever runs the box looks, ended at every door,
//! and told in a statement for what they are.

use serde_json::{Value, json};

use super::topup_doors::{Prepaid, SERIAL};
use crate::accounts::{add, signed_in};
use crate::support::eventually;

/// Worth £12.50 and £1.00; of each a second one is keyed in at the meter, so that it counts two.
const FIRST: &str = "10000000000000001250";
const SECOND: &str = "10000000000000000100";

fn send(prepaid: &Prepaid, code: &str, more: &[&str]) -> std::process::Output {
    let file = prepaid.folder.path().join("code");
    std::fs::write(&file, format!("{code}\n")).unwrap();
    let arguments = ["prepay", "send", SERIAL, "--token-file", file.to_str().unwrap()];
    prepaid.running.command(&[&arguments[..], more].concat())
}

fn newest(prepaid: &Prepaid) -> Value {
    prepaid.running.json(&["prepay", "list", "--meter", SERIAL])[0].clone()
}

fn in_doubt(prepaid: &Prepaid, code: &str) -> String {
    send(prepaid, code, &["--wait", "0"]);
    let topup = eventually("the code is in doubt", || {
        let newest = newest(prepaid);
        (newest["state"] == "in_doubt").then_some(newest)
    });
    topup["id"].as_str().unwrap().to_owned()
}

fn lines(prepaid: &Prepaid) -> Vec<Value> {
    let today = prepaid.running.json(&["prepay", "explain", SERIAL])["to"].clone();
    let asked = ["prepay", "explain", SERIAL, "--to", today.as_str().unwrap()];
    let lines = prepaid.running.json(&asked)["statement"]["lines"].clone();
    lines.as_array().cloned().unwrap_or_default()
}

#[test]
fn a_top_up_that_only_a_person_can_end_is_named_and_ended_at_every_door() {
    let prepaid = Prepaid::start(&["--foreign-rate", "1"]);
    let running = &prepaid.running;
    eventually("the prices are known", || {
        let shown = running.json(&["meter", "show", SERIAL]);
        shown["values"]["tariffs_active"].is_object().then_some(())
    });
    add(running, "clara", "resident");
    running.json(&["user", "meters", "clara", &format!("{SERIAL}@2026-01-01")]);
    let first = in_doubt(&prepaid, FIRST);
    let second = in_doubt(&prepaid, SECOND);

    // Each rise is that of the top-up of its moment, and nobody set the balance.
    let rises = |id: &str| {
        let words = format!("top-up {id} of that moment is in doubt");
        let all = lines(&prepaid);
        let of = all
            .iter()
            .filter(|line| line["words"].as_str().unwrap().contains(&words));
        of.map(|line| line["to"].clone()).collect::<Vec<_>>()
    };
    let (of_first, of_second) = (rises(&first), rises(&second));
    assert_eq!((of_first.len(), of_second.len()), (1, 1), "{:?}", lines(&prepaid));
    assert!(of_first[0].as_str() < of_second[0].as_str());

    // Only a person can end the first.
    let step = format!("gatelodge prepay settle {first} --taken|--not-taken --why TEXT");
    let status = running.command(&["status"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains(&step) && said.contains("attention meters"), "{said}");
    assert!(
        !said.contains(&format!("settle {second} ")),
        "the box still asks: {said}"
    );
    let would = running.command(&["user", "move-out", "clara", "--dry-run"]);
    let would = String::from_utf8_lossy(&would.stdout).into_owned();
    assert!(would.contains(&step) && would.contains(&second), "{would}");
    let ran = running.command(&["job", "run", "topups"]);
    assert_eq!(ran.status.code(), Some(0), "the job did its work: {ran:?}");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("2 reported"), "{ran:?}");

    let at = format!("/energy/{SERIAL}/topups/{first}");
    let settlement = format!("{at}/settlement");
    let mut admin = signed_in(running, "admin");
    assert!(admin.get("/box").text().contains(&step));
    let meters_page = admin.get(&format!("/energy/{SERIAL}")).text();
    assert!(meters_page.contains(&at) && meters_page.contains("only a person can say so"));
    assert!(admin.get("/energy").text().contains(&at));
    let page = admin.get(&at).text();
    for words in [
        "It took it",
        "It did not take it",
        "How do you know",
        "Somebody has to look",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for promise in ["asks again by itself", "We ask your meter", "http-equiv=\"refresh\""] {
        assert!(!page.contains(promise), "{promise}: {page}");
    }
    // Whoever lives there reads how it is, and cannot end it.
    let mut resident = signed_in(running, "resident");
    running.json(&["user", "meters", "resident", &format!("{SERIAL}@2026-01-01")]);
    let theirs = resident.get(&at).text();
    assert!(
        theirs.contains("Somebody has to look") && !theirs.contains("It took it"),
        "{theirs}"
    );
    let said = [("outcome", "taken"), ("why", "so+it+is")];
    let page_with_form = format!("/energy/{SERIAL}/topups");
    assert_eq!(resident.submit(&page_with_form, &settlement, &said).status, 404);
    assert!(
        !resident
            .get(&format!("/energy/{SERIAL}"))
            .text()
            .contains("only a person")
    );
    // A form of elsewhere, a reason that is none, and then it is ended.
    assert_eq!(admin.post(&settlement, &said).status, 403);
    let refused = admin.submit(&at, &settlement, &[("outcome", "taken"), ("why", "+")]);
    assert!(
        refused.status == 422 && refused.text().contains("a reason is needed"),
        "{}",
        refused.text()
    );
    let why = [("outcome", "taken"), ("why", "the+display+shows+both")];
    assert_eq!(admin.submit(&at, &settlement, &why).status, 303);
    let shown = running.json(&["prepay", "show", &first]);
    assert_eq!(
        (&shown["state"], &shown["proof"], &shown["by_hand"]["why"]),
        (&json!("taken"), &json!("person"), &json!("the display shows both"))
    );
    assert!(running.log().contains("a top-up in doubt was settled by a person"));

    // Its rise stays its own though it was settled after the other's, and is not all of it its own.
    let step = lines(&prepaid).into_iter().find(|line| line["kind"] == "step").unwrap();
    assert_eq!(step["to"], of_first[0], "{step}");
    let words = step["words"].as_str().unwrap();
    assert!(
        words.contains(&format!("top-up {first} and perhaps another payment")),
        "{words}"
    );
    assert_eq!(rises(&second), of_second);

    // A program with the scope ends the other, and none without it.
    let path = format!("/v1/meters/{SERIAL}/tokens/{second}/settlement");
    let body = json!({ "taken": false, "why": "the display shows one" }).to_string();
    let settle = |scope: &str| prepaid.post(&path, &[("authorization", &prepaid.token(scope))], &body);
    assert_eq!(settle("meters:topup").status, 403);
    let ended = settle("meters:write");
    assert_eq!(
        (ended.status, &ended.json()["state"]),
        (200, &json!("refused")),
        "{}",
        ended.text()
    );
    assert_eq!(settle("meters:write").status, 409);
}

#[test]
fn a_code_behind_one_that_is_checked_says_so_and_is_accepted() {
    let prepaid = Prepaid::pausing("30s", &["--foreign-rate", "1"]);
    send(&prepaid, FIRST, &["--wait", "0"]);
    eventually("the first was sent", || {
        let state = newest(&prepaid)["state"].clone();
        (state != "waiting").then_some(())
    });
    let sent = send(&prepaid, SECOND, &["--wait", "0"]);
    let said = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert_eq!(sent.status.code(), Some(0), "{said}");
    assert!(said.contains("accepted"), "{said}");
    let second = newest(&prepaid);
    assert_eq!(
        second["trouble"], "waits for the code before it, about a minute",
        "{second}"
    );
    assert_eq!(second["words"], "Waits for the code before it, about a minute");
    let path = format!("/v1/meters/{SERIAL}/tokens/{}", second["id"].as_str().unwrap());
    let bearer = prepaid.token("meters:topup");
    let shown = prepaid
        .running
        .https()
        .ask("GET", &path, &[("authorization", &bearer)])
        .json();
    assert_eq!(shown["trouble"], second["trouble"]);
    let waited = send(&prepaid, SECOND, &["--wait", "1"]);
    assert_eq!(waited.status.code(), Some(4));
    assert!(
        String::from_utf8_lossy(&waited.stderr).contains("waits for the code before it"),
        "{waited:?}"
    );
}
