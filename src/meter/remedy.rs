//! Which command helps after a refusal, for whoever works on the box's command line. Refusals themselves name none: whoever
//! asks at `/v1`, on a page or through the mediator has no such commands.

use super::room::MetersError;
use super::tariffs::TariffError;
use super::topup::TopupError;
use crate::domain::MeterId;

/// A refusal that a command may help with.
pub trait Remedy: std::error::Error {
    /// The command, in words; `None`: the refusal itself says what to do.
    fn command(&self) -> Option<String>;
}

fn list_meters() -> Option<String> {
    Some("`gatelodge meter list` shows those that there are".to_owned())
}

fn serve(meter: &MeterId) -> Option<String> {
    Some(format!("`gatelodge mediators create {meter}` changes that"))
}

fn list_codes(meter: &MeterId) -> Option<String> {
    Some(format!("`gatelodge prepay list --meter {meter}` shows them"))
}

fn show_tariff(meter: &MeterId) -> Option<String> {
    Some(format!("`gatelodge meter tariff show {meter}` says how far it is"))
}

impl Remedy for MetersError {
    fn command(&self) -> Option<String> {
        match self {
            MetersError::Unknown(_) => list_meters(),
            MetersError::Off(meter) => serve(meter),
            MetersError::Unsettled(meter) => list_codes(meter),
            MetersError::OpenTopups { meter, .. } => Some(format!(
                "take back what waits with `gatelodge prepay cancel ID`, end what is in doubt with `gatelodge prepay settle \
                 ID`; or remove the meter with --yes: then they stay in the book, and `gatelodge prepay list --meter {meter}` \
                 shows them"
            )),
            MetersError::NotSettled(id) => Some(format!("`gatelodge prepay show {id}` says how it is")),
            MetersError::Unfriendly { .. } => Some("or now, with --now and --why".to_owned()),
            MetersError::TariffUnderWay(meter) => show_tariff(meter),
            MetersError::Topup(error) => error.command(),
            _ => None,
        }
    }
}

impl Remedy for TariffError {
    fn command(&self) -> Option<String> {
        match self {
            TariffError::UnknownMeter(_) => list_meters(),
            TariffError::Off(meter) => serve(meter),
            TariffError::MeterClock { meter, .. } => Some(format!("`emop clock_time_write {meter}` sets it")),
            TariffError::UnderWay(meter) => show_tariff(meter),
            _ => None,
        }
    }
}

impl Remedy for TopupError {
    fn command(&self) -> Option<String> {
        match self {
            TopupError::UnknownMeter(_) => list_meters(),
            TopupError::Off(meter) => serve(meter),
            TopupError::ShareFull { meter, .. } | TopupError::TooMany(meter, _) => list_codes(meter),
            TopupError::DoesNotPrepay(_) => Some("`gatelodge prepay send` sends it with --anyway".to_owned()),
            TopupError::Unknown => Some("`gatelodge prepay list` shows those that there are".to_owned()),
            _ => None,
        }
    }
}
