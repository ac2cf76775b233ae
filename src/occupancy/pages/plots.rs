//! The two pictures of a space's page: people over a day beside what is usual on that weekday (P6), and what is usual at
//! each hour of the week (P7).

use jiff::tz::TimeZone;

use super::days::{Day, DayShown, Week};
use crate::face::plot::{Cell, Heat, HeatRow, People, PeopleWords, Quarter, Sheet, Twin};
use crate::texts::Texts;

/// Hours with a name below the picture of a week.
const NAMED: [(usize, &str); 8] = [
    (0, "00"),
    (3, "03"),
    (6, "06"),
    (9, "09"),
    (12, "12"),
    (15, "15"),
    (18, "18"),
    (21, "21"),
];

/// A day of people.
pub(super) fn day(shown: &DayShown, day: Day, maximum: u32, (t, timezone): (Texts, &TimeZone)) -> String {
    let quarters: Vec<Quarter> = shown
        .quarters
        .iter()
        .map(|quarter| Quarter {
            from: quarter.from,
            min: f64::from(quarter.min),
            max: f64::from(quarter.max),
            mean: quarter.mean,
        })
        .collect();
    let said = [
        t.say("plot-people-unit"),
        t.say1("plot-people-maximum", "count", maximum),
        t.say("spaces-this-day"),
        t.say("spaces-usual"),
        t.say1("spaces-people-over", "day", t.day(day.date)),
    ];
    let [unit, allowed, today, typical, title] = &said;
    let plot = People {
        from: day.from,
        to: day.to,
        quarters: &quarters,
        typical: &shown.typical,
        maximum: f64::from(maximum),
        words: PeopleWords {
            unit: unit.text(),
            maximum: allowed.text(),
            today: today.text(),
            typical: typical.text(),
        },
    };
    let sheet = Sheet {
        id: "people",
        title: title.text(),
        told: "",
        t,
        timezone,
    };
    sheet.drawn(&plot)
}

/// The usual week, with the same as a table.
pub(super) fn week(week: &Week, (t, timezone): (Texts, &TimeZone)) -> String {
    let rows: Vec<HeatRow> = (1..=7)
        .zip(week)
        .map(|(weekday, hours)| {
            let name = t.say(&format!("weekday-{weekday}")).text().to_owned();
            let busiest = hours
                .iter()
                .enumerate()
                .filter_map(|(hour, mean)| Some((hour, (*mean)?)))
                .max_by(|one, other| one.1.total_cmp(&other.1));
            HeatRow {
                title: match busiest {
                    Some((hour, mean)) => {
                        let (hour, mean) = (format!("{hour:02}:00"), format!("{mean:.1}"));
                        let places = [
                            ("day", name.as_str().into()),
                            ("hour", hour.into()),
                            ("mean", mean.into()),
                        ];
                        t.say_with("spaces-busiest", &places).text().to_owned()
                    }
                    None => String::new(),
                },
                cells: hours.iter().map(|mean| mean.map_or(Cell::Blank, Cell::Value)).collect(),
                name,
            }
        })
        .collect();
    let (unit, gap, title) = (t.say("plot-people-unit"), t.say("spaces-unknown"), t.say("spaces-week"));
    let plot = Heat {
        rows: &rows,
        columns: 24,
        ticks: &NAMED,
        unit: unit.text(),
        gap: gap.text(),
    };
    let sheet = Sheet {
        id: "week",
        title: title.text(),
        told: "",
        t,
        timezone,
    };
    let (summary, weekday) = (t.say("spaces-as-table"), t.say("spaces-weekday"));
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
    let heads: Vec<&str> = std::iter::once(weekday.text())
        .chain(hours.iter().map(String::as_str))
        .collect();
    let twin = Twin {
        summary: summary.text(),
        heads: &heads,
        csv: None,
    };
    sheet.with_table(&plot, &twin)
}
