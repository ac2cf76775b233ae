//! `/setup`: the seven steps on one page, what of them the page can do, and the sheet.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::super::people::Refusal;
use super::desk::{Knows, Seen, SetupDesk, left};
use super::sheet::{self, Line, Style, state as state_text};
use super::steps::steps;
use super::told::{Step, Told};
use crate::accounts::Act;
use crate::admin::Setting;
use crate::domain::qr_svg;
use crate::face::{self, Form, Light, MessagePage, Nothing, Page, Shell, SignedIn};
use crate::http::authority::{authority, base, host};
use crate::http::{Problem, problem};
use crate::texts::{Said, Texts};
use crate::tls::StepVerdict;

type PageState = face::PageState<SetupDesk>;

pub(super) fn router() -> Router<PageState> {
    Router::new()
        .route("/setup", get(show))
        .route("/setup/site", post(site))
        .route("/setup/meters", post(meters))
        .route("/setup/aside", post(aside))
        .route("/setup/sheet", get(sheet_page))
}

#[derive(Template)]
#[template(path = "setup.html", config = ".askama.toml")]
struct SetupPage {
    shell: Shell,
    steps: Vec<StepShown>,
    /// How many are left.
    left: usize,
    aside: bool,
    fault: Option<String>,
    name: String,
    timezone: String,
    hostname: String,
    /// Whether there is a meter room, and a road to the cloud; whether they manage people.
    meters: bool,
    cloud: bool,
    manages_people: bool,
    /// Where phones come to, and the picture of it; the root's fingerprint.
    pages: String,
    picture: String,
    fingerprint: Option<String>,
    csrf_token: String,
    base: String,
}

struct StepShown {
    number: usize,
    text: &'static str,
    light: Light,
    /// The name of its state's text.
    state: &'static str,
    told: Vec<ToldShown>,
}

struct ToldShown {
    light: Light,
    state: &'static str,
    words: Said,
    next: Option<Said>,
    command: Option<String>,
}

fn light(verdict: StepVerdict) -> Light {
    match verdict {
        StepVerdict::Good => Light::Good,
        StepVerdict::Doubtful => Light::Warn,
        StepVerdict::Bad => Light::Bad,
    }
}

impl From<Step> for StepShown {
    fn from(step: Step) -> StepShown {
        StepShown {
            number: step.number,
            text: step.text,
            light: light(step.verdict()),
            state: state_text(step.verdict()),
            told: step.told.into_iter().map(ToldShown::from).collect(),
        }
    }
}

impl From<Told> for ToldShown {
    fn from(told: Told) -> ToldShown {
        ToldShown {
            light: light(told.verdict),
            state: state_text(told.verdict),
            words: told.words,
            next: told.next,
            command: told.command,
        }
    }
}

/// Where somebody came to.
type Asked<'a> = (&'a Uri, &'a HeaderMap);

/// Nothing is said of the box, and nothing read, before this.
fn may(person: &SignedIn) -> Result<(), Refusal> {
    person.must(Act::ManageBox).map_err(Refusal::of)
}

async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    may(&person)?;
    page(&state, &person, (&uri, &headers), None).await
}

/// What was typed and is not taken, and why.
struct NotTaken {
    status: StatusCode,
    why: String,
    typed: SiteTyped,
}

fn seen(desk: &SetupDesk, asked: Asked<'_>) -> Result<Seen, Refusal> {
    desk.see(asked).ok_or_else(|| Refusal::of(problem::nothing()))
}

async fn page(
    state: &PageState,
    person: &SignedIn,
    asked: Asked<'_>,
    not_taken: Option<NotTaken>,
) -> Result<Response, Refusal> {
    let (desk, t) = (&*state.room, Texts::of(person.language));
    let seen = seen(desk, asked)?;
    let knows = Knows::of(|act| person.must(act).is_ok());
    let all = steps(desk, &seen, knows, (&state.face, t)).await?;
    let (status, fault, typed) = match not_taken {
        Some(not) => (not.status, Some(not.why), not.typed),
        None => (StatusCode::OK, None, SiteTyped::default()),
    };
    let usual = crate::config::Site::default();
    let unless = |value: &str, usual: &str| {
        if value == usual {
            String::new()
        } else {
            value.to_owned()
        }
    };
    let site = &desk.site;
    let page = SetupPage {
        shell: state.face.shell("box", Some(person)),
        left: left(&all),
        steps: all.into_iter().map(StepShown::from).collect(),
        aside: desk.is_aside()?,
        fault,
        name: typed.name.unwrap_or_else(|| unless(&site.name, &usual.name)),
        timezone: typed
            .timezone
            .unwrap_or_else(|| unless(&site.timezone, &usual.timezone)),
        hostname: typed
            .hostname
            .unwrap_or_else(|| unless(&site.hostname, &usual.hostname)),
        meters: seen.meters.is_some(),
        cloud: seen.status.uplink.is_some(),
        manages_people: knows.people,
        picture: qr_svg(&seen.pages, "QR").unwrap_or_default(),
        pages: seen.pages,
        fingerprint: seen.fingerprint,
        csrf_token: person.csrf.token(),
        base: base(asked.0, asked.1),
    };
    Ok(Page(status, page).into_response())
}

/// What is not in the form stays as it is.
#[derive(Default, Deserialize)]
struct SiteTyped {
    name: Option<String>,
    timezone: Option<String>,
    hostname: Option<String>,
}

/// Sets name, zone and address.
async fn site(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
    Form(typed): Form<SiteTyped>,
) -> Result<Response, Refusal> {
    may(&person)?;
    let trimmed = |value: &Option<String>| value.as_deref().map(str::trim).map(str::to_owned);
    let hostname = trimmed(&typed.hostname);
    let settings = settings(trimmed(&typed.name), trimmed(&typed.timezone), hostname.clone());
    match state.room.admin.set(settings, &person.who()).await {
        Ok(_) => Ok(goes_on(&state, &person, hostname.as_deref(), (&uri, &headers))),
        Err(error) => {
            let problem = Problem::from(error);
            let why = problem.details().unwrap_or_else(|| problem.title()).to_owned();
            let not_taken = NotTaken {
                status: problem.status(),
                why,
                typed,
            };
            page(&state, &person, (&uri, &headers), Some(not_taken)).await
        }
    }
}

/// What is to be set: what was given.
pub(super) fn settings(name: Option<String>, timezone: Option<String>, hostname: Option<String>) -> Vec<Setting> {
    let each = [
        name.map(Setting::Name),
        timezone.map(Setting::Timezone),
        hostname.map(Setting::Hostname),
    ];
    each.into_iter().flatten().collect()
}

/// Back to the steps. Whoever came by a name that is not the box's any more is told where it is now.
fn goes_on(state: &PageState, person: &SignedIn, hostname: Option<&str>, (uri, headers): Asked<'_>) -> Response {
    let asked = authority(uri, headers).unwrap_or("localhost");
    let by = host(asked).unwrap_or("localhost");
    let stays = by.eq_ignore_ascii_case("localhost") || by.parse::<std::net::IpAddr>().is_ok();
    let Some(name) = hostname.filter(|name| !stays && !name.eq_ignore_ascii_case(by)) else {
        return Redirect::to("/setup").into_response();
    };
    let port = asked.strip_prefix(by).unwrap_or_default();
    let name = if name.contains(':') {
        format!("[{name}]")
    } else {
        name.to_owned()
    };
    let t = Texts::of(person.language);
    let link = format!("https://{name}{port}/setup");
    let page = MessagePage {
        shell: state.face.shell("box", Some(person)),
        title: t.say("setup-moved"),
        text: t.say("setup-moved-what"),
        link_text: Said::as_it_is(&link),
        link,
    };
    Page(StatusCode::OK, page).into_response()
}

/// Opens the meter room.
async fn meters(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    may(&person)?;
    match state.room.admin.set(vec![Setting::Meters], &person.who()).await {
        Ok(_) => Ok(Redirect::to("/energy/add").into_response()),
        Err(error) => {
            let problem = Problem::from(error);
            let not_taken = NotTaken {
                status: problem.status(),
                why: problem.details().unwrap_or_else(|| problem.title()).to_owned(),
                typed: SiteTyped::default(),
            };
            page(&state, &person, (&uri, &headers), Some(not_taken)).await
        }
    }
}

#[derive(Deserialize)]
struct AsideTyped {
    aside: Option<String>,
}

/// Sets it aside, or takes it up again.
async fn aside(
    State(state): State<PageState>,
    person: SignedIn,
    Form(typed): Form<AsideTyped>,
) -> Result<Response, Refusal> {
    may(&person)?;
    let aside = typed.aside.is_some();
    set_aside(&state.room, aside, &person.who()).await?;
    Ok(Redirect::to(if aside { "/" } else { "/setup" }).into_response())
}

/// Sets it aside, or takes it up again, and writes down who did.
pub(super) async fn set_aside(desk: &SetupDesk, aside: bool, by: &crate::accounts::Who) -> Result<(), Refusal> {
    let Some(remembered) = &desk.aside else {
        return Err(Refusal::of(problem::nothing()));
    };
    remembered.set(aside).await.map_err(|error| match error.split() {
        Err(unwritten) => Refusal::of(Problem::from(&unwritten)),
        Ok(row) => {
            tracing::error!(error = %row, "that the setup is set aside could not be written down");
            Refusal::of(StatusCode::INTERNAL_SERVER_ERROR)
        }
    })?;
    let by = by.in_audit();
    tracing::info!(target: crate::accounts::AUDIT, by, aside, "somebody set the setup aside, or took it up");
    Ok(())
}

/// The sheet, to be printed.
async fn sheet_page(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    may(&person)?;
    let (desk, t) = (&*state.room, Texts::of(person.language));
    let seen = seen(desk, (&uri, &headers))?;
    let knows = Knows::of(|act| person.must(act).is_ok());
    let all = steps(desk, &seen, knows, (&state.face, t)).await?;
    let people = match knows.people {
        true => desk.admin.accounts.people()?,
        false => Vec::new(),
    };
    let told = sheet::Told {
        name: desk.site.name.clone(),
        timezone: state.face.timezone().clone(),
        by: Some(person.name.clone()),
        meters: seen.meters.as_ref().map(|room| room.list()).unwrap_or_default(),
        people: people
            .into_iter()
            .map(|one| (one.name, one.role.name().to_owned()))
            .collect(),
        // The sheet does not tell of itself.
        steps: all
            .into_iter()
            .filter(|step| step.number < 7)
            .flat_map(|step| lines(step, t))
            .collect(),
        pages: seen.pages,
        fingerprint: seen.fingerprint,
    };
    let style = Style::At {
        style: state.face.asset("sheet.css"),
        icon: state.face.asset("icon.svg"),
    };
    match sheet::written(told, t, style) {
        Ok(html) => Ok(Html(html).into_response()),
        Err(error) => {
            tracing::error!(%error, "the sheet could not be written");
            Err(Refusal::of(StatusCode::INTERNAL_SERVER_ERROR))
        }
    }
}

fn lines(step: Step, t: Texts) -> impl Iterator<Item = Line> {
    let name = format!("{} {}", step.number, t.say(step.text).text());
    step.told.into_iter().map(move |told| Line {
        name: name.clone(),
        verdict: told.verdict,
        words: told.words.text().to_owned(),
        next: told
            .next
            .map(|next| next.text().to_owned())
            .into_iter()
            .chain(told.command)
            .collect(),
    })
}
