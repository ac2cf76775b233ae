//! What every plot keeps to, whatever it is given: it stands inside its frame, is small, says no word of its own and
//! lets no markup in.

mod drawn;
mod inside;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use self::inside::stands_inside;
use super::*;
use crate::domain::{HALF_HOUR, Interval, Quality, WattHours};
use crate::texts::{Language, Texts};

/// No plot is larger, in both sizes together.
const BUDGET: usize = 15_000;
const MIDNIGHT: i64 = 1_795_910_400;

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(MIDNIGHT + second).unwrap()
}

fn half_hours(energies: &[Option<u64>]) -> Vec<Interval> {
    let one = |(place, energy): (usize, &Option<u64>)| Interval {
        from: moment(HALF_HOUR * place as i64),
        energy: energy.map(WattHours),
        cumulative: None,
        taken: None,
        quality: energy.map_or(Quality::Gap, |_| Quality::Measured),
    };
    energies.iter().enumerate().map(one).collect()
}

fn sheet(timezone: &TimeZone) -> Sheet<'_> {
    Sheet {
        id: "p1",
        title: "A <title>",
        told: "",
        t: Texts::of(Language::English),
        timezone,
    }
}

/// Draws it in both sizes, of which each stands inside its frame.
fn drawn(plot: &dyn Plot) -> String {
    let utc = TimeZone::UTC;
    let sheet = sheet(&utc);
    for size in Size::BOTH {
        stands_inside(&sheet.one(plot, size), (size, plot.height(size)));
    }
    let html = sheet.drawn(plot);
    assert!(!html.contains("NaN") && !html.contains("inf\""), "{html}");
    assert!(!html.contains("A <title>"), "texts are escaped");
    assert!(html.contains("aria-label=\"A &#60;title&#62;\""));
    for row in plot.rows(&sheet) {
        assert!(!row.is_empty());
    }
    html
}

const WORDS: HalfHourWords<'_> = HalfHourWords {
    unit: "kWh",
    import: "in",
    export: "out",
    gap: "no reading",
    doubtful: "estimated",
    ghost: "the day before",
};

fn day<'p>(imports: &'p [Interval], exports: &'p [Interval], ghost: &'p [Interval]) -> HalfHours<'p> {
    HalfHours {
        from: moment(0),
        to: moment(86_400),
        due: moment(86_400),
        imports,
        exports,
        ghost,
        tints: &[],
        words: WORDS,
    }
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -1e4f64..1e4,
        1 => Just(0.0),
        1 => proptest::num::f64::ANY,
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[A-Za-z ]{0,12}", 1 => ".{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn half_hours_stand_inside(
        imports in proptest::collection::vec(proptest::option::of(0u64..60_000), 0..50),
        exports in proptest::collection::vec(proptest::option::of(0u64..9_000), 0..50),
        ghost in proptest::collection::vec(proptest::option::of(0u64..9_000), 0..50),
        days in 1i64..8, due in 0i64..900_000, tint in (0i64..86_400, 0i64..86_400, 0u8..9), name in name(),
    ) {
        let (imports, exports, ghost) = (half_hours(&imports), half_hours(&exports), half_hours(&ghost));
        let tints = [Tint { from: moment(tint.0), to: moment(tint.1), level: tint.2, name }];
        let plot = HalfHours {
            to: moment(86_400 * days),
            due: moment(due),
            tints: &tints,
            ..day(&imports, &exports, &ghost)
        };
        prop_assert!(drawn(&plot).len() <= BUDGET);
    }

    #[test]
    fn heat_stands_inside(
        cells in proptest::collection::vec(proptest::collection::vec(
            prop_oneof![6 => value().prop_map(Cell::Value), 1 => Just(Cell::Gap), 1 => Just(Cell::Blank)], 0..50), 0..61),
        columns in 1usize..49, name in name(),
    ) {
        let rows: Vec<HeatRow> = cells.into_iter().map(|cells| HeatRow { name: name.clone(), title: name.chars().take(24).collect(), cells }).collect();
        let plot = Heat { rows: &rows, columns, ticks: &[(0, "00:00"), (12, "06:00"), (24, &name), (47, "23:30")], unit: "kWh", gap: "-" };
        drawn(&plot);
    }

    #[test]
    fn labelled_bars_stand_inside(
        bars in proptest::collection::vec((name(), proptest::option::of(value()), name(), any::<(bool, bool)>()), 0..32),
    ) {
        let bars: Vec<Bar> = bars.into_iter().map(|(name, value, label, (here, partial))| Bar {
            title: format!("{name}: {label}"), label: label.chars().take(8).collect(), name, value, here, partial, address: here.then(|| "?a=1&b=\"".to_owned()),
        }).collect();
        drawn(&Labelled { bars: &bars, unit: "kWh" });
    }

    #[test]
    fn strips_stand_inside(
        strips in proptest::collection::vec((name(), proptest::collection::vec(0usize..4, 0..60)), 0..45), columns in 1usize..50,
    ) {
        let beats = [Beat::Read, Beat::Late, Beat::Waits, Beat::Gap];
        let strips: Vec<Strip> = strips.into_iter().map(|(name, all)| Strip {
            title: name.clone(), name, beats: all.into_iter().map(|one| beats[one]).collect(), address: None,
        }).collect();
        let ticks = [(0, "00:00"), (24, "12:00"), (48, "24:00")];
        drawn(&Beats { strips: &strips, columns, ticks: &ticks, kinds: ["read", "late", "waits", "gap"] });
    }

    #[test]
    fn people_stand_inside(
        quarters in proptest::collection::vec((value(), value(), value()), 0..97),
        typical in proptest::collection::vec(value(), 0..97), maximum in 0f64..5_000.0, name in name(),
    ) {
        let at = |place: usize| moment(900 * place as i64);
        let quarters: Vec<_> = quarters.into_iter().enumerate().map(|(place, (min, max, mean))| Quarter {
            from: at(place), min, max, mean,
        }).collect();
        let typical: Vec<_> = typical.into_iter().enumerate().map(|(place, value)| (at(place), value)).collect();
        let words = PeopleWords { unit: "", maximum: &name, today: &name, typical: "usual" };
        drawn(&People { from: moment(0), to: moment(86_400), quarters: &quarters, typical: &typical, maximum, words });
    }

    #[test]
    fn what_ends_stands_inside(
        lines in proptest::collection::vec((name(), proptest::option::of(-9_000_000i64..90_000_000), -9_000_000i64..90_000_000), 0..9),
        days in 0u16..400,
    ) {
        let lines: Vec<_> = lines.into_iter().map(|(name, renewal, end)| Ending {
            title: name.clone(), name, renewal: renewal.map(moment), end: moment(end),
        }).collect();
        let words = EndingWords { now: "now", over: "ended", renewal: "renewed", end: "ends" };
        let plot = Endings { now: moment(0), days, lines: &lines, words };
        prop_assert!(drawn(&plot).len() <= BUDGET);
    }

    #[test]
    fn ranges_stand_inside(
        stretches in proptest::collection::vec((0i64..9_000, value(), value()), 0..200),
        limits in proptest::collection::vec((value(), name()), 0..3),
    ) {
        let mut from = 0;
        let stretches: Vec<_> = stretches.into_iter().map(|(skip, min, max)| {
            let begins = from + if skip < 4_000 { 0 } else { skip };
            from = begins + 3_600;
            Stretch { from: moment(begins), to: moment(from), min, max }
        }).collect();
        let limits: Vec<_> = limits.iter().map(|(value, name)| (*value, name.as_str())).collect();
        drawn(&Range { from: moment(0), to: moment(from.max(86_400)), stretches: &stretches, limits: &limits, unit: "V", digits: 1 });
    }

    #[test]
    fn stacks_stand_inside(
        bars in proptest::collection::vec((name(), proptest::option::of(value()), proptest::option::of(value()), value()), 0..32),
    ) {
        let bars: Vec<_> = bars.into_iter().map(|(name, one, two, three)| Stack {
            title: name.clone(), name, parts: [one, two, Some(three)], written: Default::default(),
        }).collect();
        drawn(&Stacked { bars: &bars, parts: ["Energy", "Standing", "Debt"], unit: "£" });
    }
}
