//! A top-up as the book has it, and the steps that it takes (EMOP §21.1). Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::evidence::{Before, Proof, Reply, Round, Unclear};
use super::watching::Outcome;
use crate::accounts::Sealed;
use crate::domain::{Epoch, MeterId, Seq, TopupState};
use crate::meter::emop::Money;

/// How much of an error is kept, in characters.
const DETAILS: usize = 300;
/// After so many whole looks in doubt a top-up keeps no other one waiting.
const PATIENCE: u32 = 2;

/// After so long in doubt a person is asked to look.
const ASKED_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Through which door a code came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// `prepay` or `emop` on the box.
    CommandLine,
    /// The mediator.
    Grpc,
    /// A page.
    Page,
    /// `/v1`.
    Api,
    /// A provider's signed call.
    Provider,
    /// A job of the box's own.
    Job,
}

/// Who wants it, and through which door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// A name that an audit can follow; never a secret.
    pub by: String,
    /// The door.
    pub through: Through,
}

/// Who ended it by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    pub by: String,
    pub why: String,
}

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TopupRow {
    pub(super) id: String,
    /// Its place among all of them.
    pub(super) seq: Seq,
    /// The epoch of the book in which it was made.
    pub(super) epoch: Epoch,
    pub(super) meter: MeterId,
    /// By what the code is known again, hex; kept after the code was wiped.
    pub(super) mark: String,
    /// The code, until it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Sealed>,
    pub(super) origin: Origin,
    /// The caller's own name for it: an idempotency key, a provider's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    /// What the code is known to be worth, in 1/100000 GBP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) worth: Option<Money>,
    pub(super) made: Timestamp,
    pub(super) state: TopupState,
    /// When it came to that state.
    pub(super) since: Timestamp,
    /// When its code was about to be sent, after the last look before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<Timestamp>,
    /// Tries that ended before the code's first byte.
    #[serde(default)]
    pub(super) attempts: u32,
    /// Why it is no further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Before>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<Reply>,
    /// The newest look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) round: Option<Round>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) looked: Option<Timestamp>,
    /// Whole looks that proved neither, and why the newest did not.
    #[serde(default)]
    pub(super) unclear: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<Unclear>,
    /// Another code was sent since: what the meter counts says nothing of this one any more.
    #[serde(default)]
    pub(super) overtaken: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<Proof>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by_hand: Option<ByHand>,
}

impl TopupRow {
    /// Whether the next code for this meter waits for it.
    pub(super) fn holds_others(&self) -> bool {
        match self.state {
            TopupState::Sending => true,
            TopupState::InDoubt => !self.overtaken && self.unclear < PATIENCE,
            _ => false,
        }
    }

    /// Whether the meter is asked about it.
    pub(super) fn is_looked_at(&self) -> bool {
        match self.state {
            TopupState::Sending => true,
            TopupState::InDoubt => !self.overtaken,
            _ => false,
        }
    }

    /// The code is about to be sent; from here on it is nowhere but in this process.
    pub(super) fn begins(&mut self, before: Before, now: Timestamp) {
        self.sealed = None;
        self.before = Some(before);
        (self.reply, self.round, self.looked, self.trouble) = (None, None, None, None);
        self.sent = Some(now);
        self.becomes(TopupState::Sending, now);
    }

    /// Not one byte of it was sent.
    pub(super) fn waits_again(&mut self, sealed: Sealed, why: &str, now: Timestamp) {
        self.sealed = Some(sealed);
        (self.before, self.sent) = (None, None);
        self.becomes(TopupState::Waiting, now);
        self.tried(why);
    }

    /// A try ended before the code's first byte.
    pub(super) fn tried(&mut self, why: &str) {
        self.attempts = self.attempts.saturating_add(1);
        self.trouble = Some(why.chars().take(DETAILS).collect());
    }

    /// What the looks come to.
    pub(super) fn takes(&mut self, outcome: Outcome, round: Option<Round>, trouble: Option<&str>, now: Timestamp) {
        if let Some(round) = round {
            (self.round, self.looked) = (Some(round), Some(now));
        }
        self.trouble = trouble.map(|why| why.chars().take(DETAILS).collect());
        match outcome {
            Outcome::GoesOn => {}
            Outcome::Taken(proof) => {
                self.proof = Some(proof);
                self.why = None;
                self.becomes(TopupState::Taken, now);
            }
            Outcome::Refused => {
                self.why = None;
                self.becomes(TopupState::Refused, now);
            }
            Outcome::Unclear(why) => {
                self.unclear = self.unclear.saturating_add(1);
                self.why = Some(why);
                self.doubted(now);
            }
            Outcome::Unread => self.doubted(now),
        }
    }

    /// Nobody knows.
    pub(super) fn doubted(&mut self, now: Timestamp) {
        if self.state != TopupState::InDoubt {
            self.becomes(TopupState::InDoubt, now);
        }
    }

    /// A person says how it ended.
    pub(super) fn end_by_hand(&mut self, taken: bool, by_hand: ByHand, now: Timestamp) {
        self.by_hand = Some(by_hand);
        if taken {
            self.proof = Some(Proof::Person);
            self.becomes(TopupState::Taken, now);
        } else {
            self.becomes(TopupState::Refused, now);
        }
    }

    /// It comes to a state; a code that will not be sent is wiped.
    pub(super) fn becomes(&mut self, state: TopupState, now: Timestamp) {
        (self.state, self.since) = (state, now);
        if state != TopupState::Waiting {
            self.sealed = None;
        }
    }

    /// Whether only a person can end it, or the meter was asked in vain for so long that a person should.
    pub(super) fn wants_a_person(&self, now: Timestamp) -> bool {
        self.state == TopupState::InDoubt && (self.overtaken || now.duration_since(self.since) > ASKED_FOR)
    }

    /// Whether the meter counted more payments than this one alone.
    pub(super) fn is_one_of_many(&self) -> bool {
        self.why == Some(Unclear::Leapt)
    }

    /// Whether it cannot be told from a code that was keyed in at the meter meanwhile: the meter's own yes was not heard.
    pub(super) fn may_be_anothers(&self) -> bool {
        let counted = matches!(self.proof, Some(Proof::Count | Proof::Payment | Proof::Balance));
        counted && self.reply != Some(Reply::Accepted)
    }
}
