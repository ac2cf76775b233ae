//! How a top-up is, in the words of whoever lives there: one thing of a few, in English for programs and in their language
//! on pages. Pure.

use crate::domain::TopupState;
use crate::meter::emop::Money;
use crate::texts::{Said, Texts, named};

/// What to do where a code of somebody else's looks the same.
const KEYED_IN: &str = "If another code was keyed in at the meter, check its display";

/// What is said of a top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// That it is in its state, and nothing more.
    State(TopupState),
    /// It was not sent, and the box does not ask the meter.
    NotSentNotServed,
    /// It was sent, and the box does not ask the meter.
    NotServed,
    /// Somebody looked at the meter and said that it took it, or that it did not.
    SaidTaken,
    SaidNotTaken,
    /// It waits for one before it.
    Behind,
    /// Only a person can say.
    Look,
    /// The balance rose from one amount to another, be it by another code.
    Rose(Money, Money),
    /// A payment was counted, be it another code's.
    Counted,
    /// It was taken, and the balance rose from one amount to another.
    Taken(Money, Money),
    /// The meter did not say no, and did not count it.
    NotCounted,
}

impl Default for Told {
    fn default() -> Told {
        Told::State(TopupState::Waiting)
    }
}

impl Told {
    /// In English, for programs.
    #[must_use]
    pub fn words(self) -> String {
        let taken = TopupState::Taken.words();
        match self {
            Told::State(state) => state.words().to_owned(),
            Told::NotSentNotServed => "Not sent: this box does not serve the meter now".to_owned(),
            Told::NotServed => "Not known: this box does not serve the meter now".to_owned(),
            Told::SaidTaken => format!("{taken}, says somebody who looked at it"),
            Told::SaidNotTaken => "Not taken, says somebody who looked at your meter".to_owned(),
            Told::Behind => "Waits for the code before it, about a minute".to_owned(),
            Told::Look => "Not known. Somebody has to look at your meter; the code is not sent twice".to_owned(),
            Told::Rose(before, after) => {
                format!(
                    "Your balance rose: {} → {}. {KEYED_IN}",
                    before.pounds(),
                    after.pounds()
                )
            }
            Told::Counted => format!("Your meter counted a payment. {KEYED_IN}"),
            Told::Taken(before, after) => format!("{taken}: {} → {}", before.pounds(), after.pounds()),
            Told::NotCounted => {
                // The meter did not say no, so that the code itself may be as good as it was.
                "Not taken: your meter did not count this code. Try it at the meter itself".to_owned()
            }
        }
    }

    /// In the language of whoever reads it.
    #[must_use]
    pub fn said(self, t: Texts) -> Said {
        let rise =
            |name, before: Money, after: Money| t.say2(name, ("before", before.pounds()), ("after", after.pounds()));
        match self {
            Told::State(state) => t.say(match state {
                TopupState::Waiting => named("topup-waiting"),
                TopupState::Sending => named("topup-checking"),
                TopupState::Taken => named("topup-taken"),
                TopupState::Refused => named("topup-refused"),
                TopupState::InDoubt => named("topup-in-doubt"),
                TopupState::NotSent => named("topup-not-sent"),
                TopupState::Cancelled => named("topup-cancelled"),
            }),
            Told::NotSentNotServed => t.say("topup-not-sent-not-served"),
            Told::NotServed => t.say("topup-not-served"),
            Told::SaidTaken => t.say("topup-said-taken"),
            Told::SaidNotTaken => t.say("topup-said-not-taken"),
            Told::Behind => t.say("topup-behind"),
            Told::Look => t.say("topup-look"),
            Told::Rose(before, after) => rise(named("topup-rose"), before, after),
            Told::Counted => t.say("topup-counted"),
            Told::Taken(before, after) => rise(named("topup-taken-to"), before, after),
            Told::NotCounted => t.say("topup-not-counted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn pages_and_programs_say_the_same_and_both_languages_have_words_of_their_own() {
        let (before, after) = (Money(1_843_000), Money(7_398_000));
        let mut all: Vec<Told> = TopupState::ALL.into_iter().map(Told::State).collect();
        all.extend([
            Told::NotSentNotServed,
            Told::NotServed,
            Told::SaidTaken,
            Told::SaidNotTaken,
            Told::Behind,
            Told::Look,
            Told::Rose(before, after),
            Told::Counted,
            Told::Taken(before, after),
            Told::NotCounted,
        ]);
        for told in all {
            let said = |language| told.said(Texts::of(language));
            assert_eq!(said(Language::English).text(), told.words());
            let welsh = said(Language::Welsh).to_string();
            assert!(!welsh.contains("lang=") && !welsh.contains(&told.words()), "{welsh}");
        }
        assert_eq!(
            Told::Taken(before, after).words(),
            "Your meter took it: £18.43 → £73.98"
        );
    }
}
