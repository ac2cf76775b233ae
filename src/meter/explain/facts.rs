//! What is known of a meter's money and use, from which a statement is worked out (EMOP §23.1). Pure.

use std::ops::Range;

use jiff::Timestamp;

use super::tariff::{Charges, Unread};
use crate::domain::HALF_HOUR;
use crate::meter::emop::Money;
use crate::store::meter_money::TermsSeen;

/// What is known, each list in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// What was paid in whenever it was read.
    pub(super) balances: Vec<Balance>,
    pub(super) tariffs: Vec<Tariff>,
    /// Every half-hour, known or not.
    pub(super) half_hours: Vec<HalfHourUsed>,
    /// The box's own that were taken, or may have been.
    pub(super) topups: Vec<Topup>,
    /// Payments by the meter's own log and clock.
    pub(super) payments: Vec<Timestamp>,
}

/// What was paid in at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) at: Timestamp,
    pub(super) amount: Money,
}

/// A tariff, and when it was in force for certain.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tariff {
    pub(super) since: Timestamp,
    /// Until when; absent: it still is, for all that is known.
    pub(super) until: Option<Timestamp>,
    pub(super) charges: Result<Charges, Unread>,
}

/// What was used in a half-hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HalfHourUsed {
    pub(super) from: Timestamp,
    pub(super) used: Result<Used, Unknown>,
}

/// Watt-hours of both elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) a: u64,
    pub(super) b: u64,
}

/// Why nobody knows what was used in a half-hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Unknown {
    #[error("there is no reading")]
    Gap,
    /// It is later than all that was asked for.
    #[error("it is not fetched from the meter yet")]
    NotFetched,
    #[error("the reading is only an estimate")]
    NotMeasured,
    #[error("part of it was before or after your time")]
    NotYours,
}

/// A top-up of the box that was taken, or is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topup {
    pub(super) id: String,
    /// The last look before its code, and the newest after it: it was counted between them, whenever somebody settled it.
    pub(super) sent: Timestamp,
    pub(super) looked: Timestamp,
    /// Whether nobody knows if it was taken.
    pub(super) in_doubt: bool,
    /// Whether the meter counted more payments than this one between these looks.
    pub(super) one_of_many: bool,
    /// What it is known to be worth.
    pub(super) worth: Option<Money>,
    /// The balance before it was sent, and at the newest look.
    pub(super) before: Option<Money>,
    pub(super) after: Option<Money>,
}

impl HalfHourUsed {
    pub(super) fn to(&self) -> Timestamp {
        Timestamp::from_second(self.from.as_second() + HALF_HOUR).unwrap_or(Timestamp::MAX)
    }
}

impl Facts {
    /// From when on there are balances and a tariff: nothing is explained before.
    pub(super) fn begins(&self) -> Option<Timestamp> {
        Some(self.balances.first()?.at.max(self.tariffs.first()?.since))
    }

    /// The tariff that was certainly in force all of that time.
    pub(super) fn tariff_over(&self, span: &Range<Timestamp>) -> Option<&Tariff> {
        let at = self.tariffs.partition_point(|tariff| tariff.since <= span.start);
        let tariff = self.tariffs.get(at.checked_sub(1)?)?;
        tariff.until.is_none_or(|until| span.end <= until).then_some(tariff)
    }
}

/// The tariffs of a meter with when each was in force for certain: from when it was first read, or from when it was to
/// begin, to when it was last read, or to when the next was to begin. In between nobody knows (EMOP §23.4).
pub(super) fn tariffs(seen: &[TermsSeen]) -> Vec<Tariff> {
    let next = seen.iter().skip(1).map(Some).chain([None]);
    let all = seen.iter().zip(next).map(|(one, next)| Tariff {
        since: one.since,
        until: next.map(|next| {
            if next.planned {
                next.since
            } else {
                one.seen.max(one.since)
            }
        }),
        charges: Charges::of(&one.terms),
    });
    all.collect()
}
