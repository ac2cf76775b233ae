//! The plots of a meter's half-hours: bars of a day or a week, bars of days and months, and sixty days at a glance. Pure.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::day::Halves;
use super::figures::{ends, gaps, sum};
use super::stretch::{Kind, month};
use crate::domain::Interval;
use crate::face::plot::{
    Bar, Beat, Beats, Cell, HalfHourWords, HalfHours, Heat, HeatRow, Labelled, Sheet, Strip, Twin,
};
use crate::meter::Span;
use crate::texts::{Texts, named};

/// Half-hours of a day on a clock.
const CLOCK: usize = 48;
/// What is known so much later than it ended was late.
const LATE: SignedDuration = SignedDuration::from_hours(3);

/// What all of them share.
#[derive(Clone, Copy)]
pub(super) struct Drawing<'p> {
    pub(super) t: Texts,
    pub(super) timezone: &'p TimeZone,
    /// What ends after this is not due yet.
    pub(super) due: Timestamp,
    /// Whether missing half-hours are still to be fetched.
    pub(super) catching_up: bool,
}

/// A day, or a month, with its half-hours.
pub(super) struct Part {
    pub(super) first: Date,
    pub(super) halves: Vec<Interval>,
    /// Where it leads.
    pub(super) address: String,
    /// Whether the page shows it.
    pub(super) here: bool,
}

impl Drawing<'_> {
    fn say(&self, name: &str) -> String {
        self.t.say(name).text().to_owned()
    }

    fn sheet<'p>(&'p self, id: &'p str, title: &'p str) -> Sheet<'p> {
        Sheet {
            id,
            title,
            told: "",
            t: self.t,
            timezone: self.timezone,
        }
    }

    /// What is said of a half-hour that is missing.
    pub(super) fn gap(&self) -> String {
        match self.catching_up {
            true => self.say("meter-gap-fetched"),
            false => self.say("plot-gap"),
        }
    }

    /// Half-hours as bars, over those of another day, with their table.
    pub(super) fn halves(&self, span: Span, halves: &Halves, (ghost, csv): (&[Interval], &str)) -> String {
        let (import, export) = (self.say("meter-in"), self.say("meter-out"));
        let (gap, doubtful, before) = (self.gap(), self.say("plot-doubtful"), self.say("meter-day-before"));
        let exports: &[Interval] = if halves.gives_back() { &halves.export } else { &[] };
        let plot = HalfHours {
            from: span.from,
            to: span.to,
            due: self.due,
            imports: &halves.import,
            exports,
            ghost,
            tints: &[],
            words: HalfHourWords {
                unit: "kWh",
                import: &import,
                export: &export,
                gap: &gap,
                doubtful: &doubtful,
                ghost: &before,
            },
        };
        let (title, from) = (self.say("plot-half-hours"), self.say("meter-table-from"));
        let (summary, words) = (self.say("meter-table"), self.say("meter-csv"));
        let (kwh_in, kwh_out) = (format!("kWh {import}"), format!("kWh {export}"));
        let heads: &[&str] = match exports {
            [] => &[&from, &kwh_in],
            _ => &[&from, &kwh_in, &kwh_out],
        };
        let twin = Twin {
            summary: &summary,
            heads,
            csv: Some((csv, &words)),
        };
        self.sheet("halves", &title).with_table(&plot, &twin)
    }

    /// Days or months as bars with their sums.
    pub(super) fn parts(&self, kind: Kind, parts: &[Part]) -> String {
        let bars: Vec<Bar> = parts.iter().map(|part| self.bar(kind, part)).collect();
        let (title, summary, day) = match kind {
            Kind::Year => (
                self.say("meter-months"),
                self.say("meter-table"),
                self.say("meter-month"),
            ),
            _ => (self.say("meter-days"), self.say("meter-table"), self.say("meter-day")),
        };
        let twin = Twin {
            summary: &summary,
            heads: &[&day, "kWh"],
            csv: None,
        };
        let plot = Labelled {
            bars: &bars,
            unit: "kWh",
        };
        self.sheet("parts", &title).with_table(&plot, &twin)
    }

    fn bar(&self, kind: Kind, part: &Part) -> Bar {
        let known = sum(&part.halves);
        let missing = gaps(&part.halves, self.due);
        let (name, whole) = match kind {
            Kind::Year => {
                let name = month(self.t, part.first);
                (name.clone(), format!("{name} {}", part.first.year()))
            }
            Kind::Week => (self.t.day(part.first), self.t.day(part.first)),
            Kind::Day | Kind::Month => (part.first.day().to_string(), self.t.day(part.first)),
        };
        let digits = if kind == Kind::Year { 0 } else { 2 };
        let label = match known {
            Some(energy) => format!("{:.digits$}", energy as f64 / 1_000.0),
            None if missing > 0 => self.gap(),
            None => String::new(),
        };
        let words = match known {
            Some(_) => format!("{label} kWh"),
            None => label.clone(),
        };
        let value = known.map(|energy| energy as f64 / 1_000.0);
        Bar {
            title: format!("{whole}: {words}"),
            name,
            // What has not been yet is nothing, and no gap.
            value: value.or((missing == 0).then_some(0.0)),
            label,
            here: part.here,
            partial: known.is_some() && missing > 0,
            address: Some(part.address.clone()),
        }
    }

    /// Days one below the other, the darker the more.
    pub(super) fn heat(&self, days: &[(Date, Vec<Interval>)]) -> String {
        let rows: Vec<HeatRow> = days
            .iter()
            .map(|(day, halves)| HeatRow {
                name: self.t.day_of_month(*day),
                title: match sum(halves) {
                    Some(energy) => format!("{}: {:.2} kWh", self.t.day(*day), energy as f64 / 1_000.0),
                    None => format!("{}: {}", self.t.day(*day), self.gap()),
                },
                cells: self.clock(halves, Cell::Blank, |one| match one.energy {
                    Some(energy) => Cell::Value(energy.0 as f64 / 1_000.0),
                    None if ends(one) <= self.due => Cell::Gap,
                    None => Cell::Blank,
                }),
            })
            .collect();
        let gap = self.gap();
        let plot = Heat {
            rows: &rows,
            columns: CLOCK,
            ticks: &HOURS,
            unit: "kWh",
            gap: &gap,
        };
        let title = self.t.say1(named("meter-heat"), "count", days.len());
        self.sheet("heat", title.text()).drawn(&plot)
    }

    /// Which half-hours of the last days are here, and which came late.
    pub(super) fn beats(&self, days: &[(Date, Vec<Interval>)]) -> String {
        let strips: Vec<Strip> = days
            .iter()
            .map(|(day, halves)| {
                let known = halves.iter().filter(|one| one.energy.is_some()).count();
                let title = self.t.say_with(
                    named("meter-beats-day"),
                    &[
                        ("day", self.t.day(*day).into()),
                        ("known", known.into()),
                        ("missing", gaps(halves, self.due).into()),
                    ],
                );
                Strip {
                    name: self.t.day(*day),
                    title: title.text().to_owned(),
                    beats: self.clock(halves, Beat::Waits, |one| self.beat(one)),
                    address: None,
                }
            })
            .collect();
        let kinds = [
            self.say(named("meter-beat-read")),
            self.say(named("meter-beat-late")),
            self.say(named("meter-beat-waits")),
            self.say(named("meter-beat-gap")),
        ];
        let kinds = [&kinds[0], &kinds[1], &kinds[2], &kinds[3]].map(String::as_str);
        let plot = Beats {
            strips: &strips,
            columns: CLOCK,
            ticks: &HOURS,
            kinds,
        };
        let (title, summary, day) = (self.say("meter-beats"), self.say("meter-table"), self.say("meter-day"));
        let twin = Twin {
            summary: &summary,
            heads: &[&day, kinds[0], kinds[1], kinds[2], kinds[3]],
            csv: None,
        };
        self.sheet("beats", &title).with_table(&plot, &twin)
    }

    fn beat(&self, one: &Interval) -> Beat {
        let late = |taken: Timestamp| taken.duration_since(ends(one)) > LATE;
        match one.energy {
            Some(_) if one.taken.is_some_and(late) => Beat::Late,
            Some(_) => Beat::Read,
            None if ends(one) <= self.due => Beat::Gap,
            None => Beat::Waits,
        }
    }

    /// A day's half-hours by the clock on the wall: an hour that clocks skip is blank, and of one that comes twice the
    /// second is shown.
    fn clock<T: Clone>(&self, halves: &[Interval], blank: T, show: impl Fn(&Interval) -> T) -> Vec<T> {
        let mut cells = vec![blank; CLOCK];
        for one in halves {
            let here = one.from.to_zoned(self.timezone.clone());
            let place = usize::try_from(here.hour()).unwrap_or(0) * 2 + usize::from(here.minute() >= 30);
            if let Some(cell) = cells.get_mut(place) {
                *cell = show(one);
            }
        }
        cells
    }
}

const HOURS: [(usize, &str); 4] = [(0, "00:00"), (12, "06:00"), (24, "12:00"), (36, "18:00")];

/// Half-hours by the day here in which they begin, for every day from `first` up to `last`.
pub(super) fn by_day(
    halves: &[Interval],
    (first, last): (Date, Date),
    timezone: &TimeZone,
) -> Vec<(Date, Vec<Interval>)> {
    let days = first.series(1.day()).take_while(|day| *day <= last);
    let mut days: Vec<(Date, Vec<Interval>)> = days.map(|day| (day, Vec::new())).collect();
    for one in halves {
        let date = one.from.to_zoned(timezone.clone()).date();
        let place = days.binary_search_by_key(&date, |(day, _)| *day);
        if let Some((_, day)) = place.ok().and_then(|place| days.get_mut(place)) {
            day.push(*one);
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{HALF_HOUR, Quality, WattHours};
    use crate::texts::Language;

    fn halves(from: &str, count: i64, energy: impl Fn(i64) -> Option<u64>) -> Vec<Interval> {
        let from: Timestamp = from.parse().unwrap();
        let one = |place| {
            let begins = from + SignedDuration::from_secs(HALF_HOUR * place);
            let energy = energy(place).map(WattHours);
            Interval {
                from: begins,
                energy,
                cumulative: None,
                taken: energy.map(|_| begins + SignedDuration::from_hours(if place == 7 { 9 } else { 1 })),
                quality: energy.map_or(Quality::Gap, |_| Quality::Measured),
            }
        };
        (0..count).map(one).collect()
    }

    fn drawing(timezone: &TimeZone) -> Drawing<'_> {
        Drawing {
            t: Texts::of(Language::English),
            timezone,
            due: "2026-10-25T12:00:00Z".parse().unwrap(),
            catching_up: false,
        }
    }

    #[test]
    fn days_are_those_of_clocks_on_walls() {
        let london = TimeZone::get("Europe/London").unwrap();
        // Summer time ends on the second of them.
        let all = halves("2026-10-23T23:00:00Z", 48 + 50, |place| Some(place.unsigned_abs()));
        let ends = ("2026-10-24".parse().unwrap(), "2026-10-25".parse().unwrap());
        let days = by_day(&all, ends, &london);
        assert_eq!(days.iter().map(|(_, day)| day.len()).collect::<Vec<_>>(), [48, 50]);
        let cells = drawing(&london).clock(&days[1].1, None, |one| one.energy);
        assert_eq!(cells.iter().flatten().count(), 48);
        assert_eq!(cells[2], Some(WattHours(48 + 4)), "01:00 came twice");
    }

    #[test]
    fn a_day_that_has_not_been_yet_is_blank_and_one_that_is_missing_is_hatched() {
        let utc = TimeZone::UTC;
        let drawing = drawing(&utc);
        let part = |from: &str, energy: Option<u64>| Part {
            first: from[..10].parse().unwrap(),
            halves: halves(from, 48, |place| energy.filter(|_| place < 20)),
            address: "?".to_owned(),
            here: false,
        };
        let bar = |from, energy| drawing.bar(Kind::Day, &part(from, energy));
        let known = bar("2026-10-24T00:00:00Z", Some(100));
        assert_eq!(
            (known.label.as_str(), known.partial),
            ("2.00", true),
            "28 half-hours are missing"
        );
        assert_eq!(known.title, "Sat 24 Oct: 2.00 kWh");
        let missing = bar("2026-10-24T00:00:00Z", None);
        assert_eq!((missing.value, missing.label.as_str()), (None, "no reading"));
        let ahead = bar("2026-10-26T00:00:00Z", None);
        assert_eq!(
            (ahead.value, ahead.label.as_str(), ahead.partial),
            (Some(0.0), "", false)
        );
    }

    #[test]
    fn what_came_late_is_told_from_what_never_came() {
        let utc = TimeZone::UTC;
        let drawing = drawing(&utc);
        let all = halves("2026-10-25T00:00:00Z", 48, |place| {
            (place < 22 && place != 3).then_some(5)
        });
        let beats = drawing.clock(&all, Beat::Waits, |one| drawing.beat(one));
        let count = |kind| beats.iter().filter(|beat| **beat == kind).count();
        assert_eq!(
            [Beat::Read, Beat::Late, Beat::Gap, Beat::Waits].map(count),
            [20, 1, 3, 24],
            "{beats:?}"
        );
    }
}
