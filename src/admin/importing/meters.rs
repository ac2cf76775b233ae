//! Meters of another registry: added as `meter add` does, several at once (MOVE §2).

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::super::AdminState;
use super::super::meters::{origin, room};
use super::super::problem::AdminError;
use super::piece::{Outcome, Piece};
use crate::accounts::AUDIT;
use crate::domain::Duty;
use crate::meter::{Answers, Entry, Meters, MetersError};

/// Meters that are asked at once who they are.
const AT_ONCE: usize = 16;

/// A meter of another registry.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewMeter {
    pub entry: Entry,
    /// It was not polled there.
    pub passive: bool,
}

pub(super) async fn take(
    State(state): State<AdminState>,
    Json(piece): Json<Piece<NewMeter>>,
) -> Result<Json<Vec<Outcome>>, AdminError> {
    let room = room(&state)?;
    let dry_run = piece.dry_run;
    let outcomes = stream::iter(piece.items).map(|new| one(&room, new, dry_run));
    Ok(Json(outcomes.buffered(AT_ONCE).collect().await))
}

async fn one(room: &Meters, new: NewMeter, dry_run: bool) -> Outcome {
    let serial = new.entry.serial.clone();
    if let Ok(there) = room.show(&serial) {
        let (has, wanted) = (there.meter.link, new.entry.link.to_string());
        return match has == wanted {
            true => Outcome::already(),
            false => Outcome::refused(format!(
                "meter {serial} is in the registry with another link, {has}: `gatelodge meter remove {serial}` first, or leave it"
            )),
        };
    }
    if dry_run {
        return match room.may_be_added(&new.entry) {
            Ok(()) => Outcome::taken(),
            Err(error) => Outcome::refused(error),
        };
    }
    match room.add(new.entry).await {
        Ok(joined) => {
            let by = origin().by;
            tracing::info!(target: AUDIT, by, meter.id = %serial, "a meter came in from another registry");
            let said = match joined.answers {
                Answers::As(_) => None,
                Answers::WithoutSerial => Some("it answers, but says no serial: look at the meter itself".to_owned()),
                Answers::NoLine(why) => Some(format!("it does not answer: {why}; it is asked again")),
            };
            let duty = match new.passive {
                true => room.set_duty(&serial, Duty::Served).await.map(drop),
                false => Ok(()),
            };
            match duty {
                Ok(()) => Outcome::taken().because(said),
                Err(error) => Outcome::taken().because(Some(format!("it is polled, though it was passive: {error}"))),
            }
        }
        // Somebody added it meanwhile.
        Err(MetersError::Exists(_)) => Outcome::already(),
        Err(error) => Outcome::refused(error),
    }
}
