//! Clocks of meters that are off are set (EMOP §24): by what was measured when each was last compared.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Line, Outcome};
use crate::domain::{Duty, MeterId, Quality, Quantity};
use crate::meter::driver::Command;
use crate::meter::room::{Meters, MetersError};
use crate::meter::topup::{Origin, Through};
use crate::store::ClockState;

/// Meters whose clocks are set at once.
const AT_ONCE: usize = 5;

impl Meters {
    /// Sets the clocks that are off by more than `meters.jobs.clock_drift`.
    pub(super) async fn set_clocks(self: &Arc<Self>) -> Result<Vec<Line>, String> {
        if self.store.clock() == ClockState::Wrong {
            return Err("the clock of this box stands wrong: no meter's is set by it".to_owned());
        }
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut setting = JoinSet::new();
        for (meter, off) in self.clocks_off() {
            let (room, places) = (Arc::clone(self), Arc::clone(&places));
            setting.spawn(async move {
                // The semaphore is never closed.
                let _place = places.acquire().await;
                let set = room.set_one_clock(&meter).await;
                match set {
                    Ok(()) => Line::new(&meter, Outcome::Done, format!("the clock was {off} s off and is set")),
                    Err(error) => Line::new(&meter, Outcome::Failed, format!("the clock is {off} s off: {error}")),
                }
            });
        }
        let mut lines: Vec<Line> = Vec::new();
        while let Some(line) = setting.join_next().await {
            lines.push(line.map_err(|error| format!("setting a clock broke: {error}"))?);
        }
        lines.sort_by(|one, next| one.meter.cmp(&next.meter));
        Ok(lines)
    }

    /// Meters whose clocks are off by more than the limit, and by how many seconds.
    fn clocks_off(&self) -> Vec<(MeterId, i64)> {
        let limit = i64::try_from(self.config.jobs.clock_drift.0.as_secs()).unwrap_or(i64::MAX);
        let off = |shown: crate::meter::MeterShown| {
            let drift = shown.values.get(&Quantity::ClockDrift)?;
            let seconds = drift.value.as_i64().filter(|_| drift.quality != Quality::Gap)?;
            let asked = shown.duty != Duty::Off && seconds.abs() > limit;
            asked.then_some((shown.meter.serial, seconds))
        };
        self.list().into_iter().filter_map(off).collect()
    }

    async fn set_one_clock(&self, meter: &MeterId) -> Result<(), MetersError> {
        let origin = Origin {
            by: "job clocks".to_owned(),
            through: Through::Job,
        };
        let deadline = Instant::now() + self.reading_takes();
        self.carry_out(meter, Command::SetClock, &origin, deadline)
            .await
            .map(drop)
    }
}
