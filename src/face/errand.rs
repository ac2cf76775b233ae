//! What somebody came for who has to sign in first: pages of a room that go on afterwards.

use std::sync::{Arc, PoisonError, RwLock};

use axum_extra::extract::CookieJar;

use crate::texts::{Said, Texts};

/// A room whose pages somebody may be at while they sign in.
pub trait Errands: Send + Sync {
    /// Where the errand of this name goes on, when it waits for whoever carries these cookies. A name that is unknown, too
    /// old or another browser's is none.
    fn goes_on(&self, name: &str, cookies: &CookieJar) -> Option<String>;

    /// What it is about, in a sentence for whoever is asked to sign in.
    fn about(&self, name: &str, cookies: &CookieJar, t: Texts) -> Option<Said>;
}

/// The room that has errands, once there is one.
#[derive(Default)]
pub(super) struct ErrandsOf(RwLock<Option<Arc<dyn Errands>>>);

impl ErrandsOf {
    pub(super) fn set(&self, errands: Arc<dyn Errands>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(errands);
    }

    /// Where it goes on, and what it is about.
    pub(super) fn of(&self, name: &str, cookies: &CookieJar, t: Texts) -> Option<(String, Option<Said>)> {
        let errands = self.0.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let goes_on = errands.goes_on(name, cookies)?;
        Some((goes_on, errands.about(name, cookies, t)))
    }
}
