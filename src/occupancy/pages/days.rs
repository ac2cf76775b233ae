//! A day of a space in quarters of an hour and in hours, what is usual on that weekday, and what is usual at each hour of
//! the week. Pure, but for what it reads.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::domain::Space;
use crate::occupancy::history::{History, Point, Step, Stretch};
use crate::store::ReadError;

/// Weeks that say what is usual.
const WEEKS: i64 = 4;
const QUARTER: i64 = 900;

/// A day, from its midnight to the next where the house stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// A quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quarter {
    pub(super) from: Timestamp,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) mean: f64,
}

/// An hour, as a row of a table shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hour {
    pub(super) name: String,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) mean: String,
    pub(super) entered: u64,
    pub(super) left: u64,
}

/// What is known of a day.
pub(super) struct DayShown {
    pub(super) quarters: Vec<Quarter>,
    pub(super) hours: Vec<Hour>,
    pub(super) entered: u64,
    pub(super) left: u64,
    /// Quarters of the day, and the mean of the same on the same weekday of the weeks before; empty where nothing is known
    /// of those.
    pub(super) typical: Vec<(Timestamp, f64)>,
}

/// The mean count at each hour of the week, Monday first; `None`: nothing is known.
pub(super) type Week = [[Option<f64>; 24]; 7];

impl Day {
    /// The day of that date; `None` where the calendar ends.
    pub(super) fn of(date: Date, timezone: &TimeZone) -> Option<Day> {
        let from = date.to_zoned(timezone.clone()).ok()?.timestamp();
        let next = date.checked_add(1.day()).ok()?;
        let to = next.to_zoned(timezone.clone()).ok()?.timestamp();
        Some(Day { date, from, to })
    }

    fn weeks_before(&self, weeks: i64, timezone: &TimeZone) -> Option<Day> {
        Day::of(self.date.checked_sub((7 * weeks).days()).ok()?, timezone)
    }
}

/// Reads what is known of a day. Blocks.
pub(super) fn day(history: &History, space: &Space, day: Day, timezone: &TimeZone) -> Result<DayShown, ReadError> {
    let minutes = minutes(history, space, day)?;
    let quarters = quarters(&minutes);
    let known_since = history.begins().max(space.created);
    let mut usual: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for weeks in 1..=WEEKS {
        let Some(before) = day.weeks_before(weeks, timezone) else {
            continue;
        };
        if before.from < known_since {
            continue;
        }
        for quarter in self::quarters(&self::minutes(history, space, before)?) {
            usual
                .entry(clock(quarter.from, timezone))
                .or_default()
                .push(quarter.mean);
        }
    }
    let every = (day.from.as_second()..day.to.as_second()).step_by(QUARTER as usize);
    let typical = every.filter_map(|second| {
        let at = Timestamp::from_second(second).ok()?;
        let means = usual.get(&clock(at, timezone))?;
        Some((at, means.iter().sum::<f64>() / means.len() as f64))
    });
    Ok(DayShown {
        typical: typical.collect(),
        hours: hours(&minutes, timezone),
        entered: minutes.iter().map(|minute| minute.entered).sum(),
        left: minutes.iter().map(|minute| minute.left).sum(),
        quarters,
    })
}

/// Reads what is usual at each hour of the week, out of the weeks before `now`. Blocks.
pub(super) fn week(history: &History, space: &Space, now: Timestamp, timezone: &TimeZone) -> Result<Week, ReadError> {
    let from = now.saturating_sub(SignedDuration::from_hours(24 * 7 * WEEKS));
    let from = from.unwrap_or(Timestamp::UNIX_EPOCH).max(history.begins());
    let stretch = Stretch {
        from,
        to: now,
        step: Step::Hour,
    };
    Ok(by_hour(&history.points(space, stretch)?, timezone))
}

fn by_hour(hours: &[Point], timezone: &TimeZone) -> Week {
    let mut sums = [[(0.0, 0u32); 24]; 7];
    for hour in hours {
        let here = hour.at.to_zoned(timezone.clone());
        let weekday = usize::try_from(here.weekday().to_monday_zero_offset()).unwrap_or(0);
        let (sum, count) = &mut sums[weekday][usize::try_from(here.hour()).unwrap_or(0)];
        *sum += hour.mean;
        *count += 1;
    }
    sums.map(|day| day.map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))))
}

fn minutes(history: &History, space: &Space, day: Day) -> Result<Vec<Point>, ReadError> {
    let stretch = Stretch {
        from: day.from,
        to: day.to,
        step: Step::Minute,
    };
    history.points(space, stretch)
}

/// Seconds of the day by the clocks of the house.
fn clock(at: Timestamp, timezone: &TimeZone) -> i64 {
    let here = at.to_zoned(timezone.clone());
    i64::from(here.hour()) * 3_600 + i64::from(here.minute()) * 60
}

fn quarters(minutes: &[Point]) -> Vec<Quarter> {
    let quarter = |point: &Point| point.at.as_second().div_euclid(QUARTER);
    let chunks = minutes.chunk_by(|one, next| quarter(one) == quarter(next));
    let one = |minutes: &[Point]| Quarter {
        from: minutes[0].at,
        min: minutes.iter().map(|minute| minute.min).min().unwrap_or(0),
        max: minutes.iter().map(|minute| minute.max).max().unwrap_or(0),
        mean: minutes.iter().map(|minute| minute.mean).sum::<f64>() / minutes.len() as f64,
    };
    chunks.map(one).collect()
}

fn hours(minutes: &[Point], timezone: &TimeZone) -> Vec<Hour> {
    let hour = |point: &Point| point.at.to_zoned(timezone.clone()).strftime("%H:00").to_string();
    let named: Vec<(String, &Point)> = minutes.iter().map(|minute| (hour(minute), minute)).collect();
    let chunks = named.chunk_by(|one, next| one.0 == next.0);
    let one = |minutes: &[(String, &Point)]| {
        let points = || minutes.iter().map(|(_, point)| point);
        let mean = points().map(|point| point.mean).sum::<f64>() / minutes.len() as f64;
        Hour {
            name: minutes[0].0.clone(),
            min: points().map(|point| point.min).min().unwrap_or(0),
            max: points().map(|point| point.max).max().unwrap_or(0),
            mean: format!("{mean:.1}"),
            entered: points().map(|point| point.entered).sum(),
            left: points().map(|point| point.left).sum(),
        }
    };
    chunks.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: Timestamp, count: u32) -> Point {
        Point {
            at,
            min: count,
            max: count + 1,
            mean: f64::from(count),
            entered: 1,
            left: 0,
            close: count,
        }
    }

    #[test]
    fn days_on_which_clocks_change_are_whole() {
        let london = TimeZone::get("Europe/London").unwrap();
        for (date, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-12-01", 24)] {
            let day = Day::of(date.parse().unwrap(), &london).unwrap();
            assert_eq!(day.to.duration_since(day.from).as_hours(), hours, "{date}");
            let minutes: Vec<Point> = (0..hours * 60)
                .map(|minute| point(day.from + SignedDuration::from_mins(minute), 4))
                .collect();
            assert_eq!(quarters(&minutes).len() as i64, hours * 4);
            let rows = super::hours(&minutes, &london);
            let entered: u64 = rows.iter().map(|row| row.entered).sum();
            assert_eq!(entered as i64, hours * 60, "no minute is lost and none is told twice");
        }
    }

    #[test]
    fn an_hour_of_the_week_is_the_mean_of_its_weeks() {
        let monday: Timestamp = "2026-11-02T09:00:00Z".parse().unwrap();
        let week = SignedDuration::from_hours(24 * 7);
        let points = [point(monday, 10), point(monday + week, 20), point(monday + week / 7, 7)];
        let means = by_hour(&points, &TimeZone::UTC);
        assert_eq!((means[0][9], means[1][9], means[2][9]), (Some(15.0), Some(7.0), None));
    }
}
