//! Statements of made-up meters: they add up exactly, wherever they are cut.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::amount::Exact;
use super::facts::{Balance, Facts, HalfHourUsed, Tariff, Topup, Unknown, Used};
use super::statement::{Cause, Statement, What};
use super::sum::statement;
use super::tariff::{Charges, Unread};
use crate::domain::Element;
use crate::meter::emop::Money;
use crate::meter::own_time::OwnTime;

/// Friday; on Sunday clocks in London go forward.
const BEGINS: &str = "2026-03-27T00:00:00Z";

fn at(minutes: i64) -> Timestamp {
    let begins: Timestamp = BEGINS.parse().unwrap();
    begins + SignedDuration::from_mins(minutes)
}

fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap()
}

fn charges(rate: i64, own_time: OwnTime) -> Charges {
    Charges {
        unit_rate_a: Money(rate),
        unit_rate_b: Some(Money(rate + 7)),
        standing_charge: Money(51_082),
        debt_recovery_rate: Money(30_000),
        own_time,
    }
}

fn tariff(since: i64, until: Option<i64>, charges: Result<Charges, Unread>) -> Tariff {
    Tariff {
        since: at(since),
        until: until.map(at),
        charges,
    }
}

fn facts(balances: &[(i64, i64)], tariffs: Vec<Tariff>, used: impl Fn(i64) -> Result<Used, Unknown>) -> Facts {
    let balance = |(minute, units): &(i64, i64)| Balance {
        at: at(*minute),
        amount: Money(*units),
    };
    Facts {
        balances: balances.iter().map(balance).collect(),
        tariffs,
        half_hours: (-48..240)
            .map(|slot| HalfHourUsed {
                from: at(30 * slot),
                used: used(slot),
            })
            .collect(),
        ..Facts::default()
    }
}

/// Opening balance, lines and remainder are what is computed, to the last thousandth.
fn adds_up(statement: &Statement) -> bool {
    let lines = statement.lines.iter().filter_map(|line| line.amount).map(Exact::from);
    let exact = statement
        .lines
        .iter()
        .flat_map(|line| &line.half_hours)
        .map(|(_, _, cost)| *cost);
    let energy = statement
        .lines
        .iter()
        .filter(|line| matches!(line.what, What::Energy { .. }));
    let cut: Exact = energy.filter_map(|line| line.amount).map(Exact::from).sum();
    Exact::from(statement.opening.amount) + lines.sum() + statement.remainder == statement.computed
        && exact.sum::<Exact>() == cut + statement.remainder
}

fn energy(statement: &Statement, day: &str) -> (usize, u64) {
    let lines = statement.lines.iter();
    let lines = lines.filter(|line| line.day.to_string() == day && matches!(line.what, What::Energy { .. }));
    let halves: Vec<_> = lines.flat_map(|line| &line.half_hours).collect();
    (halves.len(), halves.iter().map(|(_, used, _)| used).sum())
}

#[test]
fn a_day_is_explained_to_the_penny_and_days_are_as_long_as_they_are_where_the_house_stands() {
    let used = Used { a: 251, b: 0 };
    // From Friday midnight to Monday midnight in London: 24, 24 and 23 hours, and three midnights of the meter.
    let cost = 142 * 251 * 23_812 / 1_000 + 3 * 81_082;
    let tariffs = vec![tariff(0, None, Ok(charges(23_812, OwnTime::British)))];
    let facts = facts(&[(0, 10_000_000), (71 * 60, 10_000_000 - cost - 1)], tariffs, |_| {
        Ok(used)
    });
    let explained = statement(&facts, &(at(0)..at(71 * 60)), &london()).unwrap();
    assert!(adds_up(&explained) && explained.is_explained(), "{explained:?}");
    assert!(
        explained.difference().abs() < Exact(1_000),
        "{}",
        explained.difference()
    );
    assert_eq!(energy(&explained, "2026-03-27"), (48, 48 * 251));
    assert_eq!(energy(&explained, "2026-03-29"), (46, 46 * 251), "clocks go forward");
    let standing: Vec<_> = explained
        .lines
        .iter()
        .filter(|line| line.what == What::StandingCharge)
        .collect();
    let days: Vec<_> = standing.iter().map(|line| line.day.to_string()).collect();
    // The midnight at which the days that were asked for end is the end of the last of them.
    assert_eq!(days, ["2026-03-28", "2026-03-29", "2026-03-29"]);
    assert_eq!(standing[2].from, at(71 * 60), "midnight in summer");
    // The same meter without its daylight flag begins its days at one o'clock in summer: that is a later day's.
    let mut utc = facts.clone();
    utc.tariffs[0].charges = Ok(charges(23_812, OwnTime::Utc));
    let explained = statement(&utc, &(at(0)..at(71 * 60)), &london()).unwrap();
    assert_eq!(explained.lines.iter().filter(|line| line.what == What::Debt).count(), 2);
    assert!(!explained.is_explained() && adds_up(&explained));
    assert_eq!(explained.difference().cut(), Money(-81_082));
}

#[test]
fn no_line_stands_under_a_day_that_was_not_asked_for() {
    for zone in [
        "Asia/Kathmandu",
        "America/St_Johns",
        "Pacific/Chatham",
        "Europe/London",
        "UTC",
    ] {
        let place = TimeZone::get(zone).unwrap();
        let day: jiff::civil::Date = "2026-03-28".parse().unwrap();
        let midnight = |day: jiff::civil::Date| day.to_zoned(place.clone()).unwrap().timestamp();
        let span = midnight(day)..midnight(day.tomorrow().unwrap());
        for own_time in [OwnTime::Utc, OwnTime::British] {
            let tariffs = vec![tariff(-1_440, None, Ok(charges(23_812, own_time)))];
            let balances: Vec<_> = (-20..96).map(|hour| (60 * hour, 10_000_000 - 7_000 * hour)).collect();
            let facts = facts(&balances, tariffs, |_| Ok(Used { a: 251, b: 0 }));
            let explained = statement(&facts, &span, &place).unwrap();
            assert!(adds_up(&explained) && explained.lines.len() > 2, "{zone}");
            assert!(
                explained.lines.iter().all(|line| line.day == day),
                "{zone}: {explained:?}"
            );
        }
    }
}

#[test]
fn a_day_in_autumn_has_twenty_five_hours() {
    let begins: Timestamp = "2026-10-24T23:00:00Z".parse().unwrap();
    let slot = |slot: i64| begins + SignedDuration::from_mins(30 * slot);
    let facts = Facts {
        balances: [0, 50]
            .map(|half| Balance {
                at: slot(half),
                amount: Money(0),
            })
            .to_vec(),
        tariffs: vec![Tariff {
            since: begins,
            until: None,
            charges: Ok(charges(1_000, OwnTime::British)),
        }],
        half_hours: (0..60)
            .map(|half| HalfHourUsed {
                from: slot(half),
                used: Ok(Used { a: 1, b: 0 }),
            })
            .collect(),
        ..Facts::default()
    };
    let explained = statement(&facts, &(slot(0)..slot(50)), &london()).unwrap();
    assert_eq!(energy(&explained, "2026-10-25"), (50, 50));
    assert_eq!(
        explained
            .lines
            .iter()
            .filter(|line| line.what == What::StandingCharge)
            .count(),
        1
    );
}

#[test]
fn what_is_not_known_is_named_and_nothing_is_computed_for_it() {
    let plain = Ok(charges(20_000, OwnTime::Utc));
    let blocks = Err(Unread::Blocks);
    // Blocks for ten hours, then nothing known for two, then plain again.
    let tariffs = vec![
        tariff(0, Some(600), plain),
        tariff(600, Some(1_200), blocks),
        tariff(1_320, None, plain),
    ];
    let used = |slot: i64| match slot {
        3 | 4 => Err(Unknown::Gap),
        5 => Err(Unknown::NotMeasured),
        _ => Ok(Used { a: 10, b: 5 }),
    };
    let facts = facts(&[(0, 1_000), (1_440, 500), (1_500, 2_000)], tariffs, used);
    let explained = statement(&facts, &(at(0)..at(1_500)), &TimeZone::UTC).unwrap();
    assert!(adds_up(&explained) && !explained.is_explained() && explained.bounds.is_none());
    let unknown = explained.lines.iter().filter_map(|line| match &line.what {
        What::NotComputed { half_hours, why } => Some((*half_hours, why.as_str())),
        _ => None,
    });
    let mut unknown: Vec<_> = unknown.collect();
    unknown.sort_unstable();
    assert_eq!(unknown[0], (1, "the reading is only an estimate"));
    assert_eq!(unknown[1], (2, "there is no reading"));
    assert_eq!(unknown[2], (4, "which prices were in force is not known"));
    let blocks = "the price changes with how much is used, which this box cannot work out";
    assert_eq!(unknown[3], (20, blocks));
    // 50 half-hours less those: both elements.
    let known: usize = explained.lines.iter().map(|line| line.half_hours.len()).sum();
    assert_eq!(known, 2 * (50 - 27));
    assert!(explained.causes.contains(&Cause::Rise {
        at: at(1_500),
        by: Money(1_500),
        doubted: Vec::new(),
    }));
    // Nothing of before there was a tariff, and nothing of one balance.
    assert!(statement(&facts, &(at(-500)..at(0)), &TimeZone::UTC).is_none());
    let mut later = facts.clone();
    later.tariffs.remove(0);
    let explained = statement(&later, &(at(0)..at(1_500)), &TimeZone::UTC).unwrap();
    assert_eq!(
        explained.opening.at,
        at(1_440),
        "the first balance since there is a tariff"
    );
}

#[test]
fn what_is_not_fetched_yet_is_provisional_and_no_gap() {
    let cheap = charges(0, OwnTime::Utc);
    let series = [(0, 10_000), (60, 9_000)];
    let facts = facts(&series, vec![tariff(0, None, Ok(cheap))], |place| match place {
        0 => Ok(Used { a: 0, b: 0 }),
        _ => Err(Unknown::NotFetched),
    });
    let explained = statement(&facts, &(at(0)..at(60)), &TimeZone::UTC).unwrap();
    let line = explained
        .lines
        .iter()
        .find(|line| line.what == What::NotFetched)
        .unwrap();
    assert_eq!((line.from, line.to, line.amount), (at(30), at(60), None));
    assert!(explained.causes.contains(&Cause::NotFetched) && !explained.is_explained());
    assert!(
        !explained
            .lines
            .iter()
            .any(|line| matches!(line.what, What::NotComputed { .. }))
    );
}

#[test]
fn a_top_up_counts_by_its_worth_or_by_the_step_of_the_balance() {
    // Half an hour costs 10 units; a code of 5,000 between minute 60 and 120.
    let cheap = Charges {
        unit_rate_a: Money(10_000),
        ..charges(0, OwnTime::Utc)
    };
    let series = [(0, 10_000), (60, 9_980), (120, 14_960), (180, 14_940)];
    let mut facts = facts(&series, vec![tariff(0, None, Ok(cheap))], |_| Ok(Used { a: 1, b: 0 }));
    let explain = |facts: &Facts| statement(facts, &(at(0)..at(180)), &TimeZone::UTC).unwrap();
    facts.topups = vec![Topup {
        id: "abc".into(),
        sent: at(100),
        looked: at(121),
        in_doubt: false,
        one_of_many: false,
        worth: Some(Money(5_000)),
        before: Some(Money(9_980)),
        after: Some(Money(14_960)),
    }];
    facts.payments = vec![at(119)];
    let known = explain(&facts);
    assert_eq!(
        (known.difference(), known.is_explained()),
        (Exact::ZERO, true),
        "{known:?}"
    );
    assert!(
        known
            .lines
            .iter()
            .any(|line| line.what == What::Topup { id: "abc".into() } && line.amount == Some(Money(5_000)))
    );
    facts.topups[0].worth = None;
    let stepped = explain(&facts);
    let step = stepped
        .lines
        .iter()
        .find(|line| matches!(line.what, What::Step { .. }))
        .unwrap();
    assert_eq!((step.amount, stepped.difference()), (Some(Money(5_000)), Exact::ZERO));
    assert!(stepped.causes.contains(&Cause::Step));
    facts.topups.clear();
    let foreign = explain(&facts);
    let step = foreign
        .lines
        .iter()
        .find(|line| matches!(line.what, What::Step { .. }))
        .unwrap();
    assert_eq!(
        step.what,
        What::Step {
            ids: vec![],
            foreign: 1,
            doubted: vec![],
            perhaps_more: false,
        }
    );
    assert_eq!(foreign.difference(), Exact::ZERO);
    // Without the meter's log it is a rise that nobody can explain, and all of the difference.
    facts.payments.clear();
    let rise = explain(&facts);
    assert_eq!(
        (rise.difference(), rise.is_explained()),
        (Exact::from(Money(5_000)), false)
    );
}

#[test]
fn a_balance_that_is_read_within_a_half_hour_leaves_a_difference_no_larger_than_that_half_hour() {
    let tariffs = vec![tariff(0, None, Ok(charges(20_000, OwnTime::Utc)))];
    // Reads at ten past: 600 Wh a half-hour, used evenly, cost 12,000 units.
    let read = |minute: i64| (minute, 1_000_000 - 400 * minute);
    let facts = facts(&[read(10), read(250)], tariffs, |_| Ok(Used { a: 600, b: 0 }));
    let explained = statement(&facts, &(at(0)..at(600)), &TimeZone::UTC).unwrap();
    assert_eq!(explained.difference(), Exact::ZERO, "both are cut alike");
    let (least, most) = explained.bounds.unwrap();
    assert_eq!((least, most), (Exact(-12_001_000), Exact(12_001_000)));
    assert!(explained.is_explained());
    assert_eq!(
        explained
            .causes
            .iter()
            .filter(|cause| matches!(cause, Cause::Cut { .. }))
            .count(),
        2
    );
}

fn some_facts() -> impl Strategy<Value = Facts> {
    let reads = proptest::collection::btree_map(0i64..7_000, -100_000i64..3_000_000, 2..40);
    let switches = proptest::collection::btree_map(0i64..7_000, (0u8..6, 0i64..60_000, any::<bool>()), 1..5);
    let halves = proptest::collection::vec((0u8..20, 0u64..3_000, 0u64..900), 288);
    let paid = proptest::collection::vec((0i64..7_000, 0i64..90, proptest::option::of(0i64..2_000_000)), 0..4);
    let logged = proptest::collection::vec(-10i64..7_010, 0..5);
    (reads, switches, halves, paid, logged).prop_map(|(reads, switches, halves, paid, logged)| {
        let reads: Vec<(i64, i64)> = reads.into_iter().collect();
        let starts: Vec<_> = switches.into_iter().collect();
        let tariffs = starts
            .iter()
            .enumerate()
            .map(|(place, (since, (kind, rate, daylight)))| {
                let next = starts.get(place + 1).map(|(next, _)| *next);
                let until = next.map(|next| if *kind == 1 { since + (next - since) / 2 } else { next });
                let own_time = OwnTime::of(*daylight);
                tariff(
                    *since,
                    until,
                    if *kind == 0 {
                        Err(Unread::TimeOfUse)
                    } else {
                        Ok(charges(*rate, own_time))
                    },
                )
            });
        let mut facts = facts(&reads, tariffs.collect(), |slot| {
            let (kind, a, b) = halves[usize::try_from(slot + 48).unwrap()];
            if kind == 0 {
                Err(Unknown::Gap)
            } else {
                Ok(Used { a, b })
            }
        });
        facts.topups = paid
            .into_iter()
            .map(|(made, took, worth)| Topup {
                id: made.to_string(),
                sent: at(made),
                looked: at(made + took),
                in_doubt: took % 5 == 0,
                one_of_many: took % 3 == 0,
                worth: worth.map(Money),
                before: None,
                after: None,
            })
            .collect();
        facts.payments = logged.into_iter().map(at).collect();
        facts.payments.sort_unstable();
        facts
    })
}

proptest! {
    /// Whatever is known: the lines add up exactly, and two parts of a time come to what the whole comes to.
    #[test]
    fn a_period_that_is_cut_in_two_comes_to_the_same(
        facts in some_facts(), mut ends in proptest::array::uniform3(0i64..7_200),
    ) {
        ends.sort_unstable();
        let [from, middle, to] = ends.map(at);
        let explain = |from: Timestamp, to: Timestamp| statement(&facts, &(from..to), &london());
        let change = |one: &Statement| one.computed - one.opening.amount.into();
        if let Some(whole) = explain(from, to) {
            prop_assert!(adds_up(&whole));
            let energy = whole.lines.iter().filter(|line| matches!(line.what, What::Energy { element: Element::A, .. }));
            prop_assert!(energy.count() <= 288);
            let parts: Vec<Statement> = [explain(from, middle), explain(middle, to)].into_iter().flatten().collect();
            prop_assert!(parts.iter().all(adds_up));
            prop_assert_eq!(parts.iter().map(change).sum::<Exact>(), change(&whole));
            prop_assert_eq!(parts[0].opening, whole.opening);
            prop_assert_eq!(parts[parts.len() - 1].closing, whole.closing);
            let differences: Exact = parts.iter().map(Statement::difference).sum();
            prop_assert!(parts.len() < 2 || parts[0].closing == parts[1].opening);
            prop_assert!(differences == whole.difference());
        }
    }
}
