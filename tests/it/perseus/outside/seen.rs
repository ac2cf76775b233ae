//! What a run came across, so that none proves nothing.

use std::collections::BTreeMap;

/// What has to come up at least once.
const EVERY: &[&str] = &[
    "somebody moved out",
    "allowed again, for other meters",
    "refreshed",
    "no connection: a revoked certificate",
    "refused: its application is kept out",
    "refused: it is another application's",
    "refused: another certificate fetched it",
    "refused: it is of before a restore",
    "refused: it was taken back",
    "refused: its person was removed",
    "refused: a newer grant took its place",
    "refused: its code came twice",
    "no source: it was not allowed",
    "no source: the meter is not theirs any more",
    "no measure: not shared",
    "202: never read",
    "out: a meter of one element",
    "out: an id with a slash and a plus",
    "out: element B of two",
    "out: three phases",
    "out: the sum of two elements",
    "out: export",
    "out: as a table",
    "out: nothing of what was asked for",
    "out: months that are sealed",
    "out: days that are not sealed",
    "out: a day of 23 hours",
    "out: a day of 25 hours",
    "cut: by the link's beginning",
    "cut: by the link's end",
    "cut: away and back again",
    "cut: within a half-hour",
    "out: of a meter that is two people's at the time",
    "out: of a meter that was another's before",
    "gap: a reading is missing",
    "gap: a register fell",
    "gap: a meter was exchanged",
    "gap: a register leapt",
    "out: estimated",
    "out: read after its month was sealed",
    "out: corrected after its month was sealed",
];

/// Counts over all runs.
#[derive(Default)]
pub struct Seen {
    pub steps: usize,
    pub asked: usize,
    pub lists: usize,
    pub refused: usize,
    /// Half-hours of what was asked for, that went out, and that are known and were held back.
    pub looked_at: usize,
    pub out: usize,
    pub held_back: usize,
    times: BTreeMap<&'static str, usize>,
}

impl Seen {
    pub fn saw(&mut self, what: &str) {
        let known = EVERY.iter().find(|one| **one == what);
        let known = known.unwrap_or_else(|| panic!("`{what}` is not waited for"));
        *self.times.entry(known).or_default() += 1;
    }

    /// Prints all of it, and insists that each has come up.
    pub fn told(&self) {
        println!(
            "{} steps; {} answers and {} lists looked at, {} refused; of {} half-hours asked for {} went out and {} that \
             are known were held back; none outside, none missing",
            self.steps, self.asked, self.lists, self.refused, self.looked_at, self.out, self.held_back
        );
        for one in EVERY {
            println!("{:>7}  {one}", self.times.get(one).unwrap_or(&0));
        }
        let never: Vec<_> = EVERY.iter().filter(|one| !self.times.contains_key(*one)).collect();
        assert!(never.is_empty(), "never came up: {never:?}");
        assert!(self.out > 1_000 && self.held_back > 1_000 && self.refused > 20);
    }
}
