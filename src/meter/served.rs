//! One meter of the fleet: its entry in the registry, its driver, and what is known of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::config::Polling;
use super::driver::{Command, Driver, DriverError, Findings, Plan, Rank, Start, Syncer, seed};
use super::emop::dialect::Request;
use super::emop::identity::Hardware;
use super::emop::{Dialect, Value};
use super::reads::Asking;
use super::said::rating;
use super::session::SessionError;
use crate::domain::{Doubt, Duty, Health, Latest, Meter, MeterNews, MeterState, Quality, Quantity, Total, number};
use crate::store::meter_money::MoneySeen;

/// How much of an error is kept in a meter's state, in characters.
const DETAILS: usize = 300;

/// Where a meter's entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The configuration: commands do not change it.
    Config,
    /// `meter add`.
    Added,
}

/// A meter that is served.
pub(super) struct Served {
    pub(super) meter: Meter,
    pub(super) source: Source,
    /// Names it among all that were ever served in this run.
    pub(super) number: u64,
    pub(super) driver: Arc<Driver>,
    seed: u64,
    live: Mutex<Live>,
}

/// What changes of it.
pub(super) struct Live {
    pub(super) duty: Duty,
    /// What is known, which may still be on its way into the book.
    pub(super) state: Arc<MeterState>,
    /// What stands in the book: nothing else is shown. Mostly the same, and then it is kept once.
    pub(super) shown: Arc<MeterState>,
    /// Why the book refuses what is known.
    pub(super) refused: Option<String>,
    pub(super) plan: Plan,
    /// When it was last asked who it is, in this run; `None`: it must be asked before anything is believed.
    pub(super) identified: Option<Instant>,
    /// When half-hours that were doubted were last asked for again.
    pub(super) doubted_again: Option<Instant>,
    /// Parts of tariffs that somebody read one by one, and when.
    pub(super) parts: BTreeMap<String, (Option<Value>, Instant)>,
    /// What it said of money that is not in the book yet.
    pub(super) money: MoneySeen,
}

impl Live {
    /// What is known, to be changed.
    pub(super) fn change(&mut self) -> &mut MeterState {
        Arc::make_mut(&mut self.state)
    }

    /// Remembers the state that stands in the book now.
    pub(super) fn is_written(&mut self, state: MeterState) {
        self.shown = if state == *self.state {
            Arc::clone(&self.state)
        } else {
            Arc::new(state)
        };
    }
}

/// What a meter is when it begins to be served.
pub(super) struct Beginning {
    pub(super) meter: Meter,
    pub(super) source: Source,
    pub(super) duty: Duty,
    pub(super) state: MeterState,
}

impl Served {
    pub(super) fn new(beginning: Beginning, number: u64, driver: Driver) -> Served {
        let Beginning {
            meter,
            source,
            duty,
            state,
        } = beginning;
        let state = Arc::new(state);
        Served {
            seed: seed(meter.serial.as_str()),
            meter,
            source,
            number,
            driver: Arc::new(driver),
            live: Mutex::new(Live {
                duty,
                shown: Arc::clone(&state),
                state,
                refused: None,
                plan: Plan::default(),
                identified: None,
                doubted_again: None,
                parts: BTreeMap::new(),
                money: MoneySeen::default(),
            }),
        }
    }

    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans its polling anew from what is known of it. Answers when it begins.
    pub(super) fn plan(&self, polling: &Polling, window: Duration) -> Option<Instant> {
        let mut live = self.live();
        if live.duty != Duty::Polled {
            return None;
        }
        let now = Timestamp::now();
        let start = Start {
            polling,
            seed: self.seed,
            window,
        };
        let state = &live.state;
        let plan = Plan::begin(&start, Instant::now(), |syncer| {
            let at = state.values.get(&syncer.told_by()?)?.at;
            Duration::try_from(now.duration_since(at)).ok()
        });
        live.plan = plan;
        live.plan.next()
    }

    /// What kind it is, as far as anybody knows.
    pub(super) fn hardware(&self) -> Option<Hardware> {
        let fixed = self.meter.hardware.as_deref().and_then(Hardware::of_code);
        fixed.or_else(|| Hardware::of_code(self.live().state.value(Quantity::Hardware)?.as_str()?))
    }

    /// Takes over what a reading brought. Answers what happened thereby.
    pub(super) fn found(&self, findings: Findings, now: Timestamp, polling: &Polling) -> Vec<MeterNews> {
        let rating = rating(self.hardware());
        let mut live = self.live();
        if live.state.is_another() {
            return Vec::new();
        }
        let mut news = live.change().answered(now);
        let (mut values, mut doubts) = (BTreeMap::new(), BTreeMap::new());
        let read: Vec<Quantity> = findings.values.iter().map(|(quantity, _)| *quantity).collect();
        for (quantity, said) in findings.values {
            if quantity == Quantity::ClockDrift {
                live.change().clock_compared = Some(now);
            }
            let before = live.state.values.get(&quantity);
            let mut latest = match said {
                Ok(value) => match number(&value).filter(|_| quantity.is_register()) {
                    Some(total) => Latest::total(before, Total(total, now), rating),
                    None => Latest::measured(value, now),
                },
                Err(why) => Latest {
                    held: before.filter(|_| quantity.is_register()).map(Latest::held),
                    ..Latest::gap(why, now)
                },
            };
            latest.good_for = good_for(polling, quantity);
            match latest.why {
                None => drop(values.insert(quantity, latest.value.clone())),
                // That it never had it is no news.
                Some(Doubt::Absent) if before.is_none() => {}
                Some(why) if before.and_then(|before| before.why) == Some(why) => {}
                Some(why) => drop(doubts.insert(quantity, why)),
            }
            if matches!(latest.why, Some(Doubt::Fell | Doubt::Leapt)) {
                // Perhaps it is another meter that counts here.
                live.identified = None;
            }
            live.change().values.insert(quantity, latest);
        }
        live.sees_money(&read, now);
        if findings.events_seen.is_some() {
            live.change().events_seen = findings.events_seen;
        }
        news.extend(findings.logged);
        values.retain(|quantity, _| live.state.adds_up(*quantity));
        if !values.is_empty() {
            news.push(MeterNews::Read { values });
        }
        if !doubts.is_empty() {
            tracing::debug!(meter.id = %self.meter.serial, ?doubts, "a meter said what is not believed");
            news.push(MeterNews::Doubtful { values: doubts });
        }
        news
    }

    /// Notes an answer, be it a refusal. Answers what happened thereby.
    pub(super) fn answered(&self, now: Timestamp) -> Vec<MeterNews> {
        let mut live = self.live();
        live.plan.heard();
        if live.state.is_another() {
            return Vec::new();
        }
        live.change().answered(now)
    }

    /// Notes that no answer came. Answers what happened thereby.
    pub(super) fn silent(&self, why: &SessionError) -> Vec<MeterNews> {
        let mut live = self.live();
        let now = Instant::now();
        live.plan.silent(now, self.seed);
        let why: String = why.to_string().chars().take(DETAILS).collect();
        // That it is silent says nothing of who answered last.
        let news = live.state.health != Health::Unhealthy || live.state.is_another();
        let news = news && live.state.health_details != why;
        let state = live.change();
        state.health = Health::Unhealthy;
        state.health_details.clone_from(&why);
        // Nobody knows the signal of a meter that does not answer (EMOP §16.1).
        if let Some(csq) = state.values.get_mut(&Quantity::Csq) {
            csq.quality = Quality::Gap;
            csq.value = Json::Null;
        }
        if news {
            vec![MeterNews::Silent { why }]
        } else {
            Vec::new()
        }
    }
}

/// Seconds after which a value should have been read anew: twice its interval.
fn good_for(polling: &Polling, quantity: Quantity) -> Option<u32> {
    let every = polling.of(Syncer::of(quantity))?;
    u32::try_from(every.as_secs().saturating_mul(2)).ok()
}

impl MeterState {
    /// Notes an answer; says so when the meter was silent before.
    pub(super) fn answered(&mut self, now: Timestamp) -> Vec<MeterNews> {
        let was = std::mem::replace(&mut self.health, Health::Healthy);
        self.health_details.clear();
        self.answered = Some(now);
        if was == Health::Unhealthy {
            vec![MeterNews::Answers]
        } else {
            Vec::new()
        }
    }
}

/// Questions to one meter, of the box itself or for somebody.
pub(super) struct Questions<'a> {
    pub(super) served: &'a Served,
    /// Whose turn they have.
    pub(super) rank: Rank,
    /// How long one question may take.
    pub(super) limit: Duration,
}

impl Asking for Questions<'_> {
    type Error = DriverError;

    async fn ask(&self, request: Request) -> Result<Vec<u8>, DriverError> {
        let deadline = Instant::now() + self.limit;
        self.served
            .driver
            .carry_out(Command::Ask(request), self.rank, deadline)
            .await
    }

    fn dialect(&self) -> &Dialect {
        self.served.driver.dialect()
    }

    fn is_refusal(error: &DriverError) -> bool {
        matches!(error, DriverError::Session(SessionError::Refused(_)))
    }
}
