//! Who lives where, by commands: days begin where the house stands, and moving out is one action.

use std::sync::Arc;

use gatelodge::accounts::{Accounts, Beginning, Role, Secret, Standing};
use gatelodge::store::Store;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::accounts::add;
use crate::meter::v1::Metered;
use crate::support::TestBox;
use crate::support::test_box::CONFIG;
use crate::uplink::clock::{Shifted, options};

const LONDON: &str = "[site]\ntimezone = \"Europe/London\"\n";

fn person(running: &TestBox, name: &str) -> Value {
    let people = running.json(&["user", "list"]);
    let found = people.as_array().unwrap().iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {people}")).clone()
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

#[test]
fn a_day_begins_at_its_midnight_in_london() {
    let mut running = TestBox::unstarted(&format!("{CONFIG}{LONDON}"));
    let wanted = ["EML1@2026-07-01", "EML2@2026-01-01"];
    running.json(&[
        "user", "add", "clara", "--role", "resident", "--meter", wanted[0], "--meter", wanted[1],
    ]);
    let links = json!([
        { "meter": "EML1", "since": "2026-06-30T23:00:00Z" },
        { "meter": "EML2", "since": "2026-01-01T00:00:00Z" },
    ]);
    assert_eq!(person(&running, "clara")["links"], links, "without a running box");
    running.run();
    assert_eq!(person(&running, "clara")["links"], links);
    running.json(&["user", "meters", "clara", "EML1", "EML2@2026-08-01", "EML3@9000-01-01"]);
    let clara = person(&running, "clara");
    assert_eq!(
        clara["links"],
        json!([
            { "meter": "EML1", "since": "2026-06-30T23:00:00Z" },
            { "meter": "EML2", "since": "2026-07-31T23:00:00Z" },
            { "meter": "EML3", "since": "9000-01-01T00:00:00Z" },
        ]),
        "what stays keeps its day, unless another is named"
    );
    assert_eq!(clara["meters"], json!(["EML1", "EML2"]), "the third has not begun");

    let before = Timestamp::now();
    let said = running.json(&["user", "meters", "clara", "EML2", "EML4"]);
    assert_eq!(
        (&said["name"], &said["meters"]),
        (&json!("clara"), &json!(["EML2", "EML4"]))
    );
    let clara = person(&running, "clara");
    let links = clara["links"].as_array().unwrap();
    assert_eq!(links.len(), 3, "what never began is gone: {clara}");
    assert!(
        moment(&links[0]["until"]) >= before && links[1]["until"].is_null(),
        "{clara}"
    );
    assert!(moment(&links[2]["since"]) >= before, "without a day: from now on");
    let list = running.command(&["user", "list"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(
        list.contains("EML1 from 2026-06-30T23:00:00Z until") && list.contains("EML2 since 2026-07"),
        "{list}"
    );
    running.configure(CONFIG);
    running.json(&["config", "reload"]);
    running.json(&["user", "meters", "clara", "EML5@2026-07-01"]);
    let clara = person(&running, "clara");
    let since = &clara["links"].as_array().unwrap().last().unwrap()["since"];
    assert_eq!(since, "2026-07-01T00:00:00Z", "the house stands elsewhere: {clara}");
    let wrong = running.command(&["user", "meters", "clara", "EML1@1 May"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&wrong.stderr).contains("days are written 2026-03-01"),
        "{wrong:?}"
    );
}

#[test]
fn moving_out_takes_the_last_reading_ends_everything_and_says_what_remains() {
    let metered = Metered::start(60);
    metered.fetched();
    let (running, serial) = (&metered.running, metered.serial);
    for name in ["clara", "ben"] {
        add(running, name, "resident");
        running.json(&[
            "user",
            "meters",
            name,
            &format!("{serial}@2026-01-01"),
            "EML9@9000-01-01",
        ]);
    }
    let both = running.command(&["user", "meters", "ben", serial, "EML9"]);
    let both = String::from_utf8_lossy(&both.stderr).into_owned();
    assert!(
        both.contains(&format!("{serial} is clara's too, since 2026-01-01T00:00:00Z")),
        "{both}"
    );
    running.json(&["user", "invite", "clara"]);
    let app = running.json(&["token", "create", "--name", "app", "--scope", "meters:read"]);

    let would = running.json(&["user", "move-out", "clara", "--dry-run"]);
    assert_eq!(
        person(running, "clara")["meters"],
        json!([serial]),
        "nothing was changed"
    );
    assert!(
        would["dry_run"] == true && would["meters"][0]["reading"]["origin"] == "asked",
        "{would}"
    );

    let asked = Timestamp::now();
    let left = running.json(&["user", "move-out", "clara"]);
    let (meter, at) = (&left["meters"][0], moment(&left["at"]));
    let reading = &meter["reading"];
    assert_eq!((&meter["meter"], moment(&meter["until"])), (&json!(serial), at));
    assert!(
        moment(&reading["at"]) >= asked && moment(&reading["at"]) <= at,
        "read just before: {left}"
    );
    let show = running.json(&["meter", "show", serial]);
    for register in ["import_a", "import_b"] {
        let (quoted, now) = (&reading["registers"][register], &show["values"][register]["value"]);
        assert!(quoted.as_u64().unwrap() <= now.as_u64().unwrap(), "{left}");
    }
    let kinds = |matters: &Value| -> Vec<String> {
        let all = matters.as_array().unwrap().iter();
        all.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert!(
        kinds(&meter["remaining"]).contains(&"others".to_owned()),
        "ben stays: {left}"
    );
    assert_eq!(kinds(&left["remaining"]), ["link", "token"], "{left}");
    assert!(
        left["remaining"][1]["words"]
            .as_str()
            .unwrap()
            .contains(app["id"].as_str().unwrap())
    );
    assert_eq!(left["invitations"], 1);
    let clara = person(running, "clara");
    assert_eq!(
        (clara["meters"].is_null(), clara["links"].as_array().unwrap().len()),
        (true, 2),
        "{clara}"
    );
    assert_eq!(
        person(running, "ben")["meters"],
        json!([serial]),
        "somebody else's link is theirs"
    );
    let log = running.log();
    let line = log
        .lines()
        .find(|line| line.contains("a person moved out"))
        .unwrap_or_else(|| panic!("{log}"));
    assert!(
        line.contains("gatelodge::audit") && line.contains("clara") && line.contains(serial),
        "{line}"
    );

    let again = running.json(&["user", "move-out", "clara"]);
    assert_eq!((&again["meters"], &again["sessions"]), (&json!([]), &json!(0)));
    assert_eq!(person(running, "clara"), clara, "nothing is changed a second time");
    let again = running.command(&["user", "move-out", "clara"]);
    assert!(
        String::from_utf8_lossy(&again.stdout).contains("nothing is in force for clara"),
        "{again:?}"
    );
    assert_eq!(running.log().matches("a person moved out").count(), 1);

    // A day that is over: the register as it stood then is in the book.
    let day = (Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() - jiff::Span::new().days(1)).to_string();
    let left = running.json(&["user", "move-out", "ben", "--at", &day]);
    let reading = &left["meters"][0]["reading"];
    assert_eq!(
        (&reading["origin"], &reading["age_s"]),
        (&json!("half-hour"), &json!(0)),
        "{left}"
    );
    assert_eq!(reading["at"], format!("{day}T00:00:00Z"));
    assert!(reading["registers"]["import_a"].as_u64() > Some(0), "{left}");
}

#[test]
fn whoever_cannot_move_out_is_told_why_and_a_silent_meter_stops_nobody() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nattempts = 1\n\
         [[meter]]\nserial = \"EML1\"\nlink = \"tcp://127.0.0.1:9\"\n"
    ));
    add(&running, "clara", "resident");
    running.json(&["user", "meters", "clara", "EML1@2026-05-01", "EML2"]);
    for (arguments, words) in [
        (&["nobody"][..], "no person"),
        (&["clara", "--at", "9000-01-01"], "has not come"),
        (&["clara", "--at", "2026-04-30"], "theirs only since"),
    ] {
        let refused = running.command(&[&["user", "move-out"], arguments].concat());
        assert_eq!(refused.status.code(), Some(5), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(words), "{refused:?}");
    }
    let output = running.command(&["user", "move-out", "clara"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains("clara left EML1"),
        "{output:?}"
    );
    assert!(
        said.contains("no reading to quote") && said.contains("there is no reading at all"),
        "{said}"
    );
    assert!(said.contains("there is no meter EML2"), "{said}");
    assert!(person(&running, "clara")["meters"].is_null());

    running.json(&["user", "remove", "clara"]);
    add(&running, "clara", "resident");
    assert!(
        person(&running, "clara")["links"].is_null(),
        "another one of that name inherits nothing"
    );

    let stopped = TestBox::unstarted(CONFIG);
    add(&stopped, "dora", "resident");
    let refused = stopped.command(&["user", "move-out", "dora"]);
    assert_eq!(
        refused.status.code(),
        Some(4),
        "the last reading needs a running box: {refused:?}"
    );
}

#[tokio::test]
async fn what_is_to_come_begins_and_what_ends_is_over_by_the_time_that_the_box_goes_by() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Shifted::default());
    let store = Store::open(options(folder.path(), &clock)).unwrap();
    let accounts = Accounts::new(store.clone());
    let now = accounts.now();
    let tomorrow = now + SignedDuration::from_hours(20);
    let meter: gatelodge::domain::MeterId = "EML1".parse().unwrap();
    let standing = Standing {
        role: Role::Resident,
        meters: vec![Beginning {
            meter: meter.clone(),
            since: Some(tomorrow),
        }],
        spaces: Vec::new(),
    };
    let password = Secret::given("correct-horse");
    accounts
        .add_person("clara", standing, Some(password.clone()), now)
        .await
        .unwrap();
    let from = ([127, 0, 0, 1].into(), now);
    let cookie = accounts.sign_in("clara", password, from).await.unwrap();
    let sees = |accounts: &Accounts| {
        let now = accounts.now();
        let who = accounts.session(&cookie, now).unwrap().unwrap();
        (
            who.sees(&meter, now),
            who.sight(&meter, now).is_some(),
            accounts.still_known(&who),
        )
    };
    assert_eq!(sees(&accounts), (false, false, true));
    clock.set(tomorrow - SignedDuration::from_secs(5));
    assert_eq!(sees(&accounts), (false, false, true));
    clock.set(tomorrow);
    assert_eq!(
        sees(&accounts),
        (true, true, true),
        "the same session, without a restart"
    );

    clock.set(tomorrow + SignedDuration::from_secs(60));
    let at = accounts.now();
    let who = accounts.session(&cookie, at).unwrap().unwrap();
    let done = accounts.move_out("clara", at).await.unwrap();
    assert_eq!((done.ended.len(), done.sessions), (1, 1));
    assert!(!accounts.still_known(&who) && accounts.session(&cookie, at).unwrap().is_none());
    assert!(accounts.move_out("clara", at).await.unwrap().ended.is_empty());
    let clara = accounts.person("clara").unwrap().unwrap();
    assert_eq!((clara.links[0].since, clara.links[0].until), (tomorrow, Some(at)));
    store.close().await;
}

#[test]
fn a_serial_that_the_box_does_not_know_is_warned_of() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}\n[meters]\n[[meter]]\nserial = \"EML1\"\nlink = \"tcp://127.0.0.1:9\"\nhardware = \"EMA1.w\"\n"
    ));
    let said = |arguments: &[&str]| {
        let done = running.command(arguments);
        assert!(done.status.success(), "{done:?}");
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    let add = [
        "user", "add", "clara", "--role", "resident", "--meter", "EML1", "--meter", "EML7",
    ];
    let warned = said(&add);
    assert!(
        warned.contains("knows no meter EML7 yet") && warned.contains("meter add EML7"),
        "{warned}"
    );
    assert!(!warned.contains("EML1 "), "{warned}");
    assert!(said(&["user", "meters", "clara", "EML8"]).contains("knows no meter EML8"));
    assert_eq!(said(&["user", "meters", "clara", "EML1"]), "");
    // A day to come for what is in force ends it now, which may not be meant.
    let ended = said(&["user", "meters", "clara", "EML1@9000-01-01"]);
    assert!(ended.contains("EML1 was clara's and ended now"), "{ended}");
    assert_eq!(said(&["user", "meters", "clara", "EML1@9000-01-01"]), "");
    said(&["user", "meters", "clara", "EML1"]);
    let linked = running.json(&["user", "meters", "clara", "EML1", "EML9@9000-01-01"]);
    assert_eq!(linked["unknown_meters"], json!(["EML9"]));
    let added = running.json(&["user", "add", "dora", "--role", "resident", "--meter", "EML9"]);
    assert_eq!(added["unknown_meters"], json!(["EML9"]));
}
