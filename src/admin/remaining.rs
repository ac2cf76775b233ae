//! What remains to be settled when somebody has moved out. Pure.

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

use crate::accounts::{Act, Link, Person, Token};
use crate::domain::{HalfHour, MeterId, Quantity};
use crate::meter::MeterShown;
use crate::meter::emop::Money;
use crate::meter::topup::TopupShown;
use crate::perseus::PermissionShown;

/// A balance that was read so many seconds from the end of somebody's time is as good as one of that end.
const MOMENT: i64 = 120;

/// Something that remains.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Matter {
    /// Of which kind, for programs.
    pub kind: String,
    /// What, and what to do about it.
    pub words: String,
    /// As of when, where it was read of a meter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Matter {
    fn new(kind: &str, words: String) -> Matter {
        Matter {
            kind: kind.to_owned(),
            words,
            at: None,
        }
    }
}

/// Somebody who leaves a meter.
pub(super) struct Leaving<'l> {
    /// Who.
    pub(super) name: &'l str,
    /// What was theirs, until when.
    pub(super) link: &'l Link,
    /// The meter, if there is one.
    pub(super) shown: Option<&'l MeterShown>,
    /// Why it was not read.
    pub(super) silent: Option<&'l str>,
    /// Top-ups of theirs that are not settled.
    pub(super) topups: &'l [TopupShown],
    /// Everybody, as it is after they left.
    pub(super) people: &'l [Person],
    pub(super) now: Timestamp,
}

/// What remains of one meter. What else has to be settled with somebody who leaves is a line here.
pub(super) fn of_meter(leaving: &Leaving<'_>) -> Vec<Matter> {
    let matters = [silent(leaving), half_hours(leaving), balance(leaving), others(leaving)];
    matters.into_iter().flatten().chain(topups(leaving)).collect()
}

fn silent(leaving: &Leaving<'_>) -> Option<Matter> {
    let why = leaving.silent?;
    let newest = leaving.shown.and_then(|shown| shown.values.get(&Quantity::ImportA));
    let age = match newest {
        Some(value) => format!("the newest reading is {} old", age(value.age_s(leaving.now))),
        None => "there is no reading at all".to_owned(),
    };
    Some(Matter::new("silent", format!("{why}; {age}: read it at the meter")))
}

/// How long something is ago, in one unit.
fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn half_hours(leaving: &Leaving<'_>) -> Option<Matter> {
    let progress = leaving.shown?.half_hours?;
    // The half-hour in which they leave is nobody's.
    let last = HalfHour::of(leaving.link.until.unwrap_or(leaving.now)).start();
    (progress.open > 0 || progress.until < last).then(|| {
        let words = format!(
            "not all half-hours are fetched from the meter yet; {} sees those of their time when they are",
            leaving.name
        );
        Matter::new("half-hours", words)
    })
}

fn balance(leaving: &Leaving<'_>) -> Option<Matter> {
    let shown = leaving.shown?;
    let balance: Money = shown.value(Quantity::Balance)?.as_str()?.parse().ok()?;
    let at = shown.values.get(&Quantity::Balance)?.at;
    let words = format!("{} stood on the meter at {}", balance.pounds(), second(at));
    let end = leaving.link.until.unwrap_or(leaving.now);
    let matter = Matter::new("balance", format!("{words}{}", apart(&leaving.link.meter, at, end)));
    (balance != Money(0)).then_some(Matter { at: Some(at), ..matter })
}

/// How far from the end of their time a balance was read, when that is more than a moment.
fn apart(meter: &MeterId, at: Timestamp, end: Timestamp) -> String {
    let seconds = at.duration_since(end).as_secs();
    let apart = age(seconds.unsigned_abs());
    match seconds {
        MOMENT.. => format!(
            ", {apart} after their time ended: what was used and paid since is in it; `gatelodge prepay explain {meter}` \
             shows what stood there then"
        ),
        ..=0 if -seconds >= MOMENT => format!(", {apart} before their time ends"),
        _ => String::new(),
    }
}

/// What is in doubt is named; it is settled by reading, or by a person who looks at the meter.
fn topups<'l>(leaving: &'l Leaving<'_>) -> impl Iterator<Item = Matter> + 'l {
    leaving.topups.iter().map(|topup| {
        let next = match topup.wants_a_person {
            true => format!(
                "only a person can end it: look at the meter, then `gatelodge prepay settle {} --taken|--not-taken --why TEXT`",
                topup.id
            ),
            false => format!("`gatelodge prepay show {}` says how it goes on", topup.id),
        };
        let (made, state) = (second(topup.made), topup.state.name());
        let words = format!("top-up {} of {made} is {state}; {next}", topup.id);
        Matter::new("topup", words)
    })
}

fn others(leaving: &Leaving<'_>) -> Option<Matter> {
    let with = leaving
        .people
        .iter()
        .filter(|person| person.name != leaving.name && person.meters.contains(&leaving.link.meter));
    let names: Vec<&str> = with.map(|person| person.name.as_str()).collect();
    (!names.is_empty()).then(|| Matter::new("others", format!("it stays linked to {}", names.join(", "))))
}

fn second(at: Timestamp) -> Timestamp {
    at.round(Unit::Second).unwrap_or(at)
}

/// What remains that is of no meter.
pub(super) fn of_person(person: &Person, tokens: &[Token], now: Timestamp) -> Vec<Matter> {
    let mut matters = Vec::new();
    for link in person
        .links
        .iter()
        .filter(|link| link.since > now && !link.is_over(now))
    {
        let words = format!("{} becomes theirs at {}", link.meter, second(link.since));
        matters.push(Matter::new("link", words));
    }
    if person.role.may(Act::ReadMeters) {
        let words = format!(
            "as {} they see every meter; `gatelodge user remove` ends that",
            person.role.name()
        );
        matters.push(Matter::new("role", words));
    }
    let reading = tokens.iter().filter(|token| token.covers(Act::ReadMeters));
    let named: Vec<String> = reading.map(|token| format!("{} ({})", token.name, token.id)).collect();
    if !named.is_empty() {
        let words = format!(
            "tokens are nobody's, and these read every meter: {}; `gatelodge token revoke` ends one that was given to them",
            named.join(", ")
        );
        matters.push(Matter::new("token", words));
    }
    matters
}

/// What people allowed applications, as far as it stands.
pub(super) fn of_consents(name: &str, permissions: &[PermissionShown]) -> Vec<Matter> {
    let live = permissions
        .iter()
        .filter(|shown| shown.person == name && shown.state.is_live());
    let words = live.map(|shown| {
        format!(
            "{} was allowed to see {}: it sees nothing while none of that is theirs, and `gatelodge consent revoke {}` ends it for \
             good",
            shown.name,
            shown.sources.join(", "),
            shown.id
        )
    });
    words.map(|words| Matter::new("consent", words)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn shown(balance: &str, open: u32) -> MeterShown {
        serde_json::from_value(json!({
            "serial": "EML1", "link": "tcp://127.0.0.1:1", "source": "config",
            "duty": "polled", "health": "healthy", "health_details": "", "answered": null, "clock_compared": null,
            "half_hours": { "since": at(-1_800), "until": at(0), "open": open },
            "values": {
                "balance": { "value": balance, "unit": "GBP", "at": at(10), "quality": "measured" },
                "import_a": { "value": 500, "unit": "Wh", "at": at(40), "quality": "measured" },
            },
        }))
        .unwrap()
    }

    fn person(name: &str, meters: &[&str]) -> Person {
        Person {
            name: name.to_owned(),
            role: crate::accounts::Role::Resident,
            password_set: true,
            created: at(0),
            meters: meters.iter().map(|meter| meter.parse().unwrap()).collect(),
            links: Vec::new(),
            spaces: Vec::new(),
        }
    }

    #[test]
    fn what_remains_of_a_meter_is_named() {
        let link = Link {
            meter: "EML1".parse().unwrap(),
            since: at(0),
            until: Some(at(1_700)),
        };
        let people = [
            person("clara", &["EML1"]),
            person("ben", &["EML1"]),
            person("dora", &["EML2"]),
        ];
        let kinds = |shown: Option<&MeterShown>, silent, people: &[Person]| -> Vec<String> {
            let leaving = Leaving {
                topups: &[],
                name: "clara",
                link: &link,
                shown,
                silent,
                people,
                now: at(1_750),
            };
            of_meter(&leaving).into_iter().map(|matter| matter.kind).collect()
        };
        assert!(kinds(Some(&shown("0.00", 0)), None, &people[..1]).is_empty());
        assert_eq!(
            kinds(Some(&shown("18.43", 2)), Some("it was silent"), &people),
            ["silent", "half-hours", "balance", "others"]
        );
        assert_eq!(kinds(None, Some("there is no such meter"), &[]), ["silent"]);
    }

    #[test]
    fn a_balance_says_from_when_it_is_and_what_lies_between() {
        let words = |until: i64| {
            let link = Link {
                meter: "EML1".parse().unwrap(),
                since: at(-900_000),
                until: Some(at(until)),
            };
            let leaving = Leaving {
                topups: &[],
                name: "clara",
                link: &link,
                shown: Some(&shown("18.43", 0)),
                silent: None,
                people: &[],
                now: at(20),
            };
            let matter = balance(&leaving).unwrap();
            assert_eq!(matter.at, Some(at(10)));
            matter.words
        };
        let stood = format!("£18.43 stood on the meter at {}", at(10));
        assert_eq!(words(20), stood);
        assert!(
            words(-259_200).starts_with(&format!("{stood}, 3 days after their time ended")),
            "{}",
            words(-259_200)
        );
        assert!(words(-259_200).contains("prepay explain EML1"));
        assert_eq!(words(10_810), format!("{stood}, 3 h before their time ends"));
    }
}
