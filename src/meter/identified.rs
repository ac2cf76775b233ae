//! What follows from which meter answers on a line: of another nothing is written down, and what was read since it was
//! last certain who answers is nobody's word.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::driver::{SyncError, Syncer};
use super::identity::{self, Verdict};
use super::polling::hardware_found;
use super::room::Meters;
use super::served::{Questions, Served};
use crate::domain::{Doubt, Health, Identity, Latest, MeterNews, MeterState, Quality, Quantity, Reading, Register};
use crate::store::readings::{Batch, Readings};

/// After this it is asked again who it is.
const IDENTIFIED: Duration = Duration::from_secs(24 * 3_600);

impl Meters {
    /// Asks a meter who it is, and takes that over. Answers whether what it says may be written down.
    pub(super) async fn identify(&self, meter: &Questions<'_>) -> Result<bool, SyncError> {
        let served = meter.served;
        let serial = &served.meter.serial;
        let asked = identity::ask(meter, serial, served.hardware()).await?;
        let now = self.store.now();
        let since = served
            .live()
            .state
            .identity
            .as_ref()
            .and_then(|identity| identity.right);
        let mut news = served.identified(&asked.verdict, now);
        let right = !matches!(asked.verdict, Verdict::Another(_)) && !served.live().state.is_another();
        if right {
            let mut findings = asked.hardware.map(hardware_found).unwrap_or_default();
            if asked.verdict == Verdict::Same {
                findings
                    .values
                    .push((Quantity::MeterSerial, Ok(serial.to_string().into())));
                served
                    .live()
                    .plan
                    .done(Syncer::Serial, &self.config.polling, Instant::now());
            }
            news.extend(served.found(findings, now, &self.config.polling));
        } else if news.iter().any(|news| matches!(news, MeterNews::Another { .. })) {
            if let Verdict::Another(says) = &asked.verdict {
                tracing::warn!(meter.id = %serial, says, "another meter answers: nothing that it says is written down");
            }
            self.distrust(served, since).await;
        }
        self.notes.add(serial, news);
        Ok(right)
    }

    /// What was read of a meter since it was last certain that it answers is not vouched for by anybody.
    pub(in crate::meter) async fn distrust(&self, served: &Served, since: Option<Timestamp>) {
        // Moments in the book are whole seconds.
        let Some(since) = since.and_then(|since| Timestamp::from_second(since.as_second()).ok()) else {
            return;
        };
        let hardware = served.hardware();
        let registers: Vec<Register> = Register::ALL
            .iter()
            .copied()
            .filter(|register| hardware.is_none_or(|hardware| hardware.is_three_phase() == register.is_three_phase()))
            .collect();
        let (readings, serial) = (Readings::new(self.store.clone()), served.meter.serial.clone());
        let (from, now) = (self.horizon(since).start(), self.store.now());
        let look = move || {
            let mut batches = Vec::new();
            for register in registers {
                let mut doubted = Vec::new();
                for reading in readings.between(&serial, register, from, Timestamp::MAX) {
                    let reading = reading?;
                    if reading.taken >= since && reading.quality == Quality::Measured {
                        let quality = Quality::Estimated;
                        doubted.push(Reading {
                            quality,
                            taken: now,
                            ..reading
                        });
                    }
                }
                if !doubted.is_empty() {
                    let meter = serial.clone();
                    batches.push(Batch {
                        meter,
                        register,
                        readings: doubted,
                    });
                }
            }
            Ok::<_, crate::store::ReadError>(batches)
        };
        let batches = match tokio::task::spawn_blocking(look).await {
            Ok(Ok(batches)) => batches,
            Ok(Err(error)) => return tracing::warn!(%error, "what may be another meter's half-hours cannot be read"),
            Err(_) => return,
        };
        if let Err(error) = self.readings.record(batches).await {
            tracing::warn!(meter.id = %served.meter.serial, %error, "half-hours that may be another meter's still stand as measured");
        }
    }
}

impl Served {
    /// Whether it must be asked who it is before anything that it says is written down.
    pub(super) fn must_say_who(&self, now: Instant) -> bool {
        let live = self.live();
        let lately = live.identified.is_some_and(|at| now.duration_since(at) < IDENTIFIED);
        !lately || live.state.is_another()
    }

    /// Takes over which meter answers. Answers what happened thereby.
    pub(super) fn identified(&self, verdict: &Verdict, now: Timestamp) -> Vec<MeterNews> {
        let mut live = self.live();
        live.identified = Some(Instant::now());
        let before = live.state.identity.clone();
        let was_another = live.state.is_another();
        let right = before.as_ref().and_then(|before| before.right);
        let identity = |another, says: Option<String>, right| Identity {
            another,
            says,
            checked: now,
            right,
        };
        match verdict {
            Verdict::Unknown => {
                // Silence does not take back what was said.
                if !was_another {
                    live.change().identity = Some(identity(false, None, right));
                }
                Vec::new()
            }
            Verdict::Same => {
                let serial = self.meter.serial.to_string();
                live.change().identity = Some(identity(false, Some(serial), Some(now)));
                let mut news = if was_another {
                    vec![MeterNews::Itself]
                } else {
                    Vec::new()
                };
                news.extend(live.change().answered(now));
                news
            }
            Verdict::Another(says) => {
                live.change().identity = Some(identity(true, Some(says.clone()), right));
                live.change().health = Health::Unhealthy;
                live.change().health_details = format!("another meter answers: {says}, expected {}", self.meter.serial);
                let mut news = Vec::new();
                if !before.is_some_and(|before| before.another && before.says.as_ref() == Some(says)) {
                    news.push(MeterNews::Another { says: says.clone() });
                }
                let doubts = live.change().distrust_since(right, now);
                if !doubts.is_empty() {
                    news.push(MeterNews::Doubtful { values: doubts });
                }
                news
            }
        }
    }
}

impl MeterState {
    /// Nothing that was said since it was certain who answers is believed. Answers what that is.
    fn distrust_since(&mut self, right: Option<Timestamp>, now: Timestamp) -> BTreeMap<Quantity, Doubt> {
        let mut doubts = BTreeMap::new();
        for (quantity, latest) in &mut self.values {
            // What stands in the meter's own entry is known otherwise; the kind of meter may be the other's, too.
            let since = right.is_none_or(|right| latest.at > right);
            if since && latest.why != Some(Doubt::AnotherMeter) {
                *latest = Latest {
                    good_for: latest.good_for,
                    ..Latest::gap(Doubt::AnotherMeter, now)
                };
                doubts.insert(*quantity, Doubt::AnotherMeter);
            }
        }
        doubts
    }
}
