//! What the box holds of somebody, as one archive that others open.

use serde_json::Value;

use super::{lived_in, signed_in, taken};
use crate::perseus::fixture::{METER, csrf};
use crate::support::eventually;

#[test]
fn all_that_is_held_of_somebody_is_one_archive_and_nothing_of_anybody_else() {
    let (consented, _) = lived_in();
    consented.person("neighbour", &["EML2"]);
    drop(signed_in(&consented, "neighbour"));
    let files = taken(&mut signed_in(&consented, "resident"));

    let half_hours: Vec<&str> = files[&format!("meters/{METER}/half-hours-import-a.csv")]
        .lines()
        .collect();
    assert_eq!(half_hours.len(), 1 + 31 * 48);
    assert_eq!(half_hours[0], "from,to,energy,register,unit,quality,taken");
    assert!(
        half_hours[1].starts_with("2024-12-01T00:00:00Z,2024-12-01T00:30:00Z,7,1007,Wh,measured,2024-12-01T00:35:00Z")
    );
    let readings = files[&format!("meters/{METER}/readings-export-a.csv")].lines().count();
    assert_eq!(
        readings,
        1 + 31 * 48 + 1,
        "the reading at the end is theirs: they live there still"
    );
    let json = |name: &str| serde_json::from_str::<Value>(&files[name]).unwrap();
    let account = json("account.json");
    assert_eq!(
        (&account["name"], &account["role"]),
        (&"resident".into(), &"resident".into())
    );
    assert_eq!(account["links"][0]["meter"], METER);
    assert!(
        account["sessions"].as_array().unwrap().len() >= 2,
        "the consent's and this one"
    );
    let permission = &json("sharing/permissions.json")[0];
    assert_eq!(permission["fetches"].as_array().unwrap().len(), 1);
    assert_eq!(
        permission["history"].as_array().unwrap().len(),
        2,
        "given, and its code redeemed"
    );
    let text = permission["permission"]["text"].as_str().unwrap();
    assert!(files[&format!("sharing/words/{text}.txt")].contains("your half-hours"));
    let records: Vec<Value> = files["sharing/records.ndjson"]
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["record"]["half_hours"], 48);
    assert!(files["audit.ndjson"].contains("signed in") && files["audit.ndjson"].contains("allowed an application"));

    let audit = files["audit.ndjson"].lines();
    assert!(audit.clone().count() >= 3 && audit.clone().all(|line| line.contains("resident")));
    for (name, text) in &files {
        for other in ["neighbour", "EML2\"", "$argon2"] {
            assert!(!text.contains(other), "{name} has {other}");
        }
        // Every kind of file is explained, whatever the meter, register or words.
        let kind = name
            .replace(METER, "SERIAL")
            .replace(text_of(name), "HASH")
            .replace("import-a", "REGISTER")
            .replace("export-a", "REGISTER");
        assert!(name == "README.txt" || files["README.txt"].contains(&kind), "{kind}");
    }

    // The command line takes the same, but for what has happened since.
    let to = consented.running.dir.join("theirs.zip");
    let took = consented
        .running
        .command(&["user", "data", "resident", "--take", to.to_str().unwrap()]);
    assert!(took.status.success(), "{took:?}");
    let again = super::unpacked(&std::fs::read(&to).unwrap());
    let names = |files: &std::collections::BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&again), names(&files));
}

/// The hash in the name of a file of words; else what is in no name.
fn text_of(name: &str) -> &str {
    let hash = name
        .strip_prefix("sharing/words/")
        .and_then(|name| name.strip_suffix(".txt"));
    hash.unwrap_or("\0")
}

#[test]
fn an_archive_is_fetched_in_parts_by_whoever_it_is_of_and_by_nobody_else() {
    let (consented, _) = lived_in();
    consented.person("neighbour", &["EML2"]);
    let mut browser = signed_in(&consented, "resident");
    assert_eq!(browser.get("/me/data/archive").status, 404, "none was asked for");
    taken(&mut browser);
    let whole = browser.get("/me/data/archive");
    let tag = whole.header("etag").unwrap().to_owned();
    assert_eq!(whole.header("cache-control"), Some("no-store"));
    let disposition = whole.header("content-disposition").unwrap();
    assert!(
        disposition.starts_with("attachment; filename=\"resident-"),
        "{disposition}"
    );
    let mut part =
        |range: &str, of: &str| browser.ask("GET", "/me/data/archive", &[], &[("range", range), ("if-range", of)]);
    let first = part("bytes=0-99", &tag);
    let rest = part("bytes=100-", &tag);
    assert_eq!((first.status, rest.status), (206, 206));
    let said = format!("bytes 0-99/{}", whole.body.len());
    assert_eq!(first.header("content-range"), Some(said.as_str()));
    assert_eq!([first.body, rest.body].concat(), whole.body);
    assert_eq!(part("bytes=0-99", "\"another\"").body, whole.body, "of another archive");
    let beyond = format!("bytes={}-", whole.body.len());
    assert_eq!(part(&beyond, &tag).status, 416);

    assert_eq!(signed_in(&consented, "neighbour").get("/me/data/archive").status, 404);
    let stranger = consented.browser().get("/me/data/archive");
    assert_eq!((stranger.status, stranger.header("location")), (303, Some("/login")));
    // No file has it: it is open, and has no name.
    let found = std::fs::read_dir(consented.running.dir.join("data")).unwrap();
    let names: Vec<String> = found
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(!names.iter().any(|name| name.contains("zip")), "{names:?}");
    // A removed person's archive is nobody's, whoever gets the name.
    consented.running.json(&["user", "remove", "resident"]);
    consented.person("resident", &["EML2"]);
    assert_eq!(signed_in(&consented, "resident").get("/me/data/archive").status, 404);
}

#[test]
fn an_archive_can_be_stopped_and_the_page_says_how_it_stands() {
    let (consented, _) = lived_in();
    let mut browser = signed_in(&consented, "resident");
    let before = browser.get("/me/data").text();
    for words in [
        "Make my archive",
        METER,
        "Evidence of what you allowed",
        "Have it erased",
    ] {
        assert!(before.contains(words), "{words}: {before}");
    }
    taken(&mut browser);
    let ready = browser.get("/me/data").text();
    assert!(ready.contains("Download it") && ready.contains("kB"), "{ready}");
    let stopped = browser.post("/me/data/stop", &[("csrf_token", &csrf(&ready))]);
    assert_eq!(stopped.status, 303);
    assert_eq!(browser.get("/me/data/archive").status, 404);
    assert!(browser.get("/me/data").text().contains("Make my archive"));
    // Only our own form orders one.
    assert_eq!(browser.post("/me/data", &[("csrf_token", "forged")]).status, 403);
    assert_eq!(browser.get("/me/data/archive").status, 404);
    // Whoever runs the box takes their own as well, and is told who erases them.
    let file = consented.running.dir.join("password");
    let add = [
        "user",
        "add",
        "anna",
        "--role",
        "admin",
        "--password-file",
        file.to_str().unwrap(),
    ];
    consented.running.json(&add);
    let mut anna = signed_in(&consented, "anna");
    assert!(anna.get("/me/data").text().contains("gatelodge user forget anna"));
    assert_eq!(anna.get("/me/forget").status, 403);
    let files = taken(&mut anna);
    assert!(files.contains_key("account.json") && !files.keys().any(|name| name.starts_with("meters/")));
}

#[test]
fn whoever_has_not_proved_themselves_of_late_is_asked_for_the_password() {
    let (mut consented, _) = lived_in();
    let cookies = signed_in(&consented, "resident").cookies;
    crate::support::sessions::age_sessions(&mut consented.running);
    let mut browser = consented.browser();
    browser.cookies = cookies;
    let page = browser.get("/me/data").text();
    assert!(page.contains("Your password once more"), "{page}");
    let wrong = browser.post("/me/data", &[("csrf_token", &csrf(&page)), ("password", "wrong")]);
    assert_eq!(wrong.status, 401);
    assert_eq!(browser.get("/me/data/archive").status, 404);
    let form = [
        ("csrf_token", csrf(&page)),
        ("password", crate::perseus::fixture::PASSWORD.to_owned()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post("/me/data", &form).status, 303);
    eventually("the archive is there", || {
        (browser.get("/me/data/archive").status == 200).then_some(())
    });
}
