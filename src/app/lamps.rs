//! The lamps on the pages: how each part of the box is, for who may see it.

use std::time::Duration;

use tokio::sync::watch;

use super::report::Reporter;
use crate::admin::Grade;
use crate::face::{Concern, Lamp, Lamps, Light};
use crate::supervisor::{Supervisor, Weight};

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
    let lamp = |concern, name: &str, (light, words): (Light, &str)| {
        let lamp = Lamp {
            name: name.to_owned(),
            light,
            words: words.to_owned(),
        };
        (concern, lamp)
    };
    let of = |name: &str| match name {
        "occupancy" => Concern::Spaces,
        "meters" => Concern::Meters,
        _ => Concern::Box,
    };
    let running = status.rooms.iter().filter(|(_, room)| room.state != "closed");
    let mut parts: Vec<(Concern, Lamp)> = running
        .map(|(name, _)| match verdict.worst_of(name) {
            // Why it broke is for those who run the box.
            Some(found) if of(name) != Concern::Box => {
                lamp(of(name), name, (light(found.grade), "does not do all of its job"))
            }
            Some(found) => lamp(of(name), name, (light(found.grade), &found.words)),
            None => lamp(of(name), name, (Light::Good, "works")),
        })
        .collect();
    // Whoever counts or tops up is told why nothing of it is taken.
    let store = match verdict.worst_of("store") {
        Some(_) if reporter.is_disk_full() => (
            Concern::Everybody,
            (Light::Bad, "the disk is full, nothing new is taken"),
        ),
        Some(found) => (Concern::Box, (light(found.grade), found.words.as_str())),
        None => (Concern::Everybody, (Light::Good, "works")),
    };
    parts.push(lamp(store.0, "store", store.1));
    // What serves the rooms is only of interest when it does not do its job; alarms have lamps of their own.
    let said = |part: &str| status.rooms.contains_key(part) || part == "store" || part == "alarm";
    for found in verdict.findings.iter().filter(|found| !said(&found.part)) {
        parts.push(lamp(Concern::Box, &found.part, (light(found.grade), &found.words)));
    }
    Lamps {
        parts,
        verdict: Some((light(verdict.grade), verdict.findings.len())),
        alarms: status.alarms,
    }
}
