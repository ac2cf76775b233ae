//! The money of simulated meters, as arguments (EMOP §17.1).

use clap::Args;

use super::faults::seconds;
use crate::domain::units::Span;
use crate::meter::emop::Money;
use crate::meter::simulator::{Setup, Tariff};

/// What energy costs, and who pays.
#[derive(Args)]
pub(super) struct Prepay {
    /// What is paid in, in pounds
    #[arg(long, value_name = "GBP", default_value = "10", allow_hyphen_values = true)]
    balance: Money,
    /// Energy is paid for beforehand: the balance falls with use and at midnight, and at zero the load is cut
    #[arg(long)]
    prepay: bool,
    /// What a kWh costs
    #[arg(long, value_name = "GBP", default_value = "0.23812", value_parser = amount)]
    unit_rate: Money,
    /// What a day costs, taken at the meter's own midnight
    #[arg(long, value_name = "GBP", default_value = "0.51082", value_parser = amount)]
    standing_charge: Money,
    /// How far below zero the balance may go once somebody has taken the emergency credit
    #[arg(long, value_name = "GBP", default_value = "0", value_parser = amount)]
    emergency_credit: Money,
    /// From which balance on the emergency credit is offered
    #[arg(long, value_name = "GBP", default_value = "0", value_parser = amount)]
    ecredit_availability: Money,
    /// What is owed, and recovered at midnights
    #[arg(long, value_name = "GBP", default_value = "0", value_parser = amount)]
    debt: Money,
    /// How much of the debt is recovered a day
    #[arg(long, value_name = "GBP", default_value = "0", value_parser = amount)]
    debt_recovery_rate: Money,
    /// Somebody presses the meter's button so long after it would take the emergency credit or connect the load [default:
    /// never]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    button_after: Option<Span>,
    /// The count of payments so far, less one [default: 65535 with --prepay, which is none yet; else 0]
    #[arg(long, value_name = "N")]
    transaction_count: Option<u16>,
}

/// An amount that a meter's tariff can hold.
fn amount(text: &str) -> Result<Money, String> {
    let amount: Money = text
        .parse()
        .map_err(|error: crate::meter::emop::money::MoneyError| error.to_string())?;
    amount.unsigned().map(|_| amount).map_err(|error| error.to_string())
}

impl Prepay {
    /// Puts it where meters are made of it.
    pub(super) fn fill(&self, setup: &mut Setup) {
        setup.balance = self.balance;
        setup.prepay = self.prepay;
        setup.tariff = Tariff {
            unit_rate: self.unit_rate,
            standing_charge: self.standing_charge,
            emergency_credit: self.emergency_credit,
            ecredit_availability: self.ecredit_availability,
            debt_recovery_rate: self.debt_recovery_rate,
        };
        setup.debt = self.debt;
        setup.button_after = self.button_after.map(|Span(after)| after);
        setup.transaction_count = self.transaction_count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tariff_has_no_amount_that_a_meter_cannot_hold() {
        assert_eq!(amount("0.23812"), Ok(Money(23_812)));
        assert_eq!(amount("42949.67295"), Ok(Money(i64::from(u32::MAX))));
        assert!(amount("42949.67296").is_err() && amount("-1").is_err() && amount("x").is_err());
    }
}
