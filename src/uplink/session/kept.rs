//! What a broker keeps of the box: what was told in a session, and what becomes of it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::uplink::connection::wire::Message;

/// What was told in this session, and what becomes of it.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// By topic, what was retained last. A broker that is new, or that forgot, gets a new session, and this is empty.
    told: BTreeMap<String, u64>,
    /// Topics that were emptied by messages on their way, by the ids of those.
    emptied: BTreeMap<u16, String>,
    /// Topics on which nothing is kept any more.
    gone: Vec<String>,
}

fn hash(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.payload.hash(&mut hasher);
    hasher.finish()
}

impl Kept {
    /// Whether this is new: a message that is not retained always is.
    pub(super) fn is_new(&self, message: &Message) -> bool {
        !message.retain || self.told.get(&message.topic) != Some(&hash(message))
    }

    /// All is to be told once more.
    pub(super) fn begin_anew(&mut self) {
        self.told.clear();
    }

    /// The message with this id was taken.
    pub(super) fn taken(&mut self, id: u16) {
        self.gone.extend(self.emptied.remove(&id));
    }

    /// Remembers that a message was sent.
    pub(super) fn sent(&mut self, message: &Message) {
        self.told.insert(message.topic.clone(), hash(message));
    }

    /// A message under this id empties its topic.
    pub(super) fn empties(&mut self, message: &Message, id: u16) {
        if message.retain && message.payload.is_empty() {
            match id {
                // Nobody says that it was taken.
                0 => self.gone.push(message.topic.clone()),
                _ => drop(self.emptied.insert(id, message.topic.clone())),
            }
        }
    }

    /// Topics that were emptied since it was asked last.
    pub(super) fn take_gone(&mut self) -> Vec<String> {
        std::mem::take(&mut self.gone)
    }
}
