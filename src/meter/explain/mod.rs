//! Explain this penny: an opening balance, each half-hour by the tariff that was in force, standing charge, debt and
//! top-ups, and what they come to beside what the meter itself shows (EMOP §23).
//!
//! `amount` counts exactly, `tariff` says what a tariff charges if the box can read it, `payments` which top-ups stand
//! between which reads, `sum` adds up, with `reads` for what lies between two: these are pure. `seen` and `gather` fetch
//! what they need, `shown` is what people and programs are given, `charged` says what a day cost, `difference`
//! what a difference can be made of, `words` says it to people, `rows` to spreadsheets.

mod amount;
mod asked;
mod charged;
mod difference;
mod facts;
mod gather;
mod payments;
mod price;
mod reads;
mod rows;
mod seen;
mod shown;
#[cfg(test)]
mod shown_tests;
mod statement;
mod sum;
#[cfg(test)]
mod sum_tests;
mod tariff;
#[cfg(test)]
mod with_a_meter;
mod words;

pub use asked::{Detail, ExplainError, Period};
pub use charged::{Charged, to_the_penny};
pub use difference::DifferenceShown;
pub use price::Price;
pub use rows::CsvRow;
pub use shown::{Entry, HalfHourShown, LineShown, MoneyShown, StatementShown};
