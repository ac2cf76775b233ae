//! The property that all of this is for: whatever is asked, with whatever token, while links and consents change and backups
//! come back, exactly the half-hours go out that the person allowed and lived with, and no other (PER §4.2, PER §6.4).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fixture::{Consented, METER, SOURCE};
use super::readings::december;

/// Steps of one run.
const STEPS: usize = 45;
/// 2024-12-01T00:00:00Z, where readings begin, and the day after their last.
const FIRST: i64 = 1_733_011_200;
const DAYS: i64 = 31;

/// Choices that can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A half-hour of December, a little before, or a little after.
    fn moment(&mut self) -> Timestamp {
        let half_hours = i64::try_from(self.below(48 * 37)).unwrap() - 48 * 3;
        Timestamp::from_second(FIRST + half_hours * 1_800).unwrap()
    }
}

/// A permission, as the test knows it.
struct Known {
    access: String,
    from: Timestamp,
    until: Timestamp,
}

fn at(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// When the meter is or was the person's.
fn links(consented: &Consented) -> Vec<(Timestamp, Option<Timestamp>)> {
    let people = consented.running.json(&["user", "list"]);
    let person = people
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "resident")
        .unwrap();
    let links = person["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|link| link["meter"] == METER);
    links
        .map(|link| (at(&link["since"]).unwrap(), at(&link["until"])))
        .collect()
}

/// The half-hours that may go out of a stretch, by what the test knows alone.
fn allowed(
    known: &Known,
    links: &[(Timestamp, Option<Timestamp>)],
    (from, to): (Timestamp, Timestamp),
) -> Vec<Timestamp> {
    let now = Timestamp::now();
    let in_force = links
        .iter()
        .any(|(since, until)| *since <= now && until.is_none_or(|until| now < until));
    let half_hours = (0..DAYS * 48).map(|number| Timestamp::from_second(FIRST + number * 1_800).unwrap());
    let theirs = |begin: Timestamp, end: Timestamp| {
        links
            .iter()
            .any(|(since, until)| *since <= begin && until.is_none_or(|until| end <= until))
    };
    half_hours
        .filter(|begin| {
            let end = *begin + SignedDuration::from_secs(1_800);
            let asked = from <= *begin && end <= to;
            let consented = known.from <= *begin && end <= known.until && now < known.until;
            in_force && asked && consented && theirs(*begin, end)
        })
        .collect()
}

fn consent(consented: &Consented) -> Option<Known> {
    let now = Timestamp::now();
    let links = links(consented);
    let since = links
        .iter()
        .filter(|(since, until)| *since <= now && until.is_none_or(|until| now < until));
    let since = since.map(|(since, _)| *since).min()?;
    let tokens = consented.tokens("saver", "resident");
    let listed = consented.running.json(&["consent", "list"]);
    let newest = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["state"] == "allowed")
        .unwrap();
    Some(Known {
        access: tokens["access_token"].as_str().unwrap().to_owned(),
        from: since.max(Timestamp::from_second(FIRST).unwrap()),
        until: at(&newest["expires"]).unwrap(),
    })
}

#[test]
fn exactly_what_was_allowed_goes_out_whatever_changes() {
    let mut consented = december();
    let mut chance = Chance(20_241_201);
    let mut known = consent(&consented).unwrap();
    let mut revoked = false;
    let path = |name: &str| consented.running.dir.join(name).to_str().unwrap().to_owned();
    let (backup, secret) = (path("backup"), path("passphrase"));
    std::fs::write(&secret, "a passphrase that is long enough for anybody").unwrap();
    let (mut asked, mut gone_out, mut refused) = (0, 0, 0);
    for step in 0..STEPS {
        match chance.below(10) {
            0 => {
                // Away, from some day of December on.
                let day = format!("2024-12-{:02}", 1 + chance.below(31));
                let _ = consented
                    .running
                    .command(&["user", "move-out", "resident", "--at", &day]);
            }
            1 | 2 => {
                let day = format!("{METER}@2024-12-{:02}", 1 + chance.below(31));
                let _ = consented.running.command(&["user", "meters", "resident", &day]);
            }
            3 => {
                consented.running.json(&["user", "meters", "resident"]);
            }
            4 => {
                let listed = consented.running.json(&["consent", "list"]);
                for one in listed.as_array().unwrap() {
                    consented
                        .running
                        .json(&["consent", "revoke", one["id"].as_str().unwrap()]);
                }
                revoked = true;
            }
            5 | 6 => {
                if let Some(newer) = consent(&consented) {
                    (known, revoked) = (newer, false);
                }
            }
            7 if step % 3 == 0 => {
                let made = consented
                    .running
                    .command(&["backup", &backup, "--passphrase-file", &secret]);
                assert!(
                    made.status.success() || std::path::Path::new(&backup).exists(),
                    "{made:?}"
                );
                // Everything is as it was, but for tokens of before, which are none.
                consented.running.stop();
                let restored = consented
                    .running
                    .command(&["restore", &backup, "--passphrase-file", &secret]);
                assert!(restored.status.success(), "{restored:?}");
                let _ = std::fs::remove_file(&backup);
                consented.running.run();
                revoked = true;
            }
            _ => {}
        }
        let (one, other) = (chance.moment(), chance.moment());
        let (from, to) = (one.min(other), one.max(other));
        let address = format!("/datasources/{SOURCE}/import?from={from}&to={to}");
        let answer = consented.data("saver", &address, &known.access);
        asked += 1;
        let expected = if revoked {
            Vec::new()
        } else {
            allowed(&known, &links(&consented), (from, to))
        };
        if answer.status != 200 {
            refused += 1;
            assert!([401, 404].contains(&answer.status), "{step}: {}", answer.text());
            assert!(expected.is_empty(), "{step}: {} are missing", expected.len());
            continue;
        }
        assert!(!revoked, "{step}: it was withdrawn, or is of before a restore");
        let answer = answer.json();
        let rows: Vec<Timestamp> = answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| at(&row["from"]).unwrap())
            .collect();
        assert_eq!(rows, expected, "{step}: from {from} to {to}");
        gone_out += rows.len();
    }
    println!("{asked} asked, {refused} refused, {gone_out} half-hours went out, none outside and none missing");
    assert!(refused > 5 && gone_out > 500, "{refused} refused, {gone_out} went out");
}
