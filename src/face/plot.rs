//! The frame of the pages' plots: SVG made here, so that it needs no script. Pure. What stands in it is the room's.

use std::fmt::Write;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The picture's size, and the room for labels at its sides.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;
/// Seconds between two places where an hour can begin, in any time zone.
const STEP: i64 = 1_800;
/// What is longer than this has days below it instead of hours, and of those so many as narrow screens have room for.
const DAYS_FROM: SignedDuration = SignedDuration::from_hours(36);
const MARKS: i64 = 6;

/// A stretch of time, and how high its highest value stands.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'p> {
    /// From when to when the picture goes.
    pub from: Timestamp,
    pub to: Timestamp,
    /// The value at its upper edge; the lower edge is zero.
    pub top: f64,
    /// Whose hours stand below.
    pub timezone: &'p TimeZone,
}

impl Frame<'_> {
    /// The whole picture around `inside`, which holds numbers and class names only, so that all of it may stand in a
    /// page as it is.
    #[must_use]
    pub fn svg(&self, class: &str, label: &str, inside: &str) -> String {
        let mut svg = format!(
            "<svg class=\"plot {class}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">"
        );
        self.around(&mut svg, inside);
        svg
    }

    /// As [`Frame::svg`], with a title and a description that tells what is to be seen (SVG 2 §5.7). Both hold words of
    /// ours, numbers and days only.
    #[must_use]
    pub fn told_svg(&self, class: &str, (title, description): (&str, &str), inside: &str) -> String {
        let mut svg = format!(
            "<svg class=\"plot {class}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{title}</title><desc>{description}</desc>"
        );
        self.around(&mut svg, inside);
        svg
    }

    fn around(&self, svg: &mut String, inside: &str) {
        if self.to.duration_since(self.from) > DAYS_FROM {
            self.days(svg);
        } else {
            self.hours(svg);
        }
        svg.push_str(inside);
        svg.push_str("</svg>");
    }

    /// Where a moment stands; those outside stand at the edges.
    #[must_use]
    pub fn x(&self, at: Timestamp) -> f64 {
        let whole = self.to.duration_since(self.from).as_secs_f64().max(1.0);
        let share = at.duration_since(self.from).as_secs_f64() / whole;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT)
    }

    /// Where a value stands.
    #[must_use]
    pub fn y(&self, value: f64) -> f64 {
        let top = if self.top > 0.0 { self.top } else { 1.0 };
        TOP + (1.0 - (value / top).clamp(0.0, 1.0)) * (HEIGHT - TOP - BOTTOM)
    }

    /// A line across at a value, with its name.
    pub fn level(&self, svg: &mut String, (value, name): (f64, &str), class: &str) {
        let y = self.y(value);
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>");
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            LEFT - 4.0,
            y + 4.0
        );
    }

    /// A line every four hours, with the hour below it.
    fn hours(&self, svg: &mut String) {
        let first = self.from.as_second().div_euclid(STEP) * STEP;
        let steps = (first..self.to.as_second()).step_by(STEP as usize);
        for at in steps.filter_map(|second| Timestamp::from_second(second).ok()) {
            let hour = at.to_zoned(self.timezone.clone());
            if at > self.from && hour.minute() == 0 && hour.hour() % 4 == 0 {
                self.mark(svg, at, &hour.strftime("%H:%M").to_string());
            }
        }
    }

    /// A line at a midnight, with the day below it, as many as there is room for.
    fn days(&self, svg: &mut String) {
        let days = self.to.duration_since(self.from).as_secs() / 86_400;
        let step = usize::try_from(days / MARKS + 1).unwrap_or(1);
        let first = self.from.to_zoned(self.timezone.clone()).date();
        for day in first.series(1.day()).skip(1).step_by(step) {
            let Ok(midnight) = day.to_zoned(self.timezone.clone()) else {
                return;
            };
            // At the edge its name would stick out.
            if self.x(midnight.timestamp()) > WIDTH - LEFT {
                return;
            }
            self.mark(svg, midnight.timestamp(), &day.strftime("%-d %b").to_string());
        }
    }

    fn mark(&self, svg: &mut String, at: Timestamp, name: &str) {
        let x = self.x(at);
        let _ = write!(
            svg,
            "<path class=\"hour\" d=\"M{x:.1} {TOP}V{:.1}\"/><text class=\"label\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - 6.0,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hours_are_those_of_the_place() {
        let frame = Frame {
            from: "2026-03-28T18:30:00Z".parse().unwrap(),
            to: "2026-03-29T18:30:00Z".parse().unwrap(),
            top: 1.0,
            timezone: &TimeZone::get("Asia/Kolkata").unwrap(),
        };
        let svg = frame.svg("bars", "A day", "");
        for hour in ["04:00", "08:00", "12:00", "16:00", "20:00"] {
            assert_eq!(svg.matches(&format!(">{hour}<")).count(), 1, "{svg}");
        }
        assert!(!svg.contains(">00:00<"), "the edges carry no line");
    }

    #[test]
    fn what_is_longer_has_days_below_it_and_never_too_many() {
        let marks = |days: i64| {
            let from: Timestamp = "2026-03-27T10:00:00Z".parse().unwrap();
            let frame = Frame {
                from,
                to: from + SignedDuration::from_hours(24 * days),
                top: 1.0,
                timezone: &TimeZone::get("Europe/London").unwrap(),
            };
            frame.told_svg("saw", ("A", "B"), "")
        };
        let week = marks(7);
        assert!(
            week.contains("<title>A</title><desc>B</desc>") && week.contains(">28 Mar<") && week.contains(">30 Mar<")
        );
        for days in [2, 7, 30, 400] {
            let many = marks(days).matches("class=\"label\"").count();
            assert!((1..=7).contains(&many), "{days} days have {many}");
        }
    }

    proptest! {
        #[test]
        fn everything_stands_inside(at in -1_000_000i64..1_000_000, value in -10.0f64..1e9, top in 0.0f64..1e6) {
            let frame = Frame {
                from: Timestamp::UNIX_EPOCH,
                to: Timestamp::from_second(86_400).unwrap(),
                top,
                timezone: &TimeZone::UTC,
            };
            prop_assert!((LEFT..=WIDTH).contains(&frame.x(Timestamp::from_second(at).unwrap())));
            prop_assert!((TOP..=HEIGHT - BOTTOM).contains(&frame.y(value)));
        }
    }
}
