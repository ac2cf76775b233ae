//! P10: the least and the most of a value over time, between two limits: voltage, how far a clock is off, how good a signal
//! is. Where nothing was heard there is nothing. Pure.

use std::fmt::Write;

use jiff::Timestamp;

use super::canvas::{Canvas, Place, Size, Times};
use super::scale::{Scale, finite, levels};
use super::sheet::{Plot, Sheet};

/// So many stretches say something when they are pointed at; of more, several say it together.
const TOLD: usize = 48;
/// So many are drawn by themselves; of more, those that touch are drawn together, as far as they go.
const DRAWN: [usize; 2] = [180, 100];

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub from: Timestamp,
    pub to: Timestamp,
    pub min: f64,
    pub max: f64,
}

/// A value over time.
#[derive(Clone, Copy, Debug)]
pub struct Range<'p> {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Oldest first; those that touch are drawn as one.
    pub stretches: &'p [Stretch],
    /// What it should not be below, or above: the value, and what it is called.
    pub limits: &'p [(f64, &'p str)],
    pub unit: &'p str,
    /// Digits behind the point, in titles and tables.
    pub digits: usize,
}

impl Range<'_> {
    fn ends(&self) -> (f64, f64) {
        let values = self.stretches.iter().flat_map(|one| [one.min, one.max]);
        let all = values
            .chain(self.limits.iter().map(|limit| limit.0))
            .filter(|value| value.is_finite());
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        match low <= high {
            // A value that never changed stands in the middle.
            true if high - low < 1e-9 => (low - 1.0, high + 1.0),
            true => (low, high),
            false => (0.0, 1.0),
        }
    }

    /// At most about so many stretches that hold all that these hold.
    fn thinned(&self, most: usize) -> Vec<Stretch> {
        let together = self.stretches.len().div_ceil(most).max(1);
        let mut thinned: Vec<(Stretch, usize)> = Vec::new();
        for one in self.stretches {
            match thinned.last_mut() {
                Some((last, count)) if *count < together && one.from <= last.to => {
                    (last.min, last.max, last.to) = (last.min.min(one.min), last.max.max(one.max), one.to);
                    *count += 1;
                }
                _ => thinned.push((*one, 1)),
            }
        }
        thinned.into_iter().map(|(one, _)| one).collect()
    }

    /// Stretches that touch, each as an area: the most there, the least back.
    fn area(stretches: &[Stretch], times: &Times, scale: &Scale) -> String {
        let mut path = String::new();
        for run in stretches.chunk_by(|one, next| next.from <= one.to) {
            let Some(first) = run.first() else { continue };
            let _ = write!(path, "M{} {}", Place(times.at(first.from)), Place(scale.at(first.max)));
            let mut last = scale.at(first.max);
            for one in run {
                let y = scale.at(one.max);
                if (y - last).abs() > 0.04 {
                    let _ = write!(path, "H{}V{}", Place(times.at(one.from)), Place(y));
                    last = y;
                }
            }
            let _ = write!(path, "H{}", Place(times.at(run.last().unwrap_or(first).to)));
            let mut last = None;
            for one in run.iter().rev() {
                // A value that was the same all along is a thin line, and not nothing.
                let y = scale.at(one.min).max(scale.at(one.max) + 1.5);
                let _ = match last {
                    None => write!(path, "V{}", Place(y)),
                    Some(last) if f64::abs(y - last) > 0.04 => {
                        write!(path, "H{}V{}", Place(times.at(one.to)), Place(y))
                    }
                    Some(_) => Ok(()),
                };
                last = Some(y);
            }
            let _ = write!(path, "H{}z", Place(times.at(first.from)));
        }
        path
    }

    fn said(&self, min: f64, max: f64) -> String {
        let (min, max) = (finite(min), finite(max));
        let (digits, unit) = (self.digits, self.unit);
        match (max - min).abs() * 10f64.powi(i32::try_from(digits).unwrap_or(0)) < 0.5 {
            true => format!("{max:.digits$} {unit}"),
            false => format!("{min:.digits$}–{max:.digits$} {unit}"),
        }
    }

    fn when(&self, at: Timestamp, (t, timezone): (crate::texts::Texts, &jiff::tz::TimeZone)) -> String {
        let here = at.to_zoned(timezone.clone());
        format!("{} {}", t.day_of_month(here.date()), here.strftime("%H:%M"))
    }
}

impl Plot for Range<'_> {
    fn class(&self) -> &'static str {
        "range"
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let (low, high) = self.ends();
        let most = if canvas.size == Size::Wide { 5 } else { 4 };
        let all = levels(low, high, most);
        let scale = canvas.levels(&all, self.unit);
        let times = canvas.times(self.from, self.to);
        let drawn = self.thinned(DRAWN[usize::from(canvas.size == Size::Narrow)]);
        let path = Range::area(&drawn, &times, &scale);
        if !path.is_empty() {
            canvas.add(&format!("<path class=\"band strong\" d=\"{path}\"/>"));
        }
        for (limit, name) in self.limits {
            canvas.limit(scale.at(*limit), name);
        }
        let together = self.stretches.len().div_ceil(TOLD).max(1);
        let zone = (canvas.t, canvas.timezone);
        let told: Vec<(f64, f64, String)> = self
            .stretches
            .chunks(together)
            .filter_map(|some| {
                let (first, last) = (some.first()?, some.last()?);
                let min = some.iter().map(|one| one.min).fold(f64::INFINITY, f64::min);
                let max = some.iter().map(|one| one.max).fold(f64::NEG_INFINITY, f64::max);
                let (x, to) = (times.at(first.from), times.at(last.to));
                let title = format!("{}: {}", self.when(first.from, zone), self.said(min, max));
                Some((f64::midpoint(x, to), to - x, title))
            })
            .collect();
        let wide = told.iter().map(|one| one.1).fold(0.0, f64::max);
        canvas.felt(wide, told.into_iter().map(|(x, _, title)| (x, title)));
    }

    /// When, the least and the most.
    fn rows(&self, sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let digits = self.digits;
        let rows = self.stretches.iter().map(|one| {
            let when = self.when(one.from, (sheet.t, sheet.timezone));
            vec![
                when,
                format!("{:.digits$}", finite(one.min)),
                format!("{:.digits$}", finite(one.max)),
            ]
        });
        rows.collect()
    }
}
