//! The page on which a person decides (PER §4.3): who asks, what would be seen, until when, and two buttons of one size.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::super::config::Client;
use super::super::filter::{Filter, ends, masked};
use super::super::ledger;
use super::super::licence::{Filled, fingerprint};
use super::super::pushed::{Visit, VisitError};
use super::super::room::Perseus;
use super::message::Message;
use super::offer::Offered;
use super::visitor;
use crate::accounts::{Role, Secret};
use crate::domain::Measure;
use crate::face::{Page, PageState, Shell, SignedIn, Visitor};
use crate::store::ReadError;
use crate::texts::Texts;

/// How long a consent may last, by what the form calls it; the last is chosen beforehand.
pub(super) const LIVES: [(&str, &str, i64); 3] = [("1m", "1 month", 30), ("3m", "3 months", 91), ("1y", "1 year", 365)];

/// Which visit this is.
#[derive(Deserialize)]
pub(super) struct On {
    #[serde(default)]
    pub(super) i: String,
}

#[derive(Template)]
#[template(path = "consent.html", config = ".askama.toml")]
struct ConsentPage {
    shell: Shell,
    csrf_token: String,
    visit: String,
    client: String,
    client_url: String,
    member: Option<String>,
    process: String,
    privacy_url: String,
    back_to: String,
    provider: String,
    meters: Vec<MeterShown>,
    lives: Vec<LifeShown>,
    /// When the same was allowed before, and what would be other now.
    before: Option<String>,
    words: Vec<String>,
    /// What all of this is known by.
    shown: String,
    fault: Option<&'static str>,
}

struct MeterShown {
    source: String,
    name: String,
    masked: String,
    outcode: String,
    measures: String,
    from: String,
    /// Whether it is the only one, so that nothing has to be chosen.
    only: bool,
    ticked: bool,
    /// Their last week, as it would be seen.
    week: Option<String>,
}

struct LifeShown {
    value: &'static str,
    name: &'static str,
    until: String,
    chosen: bool,
}

/// All that a decision rests on.
pub(super) struct Asked {
    pub(super) visit: Visit,
    pub(super) client: Client,
    pub(super) offered: Vec<Offered>,
    pub(super) words: String,
    pub(super) now: Timestamp,
    /// When the same was allowed before, of what, and until when.
    before: Option<Before>,
}

/// A permission that a new answer would take the place of.
pub(super) struct Before {
    at: Timestamp,
    sources: Vec<String>,
    until: Timestamp,
}

impl Asked {
    /// What a person is asked, when they may be.
    pub(super) fn of(room: &Perseus, visitor_: &Visitor, person: &SignedIn, visit: &Secret) -> Result<Asked, Message> {
        let now = room.now().map_err(|_| Message::Unavailable)?;
        let visit = room
            .pushed
            .at(visit, visitor(&visitor_.jar).as_ref(), now)
            .map_err(Message::Visit)?;
        let client = room
            .client_called(&visit.pushed.client)
            .filter(|client| !client.disabled);
        let client = client.cloned().ok_or(Message::Application)?;
        // The address may have been taken out of the configuration meanwhile.
        if !client.redirects().contains(&visit.pushed.redirect_uri) {
            return Err(Message::Application);
        }
        if person.role != Role::Resident {
            return Err(Message::Role);
        }
        let licence = &visit.pushed.scope.licence;
        let text = room.licence(licence).ok_or(Message::Licence)?;
        let text = text.as_ref().map_err(|_| Message::Words)?;
        let words = text.words(Filled {
            client: &client,
            name: &room.config.name,
            privacy_url: &room.config.privacy_url,
        });
        let ours = |error: ReadError| {
            tracing::error!(%error, "what somebody could allow cannot be read");
            Message::Unavailable
        };
        let until = room.ends(licence, LIVES[2].2, now);
        let offered = room.offered(person, (licence, until), now).map_err(ours)?;
        let given = ledger::of_person(&room.store, &person.name).map_err(ours)?;
        let same = given
            .iter()
            .find(|row| row.is_live(now) && row.client == client.client_id && row.licence == *licence);
        let before = same.map(|row| {
            let filters = ledger::filters(&room.store, &row.id)?;
            let sources: Result<Vec<String>, ReadError> = filters.iter().map(|filter| room.called(filter)).collect();
            Ok(Before {
                at: row.renewed,
                sources: sources?,
                until: row.expires,
            })
        });
        let before = before.transpose().map_err(ours)?;
        Ok(Asked {
            visit,
            client,
            offered,
            words,
            now,
            before,
        })
    }

    /// What a person is shown is known by: words and meters, so that nobody agrees to others than they saw.
    pub(super) fn shown(&self) -> String {
        let mut all = self.words.clone();
        for Offered { filter, .. } in &self.offered {
            all += &format!(
                "\0{}\0{}\0{}\0{:?}\0{:?}",
                filter.source, filter.outcode, filter.meter, filter.element, filter.measures
            );
        }
        fingerprint(&all)
    }

    /// SHA-256 of the words, hex.
    pub(super) fn text(&self) -> String {
        fingerprint(&self.words)
    }
}

impl Perseus {
    /// When a consent ends that is given at `now` for so many days.
    pub(super) fn ends(&self, licence: &str, days: i64, now: Timestamp) -> Timestamp {
        let wanted = SignedDuration::from_hours(24 * days);
        ends((now, &self.timezone), wanted, self.licence_life(licence))
    }
}

pub(super) async fn show(State(state): State<PageState<Perseus>>, visitor: Visitor, Query(on): Query<On>) -> Response {
    let visit = Secret::given(on.i.clone());
    let person = match person_at(&state, &visitor, &visit) {
        Ok(person) => person,
        Err(elsewhere) => return elsewhere.response(&state, &visitor),
    };
    match Asked::of(&state.room, &visitor, &person, &visit) {
        Ok(asked) => page(&state, &person, (&visit, &asked), &Kept::default()),
        Err(message) => message.page_at(&state.face, Some(&person), Some(&visit)),
    }
}

/// Why somebody is not on the page yet.
pub(super) enum Elsewhere {
    /// There is no such visit of theirs.
    Nowhere(VisitError),
    /// They sign in first, at this address.
    SigningIn(String),
}

impl Elsewhere {
    pub(super) fn response(self, state: &PageState<Perseus>, visitor: &Visitor) -> Response {
        match self {
            Elsewhere::Nowhere(error) => Message::Visit(error).page(&state.face, visitor.signed_in.as_ref()),
            Elsewhere::SigningIn(address) => Redirect::to(&address).into_response(),
        }
    }
}

/// Whoever is at a visit, signed in and lately asked for their password; else where they go first.
pub(super) fn person_at(state: &PageState<Perseus>, visitor_: &Visitor, visit: &Secret) -> Result<SignedIn, Elsewhere> {
    let now = state.room.store.now();
    let there = state.room.pushed.at(visit, visitor(&visitor_.jar).as_ref(), now);
    there.map_err(Elsewhere::Nowhere)?;
    let signed_in = visitor_
        .signed_in
        .as_ref()
        .filter(|person| state.face.has_proved(person));
    let login = || Elsewhere::SigningIn(format!("/login?i={}", visit.reveal()));
    signed_in.cloned().ok_or_else(login)
}

/// What a person chose before, when the page is shown again.
#[derive(Default)]
pub(super) struct Kept {
    /// What is wrong with it.
    pub(super) fault: Option<&'static str>,
    /// The data sources that were ticked.
    pub(super) sources: Vec<String>,
    pub(super) days: Option<i64>,
}

/// The page.
pub(super) fn page(
    state: &PageState<Perseus>,
    person: &SignedIn,
    (visit, asked): (&Secret, &Asked),
    kept: &Kept,
) -> Response {
    let (room, face) = (&state.room, &state.face);
    let client = &asked.client;
    let licence = &asked.visit.pushed.scope.licence;
    let chosen = kept.days.unwrap_or(LIVES[2].2);
    let lives = LIVES.iter().map(|(value, name, days)| LifeShown {
        value,
        name,
        until: room.last_day(room.ends(licence, *days, asked.now)),
        chosen: *days == chosen,
    });
    let only = asked.offered.len() == 1;
    let mut shell = face.shell("permissions", Some(person));
    shell.errand = Some(visit.reveal().to_owned());
    let page = ConsentPage {
        shell,
        csrf_token: person.csrf.token(),
        visit: visit.reveal().to_owned(),
        client: client.name.clone(),
        client_url: client.client_id.clone(),
        member: client.member.clone(),
        process: client.process.clone(),
        privacy_url: client.privacy_url.clone(),
        back_to: asked.visit.pushed.redirect_uri.origin().to_owned(),
        provider: room.config.name.clone(),
        meters: asked
            .offered
            .iter()
            .map(|one| shown((room, person), one, (only, kept), asked.now))
            .collect(),
        lives: lives.collect(),
        before: asked.before.as_ref().map(|before| {
            let (at, until) = (room.day(before.at), room.last_day(before.until));
            format!("{} on {at}, until {until}", before.sources.join(" and "))
        }),
        words: asked.words.split("\n\n").map(str::to_owned).collect(),
        shown: asked.shown(),
        fault: kept.fault,
    };
    let status = if kept.fault.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut response = Page(status, page).into_response();
    response.headers_mut().insert(
        CONTENT_SECURITY_POLICY,
        policy(asked.visit.pushed.redirect_uri.is_loopback()),
    );
    response
}

fn shown(
    (room, person): (&Perseus, &SignedIn),
    offered: &Offered,
    (only, kept): (bool, &Kept),
    now: Timestamp,
) -> MeterShown {
    let filter: &Filter = &offered.filter;
    let measures = filter.measures.iter().map(|measure| match measure {
        Measure::Import => "what you use",
        Measure::Export => "what you give back to the grid",
    });
    let measures: Vec<&str> = measures.collect();
    MeterShown {
        source: filter.source.clone(),
        name: offered.name.clone(),
        masked: masked(&filter.source),
        outcode: filter.outcode.clone(),
        measures: measures.join(" and "),
        from: room.day(filter.from),
        only,
        ticked: kept.sources.contains(&filter.source),
        // A picture that cannot be drawn keeps nobody from deciding.
        week: room
            .week(filter, (&person.links, Texts::of(person.language)), now)
            .unwrap_or_default(),
    }
}

/// Browsers hold every hop after the form against `form-action`, and an application's callback may lead on to another
/// host of its own (CSP Level 3 §6.4.2).
fn policy(loopback: bool) -> HeaderValue {
    HeaderValue::from_static(match loopback {
        true => {
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' https: http:; frame-ancestors 'none'; \
             base-uri 'none'"
        }
        false => {
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' https:; frame-ancestors 'none'; \
             base-uri 'none'"
        }
    })
}
