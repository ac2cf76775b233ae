//! The pictures of the first page: the load of the house, how its meters were heard today, what ends when.

use jiff::Timestamp;

use super::load_plot::{HouseDay, HouseWords};
use super::tiles::Energies;
use crate::admin::Status;
use crate::domain::{Duty, HALF_HOUR, Health, Interval, Measure};
use crate::face::Face;
use crate::face::plot::{Beat, Beats, Ending, EndingWords, Endings, Sheet, Strip, Twin};
use crate::meter::house::Load;
use crate::meter::{MeterShown, Meters, Span};
use crate::texts::Texts;

/// Strips on the first page.
const STRIPS: usize = 10;
/// Seconds after its end from when on a half-hour came late.
const LATE: i64 = 2 * 3_600;
/// How far ahead the line of certificates goes.
const DAYS: u16 = 90;

/// The load of the house today, with its table.
pub(super) fn load((face, t): (&Face, Texts), energies: &Energies) -> String {
    let weeks: Vec<&Load> = energies.weeks.iter().map(AsRef::as_ref).collect();
    let usual = Load::mean(&weeks);
    let (unit, others, given, usually, in_part) = (
        "kWh",
        t.say("load-others"),
        t.say("load-given"),
        t.say("load-usual"),
        t.say("load-in-part"),
    );
    let plot = HouseDay {
        from: energies.span.from,
        to: energies.span.to,
        load: &energies.today,
        known: energies.known(),
        usual: &usual,
        words: HouseWords {
            unit,
            others: others.text(),
            given: given.text(),
            usual: usually.text(),
            in_part: in_part.text(),
        },
    };
    let title = t.say("load-title");
    let sheet = Sheet {
        id: "load",
        title: title.text(),
        told: "",
        t,
        timezone: face.timezone(),
    };
    let heads = [
        t.say("load-time").text().to_owned(),
        t.say("load-used").text().to_owned(),
        format!("{} (kWh)", usually.text()),
        format!("{} (kWh)", given.text()),
    ];
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let summary = t.say("plot-table");
    let csv = t.say("plot-csv");
    let twin = Twin {
        summary: summary.text(),
        heads: &heads,
        csv: Some(("/energy/load.csv", csv.text())),
    };
    sheet.with_table(&plot, &twin)
}

/// A meter with its half-hours of today.
pub(super) struct Heard {
    pub(super) shown: MeterShown,
    pub(super) intervals: Vec<Interval>,
}

impl Heard {
    /// The meters of which most is missing, with their half-hours of `span`. Reads the disk: a thread that may block.
    pub(super) fn worst(room: &Meters, meters: &[MeterShown], span: Span) -> Vec<Heard> {
        let mut polled: Vec<&MeterShown> = meters.iter().filter(|shown| shown.duty == Duty::Polled).collect();
        polled.sort_by_cached_key(|shown| {
            let open = shown.half_hours.map_or(u32::MAX, |progress| progress.open);
            (
                shown.health != Health::Unhealthy,
                std::cmp::Reverse(open),
                shown.meter.called(),
            )
        });
        let some = polled.into_iter().take(STRIPS);
        some.filter_map(|shown| {
            let registers = room.registers_of(&shown.meter.serial, Measure::Import, None).ok()?;
            let totals = room.totals(&shown.meter.serial, registers, span).ok()?;
            Some(Heard {
                shown: shown.clone(),
                intervals: totals.intervals,
            })
        })
        .collect()
    }
}

/// How the meters were heard in the half-hours of today.
pub(super) fn beats((face, t): (&Face, Texts), heard: &[Heard], over: usize) -> Option<String> {
    let columns = heard.iter().map(|one| one.intervals.len()).max()?;
    let strips: Vec<Strip> = heard.iter().map(|one| strip(t, one, over)).collect();
    let kinds = [
        t.say("beats-read"),
        t.say("beats-late"),
        t.say("beats-waits"),
        t.say("beats-gap"),
    ];
    let plot = Beats {
        strips: &strips,
        columns,
        ticks: &[(0, "00"), (12, "06"), (24, "12"), (36, "18")],
        kinds: [kinds[0].text(), kinds[1].text(), kinds[2].text(), kinds[3].text()],
    };
    let title = t.say("beats-title");
    let sheet = Sheet {
        id: "beats",
        title: title.text(),
        told: "",
        t,
        timezone: face.timezone(),
    };
    let (summary, name) = (t.say("plot-table"), t.say("energy-name"));
    let twin = Twin {
        summary: summary.text(),
        heads: &[
            name.text(),
            kinds[0].text(),
            kinds[1].text(),
            kinds[2].text(),
            kinds[3].text(),
        ],
        csv: None,
    };
    Some(sheet.with_table(&plot, &twin))
}

/// How one half-hour was heard: in time, later, not yet, or not.
fn beat(one: &Interval, silent: bool) -> Beat {
    let ends = one.from.as_second() + HALF_HOUR;
    match (one.energy, one.taken) {
        (Some(_), Some(taken)) if taken.as_second() - ends > LATE => Beat::Late,
        (Some(_), _) => Beat::Read,
        (None, _) if silent => Beat::Gap,
        (None, _) => Beat::Waits,
    }
}

fn strip(t: Texts, heard: &Heard, over: usize) -> Strip {
    let silent = heard.shown.health == Health::Unhealthy;
    let beats: Vec<Beat> = heard.intervals.iter().take(over).map(|one| beat(one, silent)).collect();
    let read = beats
        .iter()
        .filter(|beat| matches!(beat, Beat::Read | Beat::Late))
        .count();
    let name = heard.shown.meter.called();
    let title = t.say_with(
        "beats-told",
        &[
            ("name", name.as_str().into()),
            ("read", read.into()),
            ("over", beats.len().into()),
        ],
    );
    Strip {
        title: title.text().to_owned(),
        address: Some(format!("/energy/{}/health", heard.shown.meter.serial)),
        name,
        beats,
    }
}

/// When the certificates end, on a line of 90 days.
pub fn endings((face, t): (&Face, Texts), status: &Status, now: Timestamp) -> Option<String> {
    let lines: Vec<Ending> = status
        .certificates
        .iter()
        .filter_map(|shown| {
            let end = shown.not_after?;
            let renewal = shown.next_try.filter(|at| *at > now && *at < end);
            let place = ("door", shown.door.as_str().into());
            let title = match renewal {
                Some(at) => t.say_with(
                    "ends-told-renewal",
                    &[
                        place,
                        ("end", face.date_in(t, end).into()),
                        ("renewal", face.date_in(t, at).into()),
                    ],
                ),
                None => t.say_with("ends-told", &[place, ("end", face.date_in(t, end).into())]),
            };
            Some(Ending {
                name: shown.door.clone(),
                title: title.text().to_owned(),
                renewal,
                end,
            })
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let (title, today, over, renewal, end) = (
        t.say("ends-title"),
        t.say("ends-now"),
        t.say("ends-over"),
        t.say("ends-renewal"),
        t.say("ends-end"),
    );
    let plot = Endings {
        now,
        days: DAYS,
        lines: &lines,
        words: EndingWords {
            now: today.text(),
            over: over.text(),
            renewal: renewal.text(),
            end: end.text(),
        },
    };
    let sheet = Sheet {
        id: "ends",
        title: title.text(),
        told: "",
        t,
        timezone: face.timezone(),
    };
    let (summary, door) = (t.say("plot-table"), t.say("ends-door"));
    let twin = Twin {
        summary: summary.text(),
        heads: &[door.text(), renewal.text(), end.text()],
        csv: None,
    };
    Some(sheet.with_table(&plot, &twin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Quality, WattHours};

    #[test]
    fn a_half_hour_was_heard_in_time_or_late_or_is_waited_for_or_missing() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let one = |energy: Option<u64>, taken: Option<i64>| Interval {
            from: at(0),
            energy: energy.map(WattHours),
            cumulative: None,
            taken: taken.map(at),
            quality: Quality::Measured,
        };
        assert_eq!(beat(&one(Some(1), Some(HALF_HOUR + LATE)), true), Beat::Read);
        assert_eq!(beat(&one(Some(1), Some(HALF_HOUR + LATE + 1)), false), Beat::Late);
        assert_eq!(beat(&one(None, None), false), Beat::Waits);
        assert_eq!(beat(&one(None, None), true), Beat::Gap);
    }
}
