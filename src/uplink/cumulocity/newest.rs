//! The newest of things, which is shown at once though older values still wait (UPLINK §4.2), and the
//! first word on a thing that the platform does not know.

use jiff::Timestamp;

use super::Cumulocity;
use super::series::{measurement, samples};
use crate::domain::{MeterId, Space};
use crate::store::{ReadError, is_possible};
use crate::uplink::connection::wire::Message;
use crate::uplink::live::Thing;
use crate::uplink::world::MeterKnown;

impl Cumulocity {
    /// The newest of something: its registration when it is new, and while older values still wait its newest one,
    /// which the platform shows and does not store.
    pub(super) fn live(&self, thing: &Thing, lags: bool) -> Result<Vec<Message>, ReadError> {
        Ok(match thing {
            // The journal tells alarms, each once.
            Thing::Device | Thing::Alarm(..) | Thing::Alarms => Vec::new(),
            Thing::Meter(serial) => {
                let Some(meter) = self.world.meter(serial)? else {
                    return Ok(Vec::new());
                };
                let child = self.names.meter(serial);
                let new = self.unknown_meter(serial, &child);
                let facts = if new.is_some() {
                    self.meter_facts(&meter)
                } else {
                    Vec::new()
                };
                let newest = lags.then(|| self.newest(&meter, &child)).flatten();
                new.into_iter().chain(facts).chain(newest).collect()
            }
            Thing::Space(id) => {
                let Some(space) = self.world.space(*id)? else {
                    return Ok(Vec::new());
                };
                let child = self.names.space(*id);
                let first = self.unknown_space(&space, &child);
                let count = self.counted(&child, space.last_updated, space.occupancy);
                // The first count of a session stands for all that was before it.
                let transient = lags.then(|| count.map(transient)).flatten();
                first.into_iter().chain(transient).collect()
            }
        })
    }

    fn newest(&self, meter: &MeterKnown, child: &str) -> Option<Message> {
        let values = meter.state.present(Timestamp::now());
        let told = values.keys().filter_map(|quantity| meter.state.values.get(quantity));
        let at = told.map(|latest| latest.at).max()?;
        if !is_possible(at) {
            return None;
        }
        let line = measurement("emop_Reading", at, &samples(&values)).into_iter().next()?;
        Some(transient(self.up(Some(child), line)))
    }

    /// Everything there is to tell of.
    pub(super) fn meters_and_spaces(&self) -> Result<Vec<Thing>, ReadError> {
        let meters = self.world.meters()?.into_iter().map(|meter| Thing::Meter(meter.serial));
        let spaces = self.world.spaces()?.into_iter().map(|space| Thing::Space(space.id));
        Ok(meters.chain(spaces).collect())
    }

    pub(super) fn unknown_meter(&self, serial: &MeterId, child: &str) -> Option<Message> {
        if !self.said().registered.insert(child.to_owned()) {
            return None;
        }
        let known = self.world.meter(serial).ok().flatten();
        let meter = known.unwrap_or_else(|| MeterKnown {
            serial: serial.clone(),
            entry: None,
            state: crate::domain::MeterState::default(),
        });
        Some(self.up(None, self.names.child_meter(&meter)))
    }

    pub(super) fn unknown_space(&self, space: &Space, child: &str) -> Option<Message> {
        let new = self.said().registered.insert(child.to_owned());
        new.then(|| self.up(None, self.names.child_space(space)))
    }

    fn meter_facts(&self, meter: &MeterKnown) -> Vec<Message> {
        self.packed(Some(&self.names.meter(&meter.serial)), self.names.meter_facts(meter))
    }
}

/// Shown, and not stored.
fn transient(message: Message) -> Message {
    Message {
        topic: message.topic.replacen("s/us", "t/us", 1),
        ..message
    }
}
