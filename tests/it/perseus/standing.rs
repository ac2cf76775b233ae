//! What ends a consent, and for whom (PER §4.4): a person stops it, moves out, is removed, is another of the same name.

use super::fixture::{Consented, METER, SOURCE, csrf, location};

fn status(consented: &Consented, token: &str) -> u16 {
    consented.data("saver", "/datasources", token).status
}

fn listed(consented: &Consented, token: &str) -> usize {
    let answer = consented.data("saver", "/datasources", token);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].as_array().unwrap().len()
}

fn text<'j>(tokens: &'j serde_json::Value, name: &str) -> &'j str {
    tokens[name].as_str().unwrap()
}

#[test]
fn a_person_sees_whom_they_allowed_and_stops_it() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    let list = browser.get("/permissions").text();
    assert!(
        list.contains("Acme") && list.contains("/stop") && !list.contains(SOURCE),
        "{list}"
    );
    let stop = list.split('"').find(|part| part.ends_with("/stop")).unwrap().to_owned();
    // Nobody else finds it.
    consented.person("neighbour", &[METER]);
    let mut neighbour = consented.browser();
    neighbour.sign_in("/login", "neighbour");
    assert_eq!(neighbour.get(&stop).status, 404);
    assert!(neighbour.get("/permissions").text().contains("Nobody."));
    let token = csrf(&neighbour.get("/permissions").text());
    assert_eq!(neighbour.post(&stop, &[("csrf_token", &token)]).status, 404);
    assert_eq!(status(&consented, text(&tokens, "access_token")), 200);

    let page = browser.get(&stop);
    let token = csrf(&page.text());
    assert_eq!(
        location(&browser.post(&stop, &[("csrf_token", &token)])),
        "/permissions"
    );
    assert_eq!(status(&consented, text(&tokens, "access_token")), 401);
    assert_eq!(consented.refresh("saver", text(&tokens, "refresh_token")).status, 400);
    let list = browser.get("/permissions").text();
    assert!(
        list.contains("stopped") && list.contains("by you") && !list.contains("/stop"),
        "{list}"
    );
}

#[test]
fn two_residents_of_one_meter_have_each_their_own() {
    let consented = Consented::start();
    consented.person("partner", &[METER]);
    let (one, two) = (
        consented.tokens("saver", "resident"),
        consented.tokens("saver", "partner"),
    );
    let sub = |tokens: &serde_json::Value| super::fixture::claims(text(tokens, "access_token"))["sub"].clone();
    assert_ne!(sub(&one), sub(&two));
    consented.post(
        Some("saver"),
        "/api/v1/authorize/revoke",
        &[("token", text(&one, "refresh_token"))],
    );
    assert_eq!(status(&consented, text(&one, "access_token")), 401);
    assert_eq!(status(&consented, text(&two, "access_token")), 200);
    // Another application knows the same person by another name.
    let other = consented.tokens("other", "partner");
    assert_ne!(sub(&other), sub(&two));
}

#[test]
fn whoever_has_no_meter_any_more_shares_nothing_from_the_next_request_on() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let access = text(&tokens, "access_token");
    assert_eq!(listed(&consented, access), 1);
    consented.running.json(&["user", "meters", "resident"]);
    assert_eq!(listed(&consented, access), 0);
    assert_eq!(
        consented
            .data("saver", &format!("/datasources/{SOURCE}/import"), access)
            .status,
        404
    );
    consented.running.json(&["user", "meters", "resident", METER]);
    assert_eq!(listed(&consented, access), 1);
    consented.running.json(&["user", "remove", "resident"]);
    assert_eq!(status(&consented, access), 401);
    assert_eq!(consented.refresh("saver", text(&tokens, "refresh_token")).status, 400);
    // Another person of the same name is another person.
    consented.person("resident", &[METER]);
    assert_eq!(status(&consented, access), 401);
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    assert!(browser.get("/permissions").text().contains("Nobody."));
}

#[test]
fn one_access_token_can_be_given_back_alone() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let newer = consented.refresh("saver", text(&tokens, "refresh_token")).json();
    let give_back = |name: &str, token: &str| {
        let answer = consented.post(Some(name), "/api/v1/authorize/revoke", &[("token", token)]);
        assert_eq!(
            (answer.status, answer.json()["status"].as_str()),
            (200, Some("success"))
        );
    };
    // A stranger's word does nothing, and nobody learns which tokens there are.
    give_back("other", text(&tokens, "access_token"));
    give_back("other", text(&tokens, "refresh_token"));
    give_back("saver", "nothing");
    assert_eq!(status(&consented, text(&tokens, "access_token")), 200);
    give_back("saver", text(&tokens, "access_token"));
    assert_eq!(status(&consented, text(&tokens, "access_token")), 401);
    assert_eq!(status(&consented, text(&newer, "access_token")), 200);
    assert_eq!(consented.refresh("saver", text(&tokens, "refresh_token")).status, 200);
    assert_eq!(
        consented.post(Some("saver"), "/api/v1/authorize/revoke", &[]).status,
        400
    );
}

#[test]
fn without_the_words_nobody_can_allow_anything_and_the_box_says_so() {
    let mut consented = Consented::start();
    consented.running.kill();
    let words = consented.running.dir.join("licence.txt");
    for wrong in [None, Some("[CAP] asks for [SOMETHING]"), Some(" ")] {
        match wrong {
            None => std::fs::remove_file(&words).unwrap(),
            Some(text) => std::fs::write(&words, text).unwrap(),
        }
        consented.running.run();
        let mut browser = consented.browser();
        let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "resident");
        let page = browser.get(&consent);
        assert_eq!((page.status, page.header("location")), (503, None), "{wrong:?}");
        assert!(
            page.header("retry-after").is_none() && page.text().contains("nothing to agree to"),
            "{}",
            page.text()
        );
        let status = consented.running.json(&["status"]);
        assert_eq!(status["rooms"]["perseus"]["state"], "hindered", "{wrong:?}: {status}");
        assert_eq!(status["state"], "degraded");
        assert!(
            status["rooms"]["perseus"]["next_step"]
                .as_str()
                .unwrap()
                .contains("text_file")
        );
        consented.running.stop();
    }
}

#[test]
fn whoever_runs_the_box_lists_and_stops_and_changes_the_keys_that_sign() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let listed = consented.running.json(&["consent", "list"]);
    let shown = &listed[0];
    assert_eq!(
        (&shown["person"], &shown["state"]),
        (&"resident".into(), &"allowed".into()),
        "{listed}"
    );
    let too_soon = consented.running.command(&["pki", "rotate", "tokens"]);
    assert_eq!(
        too_soon.status.code(),
        Some(5),
        "the next key is not known to anybody yet: {too_soon:?}"
    );
    let id = shown["id"].as_str().unwrap();
    let stopped = consented.running.json(&["consent", "revoke", id]);
    assert_eq!(stopped["state"], "stopped");
    assert_eq!(status(&consented, text(&tokens, "access_token")), 401);
    let unknown = consented.running.command(&["consent", "revoke", "nothing"]);
    assert_eq!(unknown.status.code(), Some(5), "{unknown:?}");
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(told.contains("consent list") && !told.contains("`nothing`"), "{told}");
}

#[test]
fn what_is_not_offered_any_more_is_not_let_out_and_the_person_sees_so() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let access = text(&tokens, "access_token");
    let file = consented.running.config_file();
    let whole = std::fs::read_to_string(&file).unwrap();
    let with = |source: &str| {
        let usual = format!("datasource = {{ id = \"{SOURCE}\", outcode = \"SW8\" }}");
        std::fs::write(&file, whole.replace(&usual, source)).unwrap();
        consented.running.json(&["config", "reload"]);
    };
    let import = format!("/datasources/{SOURCE}/import?from=2024-12-05&to=2024-12-06");
    let export = format!("/datasources/{SOURCE}/export?from=2024-12-05&to=2024-12-06");
    let at = |path: &str| consented.data("saver", path, access).status;
    with(&format!(
        "datasource = {{ id = \"{SOURCE}\", measures = [\"import\"] }}"
    ));
    assert_eq!((at(&import), at(&export)), (202, 404));
    with("");
    assert_eq!((listed(&consented, access), at(&import)), (0, 404));
    assert_eq!(consented.running.json(&["consent", "list"])[0]["state"], "idle");
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    let list = browser.get("/permissions").text();
    assert!(list.contains("sees nothing now") && list.contains("/stop"), "{list}");
    std::fs::write(&file, &whole).unwrap();
    consented.running.json(&["config", "reload"]);
    assert_eq!((listed(&consented, access), at(&export)), (1, 202));
}

#[test]
fn whoever_moves_out_is_told_what_they_had_allowed_and_sees_when_it_ended() {
    let consented = Consented::start();
    consented.tokens("saver", "resident");
    let id = consented.running.json(&["consent", "list"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let left = consented.running.json(&["user", "move-out", "resident"]);
    let matter = left["remaining"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["kind"] == "consent");
    assert!(matter.unwrap()["words"].as_str().unwrap().contains(&id), "{left}");
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    let list = browser.get("/permissions").text();
    assert!(list.contains("It ended with your tenancy on"), "{list}");
    let evidence = list.split('"').find(|part| part.starts_with("/evidence/")).unwrap();
    let page = browser.get(evidence).text();
    assert!(page.contains("sees nothing now"), "{page}");
}

#[test]
fn words_that_somebody_changed_are_found() {
    let mut consented = Consented::start();
    consented.tokens("saver", "resident");
    let verified = |consented: &Consented| {
        let verified = consented.running.command(&["verify"]);
        (
            verified.status.code(),
            String::from_utf8_lossy(&verified.stdout).into_owned(),
        )
    };
    assert_eq!(verified(&consented).0, Some(0));
    let folder = consented.running.dir.join("data/perseus/words");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let words = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, words.replace("half-hours", "half-lives")).unwrap();
    let (code, said) = verified(&consented);
    assert!(code == Some(1) && said.contains("they were changed"), "{said}");
    std::fs::remove_file(&file).unwrap();
    let (code, said) = verified(&consented);
    assert!(code == Some(1) && said.contains("are not there"), "{said}");
    std::fs::write(&file, words.replace("half-hours", "half-lives")).unwrap();
    consented.running.stop();
    assert_eq!(verified(&consented).0, Some(1), "a box that does not run says so too");
}
