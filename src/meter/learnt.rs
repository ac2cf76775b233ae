//! What the box learns of what is asked for somebody (`command.rs`): whatever is read for a person, a program or the
//! cloud is written down as if the box had asked itself, and what was written to a meter is read back soon.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::driver::{Command, Findings, Rank, Syncer};
use super::emop::blank::is_blank;
use super::emop::event_log::events;
use super::emop::message::{Message, Way};
use super::emop::tariff::Which;
use super::emop::{MeterTime, ObjectId, ProfileLog};
use super::half_hours::records;
use super::reads::HEADER;
use super::room::Meters;
use super::said::{is_date, is_kept, said, tariff};
use super::served::{Questions, Served};

/// A tariff is written as eleven objects and read as ten: they are one tariff when no more time lies between them.
const TOGETHER: Duration = Duration::from_secs(600);
/// After an object of a tariff was written, it is read back when no other one was written for so long.
const SETTLED: Duration = Duration::from_secs(10);

/// What a request does to what is known.
pub(super) enum Effect {
    /// An object was read.
    Read(ObjectId),
    /// Something was written: this is to be read again after a while.
    Wrote(Syncer, Duration),
    /// A page of the meter's own log was read.
    Events,
    /// Half-hours were read, from a moment on.
    HalfHours(ProfileLog, MeterTime),
    /// Nothing that is kept.
    None,
}

impl Effect {
    /// Whether the meter's clock is set.
    pub(super) fn sets_clock(&self) -> bool {
        matches!(self, Effect::Wrote(Syncer::ClockDiff, _))
    }
}

impl Meters {
    /// What a command will do to what is known.
    pub(super) fn effect(&self, command: &Command) -> Effect {
        let request = match command {
            Command::SetClock => return Effect::Wrote(Syncer::ClockDiff, Duration::ZERO),
            Command::Ask(request) => request,
        };
        let Ok(data) = self.dialect().data_field(request) else {
            return Effect::None;
        };
        match Message::of(&data, self.dialect().inferred()) {
            Message::Object {
                object,
                way: Way::Read,
                payload: [],
            } => Effect::Read(object),
            Message::Object { object, .. } => {
                let known = self.dialect().catalogue().of(object);
                known.map_or(Effect::None, |object| wrote(&object.name))
            }
            Message::Events { .. } => Effect::Events,
            Message::Profile { log, start, .. } => Effect::HalfHours(log, start),
            Message::Intervals(_) | Message::Other(_) => Effect::None,
        }
    }

    /// Takes over what an answer says; `None`: a refusal, which says that the meter is there.
    pub(super) async fn learn(&self, served: &Arc<Served>, effect: &Effect, reply: Option<&[u8]>) {
        let was_silent = served.live().plan.is_silent();
        let now = self.store.now();
        let mut news = served.answered(now);
        let mut asks_anew = was_silent;
        let mut findings = Findings::default();
        match (effect, reply) {
            (Effect::Read(object), reply) => {
                if self.is_kept(*object) && self.is_right_meter(served).await {
                    findings = self.findings(served, *object, reply, now);
                }
            }
            (Effect::Wrote(syncer, after), Some(_)) => {
                let mut live = served.live();
                live.plan.ask_at(*syncer, Instant::now() + *after);
                if *syncer == Syncer::TariffsFuture {
                    // What was read of it before is no part of it any more.
                    live.parts.retain(|name, _| !name.starts_with("tariff_future_"));
                }
                asks_anew = true;
            }
            (Effect::Events, Some(reply)) => asks_anew |= self.has_new_events(served, reply, now),
            (Effect::HalfHours(log, start), Some(reply)) => {
                let block = reply.get(HEADER..).unwrap_or_default();
                if self.is_right_meter(served).await
                    && let Some(hardware) = served.hardware()
                {
                    let said = (self.dialect().as_ref(), hardware);
                    self.file(&served.meter.serial, &records((*log, *start, block), said, now))
                        .await;
                }
            }
            (Effect::Wrote(..) | Effect::Events | Effect::HalfHours(..), None) | (Effect::None, _) => {}
        }
        let found = !findings.values.is_empty();
        if found {
            news.extend(served.found(findings, now, &self.config.polling));
        }
        if found || !news.is_empty() {
            self.notes.add(&served.meter.serial, news);
        }
        if found || asks_anew {
            self.tell(served);
        }
        if found {
            self.notes.on_disk().await;
        }
    }

    /// Whether an object holds something that is kept.
    fn is_kept(&self, object: ObjectId) -> bool {
        let catalogue = self.dialect().catalogue();
        let Some(object) = catalogue.of(object) else {
            return false;
        };
        let of_tariff = |which: Which| which.objects(catalogue).any(|one| one.id == object.id);
        is_kept(&object.name) || of_tariff(Which::Active) || of_tariff(Which::Future)
    }

    /// Whether it is certain enough who answers, and what kind of meter: what is learnt before that was asked is not
    /// written down.
    async fn is_right_meter(&self, served: &Arc<Served>) -> bool {
        let known = !served.must_say_who(Instant::now());
        if known && served.hardware().is_some() {
            return true;
        }
        if !self.notes.is_kept() {
            return false;
        }
        let meter = Questions {
            served,
            rank: Rank::People,
            limit: self.one_try(),
        };
        match self.identify(&meter).await {
            Ok(right) => right,
            Err(error) => {
                tracing::debug!(meter.id = %served.meter.serial, %error, "a meter did not say who it is; what it said is not written down");
                false
            }
        }
    }

    fn findings(&self, served: &Served, object: ObjectId, reply: Option<&[u8]>, now: Timestamp) -> Findings {
        let dialect = self.dialect();
        let Some(object) = dialect.catalogue().of(object) else {
            return Findings::default();
        };
        let payload = reply.map(|reply| reply.get(HEADER..).unwrap_or_default());
        for which in [Which::Active, Which::Future] {
            let mut objects = which.objects(dialect.catalogue());
            if objects.any(|one| one.name == object.name) {
                let value = payload.filter(|payload| !is_blank(object.kind, payload));
                let value = value.and_then(|payload| dialect.value(object.id, payload).ok());
                served
                    .live()
                    .parts
                    .insert(object.name.to_string(), (value, Instant::now()));
                return self.whole_tariff(served, which);
            }
        }
        match (served.hardware(), payload) {
            (Some(hardware), Some(payload)) => Findings::of(said(object, payload, (dialect, hardware), now)),
            _ => Findings::default(),
        }
    }

    /// A tariff, once all of its objects were read one after the other.
    fn whole_tariff(&self, served: &Served, which: Which) -> Findings {
        let names: Vec<String> = which
            .objects(self.dialect().catalogue())
            .map(|object| object.name.to_string())
            .collect();
        let now = Instant::now();
        let mut live = served.live();
        live.parts.retain(|_, (_, at)| now.duration_since(*at) <= TOGETHER);
        if !names.iter().all(|name| live.parts.contains_key(name)) {
            return Findings::default();
        }
        let read: BTreeMap<&String, _> = names
            .iter()
            .filter_map(|name| Some((name, live.parts.remove(name)?.0?)))
            .collect();
        if read.is_empty() {
            // All of it was refused: a meter without tariffs.
            return Findings::default();
        }
        let shown = which.shown(|name| read.get(&name.to_owned()).cloned());
        Findings::of(vec![tariff(which, shown)])
    }

    /// Whether a page of the log has what was not seen yet; then the log is read as it always is.
    fn has_new_events(&self, served: &Served, reply: &[u8], now: Timestamp) -> bool {
        let layout = &self.dialect().inferred().event;
        let Ok(events) = events(reply.get(HEADER..).unwrap_or_default(), layout) else {
            return false;
        };
        let mut live = served.live();
        let seen = live.state.events_seen;
        let new = events
            .iter()
            .any(|event| event.id != 0 && is_date(event.at, now) && seen.is_none_or(|seen| event.at.0 > seen));
        if new {
            live.plan.ask_at(Syncer::EventLog, Instant::now());
        }
        new
    }
}

/// What is to be read again after an object was written.
fn wrote(object: &str) -> Effect {
    let syncer = match object {
        "time" => Syncer::ClockDiff,
        "prepay_enabled_flag" => Syncer::PrepayEnabled,
        "daylight_savings_correction_flag" => Syncer::DaylightSavingsEnabled,
        "backlight" => Syncer::Backlight,
        "load_switch" => Syncer::LoadSwitch,
        name if name.starts_with("tariff_future_") => return Effect::Wrote(Syncer::TariffsFuture, SETTLED),
        _ => return Effect::None,
    };
    Effect::Wrote(syncer, Duration::ZERO)
}
