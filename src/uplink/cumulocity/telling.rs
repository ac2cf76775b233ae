//! Events as lines: what meters say, how many people are where, what became of operations
//! (UPLINK §3.3).

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alarms;
use super::series::{measurement, samples, space_samples, unwritable};
use super::smartrest::Line;
use super::{Cumulocity, EACH, REASON, RESULT, Words};
use crate::domain::{
    Alarm, AlarmNews, Event, MeterId, MeterNews, Occupancy, Operation, OperationState, Quantity, Source, SpaceId,
    number,
};
use crate::store::{Entry, is_possible};
use crate::uplink::connection::wire::Message;
use crate::uplink::names::kind;

impl Cumulocity {
    pub(super) fn event(&self, entry: &Entry, event: &Event) -> Vec<Message> {
        match event {
            Event::Meter { meter, news } => {
                let child = self.names.meter(meter);
                let lines = self.news(entry, meter, news);
                let before = (!lines.is_empty()).then(|| self.unknown_meter(meter, &child)).flatten();
                before
                    .into_iter()
                    .chain(lines.into_iter().map(|line| line.message(self, &child)))
                    .collect()
            }
            Event::SpaceChanged { space, by, occupancy } => self.count(*space, entry, (*by, *occupancy)),
            // It is told by its registration.
            Event::SpaceCreated { space, occupancy, .. } => {
                self.changing().maxima.change(*space, entry.seq, occupancy.maximum);
                Vec::new()
            }
            Event::SpaceRemoved { space, .. } => {
                let child = self.names.space(*space);
                self.said().counts.remove(space);
                let line = Line::new(400)
                    .text("occ_SpaceRemoved")
                    .text("the space is no more")
                    .time(entry.at)
                    .finish();
                let known = self.said().registered.contains(&child);
                known.then(|| self.up(Some(&child), line)).into_iter().collect()
            }
            Event::Operation { operation, state } => self.told_outcome(entry, operation, state),
            Event::Alarm { alarm, news } => self.alarm(entry.at, alarm, *news),
            Event::SelfTest { count } => self.self_test(*count, entry.at).into_iter().collect(),
            // Half-hours are read where they are kept; who meets whom at the relay is nobody's business in the cloud.
            Event::SpaceLevel { .. }
            | Event::ReadingsRecorded { .. }
            | Event::PeerJoined { .. }
            | Event::PeerLeft { .. } => Vec::new(),
        }
    }

    pub(super) fn alarm(&self, at: Timestamp, alarm: &Alarm, news: AlarmNews) -> Vec<Message> {
        // A clock that stood wrong began it.
        let alarm = &Alarm {
            since: if is_possible(alarm.since) { alarm.since } else { at },
            ..alarm.clone()
        };
        let Some(line) = alarms::line(alarm, news, at) else {
            return Vec::new();
        };
        let (child, unknown) = match &alarm.source {
            Source::Appliance => (None, None),
            Source::Meter(meter) => {
                let child = self.names.meter(meter);
                let unknown = self.unknown_meter(meter, &child);
                (Some(child), unknown)
            }
            Source::Space(space) => {
                let child = self.names.space(*space);
                // Of a space that is no more the platform knows from before.
                let row = self.world.space(*space).ok().flatten();
                let unknown = row.and_then(|row| self.unknown_space(&row, &child));
                (Some(child), unknown)
            }
        };
        let line = self.up(child.as_deref(), line);
        unknown.into_iter().chain([line]).collect()
    }

    pub(super) fn news(&self, entry: &Entry, meter: &MeterId, news: &MeterNews) -> Vec<Words> {
        let at = entry.at;
        match news {
            MeterNews::Read { values } => {
                let samples = samples(values);
                self.skipped.fetch_add(unwritable(&samples), Ordering::Relaxed);
                let lines = measurement("emop_Reading", at, &samples);
                let mut words: Vec<Words> = lines.into_iter().map(Words::Line).collect();
                words.extend(self.decreased(entry, meter, values).into_iter().map(Words::Line));
                words.extend(self.settings(entry, meter, values));
                words
            }
            // The alarm says it; what is not believed is not told.
            MeterNews::Silent { .. }
            | MeterNews::Answers
            | MeterNews::Another { .. }
            | MeterNews::Itself
            | MeterNews::Topup { .. }
            | MeterNews::Doubtful { .. } => Vec::new(),
            MeterNews::Logged { at, id, name, .. } => {
                let name = name.clone().unwrap_or_else(|| format!("event {id}"));
                let line = Line::new(400).text(&format!("emop_Event_{id}")).text(&name).time(*at);
                vec![Words::Line(line.finish())]
            }
            MeterNews::Added => Vec::new(),
            MeterNews::Removed => {
                let line = Line::new(400)
                    .text("emop_MeterRemoved")
                    .text("the meter was taken out of the registry");
                vec![Words::Line(line.time(at).finish())]
            }
        }
    }

    /// Settings that changed become part of the inventory; a switch or mode that was another before is an event too. A
    /// tariff has no name in the meter, so it is told by what it says.
    pub(super) fn settings(&self, entry: &Entry, meter: &MeterId, values: &BTreeMap<Quantity, Value>) -> Vec<Words> {
        let mut words = Vec::new();
        for (quantity, kind) in [
            (Quantity::LoadSwitch, Some("emop_LoadSwitchChanged")),
            (Quantity::PrepayEnabled, Some("emop_PrepayModeChanged")),
            (Quantity::Backlight, None),
            (Quantity::TariffsActive, None),
        ] {
            let Some(value) = values.get(&quantity) else { continue };
            let key = (meter.clone(), quantity);
            let before = self.changing().settings.change(key.clone(), entry.seq, value.clone());
            let first = self.said().settings.insert(key);
            let changed = before.filter(|before| before != value);
            if !first && changed.is_none() {
                continue;
            }
            words.push(Words::Inventory(match quantity {
                Quantity::LoadSwitch => json!({"emop_LoadSwitch": {"setting": value}}),
                Quantity::Backlight => json!({"emop_Backlight": {"setting": value}}),
                Quantity::TariffsActive => json!({"emop_Tariff": value}),
                _ => json!({"emop_Prepay": {"enabled": value}}),
            }));
            if let (Some(before), Some(kind)) = (changed, kind) {
                let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let text = format!("{} -> {}", plain(&before), plain(value));
                words.push(Words::Line(
                    Line::new(400).text(kind).text(&text).time(entry.at).finish(),
                ));
            }
        }
        words
    }

    /// Counters of energy that show less than before: a meter was exchanged, or its counter went over its end.
    fn decreased(&self, entry: &Entry, meter: &MeterId, values: &BTreeMap<Quantity, Value>) -> Vec<String> {
        let mut lines = Vec::new();
        for (quantity, value) in values.iter().filter(|(quantity, _)| quantity.is_register()) {
            let Some(value) = number(value) else { continue };
            let key = (meter.clone(), *quantity);
            let before = self.changing().counters.change(key, entry.seq, value);
            if let Some(before) = before.filter(|before| *before > value) {
                let name = serde_json::to_value(quantity).unwrap_or_default();
                let text = format!("{}: {before} -> {value}", name.as_str().unwrap_or_default());
                lines.push(
                    Line::new(400)
                        .text("emop_CounterDecreased")
                        .text(&text)
                        .time(entry.at)
                        .finish(),
                );
            }
        }
        lines
    }

    fn count(&self, space: SpaceId, entry: &Entry, (by, occupancy): (i64, Occupancy)) -> Vec<Message> {
        let at = entry.at;
        // A space that is not told is not in the rows either way; nor is one that is no more.
        let Ok(Some(row)) = self.world.space(space) else {
            return Vec::new();
        };
        let child = self.names.space(space);
        let unknown = self.unknown_space(&row, &child);
        let maximum = self.changing().maxima.change(space, entry.seq, occupancy.maximum);
        let maximum = maximum.filter(|before| *before != occupancy.maximum).map(|before| {
            let text = format!("{before} -> {}", occupancy.maximum);
            Line::new(400).text("occ_MaximumChanged").text(&text).time(at).finish()
        });
        // People leave one by one; many at once were never there.
        let reset = (occupancy.current == 0 && by < -1).then(|| {
            let text = format!("{} -> 0", by.unsigned_abs());
            Line::new(400).text("occ_Reset").text(&text).time(at).finish()
        });
        let events = maximum.into_iter().chain(reset).map(|line| self.up(Some(&child), line));
        let mut said = self.said();
        let before = said.counts.get(&space).copied();
        let sample = if before.is_some_and(|(before, _)| at.duration_since(before).abs() < EACH) {
            said.held.insert(space, (at, occupancy));
            None
        } else {
            said.held.remove(&space);
            said.counts.insert(space, (at, occupancy));
            drop(said);
            self.counted(&child, at, occupancy)
        };
        unknown.into_iter().chain(events).chain(sample).collect()
    }

    pub(super) fn counted(&self, child: &str, at: Timestamp, occupancy: Occupancy) -> Option<Message> {
        let line = measurement("occ_Reading", at, &space_samples(occupancy)).pop()?;
        Some(self.up(Some(child), line))
    }

    /// What became of an operation, with what it changed before it and the note for the audit behind it.
    fn told_outcome(&self, entry: &Entry, operation: &Operation, state: &OperationState) -> Vec<Message> {
        let end = self.outcome(operation, state);
        let changed = match (operation.kind.as_str(), state) {
            (kind::CONFIGURATION, OperationState::Successful(_)) => vec![self.in_force()],
            (kind::DOWNLOAD, OperationState::Successful(_)) => self.installed().unwrap_or_default(),
            _ => Vec::new(),
        };
        let result = match state {
            OperationState::Executing => None,
            OperationState::Failed(_) => Some("failed"),
            OperationState::Successful(_) => Some("done"),
        };
        let audit = result.filter(|_| operation.kind == kind::COMMAND).map(|result| {
            let text = format!("a command from the cloud: {result}");
            Line::new(400).text("uplink_Audit").text(&text).time(entry.at).finish()
        });
        let mut messages = self.packed(None, changed);
        messages.push(end);
        messages.extend(audit.map(|line| self.up(None, line)));
        messages
    }

    fn outcome(&self, operation: &Operation, state: &OperationState) -> Message {
        let target = Some(operation.device.as_str()).filter(|device| *device != self.names.device());
        // Template numbers are three more where operations have ids.
        let (by, subject) = match &operation.id {
            Some(id) => (3, id.as_str()),
            None => (0, operation.kind.as_str()),
        };
        let line = match state {
            OperationState::Executing => Line::new(501 + by).text(subject),
            OperationState::Failed(why) => Line::new(502 + by).text(subject).text_within(why, REASON),
            OperationState::Successful(text) if text.is_empty() => Line::new(503 + by).text(subject),
            OperationState::Successful(text) => Line::new(503 + by).text(subject).text_within(text, RESULT),
        };
        self.up(target, line.finish())
    }

    pub(super) fn self_test(&self, count: u64, at: Timestamp) -> Option<Message> {
        let first = self.world.meters().ok()?.into_iter().next()?;
        #[expect(clippy::cast_precision_loss, reason = "a counter that rises by one a second")]
        let line = Line::new(200)
            .text("c8y_SelfTest")
            .text("seq")
            .number(count as f64)
            .text("")
            .time(at);
        Some(self.up(Some(&self.names.meter(&first.serial)), line.finish()))
    }
}
