//! What lies behind each door: the rooms' routers, put together.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::json;
use tokio::sync::watch;

use super::alarms::{self, AlarmDesk};
use super::api_docs;
use super::box_page::{self, Report};
use super::guide;
use super::host::{OurHost, host_of};
use super::identity::Names;
use super::moved;
use super::my;
use super::own_root;
use super::people;
use super::reach::Reach;
use super::setup::{self, SetAside};
use super::start::{self, Start};
use crate::accounts::Bearers;
use crate::admin::AdminState;
use crate::config::Config;
use crate::face::Face;
use crate::http::assets::Assets;
use crate::http::problem::{method_not_allowed, not_found, nothing};
use crate::http::serve::Pages;
use crate::http::{Ahead, LONGEST_BODY, Reached, Site, longest_body};
use crate::occupancy::compat;
use crate::pki::Pki;
use crate::tls::{Challenges, PeerCertificate};

/// What lies behind the https door, while it is put together: the parts add to it.
pub(super) struct Https {
    /// Pages, APIs, documents.
    pub(super) router: Router,
    /// What is answered before the router looks.
    pub(super) ahead: Option<Ahead>,
    /// The shell of the pages.
    pub(super) face: Face,
    /// Who calls `/v1` with which token.
    pub(super) bearers: Arc<Bearers>,
    /// Lets in whoever asks for one of our names.
    pub(super) hosts: OurHost,
    /// What the first page tells of.
    pub(super) start: Start,
}

impl Https {
    /// With further routes.
    pub(super) fn with(self, routes: Router) -> Https {
        Https {
            router: self.router.merge(routes),
            ..self
        }
    }

    /// The whole, once every part has added to it.
    pub(super) fn finish(self) -> Site {
        let rooms = my::Rooms {
            meters: self.start.meters.clone(),
            perseus: self.start.perseus.clone(),
        };
        let own = self.router.merge(my::router(rooms, &self.face));
        // Only with the old URLs does an unknown address have their answer.
        let router = match &self.ahead {
            Some(_) => own
                .merge(start::router(self.start, self.face, compat::unknown))
                .fallback(unknown),
            None => own
                .merge(start::router(self.start, self.face, nothing_here))
                .fallback(not_found),
        };
        let router = router.method_not_allowed_fallback(method_not_allowed);
        Site::new(longest_body(router, LONGEST_BODY).layer(self.hosts), self.ahead)
    }
}

/// What the box itself shows at the https door.
pub(super) struct Own<'c> {
    pub(super) names: Names,
    pub(super) health: Router,
    pub(super) assets: Assets,
    pub(super) face: Face,
    pub(super) report: Report,
    pub(super) bearers: Arc<Bearers>,
    pub(super) alarms: AlarmDesk,
    pub(super) pki: Pki,
    pub(super) admin: AdminState,
    /// As it is in force.
    pub(super) config: &'c Config,
    /// Backups, doors and the log.
    pub(super) under_box: Router,
}

/// The https door before any part adds to it: health, documents, the state of the box.
pub(super) fn https(own: Own<'_>) -> Https {
    let aside = own
        .admin
        .running
        .as_ref()
        .map(|running| SetAside::new(running.store.clone()));
    let mut router = Router::new()
        .route("/v1/{*rest}", any(not_found))
        .merge(own.health)
        .merge(own.assets.router())
        .merge(own.face.router())
        .merge(api_docs::router(&own.face))
        .merge(guide::router(&own.face))
        .merge(own_root::router(own.pki))
        .merge(moved::router())
        .merge(alarms::router(own.alarms, Arc::clone(&own.bearers), &own.face))
        .merge(people::router(
            (own.admin.clone(), Reach::of(own.config)),
            Arc::clone(&own.bearers),
            &own.face,
        ))
        .merge(setup::router(
            own.admin,
            own.config,
            Arc::clone(&own.bearers),
            &own.face,
        ))
        .merge(own.under_box)
        .merge(box_page::router(Arc::clone(&own.report), &own.face));
    if let Some(contact) = own.config.site.contact.clone() {
        router = router.route("/.well-known/security.txt", get(async move || security_txt(&contact)));
    }
    Https {
        router,
        ahead: None,
        face: own.face,
        bearers: own.bearers,
        hosts: OurHost::new(own.names),
        start: Start::new(own.report, aside),
    }
}

/// The mtls door: what it sees of a client's certificate.
pub(super) fn mtls(rooms: Router) -> Router {
    rooms
        .route("/whoami", get(whoami))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// The http door: everything is at the https door, but for answers to ACME's HTTP-01 challenge (RFC 8555 §8.3).
pub(super) fn http(names: Names, https_port: Option<u16>, challenges: Challenges) -> Router {
    let answer = async move |Path(token): Path<String>| match challenges.http_01(&token) {
        Some(text) => ([(CONTENT_TYPE, "application/octet-stream")], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    };
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(answer))
        .fallback(to_https)
        .with_state(Arc::new((names, https_port)))
}

/// Lets an installer see that a certificate works, and as whom.
async fn whoami(certificate: PeerCertificate) -> Response {
    let names: Vec<String> = certificate.names().iter().map(ToString::to_string).collect();
    Json(json!({
        "subject": certificate.subject(), "names": names, "serial": certificate.serial(),
        "thumbprint": certificate.x5t_s256(), "not_after": certificate.not_after(),
    }))
    .into_response()
}

fn nothing_here() -> Response {
    nothing().into_response()
}

/// What is nowhere. Programs get the old API's answer, but only under its own addresses may pages of other origins read it.
async fn unknown(request: Request) -> Response {
    match request.uri().path() {
        path @ "/space" => compat::refusal(path, StatusCode::NOT_FOUND, "Invalid URL requested"),
        _ => compat::unknown(),
    }
}

/// Errors of the https door as people see them; what programs ask for keeps the shape of its API.
pub(super) fn pages(face: watch::Receiver<Option<Face>>) -> Pages {
    Arc::new(move |uri, cookies, fault| {
        let face = face.borrow().clone()?;
        (!is_of_programs(uri.path())).then(|| face.fault(cookies, fault))
    })
}

/// Whether an address is one that programs ask for.
fn is_of_programs(path: &str) -> bool {
    let under = ["/v1/", "/space/", "/assets/", "/.well-known/"];
    let exactly = ["/v1", "/space", "/openapi.json", "/healthz", "/readyz"];
    under.iter().any(|prefix| path.starts_with(prefix)) || exactly.contains(&path)
}

fn security_txt(contact: &str) -> Response {
    let expires = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(180 * 24));
    let text = match expires {
        Ok(expires) => format!("Contact: {contact}\nExpires: {expires:.0}\n"),
        Err(_) => format!("Contact: {contact}\n"),
    };
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// 308 to the same place at the https door; a name that is not ours is not repeated.
async fn to_https(State(known): State<Arc<(Names, Option<u16>)>>, request: Request) -> Response {
    let (names, port) = known.as_ref();
    let Some(port) = port else {
        return not_found().await.into_response();
    };
    let reached = request.extensions().get::<Reached>().map(|reached| reached.0.ip());
    let host = names.own(host_of(&request), reached);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let port = if *port == 443 {
        String::new()
    } else {
        format!(":{port}")
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    match axum::http::HeaderValue::try_from(format!("https://{host}{port}{path}")) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
