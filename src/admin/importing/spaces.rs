//! Spaces of the old people counter (MOVE §4).

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::AdminState;
use super::super::meters::origin;
use super::super::problem::AdminError;
use super::super::spaces::room;
use super::piece::{Outcome, Piece};
use crate::accounts::AUDIT;
use crate::domain::SpaceId;
use crate::occupancy::Occupancy;
use crate::occupancy::bringing::{Brought, Kept};

/// Spaces that wait for the disk at once.
const AT_ONCE: usize = 64;

/// A space that was kept elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptSpace {
    pub id: SpaceId,
    pub name: Option<String>,
    /// People inside.
    pub current: u32,
    /// People allowed inside.
    pub maximum: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub last_updated: Timestamp,
}

pub(super) async fn take(
    State(state): State<AdminState>,
    Json(piece): Json<Piece<KeptSpace>>,
) -> Result<Json<Vec<Outcome>>, AdminError> {
    let room = room(&state)?;
    let dry_run = piece.dry_run;
    let outcomes = stream::iter(piece.items).map(|new| one(&room, new, dry_run));
    Ok(Json(outcomes.buffered(AT_ONCE).collect().await))
}

async fn one(room: &Occupancy, new: KeptSpace, dry_run: bool) -> Outcome {
    let (space, counts) = (new.id, (new.current, new.maximum));
    let kept = Kept {
        id: new.id,
        name: new.name,
        current: new.current,
        maximum: new.maximum,
        created: new.created,
        last_updated: new.last_updated,
    };
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
