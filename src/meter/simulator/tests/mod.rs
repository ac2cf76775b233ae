//! The money of simulated meters, moment by moment.

mod sums;

use std::time::Duration;

use jiff::Timestamp;

use super::meter::SimulatedMeter;
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
fn another_meter_in_its_place_has_money_of_its_own() {
    let mut meter = meter(quick(100_000), noon(0));
    assert_eq!(token(&mut meter, "10000000000000000100", noon(1_800)), Ack::Accepted);
    assert_eq!(ids(&meter), [34, 48]);
    meter.exchange();
    assert_eq!(number(&mut meter, "prepay_balance", noon(1_800)), 100_000);
    assert_eq!(
        number(&mut meter, "monetary_info_transaction_count", noon(1_800)),
        0xFFFF
    );
    assert!(ids(&meter).is_empty());
    assert_eq!(token(&mut meter, "10000000000000000100", noon(1_800)), Ack::Accepted);
    assert_eq!(number(&mut meter, "instantaneous_active_power", noon(1_800)), 1_000);
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
