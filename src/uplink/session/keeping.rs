//! What a broker keeps of the box, in a session: nothing retained is sent again unchanged, what is no more is taken from
//! it, and what it is given is remembered before it is.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use super::Session;
use crate::uplink::connection::wire::Message;
use crate::uplink::plain::leaving;
use crate::uplink::room::UplinkError;

/// What was told in this session, and what becomes of it.
#[derive(Debug, Default)]
pub(super) struct Keeping {
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

impl Keeping {
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
}

impl Session<'_> {
    /// Takes from the broker what it was told of in sessions before and that is no more; says how the box is.
    pub(super) async fn begin_keeping(&mut self) -> Result<(), UplinkError> {
        let Some(kept) = self.shared.dialect.retained()? else {
            return Ok(());
        };
        let health = self.link_health();
        self.hello.extend(self.shared.dialect.health(&health, Timestamp::now()));
        if !self.retain {
            return Ok(());
        }
        let gone = self.shared.announced.besides(&kept);
        if !gone.is_empty() {
            tracing::info!(
                topics = gone.len(),
                "the broker keeps what is no more; it is taken from it"
            );
        }
        let empty = gone.into_iter().map(|topic| Message::new(topic, "").retained());
        self.hello.extend(empty);
        // Together, so that the first session of many things is no row a message.
        let kept = kept.into_iter().filter(|topic| !self.shared.announced.knows(topic));
        let kept = kept.map(|topic| (topic, BTreeMap::new())).collect();
        Ok(self.shared.announced.remember(kept).await?)
    }

    /// What of these is to be sent, with what must go before it.
    pub(super) fn worth_sending(&self, messages: Vec<Message>) -> Vec<Message> {
        let new = messages.into_iter().filter(|message| self.keeping.is_new(message));
        let with_those_before = new.flat_map(|message| {
            let before = leaving(&message, &self.shared.announced.parts(&message.topic));
            before.into_iter().chain([message])
        });
        with_those_before.collect()
    }

    /// Remembers that this is sent, before it is.
    pub(super) async fn remember(&mut self, message: &Message) -> Result<(), UplinkError> {
        if !message.retain {
            return Ok(());
        }
        self.keeping.told.insert(message.topic.clone(), hash(message));
        if message.payload.is_empty() {
            return Ok(());
        }
        let parts = self.shared.dialect.components(message);
        Ok(self
            .shared
            .announced
            .remember(vec![(message.topic.clone(), parts)])
            .await?)
    }

    /// A message under this id empties its topic.
    pub(super) fn empties(&mut self, message: &Message, id: u16) {
        if message.retain && message.payload.is_empty() {
            match id {
                // Nobody says that it was taken.
                0 => self.keeping.gone.push(message.topic.clone()),
                _ => drop(self.keeping.emptied.insert(id, message.topic.clone())),
            }
        }
    }

    /// Forgets topics that were emptied.
    pub(super) async fn forget_what_is_gone(&mut self) -> Result<(), UplinkError> {
        if self.keeping.gone.is_empty() {
            return Ok(());
        }
        let gone = std::mem::take(&mut self.keeping.gone);
        Ok(self.shared.announced.forget(gone).await?)
    }
}
