//! The promises of the book: nothing acknowledged is ever lost, nothing is shown before it is on disk.

mod chance;
mod crash;
mod disk;
mod ledger;
mod writing;
