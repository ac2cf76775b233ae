//! Why there is no page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::domain::MeterId;
use crate::domain::given::GivenError;
use crate::face::Forbidden;
use crate::http::{BrokenError, Problem};
use crate::meter::MetersError;
use crate::meter::explain::ExplainError;
use crate::meter::tariffs::TariffError;
use crate::meter::topup::TopupError;
use crate::store::ReadError;
use crate::texts::named;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    /// There is no such meter, or it is somebody else's.
    #[error("There is no such meter.")]
    Unknown,
    /// Their role does not cover it.
    #[error("Your role does not cover that.")]
    Forbidden,
    /// There is no such top-up of this meter.
    #[error("There is no such top-up.")]
    NoTopup,
    /// Nobody asks it: it is served, and not polled.
    #[error("This box does not ask that meter by itself: `gatelodge mediators start {0}` has it do so.")]
    NotAsked(MeterId),
    /// There is no list of that id.
    #[error("That list is gone: it was asked more than half an hour ago. Paste it again.")]
    NoList,
    /// Top-ups cannot be read or written.
    #[error("That could not be done, and the fault is ours.")]
    Topups(#[from] TopupError),
    /// The day is none.
    #[error("{0}.")]
    Day(#[from] GivenError),
    /// The stretch is none.
    #[error("`{0}` is no stretch of time: day, week, month or year.")]
    Stretch(String),
    /// A balance cannot be explained.
    #[error("{}", explained(.0))]
    Money(#[from] ExplainError),
    /// Reading it broke.
    #[error("That could not be read, and the fault is ours.")]
    Broken(#[from] BrokenError),
    /// It could not be read.
    #[error("That could not be read, and the fault is ours.")]
    Unread(#[from] HalfHoursError),
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = match &self {
            PageError::Money(ExplainError::Period) => StatusCode::UNPROCESSABLE_ENTITY,
            PageError::Money(ExplainError::Meters(MetersError::Unknown(_))) => StatusCode::NOT_FOUND,
            PageError::Money(error) => {
                tracing::error!(%error, "a balance could not be explained");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            PageError::Forbidden => return Forbidden.into_response(),
            PageError::Unknown | PageError::NoTopup | PageError::NoList => StatusCode::NOT_FOUND,
            PageError::NotAsked(_) => StatusCode::CONFLICT,
            PageError::Topups(TopupError::Write(why)) => Problem::from(why).status(),
            PageError::Topups(error) => {
                tracing::error!(%error, "a page of top-ups could not be made");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            PageError::Day(_) | PageError::Stretch(_) => StatusCode::BAD_REQUEST,
            PageError::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            PageError::Unread(error) => {
                tracing::error!(%error, "a page of a meter could not be read");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let problem = Problem::new(status, "no-page", self.to_string());
        match self.on_page() {
            Some(name) => problem.on_page(name, None).into_response(),
            None => problem.into_response(),
        }
    }
}

impl PageError {
    /// The same in the tables, by the name of its text; what repeats what was asked is not there.
    fn on_page(&self) -> Option<&'static str> {
        Some(match self {
            PageError::Unknown | PageError::Money(ExplainError::Meters(MetersError::Unknown(_))) => {
                named("fault-no-meter")
            }
            PageError::Forbidden => named("fault-forbidden-text"),
            PageError::NoTopup => named("fault-no-topup"),
            PageError::NoList => named("fault-no-list"),
            PageError::Topups(_) => named("fault-not-done"),
            PageError::Money(ExplainError::Period) => named("fault-period"),
            PageError::Money(_) | PageError::Broken(_) | PageError::Unread(_) => named("fault-unread"),
            PageError::Day(_) | PageError::Stretch(_) | PageError::NotAsked(_) => return None,
        })
    }
}

/// What somebody is told whose balance cannot be explained.
fn explained(error: &ExplainError) -> String {
    match error {
        ExplainError::Period => "The first day must not be after the last, and at most 400 days are explained at once.",
        ExplainError::Meters(MetersError::Unknown(_)) => "There is no such meter.",
        _ => "That could not be read, and the fault is ours.",
    }
    .to_owned()
}

/// Why half-hours cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum HalfHoursError {
    /// The meter went meanwhile.
    #[error(transparent)]
    Room(#[from] MetersError),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What it charges cannot be read.
    #[error(transparent)]
    Tariffs(#[from] TariffError),
    /// There is no such day.
    #[error(transparent)]
    Calendar(#[from] jiff::Error),
}
