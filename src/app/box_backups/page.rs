//! `/box/backups`: whether a restore would bring the box back, what is kept, and two things to do; without script.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::desk::{BackupDesk, Known};
use crate::accounts::Act;
use crate::admin::KeysIn;
use crate::app::measures::{Moment, size};
use crate::app::parts::{Ended, Kept, Order, Step, Where};
use crate::face::{self, Form, Light, Nothing, Page, Shell, SignedIn};
use crate::http::Problem;
use crate::http::authority;
use crate::texts::{Said, Texts};

type PageState = face::PageState<BackupDesk>;

/// Where the page is.
const HERE: &str = "/box/backups";

pub(super) fn router() -> Router<PageState> {
    Router::new()
        .route("/box/backups", get(show).post(back_up))
        .route("/box/backups/trial", post(try_one))
}

#[derive(Template)]
#[template(path = "box_backups.html", config = ".askama.toml")]
struct BackupsPage {
    shell: Shell,
    csrf_token: String,
    /// Where this box is, as whoever asks writes it.
    base: String,
    light: Light,
    words: Said,
    /// What went wrong, as the box says it.
    trouble: Option<String>,
    last: Option<Moment>,
    /// Where they go, how often, how many; none: nobody said.
    plan: Option<Plan>,
    trial: Option<Trial>,
    kept: Vec<Row>,
    /// What goes on just now.
    step: Option<Said>,
    /// What came of what was asked for last.
    ended: Option<Done>,
}

struct Plan {
    places: Vec<String>,
    every: Said,
    keep: Said,
    keys: Said,
    trials: Said,
}

struct Trial {
    light: Light,
    words: Said,
    of: String,
    at: Moment,
    fault: Option<String>,
}

struct Row {
    name: String,
    size: String,
    made: Moment,
    facts: Vec<Said>,
    light: Light,
    /// Whether the box can open it.
    can_be_tried: bool,
}

struct Done {
    light: Light,
    words: Said,
    fault: Option<String>,
    at: Moment,
}

async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Response> {
    person.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    let known = state.room.known().await.map_err(IntoResponse::into_response)?;
    let base = authority::base(&uri, &headers);
    let page = BackupsPage::of(known, (&state, &person), base);
    Ok(Page(StatusCode::OK, page).into_response())
}

async fn back_up(
    State(state): State<PageState>,
    person: SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    ask(&state, &person, Order::BackUp).await
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
}

async fn try_one(
    State(state): State<PageState>,
    person: SignedIn,
    Form(Wanted { name }): Form<Wanted>,
) -> Result<Response, Response> {
    ask(&state, &person, Order::Trial { of: name }).await
}

async fn ask(state: &PageState, person: &SignedIn, order: Order) -> Result<Response, Response> {
    person.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    match state.room.ask(order, &person.who()).await {
        Ok(()) => Ok(Redirect::to(HERE).into_response()),
        // Whoever asks twice sees what goes on.
        Err(problem) if is_busy(&problem) => Ok(Redirect::to(HERE).into_response()),
        Err(problem) => Err(problem.into_response()),
    }
}

fn is_busy(problem: &Problem) -> bool {
    problem.status() == StatusCode::CONFLICT
}

/// What a page is written with: the shell, the language, and the moment that it tells of.
type With<'a> = (&'a face::Face, Texts, jiff::Timestamp);

impl BackupsPage {
    fn of(known: Known, (state, person): (&PageState, &SignedIn), base: String) -> BackupsPage {
        let t = Texts::of(person.language);
        let with: With<'_> = (&state.face, t, person.now);
        let (light, words) = verdict(t, &known);
        let last = known.last.as_ref().map(|last| moment(with, last.at));
        let running = known.told.step.map(|(step, _)| step);
        let step = match (running, &known.told.order) {
            (Some(Step::Making), _) => Some(t.say("backups-making")),
            (Some(Step::Sending), _) => Some(t.say("backups-sending")),
            (Some(Step::Trying), _) => Some(t.say("backups-trying")),
            (None, Some(_)) => Some(t.say("backups-waits")),
            (None, None) => None,
        };
        BackupsPage {
            shell: state.face.shell("box", Some(person)),
            csrf_token: person.csrf.token(),
            base,
            light,
            words,
            trouble: known.trouble,
            last,
            plan: known.plan.map(|plan| plan_shown(t, &plan)),
            trial: known.trial.map(|trial| Trial {
                light: if trial.fault.is_some() { Light::Bad } else { Light::Good },
                words: match trial.fault {
                    Some(_) => t.say("backups-trial-bad"),
                    None => t.say("backups-trial-good"),
                },
                at: moment(with, trial.at),
                of: trial.of,
                fault: trial.fault,
            }),
            kept: known.kept.into_iter().map(|kept| row(with, kept)).collect(),
            ended: known
                .told
                .ended
                .filter(|_| step.is_none())
                .map(|ended| done(with, ended)),
            step,
        }
    }
}

fn moment((face, t, now): With<'_>, at: jiff::Timestamp) -> Moment {
    Moment::of((face, t), at, now)
}

/// Whether a restore would bring the box back.
fn verdict(t: Texts, known: &Known) -> (Light, Said) {
    match (&known.plan, &known.trouble, &known.last) {
        (_, Some(_), _) => (Light::Bad, t.say("backups-trouble")),
        (None, None, None) => (Light::Warn, t.say("backups-off")),
        (None, None, Some(_)) => (Light::Warn, t.say("backups-by-hand")),
        (Some(_), None, None) => (Light::Off, t.say("backups-none-yet")),
        (Some(_), None, Some(last)) if last.keys == Some(KeysIn::LeftOut) => {
            (Light::Warn, t.say("backups-without-keys"))
        }
        (Some(_), None, Some(_)) => (Light::Good, t.say("backups-well")),
    }
}

fn plan_shown(t: Texts, plan: &crate::config::Backup) -> Plan {
    let folder = plan.folder().map(|folder| folder.display().to_string());
    let bucket = plan.bucket().and(plan.target.as_ref()).map(ToString::to_string);
    let days = plan.test_restore.0.as_secs() / 86_400;
    Plan {
        places: folder.into_iter().chain(bucket).collect(),
        every: every(t, plan.interval.0.as_secs()),
        keep: t.say1("backups-keep", "count", u64::from(plan.keep)),
        keys: match plan.key_file {
            Some(_) => t.say("backups-keys-sealed"),
            None => t.say("backups-keys-left-out"),
        },
        trials: match (plan.test_restore.is_zero(), days) {
            (true, _) => t.say("backups-trials-off"),
            (false, 0) => t.say("backups-trials-often"),
            (false, days) => t.say1("backups-trials", "count", days),
        },
    }
}

/// How often, in the largest unit that says it whole.
fn every(t: Texts, seconds: u64) -> Said {
    match seconds {
        _ if seconds.is_multiple_of(86_400) => t.say1("backups-every-days", "count", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => t.say1("backups-every-hours", "count", seconds / 3_600),
        _ => t.say1("backups-every-minutes", "count", seconds / 60),
    }
}

fn row(with: With<'_>, kept: Kept) -> Row {
    let (_, t, _) = with;
    let mut facts = Vec::new();
    facts.extend((kept.place == Where::Bucket).then(|| t.say("backups-in-bucket")));
    facts.push(match kept.read_again {
        true => t.say("backups-read-again"),
        false => t.say("backups-not-read-again"),
    });
    facts.extend(kept.keys.map(|keys| match keys {
        KeysIn::Sealed => t.say("backups-keys-sealed"),
        KeysIn::LeftOut => t.say("backups-keys-left-out"),
    }));
    let failed = kept.trial.as_ref().is_some_and(|trial| trial.fault.is_some());
    facts.extend(kept.trial.map(|trial| {
        let age = moment(with, trial.at).words;
        match failed {
            true => t.say1("backups-one-tried-bad", "age", age.text()),
            false => t.say1("backups-one-tried", "age", age.text()),
        }
    }));
    Row {
        size: kept.bytes.map(size).unwrap_or_default(),
        made: moment(with, kept.at),
        light: match (failed, kept.read_again) {
            (true, _) => Light::Bad,
            (false, true) => Light::Good,
            (false, false) => Light::Off,
        },
        can_be_tried: kept.place == Where::Folder,
        facts,
        name: kept.name,
    }
}

fn done(with: With<'_>, ended: Ended) -> Done {
    let (_, t, _) = with;
    Done {
        light: if ended.fault.is_some() { Light::Bad } else { Light::Good },
        words: match (&ended.order, ended.fault.is_some()) {
            (Order::BackUp, false) => t.say("backups-did-make"),
            (Order::BackUp, true) => t.say("backups-did-not-make"),
            (Order::Trial { of }, false) => t.say1("backups-did-try", "name", of.as_str()),
            (Order::Trial { of }, true) => t.say1("backups-did-not-try", "name", of.as_str()),
        },
        fault: ended.fault,
        at: moment(with, ended.at),
    }
}
