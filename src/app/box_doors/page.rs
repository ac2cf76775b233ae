//! `/box/doors`: every door, every certificate on one line of time, and the root that phones are to trust; without script.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::desk::{DoorDesk, DoorKnown, DoorState, Renewal, doors};
use crate::accounts::Act;
use crate::admin::{CertificateShown, Status};
use crate::app::measures::Moment;
use crate::app::start::endings;
use crate::domain::qr_svg;
use crate::face::{self, Form, Light, Page, Shell, SignedIn};
use crate::http::authority;
use crate::texts::{Said, Texts};

type PageState = face::PageState<DoorDesk>;

pub(super) fn router() -> Router<PageState> {
    Router::new()
        .route("/box/doors", get(show))
        .route("/box/doors/renewal", post(renew))
}

#[derive(Template)]
#[template(path = "box_doors.html", config = ".askama.toml")]
struct DoorsPage {
    shell: Shell,
    csrf_token: String,
    /// Where this box is, as whoever asks writes it.
    base: String,
    doors: Vec<DoorRow>,
    certificates: Vec<CertificateRow>,
    /// The line of time; empty where nothing ends.
    ends: Option<String>,
    root: Option<Root>,
    renewed: Option<RenewedShown>,
}

struct DoorRow {
    name: &'static str,
    serves: Said,
    light: Light,
    word: Said,
    addresses: String,
    since: Option<Moment>,
    reason: Option<String>,
}

struct CertificateRow {
    door: String,
    light: Light,
    /// Where it comes from.
    source: Said,
    names: String,
    issuer: String,
    ends: Option<Moment>,
    renewal: Option<Moment>,
    last_error: Option<String>,
    renews: bool,
}

/// The box's own root, for phones.
struct Root {
    fingerprint: String,
    address: String,
    picture: String,
}

struct RenewedShown {
    light: Light,
    words: Said,
    fault: Option<String>,
}

async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Response> {
    person.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    page((&state, &person), (&uri, &headers), None).await
}

#[derive(Deserialize)]
struct Wanted {
    door: String,
}

async fn renew(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
    Form(Wanted { door }): Form<Wanted>,
) -> Result<Response, Response> {
    person.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    let t = Texts::of(person.language);
    let renewal = state.room.renew(&door, &person.who()).await;
    let shown = match renewal.map_err(IntoResponse::into_response)? {
        Renewal::Done(renewed) => RenewedShown {
            light: Light::Good,
            words: t.say1("doors-renewed", "end", state.face.date(renewed.not_after)),
            fault: None,
        },
        Renewal::GoesOn => RenewedShown {
            light: Light::Off,
            words: t.say("doors-renewal-goes-on"),
            fault: None,
        },
        Renewal::Failed(fault) => RenewedShown {
            light: Light::Bad,
            words: t.say("doors-not-renewed"),
            fault: Some(fault),
        },
    };
    page((&state, &person), (&uri, &headers), Some(shown)).await
}

async fn page(
    (state, person): (&PageState, &SignedIn),
    (uri, headers): (&Uri, &HeaderMap),
    renewed: Option<RenewedShown>,
) -> Result<Response, Response> {
    let status = state.room.status().await.map_err(IntoResponse::into_response)?;
    let t = Texts::of(person.language);
    let moment = |at| Moment::of((&state.face, t), at, person.now);
    let page = DoorsPage {
        shell: state.face.shell("box", Some(person)),
        csrf_token: person.csrf.token(),
        base: authority::base(uri, headers),
        doors: doors(&status)
            .into_iter()
            .map(|door| door_row(t, door, moment))
            .collect(),
        certificates: certificates(&status)
            .map(|shown| CertificateRow {
                door: shown.door.clone(),
                light: certificate_light(shown),
                source: source(t, &shown.source),
                names: shown.names.join(", "),
                issuer: shown.issuer.clone(),
                ends: shown.not_after.map(moment),
                renewal: shown.next_try.map(moment),
                last_error: shown.last_error.clone(),
                renews: state.room.renews(&shown.door),
            })
            .collect(),
        ends: endings((&state.face, t), &status, person.now),
        root: root(state, (uri, headers)),
        renewed,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// The one that ends first is the first.
fn certificates(status: &Status) -> impl Iterator<Item = &CertificateShown> {
    let mut all: Vec<&CertificateShown> = status.certificates.iter().collect();
    all.sort_by_key(|shown| shown.not_after);
    all.into_iter()
}

fn door_row(t: Texts, door: DoorKnown, moment: impl Fn(jiff::Timestamp) -> Moment) -> DoorRow {
    let (light, word, addresses, since, reason) = match door.state {
        DoorState::Open(addresses, since) => (Light::Good, t.say("doors-open"), addresses, since, None),
        DoorState::Shut(shut) => (
            Light::Bad,
            t.say("doors-shut"),
            Vec::new(),
            Some(shut.since),
            Some(shut.reason),
        ),
        DoorState::Closed => (Light::Off, t.say("doors-closed"), Vec::new(), None, None),
    };
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    DoorRow {
        name: door.name,
        serves: serves(t, door.name),
        light,
        word,
        addresses: addresses.join(" "),
        since: since.map(moment),
        reason,
    }
}

/// What a door is for.
fn serves(t: Texts, door: &str) -> Said {
    match door {
        "http" => t.say("doors-serves-http"),
        "https" => t.say("doors-serves-https"),
        "mtls" => t.say("doors-serves-mtls"),
        "grpc" => t.say("doors-serves-grpc"),
        "relay" => t.say("doors-serves-relay"),
        _ => t.say("doors-serves-metrics"),
    }
}

fn certificate_light(shown: &CertificateShown) -> Light {
    match (shown.alarm, &shown.last_error) {
        (true, _) => Light::Bad,
        (false, Some(_)) => Light::Warn,
        (false, None) => Light::Good,
    }
}

fn source(t: Texts, source: &str) -> Said {
    match source {
        "acme" => t.say("doors-by-acme"),
        "files" => t.say("doors-by-files"),
        _ => t.say("doors-by-own"),
    }
}

fn root(state: &PageState, (uri, headers): (&Uri, &HeaderMap)) -> Option<Root> {
    let fingerprint = state.room.fingerprint()?;
    let address = format!("{}/root.pem", state.room.reach.base(uri, headers));
    Some(Root {
        picture: qr_svg(&address, "QR").unwrap_or_default(),
        fingerprint,
        address,
    })
}
