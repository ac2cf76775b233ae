//! P6: how many people were there over a day, as a stair with the least and the most of each quarter of an hour around it,
//! over what is usual on that weekday, with how many may be there. Pure.

use std::fmt::Write;

use jiff::Timestamp;

use super::canvas::{Canvas, Place, Size, Times, felt};
use super::scale::{Scale, finite, levels};
use super::sheet::{Plot, Sheet};

/// A quarter of an hour, or whatever stretches the caller has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quarter {
    pub from: Timestamp,
    pub min: f64,
    pub max: f64,
    pub mean: f64,
}

/// People over a day.
#[derive(Clone, Copy, Debug)]
pub struct People<'p> {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Oldest first; each lasts until the next, the last as long as the one before.
    pub quarters: &'p [Quarter],
    /// What is usual, in the same way; may be empty.
    pub typical: &'p [(Timestamp, f64)],
    /// How many may be there.
    pub maximum: f64,
    pub words: PeopleWords<'p>,
}

/// What is said of people.
#[derive(Clone, Copy, Debug)]
pub struct PeopleWords<'p> {
    /// Above the numbers.
    pub unit: &'p str,
    /// Over the line of those who may be there, with their number.
    pub maximum: &'p str,
    /// The stair, and what is usual.
    pub today: &'p str,
    pub typical: &'p str,
}

impl People<'_> {
    /// When the stretch at a place ends.
    fn end(&self, place: usize) -> Timestamp {
        let at = |place: usize| self.quarters.get(place).map(|one| one.from);
        let before = place.checked_sub(1).and_then(at);
        let last = || at(place)?.checked_add(at(place)?.duration_since(before?)).ok();
        at(place + 1).or_else(last).map_or(self.to, |end| end.min(self.to))
    }

    fn stair(&self, times: &Times, scale: &Scale) -> String {
        let steps = self.quarters.iter().enumerate();
        stair(
            times,
            scale,
            steps.map(|(place, one)| (one.from, self.end(place), one.mean)),
        )
    }

    /// There and back: the most from left to right, the least from right to left.
    fn band(&self, times: &Times, scale: &Scale) -> String {
        let steps = || self.quarters.iter().enumerate();
        let mut path = stair(
            times,
            scale,
            steps().map(|(place, one)| (one.from, self.end(place), one.max)),
        );
        let mut last = None;
        for (place, one) in steps().rev() {
            let (x, y) = (times.at(one.from).round(), scale.at(one.min).round());
            if last.is_none() {
                let _ = write!(path, "H{}", Place(times.at(self.end(place))));
            }
            if last != Some(y) {
                let _ = write!(path, "V{}", Place(y));
            }
            let _ = write!(path, "H{}", Place(x));
            last = Some(y);
        }
        if !path.is_empty() {
            path.push('z');
        }
        path
    }

    fn usual(&self, times: &Times, scale: &Scale) -> String {
        let steps = self.typical.iter().enumerate().map(|(place, (at, value))| {
            let end = self.typical.get(place + 1).map_or(self.to, |next| next.0);
            (*at, end, *value)
        });
        stair(times, scale, steps)
    }
}

/// Levels from left to right; a step that goes on level is none.
fn stair(times: &Times, scale: &Scale, steps: impl Iterator<Item = (Timestamp, Timestamp, f64)>) -> String {
    let mut path = String::new();
    let (mut last, mut reached) = (None, None);
    for (from, to, value) in steps {
        // Whole pixels: a stair of so many steps is drawn with half the letters.
        let (x, y) = (times.at(from).round(), scale.at(value).round());
        if reached.is_none() {
            let _ = write!(path, "M{} {}", Place(x), Place(y));
        } else if last != Some(y) {
            let _ = write!(path, "H{}V{}", Place(x), Place(y));
        }
        (last, reached) = (Some(y), Some(times.at(to)));
    }
    if let Some(x) = reached {
        let _ = write!(path, "H{}", Place(x));
    }
    path
}

impl Plot for People<'_> {
    fn class(&self) -> &'static str {
        "stair"
    }

    /// Each stretch is felt as far as it goes; they are of one length but for the ends.
    fn shared(&self, sheet: &Sheet<'_>) -> String {
        let count = self.quarters.len().max(1) as f64;
        let whole = self.to.duration_since(self.from).as_secs_f64().max(1.0);
        let told = self.quarters.iter().map(|one| {
            let place = one.from.duration_since(self.from).as_secs_f64() / whole * count;
            let clock = one.from.to_zoned(sheet.timezone.clone()).strftime("%H:%M").to_string();
            (place, format!("{clock} {}", least_most(one)))
        });
        felt(sheet.id, count, told)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let most = self.quarters.iter().map(|one| one.max);
        let most = most.chain(self.typical.iter().map(|one| one.1));
        let highest = most.filter(|value| value.is_finite()).fold(self.maximum, f64::max);
        let count = if canvas.size == Size::Wide { 5 } else { 4 };
        let scale = canvas.levels(&levels(0.0, highest.max(2.0), count), self.words.unit);
        let times = canvas.times(self.from, self.to);
        for (class, path) in [
            ("band", self.band(&times, &scale)),
            ("typical", self.usual(&times, &scale)),
            ("line", self.stair(&times, &scale)),
        ] {
            if !path.is_empty() {
                canvas.add(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
            }
        }
        canvas.limit(scale.at(self.maximum), self.words.maximum);
        let mut kinds = Vec::new();
        if !self.typical.is_empty() {
            kinds.extend([("line", self.words.today), ("typical", self.words.typical)]);
        }
        canvas.legend(&kinds);
        canvas.feel();
    }

    /// When, the least, the mean and the most.
    fn rows(&self, sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let rows = self.quarters.iter().map(|one| {
            let clock = one.from.to_zoned(sheet.timezone.clone()).strftime("%H:%M").to_string();
            vec![
                clock,
                format!("{:.0}", finite(one.min)),
                format!("{:.1}", finite(one.mean)),
                format!("{:.0}", finite(one.max)),
            ]
        });
        rows.collect()
    }
}

fn least_most(one: &Quarter) -> String {
    let (min, max) = (finite(one.min), finite(one.max));
    match (min - max).abs() < 0.5 {
        true => format!("{max:.0}"),
        false => format!("{min:.0}–{max:.0}"),
    }
}
