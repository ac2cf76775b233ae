//! How a session with a tenant begins and ends: registration, what is in force, the will and the last words
//! (UPLINK §1.2, §2.3, §4.8).

use jiff::Timestamp;

use super::greeting::Greeting;
use super::smartrest::{Line, PAYLOAD};
use super::{Cumulocity, Said};
use crate::store::ReadError;
use crate::uplink::config::Reports;
use crate::uplink::connection::wire::Message;
use crate::uplink::host::Section;
use crate::uplink::installed::Installed;

impl Cumulocity {
    /// What the platform is told when the box is gone without a word.
    #[must_use]
    pub(super) fn last_will(&self) -> Message {
        self.up(
            None,
            Line::new(400).text("c8y_ConnectionEvent").text("Uplink lost").finish(),
        )
    }

    /// Registration, in the order in which the platform needs it. What it has acknowledged in the last day, and what
    /// is still the same, is left out.
    pub(super) fn hello(&self) -> Result<Vec<Message>, ReadError> {
        *self.said() = Said::default();
        let (meters, spaces) = (self.world.meters()?, self.world.spaces()?);
        let facts = self.world.facts();
        let part = |(name, _): (&'static str, String)| (name, self.host.part(name));
        self.said().parts = self.names.services().map(part).collect();
        // What is acknowledged up to a space's last change is how the platform knows it.
        let told = self.world.told_values();
        for space in spaces.iter().filter(|space| space.seq <= told) {
            let mut before = self.changing();
            before.maxima.begin(space.id, space.seq, space.occupancy.maximum);
        }
        let mut own = vec![self.names.appliance(&facts.name)];
        own.extend(meters.iter().map(|meter| self.names.child_meter(meter)));
        own.extend(spaces.iter().map(|space| self.names.child_space(space)));
        own.extend(self.names.facts(self.position, &*self.host));
        own.push(self.in_force());
        own.extend(self.installed()?);
        let mut greeting = self.greeting();
        greeting.begin(Timestamp::now());
        own.retain(|line| greeting.is_to_be_said(line));
        let mut messages = self.packed(None, own);
        for meter in &meters {
            let child = self.names.meter(&meter.serial);
            let mut lines = self.names.meter_facts(meter);
            lines.retain(|line| greeting.is_to_be_said(&format!("{child} {line}")));
            messages.extend(self.packed(Some(&child), lines));
        }
        drop(greeting);
        let mut said = self.said();
        said.registered
            .extend(meters.iter().map(|meter| self.names.meter(&meter.serial)));
        said.registered
            .extend(spaces.iter().map(|space| self.names.space(space.id)));
        Ok(messages)
    }

    /// The whole greeting is acknowledged.
    pub(super) fn greeted(&self, now: Timestamp) {
        self.greeting().acknowledged(now);
    }

    /// The configuration in force, as the platform shows it.
    pub(super) fn in_force(&self) -> String {
        let text = self.host.configuration(Section::Whole);
        let line = Line::new(113).text(&text).finish();
        if line.len() <= PAYLOAD {
            return line;
        }
        // Half of one would be sent back as if it were all.
        let text = "# It is too long to be shown here; ask for its parts as files.";
        Line::new(113).text(text).finish()
    }

    /// Files of configuration that are in force.
    pub(super) fn installed(&self) -> Result<Vec<String>, ReadError> {
        let line = |file: Installed| {
            let line = Line::new(120).text(&file.kind).text(&file.url).text(&file.name);
            line.time(file.at).finish()
        };
        Ok(self.world.installed()?.into_iter().map(line).collect())
    }

    /// What is said when the subscriptions stand. `orphans`: what this box does not know to be under way is not.
    #[must_use]
    pub(super) fn listening(&self, orphans: bool) -> Vec<Message> {
        let end = orphans.then(|| Line::new(507).text("").text("agent restarted").finish());
        // Only lines have no number in them that says for whom a file is.
        let number = (self.reports == Reports::Smartrest).then(|| Line::new(123).finish());
        let lines = end.into_iter().chain(number).chain([Line::new(500).finish()]);
        lines.map(|line| self.up(None, line)).collect()
    }

    /// What is said last, when the box stops in order.
    #[must_use]
    pub(super) fn goodbye(&self) -> Vec<Message> {
        // What is said now contradicts the greeting, so the next one is whole.
        *self.greeting() = Greeting::default();
        self.said().parts.clear();
        let services = self
            .names
            .services()
            .map(|(_, service)| self.up(Some(&service), Line::new(104).text("down").finish()));
        services.collect()
    }
}
