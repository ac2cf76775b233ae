//! What a meter shows of its payments, before a code is sent and after, and what follows from both (EMOP §21.3). Pure.
//!
//! The meter's yes or no to the frame proves nothing alone, and neither does the balance, which falls all the time: what
//! the meter *counts* does.

use serde::{Deserialize, Serialize};

use crate::meter::emop::Money;
use crate::meter::emop::event_log::MeterEvent;

/// The count while there was no payment yet (EMOP §17.2).
const NONE_YET: u16 = 0xFFFF;
/// The entry that a taken code leaves in the meter's own log (EMOP §7).
const PAID: u8 = 48;

/// An entry of the meter's own log: when, what, and its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMark(u32, u8, u8);

impl From<&MeterEvent> for LogMark {
    fn from(event: &MeterEvent) -> LogMark {
        LogMark(event.at.0, event.id, event.set)
    }
}

/// What a meter showed just before a code was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Before {
    /// In 1/100000 GBP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<Money>,
    /// How many payments it counted; one less on meters that begin at zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u16>,
    /// The newest payment as it stands in the meter, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The newest page of its log, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Vec<LogMark>>,
}

/// What it showed in one round of proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Round {
    /// The serial that answered, when it is another meter's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub another: Option<String>,
    /// In 1/100000 GBP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<Money>,
    /// How many payments it counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u16>,
    /// The newest payment, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Whether its log has a payment that was not there before; `None`: the log cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
}

/// What the meter said to the frame with the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Yes, which proves nothing alone.
    Accepted,
    /// No, with this code (EMOP §1.2).
    Refused(u8),
    /// Nothing that could be read.
    Nothing,
}

/// What proved that a code was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// One payment more was counted.
    Count,
    /// The meter's log has a new payment, or the newest payment is another.
    Payment,
    /// The balance rose by exactly what the code is worth.
    Balance,
    /// A person said so, with a reason.
    Person,
}

/// Why a round proves neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unclear {
    /// Another meter answers there.
    #[error("another meter answers on its line")]
    AnotherMeter,
    /// What it showed before is not known.
    #[error("what the meter counted before is not known")]
    NoBefore,
    /// It counted more than one payment.
    #[error("the meter counted more than one payment, or counts anew")]
    Leapt,
    /// It counted a payment and said no.
    #[error("the meter said no, and counted a payment")]
    CountedThoughRefused,
    /// One place says paid, another does not.
    #[error("the meter's count, log and newest payment do not agree")]
    Disagree,
    /// Nothing that would prove it can be read.
    #[error("the meter does not show how many payments it counted")]
    Unreadable,
}

/// What follows from one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The code was taken.
    Taken(Proof),
    /// Nothing was counted so far.
    Unchanged,
    /// Neither follows.
    Unclear(Unclear),
}

/// What of a page of the log, newest first, was not there before; and whether an entry of before was met, so that no
/// further page is needed.
#[must_use]
pub fn fresh<'p>(page: &'p [LogMark], before: &[LogMark]) -> (&'p [LogMark], bool) {
    let known = page.iter().position(|mark| before.contains(mark));
    (&page[..known.unwrap_or(page.len())], known.is_some())
}

/// Whether one of these entries is a payment.
#[must_use]
pub fn has_payment(log: &[LogMark]) -> bool {
    log.iter().any(|mark| mark.1 == PAID)
}

impl Round {
    /// What follows from this round. `worth`: what the code is known to be worth.
    #[must_use]
    pub fn finding(&self, before: Option<&Before>, reply: Option<Reply>, worth: Option<Money>) -> Finding {
        if self.another.is_some() {
            return Finding::Unclear(Unclear::AnotherMeter);
        }
        let Some(before) = before else {
            return Finding::Unclear(Unclear::NoBefore);
        };
        let taken = |proof| match reply {
            Some(Reply::Refused(_)) => Finding::Unclear(Unclear::CountedThoughRefused),
            Some(Reply::Accepted | Reply::Nothing) | None => Finding::Taken(proof),
        };
        let changed = match (&before.detail, &self.detail) {
            (Some(then), Some(now)) => Some(then != now),
            (None, _) | (_, None) => None,
        };
        let elsewhere = [self.paid, changed];
        let paid_elsewhere = elsewhere.contains(&Some(true));
        let (Some(then), Some(now)) = (before.count, self.count) else {
            return match elsewhere {
                _ if paid_elsewhere => taken(Proof::Payment),
                [None, None] if self.rose_by(worth, before) => taken(Proof::Balance),
                _ => Finding::Unclear(Unclear::Unreadable),
            };
        };
        if now == then.wrapping_add(1) {
            return taken(Proof::Count);
        }
        if now != then {
            return Finding::Unclear(Unclear::Leapt);
        }
        // A count that begins at zero is zero before the first payment and after it, on some meters.
        let may_hide_the_first = [0, NONE_YET].contains(&then);
        match (paid_elsewhere, may_hide_the_first) {
            (true, true) => taken(Proof::Payment),
            (true, false) => Finding::Unclear(Unclear::Disagree),
            (false, true) if elsewhere == [None, None] => Finding::Unclear(Unclear::Unreadable),
            (false, _) => Finding::Unchanged,
        }
    }

    fn rose_by(&self, worth: Option<Money>, before: &Before) -> bool {
        match (worth, before.balance, self.balance) {
            (Some(worth), Some(then), Some(now)) => worth.0 > 0 && now.0 - then.0 == worth.0,
            _ => false,
        }
    }
}
