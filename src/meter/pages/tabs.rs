//! What the four pages of a meter have in common: its name, what wants somebody, and the way from one to the other.

use super::PageState;
use super::card::since_heard;
use super::error::{HalfHoursError, PageError};
use super::seen::Seen;
use crate::accounts::Act;
use crate::domain::MeterId;
use crate::face::SignedIn;
use crate::texts::{Texts, named};

/// One of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Use,
    Health,
    Log,
    Settings,
}

impl Tab {
    const ALL: [Tab; 4] = [Tab::Use, Tab::Health, Tab::Log, Tab::Settings];

    fn address(self) -> &'static str {
        match self {
            Tab::Use => "",
            Tab::Health => "/health",
            Tab::Log => "/log",
            Tab::Settings => "/settings",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Tab::Use => named("meter-use"),
            Tab::Health => named("meter-health"),
            Tab::Log => named("meter-log"),
            Tab::Settings => named("meter-settings"),
        }
    }

    /// Whether there is anything on it for whom the meter is no longer.
    fn is_of_the_past(self) -> bool {
        matches!(self, Tab::Use | Tab::Log)
    }
}

/// A way to another page.
pub(super) struct TabShown {
    pub(super) address: String,
    pub(super) text: &'static str,
    pub(super) here: bool,
}

/// What stands above each of the pages.
pub(super) struct Head {
    pub(super) serial: MeterId,
    pub(super) name: String,
    /// Since when it is theirs no more.
    pub(super) until: Option<String>,
    pub(super) tabs: Vec<TabShown>,
    /// Whether lamps are for them.
    pub(super) sees_all: bool,
    /// Why it does not answer, for whoever may know more than that.
    pub(super) why: Option<String>,
    /// Whether it does not answer, and since when it was not heard.
    pub(super) silent: Option<String>,
    /// Top-ups that only a person can end, for whoever runs the box: the id, and when the code was given.
    pub(super) to_settle: Vec<(String, String)>,
}

impl Head {
    pub(super) fn of(state: &PageState, person: &SignedIn, seen: &Seen, here: Tab) -> Result<Head, PageError> {
        let shown = &seen.shown;
        let (serial, t) = (&shown.meter.serial, Texts::of(person.language));
        let tabs = Tab::ALL
            .into_iter()
            .filter(|tab| seen.until.is_none() || tab.is_of_the_past())
            .map(|tab| TabShown {
                address: format!("/energy/{serial}{}", tab.address()),
                text: tab.text(),
                here: tab == here,
            });
        let silent = (!shown.health_details.is_empty()).then(|| since_heard(seen, (&state.face, t)));
        let to_settle = match person.must(Act::CommandMeters) {
            Ok(()) => state
                .room
                .topups_to_settle(Some(serial))
                .map_err(HalfHoursError::from)?,
            Err(_) => Vec::new(),
        };
        Ok(Head {
            serial: serial.clone(),
            name: shown.meter.called(),
            until: seen
                .until
                .map(|until| state.face.date_in(Texts::of(person.language), until)),
            tabs: tabs.collect(),
            sees_all: seen.sees_all,
            // The details are for whoever runs the box: they can name the way to the meter, and other meters.
            why: Some(shown.health_details.clone()).filter(|_| silent.is_some() && seen.sees_all),
            silent,
            to_settle: to_settle
                .into_iter()
                .map(|topup| (topup.id, state.face.date_in(Texts::of(person.language), topup.made)))
                .collect(),
        })
    }
}
