//! `job …`: what the box does with meters by itself.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::AdminState;
use super::meters::room;
use super::problem::AdminError;
use crate::meter::jobs::{Cause, Job, JobShown, Report, Run};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/jobs", get(list))
        .route("/jobs/{job}", get(show).post(run))
}

/// A job's history, and what its newest run says of each meter.
#[derive(Serialize)]
struct Shown {
    runs: Vec<Run>,
    newest: Option<Report>,
}

fn job(name: &str) -> Result<Job, AdminError> {
    name.parse()
        .map_err(|error: crate::meter::jobs::JobError| AdminError::unknown(error.to_string()))
}

async fn list(State(state): State<AdminState>) -> Result<Json<Vec<JobShown>>, AdminError> {
    Ok(Json(room(&state)?.jobs()?))
}

async fn show(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<Shown>, AdminError> {
    let (runs, newest) = room(&state)?.job(job(&name)?)?;
    Ok(Json(Shown { runs, newest }))
}

async fn run(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<Report>, AdminError> {
    Ok(Json(room(&state)?.run_job(job(&name)?, Cause::Asked).await?))
}
