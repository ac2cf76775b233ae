//! The room's pages: all meters with what they said last, and one meter on four: what is used, how it is, its log, its
//! settings.
//! A resident sees theirs while they are theirs, of those that were theirs the half-hours of that time, and no others.

mod add;
mod asking;
mod balances;
mod card;
mod day;
mod drawn;
mod error;
mod figures;
mod health;
mod live;
mod log;
mod money;
mod own;
mod own_days;
mod own_now;
mod saw_tooth;
mod seen;
mod settings;
mod spark;
mod stretch;
mod table;
mod tabs;
mod tariff;
mod topup;
mod topups;
mod used;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Meters;
use crate::domain::MeterId;
use crate::face::{self, Face, SignedIn, secured};
use error::PageError;
pub use own::{OwnMeter, OwnMeters, own};
pub use own_days::{Cost, DayUse, MonthSoFar, OwnDays};
pub use own_now::{OwnNow, OwnTopup};
use seen::Seen;

/// What stands behind the pages.
type PageState = face::PageState<Meters>;

impl face::PageState<Meters> {
    /// The meter of a page, when the person may see it. Whose it is not learns nothing of it.
    fn find(&self, person: &SignedIn, serial: &str) -> Result<Seen, PageError> {
        let serial: MeterId = serial.parse().map_err(|_| PageError::Unknown)?;
        let shown = self.room.show(&serial).map_err(|_| PageError::Unknown)?;
        Seen::by(&person.who(), shown, person.now).ok_or(PageError::Unknown)
    }
}

/// The room's pages.
pub fn router(room: Arc<Meters>, face: Face) -> Router {
    let state = PageState { room, face };
    secured(
        Router::new()
            .route("/money", get(balances::show))
            .route("/energy", get(table::list))
            .route("/energy/live", get(live::live))
            .route("/energy/add", get(add::show).post(add::ask))
            .route("/energy/add/{list}", get(add::asked).post(add::add))
            .route("/energy/{serial}", get(used::show))
            .route("/energy/{serial}/health", get(health::show))
            .route("/energy/{serial}/ask", post(asking::ask))
            .route("/energy/{serial}/log", get(log::show))
            .route("/energy/{serial}/settings", get(settings::show))
            .route("/energy/{serial}/half-hours.csv", get(day::csv))
            .route("/energy/{serial}/money", get(money::show))
            .route("/energy/{serial}/money.csv", get(money::csv))
            .route("/energy/{serial}/topups", get(topups::list).post(topups::create))
            .route("/energy/{serial}/topups/{id}", get(topup::show))
            .route("/energy/{serial}/topups/{id}/cancel", post(topup::cancel))
            .route("/energy/{serial}/topups/{id}/settlement", post(topup::settle))
            .with_state(state),
    )
}
