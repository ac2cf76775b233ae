//! What is said to a plain broker, and how what comes from it is read.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::discovery::{self, Discovery};
use super::{OWN_ALARMS, Plain, asked, heard_on, source_part, stamp};
use crate::domain::units::count;
use crate::domain::{AlarmKey, Lane, Source};
use crate::store::{Delivery, ReadError};
use crate::uplink::announced::Parts;
use crate::uplink::connection::wire::{Delivered, Message};
use crate::uplink::dialect::{Dialect, Meaning};
use crate::uplink::live::Thing;
use crate::uplink::tallies::LinkHealth;
use crate::uplink::topic::Topic;

impl Dialect for Plain {
    fn will(&self) -> Message {
        Message::new(self.topics.status(), "offline").retained()
    }

    fn birth(&self) -> Result<Vec<Message>, ReadError> {
        Ok(vec![
            Message::new(self.topics.status(), "online").retained(),
            self.info()?,
        ])
    }

    fn death(&self) -> Vec<Message> {
        vec![self.will()]
    }

    fn subscriptions(&self, wildcards: bool) -> Vec<Topic> {
        let birth = self.discovery.as_ref().map(Discovery::birth_topic);
        heard_on(birth, &self.commands, &self.topics, wildcards)
    }

    fn heard(&self, delivered: &Delivered) -> Vec<Meaning> {
        let birth = self.discovery.as_ref().map(Discovery::birth_topic);
        if birth.as_deref() == Some(delivered.topic.as_str()) {
            // One that was kept is of long ago: everything was told since.
            let born = delivered.payload.as_ref() == b"online" && !delivered.retained;
            return born.then_some(Meaning::TellAll).into_iter().collect();
        }
        let asked = asked::asked(&self.topics, &self.client_id, delivered);
        asked
            .map(|asked| Meaning::Operations(vec![asked]))
            .into_iter()
            .collect()
    }

    fn things(&self) -> Result<Vec<Thing>, ReadError> {
        let meters = self.world.meters()?.into_iter().map(|meter| Thing::Meter(meter.serial));
        let spaces = self.world.spaces()?.into_iter().map(|space| Thing::Space(space.id));
        let alarms = self.world.alarms().standing()?.into_iter();
        let alarms = alarms.map(|alarm| Thing::Alarm(alarm.kind, alarm.source));
        let own = [Thing::Device, Thing::Alarms];
        Ok(own.into_iter().chain(meters).chain(spaces).chain(alarms).collect())
    }

    fn newest(&self, thing: &Thing, _lags: bool) -> Result<Vec<Message>, ReadError> {
        Ok(match thing {
            Thing::Device => {
                let alarms = self.alarm_kinds(&Source::Appliance);
                let box_itself = self.discovery.as_ref();
                let told = box_itself.map(|discovery| discovery.device(self.world.facts(), &alarms));
                told.into_iter().chain([self.info()?]).collect()
            }
            Thing::Alarms => self.which_alarms()?.into_iter().collect(),
            // What does not stand any more was told as over by the journal.
            Thing::Alarm(kind, source) => {
                let alarm = self.world.told_alarm(kind, source)?;
                alarm.iter().map(|alarm| self.alarm(alarm, None)).collect()
            }
            Thing::Meter(serial) => match self.world.meter(serial)? {
                Some(meter) => self.meter(&meter),
                None => self.no_meter(serial),
            },
            Thing::Space(id) if self.world.hides_space(*id)? => Vec::new(),
            Thing::Space(id) => match self.world.space(*id)? {
                Some(space) => self.space(&space),
                None => {
                    let gone = self.discovery.as_ref().map(|discovery| discovery.no_space(*id));
                    let state = Message::new(self.topics.space(*id, "state"), "").retained();
                    gone.into_iter().chain([state]).collect()
                }
            },
        })
    }

    fn journal(&self, lane: Lane, delivery: &Delivery) -> Vec<Message> {
        match delivery {
            Delivery::Entry(entry) => entry
                .events
                .iter()
                .enumerate()
                .filter_map(|(place, event)| self.event(entry, place, event))
                .collect(),
            Delivery::Gap(gap) => {
                let text = format!(
                    "lost before they were sent: up to {} ({} to {})",
                    count(gap.n, "entry", "entries"),
                    gap.from,
                    gap.to
                );
                let body = json!({"severity": "MINOR", "text": text, "active": true, "lane": lane});
                vec![Message::new(self.topics.alarm(OWN_ALARMS[1], "appliance"), body.to_string()).retained()]
            }
        }
    }

    fn health(&self, link: &LinkHealth, _now: Timestamp) -> Vec<Message> {
        // What cannot be read now is told next time.
        self.how_it_is(link).ok().flatten().into_iter().collect()
    }

    fn retained(&self) -> Result<Option<BTreeSet<String>>, ReadError> {
        let topics = &self.topics;
        let mut kept = BTreeSet::from([topics.status(), topics.info()]);
        let discovery = self.discovery.as_ref();
        kept.extend(discovery.map(Discovery::box_topic));
        kept.extend(discovery.map(|_| topics.health()));
        kept.extend(discovery.map(|_| topics.alarms()));
        for meter in self.world.meters()? {
            kept.extend(["state", "availability"].map(|last| topics.meter(&meter.serial, last)));
            kept.extend(discovery.map(|discovery| discovery.meter_topic(&meter.serial)));
        }
        for space in self.world.spaces()? {
            kept.insert(topics.space(space.id, "state"));
            kept.extend(discovery.map(|discovery| discovery.space_topic(space.id)));
        }
        for AlarmKey { kind, source } in self.world.alarms().told_of()? {
            kept.insert(topics.alarm(&kind, &source_part(&source)));
        }
        kept.extend(OWN_ALARMS.map(|kind| topics.alarm(kind, "appliance")));
        Ok(Some(kept))
    }

    fn components(&self, message: &Message) -> Parts {
        let is_ours = |discovery: &Discovery| discovery.is_config(&message.topic);
        if self.discovery.as_ref().is_some_and(is_ours) {
            discovery::parts(message)
        } else {
            Parts::new()
        }
    }

    fn set_aside(&self, topic: &str) -> Message {
        let text = format!("a message for {topic} cost the session three times and was set aside");
        let body = json!({"ts": stamp(Timestamp::now()), "severity": "WARNING", "text": text, "active": true});
        Message::new(self.topics.alarm(OWN_ALARMS[0], "appliance"), body.to_string()).retained()
    }
}
