//! The lamps on the pages: how each part of the box is, for who may see it.

use std::time::Duration;

use tokio::sync::watch;

use super::report::Reporter;
use crate::admin::Grade;
use crate::face::{Concern, Lamps, Light, PartLit, PartWords};
use crate::supervisor::{Supervisor, Weight};
use crate::texts::named;

/// Starts the service that keeps the lamps lit as things are.
pub(super) fn add_to(supervisor: &mut Supervisor, reporter: &Reporter, shown: &watch::Sender<Lamps>) {
    let (reporter, shown) = (reporter.clone(), shown.clone());
    supervisor.add("lamps", Weight::Room, move |stop| {
        let (reporter, shown) = (reporter.clone(), shown.clone());
        Box::pin(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(1));
            loop {
                shown.send_if_modified(|shown| {
                    let now = lamps(&reporter);
                    let changed = *shown != now;
                    *shown = now;
                    changed
                });
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    _ = ticks.tick() => {}
                }
            }
        })
    });
}

/// The light of a grade.
pub(super) fn light(grade: Grade) -> Light {
    match grade {
        Grade::Well => Light::Good,
        Grade::Attention => Light::Warn,
        Grade::Trouble => Light::Bad,
    }
}

/// The lamps as things are.
fn lamps(reporter: &Reporter) -> Lamps {
    let status = reporter.status_light();
    let verdict = &status.verdict;
    let lamp = |concern, name: &str, (light, words): (Light, PartWords)| {
        let part = PartLit {
            name: name.to_owned(),
            light,
            words,
        };
        (concern, part)
    };
    let works = PartWords::Text(named("lamp-works"));
    let english = |words: &str| PartWords::English(words.to_owned());
    let of = |name: &str| match name {
        "occupancy" => Concern::Spaces,
        "meters" => Concern::Meters,
        _ => Concern::Box,
    };
    let running = status.rooms.iter().filter(|(_, room)| room.state != "closed");
    let mut parts: Vec<(Concern, PartLit)> = running
        .map(|(name, _)| match verdict.worst_of(name) {
            // Why it broke is for those who run the box.
            Some(found) if of(name) != Concern::Box => lamp(
                of(name),
                name,
                (light(found.grade), PartWords::Text(named("lamp-in-part"))),
            ),
            Some(found) => lamp(of(name), name, (light(found.grade), english(&found.words))),
            None => lamp(of(name), name, (Light::Good, works.clone())),
        })
        .collect();
    // Whoever counts or tops up is told why nothing of it is taken.
    let store = match verdict.worst_of("store") {
        Some(_) if reporter.is_disk_full() => (
            Concern::Everybody,
            (Light::Bad, PartWords::Text(named("lamp-disk-full"))),
        ),
        Some(found) => (Concern::Box, (light(found.grade), english(&found.words))),
        None => (Concern::Everybody, (Light::Good, works.clone())),
    };
    parts.push(lamp(store.0, "store", store.1));
    // What serves the rooms is only of interest when it does not do its job; alarms have lamps of their own.
    let said = |part: &str| status.rooms.contains_key(part) || part == "store" || part == "alarm";
    for found in verdict.findings.iter().filter(|found| !said(&found.part)) {
        parts.push(lamp(
            Concern::Box,
            &found.part,
            (light(found.grade), english(&found.words)),
        ));
    }
    Lamps {
        parts,
        verdict: Some((light(verdict.grade), verdict.findings.len())),
        alarms: status.alarms,
    }
}
