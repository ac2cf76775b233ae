//! What is drawn of given values.

use super::inside::{attribute, points};
use super::*;

/// The narrow picture alone.
fn narrow(html: &str) -> &str {
    &html[html.find(" on-phones\"").expect("both sizes are there")..]
}

/// The corners of the only path of a class.
fn path(html: &str, class: &str) -> Vec<(f64, f64)> {
    let tag = html
        .split("<path")
        .find(|tag| tag.starts_with(&format!(" class=\"{class}\"")));
    points(
        tag.and_then(|tag| attribute(tag, "d"))
            .unwrap_or_else(|| panic!("no {class}: {html}")),
    )
}

#[test]
fn a_day_is_drawn_up_and_down_with_its_gaps_and_nothing_that_is_not_due() {
    let imports = half_hours(&[Some(0), Some(480), None, None, Some(70), None]);
    let exports = half_hours(&[Some(0), Some(0), None, None, Some(110)]);
    let ghost = half_hours(&[Some(300), Some(200), None, Some(100)]);
    let tints = [Tint {
        from: moment(0),
        to: moment(3_600),
        level: 2,
        name: "38.2 p/kWh".to_owned(),
    }];
    let plot = HalfHours {
        due: moment(5 * HALF_HOUR),
        tints: &tints,
        ..day(&imports, &exports, &ghost)
    };
    let html = drawn(&plot);
    let narrow = narrow(&html);
    for said in [
        ">0.4<",
        ">-0.2<",
        ">kWh<",
        ">06:00<",
        ">18:00<",
        "<title>38.2 p/kWh<",
        "<title>01:00–02:00 no reading<",
        ">the day before<",
    ] {
        assert_eq!(narrow.matches(said).count(), 1, "{said}: {narrow}");
    }
    assert_eq!(
        narrow.matches("class=\"gap\"").count(),
        1,
        "one stretch, and what is not due is none"
    );
    assert!(narrow.contains("fill=\"url(#p1-gap)\"") && html.contains("<pattern id=\"p1-gap\""));
    let told = "<title>00:30 0.480 kWh in, 0.000 kWh out<";
    assert_eq!(html.matches(told).count(), 1, "once for both sizes");
    // Each bar is a box of five corners, closed by the last.
    let (up, down) = (path(narrow, "bar"), path(narrow, "bar out"));
    assert_eq!((up.len(), down.len()), (10, 5), "what is nothing is no bar");
    let ground = up[0].1;
    assert!(up.iter().all(|point| point.1 <= ground) && down.iter().all(|point| point.1 >= ground));
    assert_eq!(
        path(narrow, "ghost").iter().map(|point| point.0).fold(0.0, f64::max),
        path(narrow, "gap")[1].0
    );
    let rows = plot.rows(&sheet(&TimeZone::UTC));
    assert_eq!(rows[1], ["00:30", "0.480", "0.000"]);
    assert_eq!((rows.len(), rows[2][1].as_str()), (5, "no reading"));
}

#[test]
fn hours_and_days_are_those_of_the_place_and_of_the_language() {
    let imports = half_hours(&[Some(7); 48]);
    let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
    let in_kolkata = Sheet {
        t: Texts::of(Language::Welsh),
        ..sheet(&kolkata)
    };
    let one = in_kolkata.one(&day(&imports, &[], &[]), Size::Wide);
    for hour in ["08:00", "12:00", "16:00", "20:00", "00:00", "04:00"] {
        assert_eq!(one.matches(&format!(">{hour}<")).count(), 1, "{hour}: {one}");
    }
    let week = HalfHours {
        to: moment(7 * 86_400),
        due: moment(7 * 86_400),
        ..day(&imports, &[], &[])
    };
    let svg = in_kolkata.one(&week, Size::Wide);
    assert!(
        svg.contains(" Tach<") && svg.contains(": 0.") && svg.contains(" kWh</title>"),
        "{svg}"
    );
    assert!(svg.matches("<title>").count() <= 8, "a word a day");
}

#[test]
fn a_day_of_half_hours_with_all_there_is_and_a_week_are_small() {
    let full: Vec<_> = (0..50).map(|place| Some(1_237 * (place % 7) + 13)).collect();
    let all = half_hours(&full);
    let plot = HalfHours {
        to: moment(25 * 3_600),
        due: moment(25 * 3_600),
        ..day(&all, &all, &all)
    };
    let html = drawn(&plot);
    assert!(html.len() <= BUDGET, "{}", html.len());
    let week = half_hours(&(0..336).map(|place| Some(1_237 * (place % 7) + 13)).collect::<Vec<_>>());
    let plot = HalfHours {
        to: moment(7 * 86_400),
        due: moment(7 * 86_400),
        ..day(&week, &[], &[])
    };
    let html = drawn(&plot);
    assert!(html.len() <= BUDGET, "{}", html.len());
}

#[test]
fn sixty_days_are_cells_of_few_kinds_and_gaps_are_striped() {
    // As restless as no home is.
    let mut seed = 7u64;
    let mut random = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % 1_000
    };
    let row = |cells: Vec<Cell>| HeatRow {
        name: "Sat 28 Nov".to_owned(),
        title: "Sat 28 Nov: 12.34 kWh".to_owned(),
        cells,
    };
    let rows: Vec<_> = (0..60)
        .map(|_| row((0..48).map(|_| Cell::Value(random() as f64)).collect()))
        .collect();
    let ticks = [(0, "00:00"), (12, "06:00"), (24, "12:00"), (36, "18:00")];
    let heat = |rows| Heat {
        rows,
        columns: 48,
        ticks: &ticks,
        unit: "kWh",
        gap: "no reading",
    };
    let html = drawn(&heat(&rows));
    assert!(html.len() <= BUDGET, "{}", html.len());
    assert_eq!(html.matches("<title>").count(), 60, "once for both sizes");

    let few = [row(vec![
        Cell::Value(0.1),
        Cell::Value(0.1),
        Cell::Gap,
        Cell::Value(1.0),
        Cell::Blank,
    ])];
    let html = drawn(&heat(&few));
    assert!(
        html.contains("class=\"h0 of5\" d=\"M0 0h2m1 0h1\"") && html.contains("class=\"h4 of5\" d=\"M3 0h1\""),
        "{html}"
    );
    assert!(html.contains("class=\"none\" stroke=\"url(#p1-dash)\" d=\"M2 0h1\""));
    assert_eq!(html.matches("<use href=\"#p1-cells\"").count(), 2);
    assert_eq!(
        heat(&few).rows(&sheet(&TimeZone::UTC))[0],
        ["Sat 28 Nov", "0.10", "0.10", "no reading", "1.00", ""]
    );
    drawn(&heat(&[]));
}

#[test]
fn bars_carry_their_numbers_and_turn_them_where_they_are_narrow() {
    let bar = |place: usize| Bar {
        name: format!("{}", place + 1),
        value: (place != 3).then_some(place as f64),
        label: if place == 3 {
            "no reading".to_owned()
        } else {
            format!("{place}.00")
        },
        title: format!("Day {place}: {place}.00 kWh"),
        here: place == 5,
        partial: place == 6,
        address: Some(format!("?day={place}")),
    };
    let bars: Vec<_> = (0..14).map(bar).collect();
    let plot = Labelled {
        bars: &bars,
        unit: "kWh",
    };
    let html = drawn(&plot);
    assert!(html.len() <= BUDGET, "{}", html.len());
    let (wide, narrow) = (&html[..html.find(" on-phones\"").unwrap()], narrow(&html));
    assert!(!wide.contains("rotate") && wide.contains(">13.00<"));
    assert_eq!(narrow.matches("rotate(-90)").count(), 13);
    assert_eq!(
        narrow.matches("class=\"gap\"").count(),
        2,
        "what is not known, and what is not whole"
    );
    assert_eq!(
        (
            narrow.matches("class=\"bar here\"").count(),
            narrow.matches("<a href=").count()
        ),
        (1, 14)
    );
    assert_eq!(plot.rows(&sheet(&TimeZone::UTC))[3], ["Day 3", "no reading"]);
}

#[test]
fn beats_differ_in_shape_and_grow_downwards() {
    let strip = |name: &str| Strip {
        name: name.to_owned(),
        title: format!("{name}: 46 of 48"),
        beats: [vec![Beat::Read; 44], vec![Beat::Late, Beat::Gap, Beat::Waits]].concat(),
        address: Some("/energy/EML1".to_owned()),
    };
    let strips: Vec<_> = (0..10).map(|place| strip(&format!("Flat {place}"))).collect();
    let beats = |strips| Beats {
        strips,
        columns: 48,
        ticks: &[(0, "00:00"), (24, "12:00")],
        kinds: ["read", "late", "waits", "gap"],
    };
    let html = drawn(&beats(&strips));
    assert!(html.len() <= BUDGET, "{}", html.len());
    for kind in ["read", "late", "waits", "gap"] {
        // One a strip and one in the legend, of each size.
        assert_eq!(html.matches(&format!("<path class=\"{kind}\"")).count(), 22, "{kind}");
    }
    let (read, late) = (path(&html, "read"), path(&html, "late"));
    let high = |points: &[(f64, f64)]| points[2].1 - points[0].1;
    assert!(high(&late) < high(&read));
    assert!(beats(&strips).height(Size::Wide) > beats(&strips[..2]).height(Size::Wide));
    assert_eq!(
        beats(&strips).rows(&sheet(&TimeZone::UTC))[0],
        ["Flat 0", "44", "1", "1", "1"]
    );
    drawn(&beats(&[]));
}

#[test]
fn a_day_of_people_is_a_stair_in_a_band_and_small() {
    let quarter = |place: i64| Quarter {
        from: moment(900 * place),
        min: (place % 13) as f64,
        mean: (place % 13) as f64 + 1.4,
        max: (place % 13) as f64 + 3.0,
    };
    let quarters: Vec<_> = (0..96).map(quarter).collect();
    let typical: Vec<_> = (0..96)
        .map(|place| (moment(900 * place), (place % 17) as f64))
        .collect();
    let words = PeopleWords {
        unit: "people",
        maximum: "50 may be in",
        today: "today",
        typical: "usual",
    };
    let people = |quarters, typical, maximum| People {
        from: moment(0),
        to: moment(86_400),
        quarters,
        typical,
        maximum,
        words,
    };
    let html = drawn(&people(&quarters, &typical, 50.0));
    assert!(html.len() <= BUDGET, "{}", html.len());
    for said in [">50 may be in<", ">usual<", ">people<", "<title>02:00 8–11<", ">60<"] {
        assert!(html.contains(said), "{said}: {html}");
    }
    let (line, band) = (path(&html, "line"), path(&html, "band"));
    let reach = |points: &[(f64, f64)]| points.iter().map(|point| point.0).fold(0.0, f64::max);
    assert_eq!((reach(&line), reach(&band)), (712.0, 712.0), "to the end");
    assert_eq!(band.first(), band.last(), "there and back");
    assert_eq!(
        people(&quarters, &[], 50.0).rows(&sheet(&TimeZone::UTC))[8],
        ["02:00", "8", "9.4", "11"]
    );
    let empty = drawn(&people(&[], &[], 0.0));
    assert!(!empty.contains("class=\"line\"") && empty.contains("class=\"limit\""));
}

#[test]
fn certificates_end_on_a_line_of_days() {
    let line = |name: &str, renewal: Option<i64>, end: i64| Ending {
        name: name.to_owned(),
        title: format!("{name} ends"),
        renewal: renewal.map(|day| moment(86_400 * day)),
        end: moment(86_400 * end),
    };
    let lines = [
        line("https", Some(30), 60),
        line("mtls", None, -1),
        line("root", Some(400), 900),
    ];
    let words = EndingWords {
        now: "now",
        over: "ended",
        renewal: "renewed",
        end: "ends",
    };
    let plot = Endings {
        now: moment(0),
        days: 90,
        lines: &lines,
        words,
    };
    let html = drawn(&plot);
    let narrow = narrow(&html);
    assert!(html.len() <= BUDGET && narrow.contains(">mtls: ended<") && narrow.contains("<title>root ends<"));
    // One of each in the legend.
    assert_eq!(
        narrow.matches("class=\"renewal\"").count(),
        2,
        "one lies beyond the picture"
    );
    assert_eq!(
        (
            narrow.matches("class=\"end\"").count(),
            narrow.matches("class=\"bar on\"").count()
        ),
        (3, 1)
    );
    assert_eq!(
        plot.rows(&sheet(&TimeZone::UTC))[0],
        ["https", "29 Dec 2026", "28 Jan 2027"]
    );
}

#[test]
fn a_range_breaks_where_nothing_was_heard_and_shows_its_limits() {
    let one = |hour: i64, min: f64, max: f64| Stretch {
        from: moment(3_600 * hour),
        to: moment(3_600 * (hour + 1)),
        min,
        max,
    };
    let stretches = [one(0, 236.0, 241.2), one(1, 237.0, 237.0), one(5, 252.0, 254.1)];
    let limits = [(216.2, "216.2 V"), (253.0, "253 V")];
    let plot = Range {
        from: moment(0),
        to: moment(86_400),
        stretches: &stretches,
        limits: &limits,
        unit: "V",
        digits: 1,
    };
    let html = drawn(&plot);
    let area = html
        .split("class=\"band strong\" d=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(area.matches('M').count(), 2, "{area}");
    for said in [
        ">216.2 V<",
        ">253 V<",
        "236.0–241.2 V</title>",
        "237.0 V</title>",
        ">260<",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert_eq!(plot.rows(&sheet(&TimeZone::UTC))[0], ["29 Nov 00:00", "236.0", "241.2"]);
    let year: Vec<_> = (0..720)
        .map(|hour| one(hour, 230.0 + (hour % 9) as f64, 241.0 + (hour % 7) as f64))
        .collect();
    let month = Range {
        to: moment(720 * 3_600),
        stretches: &year,
        ..plot
    };
    let html = drawn(&month);
    assert!(html.len() <= BUDGET, "{}", html.len());
    drawn(&Range {
        stretches: &[],
        limits: &[],
        ..plot
    });
}

#[test]
fn a_cost_is_stacked_and_what_is_not_known_is_hatched() {
    let stack = |name: &str, parts: [Option<f64>; 3]| Stack {
        name: name.to_owned(),
        title: format!("{name}: £2.32"),
        parts,
        written: ["£1.20", "£0.51", "£0.61"].map(str::to_owned),
    };
    let bars = [
        stack("28", [Some(1.2), Some(0.51), Some(0.0)]),
        stack("29", [None, Some(0.51), Some(0.0)]),
    ];
    let plot = Stacked {
        bars: &bars,
        parts: ["Energy", "Standing charge", "Debt"],
        unit: "£",
    };
    let html = drawn(&plot);
    let narrow = narrow(&html);
    assert!(
        narrow.contains(">Energy<") && !narrow.contains(">Debt<"),
        "what nobody pays is not named"
    );
    assert_eq!(
        (
            narrow.matches("class=\"part two\"").count(),
            narrow.matches("class=\"gap\"").count()
        ),
        (3, 1)
    );
    assert_eq!(plot.rows(&sheet(&TimeZone::UTC))[0], ["28", "£1.20", "£0.51", "£0.61"]);
    drawn(&Stacked { bars: &[], ..plot });
}

#[test]
fn the_table_says_the_same_and_leads_to_the_spreadsheet() {
    let imports = half_hours(&[Some(480), None]);
    let utc = TimeZone::UTC;
    let plot = day(&imports, &[], &[]);
    let twin = Twin {
        summary: "As a table <b>",
        heads: &["From", "kWh"],
        csv: Some(("/a.csv?x=1&y=2", "CSV")),
    };
    let html = sheet(&utc).with_table(&plot, &twin);
    for part in [
        "<summary>As a table &#60;b&#62;</summary>",
        "<th>From</th><th>kWh</th>",
        "<tr><td>00:00</td><td>0.480</td></tr><tr><td>00:30</td><td>no reading</td></tr>",
        "<a href=\"/a.csv?x=1&#38;y=2\">CSV</a>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let without = Twin { csv: None, ..twin };
    assert!(!sheet(&utc).table(&plot, &without).contains("<a "));
}
