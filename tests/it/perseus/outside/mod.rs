//! The property that all of this is for: whatever is asked, with whatever token and certificate, while links, consents,
//! certificates and the configuration change and backups come back, exactly the half-hours go out that the person allowed
//! and lived with, and no other (PER §4.2, PER §6.4).
//!
//! What may go out is worked out by the test alone, of its own record of what happened. `GATELODGE_TEST_OUTSIDE=200` plays
//! so many runs, `GATELODGE_TEST_OUTSIDE_SEED=n` begins with that one.

mod compare;
mod house;
mod kinds;
mod leaves;
mod look;
mod meters;
mod record;
mod seen;

use house::{HAPPENINGS, House};
use seen::Seen;

use crate::book::chance::Chance;
use crate::book::number;

/// Runs, when nobody says how many.
const RUNS: u64 = 2;
/// Requests after each thing that happened.
const LOOKS: usize = 10;

fn run(seed: u64, seen: &mut Seen) {
    println!("run {seed}");
    let mut chance = Chance::new(seed);
    let mut house = House::begin(&mut chance);
    let mut happenings: Vec<_> = HAPPENINGS
        .iter()
        .flat_map(|(what, times)| std::iter::repeat_n(*what, *times))
        .collect();
    chance.shuffle(&mut happenings);
    for what in happenings {
        println!("{what:?}");
        let before = look::standing(&house);
        house.happens(what, &mut chance, seen);
        seen.steps += 1;
        // What ended by it is over at once.
        let standing = look::standing(&house);
        for ended in before.into_iter().filter(|place| !standing.contains(place)) {
            look::look_with(&house, ended, &mut chance, seen);
        }
        for _ in 0..LOOKS {
            look::look(&house, &mut chance, seen);
        }
    }
}

#[test]
fn exactly_what_was_allowed_goes_out_whatever_changes() {
    let runs = number("GATELODGE_TEST_OUTSIDE").unwrap_or(RUNS);
    let first = number("GATELODGE_TEST_OUTSIDE_SEED").unwrap_or(1);
    let mut seen = Seen::default();
    for seed in first..first + runs {
        run(seed, &mut seen);
    }
    seen.told();
}
