//! `/healthz` and `/readyz`: the last result of a probe that somebody else runs.

use std::collections::BTreeMap;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde::Serialize;
use tokio::sync::watch;

/// What the probe found, last time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether the box can do its work now.
    pub ready: bool,
    /// Whether it does all of its job: `well`, `attention` or `trouble`, as `status` and the pages say it.
    pub verdict: &'static str,
    /// What was looked at, and `ok` or what is wrong with it. Nothing is served rightly without `store`, `clock` and
    /// `doors`; the others are for people to look at.
    pub checks: BTreeMap<&'static str, String>,
}

/// What is said of a check that is well.
const OK: &str = "ok";

impl Readiness {
    /// Ready when every check that is needed is well. What is wrong must hold nothing secret: anybody may read it.
    #[must_use]
    pub fn of(
        needed: impl IntoIterator<Item = (&'static str, Option<String>)>,
        others: impl IntoIterator<Item = (&'static str, Option<String>)>,
        verdict: &'static str,
    ) -> Readiness {
        let in_words = |(name, wrong): (&'static str, Option<String>)| (name, wrong.unwrap_or_else(|| OK.to_owned()));
        let mut checks: BTreeMap<_, _> = needed.into_iter().map(in_words).collect();
        let ready = !checks.is_empty() && checks.values().all(|found| found == OK);
        checks.extend(others.into_iter().map(in_words));
        Readiness { ready, verdict, checks }
    }
}

/// `/healthz` (the process answers) and `/readyz` (the last probe was well: 200, else 503).
///
/// Neither looks at anything itself, so a flood of them costs nothing.
pub fn router(readiness: watch::Receiver<Readiness>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .with_state(readiness)
}

async fn readyz(State(readiness): State<watch::Receiver<Readiness>>) -> (StatusCode, Json<Readiness>) {
    let now = readiness.borrow().clone();
    let status = if now.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    async fn status(router: &Router, path: &str) -> u16 {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn readyz_follows_the_probe_and_healthz_does_not() {
        let (probe, readiness) = watch::channel(Readiness::default());
        let router = router(readiness);
        assert_eq!(status(&router, "/readyz").await, 503);
        let others = [("uplink", Some("not connected".into()))];
        probe.send_replace(Readiness::of([("store", None), ("clock", None)], others, "trouble"));
        assert_eq!(status(&router, "/readyz").await, 200);
        let full = [("store", Some("the disk is full".into())), ("clock", None)];
        probe.send_replace(Readiness::of(full, [], "trouble"));
        assert_eq!(status(&router, "/readyz").await, 503);
        assert_eq!(status(&router, "/healthz").await, 200);
    }
}
