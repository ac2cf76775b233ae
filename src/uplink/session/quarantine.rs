//! Messages that may be why the broker hangs up (UPLINK §4.2): one that was on its way at two ends of
//! a session in a row goes alone, and when it costs the third session, with nothing beside it, it is set aside.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Ledger, ReadError, RowError, Store, WriteError, schema};
use crate::uplink::connection::wire::Message;
use crate::uplink::outbox::Outgoing;

const ASIDE: Ledger<Aside> = Ledger::new(schema::UPLINK_ASIDE);
/// Messages that are kept aside.
const KEPT: usize = 100;
/// Bytes of one that are kept.
const SHOWN: usize = 1_000;
/// Ends of a session after which a message goes alone, and after which it goes no more.
const ALONE: u32 = 2;
const POISON: u32 = 3;

/// A message that is sent no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aside {
    /// Where it was to go.
    pub topic: String,
    /// How it begins.
    pub text: String,
    /// When it was set aside.
    pub at: Timestamp,
}

/// How a message may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// With others.
    None,
    /// With nothing beside it.
    Alone,
    /// Not any more.
    Poison,
}

/// Messages that were on their way when sessions ended.
#[derive(Debug, Default)]
pub struct Quarantine(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    ends: BTreeMap<u64, u32>,
    /// Lines that went together go one by one, so that it is seen which it is.
    singly: bool,
}

fn name(message: &Message, positions: &[crate::uplink::outbox::Position]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&message.topic, &message.payload).hash(&mut hasher);
    for ticket in positions {
        ticket.hash(&mut hasher);
    }
    hasher.finish()
}

impl Quarantine {
    /// How this one may go.
    #[must_use]
    pub fn of(&self, outgoing: &Outgoing) -> Suspicion {
        let known = self.known();
        if known.ends.is_empty() {
            return Suspicion::None;
        }
        match known
            .ends
            .get(&name(&outgoing.message, &outgoing.positions))
            .copied()
            .unwrap_or(0)
        {
            ends if ends >= POISON => Suspicion::Poison,
            ends if ends >= ALONE => Suspicion::Alone,
            _ => Suspicion::None,
        }
    }

    /// Whether lines must not share a message just now.
    #[must_use]
    pub fn singly(&self) -> bool {
        self.known().singly
    }

    /// The broker hung up soon after these were sent.
    pub fn on_their_way<'a>(&self, parcels: impl Iterator<Item = &'a Outgoing>) {
        let mut known = self.known();
        // Those that were not on their way this time have it not in a row.
        let before = std::mem::take(&mut known.ends);
        for outgoing in parcels {
            if outgoing.positions.len() > 1 {
                known.singly = true;
                continue;
            }
            let name = name(&outgoing.message, &outgoing.positions);
            let ends = before.get(&name).copied().unwrap_or(0) + 1;
            known.ends.insert(name, ends);
        }
    }

    /// Notes that a message was taken, and is no suspect any more.
    pub fn taken(&self, outgoing: &Outgoing) {
        let mut known = self.known();
        if !known.ends.is_empty() {
            known.ends.remove(&name(&outgoing.message, &outgoing.positions));
        }
        if known.ends.is_empty() && outgoing.positions.len() == 1 {
            known.singly = false;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a message aside; the oldest of too many goes.
pub(in crate::uplink) async fn set_aside(
    store: &Store,
    message: &Message,
    now: Timestamp,
) -> Result<(), WriteError<RowError>> {
    let text = String::from_utf8_lossy(&message.payload);
    let aside = Aside {
        topic: message.topic.clone(),
        text: text[..text.floor_char_boundary(SHOWN / 2)].to_owned(),
        at: now,
    };
    let write = move |page: &mut crate::store::Page| {
        let rows = ASIDE.scan_on(page, &[], None, usize::MAX)?;
        let many = (rows.len() + 1).saturating_sub(KEPT);
        for (key, _) in rows.iter().take(many) {
            ASIDE.delete_on(page, key);
        }
        let key = page.seq().0.to_be_bytes();
        ASIDE.put_on(page, &key, &aside)
    };
    store.write(write).await
}

/// Everything that was set aside, oldest first.
pub fn aside(store: &Store) -> Result<Vec<Aside>, ReadError> {
    let rows = ASIDE.scan(store, &[], None, KEPT)?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}
