//! Somebody is erased: what goes, what stays, and that nothing of it comes back.

use gatelodge::domain::{MeterNews, Reading, Register, WattHours};
use gatelodge::store::meter_money::MoneySeen;
use gatelodge::store::meters::{Meters, MetersWriter, Note};
use gatelodge::store::readings::{Batch, Erased, ReadingsWriter, mark_erased_on};
use gatelodge::store::{Options, Place, Store};
use jiff::{SignedDuration, Timestamp};

use super::{forgotten, half_hours, lived_in, signed_in};
use crate::perseus::fixture::{Consented, METER, PASSWORD, csrf};
use crate::perseus::readings;
use crate::support::eventually;

const DECEMBER: (&str, &str) = ("2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z");

/// Waits until the page says that it is done; its words.
fn done(consented: &Consented, page: &str) -> String {
    eventually("it is erased", || {
        let text = consented.browser().get(page).text();
        text.contains("It is erased").then_some(text)
    })
}

#[test]
fn an_account_goes_with_its_half_hours_and_leaves_evidence_without_a_name() {
    let (consented, refresh) = lived_in();
    // From the middle of the month on somebody else lives there as well.
    consented.person("partner", &[&format!("{METER}@2024-12-20")]);
    let mut browser = signed_in(&consented, "resident");
    let mut other_session = signed_in(&consented, "resident");
    let sharing = browser.get("/permissions").text();
    let evidence = sharing
        .split("/evidence/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(half_hours(&consented, DECEMBER.0, DECEMBER.1), 31 * 48);

    let page = browser.get("/me/forget").text();
    for words in [
        "What goes",
        "taken back at once",
        "for 6 years",
        "without your name",
        "as long as they are theirs",
        "The log of the book",
        "for 400 days",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Neither a wrong password nor a missing tick changes anything.
    let csrf = csrf(&page);
    for (password, sure, status) in [("wrong", true, 401), (PASSWORD, false, 400)] {
        let mut form = vec![("csrf_token", csrf.as_str()), ("password", password)];
        form.extend(sure.then_some(("sure", "yes")));
        assert_eq!(browser.post("/me/forget", &form).status, status, "{password}");
    }
    assert_eq!(consented.refresh("saver", &refresh).status, 200);

    let receipt = forgotten(&mut browser);
    // From the answer on: no session, no sign-in, no token, no permission.
    assert_eq!(other_session.get("/me/data").header("location"), Some("/login"));
    assert_eq!(browser.get("/energy").header("location"), Some("/login"));
    assert_eq!(consented.refresh("saver", &refresh).status, 400);
    let text = done(&consented, &receipt);
    assert!(
        !text.contains("resident") && text.contains("The log of the book"),
        "{text}"
    );
    let mut again = consented.browser();
    let login = again.get("/login").text();
    let form = [
        ("csrf_token", super::csrf(&login)),
        ("username", "resident".into()),
        ("password", PASSWORD.into()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(again.post("/login", &form).status, 401);

    // Of the time that was theirs alone nothing is there; the other's stays whole.
    assert_eq!(half_hours(&consented, DECEMBER.0, "2024-12-20T00:00:00Z"), 0);
    assert_eq!(half_hours(&consented, "2024-12-20T00:00:00Z", DECEMBER.1), 12 * 48);
    let listed = consented.running.json(&["consent", "list"]);
    assert_eq!(
        (&listed[0]["person"], &listed[0]["state"]),
        (&"".into(), &"stopped".into()),
        "{listed}"
    );
    let proof = consented.browser().get(&format!("/evidence/{evidence}"));
    assert_eq!(proof.status, 200);
    assert!(!proof.text().contains("resident") && proof.text().contains("stopped by the person"));
    // The audit says that it was done, and is whole.
    let log = consented.running.log();
    assert!(
        log.contains("a person is erased") && log.contains("an erasure is done"),
        "{log}"
    );
    assert!(consented.running.command(&["verify"]).status.success());
    // Whoever has the name next has nothing of it.
    consented.person("resident", &["EML2"]);
    let files = super::taken(&mut signed_in(&consented, "resident"));
    assert!(
        !files
            .keys()
            .any(|name| name.contains(METER) || name.starts_with("sharing")),
        "{files:?}"
    );
}

/// Writes the same half-hours into the book of a stopped box; how many were taken, and how many were not for being erased.
fn said_again(consented: &mut Consented) -> (u64, u64) {
    consented.running.stop();
    let from: Timestamp = readings::FROM.parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let recorded = runtime.block_on(async {
        let place = Place::in_data_dir(&consented.running.dir.join("data"));
        let store = Store::open(Options::at(place)).unwrap();
        let again = (0..=31 * 48).map(|number| {
            let at = from + SignedDuration::from_mins(30 * number);
            Reading::measured(
                at,
                WattHours(1_000 + 7 * number.unsigned_abs()),
                at + SignedDuration::from_mins(5),
            )
        });
        let batch = Batch {
            meter: METER.parse().unwrap(),
            register: Register::ImportA,
            readings: again.collect(),
        };
        let recorded = ReadingsWriter::new(store.clone()).record(vec![batch]).await.unwrap();
        store.close().await;
        recorded
    });
    consented.running.run();
    (recorded.added, recorded.erased)
}

#[test]
fn what_was_erased_is_not_taken_again_from_anywhere() {
    let (mut consented, _) = lived_in();
    let receipt = forgotten(&mut signed_in(&consented, "resident"));
    done(&consented, &receipt);
    let (added, erased) = said_again(&mut consented);
    assert_eq!(
        (added, erased),
        (0, 31 * 48),
        "the one at the beginning bounds the time before, and was known"
    );
    assert_eq!(half_hours(&consented, DECEMBER.0, DECEMBER.1), 0);
}

#[test]
fn a_kill_in_between_loses_no_erasure_and_year_old_months_go_as_well() {
    let mut consented = readings::year();
    // Months that are over stand in files of their own.
    let side = consented.running.dir.join("data/store/g000001/side");
    let files = || std::fs::read_dir(&side).map_or(0, Iterator::count);
    eventually("months are sealed", || (files() >= 12).then_some(()));
    let receipt = forgotten(&mut signed_in(&consented, "resident"));
    consented.running.kill();
    consented.running.run();
    done(&consented, &receipt);
    assert_eq!(
        half_hours(&consented, "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z"),
        0
    );
    assert_eq!(
        half_hours(&consented, "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        0
    );
    eventually("no month file is left: nobody else was in them", || {
        (files() <= 1).then_some(())
    });
    assert!(consented.running.command(&["verify"]).status.success());
}

#[test]
fn whoever_runs_the_box_erases_by_command_and_is_told_before_and_after() {
    let (consented, refresh) = lived_in();
    let before = consented.running.command(&["user", "forget", "resident", "--dry-run"]);
    let said = String::from_utf8(before.stdout).unwrap();
    for words in [
        "what goes when resident is erased",
        "what stays",
        "for 6 years",
        "what lies elsewhere",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Not asked on a terminal, and not told to go on: nothing happens.
    let refused = consented.running.command(&["user", "forget", "resident"]);
    assert!(!refused.status.success());
    assert_eq!(consented.refresh("saver", &refresh).status, 200);
    let erased = consented.running.json(&["user", "forget", "resident", "--yes"]);
    assert!(erased["ended"].is_string(), "{erased}");
    assert_eq!(consented.refresh("saver", &refresh).status, 400);
    assert_eq!(half_hours(&consented, DECEMBER.0, DECEMBER.1), 0);
    let unknown = consented.running.command(&["user", "forget", "resident", "--yes"]);
    let why = String::from_utf8(unknown.stderr).unwrap();
    assert!(
        !unknown.status.success() && why.contains("no person named `resident`"),
        "{why}"
    );
}

#[tokio::test]
async fn what_a_meters_own_log_says_of_erased_time_is_neither_kept_nor_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(dir.path())).unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let erased = Erased {
        meter: METER.parse().unwrap(),
        from: at("2026-03-01T00:00:00Z"),
        until: at("2026-04-01T00:00:00Z"),
    };
    let mark = erased.clone();
    store.write(move |page| mark_erased_on(page, &mark)).await.unwrap();
    let logged = |text: &str| MeterNews::Logged {
        at: at(text),
        id: 1,
        name: None,
        set: 1,
        alarm: false,
    };
    let before = *store.bell().borrow();
    let note = Note {
        meter: METER.parse().unwrap(),
        state: gatelodge::domain::MeterState::default(),
        news: [
            "2026-02-28T23:59:59Z",
            "2026-03-01T00:00:00Z",
            "2026-03-31T23:59:59Z",
            "2026-04-01T00:00:00Z",
        ]
        .map(logged)
        .to_vec(),
        money: MoneySeen::default(),
    };
    MetersWriter::new(store.clone()).note(vec![note]).await.unwrap();
    let kept = Meters::new(store.clone()).events(&erased.meter).unwrap();
    let kept: Vec<String> = kept.iter().map(|event| event.0.to_string()).collect();
    assert_eq!(
        kept,
        ["2026-02-28T23:59:59Z", "2026-04-01T00:00:00Z"],
        "the first moment is theirs, the last is not"
    );
    let mut tail = store.tail(before);
    let mut told = 0;
    let patience = std::time::Duration::from_millis(500);
    while let Ok(delivery) = tokio::time::timeout(patience, tail.next()).await {
        told += format!("{:?}", delivery.unwrap()).matches("Logged").count();
    }
    assert_eq!(told, 2);
    store.close().await;
}
