//! What a broker keeps of the box, in a session: nothing retained is sent again unchanged, what is no more is taken from
//! it, and what it is given is remembered before it is.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Session;
use crate::uplink::connection::wire::Message;
use crate::uplink::error::UplinkError;
use crate::uplink::plain::leaving;

impl Session<'_> {
    /// Takes from the broker what it was told of in sessions before and that is no more; says how the box is.
    pub(super) async fn begin_keeping(&mut self) -> Result<(), UplinkError> {
        let Some(kept) = self.context.dialect.retained()? else {
            return Ok(());
        };
        let health = self.link_health();
        self.hello
            .extend(self.context.dialect.health(&health, Timestamp::now()));
        if !self.allowed.retain {
            return Ok(());
        }
        let gone = self.context.announced.besides(&kept);
        if !gone.is_empty() {
            tracing::info!(
                topics = gone.len(),
                "the broker keeps what is no more; it is taken from it"
            );
        }
        let empty = gone.into_iter().map(|topic| Message::new(topic, "").retained());
        self.hello.extend(empty);
        // Together, so that the first session of many things is no row a message.
        let kept = kept.into_iter().filter(|topic| !self.context.announced.knows(topic));
        let kept = kept.map(|topic| (topic, BTreeMap::new())).collect();
        Ok(self.context.announced.remember(kept).await?)
    }

    /// What of these is to be sent, with what must go before it.
    pub(super) fn worth_sending(&self, messages: Vec<Message>) -> Vec<Message> {
        let new = messages.into_iter().filter(|message| self.kept.is_new(message));
        let with_those_before = new.flat_map(|message| {
            let before = leaving(&message, &self.context.announced.parts(&message.topic));
            before.into_iter().chain([message])
        });
        with_those_before.collect()
    }

    /// Remembers that this is sent, before it is.
    pub(super) async fn remember(&mut self, message: &Message) -> Result<(), UplinkError> {
        if !message.retain {
            return Ok(());
        }
        self.kept.sent(message);
        if message.payload.is_empty() {
            return Ok(());
        }
        let parts = self.context.dialect.components(message);
        Ok(self
            .context
            .announced
            .remember(vec![(message.topic.clone(), parts)])
            .await?)
    }

    /// Forgets topics that were emptied.
    pub(super) async fn forget_what_is_gone(&mut self) -> Result<(), UplinkError> {
        let gone = self.kept.take_gone();
        if gone.is_empty() {
            return Ok(());
        }
        Ok(self.context.announced.forget(gone).await?)
    }
}
