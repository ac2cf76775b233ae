//! Spaces of the old people counter (MOVE §4).

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt, stream};

use super::super::AdminState;
use super::super::meters::origin;
use super::super::problem::AdminError;
use super::super::spaces::room;
use super::piece::{Outcome, Piece};
use crate::accounts::AUDIT;
use crate::occupancy::Occupancy;
use crate::occupancy::bringing::{Brought, Kept};

/// Spaces that wait for the disk at once.
const AT_ONCE: usize = 64;

pub(super) async fn take(
    State(state): State<AdminState>,
    Json(piece): Json<Piece<Kept>>,
) -> Result<Json<Vec<Outcome>>, AdminError> {
    let room = room(&state)?;
    let dry_run = piece.dry_run;
    let outcomes = stream::iter(piece.items).map(|new| one(&room, new, dry_run));
    Ok(Json(outcomes.buffered(AT_ONCE).collect().await))
}

async fn one(room: &Occupancy, kept: Kept, dry_run: bool) -> Outcome {
    let (space, counts) = (kept.id, (kept.current, kept.maximum));
    match room.bring(kept, dry_run).await {
        Ok(Brought::New { redated }) => {
            if !dry_run {
                let by = origin().by;
                tracing::info!(target: AUDIT, by, space = %space, "a space came in from another people counter");
            }
            let why = "its dates were still to come, and are today's here";
            Outcome::taken().because(redated.then(|| why.to_owned()))
        }
        Ok(Brought::Known(here)) => {
            let (current, maximum) = (here.occupancy.current, here.occupancy.maximum);
            let why = format!("it is here with {current} of {maximum}, and its count is not set back");
            Outcome::already().because(((current, maximum) != counts).then_some(why))
        }
        Err(error) => Outcome::refused(error),
    }
}
