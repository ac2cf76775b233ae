//! `GET /v1/jobs`: what the box does with meters by itself, and what came of it, for whoever runs the box (EMOP §24).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::caller::Caller;
use super::error::ApiError;
use crate::accounts::Act;
use crate::meter::jobs::{Cause, Job, JobShown, Run};

/// All jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub(super) struct JobsV1 {
    jobs: Vec<JobV1>,
}

/// A job.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
struct JobV1 {
    /// `clocks`, `tariffs`, `topups` or `low_balance`.
    #[schema(value_type = String, example = "low_balance")]
    job: Job,
    /// What it does.
    #[schema(example = "says which balances are low, and for how many days they last")]
    does: String,
    /// How often, such as `1d`; `off`.
    #[schema(example = "1d")]
    every: String,
    /// When it is due next; null: it is off.
    #[schema(value_type = Option<String>)]
    next: Option<Timestamp>,
    /// Its newest run; null: it never ran.
    last: Option<RunV1>,
}

/// One run of a job, in numbers of meters.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRun)]
struct RunV1 {
    /// `schedule`: its time had come; `asked`: somebody ran it.
    #[schema(value_type = String, example = "schedule")]
    cause: Cause,
    #[schema(value_type = String)]
    began: Timestamp,
    #[schema(value_type = String)]
    ended: Timestamp,
    /// That were looked at.
    meters: u32,
    /// At which something was done, and it worked.
    done: u32,
    /// Of which something is reported, and there is nothing to do for the box.
    reported: u32,
    /// At which it did not work.
    failed: u32,
    /// Why nothing was done at all.
    stopped: Option<String>,
    /// What came of it, in words.
    #[schema(example = "1 reported")]
    outcome: String,
}

impl From<JobShown> for JobV1 {
    fn from(shown: JobShown) -> JobV1 {
        JobV1 {
            job: shown.job,
            does: shown.does,
            every: shown.every,
            next: shown.next,
            last: shown.last.map(RunV1::from),
        }
    }
}

impl From<Run> for RunV1 {
    fn from(run: Run) -> RunV1 {
        RunV1 {
            outcome: run.words(),
            cause: run.cause,
            began: run.began,
            ended: run.ended,
            meters: run.meters,
            done: run.done,
            reported: run.reported,
            failed: run.failed,
            stopped: run.stopped,
        }
    }
}

/// What the box does with meters by itself: how often each job runs, and what came of the newest run.
#[utoipa::path(get, path = "/v1/jobs", tag = "meters",
    responses((status = 200, description = "All jobs", body = JobsV1), (status = 403, description = "The token lacks box:admin")))]
pub(super) async fn list(State(api): State<Arc<Api>>, caller: Caller) -> Result<Json<JobsV1>, ApiError> {
    caller.must(Act::ReadBox)?;
    let jobs = api.room.jobs()?.into_iter().map(JobV1::from).collect();
    Ok(Json(JobsV1 { jobs }))
}
