//! The money of simulated meters, against sums that are made another way.

use std::time::Duration;

use proptest::prelude::*;

use super::super::slot::Slot;
use super::super::{Setup, Shape};
use super::{DAY, meter, noon, prepaid, token, write};
use crate::meter::emop::{Ack, MeterTime, Money};

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
