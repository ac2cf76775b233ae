//! `/uplink`: whether the road to the cloud is open, how much waits, what was asked and what went wrong.

use std::fmt::Write;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::room::Uplink;
use super::status::UplinkShown;
use crate::accounts::Act;
use crate::face::{self, Face, Form, Light, Nothing, Page, Shell, SignedIn, secured};
use crate::http::authority;
use crate::tls::{Step, StepVerdict};

/// What stands behind the pages.
type PageState = face::PageState<Uplink>;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;
const LEFT: f64 = 48.0;
const GROUND: f64 = 140.0;
const TOP: f64 = 12.0;

/// The page of a room.
pub fn router(room: Arc<Uplink>, face: Face) -> Router {
    secured(
        Router::new()
            .route("/box/cloud", get(show))
            .route("/box/cloud/test", post(test))
            .with_state(PageState { room, face }),
    )
}

#[derive(Template)]
#[template(path = "uplink.html", config = ".askama.toml")]
struct UplinkPage {
    shell: Shell,
    light: Light,
    word: &'static str,
    words: String,
    mend: Option<String>,
    next_try: Option<String>,
    shown: UplinkShown,
    plot: String,
    operations: Vec<[String; 4]>,
    faults: Vec<[String; 3]>,
    complaints: Vec<[String; 2]>,
    aside: Vec<[String; 3]>,
    /// How far the box is with the proof that the platform gives it: words, fault, mend.
    enrolment: Option<(String, Option<[String; 2]>)>,
    /// The way to the broker, where it was just tried.
    steps: Option<Vec<StepShown>>,
    csrf_token: String,
    /// Where this box is, as whoever asks writes it.
    base: String,
}

/// A step of the way, with its mark.
struct StepShown {
    class: &'static str,
    mark: &'static str,
    name: String,
    words: String,
    next_step: Option<String>,
}

impl From<Step> for StepShown {
    fn from(step: Step) -> StepShown {
        let (class, mark) = match step.verdict {
            StepVerdict::Good => ("good", "✓"),
            StepVerdict::Doubtful => ("warn", "▲"),
            StepVerdict::Bad => ("bad", "■"),
        };
        StepShown {
            class,
            mark,
            name: step.step,
            words: step.words,
            next_step: step.next_step,
        }
    }
}

async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Response> {
    person.must(Act::ManageUplink).map_err(IntoResponse::into_response)?;
    page(&state, &person, (&uri, &headers), None).map_err(|refusal| *refusal)
}

/// Tries the way step by step, as `uplink test` does; nothing is changed by it.
async fn test(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    person.must(Act::ManageUplink).map_err(IntoResponse::into_response)?;
    let steps = state.room.rehearse().await;
    page(&state, &person, (&uri, &headers), Some(steps)).map_err(|refusal| *refusal)
}

fn page(
    state: &PageState,
    person: &SignedIn,
    (uri, headers): (&Uri, &HeaderMap),
    steps: Option<Vec<Step>>,
) -> Result<Response, Box<Response>> {
    let fault = |error: crate::store::ReadError| {
        tracing::error!(%error, "the operations of the uplink could not be read");
        Box::new(StatusCode::INTERNAL_SERVER_ERROR.into_response())
    };
    let operations = state.room.operations().map_err(fault)?;
    let aside = state.room.aside().map_err(fault)?;
    let shown = state.room.shown();
    let (light, word, words) = match (&shown.connected_since, &shown.last_error) {
        (Some(since), _) => (
            Light::Good,
            "connected",
            format!("To {} since {}.", shown.url, state.face.time(*since)),
        ),
        (None, Some(fault)) => (Light::Bad, "not connected", fault.what.clone()),
        (None, None) => (Light::Warn, "not connected", format!("On the way to {}.", shown.url)),
    };
    let trouble = shown.last_error.as_ref().filter(|_| shown.connected_since.is_none());
    let page = UplinkPage {
        shell: state.face.shell("uplink", Some(person)),
        light,
        word,
        words,
        mend: trouble.map(|fault| fault.mend.clone()),
        next_try: shown
            .next_try
            .filter(|_| trouble.is_some())
            .map(|at| state.face.time(at)),
        plot: plot(&state.room.waited()),
        operations: operations
            .into_iter()
            .map(|one| {
                [
                    state.face.time(one.arrived),
                    one.operation.kind,
                    one.operation.device,
                    one.phase,
                ]
            })
            .collect(),
        complaints: shown
            .complaints
            .iter()
            .map(|complaint| [state.face.time(complaint.at), complaint.what.clone()])
            .collect(),
        aside: aside
            .into_iter()
            .rev()
            .map(|one| [state.face.time(one.at), one.topic, one.text])
            .collect(),
        faults: shown
            .faults
            .iter()
            .map(|fault| [state.face.time(fault.at), fault.kind.clone(), fault.what.clone()])
            .collect(),
        enrolment: shown.enrolment.as_ref().map(|enrolment| {
            let fault = enrolment.last_error.as_ref();
            let fault = fault.map(|fault| [fault.what.clone(), fault.mend.clone()]);
            (enrolment.words(&shown.client_id), fault)
        }),
        shown,
        steps: steps.map(|steps| steps.into_iter().map(StepShown::from).collect()),
        csrf_token: person.csrf.token(),
        base: authority::base(uri, headers),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// How many entries waited, as a picture of the last hour. It holds numbers and class names only, so it may stand in a
/// page as it is.
fn plot(waited: &[u64]) -> String {
    let highest = waited.iter().copied().max().unwrap_or(0).max(1);
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Entries that waited in the last hour, at most {highest}\">"
    );
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT} {GROUND}H{WIDTH}\"/><text class=\"label\" x=\"0\" y=\"{:.0}\">{highest}</text>\
         <text class=\"label\" x=\"0\" y=\"{GROUND}\">0</text>",
        TOP + 8.0
    );
    let step = (WIDTH - LEFT) / waited.len().saturating_sub(1).max(1) as f64;
    let point = |(place, rows): (usize, &u64)| {
        let (x, y) = (
            LEFT + step * place as f64,
            GROUND - (GROUND - TOP) * *rows as f64 / highest as f64,
        );
        format!("{x:.1} {y:.1}")
    };
    let points: Vec<String> = waited.iter().enumerate().map(point).collect();
    if points.len() > 1 {
        let _ = write!(svg, "<path class=\"line\" d=\"M{}\"/>", points.join("L"));
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_reaches_from_the_ground_to_the_highest() {
        let svg = plot(&[0, 50, 100]);
        assert!(svg.contains("d=\"M48.0 140.0L384.0 76.0L720.0 12.0\""), "{svg}");
        assert!(!plot(&[]).contains("line") && !plot(&[7]).contains("line"));
    }
}
