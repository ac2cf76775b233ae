//! What goes wrong with simulated meters, as arguments.

use clap::Args;

use crate::domain::units::Span;
use crate::meter::emop::ObjectId;
use crate::meter::simulator::{Faults, Rate, SlotOfDay};

/// What goes wrong.
#[derive(Args)]
pub(super) struct Wrong {
    /// How often a request is swallowed and the line closed, 0 to 1
    #[arg(long, value_name = "RATE", default_value = "0")]
    drop_rate: Rate,
    /// How often a reply's checksum is wrong
    #[arg(long, value_name = "RATE", default_value = "0")]
    bad_crc_rate: Rate,
    /// How often a request is never answered, and the line stays open
    #[arg(long, value_name = "RATE", default_value = "0")]
    hang_rate: Rate,
    /// How often a reply comes ahead of the next one instead
    #[arg(long, value_name = "RATE", default_value = "0")]
    late_rate: Rate,
    /// So long until each reply: "500ms", or a number of seconds
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = seconds)]
    slow: Span,
    /// Replies come byte by byte
    #[arg(long)]
    split_bytes: bool,
    /// So long after each reply, connections are refused
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = seconds)]
    refuse_for: Span,
    /// Rubbish comes before each reply
    #[arg(long)]
    garbage: bool,
    /// The line gives back what is sent, as optical heads do
    #[arg(long, requires = "pty")]
    echo: bool,
    /// Every write is refused
    #[arg(long)]
    nak_writes: bool,
    /// Writes to this object are taken without a word, and change nothing
    #[arg(long, value_name = "OBIS")]
    deaf_to: Option<ObjectId>,
    /// Writes to this object are refused
    #[arg(long, value_name = "OBIS")]
    nak_object: Option<ObjectId>,
    /// A token that was used already changes nothing, without a word
    #[arg(long)]
    token_silent: bool,
    /// How often a token never reaches the meter and the line closes
    #[arg(long, value_name = "RATE", default_value = "0")]
    reply_lost_before_rate: Rate,
    /// How often a token is taken and the line closes instead of a reply
    #[arg(long, value_name = "RATE", default_value = "0")]
    reply_lost_after_rate: Rate,
    /// How often a token is refused as used, though the meter never saw it
    #[arg(long, value_name = "RATE", default_value = "0")]
    duplicate_rate: Rate,
    /// How often somebody keys in another code, of 5 GBP, just before a token comes
    #[arg(long, value_name = "RATE", default_value = "0")]
    foreign_rate: Rate,
    /// How often a token is not taken and nothing is said of it
    #[arg(long, value_name = "RATE", default_value = "0")]
    silent_refusal_rate: Rate,
    /// Reboot in the middle of each so-manieth reply
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    reboot_every: Option<u32>,
    /// So long a reboot takes
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = seconds)]
    reboot_for: Span,
    /// How often a live value is the pattern that stands for none (all ones)
    #[arg(long, value_name = "RATE", default_value = "0")]
    no_value_rate: Rate,
    /// The records of this half-hour of every day (UTC) are that pattern
    #[arg(long, value_name = "HH:MM")]
    no_value_at: Option<SlotOfDay>,
    /// The records of this half-hour of every day (UTC) are dated a year ahead
    #[arg(long, value_name = "HH:MM")]
    misdated_at: Option<SlotOfDay>,
    /// After so many replies another meter hangs on the line, with the next serial and registers of its own
    #[arg(long, value_name = "N")]
    exchange_after: Option<u32>,
    /// Which faults come when: the same seed, the same faults
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// A length of time with a unit, or a bare number of seconds, as older scripts give it.
pub(super) fn seconds(text: &str) -> Result<Span, String> {
    let bare = text
        .parse::<f64>()
        .ok()
        .and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    match bare {
        Some(length) => Ok(Span(length)),
        None => text
            .parse()
            .map_err(|error: crate::domain::units::UnitError| error.to_string()),
    }
}

impl Wrong {
    /// As the simulator takes them.
    pub(super) fn faults(&self) -> Faults {
        Faults {
            drop_rate: self.drop_rate,
            bad_crc_rate: self.bad_crc_rate,
            hang_rate: self.hang_rate,
            late_rate: self.late_rate,
            slow: self.slow.0,
            split_bytes: self.split_bytes,
            refuse_for: self.refuse_for.0,
            garbage: self.garbage,
            echo: self.echo,
            nak_writes: self.nak_writes,
            deaf_to: self.deaf_to,
            nak_object: self.nak_object,
            token_silent: self.token_silent,
            reply_lost_before_rate: self.reply_lost_before_rate,
            reply_lost_after_rate: self.reply_lost_after_rate,
            duplicate_rate: self.duplicate_rate,
            foreign_rate: self.foreign_rate,
            silent_refusal_rate: self.silent_refusal_rate,
            reboot_every: self.reboot_every,
            reboot_for: self.reboot_for.0,
            no_value_rate: self.no_value_rate,
            no_value_at: self.no_value_at,
            misdated_at: self.misdated_at,
            exchange_after: self.exchange_after,
            seed: self.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        assert_eq!(seconds("0.5").map(|Span(length)| length.as_millis()), Ok(500));
        assert_eq!(seconds("500ms").map(|Span(length)| length.as_millis()), Ok(500));
        assert!(seconds("-1").is_err() && seconds("soon").is_err());
    }
}
