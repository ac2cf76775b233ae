//! One meter of the fleet: its entry in the registry, its driver, and what is known of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::config::Polling;
use super::driver::{Driver, Findings, Plan, Rank, Start, Syncer, Unanswered, Wish, seed};
use super::emop::Dialect;
use super::emop::dialect::Request;
use super::emop::identity::Hardware;
use super::reads::Asking;
use super::session::SessionError;
use crate::domain::{Duty, Health, Latest, Meter, MeterNews, MeterState, Quality, Quantity};

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
    pub(super) state: MeterState,
    pub(super) plan: Plan,
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
        Served {
            seed: seed(meter.serial.as_str()),
            meter,
            source,
            number,
            driver: Arc::new(driver),
            live: Mutex::new(Live {
                duty,
                state,
                plan: Plan::default(),
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
    pub(super) fn found(&self, findings: Findings, now: Timestamp) -> Vec<MeterNews> {
        let mut live = self.live();
        let mut news = live.state.answered(now);
        let mut values = std::collections::BTreeMap::new();
        for (quantity, value) in findings.values {
            if quantity == Quantity::ClockDrift {
                live.state.clock_compared = Some(now);
            }
            let latest = Latest {
                quality: if value.is_some() {
                    Quality::Measured
                } else {
                    Quality::Gap
                },
                value: value.clone().unwrap_or(Json::Null),
                at: now,
            };
            live.state.values.insert(quantity, latest);
            values.extend(value.map(|value| (quantity, value)));
        }
        live.state.events_seen = findings.events_seen.or(live.state.events_seen);
        news.extend(findings.logged);
        if !values.is_empty() {
            news.push(MeterNews::Read { values });
        }
        news
    }

    /// It answered, be it with a refusal. Answers what happened thereby.
    pub(super) fn answered(&self, now: Timestamp) -> Vec<MeterNews> {
        let mut live = self.live();
        live.plan.heard();
        live.state.answered(now)
    }

    /// It did not answer. Answers what happened thereby.
    pub(super) fn silent(&self, why: &SessionError) -> Vec<MeterNews> {
        let mut live = self.live();
        let now = Instant::now();
        live.plan.silent(now, self.seed);
        let why: String = why.to_string().chars().take(DETAILS).collect();
        let news = live.state.health != Health::Unhealthy;
        live.state.health = Health::Unhealthy;
        live.state.health_details.clone_from(&why);
        // Nobody knows the signal of a meter that does not answer (16.1).
        if let Some(csq) = live.state.values.get_mut(&Quantity::Csq) {
            csq.quality = Quality::Gap;
            csq.value = Json::Null;
        }
        if news {
            vec![MeterNews::Silent { why }]
        } else {
            Vec::new()
        }
    }

    /// How much a value may be believed now: what should have been read again since is stale.
    pub(super) fn quality(&self, quantity: Quantity, latest: &Latest, now: Timestamp, polling: &Polling) -> Quality {
        let age = Duration::try_from(now.duration_since(latest.at)).unwrap_or_default();
        let overdue = polling.of(Syncer::of(quantity)).is_some_and(|every| age > every * 2);
        match latest.quality {
            Quality::Measured if overdue => Quality::Stale,
            quality => quality,
        }
    }
}

impl MeterState {
    /// Notes an answer; says so when the meter was silent before.
    fn answered(&mut self, now: Timestamp) -> Vec<MeterNews> {
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

/// The box's own questions to one meter.
pub(super) struct Poll<'a> {
    pub(super) served: &'a Served,
    /// How long one question may take.
    pub(super) limit: Duration,
}

impl Asking for Poll<'_> {
    type Error = Unanswered;

    async fn ask(&self, request: Request) -> Result<Vec<u8>, Unanswered> {
        let deadline = Instant::now() + self.limit;
        self.served
            .driver
            .carry_out(Wish::Ask(request), Rank::Polling, deadline)
            .await
    }

    fn dialect(&self) -> &Dialect {
        self.served.driver.dialect()
    }

    fn is_refusal(error: &Unanswered) -> bool {
        matches!(error, Unanswered::Session(SessionError::Refused(_)))
    }
}
