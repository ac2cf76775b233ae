//! Half-hours as a picture: a bar each, gaps hatched, so that nobody takes them for nothing used. Pure.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::Frame;
use crate::domain::{HALF_HOUR, Interval, Quality};

/// Bars of no longer spans say their energy when they are pointed at.
const TOLD: SignedDuration = SignedDuration::from_hours(36);
/// How high a gap is drawn, of the whole height.
const GAP: f64 = 0.04;

/// Half-hours over a span of time.
pub struct Bars<'p> {
    /// The half-hours, oldest first.
    pub intervals: &'p [Interval],
    /// The stretch of time that is drawn; its top does not matter.
    pub frame: Frame<'p>,
    /// What comes after this is no gap: it has not been yet.
    pub now: Timestamp,
}

impl Bars<'_> {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        let top = self.top();
        let frame = Frame {
            top: top as f64,
            ..self.frame
        };
        let mut inside = String::new();
        for energy in [0, top / 2, top] {
            let name = format!("{} kWh", energy as f64 / 1_000.0);
            frame.level(&mut inside, (energy as f64, &name), "axis");
        }
        // A word to each bar of a day; of a week they would be more than the picture.
        let is_told = frame.to.duration_since(frame.from) <= TOLD;
        let over = |one: &&Interval| one.from.as_second() + HALF_HOUR <= self.now.as_second();
        for one in self.intervals.iter().filter(over) {
            bar(&frame, &mut inside, one, is_told);
        }
        frame.svg("bars", "Energy in each half-hour", &inside)
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
}

fn bar(frame: &Frame<'_>, svg: &mut String, one: &Interval, is_told: bool) {
    let ends = Timestamp::from_second(one.from.as_second() + HALF_HOUR).unwrap_or(frame.to);
    let (x, next, ground) = (frame.x(one.from), frame.x(ends), frame.y(0.0));
    let width = (next - x - 1.5).max(1.0);
    let (class, y) = match (one.energy, one.quality) {
        (None, _) => ("gap", frame.y(frame.top * GAP)),
        (Some(energy), Quality::Measured) => ("bar", frame.y(energy.0 as f64)),
        (Some(energy), _) => ("bar doubtful", frame.y(energy.0 as f64)),
    };
    let height = (ground - y).max(0.0);
    let _ = write!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\""
    );
    if !is_told {
        svg.push_str("/>");
        return;
    }
    let time = one.from.to_zoned(frame.timezone.clone());
    let time = time.strftime("%H:%M");
    let words = match one.energy {
        Some(energy) => format!("{time}: {} Wh", energy.0),
        None => format!("{time}: no reading"),
    };
    let _ = write!(svg, "><title>{words}</title></rect>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WattHours;
    use jiff::tz::TimeZone;

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
        let frame = Frame {
            from: "2026-01-01T00:00:00Z".parse().unwrap(),
            to: "2026-01-02T00:00:00Z".parse().unwrap(),
            top: 0.0,
            timezone: &TimeZone::UTC,
        };
        let now = "2026-01-01T02:00:00Z".parse().unwrap();
        let plot = Bars {
            intervals: &intervals,
            frame,
            now,
        };
        let svg = plot.svg();
        assert!(
            svg.contains(">04:00<") && svg.contains(">0.5 kWh<") && svg.contains("00:30: 480 Wh"),
            "{svg}"
        );
        assert_eq!(svg.matches("class=\"gap\"").count(), 1);
        assert_eq!(svg.matches("class=\"bar\"").count(), 3);
        let week = Frame {
            to: "2026-01-08T00:00:00Z".parse().unwrap(),
            ..frame
        };
        let week = Bars { frame: week, ..plot }.svg();
        assert!(week.contains("class=\"bar\"") && !week.contains("<title>"), "{week}");
        let empty = Bars { intervals: &[], ..plot };
        assert!(empty.svg().ends_with("</svg>"));
    }
}
