//! `/box`: how the box is, in words, for whoever runs it: what stands, its rooms, its jobs; and where the rest is told. The same
//! report as `status --json`, without script.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;

use super::lamps::light;
use super::measures::{Moment, size};
use crate::accounts::Act;
use crate::admin::{Finding, Grade, RoomShown, Status, Verdict};
use crate::domain::{Alarm, Severity};
use crate::face::{self, Face, Light, Page, Shell, SignedIn, alarm_words, secured};
use crate::meter::jobs::JobShown;
use crate::texts::{Said, Texts, named};

/// Says how the box is, whenever it is asked.
pub(super) type Report = Arc<Says>;

/// What says it.
type Says = dyn Fn() -> Status + Send + Sync;

/// What stands behind the page.
type PageState = face::PageState<Says>;

/// The page, of what `report` says.
pub(super) fn router(report: Report, face: &Face) -> Router {
    let face = face.clone();
    secured(
        Router::new()
            .route("/box", get(show))
            .with_state(PageState { room: report, face }),
    )
}

async fn show(State(state): State<PageState>, person: SignedIn) -> Result<Response, Response> {
    person.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    let status = (state.room)();
    let page = BoxPage::of(&status, &state.face, &person);
    Ok(Page(StatusCode::OK, page).into_response())
}

#[derive(Template)]
#[template(path = "box.html", config = ".askama.toml")]
struct BoxPage {
    shell: Shell,
    state: StateShown,
    /// Where the rest is told.
    index: Vec<(&'static str, Said)>,
    version: String,
    started: Option<Moment>,
    /// The moment of the page, by the box's clock.
    clock: String,
    /// What the book takes on disk.
    book: String,
    findings: Vec<FindingPart>,
    alarms: Vec<AlarmPart>,
    rooms: Vec<Part>,
    jobs: Vec<JobPart>,
}

/// A state: its light, its word, and what it means.
struct StateShown {
    light: Light,
    word: Said,
    words: Said,
}

/// A room, or something that serves the rooms.
struct Part {
    name: String,
    light: Light,
    word: Said,
    /// Why it is not as it should be, as the box says it.
    reason: Option<String>,
    next_step: Option<String>,
}

/// What the box does with meters by itself.
struct JobPart {
    name: String,
    light: Light,
    word: Said,
    does: String,
    last: Option<(Moment, String)>,
    next: Option<Moment>,
}

/// An alarm that stands.
struct AlarmPart {
    light: Light,
    word: Said,
    words: Said,
    since: Moment,
    rule: String,
    seen: bool,
}

/// What keeps the box from doing its job.
struct FindingPart {
    light: Light,
    part: String,
    words: String,
    next_step: Option<String>,
}

/// What a page is written with: the shell, the language, and the moment that it tells of.
type With<'a> = (&'a Face, Texts, Timestamp);

impl BoxPage {
    fn of(status: &Status, face: &Face, person: &SignedIn) -> BoxPage {
        let t = Texts::of(person.language);
        let with: With<'_> = (face, t, person.now);
        let broken = status.services.iter().filter(|(_, part)| part.state != "running");
        let findings = status.verdict.findings.iter().filter(|found| found.part != "alarm");
        BoxPage {
            shell: face.shell("box", Some(person)),
            state: state(t, &status.state, &status.verdict),
            index: index(t, status, person),
            version: status.version.clone(),
            started: status.started.map(|at| moment(with, at)),
            clock: face.date(person.now),
            book: size(status.store.bytes),
            findings: findings.map(finding).collect(),
            alarms: status.alarms.iter().map(|standing| alarm(with, standing)).collect(),
            rooms: status
                .rooms
                .iter()
                .chain(broken)
                .map(|shown| part(t, shown, &status.verdict))
                .collect(),
            jobs: status.jobs.iter().map(|shown| job(with, shown)).collect(),
        }
    }
}

fn moment((face, t, now): With<'_>, at: Timestamp) -> Moment {
    Moment::of((face, t), at, now)
}

/// The pages under this one that are there, for somebody who may see them.
fn index(t: Texts, status: &Status, person: &SignedIn) -> Vec<(&'static str, Said)> {
    let may = |act| person.must(act).is_ok();
    let is_open = |room: &str| status.rooms.get(room).is_some_and(|shown| shown.state != "closed");
    let all = [
        (true, "/box/doors", t.say("doors-title")),
        (true, "/box/backups", t.say("backups-title")),
        (may(Act::ManageBox), "/setup", t.say("setup-title")),
        (
            may(Act::ReadMeters) && may(Act::ReadSpaces),
            "/box/log",
            t.say("log-title"),
        ),
        (may(Act::ManagePeople), "/box/people", t.say("people-title")),
        (may(Act::ManagePeople), "/box/tokens", t.say("people-tokens")),
        (
            may(Act::ManageUplink) && is_open("uplink"),
            "/box/cloud",
            t.say("tile-cloud"),
        ),
        (
            may(Act::ManageRelay) && is_open("relay"),
            "/box/relay",
            t.say("relay-title"),
        ),
        (
            may(Act::ManageSpaces) && is_open("occupancy"),
            "/box/webhooks",
            t.say("webhooks-title"),
        ),
    ];
    let there = all.into_iter().filter(|(there, ..)| *there);
    there.map(|(_, address, words)| (address, words)).collect()
}

fn finding(found: &Finding) -> FindingPart {
    FindingPart {
        light: light(found.grade),
        part: found.part.clone(),
        words: found.words.clone(),
        next_step: found.next_step.clone(),
    }
}

fn state(t: Texts, state: &str, verdict: &Verdict) -> StateShown {
    let told = |light, word, words| StateShown {
        light,
        word,
        words: t.say(words),
    };
    match state {
        "ready" if verdict.grade == Grade::Well => told(Light::Good, t.say("box-ready"), named("box-well")),
        "ready" => StateShown {
            light: light(verdict.grade),
            word: t.say("box-ready"),
            words: t.say1("box-wanting", "count", verdict.findings.len()),
        },
        "salvage" => told(Light::Bad, t.say("box-salvage"), named("box-salvage-what")),
        "degraded" => told(Light::Warn, t.say("box-degraded"), named("box-degraded-what")),
        _ => told(Light::Warn, t.say("box-on-its-way"), named("box-on-its-way-what")),
    }
}

fn part(t: Texts, (name, shown): (&String, &RoomShown), verdict: &Verdict) -> Part {
    let (light, word) = match (shown.state.as_str(), verdict.grade_of(name)) {
        ("running", Grade::Well) => (Light::Good, t.say("box-part-runs")),
        ("running", Grade::Attention) => (light(Grade::Attention), t.say("box-part-attention")),
        ("running", Grade::Trouble) => (light(Grade::Trouble), t.say("box-part-trouble")),
        ("failed", _) => (Light::Bad, t.say("box-part-failed")),
        ("closed", _) => (Light::Off, t.say("box-part-closed")),
        ("retrying", _) => (Light::Warn, t.say("box-part-retrying")),
        _ => (Light::Warn, t.say("box-part-hindered")),
    };
    let found = verdict.worst_of(name).map(|found| found.words.clone());
    // That nobody configured it is said by its word.
    let closed = shown.state == "closed";
    Part {
        name: name.clone(),
        light,
        word,
        reason: found.or(shown.reason.clone()).filter(|_| !closed),
        next_step: shown.next_step.clone().filter(|_| !closed),
    }
}

fn job(with: With<'_>, shown: &JobShown) -> JobPart {
    let (_, t, _) = with;
    let last = shown.last.as_ref();
    let (light, word) = match last {
        _ if shown.next.is_none() => (Light::Off, t.say("box-job-off")),
        None => (Light::Off, t.say("box-job-never")),
        Some(run) if run.stopped.is_some() || run.failed > 0 => (Light::Warn, t.say("box-part-failed")),
        Some(_) => (Light::Good, t.say("box-job-ran")),
    };
    JobPart {
        name: shown.job.to_string(),
        light,
        word,
        does: shown.does.clone(),
        last: last.map(|run| (moment(with, run.began), run.words())),
        next: shown.next.map(|at| moment(with, at)),
    }
}

fn alarm(with: With<'_>, standing: &Alarm) -> AlarmPart {
    let (_, t, _) = with;
    let (light, word) = match standing.severity {
        Severity::Critical => (Light::Bad, t.say("box-critical")),
        Severity::Major => (Light::Bad, t.say("box-major")),
        Severity::Minor => (Light::Warn, t.say("box-minor")),
        Severity::Warning => (Light::Warn, t.say("log-warn")),
    };
    AlarmPart {
        light,
        word,
        words: alarm_words(t, standing),
        since: moment(with, standing.since),
        rule: standing.rule.clone(),
        seen: standing.acknowledged,
    }
}
