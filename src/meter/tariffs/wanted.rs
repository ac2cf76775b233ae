//! What somebody wants a meter to charge, and what is refused before the meter hears of it (EMOP §22.2). Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::TariffError;
use crate::domain::MeterId;
use crate::meter::arguments::{self, Negative};
use crate::meter::emop::tariff::FutureTariff;
use crate::meter::emop::{MeterTime, Money};
use crate::meter::given_moment::GivenMoment;
use crate::meter::own_time::OwnTime;
use crate::meter::writes::is_a_reason;

/// A meter's clock that is further off begins a tariff at another moment.
const DRIFT: SignedDuration = SignedDuration::from_secs(60);
/// A tariff that begins sooner is not written over: it would begin in the middle.
const SOON: SignedDuration = SignedDuration::from_mins(5);

/// What becomes of amounts that are not given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Absent {
    /// They stay as they are in the tariff in force.
    #[default]
    Kept,
    /// They are what older programs write: 15, 10 and 0.30 GBP.
    Usual,
}

/// A tariff as people and programs give it: amounts in pounds, as texts, since digits too many are refused and not cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTariff {
    /// For a kWh, of both elements, in pounds.
    pub unit_rate: String,
    /// For a day, in pounds.
    pub standing_charge: String,
    /// How far below zero the balance may go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_credit: Option<String>,
    /// From which balance on that is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecredit_availability: Option<String>,
    /// Debt paid back in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt_recovery_rate: Option<String>,
    /// When it begins: with an offset an instant, without one by the meter's own clock, which shows British summer time in
    /// summer where its daylight flag is on.
    pub from: String,
    /// Why it is written, for the audit.
    pub why: String,
    /// What becomes of the three amounts of prepayment when they are not given.
    #[serde(default)]
    pub absent: Absent,
}

/// The names of the three amounts that only count where energy is paid for beforehand, in the order of their objects.
pub(super) const PREPAY: [&str; 3] = ["emergency_credit", "ecredit_availability", "debt_recovery_rate"];
const USUAL: [Money; 3] = [Money(1_500_000), Money(1_000_000), Money(30_000)];

/// A tariff whose texts were judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    unit_rate: Money,
    standing_charge: Money,
    /// The three amounts of [`PREPAY`], as far as they were given.
    pub(super) prepay: [Option<Money>; 3],
    pub(super) activation: MeterTime,
    pub(super) absent: Absent,
}

impl NewTariff {
    /// Refuses what is wrong whatever the meter, before anybody looks for one.
    pub(super) fn must_be_readable(&self) -> Result<(), TariffError> {
        // By a clock that skips nothing, any moment can be.
        self.wanted(OwnTime::of(false)).map(drop)
    }

    /// Judges every text, and the moment by the meter's own clock.
    pub(super) fn wanted(&self, clock: OwnTime) -> Result<Wanted, TariffError> {
        if !is_a_reason(&self.why) {
            return Err(TariffError::Why);
        }
        let rate = |option, text: &str| {
            arguments::rate(text, Negative::Refused).map_err(|why| TariffError::Argument { option, why })
        };
        let amount = |option, text: &Option<String>| {
            let judged = text.as_deref().map(arguments::held_amount).transpose();
            judged.map_err(|why| TariffError::Argument { option, why })
        };
        let from = self.from.parse().and_then(|given: GivenMoment| given.by(clock));
        let from = from.map_err(|why| TariffError::Argument {
            option: "from",
            why: why.into(),
        })?;
        Ok(Wanted {
            unit_rate: rate("unit_rate", &self.unit_rate)?,
            standing_charge: rate("standing_charge", &self.standing_charge)?,
            prepay: [
                amount(PREPAY[0], &self.emergency_credit)?,
                amount(PREPAY[1], &self.ecredit_availability)?,
                amount(PREPAY[2], &self.debt_recovery_rate)?,
            ],
            activation: MeterTime::shown(from)?,
            absent: self.absent,
        })
    }
}

impl Wanted {
    /// Refuses a moment that has passed, by the meter's own clock: British time while it follows summer time.
    pub(super) fn must_be_to_come(&self, now: Timestamp, follows_summer: bool) -> Result<(), TariffError> {
        let now = own(now, follows_summer);
        if self.activation.moment() > now {
            return Ok(());
        }
        Err(TariffError::Past {
            from: self.activation,
            now: MeterTime::of(now)?,
        })
    }

    /// Refuses what a meter on credit makes nothing of, when it was given.
    pub(super) fn must_suit(&self, meter: &MeterId, prepays: bool) -> Result<(), TariffError> {
        let given = PREPAY.iter().zip(self.prepay).find(|(_, amount)| amount.is_some());
        match given {
            Some((option, _)) if !prepays => Err(TariffError::OnlyPrepay {
                option,
                meter: meter.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The whole tariff; what was not given is what is in force. On credit an amount that nobody knows is nothing.
    pub(super) fn with(
        &self,
        meter: &MeterId,
        in_force: [Option<Money>; 3],
        prepays: bool,
    ) -> Result<FutureTariff, TariffError> {
        let mut amounts = [Money(0); 3];
        for (place, option) in PREPAY.into_iter().enumerate() {
            let kept = match self.absent {
                Absent::Usual => Some(USUAL[place]),
                Absent::Kept if prepays => in_force[place],
                Absent::Kept => Some(in_force[place].unwrap_or_default()),
            };
            amounts[place] = self.prepay[place].or(kept).ok_or_else(|| TariffError::NotKnown {
                option,
                meter: meter.clone(),
            })?;
        }
        Ok(FutureTariff {
            unit_rate: self.unit_rate,
            standing_charge: self.standing_charge,
            emergency_credit: amounts[0],
            ecredit_availability: amounts[1],
            debt_recovery_rate: amounts[2],
            activation: self.activation,
        })
    }

    /// Whether amounts of the tariff in force are needed.
    pub(super) fn keeps_some(&self) -> bool {
        self.absent == Absent::Kept && self.prepay.iter().any(Option::is_none)
    }
}

/// What a right meter's own clock shows.
pub(super) fn own(now: Timestamp, follows_summer: bool) -> Timestamp {
    OwnTime::of(follows_summer).shows(now)
}

/// Refuses a clock that is more than a minute off.
pub(super) fn must_be_right(meter: &MeterId, off: SignedDuration) -> Result<(), TariffError> {
    let off = off.abs();
    if off > DRIFT {
        return Err(TariffError::MeterClock {
            meter: meter.clone(),
            off_s: off.as_secs().unsigned_abs(),
        });
    }
    Ok(())
}

/// Refuses to write over a tariff that begins in the middle of it, be it this one or another.
pub(super) fn must_not_be_imminent(
    meter: &MeterId,
    held: Option<MeterTime>,
    (now, follows_summer): (Timestamp, bool),
) -> Result<(), TariffError> {
    let now = own(now, follows_summer);
    let Some(at) = held.filter(|at| at.moment() > now) else {
        return Ok(());
    };
    if at.moment().duration_since(now) > SOON {
        return Ok(());
    }
    Err(TariffError::Imminent {
        meter: meter.clone(),
        at,
    })
}
