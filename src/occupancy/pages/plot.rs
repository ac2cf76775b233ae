//! A day of a space as a picture, from the points of its history. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::face::plot::{People, PeopleWords, Quarter, Sheet};
use crate::occupancy::history::Point;
use crate::texts::{Texts, named};

/// Points that are drawn as one.
const QUARTER: SignedDuration = SignedDuration::from_mins(15);

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
    /// What it is told in.
    pub(super) t: Texts,
}

impl Plot<'_> {
    /// The picture.
    pub(super) fn svg(&self) -> String {
        let say = |name| self.t.say(name).text().to_owned();
        let (title, unit) = (say(named("plot-people-day")), say(named("plot-people-unit")));
        let maximum = self.t.say1(named("plot-people-maximum"), "count", self.maximum);
        let people = People {
            from: self.from,
            to: self.to,
            quarters: &self.quarters(),
            typical: &[],
            maximum: f64::from(self.maximum),
            words: PeopleWords {
                unit: &unit,
                maximum: maximum.text(),
                today: "",
                typical: "",
            },
        };
        let sheet = Sheet {
            id: "people",
            title: &title,
            told: "",
            t: self.t,
            timezone: self.timezone,
        };
        sheet.drawn(&people)
    }

    /// The points in quarters of an hour from the first on: the least and the most of each, and the mean of its points.
    fn quarters(&self) -> Vec<Quarter> {
        let Some(first) = self.points.first() else {
            return Vec::new();
        };
        let place = |point: &Point| point.at.duration_since(first.at).as_secs() / QUARTER.as_secs();
        let quarters = self.points.chunk_by(|one, next| place(one) == place(next));
        let quarters = quarters.filter_map(|points| {
            let from = points.first()?.at;
            Some(Quarter {
                from,
                min: f64::from(points.iter().map(|point| point.min).min()?),
                max: f64::from(points.iter().map(|point| point.max).max()?),
                mean: points.iter().map(|point| point.mean).sum::<f64>() / points.len() as f64,
            })
        });
        quarters.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    fn point(minute: i64, (min, max, mean): (u32, u32, f64)) -> Point {
        Point {
            at: "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute),
            min,
            max,
            mean,
            entered: 0,
            left: 0,
            close: 0,
        }
    }

    #[test]
    fn minutes_are_drawn_as_quarters_of_an_hour() {
        let mut points: Vec<_> = (0..1_440).map(|minute| point(minute, (3, 5, 4.0))).collect();
        points[16] = point(16, (0, 60, 20.0));
        let plot = Plot {
            points: &points,
            from: points[0].at,
            to: points[0].at + SignedDuration::from_hours(24),
            maximum: 50,
            timezone: &TimeZone::UTC,
            t: Texts::of(Language::English),
        };
        let quarters = plot.quarters();
        assert_eq!(quarters.len(), 96);
        assert_eq!((quarters[0].min, quarters[0].mean, quarters[0].max), (3.0, 4.0, 5.0));
        assert_eq!((quarters[1].min, quarters[1].max), (0.0, 60.0));
        let svg = plot.svg();
        assert!(
            svg.contains("50 may be in") && svg.len() <= 15_000,
            "{}: {svg}",
            svg.len()
        );
        assert!(Plot { points: &[], ..plot }.svg().ends_with("</div>"));
    }
}
