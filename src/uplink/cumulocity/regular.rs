//! What is said at intervals, whether or not something happened (UPLINK §3.4, §3.5): how the road
//! is, and how many people are where. It is made when it is sent: of a time without a session there is nothing to tell
//! that the journal does not tell.

use jiff::Timestamp;

use super::Cumulocity;
use super::series::{Sample, measurement};
use super::smartrest::Line;
use crate::store::ReadError;
use crate::uplink::connection::wire::Message;
use crate::uplink::tallies::LinkHealth;

impl Cumulocity {
    /// How the box itself is.
    #[must_use]
    pub(super) fn how_it_is(&self, health: &LinkHealth, now: Timestamp) -> Vec<Message> {
        let sample = |fragment, series, value, unit| Sample {
            fragment,
            series,
            value,
            unit,
        };
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
        let count = |value: u64| value as f64;
        let mut samples = vec![
            sample("uplink_Queue", "messages", count(health.rows), ""),
            sample("uplink_Queue", "bytes", count(health.bytes), "B"),
            sample("uplink_Queue", "oldest", count(health.oldest_s), "s"),
            sample("uplink_Queue", "dropped", count(health.dropped), ""),
            sample("uplink_Link", "reconnects", count(health.reconnects), ""),
        ];
        if let Some(took) = health.taken_in {
            samples.push(sample("uplink_Link", "rtt", took.as_secs_f64() * 1_000.0, "ms"));
        }
        let lines = measurement("uplink_Health", now, &samples);
        let temperature = self.host.temperature();
        let status = temperature.map(|degrees| Line::new(211).number(degrees).time(now).finish());
        self.packed(None, lines.into_iter().chain(status))
    }

    /// Parts of the box that work now and did not, or the other way round.
    #[must_use]
    pub(super) fn services(&self) -> Vec<Message> {
        let mut said = self.said();
        let mut changed = Vec::new();
        for (name, service) in self.names.services() {
            let state = self.host.part(name);
            // What is not in it was not told in this session, or is told as down for good.
            if let Some(told) = said.parts.get_mut(name)
                && std::mem::replace(told, state) != state
            {
                changed.push(self.up(Some(&service), Line::new(104).text(state.word()).finish()));
            }
        }
        changed
    }

    /// How many people are in each space, as rows have it.
    pub(super) fn who_is_where(&self, now: Timestamp) -> Result<Vec<Message>, ReadError> {
        let mut messages = Vec::new();
        for space in self.world.spaces()? {
            let child = self.names.space(space.id);
            messages.extend(self.unknown_space(&space, &child));
            messages.extend(self.counted(&child, now, space.occupancy));
        }
        Ok(messages)
    }

    /// A subscription is not granted, or is now.
    #[must_use]
    pub(super) fn subscription(&self, granted: bool) -> Message {
        let line = if granted {
            Line::new(306).text("uplink_Subscription")
        } else {
            let text = "the platform did not grant every subscription; operations may not arrive";
            Line::new(303).text("uplink_Subscription").text(text)
        };
        self.up(None, line.finish())
    }

    /// A message was set aside.
    #[must_use]
    pub(super) fn dead_letter(&self, topic: &str) -> Message {
        let text = format!("a message for {topic} cost the session three times and was set aside");
        let line = Line::new(304).text("uplink_DeadLetter").text(&text);
        self.up(None, line.finish())
    }
}
