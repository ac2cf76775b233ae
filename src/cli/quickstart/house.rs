//! What the building is called, where it stands, and whether its clock is right.

use std::path::Path;

use jiff::Timestamp;

use super::super::CliError;
use super::super::steps::{bad, good, look as waits};
use super::Walk;
use crate::app::setup::clock::vouched;
use crate::config::Site;
use crate::tls::Step;

/// Where the machine says its zone (localtime(5)).
const LOCALTIME: &str = "/etc/localtime";

pub(super) fn settle(walk: &mut Walk<'_>) -> Result<(), CliError> {
    let usual = Site::default();
    let name = match &walk.flags.name {
        Some(name) => Some(name.clone()),
        None if walk.config.site.name != usual.name => None,
        None => walk.asker.ask("What do people call the building?", Some(&usual.name))?,
    };
    if let Some(name) = name {
        walk.settings.set("site", "name", name);
    }
    let unset = walk.config.site.timezone == usual.timezone;
    let zone = walk.flags.timezone.clone().or_else(|| unset.then(of_machine).flatten());
    if let Some(zone) = zone {
        walk.settings.set("site", "timezone", zone);
    }
    Ok(())
}

/// The zone that the machine's own clock shows, when it names one.
fn of_machine() -> Option<String> {
    zone_in(&std::fs::read_link(LOCALTIME).ok()?)
}

/// The zone in the path of a file of the zone database.
fn zone_in(file: &Path) -> Option<String> {
    let (_, name) = file.to_str()?.split_once("/zoneinfo/")?;
    let name = name.trim_start_matches("posix/");
    let known = !name.starts_with("Etc/") && name != "UTC" && jiff::tz::TimeZone::get(name).is_ok();
    known.then(|| name.to_owned())
}

pub(super) async fn look(walk: &Walk<'_>) -> Vec<Step> {
    let site = &walk.config.site;
    let file = walk.settings.path().display();
    if let Some(other) = said_elsewhere(walk) {
        return vec![other];
    }
    let mut steps = vec![good(
        "name",
        format_args!("{}; what is set here stands in {file}", site.name),
    )];
    let now = Timestamp::now().to_zoned(site.timezone());
    let unsaid = site.timezone == Site::default().timezone && walk.flags.timezone.is_none();
    steps.push(match unsaid {
        true => waits(
            "zone",
            "UTC, since neither the machine nor anybody said where the building stands",
            "gatelodge quickstart --timezone Europe/London",
        ),
        false => good("zone", &site.timezone),
    });
    steps.push(clock(&now.strftime("%A %-d %B %Y, %H:%M:%S").to_string(), vouched()));
    if let Ok(status) = walk.status().await {
        let wrong = status
            .verdict
            .findings
            .into_iter()
            .filter(|found| found.part == "clock");
        steps.extend(wrong.map(|found| bad("clock", &found.words, found.next_step.as_deref().unwrap_or_default())));
    }
    steps
}

/// What was asked for and is not in force, since another file says otherwise.
fn said_elsewhere(walk: &Walk<'_>) -> Option<Step> {
    let (flags, site) = (walk.flags, &walk.config.site);
    let asked = [
        ("name", &flags.name, &site.name),
        ("zone", &flags.timezone, &site.timezone),
        ("hostname", &flags.hostname, &site.hostname),
    ];
    let (step, _, is) = asked
        .into_iter()
        .find(|(_, said, is)| said.as_ref().is_some_and(|said| said != *is))?;
    let file = walk.settings.path().display();
    let words = format!("{is} is in force: another file than {file} says so, and comes after it");
    Some(bad(step, words, "gatelodge config show names the file"))
}

fn clock(shown: &str, vouched: Option<bool>) -> Step {
    let set = "if it is not: timedatectl set-ntp true, with a time server within reach";
    match vouched {
        Some(true) => good("clock", format_args!("{shown}; a time server keeps it right")),
        Some(false) => waits(
            "clock",
            format_args!("{shown}; no time server vouches for it yet: is that right to two seconds?"),
            set,
        ),
        None => waits("clock", format_args!("{shown}; is that right to two seconds?"), set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::StepVerdict;

    #[test]
    fn the_zone_is_what_the_machines_clock_shows() {
        for (file, zone) in [
            ("/usr/share/zoneinfo/Europe/London", Some("Europe/London")),
            (
                "../usr/share/zoneinfo/America/Argentina/Ushuaia",
                Some("America/Argentina/Ushuaia"),
            ),
            ("/usr/share/zoneinfo/posix/Europe/Cardiff", None),
            ("/usr/share/zoneinfo/Etc/UTC", None),
            ("/etc/other", None),
        ] {
            assert_eq!(zone_in(Path::new(file)).as_deref(), zone, "{file}");
        }
    }

    #[test]
    fn a_clock_that_nobody_vouches_for_waits_for_a_look() {
        for (vouched, verdict) in [
            (Some(true), StepVerdict::Good),
            (Some(false), StepVerdict::Doubtful),
            (None, StepVerdict::Doubtful),
        ] {
            assert_eq!(clock("now", vouched).verdict, verdict);
        }
    }
}
