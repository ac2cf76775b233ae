//! Half-hour files: what fills the book, what it has already, and what is refused line by line.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::{CONFIG, import, sums, why};
use crate::support::test_box::TestBox;

/// A day of half-hours from midnight on, the register rising by 100 Wh.
fn day(column: &str, midnight: Timestamp, first: u64) -> String {
    let mut text = format!("\"created_at\",\"{column}\",\"{column}_rev\"\r\n");
    for number in 0..48u64 {
        let at = midnight + SignedDuration::from_mins(30 * i64::try_from(number).unwrap());
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S+0000");
        write!(text, "{at},{},{number}\r\n", first + number * 100).unwrap();
    }
    text
}

fn midnight(days_ago: i64) -> Timestamp {
    let day = SignedDuration::from_hours(24);
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - now % 86_400).unwrap() - day * i32::try_from(days_ago).unwrap()
}

fn name(column: &str, midnight: Timestamp) -> String {
    let date = midnight.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d");
    format!("{column}-{date}.csv")
}

fn put(folder: &Path, column: &str, midnight: Timestamp, text: &str) -> String {
    let name = name(column, midnight);
    fs::write(folder.join(&name), text).unwrap();
    name
}

#[test]
fn readings_fill_the_book_once_and_change_nothing_that_it_has() {
    let running = TestBox::start_with(CONFIG);
    running.command(&["meter", "add", "EML0000000201", "--link", "tcp://127.0.0.1:9"]);
    let days = running.dir.join("days/flat1");
    fs::create_dir_all(&days).unwrap();
    for ago in 2..12 {
        let (at, first) = (midnight(ago), 1_000_000 - u64::try_from(ago).unwrap() * 4_800);
        for column in ["EML0000000201-A", "EML0000000201-B"] {
            put(&days, column, at, &day(column, at, first));
        }
    }
    let path = running.dir.join("days").to_str().unwrap().to_owned();
    let (dry, code) = import(&running, &["smip", &path, "--dry-run"]);
    assert_eq!(
        (sums(&dry), dry["new"].as_u64(), code),
        ([20, 0, 0], Some(20 * 96), 0),
        "{dry}"
    );
    let (first, _) = import(&running, &["smip", &path]);
    assert_eq!((sums(&first), first["new"].as_u64()), ([20, 0, 0], Some(20 * 96)));
    let (again, code) = import(&running, &["smip", &path]);
    assert_eq!((sums(&again), again["new"].as_u64(), code), ([0, 20, 0], Some(0), 0));

    // As the energy of half-hours: 100 Wh each, across midnights too.
    let out = running.command(&[
        "export",
        "--from",
        "2020-01-01",
        "--to",
        "2099-12-31",
        "--only",
        "readings",
    ]);
    let table = String::from_utf8(out.stdout).unwrap();
    assert_eq!(table.lines().count(), 1 + 20 * 96);
    let boundary = format!(
        "EML0000000201,import_b,{},{},Wh,measured,",
        midnight(5),
        1_000_000 - 5 * 4_800
    );
    assert!(table.contains(&boundary), "{boundary}");

    let other = running.dir.join("other");
    fs::create_dir(&other).unwrap();
    let at = midnight(5);
    let column = "EML0000000201-A";
    let mut lines: Vec<String> = day(column, at, 1_000_000 - 5 * 4_800)
        .lines()
        .map(str::to_owned)
        .collect();
    lines[3] = lines[3].replace(",976200,", ",5,");
    lines[4] = "rubbish".to_owned();
    lines[5] = lines[5].replace(&lines[5][..4], "2019");
    lines[6] = lines[6].split_once(',').unwrap().0.to_owned() + ",NA,";
    lines[7] = lines[7].replace(":00:00", ":15:00");
    put(&other, column, at, &(lines.join("\r\n") + "\r\n"));
    let (report, code) = import(&running, &["smip", other.to_str().unwrap()]);
    let file = name(column, at);
    assert_eq!((report["new"].as_u64(), code), (Some(0), 1), "{report}");
    assert!(
        why(&report, &file, Some(4)).contains("another value of that moment, 976200, which stays"),
        "{report}"
    );
    assert!(why(&report, &file, Some(5)).contains("1 cells"));
    assert!(why(&report, &file, Some(6)).contains("is not of the day"));
    assert!(why(&report, &file, Some(8)).contains("is no half hour"));
    assert_eq!(report["missing"], 2);
}

#[test]
fn files_that_are_none_or_lead_out_are_refused_by_name() {
    let running = TestBox::start_with(&format!("{CONFIG}[retention]\nreadings = \"30d\"\n"));
    running.command(&["meter", "add", "EML0000000201", "--link", "tcp://127.0.0.1:9"]);
    let days = running.dir.join("days");
    fs::create_dir(&days).unwrap();
    let column = "EML0000000201";
    let (at, old) = (midnight(3), midnight(60));
    let good = put(&days, column, at, &day(column, at, 5));
    put(&days, column, old, &day(column, old, 5));
    put(&days, "EML0000000999", at, &day("EML0000000999", at, 5));
    put(&days, "EML0000000201-B", at, &day(column, at, 5));
    fs::write(days.join("EML0000000201-20260101_t.csv"), b"\xff\xfeh\0").unwrap();
    fs::write(days.join("EML0000000201-20260102.csv"), "created_at\n".repeat(3)).unwrap();
    fs::write(days.join("holiday.csv"), "x").unwrap();
    fs::write(days.join("notes.txt"), "x").unwrap();
    let outside = running.dir.join("outside.csv");
    fs::copy(days.join(&good), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, days.join("EML0000000201-20260103.csv")).unwrap();
    std::os::unix::fs::symlink("..", days.join("up")).unwrap();
    super::program(&days, "mkfifo", &["EML0000000201-20260104.csv"]);
    let (report, code) = import(&running, &["smip", days.to_str().unwrap()]);
    assert_eq!(
        (report["taken"].as_u64(), report["new"].as_u64(), code),
        (Some(1), Some(96), 1),
        "{report}"
    );
    for (file, said) in [
        (name("EML0000000999", at), "there is no meter EML0000000999"),
        (name("EML0000000201-B", at), "its heading names EML0000000201"),
        ("EML0000000201-20260101_t.csv".to_owned(), "UTF-16"),
        ("EML0000000201-20260102.csv".to_owned(), "no heading"),
        ("holiday.csv".to_owned(), "not named like a half-hour file"),
        ("EML0000000201-20260103.csv".to_owned(), "leads out of"),
        ("EML0000000201-20260104.csv".to_owned(), "it is no file"),
        (name(column, old), "none of its readings is taken"),
    ] {
        assert!(why(&report, &file, None).contains(said), "{file}: {report}");
    }
    assert!(why(&report, &name(column, old), Some(2)).contains("older than what is kept"));
}
