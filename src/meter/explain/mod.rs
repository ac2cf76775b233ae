//! Explain this penny: an opening balance, each half-hour by the tariff that was in force, standing charge, debt and
//! top-ups, and what they come to beside what the meter itself shows (EMOP §23).
//!
//! `amount` counts exactly, `tariff` says what a tariff charges if the box can read it, `payments` which top-ups stand
//! between which reads, `sum` adds up: these are pure. `seen` and `gather` fetch what they need, `shown` is what people
//! and programs are given.

mod amount;
mod asked;
mod facts;
mod gather;
mod payments;
mod seen;
mod shown;
mod statement;
mod sum;
#[cfg(test)]
mod sum_tests;
mod tariff;
#[cfg(test)]
mod with_a_meter;

pub use asked::{ExplainError, Period};
pub use shown::{CsvRow, HalfHourShown, LineShown, MoneyShown, StatementShown};
