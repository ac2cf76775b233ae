//! Readings that another program took (MOVE §5).

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::AdminState;
use super::super::meters::{origin, room};
use super::super::problem::AdminError;
use super::piece::{Came, Outcome, Part, Piece};
use crate::accounts::AUDIT;
use crate::domain::{Element, MeterId, Register, WattHours};
use crate::meter::Meters;
use crate::meter::bringing::{Filled, Stood};

/// The readings of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadingsFile {
    pub meter: MeterId,
    /// Of which element; `None`: the meter has one only.
    pub element: Option<Element>,
    pub rows: Vec<ReadingsRow>,
}

/// A line of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ReadingsRow {
    /// Which line, for what is said of it.
    pub line: u64,
    /// When the registers stood so.
    pub at: Timestamp,
    /// Imported so far, Wh.
    pub import: Option<u64>,
    /// Exported so far, Wh.
    pub export: Option<u64>,
}

/// The value of a column in a row.
type Column = fn(&ReadingsRow) -> Option<u64>;

pub(super) async fn take(
    State(state): State<AdminState>,
    Json(piece): Json<Piece<ReadingsFile>>,
) -> Result<Json<Vec<Outcome>>, AdminError> {
    let room = room(&state)?;
    let mut outcomes = Vec::new();
    for file in piece.items {
        outcomes.push(one(&room, file, piece.dry_run).await);
    }
    Ok(Json(outcomes))
}

async fn one(room: &Meters, file: ReadingsFile, dry_run: bool) -> Outcome {
    let [import, export] = match file.element {
        None | Some(Element::A) => [Register::ImportA, Register::ExportA],
        Some(Element::B) => [Register::ImportB, Register::ExportB],
    };
    let (mut sum, mut parts) = (Filled::default(), Vec::new());
    let columns: [(Register, Column); 2] = [(import, |row| row.import), (export, |row| row.export)];
    for (register, value) in columns {
        let rows: Vec<&ReadingsRow> = file.rows.iter().filter(|row| value(row).is_some()).collect();
        let stood = rows.iter().filter_map(|row| {
            Some(Stood {
                at: row.at,
                value: WattHours(value(row)?),
            })
        });
        match room.fill(&file.meter, register, stood.collect(), dry_run).await {
            Ok(filled) => {
                sum.new += filled.new;
                sum.known += filled.known;
                let refused = filled.refused.into_iter();
                parts.extend(refused.filter_map(|(place, why)| {
                    Some(Part {
                        line: rows.get(place)?.line,
                        why,
                    })
                }));
            }
            Err(error) if sum == Filled::default() && parts.is_empty() => return Outcome::refused(error),
            Err(error) => {
                let whole = Outcome::refused(format!("{} readings were taken, and then: {error}", sum.new));
                return Outcome { parts, ..whole };
            }
        }
    }
    if !dry_run && sum.new > 0 {
        let (by, readings) = (origin().by, sum.new);
        tracing::info!(target: AUDIT, by, meter.id = %file.meter, readings, "readings came in that another program took");
    }
    parts.sort_by_key(|part| part.line);
    let came_to = match (sum.new, sum.known) {
        (0, 0) if !parts.is_empty() => Came::Refused,
        (0, _) => Came::Already,
        (_, _) => Came::Taken,
    };
    let why = (came_to == Came::Refused).then(|| "none of its readings is taken".to_owned());
    Outcome {
        came_to,
        why,
        new: sum.new,
        parts,
    }
}
