//! How a meter is set: what it charges and will charge, whether it is paid for beforehand, and its own settings for
//! whoever runs the box.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::PageState;
use super::error::{HalfHoursError, PageError};
use super::health::{SETTINGS, ValueRow, values};
use super::tabs::{Head, Tab};
use super::tariff::TariffsPart;
use crate::domain::Quantity;
use crate::face::{Page, Shell, SignedIn};
use crate::texts::Texts;

#[derive(Template)]
#[template(path = "meter_settings.html", config = ".askama.toml")]
struct SettingsPage {
    shell: Shell,
    head: Head,
    /// What it charges; of the time of whoever lives there now.
    charges: Option<TariffsPart>,
    /// Whether energy is paid for beforehand, when the meter said so.
    prepays: Option<bool>,
    values: Vec<ValueRow>,
}

/// The page.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
) -> Result<Response, PageError> {
    let seen = state.find(&person, &serial)?;
    let (shown, t) = (&seen.shown, Texts::of(person.language));
    let prepays = shown
        .value(Quantity::PrepayEnabled)
        .and_then(serde_json::Value::as_bool);
    let charges = match seen.until {
        None => TariffsPart::of(&state, &seen, (t, prepays == Some(true))).map_err(HalfHoursError::from)?,
        Some(_) => None,
    };
    let page = SettingsPage {
        shell: state.face.shell("meters", Some(&person)),
        head: Head::of(&state, &person, &seen, Tab::Settings)?,
        charges,
        prepays,
        values: values(&seen, (&state, t, person.now), |quantity| {
            let has_part = matches!(
                quantity,
                Quantity::TariffsActive | Quantity::TariffsFuture | Quantity::PrepayEnabled
            );
            // Tariffs have a part of their own, unless they are none.
            let is_none = shown.values.get(&quantity).is_some_and(|value| value.why.is_some());
            SETTINGS.contains(&quantity) && if has_part { is_none } else { seen.sees_all }
        }),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}
