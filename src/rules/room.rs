//! The reader of the journal that holds what is said against the rules. An alarm's beginning or end and the state it
//! comes from are one change, and each row knows up to where the journal is in it: what comes again after a crash is
//! not told again, and nothing is left out.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::context::{BoxFacts, Context};
use super::entry::Entry;
use super::era::Era;
use super::inbox::{Gauges, Inbox, Seen};
use super::ledger::{self, BEGUN, IN_FORCE};
use super::rule::Rule;
use super::rulebook::rules;
use super::watch::{Observation, Watch};
use super::writing::write;
use crate::domain::series::{Sample, another, no_date, samples, silent, space_samples, topups_in_doubt};
use crate::domain::{Doubt, Event, Faults, Lane, MeterNews, Occupancy, Quantity, Seq, Source, SpaceId};
use crate::store::{
    ClockState, Delivery, Entry as JournalEntry, FollowError, ReadError, Store, SubscribeError, Subscription,
};

/// The name of the reader in the journal.
pub const READER: &str = "rules";
/// How long more is waited for, to be written together.
const GATHER: Duration = Duration::from_millis(20);
/// What waits to be told is written at the latest when it is so much.
const ENOUGH: usize = 64;
/// Deliveries that are heard before they are acknowledged.
const DELIVERIES: usize = 2_000;
/// How often is looked whether something is due.
const LOOK: Duration = Duration::from_millis(200);
/// How often the box looks at itself.
const GAUGED: Duration = Duration::from_secs(10);

/// The room.
pub struct Rules {
    rules: Vec<Rule>,
    store: Store,
    context: Context,
    gauges: Gauges,
    inbox: Inbox,
}

/// The lanes of the journal.
struct Lanes {
    critical: Subscription,
    events: Subscription,
    values: Subscription,
}

impl Rules {
    /// The room on this book with these entries; nothing runs yet.
    pub fn new(
        entries: &[Entry],
        (store, facts): (Store, BoxFacts),
        gauges: Gauges,
        inbox: Inbox,
    ) -> Result<Arc<Rules>, Faults> {
        let rules = rules(entries)?;
        inbox.set_rules(&rules);
        inbox.set_gauges(&gauges);
        Ok(Arc::new(Rules {
            rules,
            context: Context::new(&store, facts),
            store,
            gauges,
            inbox,
        }))
    }

    /// The first time in a book: rules hear what every source said last, and from the next change on the journal. To be
    /// called before anybody else writes, for a new cursor is on disk only a moment after it was taken: what comes first
    /// is not lost to a box that is killed meanwhile, and what was long ago is not told as if it were now.
    pub async fn prepare(&self) -> Result<(), FollowError> {
        if BEGUN.get(&self.store, &[])?.is_some() {
            return Ok(());
        }
        let mut watch = self.begin().await?;
        self.context
            .each_space(|space| watch.count(space, space.occupancy, space.seq))?;
        write(&self.store, &mut watch).await?;
        self.store
            .write_patiently(|page| {
                let seq = page.seq();
                BEGUN.put_on(page, &[], &seq)
            })
            .await?;
        Ok(())
    }

    /// Has the journal kept for the rules from now on.
    pub fn hold_the_journal(&self) {
        // While the rules of before still have the cursors, they stand.
        drop(self.lanes());
    }

    fn lanes(&self) -> Result<Lanes, SubscribeError> {
        Ok(Lanes {
            critical: self.store.subscribe_from_oldest(READER, Lane::Critical)?,
            events: self.store.subscribe_from_oldest(READER, Lane::Event)?,
            values: self.store.subscribe_from_oldest(READER, Lane::Measurement)?,
        })
    }

    /// Holds what is said against the rules until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), FollowError> {
        let mut lanes = self.lanes()?;
        self.prepare().await?;
        let begun = BEGUN.get(&self.store, &[])?.unwrap_or_default();
        let mut watch = self.begin().await?;
        watch.begun = begun;
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut gauged = interval(GAUGED);
        gauged.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Time goes on up to a moment once everything is heard that was written before it.
        let mut moment: Option<(Timestamp, Seq)> = None;
        let mut era = Era::begin();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                first = lanes.critical.next() => self.hear_all(&mut watch, first?, &mut lanes.critical).await?,
                first = lanes.events.next() => self.hear_all(&mut watch, first?, &mut lanes.events).await?,
                first = lanes.values.next() => self.hear_all(&mut watch, first?, &mut lanes.values).await?,
                () = self.inbox.changed() => {
                    let mut told = Vec::new();
                    for seen in self.inbox.take_seen() {
                        match seen {
                            Seen::Named(name) => {
                                watch.acknowledge(|alarm| alarm.rule == name || alarm.kind == name);
                            }
                            Seen::One(key, tells) => told.push((watch.acknowledge(|alarm| alarm.key() == key), tells)),
                        }
                    }
                    write(&self.store, &mut watch).await?;
                    for (seen, tells) in told {
                        // Whoever asked may be gone.
                        let _ = tells.send(seen);
                    }
                }
                _ = gauged.tick() => {
                    self.gauge(&mut watch);
                    write(&self.store, &mut watch).await?;
                }
                _ = looks.tick() => {
                    if let Some(set) = era.look() {
                        watch.clock_was_set(&set);
                        moment = None;
                    }
                    moment = self.look(&mut watch, moment)?;
                    write(&self.store, &mut watch).await?;
                }
            }
        }
    }

    /// Where the rules are, from the book: those that are others now have let go of their alarms and have heard what
    /// every source said last.
    async fn begin(&self) -> Result<Watch, FollowError> {
        let now = Timestamp::now();
        let (groups, levels) = (ledger::groups(&self.store)?, ledger::levels(&self.store)?);
        let mut watch = Watch::new(self.rules.clone(), groups, levels);
        let unread = |error: &ReadError| tracing::error!(%error, "a source of an alarm could not be looked up");
        // A source that cannot be read is not one that is gone.
        watch.keep_only(now, |source| {
            self.context.knows(source).inspect_err(unread).unwrap_or(true)
        });
        watch.resync();
        let meters: Vec<Source> = self.context.meters()?.into_iter().map(Source::Meter).collect();
        watch.begin(&meters, now);
        let before = IN_FORCE.all(&self.store)?;
        let in_force = |rule: &&Rule| {
            let known = before.iter().find(|(id, _)| id == rule.id.as_bytes());
            known.is_some_and(|(_, fingerprint)| *fingerprint == rule.fingerprint())
        };
        let new: BTreeSet<String> = self
            .rules
            .iter()
            .filter(|rule| !in_force(rule))
            .map(|rule| rule.id.clone())
            .collect();
        if !new.is_empty() {
            for word in self.context.last_words()? {
                let name = self.context.name(&word.source)?;
                let heard = Observation {
                    source: &word.source,
                    at: word.at.min(now),
                    place: None,
                    samples: &word.samples,
                    name: &name,
                    detail: &word.detail,
                };
                watch.hear(&heard, Some(&new));
            }
        }
        write(&self.store, &mut watch).await?;
        let fingerprints: Vec<(String, u32)> = self
            .rules
            .iter()
            .map(|rule| (rule.id.clone(), rule.fingerprint()))
            .collect();
        let gone: Vec<Vec<u8>> = before
            .into_iter()
            .map(|(id, _)| id)
            .filter(|id| !self.rules.iter().any(|rule| rule.id.as_bytes() == id))
            .collect();
        if !new.is_empty() || !gone.is_empty() {
            for some in fingerprints.chunks(100) {
                let (some, gone) = (some.to_vec(), gone.clone());
                self.store
                    .write_patiently(move |page| {
                        gone.iter().take(20).for_each(|id| IN_FORCE.delete_on(page, id));
                        some.iter()
                            .try_for_each(|(id, fingerprint)| IN_FORCE.put_on(page, id.as_bytes(), fingerprint))
                    })
                    .await?;
            }
        }
        Ok(watch)
    }

    /// Hears what came and what follows at once, writes what came of it, then acknowledges it.
    async fn hear_all(&self, watch: &mut Watch, first: Delivery, lane: &mut Subscription) -> Result<(), FollowError> {
        let mut seqs = vec![first.seq()];
        self.hear(watch, &first)?;
        let end = sleep(GATHER);
        tokio::pin!(end);
        while watch.untold() < ENOUGH && seqs.len() < DELIVERIES {
            tokio::select! {
                biased;
                next = lane.next() => {
                    let next = next?;
                    seqs.push(next.seq());
                    self.hear(watch, &next)?;
                }
                () = &mut end => break,
            }
        }
        write(&self.store, watch).await?;
        lane.ack_all(seqs);
        Ok(())
    }

    fn hear(&self, watch: &mut Watch, delivery: &Delivery) -> Result<(), ReadError> {
        // What was lost cannot be heard; the next value says how it is.
        let Delivery::Entry(entry) = delivery else {
            return Ok(());
        };
        for event in &entry.events {
            let place = Some((event.lane(), entry.seq));
            match event {
                Event::SpaceCreated { space, occupancy, .. } | Event::SpaceChanged { space, occupancy, .. } => {
                    self.hear_count(watch, (event.lane(), entry), (*space, *occupancy))?;
                }
                Event::SpaceRemoved { space, .. } => {
                    watch.bury(&Source::Space(*space), (event.lane(), entry.seq), entry.at);
                }
                Event::Meter { meter, news } => {
                    let source = Source::Meter(meter.clone());
                    let mut detail = Cow::Borrowed("");
                    let samples = match news {
                        MeterNews::Read { values } => {
                            let mut samples = samples(values);
                            let balance = |sample: &Sample| sample.fragment == "emop_Prepay";
                            if samples.iter().any(balance) && !self.context.prepays(meter)? {
                                samples.retain(|sample| !balance(sample));
                            }
                            samples.extend(values.contains_key(&Quantity::ClockDrift).then(|| no_date(false)));
                            samples
                        }
                        MeterNews::Doubtful { values } => {
                            let wrong = values.get(&Quantity::ClockDrift) == Some(&Doubt::NoDate);
                            wrong.then(|| no_date(true)).into_iter().collect()
                        }
                        MeterNews::Another { says } => {
                            detail = format!("{says}, expected {meter}").into();
                            vec![another(true)]
                        }
                        MeterNews::Itself => vec![another(false)],
                        MeterNews::Silent { why } => {
                            detail = why.as_str().into();
                            vec![silent(true)]
                        }
                        MeterNews::Answers => vec![silent(false)],
                        MeterNews::Added => {
                            watch.begin(&[source], entry.at);
                            continue;
                        }
                        MeterNews::Removed => {
                            watch.bury(&source, (event.lane(), entry.seq), entry.at);
                            continue;
                        }
                        MeterNews::Topup { in_doubt, .. } => vec![topups_in_doubt(*in_doubt)],
                        MeterNews::Logged { .. } => continue,
                    };
                    // A reading of a meter that was taken out since then raises nothing that nobody would clear.
                    if !samples.is_empty() && self.context.knows(&source)? {
                        let name = self.context.name(&source)?;
                        let (source, name) = (&source, name.as_str());
                        let (at, samples) = (entry.at, samples.as_slice());
                        watch.hear(
                            &Observation {
                                source,
                                at,
                                place,
                                samples,
                                name,
                                detail: &detail,
                            },
                            None,
                        );
                    }
                }
                Event::ReadingsRecorded { .. }
                | Event::PeerJoined { .. }
                | Event::PeerLeft { .. }
                | Event::Operation { .. }
                | Event::Alarm { .. }
                | Event::SpaceLevel { .. }
                | Event::SelfTest { .. } => {}
            }
        }
        Ok(())
    }

    fn hear_count(
        &self,
        watch: &mut Watch,
        (lane, entry): (Lane, &JournalEntry),
        (space, occupancy): (SpaceId, Occupancy),
    ) -> Result<(), ReadError> {
        // Lanes keep order only within themselves: a space that is gone raises nothing any more.
        let Some(space) = self.context.space(space)? else {
            return Ok(());
        };
        watch.count(&space, occupancy, entry.seq);
        if self.context.is_told(&space) {
            let source = Source::Space(space.id);
            let name = space.name.unwrap_or_else(|| format!("Space {}", space.id));
            let heard = Observation {
                source: &source,
                at: entry.at,
                place: Some((lane, entry.seq)),
                samples: &space_samples(occupancy),
                name: &name,
                detail: "",
            };
            watch.hear(&heard, None);
        }
        Ok(())
    }

    /// The box looks at itself.
    fn gauge(&self, watch: &mut Watch) {
        let (source, now) = (Source::Appliance, Timestamp::now());
        let name = self.context.name(&source).unwrap_or_default();
        for gauge in (self.gauges)() {
            let heard = Observation {
                source: &source,
                at: now,
                place: None,
                samples: &[gauge.sample],
                name: &name,
                detail: &gauge.detail,
            };
            watch.hear(&heard, None);
        }
    }

    /// Lets time go on up to `moment` once everything is heard that was written before it; the next moment to wait for.
    fn look(&self, watch: &mut Watch, moment: Option<(Timestamp, Seq)>) -> Result<Option<(Timestamp, Seq)>, ReadError> {
        if let Some((now, until)) = moment {
            let reached = self.store.backlog(READER).is_none_or(|behind| behind.after >= until);
            if !reached {
                return Ok(moment);
            }
            watch.tick(now, |source| self.context.name(source))?;
        }
        let now = Timestamp::now();
        let due = watch.next_due().is_some_and(|due| due <= now);
        // A clock that stands years back says nothing of how long something has lasted.
        let believed = self.store.clock() != ClockState::Wrong;
        Ok((due && believed).then(|| (now, *self.store.bell().borrow())))
    }
}
