//! The money of simulated meters, against sums that are made another way.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::meter::SimulatedMeter;
use super::slot::Slot;
use super::{Faults, Setup, Shape};
use crate::meter::emop::dialect::InferredWrites;
use crate::meter::emop::{Ack, Dialect, Inferred, MeterTime, Money};

const DAY: u32 = 86_400;

fn at(text: &str) -> MeterTime {
    MeterTime::of(text.parse().unwrap()).unwrap()
}

fn prepaid() -> Setup {
    let mut setup = Setup::new("EML1");
    setup.prepay = true;
    setup
}

/// A meter that knows since this moment that time goes by.
fn meter(setup: Setup, from: MeterTime) -> SimulatedMeter {
    let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
    let mut meter = SimulatedMeter::new(setup, dialect, &Faults::default());
    meter.settle(from.moment());
    meter
}

fn ask(meter: &mut SimulatedMeter, name: &str, write: Option<&[u8]>, now: Timestamp) -> (Ack, Vec<u8>) {
    let id = meter.dialect.catalogue().named(name).unwrap().id.to_bytes();
    let request = [&[1][..], &id, &[u8::from(write.is_some())], write.unwrap_or(&[])].concat();
    let (ack, reply) = meter.answer(&request, now);
    (ack, reply[5..].to_vec())
}

fn read(meter: &mut SimulatedMeter, name: &str, now: MeterTime) -> Vec<u8> {
    let (ack, payload) = ask(meter, name, None, now.moment());
    assert_eq!(ack, Ack::Accepted, "{name}");
    payload
}

fn number(meter: &mut SimulatedMeter, name: &str, now: MeterTime) -> i64 {
    let held = read(meter, name, now);
    match held[..] {
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
        _ => held[0].into(),
    }
}

fn write(meter: &mut SimulatedMeter, name: &str, payload: &[u8], now: MeterTime) {
    assert_eq!(ask(meter, name, Some(payload), now.moment()).0, Ack::Accepted, "{name}");
}

fn token(meter: &mut SimulatedMeter, digits: &str, now: MeterTime) -> Ack {
    ask(meter, "prepay_token_send", Some(digits.as_bytes()), now.moment()).0
}

fn ids(meter: &SimulatedMeter) -> Vec<u8> {
    meter.events.iter().map(|event| event.id).collect()
}

/// 1 kW at 3.60 GBP a kWh is 0.001 GBP a second: a pound is gone after 1000 s.
fn quick(balance: i64) -> Setup {
    let mut setup = prepaid();
    setup.shape = Shape::Constant(1_000);
    setup.tariff.unit_rate = Money(360_000);
    setup.balance = Money(balance);
    setup
}

fn noon(seconds: u32) -> MeterTime {
    MeterTime(at("2026-02-10T12:00:00Z").0 + seconds)
}

#[test]
fn at_zero_the_load_is_cut_and_nothing_is_used_until_a_payment() {
    let mut meter = meter(quick(100_000), noon(0));
    assert_eq!(number(&mut meter, "prepay_balance", noon(500)), 50_320);
    assert_eq!(number(&mut meter, "instantaneous_active_power", noon(500)), 1_000);
    let spent = number(&mut meter, "prepay_balance", noon(1_800));
    assert_eq!(spent, -80, "the watt-hour in which it ended is paid for as well");
    assert_eq!((ids(&meter), meter.events[0].at), (vec![34], noon(1_001)));
    assert_eq!(number(&mut meter, "instantaneous_active_power", noon(1_800)), 0);
    let stood = read(&mut meter, "read_element_a", noon(1_800));
    assert_eq!(read(&mut meter, "read_element_a", noon(7_200)), stood);
    assert_eq!(number(&mut meter, "prepay_balance", noon(7_200)), spent);
    // A payment does not connect it: its load switch is one that waits for the button.
    assert_eq!(token(&mut meter, "10000000000000000100", noon(7_200)), Ack::Accepted);
    assert_eq!(number(&mut meter, "prepay_balance", noon(9_000)), 99_920);
    assert_eq!(number(&mut meter, "instantaneous_active_power", noon(9_000)), 0);
    write(&mut meter, "load_switch", &[1], noon(9_000));
    assert_eq!(number(&mut meter, "instantaneous_active_power", noon(9_000)), 1_000);
    assert_eq!(ids(&meter), [34, 48, 33]);
    assert_eq!(number(&mut meter, "prepay_balance", noon(9_500)), 50_240);
    let moved = read(&mut meter, "read_element_a", noon(9_500));
    let import = |payload: &[u8]| u32::from_le_bytes(*payload.first_chunk().unwrap());
    assert_eq!(import(&moved) - import(&stood), 138, "500 s of 1 kW");
    // The log has the same register at its half-hours, before and after.
    let logged = meter.slot(noon(9_000)).import_a;
    assert_eq!(logged, import(&stood));
}

#[test]
fn a_meter_that_needs_no_button_connects_with_the_payment_and_one_that_does_waits_for_it() {
    let mut free = meter(quick(0), noon(0));
    assert_eq!(ids(&free), [34]);
    write(&mut free, "load_switch", &[3], noon(1));
    assert_eq!(token(&mut free, "10000000000000000100", noon(10)), Ack::Accepted);
    assert_eq!(ids(&free), [34, 48, 33]);

    let mut setup = quick(0);
    setup.button_after = Some(Duration::from_secs(60));
    let mut waits = meter(setup, noon(0));
    assert_eq!(token(&mut waits, "10000000000000000100", noon(10)), Ack::Accepted);
    assert_eq!(number(&mut waits, "instantaneous_active_power", noon(69)), 0);
    assert_eq!(number(&mut waits, "instantaneous_active_power", noon(500)), 1_000);
    assert_eq!((ids(&waits), waits.events[2].at), (vec![34, 48, 33], noon(70)));
}

#[test]
fn emergency_credit_is_used_once_it_was_taken_and_is_given_back_by_a_payment() {
    let mut setup = quick(60_000);
    setup.tariff.emergency_credit = Money(100_000);
    setup.tariff.ecredit_availability = Money(50_000);
    let mut nobody = meter(setup.clone(), noon(0));
    assert_eq!(number(&mut nobody, "prepay_balance", noon(5_000)), -120);
    assert_eq!(ids(&nobody), [34]);

    setup.button_after = Some(Duration::from_secs(30));
    let mut taken = meter(setup, noon(0));
    assert_eq!(number(&mut taken, "prepay_balance", noon(1_000)), -39_720);
    assert!(taken.supply.emergency && ids(&taken).is_empty());
    let spent = number(&mut taken, "prepay_balance", noon(5_000));
    assert!((-100_400..=-100_000).contains(&spent), "{spent}");
    assert_eq!(ids(&taken), [34]);
    // Enough to be connected, not enough to have the emergency credit again.
    assert_eq!(token(&mut taken, "10000000000000000050", noon(5_000)), Ack::Accepted);
    assert!(taken.supply.emergency);
    assert_eq!(token(&mut taken, "10000000000000000200", noon(5_001)), Ack::Accepted);
    assert!(!taken.supply.emergency);
}

#[test]
fn days_and_debt_are_charged_at_the_meters_own_midnight() {
    let mut setup = prepaid();
    setup.shape = Shape::Constant(0);
    setup.debt = Money(50_000);
    setup.tariff.debt_recovery_rate = Money(30_000);
    let from = at("2026-07-10T22:00:00Z");
    let mut utc = meter(setup.clone(), from);
    let mut british = meter(setup.clone(), from);
    write(&mut british, "daylight_savings_correction_flag", &[1], from);
    let eleven = MeterTime(from.0 + 3_600);
    assert_eq!(number(&mut utc, "prepay_balance", eleven), 1_000_000);
    assert_eq!(
        number(&mut british, "prepay_balance", eleven),
        1_000_000 - 51_082 - 30_000
    );
    for meter in [&mut utc, &mut british] {
        let later = MeterTime(from.0 + 10 * DAY);
        assert_eq!(
            number(meter, "prepay_balance", later),
            1_000_000 - 10 * 51_082 - 50_000,
            "ten days, and the whole debt"
        );
    }
    // With the emergency credit in use debt may wait; days do not.
    setup.balance = Money(-10_000);
    setup.tariff.emergency_credit = Money(500_000);
    setup.button_after = Some(Duration::ZERO);
    let mut spared = meter(setup, from);
    write(
        &mut spared,
        "prepay_no_debt_recovery_when_emergency_credit_flag",
        &[1],
        from,
    );
    let morning = MeterTime(from.0 + 6 * 3_600);
    assert_eq!(number(&mut spared, "prepay_balance", morning), -10_000 - 51_082);
}

#[test]
fn a_clock_that_is_set_charges_nothing_and_goes_on_from_there() {
    let mut meter = meter(quick(1_000_000), noon(0));
    let set = at("2026-03-10T12:00:00Z");
    let bytes = crate::meter::emop::time::ClockReading::encode(set.moment(), 0).unwrap();
    write(&mut meter, "time", &bytes, noon(100));
    let before = number(&mut meter, "prepay_balance", noon(100));
    assert_eq!(before, 1_000_000 - 27 * 360);
    let after = number(&mut meter, "prepay_balance", noon(1_100));
    assert!((277..=278).contains(&((before - after) / 360)), "{before} {after}");
}

#[test]
fn tokens_are_refused_when_used_when_another_meters_and_when_no_token() {
    let mut meter = meter(prepaid(), noon(0));
    let untouched = |meter: &mut SimulatedMeter| {
        let count = number(meter, "monetary_info_transaction_count", noon(0));
        let detail = read(meter, "monetary_info_transaction_details", noon(0));
        (count, detail, meter.events.len(), meter.balance())
    };
    let none = untouched(&mut meter);
    assert_eq!((none.0, none.2), (0xFFFF, 0));
    for wrong in ["40400000000000000100", "1000000000000000010x"] {
        assert_eq!(token(&mut meter, wrong, noon(0)), Ack::Security);
        assert_eq!(untouched(&mut meter), none);
    }
    assert_eq!(token(&mut meter, "10000000000000000100", noon(0)), Ack::Accepted);
    let once = untouched(&mut meter);
    assert_eq!((once.0, once.2, once.3), (0, 1, Money(1_100_000)));
    assert_eq!(
        once.1[8..],
        [&noon(0).to_bytes()[..], &100_000u32.to_le_bytes()].concat()
    );
    assert_eq!(token(&mut meter, "10000000000000000100", noon(0)), Ack::Security);
    assert_eq!(untouched(&mut meter), once);
}

fn any_setup() -> impl Strategy<Value = Setup> {
    let shape = prop_oneof![
        (0u32..20_000).prop_map(Shape::Constant),
        Just(Shape::Steady),
        Just(Shape::of_household("EML1"))
    ];
    let money = (0i64..60_000, 0i64..200_000, 0i64..300_000, 0i64..90_000);
    (shape, any::<bool>(), money).prop_map(|(shape, twin, (rate, standing, debt, a_day))| {
        let mut setup = prepaid();
        setup.shape = shape;
        setup.twin = twin;
        setup.balance = Money(2_000_000_000);
        setup.tariff.unit_rate = Money(rate);
        setup.tariff.standing_charge = Money(standing);
        setup.tariff.debt_recovery_rate = Money(a_day);
        setup.debt = Money(debt);
        setup
    })
}

proptest! {
    /// However often a meter is asked: what was charged is the exact sum of use, days and debt, at two tariffs.
    #[test]
    fn what_was_charged_is_the_exact_sum(
        setup in any_setup(),
        start in 0u32..10 * DAY,
        waits in prop::collection::vec(1u32..100_000, 1..30),
        change in 1u32..3 * DAY,
        new_rate in 0u32..60_000,
    ) {
        let start = MeterTime(noon(0).0 + start);
        let end = MeterTime(start.0 + waits.iter().sum::<u32>());
        let change = MeterTime(start.0 + change);
        let mut meter = meter(setup.clone(), start);
        for rate in ["tariff_future_block_8_rate_1", "tariff_future_element_b_tou_rate_1"] {
            write(&mut meter, rate, &new_rate.to_le_bytes(), start);
        }
        let standing = u32::try_from(setup.tariff.standing_charge.0).unwrap();
        write(&mut meter, "tariff_future_standing_charge", &standing.to_le_bytes(), start);
        let a_day = u32::try_from(setup.tariff.debt_recovery_rate.0).unwrap();
        write(&mut meter, "tariff_future_prepayment_debt_recovery_rate", &a_day.to_le_bytes(), start);
        write(&mut meter, "tariff_future_activation_datetime", &change.to_bytes(), start);
        let mut now = start;
        for wait in waits {
            now = MeterTime(now.0 + wait);
            meter.settle(now.moment());
        }
        let used = |from: MeterTime, until: MeterTime| {
            let (from, until) = (Slot::within(from, &setup), Slot::within(until, &setup));
            i128::from(until.import_a - from.import_a + until.import_b - from.import_b)
        };
        let changed = change.min(end);
        let days = i64::from(end.0 / DAY - start.0 / DAY);
        let debt = setup.debt.0.min(setup.tariff.debt_recovery_rate.0 * days);
        let charged = used(start, changed) * i128::from(setup.tariff.unit_rate.0)
            + used(changed, end) * i128::from(new_rate)
            + i128::from(days * setup.tariff.standing_charge.0 + debt) * 1_000;
        prop_assert_eq!(meter.account.above(setup.balance), -charged);
    }

    /// Through cuts, payments, the button and the emergency credit: a meter that is asked all the time is the same as one
    /// that is asked when something is sent; a balance rises with an event 48 only; and what fell was used or is due.
    #[test]
    fn a_meter_does_not_depend_on_how_often_it_is_asked(
        setup in any_setup(),
        balance in -50_000i64..300_000,
        emergency in 0i64..200_000,
        offer in 0i64..100_000,
        button in prop::option::of(0u64..5_000),
        switch in 0u8..4,
        steps in prop::collection::vec((1u32..60_000, 0u32..500), 1..12),
        asked in 1u32..5_000,
    ) {
        let mut setup = setup;
        setup.balance = Money(balance);
        setup.tariff.emergency_credit = Money(emergency);
        setup.tariff.ecredit_availability = Money(offer);
        setup.button_after = button.map(Duration::from_secs);
        let mut rare = meter(setup.clone(), noon(0));
        let mut often = meter(setup.clone(), noon(0));
        for meter in [&mut rare, &mut often] {
            write(meter, "load_switch", &[switch], noon(0));
        }
        let mut now = noon(0);
        for (number, (wait, pence)) in steps.into_iter().enumerate() {
            let until = MeterTime(now.0 + wait);
            for between in (now.0..until.0).step_by(asked as usize) {
                let (before, slot) = (often.account.above(Money(0)), often.slot(now));
                let from = now;
                now = MeterTime(between);
                often.settle(now.moment());
                let after = often.slot(now);
                let used = after.import_a - slot.import_a + after.import_b - slot.import_b;
                let fell = before - often.account.above(Money(0));
                let midnight = from.0 / DAY < now.0 / DAY;
                let due = fell - i128::from(used) * i128::from(setup.tariff.unit_rate.0);
                prop_assert!(if midnight { due >= 0 } else { due == 0 }, "{due}");
            }
            now = until;
            let paid = format!("1{number:015}{pence:04}");
            for meter in [&mut rare, &mut often] {
                meter.settle(now.moment());
                let (before, events) = (meter.account.above(Money(0)), meter.events.len());
                prop_assert_eq!(token(meter, &paid, now), Ack::Accepted);
                let rose = meter.account.above(Money(0)) - before;
                prop_assert_eq!(rose, i128::from(pence) * 1_000_000);
                prop_assert_eq!(meter.events[events].id, 48);
                prop_assert_eq!(usize::from(meter.account.payments()), number);
            }
        }
        prop_assert_eq!(rare.account.above(Money(0)), often.account.above(Money(0)));
        prop_assert_eq!(&rare.events, &often.events);
        prop_assert_eq!(rare.slot(now).import_a, often.slot(now).import_a);
        prop_assert_eq!(rare.supply.is_off(), often.supply.is_off());
    }
}
