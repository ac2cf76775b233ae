//! Answers that do not come to their end: what ends them, how that looks, and that the person sees them all the same
//! (PER §6.4, PER §7.6).

use super::fixture::{Consented, SOURCE};
use super::readings::{FROM, asked, first_reading, month_files, token, write_year, year};
use crate::support::https::Https;

fn address() -> String {
    format!("/datasources/{SOURCE}/import?from=2024-12-01&to=2025-12-20")
}

/// An answer that began, and of which nothing is read.
fn begun(consented: &Consented, token: &str) -> Https {
    let bearer = format!("Bearer {token}");
    let mut slow = consented.machine(Some("saver")).unwrap();
    slow.begin("GET", &address(), &[("authorization", &bearer)]);
    assert!(slow.line().unwrap().contains("200"));
    while !slow.line().unwrap().is_empty() {}
    slow
}

/// The rest of it is no whole answer.
fn is_reset(slow: &mut Https, whole: usize) {
    let mut rest = String::new();
    while let Ok(line) = slow.line() {
        if line.is_empty() {
            break;
        }
        rest += &line;
    }
    assert!(
        rest.len() < whole && !rest.contains("provenance"),
        "{} bytes came",
        rest.len()
    );
    assert!(!rest.ends_with('0'), "no last chunk: it looks like no whole answer");
}

#[test]
fn nothing_before_the_link_goes_out_and_what_ends_on_the_way_is_reset() {
    let consented = year();
    let token = token(&consented);
    let before = format!("/datasources/{SOURCE}/import?from=2024-11-01&to=2024-12-02");
    let answer = asked(&consented, &token, &before, &[]).json();
    assert_eq!(answer["data"].as_array().unwrap().len(), 48);
    assert_eq!(answer["data"][0]["from"], FROM);
    let whole = asked(&consented, &token, &address(), &[]);
    assert_eq!(whole.json()["data"].as_array().unwrap().len(), 384 * 48);
    let whole = whole.text().len();

    // Another configuration, in which the application is kept out.
    let mut slow = begun(&consented, &token);
    let file = consented.running.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replacen("[[perseus.client]]\n", "[[perseus.client]]\ndisabled = true\n", 1),
    )
    .unwrap();
    consented.running.json(&["config", "reload"]);
    is_reset(&mut slow, whole);
    assert_eq!(asked(&consented, &token, &address(), &[]).status, 401);
    std::fs::write(&file, text).unwrap();
    consented.running.json(&["config", "reload"]);

    let mut slow = begun(&consented, &token);
    let id = consented.running.json(&["consent", "list"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    consented.running.json(&["consent", "revoke", &id]);
    is_reset(&mut slow, whole);
    crate::support::eventually("it is told", || {
        consented
            .running
            .log()
            .contains("an answer was broken off")
            .then_some(())
    });
    // The person sees what began, whether it came to its end or not.
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    let list = browser.get("/permissions").text();
    assert!(list.contains("Fetched 4 times in all"), "{list}");
    assert_eq!(list.matches("broken off, at least").count(), 2, "{list}");
}

#[test]
fn an_answer_to_a_certificate_that_is_revoked_meanwhile_comes_to_no_end() {
    let consented = year();
    let token = token(&consented);
    let whole = asked(&consented, &token, &address(), &[]).text().len();
    let mut slow = begun(&consented, &token);
    consented
        .running
        .json(&["pki", "revoke", "saver", "--hierarchy", "client"]);
    is_reset(&mut slow, whole);
    // The permission stands: with another certificate the application goes on where it was.
    let role = format!("{}/role/carbon-accounting-provider", super::fixture::SCHEME);
    consented.certificate("renewed", super::fixture::SAVER, &[&role]);
    let bearer = format!("Bearer {token}");
    let with = |name: &str| {
        let machine = consented.machine(Some(name));
        machine.and_then(|mut machine| machine.try_ask("GET", &address(), &[("authorization", &bearer)], b""))
    };
    assert!(with("saver").is_err());
    assert_eq!(
        with("renewed").unwrap().status,
        401,
        "the token was the other certificate's"
    );
    let listed = consented.running.json(&["consent", "list"]);
    assert_eq!(listed[0]["state"], "allowed", "{listed}");
}

#[test]
fn months_that_are_sealed_while_an_answer_goes_out_change_nothing_of_it() {
    // One reading is there, so that the consent begins with it; the year follows while nobody sees it.
    let mut consented = first_reading();
    let token = token(&consented);
    consented.running.stop();
    let data = consented.running.dir.join("data");
    write_year(&data);
    assert!(month_files(&data) <= 1, "that of the one reading at most");
    consented.running.run();
    let mut slow = begun(&consented, &token);
    let early = month_files(&data);
    let mut answers = 0;
    while month_files(&data) < 13 {
        let answer = asked(&consented, &token, &address(), &[]).json();
        answers += 1;
        assert_eq!(answer["data"].as_array().unwrap().len(), 384 * 48, "{answers}");
        assert!(answers < 200, "the months that are over are sealed");
    }
    assert!(early < 13, "the slow answer began before they were");
    let came = slow.rest().unwrap();
    let came: serde_json::Value = serde_json::from_slice(&came).unwrap();
    let sealed = asked(&consented, &token, &address(), &[]).json();
    assert_eq!(came["data"].as_array().unwrap().len(), 384 * 48);
    assert!(came["data"] == sealed["data"], "half-hours of rows are those of files");
    println!("{answers} answers while months were sealed, the first of them at {early}");
}

#[test]
fn half_hours_that_were_changed_beside_a_right_record_are_told_from_those_that_went_out() {
    let consented = year();
    let token = token(&consented);
    let path = format!("/datasources/{SOURCE}/import?from=2024-12-05&to=2024-12-06");
    let mut answer = asked(&consented, &token, &path, &[]).json();
    let file = consented.running.dir.join("answer.json");
    let verify = |answer: &serde_json::Value| {
        std::fs::write(&file, serde_json::to_string_pretty(answer).unwrap()).unwrap();
        consented
            .running
            .command(&["provenance", "verify", file.to_str().unwrap()])
    };
    let right = verify(&answer);
    assert!(right.status.success(), "however it is written: {right:?}");
    answer["data"][3]["energy"]["value"] = 8.into();
    let wrong = verify(&answer);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        !wrong.status.success() && said.contains("not those that went out"),
        "{said}"
    );
}
