//! A top-up as people and programs see it: everything but the code.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evidence::{Proof, Reply, Unclear};
use super::row::{ByHand, Origin, TopupRow};
use super::tending::NOT_SERVED;
use super::told::Told;
use crate::domain::{MeterId, TopupState};
use crate::meter::emop::Money;

/// A top-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopupShown {
    pub id: String,
    pub meter: MeterId,
    pub state: TopupState,
    /// How it is, for whoever lives there.
    pub words: String,
    /// The same, for pages that say it in other languages.
    #[serde(skip)]
    pub told: Told,
    /// When it came to that state.
    pub since: Timestamp,
    pub made: Timestamp,
    /// When its code was sent: after the balance before it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// When the balance after it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Timestamp>,
    #[serde(flatten)]
    pub origin: Origin,
    /// The caller's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Tries that ended before the code's first byte.
    pub attempts: u32,
    /// Why it is no further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What the code is known to be worth, in pounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<String>,
    /// In pounds, just before the code was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_before: Option<String>,
    /// In pounds, at the newest look since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_after: Option<String>,
    /// What the meter said to the frame with the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// What proved that it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Whether it cannot be told from a code that was keyed in at the meter meanwhile.
    #[serde(default)]
    pub may_be_anothers: bool,
    /// Whether the meter counted more payments than this one alone.
    #[serde(default)]
    pub is_one_of_many: bool,
    /// Whether only a person can end it, or the box has asked in vain for so long that a person should.
    #[serde(default)]
    pub wants_a_person: bool,
    /// Whether the code has to be given again: the key that sealed it is gone.
    #[serde(default)]
    pub wants_the_code: bool,
    /// Who ended it by hand, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<ByHand>,
}

/// Why a code is not sent yet though its meter could be reached.
const BEHIND: &str = "waits for the code before it, about a minute";
/// What the box knows of a top-up beside its row.
pub(super) struct Around {
    /// Whether the code has to be given again.
    pub(super) wants_the_code: bool,
    /// Whether the box asks the meter; if not, by somebody's choice, nothing moves until it does.
    pub(super) served: bool,
    /// Whether a code before it is being checked, so that this one is not sent yet.
    pub(super) behind: bool,
    pub(super) now: Timestamp,
}

impl TopupShown {
    pub(super) fn of(row: TopupRow, around: &Around) -> TopupShown {
        let before = row.before.as_ref().and_then(|before| before.balance);
        let after = row.round.as_ref().and_then(|round| round.balance);
        let told = told(&row, around, before, after);
        TopupShown {
            words: told.words(),
            told,
            trouble: trouble(&row, around, before, after),
            wants_a_person: row.wants_a_person(around.now),
            may_be_anothers: row.may_be_anothers(),
            is_one_of_many: row.is_one_of_many(),
            sent: row.sent,
            looked: row.looked,
            id: row.id,
            meter: row.meter,
            state: row.state,
            since: row.since,
            made: row.made,
            origin: row.origin,
            key: row.key,
            attempts: row.attempts,
            worth: row.worth.map(|amount| amount.to_string()),
            balance_before: before.map(|amount| amount.to_string()),
            balance_after: after.map(|amount| amount.to_string()),
            reply: row.reply,
            proof: row.proof,
            wants_the_code: around.wants_the_code,
            by_hand: row.by_hand,
        }
    }
}

impl TopupShown {
    /// Without what only whoever lives there then may know: its state alone.
    pub(in crate::meter) fn keep_state_alone(&mut self) {
        self.told = Told::State(self.state);
        self.words = self.told.words();
    }

    /// What the code is known to be worth in pounds, unless the balance moved by something else: then it moved by what
    /// nobody knows.
    pub(in crate::meter) fn fitting_worth(&self) -> Option<Money> {
        let amount = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Money>().ok());
        let worth = amount(&self.worth)?;
        let rise = amount(&self.balance_before).zip(amount(&self.balance_after));
        let rise = rise.and_then(|(before, after)| after.0.checked_sub(before.0).map(Money));
        rise.is_none_or(|rise| fits(worth, rise)).then_some(worth)
    }
}

/// Why a top-up is no further, or what does not fit.
fn trouble(row: &TopupRow, around: &Around, before: Option<Money>, after: Option<Money>) -> Option<String> {
    let served = around.served;
    match (row.state, row.why) {
        // What makes it doubtful stays so.
        (TopupState::InDoubt, Some(why)) => Some(in_words(why, row.overtaken)),
        (TopupState::Taken, _) => misfit(row.worth?, after?.0.checked_sub(before?.0).map(Money)?),
        (state, _) if !served && !state.is_settled() && state != TopupState::InDoubt => Some(NOT_SERVED.to_owned()),
        (TopupState::Waiting, _) if around.behind => Some(BEHIND.to_owned()),
        _ => row.trouble.clone(),
    }
}

/// Whether a balance may have risen so by a code of that worth: by less, since use and debt are taken from it meanwhile;
/// not by so much less, and not by more.
fn fits(worth: Money, rise: Money) -> bool {
    rise <= worth && rise.0 > worth.0 / 2
}

/// A balance that rose by another amount than the code is said to be worth.
fn misfit(worth: Money, rise: Money) -> Option<String> {
    (!fits(worth, rise)).then(|| {
        format!(
            "the code is said to be worth {}, and the balance moved by {}: what else was booked meanwhile, the meter's own \
             list of payments shows",
            worth.pounds(),
            rise.pounds()
        )
    })
}

fn in_words(why: Unclear, overtaken: bool) -> String {
    match overtaken {
        true => format!("{why}; another code was sent since, so only a person can end it"),
        false => why.to_string(),
    }
}

fn told(row: &TopupRow, around: &Around, before: Option<Money>, after: Option<Money>) -> Told {
    if !around.served && !row.state.is_settled() {
        return match row.state {
            TopupState::Waiting => Told::NotSentNotServed,
            _ => Told::NotServed,
        };
    }
    if row.by_hand.is_some() {
        return match row.state {
            TopupState::Taken => Told::SaidTaken,
            _ => Told::SaidNotTaken,
        };
    }
    match (row.state, before, after) {
        (TopupState::Waiting, ..) if around.behind => Told::Behind,
        (TopupState::InDoubt, ..) if row.wants_a_person(around.now) => Told::Look,
        // Another code that was keyed in meanwhile looks the same.
        (TopupState::Taken, Some(before), Some(after)) if row.may_be_anothers() && after > before => {
            Told::Rose(before, after)
        }
        (TopupState::Taken, ..) if row.may_be_anothers() => Told::Counted,
        (TopupState::Taken, Some(before), Some(after)) => Told::Taken(before, after),
        (TopupState::Refused, ..) if row.reply != Some(Reply::Refused(6)) => Told::NotCounted,
        (state, ..) => Told::State(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_that_is_not_the_codes_worth_is_named() {
        for (worth, rise, fits) in [
            (1_250_000, 1_250_000, true),
            // A little was used, and some debt was taken.
            (1_250_000, 1_249_876, true),
            (1_250_000, 800_000, true),
            (1_250_000, 600_000, false),
            (1_250_000, -4, false),
            (1_250_000, 1_250_001, false),
        ] {
            assert_eq!(misfit(Money(worth), Money(rise)).is_none(), fits, "{worth} {rise}");
        }
        let words = misfit(Money(1_250_000), Money(2_500_000)).unwrap();
        assert!(words.contains("£12.50") && words.contains("£25.00"), "{words}");
    }
}
