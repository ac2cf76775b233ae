//! Whether what came back is exactly what the record allows, and what it was an instance of.

use data_encoding::BASE64URL;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::house::House;
use super::kinds::KINDS;
use super::meters::{HALF_HOUR, HalfHour, Odd, second};
use super::record::{Token, Verdict, half_hours};
use super::seen::Seen;
use crate::support::https::Answer;

/// The days of 2025 in London that have no 24 hours.
pub const SHORT: (&str, &str) = ("2025-03-30T00:00:00Z", "2025-03-30T23:00:00Z");
pub const LONG: (&str, &str) = ("2025-10-25T23:00:00Z", "2025-10-27T00:00:00Z");

/// What is asked for.
pub struct Asked<'h> {
    pub token: &'h Token,
    pub certificate: &'h str,
    pub meter: usize,
    pub measure: &'static str,
    pub from: i64,
    pub to: i64,
    pub table: bool,
}

pub fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn minute(at: i64) -> String {
    format!("{}Z", moment(at).to_string().rsplit_once(':').unwrap().0)
}

/// Somebody who is told nothing is told nothing.
pub fn refused(verdict: &Verdict, answer: Option<Answer>, seen: &mut Seen) {
    seen.refused += 1;
    let (status, member, what) = match verdict {
        Verdict::NoDoor => {
            assert!(answer.is_none(), "{answer:?}");
            return seen.saw("no connection: a revoked certificate");
        }
        Verdict::Refused(why) => (401, "detail", format!("refused: {why}")),
        Verdict::NoSource(why) => (404, "detail", format!("no source: {why}")),
        Verdict::NoMeasure => (404, "detail", "no measure: not shared".to_owned()),
        Verdict::Never => (202, "message", "202: never read".to_owned()),
        Verdict::Out(_) => panic!("what goes out is not refused"),
    };
    let answer = answer.unwrap_or_else(|| panic!("{what}: no answer"));
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let body = answer.json();
    let members = body.as_object().unwrap();
    assert!(members.len() == 1 && members[member].is_string(), "{what}: {body}");
    seen.saw(&what);
}

/// What a failure shows beside what is otherwise.
struct Shown<'h>(&'h House, &'h Asked<'h>);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Asked {
                meter,
                measure,
                from,
                to,
                ..
            } = self.1;
            let allowed = self.0.record.parts(self.1.token);
            eprintln!("{} {measure}, {from} to {to}, by {allowed:?}", KINDS[*meter].source);
        }
    }
}

pub fn compare(house: &House, asked: &Asked<'_>, answer: Option<Answer>, seen: &mut Seen) {
    let _shown = Shown(house, asked);
    let (kind, stretch) = (&KINDS[asked.meter], (asked.from, asked.to));
    let registers = house.said.registers(kind, asked.measure);
    let is_known = |from: &i64| !registers.is_empty() && house.said.half_hour(kind, &registers, *from).is_some();
    let known = half_hours(stretch).filter(is_known).count();
    seen.looked_at += half_hours(stretch).count();
    let holder = (asked.token, asked.certificate);
    let verdict = house
        .record
        .verdict(&house.said, holder, (asked.meter, asked.measure), stretch);
    let Verdict::Out(stretches) = verdict else {
        seen.held_back += known;
        return refused(&verdict, answer, seen);
    };
    let answer = answer.expect("what may go out is answered");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let all: Vec<(i64, Option<HalfHour>)> = stretches
        .iter()
        .flat_map(|stretch| half_hours(*stretch))
        .map(|from| (from, house.said.half_hour(kind, &registers, from)))
        .collect();
    let out: Vec<HalfHour> = all.iter().filter_map(|(_, one)| *one).collect();
    match asked.table {
        true => assert_eq!(answer.text(), table(&all), "{stretches:?}"),
        false => is_exactly(&answer.json(), asked, (&out, &stretches)),
    }
    (seen.out, seen.held_back) = (seen.out + out.len(), seen.held_back + known - out.len());
    came_across(house, asked, &all, &stretches, seen);
}

/// Three members, the half-hours as they were worked out, and a record that tells of no other time.
fn is_exactly(answer: &Value, asked: &Asked<'_>, (out, stretches): (&[HalfHour], &[(i64, i64)])) {
    let row = |one: &HalfHour| {
        let [from, to, taken] = [one.from, one.from + HALF_HOUR, one.taken].map(|at| moment(at).to_string());
        json!({ "type": "electricity", "from": from, "to": to, "takenAt": taken,
                "energy": { "value": one.energy, "unitCode": "WHR" },
                "cumulative": { "value": one.cumulative, "unitCode": "WHR" } })
    };
    let rows: Vec<Value> = out.iter().map(row).collect();
    let came = answer["data"].as_array().unwrap();
    for (came, row) in came.iter().zip(&rows) {
        assert_eq!(came, row, "{stretches:?}");
    }
    assert_eq!(came.len(), rows.len(), "{stretches:?}");
    assert_eq!(
        answer["location"],
        json!({ "ukPostcodeOutcode": KINDS[asked.meter].outcode })
    );
    assert_eq!(answer.as_object().unwrap().len(), 3);
    let origin = answer["provenance"]["steps"][1].as_str().unwrap();
    let origin: Value = serde_json::from_slice(&BASE64URL.decode(origin.as_bytes()).unwrap()).unwrap();
    let period = &origin["perseus:scheme"]["meteringPeriod"];
    let now = Timestamp::now().as_second();
    let first = stretches
        .first()
        .filter(|(from, _)| *from <= now)
        .map_or(asked.from, |(from, _)| *from);
    let last = stretches.last().map_or(asked.from, |(_, to)| (*to).min(now));
    assert_eq!(period["from"], minute(first));
    assert!(
        period["to"].as_str().unwrap() <= minute(last.max(first)).as_str(),
        "{period} {stretches:?}"
    );
}

/// The whole table, with what is missing.
fn table(all: &[(i64, Option<HalfHour>)]) -> String {
    let mut text = "from,to,taken_at,energy_wh,cumulative_wh,quality\r\n".to_owned();
    let mut rest = all;
    while let Some((from, one)) = rest.first() {
        let mut many = 1;
        let line = match one {
            Some(one) => {
                let quality = if one.estimated { "estimated" } else { "measured" };
                format!("{},{},{},{quality}", moment(one.taken), one.energy, one.cumulative)
            }
            None => {
                let goes_on = |place: &usize| rest[*place] == (from + HALF_HOUR * i64::try_from(*place).unwrap(), None);
                many += (1..rest.len()).take_while(goes_on).count();
                ",,,gap".to_owned()
            }
        };
        let to = from + HALF_HOUR * i64::try_from(many).unwrap();
        text += &format!("{},{},{line}\r\n", moment(*from), moment(to));
        rest = &rest[many..];
    }
    text
}

/// What this answer was an instance of.
fn came_across(
    house: &House,
    asked: &Asked<'_>,
    all: &[(i64, Option<HalfHour>)],
    stretches: &[(i64, i64)],
    seen: &mut Seen,
) {
    let kind = &KINDS[asked.meter];
    let registers = house.said.registers(kind, asked.measure);
    for (from, one) in all {
        for odd in house.said.odd(kind, &registers, *from) {
            let what = match (odd, one) {
                (Odd::Missing, None) => "gap: a reading is missing",
                (Odd::Dipped, None) => "gap: a register fell",
                (Odd::Exchanged, None) => "gap: a meter was exchanged",
                (Odd::Leapt, None) => "gap: a register leapt",
                (Odd::Estimated, Some(_)) => "out: estimated",
                (Odd::Late, Some(_)) => "out: read after its month was sealed",
                (Odd::Corrected, Some(_)) => "out: corrected after its month was sealed",
                _ => continue,
            };
            seen.saw(what);
        }
    }
    let out: Vec<i64> = all.iter().filter_map(|(from, one)| one.map(|_| *from)).collect();
    if out.is_empty() {
        return seen.saw("out: nothing of what was asked for");
    }
    let kinds = [
        "a meter of one element",
        "an id with a slash and a plus",
        "element B of two",
        "three phases",
    ];
    seen.saw(&format!(
        "out: {}",
        kinds.get(asked.meter).unwrap_or(&"the sum of two elements")
    ));
    let (sealed, unsealed) = (house.said.windows[1].1, house.said.windows[2].0);
    let person = house.record.leaves[house.record.grants[asked.token.grant].leave].person;
    let others = house.record.lived(1 - person, asked.meter);
    let is = |(from, to): (&str, &str)| (asked.from, asked.to) == (second(from), second(to));
    let registers_known = |from: &i64| house.said.half_hour(kind, &registers, *from).is_some();
    let known_in = |from: i64, to: i64| half_hours((from, to)).any(|from| registers_known(&from));
    let first = stretches[0].0;
    let ends = stretches.iter().map(|(_, to)| *to);
    let begins = stretches.iter().skip(1).map(|(from, _)| *from).chain([asked.to]);
    let is_cut = ends.zip(begins).any(|(end, begin)| known_in(end, begin));
    for (is, what) in [
        (asked.measure == "export", "out: export"),
        (asked.table, "out: as a table"),
        (out.iter().any(|from| *from < sealed), "out: months that are sealed"),
        (
            out.iter().any(|from| *from >= unsealed),
            "out: days that are not sealed",
        ),
        (is(SHORT) && all.len() == 46, "out: a day of 23 hours"),
        (is(LONG) && all.len() == 50, "out: a day of 25 hours"),
        (known_in(asked.from, first), "cut: by the link's beginning"),
        (is_cut, "cut: by the link's end"),
        (stretches.len() > 1, "cut: away and back again"),
        (
            (asked.from % HALF_HOUR, asked.to % HALF_HOUR) != (0, 0),
            "cut: within a half-hour",
        ),
        (
            out.iter()
                .any(|from| others.iter().any(|(since, until)| since <= from && from < until)),
            "out: of a meter that is two people's at the time",
        ),
        (
            others.iter().any(|(_, until)| *until <= first),
            "out: of a meter that was another's before",
        ),
    ] {
        if is {
            seen.saw(what);
        }
    }
}
