//! What is refused before a meter hears of it, by examples (EMOP §22.2).

use jiff::Timestamp;

use super::error::TariffError;
use super::wanted::{Absent, NewTariff, must_be_right, must_not_be_imminent, own};
use crate::domain::MeterId;
use crate::meter::emop::{MeterTime, Money};
use crate::meter::own_time::OwnTime;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn meter() -> MeterId {
    "EML1".parse().unwrap()
}

fn new() -> NewTariff {
    NewTariff {
        unit_rate: "0.23812".to_owned(),
        standing_charge: "0.51082".to_owned(),
        emergency_credit: None,
        ecredit_availability: None,
        debt_recovery_rate: None,
        from: "2026-07-01T00:30:00".to_owned(),
        why: "prices of July".to_owned(),
        absent: Absent::Kept,
    }
}

#[test]
fn digits_that_do_not_fit_are_refused_and_not_cut() {
    let with = |change: fn(&mut NewTariff)| {
        let mut new = new();
        change(&mut new);
        new.wanted(OwnTime::Utc).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(with(|_| ()), Ok(()));
    for (change, words) in [
        (
            (|new| new.unit_rate = "0.238125".to_owned()) as fn(&mut NewTariff),
            "unit_rate: a rate has at most 5 digits",
        ),
        (|new| new.standing_charge = "51.082".to_owned(), "is it in pence?"),
        (|new| new.standing_charge = "-0.1".to_owned(), "not below zero"),
        (
            |new| new.emergency_credit = Some("5.000001".to_owned()),
            "emergency_credit: an amount has at most 5 digits",
        ),
        (
            |new| new.ecredit_availability = Some("42949.67296".to_owned()),
            "cannot hold",
        ),
        // All ones is what a meter sends where it has no value.
        (
            |new| new.ecredit_availability = Some("42949.67295".to_owned()),
            "cannot hold",
        ),
        (|new| new.debt_recovery_rate = Some("-1".to_owned()), "not below zero"),
        (|new| new.from = "soon".to_owned(), "from: `soon`"),
        (|new| new.from = "1999-12-31".to_owned(), "2000-01-01"),
        (|new| new.why = " ".to_owned(), "a reason is needed"),
        (|new| new.why = "a\nb".to_owned(), "a reason is needed"),
    ] {
        let said = with(change).unwrap_err();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_moment_is_held_against_the_meters_own_clock() {
    let wanted = new().wanted(OwnTime::Utc).unwrap();
    assert!(wanted.must_be_to_come(at("2026-07-01T00:29:59Z"), false).is_ok());
    assert!(wanted.must_be_to_come(at("2026-07-01T00:30:00Z"), false).is_err());
    // With summer time the meter's clock shows 00:30 an hour earlier.
    assert!(wanted.must_be_to_come(at("2026-06-30T23:29:59Z"), true).is_ok());
    let late = wanted.must_be_to_come(at("2026-06-30T23:30:00Z"), true);
    assert!(matches!(late, Err(TariffError::Past { .. })), "{late:?}");
    let winter = at("2026-01-10T12:00:00Z");
    assert_eq!(own(winter, true), winter);
}

#[test]
fn a_clock_may_be_a_minute_off() {
    let now = at("2026-02-10T12:00:00Z");
    for (shown, right) in [
        ("2026-02-10T12:01:00Z", true),
        ("2026-02-10T11:59:00Z", true),
        ("2026-02-10T12:01:01Z", false),
        ("2026-02-10T11:58:59Z", false),
    ] {
        assert_eq!(
            must_be_right(&meter(), at(shown).duration_since(now)).is_ok(),
            right,
            "{shown}"
        );
    }
}

#[test]
fn a_tariff_that_begins_soon_is_not_written_over() {
    let now = at("2026-02-10T12:00:00Z");
    let held = |text: &str| Some(MeterTime::of(at(text)).unwrap());
    for (moment, free) in [
        (None, true),
        (held("2026-02-10T12:00:00Z"), true),
        (held("2026-02-10T12:00:01Z"), false),
        (held("2026-02-10T12:05:00Z"), false),
        (held("2026-02-10T12:05:01Z"), true),
    ] {
        let judged = must_not_be_imminent(&meter(), moment, (now, false));
        assert_eq!(judged.is_ok(), free, "{moment:?}");
    }
}

#[test]
fn amounts_of_prepayment_are_kept_refused_or_asked_for() {
    let mut new = new();
    let none = [None; 3];
    let wanted = new.wanted(OwnTime::Utc).unwrap();
    assert!(wanted.must_suit(&meter(), false).is_ok());
    let credit = wanted.with(&meter(), none, false).unwrap();
    assert_eq!(credit.emergency_credit, Money(0));
    let unknown = wanted.with(&meter(), none, true);
    assert!(matches!(unknown, Err(TariffError::NotKnown { .. })));
    let kept = wanted.with(&meter(), [Some(Money(7)); 3], true).unwrap();
    assert_eq!((kept.emergency_credit, kept.debt_recovery_rate), (Money(7), Money(7)));
    new.debt_recovery_rate = Some("0.5".to_owned());
    let wanted = new.wanted(OwnTime::Utc).unwrap();
    let refused = wanted.must_suit(&meter(), false).unwrap_err();
    assert!(refused.to_string().contains("debt_recovery_rate"), "{refused}");
    assert!(wanted.must_suit(&meter(), true).is_ok());
    new.absent = Absent::Usual;
    let usual = new.wanted(OwnTime::Utc).unwrap().with(&meter(), none, true).unwrap();
    assert_eq!(
        (usual.emergency_credit, usual.debt_recovery_rate),
        (Money(1_500_000), Money(50_000))
    );
}
