//! One request with some token and some certificate.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::compare::{Asked, LONG, SHORT, compare, moment, refused};
use super::house::House;
use super::kinds::KINDS;
use super::meters::{DAY, HALF_HOUR, second};
use super::record::{Part, Token};
use super::seen::Seen;
use crate::book::chance::Chance;
use crate::support::https::Answer;

/// The places of the tokens that show something.
pub fn standing(house: &House) -> Vec<usize> {
    let tokens = &house.record.tokens;
    let stands = |token: &Token| {
        let listed = house.record.listed(token, &token.certificate);
        listed.is_ok_and(|parts| !parts.is_empty())
    };
    (0..tokens.len()).filter(|place| stands(&tokens[*place])).collect()
}

/// Asks for something, or for what there is, with some token.
pub fn look(house: &House, chance: &mut Chance, seen: &mut Seen) {
    let tokens = &house.record.tokens;
    if tokens.is_empty() {
        return;
    }
    let standing = standing(house);
    let place = match (standing.is_empty(), chance.below(10)) {
        (false, 2..) => *chance.of(&standing),
        _ => chance.place(tokens.len()),
    };
    look_with(house, place, chance, seen);
}

/// Asks with this token.
pub fn look_with(house: &House, place: usize, chance: &mut Chance, seen: &mut Seen) {
    let token = &house.record.tokens[place];
    let certificate = match chance.below(12) {
        0 => &chance.of(&house.record.certificates).0,
        _ => &token.certificate,
    };
    if chance.below(7) == 0 {
        return list(house, (token, certificate), seen);
    }
    let parts = &house.record.leaves[house.record.grants[token.grant].leave].parts;
    let meter = if chance.below(6) > 0 {
        chance.of(parts).meter
    } else {
        chance.place(5)
    };
    let (from, to) = period(house, chance);
    let asked = Asked {
        token,
        certificate,
        meter,
        measure: if chance.below(3) > 0 { "import" } else { "export" },
        from,
        to,
        // A table says what is missing until now, which goes on.
        table: chance.below(4) == 0 && to <= house.said.windows[2].1,
    };
    let answer = ask(house, (token, certificate), &address(&asked, chance), asked.table);
    seen.asked += 1;
    compare(house, &asked, answer, seen);
}

fn period(house: &House, chance: &mut Chance) -> (i64, i64) {
    let windows = house.said.windows;
    let (first, last) = *chance.of(&windows);
    let span = (last - first).unsigned_abs();
    let mut within = |unit: i64| first - DAY + i64::try_from(chance.below(span + 2 * 86_400)).unwrap() / unit * unit;
    let (one, other) = (within(HALF_HOUR), within(60));
    let (from, to) = match chance.below(24) {
        0 => (windows[0].0 - DAY, windows[1].1 + DAY),
        1..=4 => (second(SHORT.0), second(SHORT.1)),
        5..=8 => (second(LONG.0), second(LONG.1)),
        9..=12 => (first - DAY, last + DAY),
        13 => (one, one),
        _ => (one.min(other), one.max(other)),
    };
    // What begins just now may have begun for the one and not for the other.
    match (from - Timestamp::now().as_second()).abs() < 120 {
        true => (from - 600, to),
        false => (from, to),
    }
}

/// The address, with moments written in one of the ways that there are.
fn address(asked: &Asked<'_>, chance: &mut Chance) -> String {
    let mut written = |at: i64| match chance.below(3) {
        0 if at % DAY == 0 => moment(at).to_string()[..10].to_owned(),
        1 => moment(at + 3_600).to_string().replace('Z', "%2B01:00"),
        _ => moment(at).to_string(),
    };
    let (from, to) = (written(asked.from), written(asked.to));
    let source = KINDS[asked.meter].source.replace('/', "%2F");
    // A plus sign in a path is one, however it is written.
    let source = if chance.one_in(3) {
        source.replace('+', "%2B")
    } else {
        source
    };
    format!("/datasources/{source}/{}?from={from}&to={to}", asked.measure)
}

fn ask(house: &House, (token, certificate): (&Token, &str), path: &str, table: bool) -> Option<Answer> {
    let bearer = format!("Bearer {}", token.text);
    let accept = if table { "text/csv" } else { "application/json" };
    let headers = [("authorization", bearer.as_str()), ("accept", accept)];
    let machine = house.consented.machine(Some(certificate));
    machine
        .and_then(|mut machine| machine.try_ask("GET", path, &headers, b""))
        .ok()
}

/// What a token is told that there is.
fn list(house: &House, (token, certificate): (&Token, &str), seen: &mut Seen) {
    let answer = ask(house, (token, certificate), "/datasources", false);
    seen.lists += 1;
    let parts = match house.record.listed(token, certificate) {
        Ok(parts) => parts,
        Err(verdict) => return refused(&verdict, answer, seen),
    };
    let shown = |part: &Part| {
        let kind = &KINDS[part.meter];
        json!({ "id": kind.source, "type": "electricity", "location": { "ukPostcodeOutcode": kind.outcode },
                "availableMeasures": part.measures })
    };
    let parts: Vec<Value> = parts
        .iter()
        .filter(|part| !part.measures.is_empty())
        .map(shown)
        .collect();
    assert_eq!(answer.unwrap().json(), json!({ "data": parts }));
}
