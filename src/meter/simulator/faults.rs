//! What goes wrong on the line to a simulated meter.

use std::str::FromStr;
use std::time::Duration;

use crate::meter::emop::profile_log::HALF_HOUR;
use crate::meter::emop::{MeterTime, ObjectId};

/// How often something happens: 0 never, 1 always.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Rate(pub(super) f64);

/// No rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rate from 0 (never) to 1 (always)")]
pub struct RateError(String);

impl Rate {
    /// Every time.
    pub const ALWAYS: Rate = Rate(1.0);
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        rate.map(Rate).ok_or_else(|| RateError(text.to_owned()))
    }
}

/// What goes wrong. The default: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Faults {
    /// The request is swallowed and the line closed.
    pub drop_rate: Rate,
    /// The reply's checksum is wrong.
    pub bad_crc_rate: Rate,
    /// Nothing is answered, and the line stays open until the other end gives up.
    pub hang_rate: Rate,
    /// Nothing is answered now: the reply comes ahead of the next one.
    pub late_rate: Rate,
    /// So long until each reply.
    pub slow: Duration,
    /// Replies come byte by byte.
    pub split_bytes: bool,
    /// So long after each reply, connections are refused.
    pub refuse_for: Duration,
    /// Rubbish comes before each reply.
    pub garbage: bool,
    /// The serial line gives back what is sent, as optical heads do.
    pub echo: bool,
    /// Every write is refused.
    pub nak_writes: bool,
    /// Writes to this object are taken without a word, and change nothing.
    pub deaf_to: Option<ObjectId>,
    /// Writes to this object are refused.
    pub nak_object: Option<ObjectId>,
    /// A token that was used is taken without a word, and changes nothing.
    pub token_silent: bool,
    /// A token never reaches the meter, and the line closes (EMOP §17.2).
    pub reply_lost_before_rate: Rate,
    /// A token is taken, and the line closes instead of a reply.
    pub reply_lost_after_rate: Rate,
    /// A token is refused as one that was used, though the meter never saw it.
    pub duplicate_rate: Rate,
    /// Somebody keys in another code at the meter just before a token comes.
    pub foreign_rate: Rate,
    /// A token is not taken, and nothing is said of it.
    pub silent_refusal_rate: Rate,
    /// In the middle of each so-manieth reply the meter reboots.
    pub reboot_every: Option<u32>,
    /// So long a reboot takes.
    pub reboot_for: Duration,
    /// A live value, or one register of several, is the pattern that stands for none.
    pub no_value_rate: Rate,
    /// The records of this half-hour of every day hold the pattern that stands for none.
    pub no_value_at: Option<SlotOfDay>,
    /// The records of this half-hour of every day are dated a year ahead.
    pub misdated_at: Option<SlotOfDay>,
    /// After so many replies another meter hangs on the line: its serial is the next one, its registers and its money
    /// are others.
    pub exchange_after: Option<u32>,
    /// Which faults come when.
    pub seed: u64,
}

/// A half-hour of a day in UTC, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotOfDay(u32);

/// No half-hour of a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no half-hour of a day, such as 09:30")]
pub struct SlotError(String);

impl SlotOfDay {
    /// Whether a moment lies in it.
    pub(super) fn holds(self, at: MeterTime) -> bool {
        at.0 % 86_400 / HALF_HOUR == self.0
    }
}

impl FromStr for SlotOfDay {
    type Err = SlotError;

    fn from_str(text: &str) -> Result<SlotOfDay, SlotError> {
        let slot = || {
            let (hour, minute) = text.split_once(':')?;
            let hour: u32 = hour.parse().ok().filter(|hour| *hour < 24)?;
            match minute {
                "00" => Some(2 * hour),
                "30" => Some(2 * hour + 1),
                _ => None,
            }
        };
        slot().map(SlotOfDay).ok_or_else(|| SlotError(text.to_owned()))
    }
}
