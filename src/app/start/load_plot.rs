//! The load of the house as a picture: 48 bars of what was used, stacked by feeder, what went back to the grid below zero,
//! and as a thin line what the same weekday took in the weeks before. Pure.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::domain::HALF_HOUR;
use crate::face::plot::{Canvas, Place, Plot, Sheet, Size, block, felt, levels};
use crate::meter::house::{HalfHourLoad, Load};

/// Classes of the shares, from the lowest on: they differ in pattern, and not in colour alone.
const PARTS: [&str; 3] = ["part one", "part two", "part three"];
/// Between two bars.
const APART: f64 = 1.5;

/// A day of the house.
#[derive(Clone, Copy, Debug)]
pub(super) struct HouseDay<'p> {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) load: &'p Load,
    /// Half-hours of which anything is known so far: what comes later is blank.
    pub(super) known: usize,
    /// What the same weekday took on average; empty: nothing is known of it.
    pub(super) usual: &'p [Option<u64>],
    pub(super) words: HouseWords<'p>,
}

/// What is said of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HouseWords<'p> {
    pub(super) unit: &'p str,
    /// Meters on no feeder, and feeders that have no place of their own.
    pub(super) others: &'p str,
    pub(super) given: &'p str,
    pub(super) usual: &'p str,
    /// Where not every meter has told.
    pub(super) in_part: &'p str,
}

impl HouseDay<'_> {
    /// The shares that are drawn: at most three, the largest by name, the others together at the end.
    pub(super) fn shares(&self) -> Vec<(String, Vec<u64>)> {
        let mut feeders: Vec<_> = self.load.feeders.iter().collect();
        feeders.sort_by_key(|one| (one.feeder.is_none(), std::cmp::Reverse(one.used.iter().sum::<u64>())));
        let own = match feeders.len() <= PARTS.len() {
            true => PARTS.len(),
            false => PARTS.len() - 1,
        };
        let mut shares: Vec<(String, Vec<u64>)> = Vec::new();
        let mut others: Option<Vec<u64>> = None;
        for (place, one) in feeders.into_iter().enumerate() {
            match &one.feeder {
                Some(name) if place < own => shares.push((name.clone(), one.used.clone())),
                _ => {
                    let sums = others.get_or_insert_with(|| vec![0; one.used.len()]);
                    for (sum, used) in sums.iter_mut().zip(&one.used) {
                        *sum += used;
                    }
                }
            }
        }
        shares.extend(others.map(|used| (self.words.others.to_owned(), used)));
        shares
    }

    fn told(&self, place: usize, one: &HalfHourLoad) -> String {
        let mut words = format!("{:.2} {}", kwh(one.used), self.words.unit);
        if one.given > 0 {
            let _ = write!(
                words,
                ", {:.2} {} {}",
                kwh(one.given),
                self.words.unit,
                self.words.given
            );
        }
        if let Some(usual) = self.usual.get(place).copied().flatten() {
            let _ = write!(words, ", {} {:.2} {}", self.words.usual, kwh(usual), self.words.unit);
        }
        if one.missing > 0 {
            let _ = write!(words, ", {}", self.words.in_part);
        }
        words
    }

    fn known(&self) -> impl Iterator<Item = (usize, &HalfHourLoad)> {
        self.load.half_hours.iter().enumerate().take(self.known)
    }

    fn begins(&self, place: usize) -> Timestamp {
        let after = SignedDuration::from_secs(HALF_HOUR * i64::try_from(place).unwrap_or(0));
        self.from.saturating_add(after).unwrap_or(self.to)
    }
}

fn kwh(watt_hours: u64) -> f64 {
    watt_hours as f64 / 1_000.0
}

impl Plot for HouseDay<'_> {
    fn class(&self) -> &'static str {
        "house"
    }

    fn shared(&self, sheet: &Sheet<'_>) -> String {
        let told = self.known().map(|(place, one)| {
            let time = self
                .begins(place)
                .to_zoned(sheet.timezone.clone())
                .strftime("%H:%M")
                .to_string();
            (place as f64, format!("{time}: {}", self.told(place, one)))
        });
        felt(sheet.id, self.load.half_hours.len() as f64, told)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let used = self.known().map(|(_, one)| kwh(one.used));
        let usual = self.usual.iter().flatten().map(|usual| kwh(*usual));
        let highest = used.chain(usual).fold(0.1, f64::max);
        let lowest = self.known().map(|(_, one)| -kwh(one.given)).fold(0.0, f64::min);
        let most = if canvas.size == Size::Wide { 5 } else { 4 };
        let scale = canvas.levels(&levels(lowest, highest, most), self.words.unit);
        let times = canvas.times(self.from, self.to);
        let shares = self.shares();
        let span = |place: usize| {
            let x = times.at(self.begins(place));
            (x, (times.at(self.begins(place + 1)) - APART).max(x + 0.5))
        };
        let mut below = vec![0u64; self.load.half_hours.len()];
        for (class, (_, used)) in PARTS.into_iter().zip(&shares) {
            let mut path = String::new();
            for (place, _) in self.known().filter(|(place, _)| used[*place] > 0) {
                let (x, to) = span(place);
                let above = below[place] + used[place];
                path.push_str(&block((x, scale.at(kwh(below[place]))), (to, scale.at(kwh(above)))));
                below[place] = above;
            }
            canvas.add(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
        let mut given = String::new();
        let mut in_part = String::new();
        for (place, one) in self.known() {
            let (x, to) = span(place);
            if one.given > 0 {
                given.push_str(&block((x, scale.at(0.0)), (to, scale.at(-kwh(one.given)))));
            }
            if one.missing > 0 {
                in_part.push_str(&block((x, scale.at(kwh(one.used))), (to, canvas.area.top)));
            }
        }
        if !given.is_empty() {
            canvas.add(&format!("<path class=\"bar out\" d=\"{given}\"/>"));
        }
        if !in_part.is_empty() {
            let fill = canvas.hatching();
            canvas.add(&format!("<path class=\"gap\" fill=\"{fill}\" d=\"{in_part}\"/>"));
        }
        let mut line = String::new();
        let mut last = None;
        for (place, usual) in self.usual.iter().enumerate() {
            let Some(usual) = usual else { continue };
            let (x, y) = (times.at(self.begins(place)), scale.at(kwh(*usual)));
            let to = times.at(self.begins(place + 1));
            let _ = match last == Some(place) {
                true => write!(line, "V{}H{}", Place(y), Place(to)),
                false => write!(line, "M{} {}H{}", Place(x), Place(y), Place(to)),
            };
            last = Some(place + 1);
        }
        if !line.is_empty() {
            canvas.add(&format!("<path class=\"typical\" d=\"{line}\"/>"));
        }
        canvas.feel();
        let mut kinds: Vec<(&str, &str)> = Vec::new();
        if shares.len() > 1 {
            kinds.extend(PARTS.into_iter().zip(shares.iter().map(|(name, _)| name.as_str())));
        }
        if !given.is_empty() {
            kinds.push(("bar out", self.words.given));
        }
        if !in_part.is_empty() {
            kinds.push(("gap", self.words.in_part));
        }
        canvas.legend(&kinds);
    }

    /// The time, what was used, what the same weekday usually takes, what went back to the grid.
    fn rows(&self, sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let rows = self.known().map(|(place, one)| {
            let time = self
                .begins(place)
                .to_zoned(sheet.timezone.clone())
                .strftime("%H:%M")
                .to_string();
            let used = match one.missing {
                0 => format!("{:.3}", kwh(one.used)),
                _ => format!("{:.3} ({})", kwh(one.used), self.words.in_part),
            };
            let usual = self.usual.get(place).copied().flatten();
            let usual = usual.map_or_else(String::new, |usual| format!("{:.3}", kwh(usual)));
            vec![time, used, usual, format!("{:.3}", kwh(one.given))]
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::meter::house::FeederLoad;
    use crate::texts::{Language, Texts};

    fn day(feeders: &[(&str, u64)], given: u64, missing: usize) -> Load {
        let used: u64 = feeders.iter().map(|(_, used)| used).sum();
        let one = HalfHourLoad {
            used,
            given,
            missing,
            known: 1,
            ..HalfHourLoad::default()
        };
        Load {
            half_hours: vec![one; 48],
            feeders: feeders
                .iter()
                .map(|(name, used)| FeederLoad {
                    feeder: (!name.is_empty()).then(|| (*name).to_owned()),
                    used: vec![*used; 48],
                })
                .collect(),
        }
    }

    fn drawn(load: &Load, known: usize, usual: &[Option<u64>]) -> (String, Vec<Vec<String>>) {
        let from: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
        let plot = HouseDay {
            from,
            to: from + SignedDuration::from_hours(24),
            load,
            known,
            usual,
            words: HouseWords {
                unit: "kWh",
                others: "others",
                given: "given back",
                usual: "usually",
                in_part: "not all told",
            },
        };
        let sheet = Sheet {
            id: "house",
            title: "Load",
            told: "",
            t: Texts::of(Language::English),
            timezone: &TimeZone::UTC,
        };
        (sheet.drawn(&plot), plot.rows(&sheet))
    }

    #[test]
    fn shares_given_back_and_what_is_usual_are_drawn_and_told() {
        let load = day(&[("F1", 300), ("F2", 200), ("", 50)], 80, 0);
        let (svg, rows) = drawn(&load, 20, &[Some(500); 48]);
        for class in ["part one", "part two", "part three", "bar out", "typical"] {
            assert!(svg.contains(&format!("class=\"{class}\"")), "{class}: {svg}");
        }
        assert!(
            svg.contains("00:30: 0.55 kWh, 0.08 kWh given back, usually 0.50 kWh"),
            "{svg}"
        );
        assert_eq!(rows.len(), 20, "what is to come is blank");
        assert_eq!(rows[1], ["00:30", "0.550", "0.500", "0.080"]);
        assert!(svg.len() < 15_000, "{}", svg.len());
    }

    #[test]
    fn many_feeders_are_three_shares_and_none_is_lost() {
        let load = day(&[("F1", 1), ("F2", 2), ("F3", 3), ("F4", 4), ("", 5)], 0, 0);
        let plot_rows = drawn(&load, 48, &[]).1;
        assert_eq!(plot_rows[0][1], "0.015");
        let (svg, _) = drawn(&load, 48, &[]);
        assert!(
            svg.contains(">F4<") && svg.contains(">F3<") && svg.contains(">others<"),
            "{svg}"
        );
    }

    #[test]
    fn half_hours_that_are_known_in_part_are_hatched() {
        let load = day(&[("", 100)], 0, 2);
        let (svg, rows) = drawn(&load, 48, &[]);
        assert!(svg.contains("class=\"gap\"") && svg.contains("not all told"), "{svg}");
        assert_eq!(rows[0][1], "0.100 (not all told)");
        assert!(drawn(&Load::default(), 0, &[]).0.contains("<svg"));
    }
}
