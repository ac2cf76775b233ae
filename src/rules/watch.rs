//! Holds what comes against the rules, and gathers what is to be written: for each source the row as it is now, and what
//! is to be told of it, together. No I/O but the names of sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::due::Due;
use super::era::ClockSet;
use super::group::Group;
use super::ledger::LevelRow;
use super::level;
use super::machine::Said;
use super::op::Op;
use super::rule::{Rule, Words};
use crate::domain::series::{Sample, unit_of};
use crate::domain::{Alarm, AlarmKey, AlarmNews, Event, Lane, Level, Seq, Source, Space, SpaceId};

/// Where something stands in the journal.
pub(super) type Place = (Lane, Seq);

/// Something that a source said.
pub(super) struct Observation<'a> {
    pub(super) source: &'a Source,
    pub(super) at: Timestamp,
    /// Where it stands in the journal; `None`: nowhere.
    pub(super) place: Option<Place>,
    pub(super) samples: &'a [Sample],
    /// What people call the source.
    pub(super) name: &'a str,
    /// What it said in words.
    pub(super) detail: &'a str,
}

/// Whose row is to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Group(AlarmKey),
    Level(SpaceId),
}

/// A row as it is now; nothing: it need not be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    Group(Option<Box<Group>>),
    Level(Option<LevelRow>),
}

/// Rules, and where they are with each source.
#[derive(Default)]
pub(super) struct Watch {
    rules: Vec<Arc<Rule>>,
    /// What stands before this in the journal was heard from rows.
    pub(super) begun: Seq,
    groups: BTreeMap<AlarmKey, Group>,
    /// Up to where the journal was in what was read from the book: what is not after that is in it already.
    had: BTreeMap<AlarmKey, BTreeMap<Lane, Seq>>,
    levels: BTreeMap<SpaceId, LevelRow>,
    due: Due,
    /// Rows that are to be written, with what is told.
    unwritten: BTreeMap<Owner, Vec<Event>>,
}

impl Watch {
    pub(super) fn new(rules: Vec<Rule>, groups: Vec<(AlarmKey, Group)>, levels: Vec<(SpaceId, LevelRow)>) -> Watch {
        let had = groups
            .iter()
            .map(|(key, group)| (key.clone(), group.read.clone()))
            .collect();
        let mut watch = Watch {
            rules: rules.into_iter().map(Arc::new).collect(),
            had,
            groups: groups.into_iter().collect(),
            levels: levels.into_iter().collect(),
            ..Watch::default()
        };
        for key in watch.groups.keys().cloned().collect::<Vec<_>>() {
            watch.index(&key);
        }
        watch
    }

    /// Rules that are no more or others now, and sources that are gone, let go of their alarms.
    pub(super) fn keep_only(&mut self, now: Timestamp, knows: impl Fn(&Source) -> bool) {
        for key in self.groups.keys().cloned().collect::<Vec<_>>() {
            let known = knows(&key.source);
            let rules: Vec<&Rule> = of(&self.rules, &key).filter(|_| known).collect();
            let group = self.groups.get_mut(&key).expect("its key was just read");
            let (changed, news) = group.keep_only(&key, &rules, now);
            if changed || news.is_some() {
                self.tell(&key, news);
            }
        }
    }

    /// A source is gone.
    pub(super) fn bury(&mut self, source: &Source, place: Place, now: Timestamp) {
        for key in self
            .groups
            .keys()
            .filter(|key| key.source == *source)
            .cloned()
            .collect::<Vec<_>>()
        {
            let group = self.groups.get_mut(&key).expect("its key was just read");
            let (changed, news) = group.keep_only(&key, &[], now);
            group.read.insert(place.0, place.1);
            if changed || news.is_some() {
                self.tell(&key, news);
            }
        }
        if let Source::Space(space) = source
            && self.levels.remove(space).is_some()
        {
            self.unwritten.entry(Owner::Level(*space)).or_default();
        }
    }

    /// Has the silence of these sources count from now on.
    pub(super) fn begin(&mut self, sources: &[Source], now: Timestamp) {
        for rule in self.rules.clone() {
            for source in sources.iter().filter(|source| rule.on.covers(source)) {
                if matches!(rule.parameters.op, Op::Stale { .. }) {
                    let key = key_of(&rule, source);
                    self.groups.entry(key.clone()).or_default().state(&rule).begin(now);
                    self.index(&key);
                }
            }
        }
    }

    /// A source said something; `only`: just these rules hear it.
    pub(super) fn hear(&mut self, heard: &Observation<'_>, only: Option<&BTreeSet<String>>) {
        for at in 0..self.rules.len() {
            let rule = &self.rules[at];
            let wanted = rule.on.covers(heard.source) && only.is_none_or(|only| only.contains(&rule.id));
            let Some(sample) = rule.pick(heard.samples).filter(|_| wanted) else {
                continue;
            };
            let (rule, key) = (Arc::clone(rule), key_of(rule, heard.source));
            if self.has(&key, heard.place) {
                continue;
            }
            let state = self.groups.entry(key.clone()).or_default().state(&rule);
            let phase = state.phase();
            let said = state.sample(&rule.parameters, heard.at, sample.value);
            let changed = phase != state.phase() || !said.is_empty();
            if let Some((lane, seq)) = heard.place {
                self.groups.entry(key.clone()).or_default().read.insert(lane, seq);
            }
            let words = Words {
                name: heard.name,
                unit: sample.unit,
                detail: heard.detail,
                ..Words::default()
            };
            self.say(&key, &rule, said, &words);
            if changed {
                self.unwritten.entry(Owner::Group(key.clone())).or_default();
            }
            self.index(&key);
            self.drop_if_plain(&key);
        }
    }

    /// Whether what stands here in the journal is in a row already.
    fn has(&self, key: &AlarmKey, place: Option<Place>) -> bool {
        place.is_some_and(|(lane, seq)| {
            let had = self.had.get(key).and_then(|had| had.get(&lane));
            had.is_some_and(|had| seq <= *had)
        })
    }

    fn say(&mut self, key: &AlarmKey, rule: &Rule, said: Vec<Said>, words: &Words<'_>) {
        for said in said {
            let group = self.groups.entry(key.clone()).or_default();
            let flapping = matches!(said, Said::Raised { flapping: true, .. });
            let value = group.states.get(&rule.id).and_then(|kept| kept.state.value());
            let wording = rule.wording(&Words {
                value,
                flapping,
                ..words.clone()
            });
            let rules: Vec<&Rule> = of(&self.rules, key).collect();
            let news = group.say(key, &rules, (rule, said, wording));
            self.tell(key, news);
        }
    }

    fn tell(&mut self, key: &AlarmKey, news: Option<(Alarm, AlarmNews)>) {
        let events = self.unwritten.entry(Owner::Group(key.clone())).or_default();
        events.extend(news.map(|(alarm, news)| Event::Alarm { alarm, news }));
        self.index(key);
    }

    /// Somebody has seen these alarms. Whether there was one that nobody had seen before.
    pub(super) fn acknowledge(&mut self, is_meant: impl Fn(&Alarm) -> bool) -> bool {
        let mut any = false;
        for key in self.groups.keys().cloned().collect::<Vec<_>>() {
            let group = self.groups.get_mut(&key).expect("its key was just read");
            let news = group.alarm.as_ref().is_some_and(&is_meant).then(|| group.acknowledge());
            if let Some(news) = news.flatten() {
                self.tell(&key, Some(news));
                any = true;
            }
        }
        any
    }

    /// The count of a space is this.
    pub(super) fn count(&mut self, space: &Space, occupancy: crate::domain::Occupancy, seq: Seq) {
        let known = self.levels.get(&space.id).copied();
        if known.is_some_and(|known| seq <= known.seq) {
            return;
        }
        let before = known.map_or(Level::Free, |known| known.level);
        let level = level::after(before, occupancy, space.thresholds);
        if level == before {
            // Also a row that stays is past this now, should it be written for another reason.
            if let Some(known) = self.levels.get_mut(&space.id) {
                known.seq = seq;
            }
            return;
        }
        self.levels.insert(space.id, LevelRow { level, seq });
        let event = Event::SpaceLevel {
            space: space.id,
            level,
            before,
            occupancy,
        };
        self.unwritten.entry(Owner::Level(space.id)).or_default().push(event);
    }

    /// Time went by; `name` is what people call a source.
    pub(super) fn tick<E>(&mut self, now: Timestamp, name: impl Fn(&Source) -> Result<String, E>) -> Result<(), E> {
        while let Some(key) = self.due.first_until(now) {
            let source_name = name(&key.source)?;
            let words = Words {
                name: &source_name,
                ..Words::default()
            };
            for rule in self.rules.clone().iter().filter(|rule| is_of(rule, &key)) {
                let Some(kept) = self
                    .groups
                    .get_mut(&key)
                    .and_then(|group| group.states.get_mut(&rule.id))
                else {
                    continue;
                };
                let before = kept.state.clone();
                let said = kept.state.tick(&rule.parameters, now);
                if before.phase() != kept.state.phase() || before.is_plain() != kept.state.is_plain() {
                    self.unwritten.entry(Owner::Group(key.clone())).or_default();
                }
                let unit = unit_of(&rule.series);
                self.say(&key, rule, said, &Words { unit, ..words.clone() });
            }
            if let Some(news) = self.groups.get_mut(&key).and_then(|group| group.forget(now)) {
                self.tell(&key, Some(news));
            }
            self.index_after(&key, now);
            self.drop_if_plain(&key);
        }
        Ok(())
    }

    /// The clock was set: nothing lasts longer, or less long, by that.
    pub(super) fn clock_was_set(&mut self, set: &ClockSet) {
        for key in self.groups.keys().cloned().collect::<Vec<_>>() {
            if let Some(group) = self.groups.get_mut(&key) {
                group.clock_was_set(set);
            }
            self.unwritten.entry(Owner::Group(key.clone())).or_default();
            self.index(&key);
        }
    }

    /// When [`Watch::tick`] has something to do.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.next()
    }

    /// What waits to be written: rows as they are now, each with what is told.
    pub(super) fn take_unwritten(&mut self) -> Vec<(Owner, Row, Vec<Event>)> {
        let unwritten = std::mem::take(&mut self.unwritten).into_iter();
        unwritten
            .map(|(owner, events)| {
                let row = match &owner {
                    Owner::Group(key) => Row::Group(
                        self.groups
                            .get(key)
                            .filter(|group| !group.is_plain())
                            .cloned()
                            .map(Box::new),
                    ),
                    Owner::Level(space) => Row::Level(self.levels.get(space).copied()),
                };
                (owner, row, events)
            })
            .collect()
    }

    /// How much waits to be told.
    pub(super) fn untold(&self) -> usize {
        self.unwritten.values().map(|events| events.len() + 1).sum()
    }

    /// Alarms that stand whose rule wants them told once more after a start.
    pub(super) fn resync(&mut self) {
        let wanted = |alarm: &Alarm| self.rules.iter().any(|rule| rule.id == alarm.rule && rule.resync);
        let standing = self
            .groups
            .iter()
            .filter_map(|(key, group)| Some((key, group.alarm.as_ref()?)));
        let again: Vec<(AlarmKey, Alarm)> = standing
            .filter(|(_, alarm)| wanted(alarm))
            .map(|(key, alarm)| (key.clone(), alarm.clone()))
            .collect();
        for (key, alarm) in again {
            self.tell(&key, Some((alarm, AlarmNews::Reminded)));
        }
    }

    fn index(&mut self, key: &AlarmKey) {
        let rules: Vec<&Rule> = of(&self.rules, key).collect();
        let due = self.groups.get(key).and_then(|group| group.due(&rules));
        self.due.set(key, due);
    }

    /// As [`Watch::index`]; what was due and did not go away is looked at a second later.
    fn index_after(&mut self, key: &AlarmKey, now: Timestamp) {
        self.index(key);
        if let Some(due) = self.due.of(key).filter(|due| *due <= now) {
            let later = now.checked_add(SignedDuration::from_secs(1)).unwrap_or(due);
            self.due.set(key, Some(later));
        }
    }

    /// Of counts that are as they should be nothing need be remembered: there may be very many.
    fn drop_if_plain(&mut self, key: &AlarmKey) {
        let droppable = matches!(key.source, Source::Space(_)) && self.due.of(key).is_none();
        let written = !self.unwritten.contains_key(&Owner::Group(key.clone()));
        if droppable && written && self.groups.get(key).is_some_and(Group::is_plain) {
            self.groups.remove(key);
        }
    }
}

/// The rules of a group.
fn of<'a>(rules: &'a [Arc<Rule>], key: &AlarmKey) -> impl Iterator<Item = &'a Rule> {
    rules.iter().map(AsRef::as_ref).filter(|rule| is_of(rule, key))
}

fn is_of(rule: &Rule, key: &AlarmKey) -> bool {
    rule.kind == key.kind && rule.on.covers(&key.source)
}

fn key_of(rule: &Rule, source: &Source) -> AlarmKey {
    AlarmKey {
        kind: rule.kind.clone(),
        source: source.clone(),
    }
}

#[cfg(test)]
mod tests;
