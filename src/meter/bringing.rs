//! Readings that another program took of a meter: they fill what the book has not, and change nothing that it has
//! (MOVE §5).

use jiff::{SignedDuration, Timestamp};

use super::room::{Meters, MetersError};
use crate::domain::{HALF_HOUR, MeterId, Reading, Register, WattHours};
use crate::store::ReadError;
use crate::store::readings::{Batch, ReadingError, Readings};

/// A register as it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stood {
    /// When.
    pub at: Timestamp,
    pub value: WattHours,
}

/// What came, or would come, of readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// How many were not here.
    pub new: u64,
    /// How many were, just so.
    pub known: u64,
    /// Those that are not taken, by their place among those that were given, and why.
    pub refused: Vec<(usize, String)>,
}

/// Readings are not looked at.
#[derive(Debug, thiserror::Error)]
pub enum BringError {
    /// There is no such meter.
    #[error("{0}: `gatelodge meter add` adds it, or `gatelodge import mediators`")]
    Meter(MetersError),
    /// Its registers are others.
    #[error("meter {0} is a three phase meter, which has no elements")]
    ThreePhases(MeterId),
    /// The book could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The book did not take them.
    #[error("not written: {0}")]
    Write(String),
}

impl Meters {
    /// Takes readings of one register in. What the book has of a moment stays, also where it differs. A dry run says what
    /// would come of them.
    ///
    /// # Errors
    ///
    /// When the meter is not known or has no such register, or the book cannot be read or written.
    pub async fn fill(
        &self,
        meter: &MeterId,
        register: Register,
        stood: Vec<Stood>,
        dry_run: bool,
    ) -> Result<Filled, BringError> {
        let served = self.served(meter);
        let served = served.ok_or_else(|| BringError::Meter(MetersError::Unknown(meter.clone())))?;
        if served
            .hardware()
            .is_some_and(super::emop::identity::Hardware::is_three_phase)
        {
            return Err(BringError::ThreePhases(meter.clone()));
        }
        let now = self.store.now();
        let (mut filled, mut wanted) = (Filled::default(), Vec::new());
        let there = self.standing(meter, register, &stood).await?;
        let erased = Readings::new(self.store.clone()).erased(meter)?;
        for (place, one) in stood.into_iter().enumerate() {
            match self.may_fill(register, one, now) {
                Err(why) => filled.refused.push((place, why)),
                Ok(()) if erased.iter().any(|stretch| stretch.covers(one.at)) => {
                    let why = format!(
                        "{} is of a stretch that somebody had erased, and is not taken again",
                        one.at
                    );
                    filled.refused.push((place, why));
                }
                Ok(()) => match there.iter().find(|there| there.at == one.at) {
                    Some(there) if there.value == one.value => filled.known += 1,
                    Some(there) => {
                        let why = format!(
                            "the box has another value of that moment, {}, which stays",
                            there.value.0
                        );
                        filled.refused.push((place, why));
                    }
                    None => wanted.push(Reading::measured(one.at, one.value, now)),
                },
            }
        }
        filled.new = wanted.len() as u64;
        if dry_run || wanted.is_empty() {
            return Ok(filled);
        }
        let batch = Batch {
            meter: meter.clone(),
            register,
            readings: wanted,
        };
        let recorded = self
            .readings
            .record(vec![batch])
            .await
            .map_err(|error| match error.split() {
                Ok(ReadingError::Row(error)) => BringError::Write(error.to_string()),
                Ok(error) => BringError::Write(error.to_string()),
                Err(why) => BringError::Write(why.to_string()),
            })?;
        filled.new = recorded.added + recorded.replaced;
        filled.known += recorded.known + recorded.older;
        Ok(filled)
    }

    fn may_fill(&self, register: Register, one: Stood, now: Timestamp) -> Result<(), String> {
        if one.at.as_second() % HALF_HOUR != 0 {
            return Err(format!("{} is no half hour", one.at));
        }
        if one.at > now {
            return Err(format!("{} is still to come", one.at));
        }
        if one.at < Timestamp::UNIX_EPOCH {
            return Err(format!("{} is before 1970", one.at));
        }
        let oldest = now.saturating_sub(self.kept.0).unwrap_or(Timestamp::UNIX_EPOCH);
        if !self.kept.is_zero() && one.at < oldest {
            return Err(format!(
                "{} is older than what is kept (retention.readings = \"{}\")",
                one.at, self.kept
            ));
        }
        if !register.holds(one.value) {
            return Err(format!("{} stands for no value", one.value.0));
        }
        Ok(())
    }

    /// What the book has in the time of these.
    async fn standing(&self, meter: &MeterId, register: Register, stood: &[Stood]) -> Result<Vec<Reading>, BringError> {
        let moments = || stood.iter().map(|one| one.at);
        let (Some(from), Some(last)) = (moments().min(), moments().max()) else {
            return Ok(Vec::new());
        };
        let to = last
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap_or(Timestamp::MAX);
        let between = Readings::new(self.store.clone()).between(meter, register, from, to);
        let read = tokio::task::spawn_blocking(move || between.collect::<Result<Vec<_>, _>>());
        Ok(read.await.expect("reading rows does not panic")?)
    }
}
