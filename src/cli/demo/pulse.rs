//! People who come and go while the demonstration runs, so that whoever looks sees a building that is alive: a program that
//! counts through the box's own API, as a door would. The same seed gives the same row of people.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;

use super::client::Connection;
use super::prepare::Prepared;
use super::yesterday::fullness;
use crate::app::Ready;

/// Somebody comes or goes so often, in one of the spaces.
const STEP: Duration = Duration::from_millis(900);
/// So many come at once while a space is far from what it usually holds.
const CROWD: u64 = 3;
/// Before a connection that broke is tried again.
const AGAIN: Duration = Duration::from_secs(2);
/// At night, too, somebody is there, in parts of what a space holds.
const LEAST: f64 = 0.15;

/// Lets people come and go, for ever.
pub(super) async fn people(ready: &Ready, prepared: &Prepared) {
    let door = ready.doors.get("https").and_then(|addresses| addresses.first());
    let Some(door) = door.map(ToString::to_string) else {
        return tracing::warn!("nobody comes or goes: the door for people is closed");
    };
    let mut chance = Chance(0x9E37_79B9);
    loop {
        if let Err(error) = come_and_go((&door, &prepared.ca_file), &prepared.spaces, &mut chance).await {
            tracing::debug!(error = format!("{error:#}"), "nobody comes or goes for a moment");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn come_and_go((door, ca_file): (&str, &Path), spaces: &[String], chance: &mut Chance) -> Result<()> {
    let mut https = Connection::open(door, ca_file).await?;
    loop {
        for space in spaces {
            let path = format!("/space/{space}");
            let shown = https.ask("GET", &path).await?;
            let count = |key: &str| shown["occupancy"][key].as_u64().context("a space without a count");
            let (current, maximum) = (count("current")?, count("maximum")?);
            let usual = usual(maximum, minute_of_day());
            for step in steps(current, usual, chance) {
                https.ask("PUT", &format!("{path}/{step}")).await?;
            }
        }
        tokio::time::sleep(STEP).await;
    }
}

/// What a space usually holds at this time of the day.
fn usual(maximum: u64, minute: u32) -> u64 {
    (fullness(minute).max(LEAST) * maximum as f64 * 0.9).round() as u64
}

/// Who comes and goes next: more who come when fewer are there than usual, and the other way round; never all of them, and
/// never more than fit.
fn steps(current: u64, usual: u64, chance: &mut Chance) -> Vec<&'static str> {
    let far = current.abs_diff(usual);
    let many = usize::try_from(far.div_ceil(4).clamp(1, CROWD)).unwrap_or(1);
    let draw = chance.next() % 100;
    match () {
        () if current < usual && draw < 80 => vec!["increment"; many],
        () if current > usual && draw < 80 => vec!["decrement"; many],
        () if current > 1 && draw.is_multiple_of(2) => vec!["decrement"],
        () if current <= usual => vec!["increment"],
        () => Vec::new(),
    }
}

fn minute_of_day() -> u32 {
    let second = Timestamp::now().as_second().rem_euclid(86_400);
    u32::try_from(second / 60).unwrap_or_default()
}

/// xorshift: the same seed gives the same row.
struct Chance(u32);

impl Chance {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_fill_to_what_is_usual_and_stay_about_there() {
        for (maximum, minute) in [(50, 3 * 60), (20, 10 * 60), (8, 15 * 60)] {
            let (mut chance, mut current) = (Chance(7), 0_u64);
            let usual = usual(maximum, minute);
            let mut seen = Vec::new();
            for _ in 0..200 {
                for step in steps(current, usual, &mut chance) {
                    current = if step == "increment" { current + 1 } else { current - 1 };
                    assert!(current <= maximum, "never more than fit");
                }
                seen.push(current);
            }
            let settled = &seen[50..];
            assert!(
                settled.iter().all(|count| count.abs_diff(usual) <= 4),
                "{usual}: {seen:?}"
            );
            assert!(settled.iter().any(|count| count != &settled[0]), "they move: {seen:?}");
        }
    }
}
