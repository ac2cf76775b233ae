//! A day of a space as a picture: SVG made here, so that it needs no script. Pure.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::occupancy::history::Point;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;

/// Points of a stretch, drawn over time, with the maximum as a line.
pub(super) struct Plot<'p> {
    /// The points, oldest first.
    pub(super) points: &'p [Point],
    /// From when to when the picture goes.
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// People allowed inside.
    pub(super) maximum: u32,
    /// Whose hours stand below.
    pub(super) timezone: &'p TimeZone,
}

impl Plot<'_> {
    /// The picture. It holds numbers and class names only, so it may stand in a page as it is.
    pub(super) fn svg(&self) -> String {
        let mut svg = format!(
            "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"The last 24 hours\">"
        );
        self.hours(&mut svg);
        self.levels(&mut svg);
        let _ = write!(svg, "<path class=\"area\" d=\"{}\"/>", self.area());
        let _ = write!(svg, "<path class=\"line\" d=\"{}\"/></svg>", self.line());
        svg
    }

    fn top(&self) -> f64 {
        let highest = self.points.iter().map(|point| point.max).max().unwrap_or(0);
        f64::from(highest.max(self.maximum).max(1))
    }

    fn x(&self, at: Timestamp) -> f64 {
        let whole = self.to.duration_since(self.from).as_secs_f64().max(1.0);
        let share = at.duration_since(self.from).as_secs_f64() / whole;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT)
    }

    fn y(&self, count: f64) -> f64 {
        TOP + (1.0 - count / self.top()) * (HEIGHT - TOP - BOTTOM)
    }

    /// The mean of each step as a stair.
    fn line(&self) -> String {
        let mut path = String::new();
        for (place, point) in self.points.iter().enumerate() {
            let ends = self.points.get(place + 1).map_or(self.to, |next| next.at);
            let (x, y, next) = (self.x(point.at), self.y(point.mean), self.x(ends));
            let _ = write!(path, "{}{x:.1} {y:.1}H{next:.1}", if place == 0 { "M" } else { "L" });
        }
        path
    }

    fn area(&self) -> String {
        match self.points.first() {
            Some(first) => format!("{}V{:.1}H{:.1}Z", self.line(), self.y(0.0), self.x(first.at)),
            None => String::new(),
        }
    }

    fn levels(&self, svg: &mut String) {
        for (count, class) in [(0.0, "axis"), (f64::from(self.maximum), "maximum")] {
            let y = self.y(count);
            let _ = write!(svg, "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>");
            let _ = write!(
                svg,
                "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{count}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
    }

    /// A line every four hours, with the hour below it.
    fn hours(&self, svg: &mut String) {
        let Ok(mut hour) = self.from.to_zoned(self.timezone.clone()).round(jiff::Unit::Hour) else {
            return;
        };
        while hour.timestamp() < self.to {
            if hour.timestamp() > self.from && hour.hour() % 4 == 0 {
                let x = self.x(hour.timestamp());
                let _ = write!(svg, "<path class=\"hour\" d=\"M{x:.1} {TOP}V{:.1}\"/>", HEIGHT - BOTTOM);
                let label = hour.strftime("%H:%M");
                let _ = write!(
                    svg,
                    "<text class=\"label\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                    HEIGHT - 6.0
                );
            }
            let Ok(next) = hour.checked_add(jiff::Span::new().hours(1)) else {
                return;
            };
            hour = next;
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
        let point = |hour: i64, mean: f64| Point {
            at: from + jiff::SignedDuration::from_hours(hour),
            min: 0,
            max: 60,
            mean,
            entered: 0,
            left: 0,
            close: 0,
        };
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
        let numbers = svg
            .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
            .filter_map(|text| text.parse::<f64>().ok());
        assert!(
            numbers.into_iter().all(|number| (0.0..=WIDTH).contains(&number)),
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
