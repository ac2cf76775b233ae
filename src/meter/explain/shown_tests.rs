//! What is said beside a statement: from when on there is energy in it, and what is to be thought of its difference.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::asked::{Detail, Period};
use super::facts::{Balance, Facts, HalfHourUsed, Tariff, Unknown, Used};
use super::shown::MoneyShown;
use super::sum::statement;
use super::tariff::Charges;
use crate::meter::emop::Money;
use crate::meter::own_time::OwnTime;

fn at(minutes: i64) -> Timestamp {
    let begins: Timestamp = "2026-07-01T09:00:00Z".parse().unwrap();
    begins + SignedDuration::from_mins(minutes)
}

/// What is shown of two balances, read at these minutes, with 100 Wh in each half-hour that `is_known`.
fn shown(reads: [i64; 2], is_known: fn(i64) -> bool) -> MoneyShown {
    let charges = Charges {
        unit_rate_a: Money(20_000),
        unit_rate_b: None,
        standing_charge: Money(0),
        debt_recovery_rate: Money(0),
        own_time: OwnTime::Utc,
    };
    let cost = |minutes: i64| 2_000 * (minutes.div_euclid(30) - reads[0].div_euclid(30));
    let facts = Facts {
        balances: reads
            .map(|minutes| Balance {
                at: at(minutes),
                amount: Money(100_000 - cost(minutes)),
            })
            .to_vec(),
        tariffs: vec![Tariff {
            since: at(-600),
            until: None,
            charges: Ok(charges),
        }],
        half_hours: (-4..20)
            .map(|slot| HalfHourUsed {
                from: at(30 * slot),
                used: if is_known(slot) {
                    Ok(Used { a: 100, b: 0 })
                } else {
                    Err(Unknown::Gap)
                },
            })
            .collect(),
        ..Facts::default()
    };
    let london = TimeZone::get("Europe/London").unwrap();
    let day = at(0).to_zoned(london.clone()).date();
    let period = Period {
        from: day,
        to: day,
        as_far_as_fetched: false,
    };
    let explained = statement(&facts, &(at(-540)..at(600)), &london);
    MoneyShown::of(
        &"EML1".parse().unwrap(),
        (period, Detail::Lines),
        Some(at(-600)),
        explained,
        &london,
    )
}

#[test]
fn before_the_first_half_hour_is_over_it_is_said_when_that_will_be() {
    for (reads, first) in [
        ([1, 29], "10:30 on 1 Jul 2026"),
        ([0, 29], "10:30 on"),
        ([31, 40], "11:00 on"),
    ] {
        let note = shown(reads, |_| true).note.unwrap();
        assert!(
            note.contains(&format!("once a balance was read after {first}")),
            "{note}"
        );
    }
    for reads in [[0, 30], [1, 30], [29, 31], [29, 300]] {
        assert_eq!(shown(reads, |_| true).note, None, "{reads:?}");
    }
}

#[test]
fn a_verdict_says_whether_nothing_something_or_only_the_last_half_hour_is_open() {
    let verdict = |reads, is_known| shown(reads, is_known).statement.unwrap().verdict();
    assert!(verdict([0, 90], |_| true).starts_with("Explained: "));
    assert!(verdict([0, 100], |slot| slot < 3).starts_with("Not explained yet: of a half-hour in which a balance"));
    assert!(verdict([0, 90], |slot| slot != 1).starts_with("Not explained: something was left out"));
}
