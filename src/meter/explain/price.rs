//! What energy costs at present, where the tariff in force is a plain one (EMOP §23.4).

use super::amount::Exact;
use super::tariff::Charges;
use crate::domain::Quantity;
use crate::meter::emop::Money;
use crate::meter::room::Meters;
use crate::meter::shown::MeterShown;
use crate::store::meter_money::Terms;

/// A price without bands and blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Of a kWh.
    pub a_kwh: Money,
    /// Of a day, whatever is used.
    pub a_day: Money,
}

impl Price {
    /// What so many watt-hours in so many days cost, cut to the meter's unit.
    #[must_use]
    pub fn cost(self, watt_hours: u64, days: u32) -> Money {
        let standing = Exact::from(self.a_day).0 * i128::from(days);
        (Exact::cost(watt_hours, self.a_kwh) + Exact(standing)).cut()
    }
}

impl Meters {
    /// The price in force at a meter; `None`: it is not known, or depends on the hour or on how much is used.
    #[must_use]
    pub fn price(&self, shown: &MeterShown) -> Option<Price> {
        let terms = Terms {
            tariff: shown.value(Quantity::TariffsActive)?.as_object()?.clone(),
            daylight: None,
            // What is paid by bill has a price as well.
            prepay: None,
        };
        let charges = Charges::of(&terms).ok()?;
        Some(Price {
            a_kwh: charges.unit_rate_a,
            a_day: charges.standing_charge,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_and_days_cost_what_they_say() {
        let price = Price {
            a_kwh: Money(23_812),
            a_day: Money(51_082),
        };
        assert_eq!(price.cost(2_710, 1), Money(64_530 + 51_082));
        assert_eq!(price.cost(0, 0), Money(0));
    }
}
