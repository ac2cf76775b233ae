//! What rules know of the box: who is there, what people call them, and who may be told of outside.

use jiff::Timestamp;

use crate::domain::series::{Sample, another, no_date, samples, silent, space_samples};
use crate::domain::{Doubt, Health, Meter, MeterId, Quantity, Source, Space, SpaceId};
use crate::store::meters::Meters;
use crate::store::spaces::Spaces;
use crate::store::{ReadError, Store};

/// Rows read at a time.
const PAGE: usize = 256;

/// What the box says beside the book.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxFacts {
    /// What people call the building.
    pub name: String,
    /// Meters of the configuration file.
    pub fixed: Vec<Meter>,
    /// Whether spaces made through the old URLs are told of.
    pub publish_anonymous: bool,
}

/// The box as rules see it.
#[derive(Clone)]
pub(super) struct Context {
    spaces: Spaces,
    meters: Meters,
    facts: BoxFacts,
}

/// What a source said last.
pub(super) struct LastWord {
    pub(super) source: Source,
    pub(super) at: Timestamp,
    pub(super) samples: Vec<Sample>,
    pub(super) detail: String,
}

impl Context {
    pub(super) fn new(store: &Store, facts: BoxFacts) -> Context {
        Context {
            spaces: Spaces::new(store.clone()),
            meters: Meters::new(store.clone()),
            facts,
        }
    }

    /// A space, whether or not anybody is told of it.
    pub(super) fn space(&self, id: SpaceId) -> Result<Option<Space>, ReadError> {
        self.spaces.get(id)
    }

    /// Whether somebody outside is told of a space.
    pub(super) fn is_told(&self, space: &Space) -> bool {
        space.origin.is_by_somebody_known() || self.facts.publish_anonymous
    }

    /// Whether alarms of a source may be: it is there, and is told of.
    pub(super) fn knows(&self, source: &Source) -> Result<bool, ReadError> {
        Ok(match source {
            Source::Appliance => true,
            Source::Meter(meter) => self.is_fixed(meter) || self.meters.get(meter)?.is_some(),
            Source::Space(space) => self.space(*space)?.is_some_and(|space| self.is_told(&space)),
        })
    }

    fn is_fixed(&self, meter: &MeterId) -> bool {
        self.facts.fixed.iter().any(|fixed| fixed.serial == *meter)
    }

    /// What people call a source.
    pub(super) fn name(&self, source: &Source) -> Result<String, ReadError> {
        let name = match source {
            Source::Appliance => Some(self.facts.name.clone()),
            Source::Meter(meter) => {
                let fixed = self.facts.fixed.iter().find(|fixed| fixed.serial == *meter);
                match fixed {
                    Some(fixed) => fixed.name.clone(),
                    None => self.meters.get(meter)?.and_then(|meter| meter.name),
                }
            }
            Source::Space(space) => self.space(*space)?.and_then(|space| space.name),
        };
        Ok(name.unwrap_or_else(|| match source {
            Source::Appliance => "The box".to_owned(),
            Source::Meter(meter) => format!("Meter {meter}"),
            Source::Space(space) => format!("Space {space}"),
        }))
    }

    /// Whether a meter's balance means something: where nobody prepays it is what was left over once.
    pub(super) fn prepays(&self, meter: &MeterId) -> Result<bool, ReadError> {
        let state = self.meters.state(meter)?;
        let enabled = state.and_then(|state| state.values.get(&Quantity::PrepayEnabled)?.value.as_bool());
        Ok(enabled.unwrap_or(true))
    }

    /// Every meter that is known.
    pub(super) fn meters(&self) -> Result<Vec<MeterId>, ReadError> {
        let mut serials: Vec<MeterId> = self.facts.fixed.iter().map(|meter| meter.serial.clone()).collect();
        serials.extend(self.meters.added()?.into_iter().map(|meter| meter.serial));
        serials.sort_unstable();
        serials.dedup();
        Ok(serials)
    }

    /// What every meter and every space that is told of said last.
    pub(super) fn last_words(&self) -> Result<Vec<LastWord>, ReadError> {
        let mut words = Vec::new();
        for serial in self.meters()? {
            let Some(state) = self.meters.state(&serial)? else {
                continue;
            };
            let mut samples = samples(&state.present(Timestamp::now()));
            if !self.prepays(&serial)? {
                samples.retain(|sample| sample.fragment != "emop_Prepay");
            }
            let says = state.identity.as_ref().filter(|identity| identity.another);
            let says = says.map(|identity| {
                let says = identity.says.as_deref().unwrap_or("a serial that nobody can read");
                format!("{says}, expected {serial}")
            });
            samples.extend(state.identity.as_ref().map(|identity| another(identity.another)));
            let drift = state.values.get(&Quantity::ClockDrift);
            samples.extend(drift.map(|drift| no_date(drift.why == Some(Doubt::NoDate))));
            match state.health {
                Health::Healthy => samples.push(silent(false)),
                // Then somebody does answer.
                Health::Unhealthy if says.is_some() => {}
                Health::Unhealthy => samples.push(silent(true)),
                Health::Unknown => {}
            }
            let at = state
                .values
                .values()
                .map(|latest| latest.at)
                .chain(state.answered)
                .max();
            words.push(LastWord {
                source: Source::Meter(serial),
                at: at.unwrap_or(Timestamp::UNIX_EPOCH),
                samples,
                detail: says.unwrap_or(state.health_details),
            });
        }
        self.each_space(|space| {
            words.extend(self.is_told(space).then(|| LastWord {
                source: Source::Space(space.id),
                at: space.last_updated,
                samples: space_samples(space.occupancy).to_vec(),
                detail: String::new(),
            }));
        })?;
        Ok(words)
    }

    /// Every space as it stands.
    pub(super) fn each_space(&self, mut look: impl FnMut(&Space)) -> Result<(), ReadError> {
        let mut after = None;
        loop {
            let spaces = self.spaces.list(after, PAGE)?;
            let Some(last) = spaces.last() else { return Ok(()) };
            after = Some(last.id);
            spaces.iter().for_each(&mut look);
        }
    }
}
