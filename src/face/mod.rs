//! The shell of the pages: layout, navigation, lamps, login. Rooms' own pages live with the rooms;
//! templates and assets lie in `web/`.

mod again;
mod alarm_words;
mod caller;
mod csrf;
mod errand;
mod fault_page;
mod form;
mod installed;
mod lamps;
mod languages;
mod login;
mod me;
pub mod plot;
mod proof;
mod security;
mod shell;
mod state;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use tokio::sync::watch;

pub use alarm_words::alarm_words;
pub use caller::{BoxApi, CSRF_HEADER, Caller, mounted};
pub use csrf::Csrf;
pub use errand::Errands;
pub use fault_page::MessagePage;
pub use form::{Form, FormError, Nothing};
pub use lamps::{Concern, Lamp, Lamps, Light, PartLit, PartWords};
pub use proof::Refused;
pub use security::secured;
pub use shell::{FixedPage, Link, Page, Shell};
pub use state::PageState;
pub use visitor::{Forbidden, SESSION_COOKIE, SignedIn, Visitor};

use crate::accounts::Accounts;
use crate::http::assets::Assets;
use crate::texts::{Language, Texts};

/// The building, as its pages tell of it.
#[derive(Clone, Debug)]
pub struct Site {
    pub name: String,
    /// Whose clocks the pages show.
    pub timezone: jiff::tz::TimeZone,
    /// What its pages can be read in; the first is the default.
    pub languages: Vec<Language>,
    /// Whom people turn to: a `mailto:`, `tel:` or `https:` address.
    pub contact: Option<String>,
}

/// What all pages share; clones share it.
#[derive(Clone)]
pub struct Face {
    inner: Arc<Inner>,
}

struct Inner {
    site: Site,
    accounts: Accounts,
    assets: Assets,
    lamps: watch::Receiver<Lamps>,
    errands: errand::ErrandsOf,
}

impl Face {
    /// The shell of the pages of a site.
    #[must_use]
    pub fn new(site: Site, accounts: Accounts, assets: Assets, lamps: watch::Receiver<Lamps>) -> Face {
        Face {
            inner: Arc::new(Inner {
                site,
                accounts,
                assets,
                lamps,
                errands: errand::ErrandsOf::default(),
            }),
        }
    }

    /// Has people come back to a room's pages who had to sign in on their way.
    pub fn lead_back_to(&self, errands: Arc<dyn Errands>) {
        self.inner.errands.set(errands);
    }

    /// Login, logout, one-time links.
    pub fn router(&self) -> Router {
        secured(
            login::router()
                .merge(languages::router())
                .merge(me::router())
                .merge(again::router())
                .with_state(self.clone()),
        )
        .merge(installed::router(self))
    }

    /// The people whose pages these are.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.inner.accounts
    }

    /// Where an asset is served, with the hash of its content.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        self.inner.assets.url(name)
    }

    /// The language of somebody who chose `chosen` on their device, or whose browser sent these headers.
    fn language(&self, chosen: Option<&str>, headers: &HeaderMap) -> Language {
        let offered = &self.inner.site.languages;
        let chosen = chosen.and_then(|tag| tag.parse().ok());
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        chosen
            .filter(|language| offered.contains(language))
            .unwrap_or_else(|| Language::wanted(accepted.unwrap_or_default(), offered))
    }

    /// Whom people turn to: where that leads, and what it says.
    #[must_use]
    pub fn contact(&self) -> Option<(String, String)> {
        let link = self.inner.site.contact.clone()?;
        let leads = ["mailto:", "tel:", "https:"]
            .into_iter()
            .find(|scheme| link.starts_with(scheme))?;
        let words = match leads {
            "https:" => link.clone(),
            scheme => link.trim_start_matches(scheme).to_owned(),
        };
        Some((link, words))
    }

    /// What pages can be read in; the first is the default.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.inner.site.languages
    }

    /// What pages for nobody in particular are written in.
    fn first_language(&self) -> Language {
        self.inner.site.languages.first().copied().unwrap_or_default()
    }

    /// Whose clocks the pages show.
    #[must_use]
    pub fn timezone(&self) -> &jiff::tz::TimeZone {
        &self.inner.site.timezone
    }

    /// A day and a time of day that may be far away, as people here read it.
    #[must_use]
    pub fn date(&self, at: jiff::Timestamp) -> String {
        at.to_zoned(self.inner.site.timezone.clone())
            .strftime("%-d %b %Y, %H:%M")
            .to_string()
    }

    /// A day and a time of day that may be far away, in a language.
    #[must_use]
    pub fn date_in(&self, t: Texts, at: jiff::Timestamp) -> String {
        let here = at.to_zoned(self.inner.site.timezone.clone());
        format!("{}, {}", t.date(here.date()), here.strftime("%H:%M"))
    }

    /// A moment to the second, in a language.
    #[must_use]
    pub fn time_in(&self, t: Texts, at: jiff::Timestamp) -> String {
        let here = at.to_zoned(self.inner.site.timezone.clone());
        format!("{} {}", t.day_of_month(here.date()), here.strftime("%H:%M:%S"))
    }

    /// The day and the time of day, in a language.
    #[must_use]
    pub fn moment(&self, t: Texts, at: jiff::Timestamp) -> String {
        let here = at.to_zoned(self.inner.site.timezone.clone());
        format!("{} {}", t.day(here.date()), here.strftime("%H:%M"))
    }

    /// A moment as people here read it.
    #[must_use]
    pub fn time(&self, at: jiff::Timestamp) -> String {
        at.to_zoned(self.inner.site.timezone.clone())
            .strftime("%-d %b %H:%M:%S")
            .to_string()
    }
}
