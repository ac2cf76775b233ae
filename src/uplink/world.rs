//! What the uplink knows of the box: rows that other rooms keep, read where everybody may read them.

use std::sync::Arc;

use jiff::Timestamp;

use super::alarm_rules::AlarmRules;
use super::installed::{self, Installed};
use super::names::READER;
use crate::domain::{Alarm, Lane, Meter, MeterId, MeterState, Seq, Source, Space, SpaceId};
use crate::store::alarms::Alarms;
use crate::store::meters::Meters;
use crate::store::spaces::Spaces;
use crate::store::{ReadError, Store};

/// Rows read at a time.
const PAGE: usize = 256;

/// The box as the uplink sees it.
#[derive(Clone)]
pub struct World {
    meters: Meters,
    spaces: Spaces,
    alarms: Alarms,
    store: Store,
    facts: BoxFacts,
}

/// What the box says to the room beside its own section.
#[derive(Clone)]
pub struct BoxFacts {
    /// What people call the building.
    pub name: String,
    /// Meters of the configuration file.
    pub fixed: Vec<Meter>,
    /// Whether spaces made through the old URLs go to the cloud.
    pub publish_anonymous: bool,
    /// When the box was started.
    pub started: Timestamp,
    /// Where its pages are, for people; absent: nowhere.
    pub pages: Option<String>,
    /// The rules in force, and who has seen their alarms.
    pub alarms: Arc<dyn AlarmRules>,
}

/// A meter as the uplink tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct MeterKnown {
    pub serial: MeterId,
    /// Its entry in the registry, as far as it has one.
    pub entry: Option<Meter>,
    /// What was last known of it.
    pub state: MeterState,
}

impl MeterKnown {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.entry.as_ref().and_then(|entry| entry.name.clone());
        name.unwrap_or_else(|| format!("Meter {}", self.serial))
    }
}

impl World {
    /// The box with this book.
    #[must_use]
    pub fn new(store: &Store, facts: BoxFacts) -> World {
        World {
            meters: Meters::new(store.clone()),
            spaces: Spaces::new(store.clone()),
            alarms: Alarms::new(store.clone()),
            store: store.clone(),
            facts,
        }
    }

    /// What the box says beside the book.
    #[must_use]
    pub fn facts(&self) -> &BoxFacts {
        &self.facts
    }

    /// An alarm that stands and that the broker has been told of: what was not is on its way in the journal, behind
    /// what happened before it.
    pub fn told_alarm(&self, kind: &str, source: &Source) -> Result<Option<Alarm>, ReadError> {
        let until = self.store.acknowledged(READER, Lane::Critical).unwrap_or_default();
        self.alarms.told(kind, source, until)
    }

    /// Up to where the broker has taken every value.
    #[must_use]
    pub fn told_values(&self) -> Seq {
        self.store.acknowledged(READER, Lane::Measurement).unwrap_or_default()
    }

    /// The alarms of the box.
    #[must_use]
    pub fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// Every meter of the registry, by serial.
    pub fn meters(&self) -> Result<Vec<MeterKnown>, ReadError> {
        let mut entries = self.meters.added()?;
        entries.retain(|added| !self.facts.fixed.iter().any(|fixed| fixed.serial == added.serial));
        entries.extend(self.facts.fixed.iter().cloned());
        entries.sort_by(|one, other| one.serial.cmp(&other.serial));
        let known = entries.into_iter().map(|entry| {
            Ok(MeterKnown {
                serial: entry.serial.clone(),
                state: self.meters.state(&entry.serial)?.unwrap_or_default(),
                entry: Some(entry),
            })
        });
        known.collect()
    }

    /// One meter, unless it is in no registry.
    pub fn meter(&self, serial: &MeterId) -> Result<Option<MeterKnown>, ReadError> {
        let fixed = self.facts.fixed.iter().find(|fixed| fixed.serial == *serial).cloned();
        let entry = match fixed {
            Some(fixed) => Some(fixed),
            None => self.meters.get(serial)?,
        };
        let state = self.meters.state(serial)?;
        Ok(entry.is_some().then(|| MeterKnown {
            serial: serial.clone(),
            entry,
            state: state.unwrap_or_default(),
        }))
    }

    /// Files of configuration that the cloud sent and that are in force.
    pub fn installed(&self) -> Result<Vec<Installed>, ReadError> {
        installed::all(&self.store)
    }

    /// Every space that goes to the cloud.
    pub fn spaces(&self) -> Result<Vec<Space>, ReadError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.spaces.list(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id);
            found.extend(page.into_iter().filter(|space| self.is_told(space)));
        }
    }

    /// One space, unless there is none or it does not go to the cloud.
    pub fn space(&self, id: SpaceId) -> Result<Option<Space>, ReadError> {
        Ok(self.spaces.get(id)?.filter(|space| self.is_told(space)))
    }

    /// Whether there is such a space and nobody is told of it. Whoever knows the id of one may use it, so not even that
    /// goes out.
    pub fn hides_space(&self, id: SpaceId) -> Result<bool, ReadError> {
        Ok(self.spaces.get(id)?.is_some_and(|space| !self.is_told(&space)))
    }

    fn is_told(&self, space: &Space) -> bool {
        space.origin.is_by_somebody_known() || self.facts.publish_anonymous
    }
}
