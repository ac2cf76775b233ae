//! The parts of the box: a file for each, which says what it is built of, and a line for each in the list below.

mod backups;
mod meters;
mod occupancy;
mod perseus;
mod privacy;
mod relay;
mod rules;
mod uplink;
mod webhooks;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::part::Part;
use super::report::Reporter;
use super::slot::{AnySlot, Slot};
use crate::accounts::Bearers;
use crate::admin::Backups;
use crate::store::Store;
use crate::uplink::Host;

pub use backups::made_before as backups_in;
pub(super) use backups::{AskError, Ended, Kept, Order, Schedule, Step, Told, Where, recipient};

/// What parts are built with beside their sections of the configuration: it stays the same while the box runs.
#[derive(Clone)]
pub(super) struct Deps {
    pub(super) store: Store,
    pub(super) data_dir: PathBuf,
    /// Who calls `/v1` with which token.
    pub(super) bearers: Arc<Bearers>,
    pub(super) backups: Backups,
    pub(super) reporter: Reporter,
    /// What the cloud may have done.
    pub(super) host: Arc<dyn Host>,
    /// Where word is left for the rules, whichever are in force.
    pub(super) alarms: crate::rules::Inbox,
    pub(super) relay_counts: crate::relay::Counts,
    /// The box's own authorities.
    pub(super) pki: crate::pki::Pki,
    /// What applications of the data-sharing scheme pushed.
    pub(super) pushed: Arc<crate::perseus::PushedRequests>,
    /// Ends streams, so that the doors need not wait for them.
    pub(super) streams: CancellationToken,
}

macro_rules! parts {
    ($($field:ident: $part:ty,)*) => {
        /// The places of all parts.
        #[derive(Default)]
        pub(super) struct Parts {
            $(pub(super) $field: Slot<$part, Deps>,)*
        }

        impl Parts {
            /// The names of the parts that `status` lists as rooms, open or closed.
            pub(super) fn rooms() -> impl Iterator<Item = &'static str> {
                [$((<$part as Part<Deps>>::NAME, <$part as Part<Deps>>::IS_ROOM),)*]
                    .into_iter()
                    .filter_map(|(name, is_room)| is_room.then_some(name))
            }

            /// All of them, in the order in which they begin.
            pub(super) fn each(&self) -> Vec<&dyn AnySlot<Deps>> {
                vec![$(&self.$field,)*]
            }

            /// All of them, in the order in which they begin.
            pub(super) fn each_mut(&mut self) -> Vec<&mut dyn AnySlot<Deps>> {
                vec![$(&mut self.$field,)*]
            }
        }
    };
}

// Those that follow the journal come first: what the others tell as they begin is heard.
parts! {
    backups: backups::Schedule,
    uplink: crate::uplink::Uplink,
    rules: crate::rules::Rules,
    webhooks: crate::webhooks::Webhooks,
    occupancy: crate::occupancy::Occupancy,
    meters: crate::meter::Meters,
    relay: crate::relay::Relay,
    perseus: crate::perseus::Perseus,
    privacy: crate::privacy::PersonalData,
}
