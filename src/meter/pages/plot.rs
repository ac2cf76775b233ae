//! A day of half-hours as a picture: a bar each, gaps hatched, so that nobody takes them for nothing used. Pure.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{HALF_HOUR, Interval, Quality};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;

/// Half-hours over a span of time.
pub(super) struct Plot<'p> {
    /// The half-hours, oldest first.
    pub(super) intervals: &'p [Interval],
    /// From when to when the picture goes.
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// What comes after this is no gap: it has not been yet.
    pub(super) now: Timestamp,
    /// Whose hours stand below.
    pub(super) timezone: &'p TimeZone,
}

impl Plot<'_> {
    /// The picture. It holds numbers and class names only, so it may stand in a page as it is.
    pub(super) fn svg(&self) -> String {
        let mut svg = format!(
            "<svg class=\"plot bars\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Energy in each half-hour\">"
        );
        self.levels(&mut svg);
        self.hours(&mut svg);
        let over = |one: &&Interval| one.from.as_second() + HALF_HOUR <= self.now.as_second();
        for one in self.intervals.iter().filter(over) {
            self.bar(&mut svg, one);
        }
        svg.push_str("</svg>");
        svg
    }

    /// The energy at the top of the picture, in watt-hours: a round number above the highest bar.
    fn top(&self) -> u64 {
        let highest = self
            .intervals
            .iter()
            .filter_map(|one| one.energy)
            .map(|energy| energy.0)
            .max();
        let highest = highest.unwrap_or(0).max(1);
        let step = 10u64.pow(highest.ilog10());
        [1, 2, 5, 10]
            .into_iter()
            .map(|times| times * step)
            .find(|round| *round >= highest)
            .unwrap_or(highest)
    }

    fn x(&self, at: Timestamp) -> f64 {
        let whole = self.to.duration_since(self.from).as_secs_f64().max(1.0);
        let share = at.duration_since(self.from).as_secs_f64() / whole;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT)
    }

    fn y(&self, energy: u64) -> f64 {
        TOP + (1.0 - energy as f64 / self.top() as f64) * (HEIGHT - TOP - BOTTOM)
    }

    fn bar(&self, svg: &mut String, one: &Interval) {
        let ends = Timestamp::from_second(one.from.as_second() + HALF_HOUR).unwrap_or(self.to);
        let (x, next, ground) = (self.x(one.from), self.x(ends), self.y(0));
        let width = (next - x - 1.5).max(1.0);
        let (class, y) = match (one.energy, one.quality) {
            (None, _) => ("gap", ground - 8.0),
            (Some(energy), Quality::Measured) => ("bar", self.y(energy.0)),
            (Some(energy), _) => ("bar doubtful", self.y(energy.0)),
        };
        let height = (ground - y).max(0.0);
        let time = one.from.to_zoned(self.timezone.clone());
        let time = time.strftime("%H:%M");
        let words = match one.energy {
            Some(energy) => format!("{time}: {} Wh", energy.0),
            None => format!("{time}: no reading"),
        };
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{words}</title></rect>"
        );
    }

    fn levels(&self, svg: &mut String) {
        for energy in [0, self.top() / 2, self.top()] {
            let y = self.y(energy);
            let _ = write!(svg, "<path class=\"axis\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>");
            let _ = write!(
                svg,
                "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} kWh</text>",
                LEFT - 4.0,
                y + 4.0,
                energy as f64 / 1_000.0
            );
        }
    }

    /// A line every four hours, with the hour below it.
    fn hours(&self, svg: &mut String) {
        let mut at = self.from;
        while at < self.to {
            let hour = at.to_zoned(self.timezone.clone());
            if at > self.from && hour.minute() == 0 && hour.hour() % 4 == 0 {
                let x = self.x(at);
                let _ = write!(svg, "<path class=\"hour\" d=\"M{x:.1} {TOP}V{:.1}\"/>", HEIGHT - BOTTOM);
                let _ = write!(
                    svg,
                    "<text class=\"label\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                    HEIGHT - 6.0,
                    hour.strftime("%H:%M")
                );
            }
            let Ok(next) = Timestamp::from_second(at.as_second() + HALF_HOUR) else {
                return;
            };
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WattHours;

    fn day(energies: &[Option<u64>], from: &str) -> Vec<Interval> {
        let from: Timestamp = from.parse().unwrap();
        let one = |(place, energy): (usize, &Option<u64>)| Interval {
            from: Timestamp::from_second(from.as_second() + HALF_HOUR * place as i64).unwrap(),
            energy: energy.map(WattHours),
            cumulative: None,
            taken: None,
            quality: energy.map_or(Quality::Gap, |_| Quality::Measured),
        };
        energies.iter().enumerate().map(one).collect()
    }

    #[test]
    fn a_day_is_drawn_inside_its_frame_and_gaps_are_seen() {
        let energies = [Some(0), Some(480), None, Some(70), None];
        let intervals = day(&energies, "2026-01-01T00:00:00Z");
        let plot = Plot {
            intervals: &intervals,
            from: "2026-01-01T00:00:00Z".parse().unwrap(),
            to: "2026-01-02T00:00:00Z".parse().unwrap(),
            now: "2026-01-01T02:00:00Z".parse().unwrap(),
            timezone: &TimeZone::UTC,
        };
        let svg = plot.svg();
        assert!(
            svg.contains(">04:00<") && svg.contains(">0.5 kWh<") && svg.contains("00:30: 480 Wh"),
            "{svg}"
        );
        assert_eq!(svg.matches("class=\"gap\"").count(), 1);
        assert_eq!(svg.matches("class=\"bar\"").count(), 3);
        for attribute in svg.split(" y=\"").skip(1).chain(svg.split("height=\"").skip(1)) {
            let number: f64 = attribute.split('"').next().unwrap().parse().unwrap();
            assert!((0.0..=HEIGHT).contains(&number), "{svg}");
        }
        let empty = Plot { intervals: &[], ..plot };
        assert!(empty.svg().ends_with("</svg>"));
    }
}
