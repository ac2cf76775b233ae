//! A day of a space as a picture: SVG made here, so that it needs no script. Pure.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::face::Frame;

/// Points of a stretch, drawn over time, with the maximum as a line.
pub(super) struct Plot<'p> {
    /// When each step begins, its highest and its mean count, oldest first.
    pub(super) points: &'p [(Timestamp, u32, f64)],
    /// From when to when the picture goes.
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// People allowed inside.
    pub(super) maximum: u32,
    /// Whose hours stand below.
    pub(super) timezone: &'p TimeZone,
}

impl Plot<'_> {
    /// The picture.
    pub(super) fn svg(&self) -> String {
        let highest = self.points.iter().map(|point| point.1).max().unwrap_or(0);
        let frame = Frame {
            from: self.from,
            to: self.to,
            top: f64::from(highest.max(self.maximum).max(1)),
            timezone: self.timezone,
        };
        let mut inside = String::new();
        frame.level(&mut inside, (0.0, "0"), "axis");
        let maximum = f64::from(self.maximum);
        frame.level(&mut inside, (maximum, &self.maximum.to_string()), "maximum");
        let _ = write!(inside, "<path class=\"area\" d=\"{}\"/>", self.area(&frame));
        let _ = write!(inside, "<path class=\"line\" d=\"{}\"/>", self.line(&frame));
        frame.svg("stair", "People over the day", &inside)
    }

    /// The mean of each step as a stair.
    fn line(&self, frame: &Frame<'_>) -> String {
        let mut path = String::new();
        for (place, point) in self.points.iter().enumerate() {
            let ends = self.points.get(place + 1).map_or(self.to, |next| next.0);
            let (x, y, next) = (frame.x(point.0), frame.y(point.2), frame.x(ends));
            let _ = write!(path, "{}{x:.1} {y:.1}H{next:.1}", if place == 0 { "M" } else { "L" });
        }
        path
    }

    fn area(&self, frame: &Frame<'_>) -> String {
        match self.points.first() {
            Some(first) => format!("{}V{:.1}H{:.1}Z", self.line(frame), frame.y(0.0), frame.x(first.0)),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_drawn_inside_its_frame() {
        let from: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let to: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        let point = |hour: i64, mean: f64| (from + jiff::SignedDuration::from_hours(hour), 60, mean);
        let points = [point(0, 0.0), point(6, 60.0), point(12, 30.0)];
        let svg = Plot {
            points: &points,
            from,
            to,
            maximum: 50,
            timezone: &TimeZone::UTC,
        }
        .svg();
        assert!(
            svg.contains(">04:00<") && svg.contains(">20:00<") && svg.contains("class=\"maximum\""),
            "{svg}"
        );
        let empty = Plot {
            points: &[],
            from,
            to,
            maximum: 1,
            timezone: &TimeZone::UTC,
        }
        .svg();
        assert!(empty.ends_with("</svg>"));
    }
}
