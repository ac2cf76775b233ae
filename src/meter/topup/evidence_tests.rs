//! Every case of what a round proves.

use proptest::prelude::*;

use super::evidence::*;
use crate::meter::emop::event_log::MeterEvent;
use crate::meter::emop::{MeterTime, Money};

fn mark(at: u32, id: u8) -> LogMark {
    LogMark::from(&MeterEvent {
        at: MeterTime(at),
        id,
        set: 0,
    })
}

fn before(count: Option<u16>) -> Before {
    Before {
        balance: Some(Money(500_000)),
        count,
        detail: Some("aa".to_owned()),
        log: Some(vec![mark(9, 33)]),
    }
}

fn round(count: Option<u16>, detail: Option<&str>, paid: Option<bool>) -> Round {
    Round {
        another: None,
        balance: Some(Money(500_000)),
        count,
        detail: detail.map(str::to_owned),
        paid,
    }
}

#[test]
fn what_the_meter_counts_decides() {
    use Finding::{Taken, Unchanged, Unclear as Not};
    let no = Some(false);
    let yes = Some(true);
    for (then, now, detail, paid, reply, wanted) in [
        // The count went on by one: taken, unless the meter said no.
        (Some(7), Some(8), Some("bb"), yes, Reply::Accepted, Taken(Proof::Count)),
        (Some(7), Some(8), Some("aa"), no, Reply::Nothing, Taken(Proof::Count)),
        (
            Some(0xFFFE),
            Some(0xFFFF),
            Some("bb"),
            yes,
            Reply::Nothing,
            Taken(Proof::Count),
        ),
        (
            Some(0xFFFF),
            Some(0),
            Some("bb"),
            yes,
            Reply::Nothing,
            Taken(Proof::Count),
        ),
        (
            Some(7),
            Some(8),
            Some("bb"),
            yes,
            Reply::Refused(6),
            Not(Unclear::CountedThoughRefused),
        ),
        // It stayed: nothing was counted, whatever the meter said.
        (Some(7), Some(7), Some("aa"), no, Reply::Accepted, Unchanged),
        (Some(7), Some(7), Some("aa"), no, Reply::Refused(6), Unchanged),
        (Some(7), Some(7), None, None, Reply::Refused(1), Unchanged),
        (
            Some(7),
            Some(7),
            Some("bb"),
            no,
            Reply::Accepted,
            Not(Unclear::Disagree),
        ),
        (
            Some(7),
            Some(7),
            Some("aa"),
            yes,
            Reply::Accepted,
            Not(Unclear::Disagree),
        ),
        (Some(7), Some(9), Some("bb"), yes, Reply::Accepted, Not(Unclear::Leapt)),
        (Some(7), Some(6), Some("bb"), yes, Reply::Accepted, Not(Unclear::Leapt)),
        // The first payment may not show in the count.
        (Some(0), Some(0), Some("bb"), no, Reply::Nothing, Taken(Proof::Payment)),
        (
            Some(0xFFFF),
            Some(0xFFFF),
            Some("aa"),
            yes,
            Reply::Accepted,
            Taken(Proof::Payment),
        ),
        (Some(0), Some(0), Some("aa"), no, Reply::Accepted, Unchanged),
        (Some(0), Some(0), None, None, Reply::Accepted, Not(Unclear::Unreadable)),
        (
            Some(0),
            Some(0),
            Some("bb"),
            no,
            Reply::Refused(6),
            Not(Unclear::CountedThoughRefused),
        ),
        // Without a count, the log or the newest payment.
        (None, Some(8), Some("bb"), no, Reply::Accepted, Taken(Proof::Payment)),
        (Some(7), None, Some("aa"), yes, Reply::Accepted, Taken(Proof::Payment)),
        (None, None, Some("aa"), no, Reply::Accepted, Not(Unclear::Unreadable)),
    ] {
        let found = round(now, detail, paid).finding(Some(&before(then)), Some(reply), None);
        assert_eq!(found, wanted, "{then:?} -> {now:?}, {detail:?}, {paid:?}, {reply:?}");
    }
}

#[test]
fn a_balance_proves_only_what_nothing_else_could() {
    let then = Before {
        balance: Some(Money(100)),
        ..Before::default()
    };
    let rose = |by: i64| Round {
        balance: Some(Money(100 + by)),
        ..Round::default()
    };
    let worth = Some(Money(1_000_000));
    let finding = |round: &Round, worth| round.finding(Some(&then), Some(Reply::Nothing), worth);
    assert_eq!(finding(&rose(1_000_000), worth), Finding::Taken(Proof::Balance));
    for (by, worth) in [
        (999_999, worth),
        (1_000_001, worth),
        (1_000_000, None),
        (0, Some(Money(0))),
    ] {
        assert_eq!(finding(&rose(by), worth), Finding::Unclear(Unclear::Unreadable), "{by}");
    }
    // Where the log can be read, it says that nothing was paid.
    let with_log = Round {
        paid: Some(false),
        ..rose(1_000_000)
    };
    assert_eq!(finding(&with_log, worth), Finding::Unclear(Unclear::Unreadable));
}

#[test]
fn another_meter_and_an_unknown_past_prove_nothing() {
    let there = Round {
        another: Some("EML2".to_owned()),
        ..round(Some(8), Some("bb"), Some(true))
    };
    assert_eq!(
        there.finding(Some(&before(Some(7))), Some(Reply::Accepted), None),
        Finding::Unclear(Unclear::AnotherMeter)
    );
    assert_eq!(
        round(Some(8), Some("bb"), Some(true)).finding(None, None, None),
        Finding::Unclear(Unclear::NoBefore)
    );
}

#[test]
fn the_log_is_read_on_to_an_entry_that_was_known() {
    let known = [mark(5, 33), mark(4, 48)];
    let page = [mark(9, 48), mark(8, 38), mark(5, 33), mark(4, 48)];
    let (new, met) = fresh(&page, &known);
    assert!(met && has_payment(new));
    assert_eq!(new.len(), 2);
    let (new, met) = fresh(&page[1..], &known);
    assert!(met && !has_payment(new), "the payment of before is no new one");
    assert_eq!(fresh(&page, &[]), (&page[..], false));
}

proptest! {
    /// A refusal is never taken for a payment, and nobody is told "not taken" while any place says that it was paid.
    #[test]
    fn no_answer_is_bent(
        then in proptest::option::of(any::<u16>()), now in proptest::option::of(any::<u16>()),
        details in any::<[Option<bool>; 2]>(), paid in any::<Option<bool>>(), reply in 0u8..4,
    ) {
        let reply = match reply {
            0 => None,
            1 => Some(Reply::Accepted),
            2 => Some(Reply::Refused(6)),
            _ => Some(Reply::Nothing),
        };
        let text = |it: Option<bool>| it.map(|one| if one { "aa" } else { "bb" }.to_owned());
        let past = Before { detail: text(details[0]), ..before(then) };
        let after = Round { detail: text(details[1]), ..round(now, None, paid) };
        match after.finding(Some(&past), reply, None) {
            Finding::Taken(_) => prop_assert!(!matches!(reply, Some(Reply::Refused(_)))),
            Finding::Unchanged => {
                prop_assert_eq!(then, now);
                prop_assert!(then.is_some() && paid != Some(true));
                prop_assert!(past.detail.is_none() || after.detail.is_none() || past.detail == after.detail);
            }
            Finding::Unclear(_) => {}
        }
    }
}
