//! What goes wrong on the line to a simulated meter.

use std::str::FromStr;
use std::time::Duration;

/// How often something happens: 0 never, 1 always.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Rate(pub(super) f64);

/// No rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rate from 0 (never) to 1 (always)")]
pub struct NoRate(String);

impl Rate {
    /// Every time.
    pub const ALWAYS: Rate = Rate(1.0);
}

impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Rate, NoRate> {
        let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        rate.map(Rate).ok_or_else(|| NoRate(text.to_owned()))
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
    /// A token that was used is taken without a word, and changes nothing.
    pub token_silent: bool,
    /// In the middle of each so-manieth reply the meter reboots.
    pub reboot_every: Option<u32>,
    /// So long a reboot takes.
    pub reboot_for: Duration,
    /// Which faults come when.
    pub seed: u64,
}
