//! The book: every row and every event of the box, and the only folder that imports sled.
//!
//! Rooms change it through [`Store::write`], read it through [`Ledger`]s, and hear of changes
//! through [`Store::bell`] and the journal ([`Store::tail`], [`Store::subscribe`]).
//!
//! One writer thread, the *pen*, appends changes to the *log*, syncs, and lays their rows over the
//! *table* (sled, which is never a source), where the *settler* carries them about once a second.
//! The log's segments are the journal that readers follow, each in its *lane* with its *cursor*. A
//! third thread, the *keeper*, makes snapshots of sealed segments and takes away what nobody needs. A
//! fourth, the *compactor*, moves months of readings that are over to *month files*.
//! Opening surveys everything, and mends it by salvage when it is damaged.
//!
//! | folder | what |
//! |---|---|
//! | `open` | what runs before the first row is read: survey, salvage, recovery, threads |
//! | `write` | the queue, the pen, what a change is to it |
//! | `log` | frames, records, segments; appending and thinning |
//! | `read` | lanes and cursors |
//! | `table` | sled, and the rows that lie over it |
//! | `keep` | snapshots, generations, the clock, runs, what lies beside the book |
//! | `backup` | archives, restoring, sealing with age |
//! | `readings` | half-hours: rows of days, files of months |
#![warn(missing_docs)]
#![doc = ""]
#![doc = include_str!("README.md")]

pub mod alarms;
mod backup;
mod census;
mod entry;
mod error;
pub mod files;
mod handle;
mod health;
mod keep;
mod kept_book;
mod ledger;
mod log;
pub mod meter_money;
mod meter_rows;
pub mod meters;
mod open;
mod options;
mod page;
#[doc(hidden)]
pub mod probe;
mod read;
pub mod readings;
pub mod schema;
pub mod spaces;
mod stats;
mod table;
mod write;

pub use age::secrecy::SecretString;
pub use backup::archive::{ArchiveError, Member, MemberKind};
pub use backup::encryption::{Seal, SealError, Unseal, is_recipient};
pub use backup::key::BackupKey;
pub use backup::restore::{RestoreReport, restore, restore_dry_run, restore_on};
pub use backup::restore_error::RestoreError;
pub use backup::sealed::{SealedFile, is_sealed_file, open_file, seal_file};
pub use backup::{BackupError, BackupReport, Extra, Privacy};
pub use entry::{Entry, Gap};
pub use error::{FileError, OpenError, ReadError, RowError, Unwritten, WriteError};
pub use handle::Store;
pub use health::Health;
pub use keep::beside::{NEW_AUTHORITIES, Place, UPGRADES, settle_restore};
pub use keep::clock::{ASK_AGAIN, Clock, ClockState, SystemClock, Time, is_possible};
pub use kept_book::{KeptBook, KeptBooks};
pub use ledger::{Ledger, ROW_LIMIT};
pub use open::loss::{Loss, LossKind, SalvageReport};
pub use open::verify::{VerifyReport, verify};
pub use options::Options;
pub use page::{BULK_ROWS, GROUP_LIMIT, Page};
pub use read::backlog::Backlog;
pub use read::dated::Dated;
pub use read::lanes::{Delivery, FollowError, SubscribeError, Subscription, Tail};
pub use stats::Stats;
