//! Half-hours out of a meter's own memory into the book (EMOP §6, §8.3, §20).
//!
//! What the box was switched off for, what the line swallowed, and what a damaged book lost is fetched again as long
//! as the meter holds it: [`window`] says what to ask for next, [`log`] asks, and [`round`] stores it and keeps the
//! account. Nothing counts as settled before the book has it.

mod log;
mod round;
mod window;

pub(super) use log::records;
