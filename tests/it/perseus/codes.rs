//! Codes and refresh tokens: once, for their own application, and no longer than they last (RFC 6749 §4.1.2; PER §4.1).

use std::time::Duration;

use super::fixture::{CALLBACK, Consented, LICENCE, QUERIED, SOURCE, VERIFIER, query};

fn refused(answer: &crate::support::https::Answer) -> (u16, String) {
    let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    (answer.status, error)
}

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

#[test]
fn a_code_is_its_own_applications_and_a_strangers_try_consumes_nothing() {
    let consented = Consented::start();
    let code = consented.allowed("saver", "resident", &[])["code"].clone();
    assert_eq!(refused(&consented.redeem("other", &code, &[])), invalid_grant());
    assert_eq!(
        consented
            .post(None, "/api/v1/authorize/token", &[("code", &code)])
            .status,
        401
    );
    assert_eq!(
        consented
            .redeem("saver", &code, &[("client_id", "https://directory.example/a/other")])
            .status,
        401
    );
    assert_eq!(
        consented.redeem("saver", &code, &[("code_verifier", VERIFIER)]).status,
        200
    );
}

#[test]
fn the_owners_first_try_consumes_a_code_right_or_wrong() {
    let consented = Consented::start();
    let wrong = "a".repeat(43);
    for changes in [
        &[("code_verifier", wrong.as_str())][..],
        &[("code_verifier", "")],
        &[("code_verifier", "short")],
        &[("redirect_uri", QUERIED)],
    ] {
        let code = consented.allowed("saver", "resident", &[])["code"].clone();
        assert_eq!(
            refused(&consented.redeem("saver", &code, changes)),
            invalid_grant(),
            "{changes:?}"
        );
        assert_eq!(
            refused(&consented.redeem("saver", &code, &[])),
            invalid_grant(),
            "it is consumed"
        );
    }
    for code in ["", "x", "\u{e9}"] {
        assert_eq!(consented.redeem("saver", code, &[]).status, 400, "{code}");
    }
    for (grant, error) in [("password", "unsupported_grant_type"), ("", "invalid_request")] {
        assert_eq!(
            refused(&consented.redeem("saver", "x", &[("grant_type", grant)])),
            (400, error.to_owned())
        );
    }
}

#[test]
fn a_code_that_comes_twice_ends_what_came_of_the_first() {
    let consented = Consented::start();
    let code = consented.allowed("saver", "resident", &[])["code"].clone();
    let tokens = consented.redeem("saver", &code, &[]).json();
    let (access, refresh) = (
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    );
    let newer = consented.refresh("saver", refresh).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(consented.data("saver", "/datasources", access).status, 200);
    assert_eq!(refused(&consented.redeem("saver", &code, &[])), invalid_grant());
    for token in [access, &newer] {
        assert_eq!(consented.data("saver", "/datasources", token).status, 401);
    }
    assert_eq!(refused(&consented.refresh("saver", refresh)), invalid_grant());
}

#[test]
fn of_eight_hands_with_one_code_one_gets_tokens_and_they_end_at_once() {
    let consented = Consented::start();
    let code = consented.allowed("saver", "resident", &[])["code"].clone();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| consented.redeem("saver", &code, &[])))
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status != 200)
            .all(|answer| refused(answer) == invalid_grant())
    );
    let refresh = won[0].json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(
        refused(&consented.refresh("saver", &refresh)),
        invalid_grant(),
        "the seven others were replays"
    );
}

#[test]
fn a_code_is_too_old_after_its_life() {
    let consented = Consented::start();
    let code = consented.allowed("saver", "resident", &[])["code"].clone();
    std::thread::sleep(Duration::from_secs(46));
    assert_eq!(refused(&consented.redeem("saver", &code, &[])), invalid_grant());
}

#[test]
fn a_refresh_token_is_its_applications_and_asks_for_no_more_than_was_granted() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(refused(&consented.refresh("other", refresh)), invalid_grant());
    let scope = |scope: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("scope", scope),
        ];
        consented.post(Some("saver"), "/api/v1/authorize/token", &form)
    };
    for right in [
        LICENCE.to_owned(),
        format!("{LICENCE} offline_access"),
        format!("{LICENCE}+offline_access"),
    ] {
        assert_eq!(scope(&right).status, 200, "{right}");
    }
    assert_eq!(
        refused(&scope(&format!("{LICENCE} openid"))),
        (400, "invalid_scope".to_owned())
    );
    // Six at once, and none is lost.
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| consented.refresh("saver", refresh).status))
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    assert_eq!(answers, [200; 6]);
    // A renewed certificate of the same application goes on, and the tokens of the older one are its alone.
    let before = consented.refresh("saver", refresh).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let role = format!("{}/role/carbon-accounting-provider", super::fixture::SCHEME);
    consented.certificate("renewed", super::fixture::SAVER, &[&role]);
    let renewed = consented.refresh("renewed", refresh).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(consented.data("renewed", "/datasources", &renewed).status, 200);
    assert_eq!(consented.data("renewed", "/datasources", &before).status, 401);
}

#[test]
fn who_allows_the_same_again_renews_it_and_the_older_token_ends_with_the_newer_code() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let older = tokens["refresh_token"].as_str().unwrap();
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "resident");
    assert!(
        browser.get(&consent).text().contains("You allowed"),
        "it says that it was allowed before"
    );
    let back = browser.decide(
        &consent,
        &[("datasource", SOURCE), ("expires", "1m"), ("decision", "allow")],
    );
    assert_eq!(
        consented.refresh("saver", older).status,
        200,
        "until the newer code is redeemed"
    );
    let code = query(&back)["code"].clone();
    let newer = consented.redeem("saver", &code, &[("redirect_uri", CALLBACK)]).json();
    assert_eq!(refused(&consented.refresh("saver", older)), invalid_grant());
    let told = |token: &str| {
        consented
            .post(Some("saver"), "/api/v1/permissions", &[("token", token)])
            .json()["permission"]
            .clone()
    };
    let (first, second) = (told(older), told(newer["refresh_token"].as_str().unwrap()));
    assert_eq!(first["evidence"], second["evidence"], "one permission, one page");
    assert_eq!(
        consented
            .post(Some("other"), "/api/v1/permissions", &[("token", older)])
            .status,
        404
    );
}

#[test]
fn what_was_answered_outlives_a_kill() {
    let mut consented = Consented::start();
    let code = consented.allowed("saver", "resident", &[])["code"].clone();
    consented.running.kill();
    consented.running.run();
    let answer = consented.redeem("saver", &code, &[]);
    assert_eq!(answer.status, 200, "between code and redemption: {}", answer.text());
    let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    consented.running.kill();
    consented.running.run();
    assert_eq!(
        refused(&consented.redeem("saver", &code, &[])),
        invalid_grant(),
        "it is still used"
    );
    assert_eq!(
        refused(&consented.refresh("saver", &refresh)),
        invalid_grant(),
        "and ended what came of it"
    );
    let tokens = consented.tokens("saver", "resident");
    let (access, refresh) = (
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    );
    assert_eq!(
        consented
            .post(Some("saver"), "/api/v1/authorize/revoke", &[("token", refresh)])
            .status,
        200
    );
    consented.running.kill();
    consented.running.run();
    assert_eq!(
        consented.data("saver", "/datasources", access).status,
        401,
        "a revocation that was answered stays"
    );
}

#[test]
fn what_is_older_ends_nothing_that_is_newer() {
    let consented = Consented::start();
    let codes = [(); 2].map(|()| consented.allowed("saver", "resident", &[])["code"].clone());
    let newer = consented.redeem("saver", &codes[1], &[]);
    assert_eq!(newer.status, 200, "{}", newer.text());
    let newer = newer.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(
        refused(&consented.redeem("saver", &codes[0], &[])),
        invalid_grant(),
        "the code of the older consent"
    );
    assert_eq!(consented.refresh("saver", &newer).status, 200);
    // A token that was replaced is given back as a client tidies up.
    let newest = consented.tokens("saver", "resident")["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(refused(&consented.refresh("saver", &newer)), invalid_grant());
    assert_eq!(
        consented
            .post(Some("saver"), "/api/v1/authorize/revoke", &[("token", &newer)])
            .status,
        200
    );
    assert_eq!(consented.refresh("saver", &newest).status, 200);
    let told = consented
        .post(Some("saver"), "/api/v1/permissions", &[("token", &newer)])
        .json();
    let (ended, issued) = (&told["permission"]["tokenExpires"], &told["permission"]["expires"]);
    assert_ne!(ended, issued, "it has ended before its permission: {told}");
}

#[test]
fn a_code_that_comes_again_and_again_is_told_of_once() {
    let consented = Consented::start();
    let code = consented.allowed("saver", "resident", &[])["code"].clone();
    let refresh = consented.redeem("saver", &code, &[]).json()["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 0..5 {
        assert_eq!(refused(&consented.redeem("saver", &code, &[])), invalid_grant());
    }
    let told = consented
        .post(Some("saver"), "/api/v1/permissions", &[("token", &refresh)])
        .json();
    let evidence = told["permission"]["evidence"]
        .as_str()
        .unwrap()
        .strip_prefix(&consented.issuer)
        .unwrap();
    let page = consented.browser().get(evidence).text();
    assert_eq!(page.matches("came a second time").count(), 1, "{page}");
    assert_eq!(consented.running.log().matches("a code came twice").count(), 1);
}
