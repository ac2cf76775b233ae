//! What lies beside the code for people: the changes, how long each version is looked after, which advisories are set aside.

use std::fs;

use jiff::civil::Date;

use crate::portable::root;

/// How many years each minor version gets security fixes.
const YEARS: i16 = 5;

fn paper(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The versions in the changes, newest first, with their day or `unreleased`.
fn versions() -> Vec<(String, String)> {
    let changes = paper("packaging/CHANGELOG.md");
    let headings = changes.lines().filter_map(|line| line.strip_prefix("## ["));
    headings
        .map(|heading| {
            let (version, day) = heading.split_once("] - ").expect("`## [version] - day`");
            (version.to_owned(), day.to_owned())
        })
        .collect()
}

/// The row that the policy must have for a minor version whose first version came out on `day`.
fn row(minor: &str, day: &str) -> String {
    if day == "unreleased" {
        return format!("| {minor} | unreleased | five years later |");
    }
    let day: Date = day.parse().expect("a day of the form 2027-01-31");
    let end = day.checked_add(jiff::Span::new().years(YEARS)).unwrap();
    format!("| {minor} | {day} | {end} |")
}

#[test]
fn the_changes_tell_of_this_version() {
    let versions = versions();
    assert_eq!(
        versions[0].0,
        env!("CARGO_PKG_VERSION"),
        "packaging/CHANGELOG.md begins with this version"
    );
    let unreleased = versions.iter().filter(|(_, day)| day == "unreleased");
    assert!(unreleased.count() <= 1, "{versions:?}");
}

#[test]
fn every_minor_version_has_the_end_of_its_support() {
    let policy = paper("packaging/SECURITY.md");
    assert!(policy.contains("for five years from the day"));
    for (version, day) in versions() {
        if let Some(minor) = version.strip_suffix(".0") {
            let row = row(minor, &day);
            assert!(policy.contains(&row), "packaging/SECURITY.md lacks: {row}");
        }
    }
    assert_eq!(row("0.9", "2028-02-29"), "| 0.9 | 2028-02-29 | 2033-02-28 |");
}

#[test]
fn the_package_has_the_papers() {
    let script = paper("packaging/deb");
    for paper in [
        "packaging/CHANGELOG.md",
        "packaging/SECURITY.md",
        "packaging/THIRD-PARTY.gz",
        "packaging/copyright",
    ] {
        assert!(script.contains(&format!("{paper} ")), "packaging/deb lacks {paper}");
    }
}

#[test]
fn every_advisory_that_is_set_aside_says_why_and_until_when() {
    let deny = fs::read_to_string(root().join(".deny.toml")).unwrap();
    let deny: toml_edit::DocumentMut = deny.parse().unwrap();
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let set_aside = deny["advisories"]["ignore"].as_array().unwrap();
    for advisory in set_aside {
        let text = |key: &str| advisory.as_inline_table().unwrap()[key].as_str().unwrap();
        let (id, reason) = (text("id"), text("reason"));
        let mut words = reason.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        assert!(
            lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")),
            ".deny.toml: {id} names {name} {version}, which Cargo.lock has not: take it away, or begin with the crate"
        );
        let (why, day) = reason.rsplit_once("; again on ").expect("`…; again on 2027-01-31`");
        assert!(
            why.len() > 60,
            ".deny.toml: {id} does not say why it does not reach the box"
        );
        let _: Date = day.parse().expect("a day of the form 2027-01-31");
    }
}
