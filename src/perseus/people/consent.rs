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
use super::spoken::joined;
use super::visitor;
use crate::accounts::{Role, Secret};
use crate::domain::Measure;
use crate::face::{Page, PageState, Shell, SignedIn, Visitor};
use crate::store::ReadError;
use crate::texts::{Language, Said, Texts, Value, named};

/// How long a consent may last, by what the form and the table of texts call it; the last is chosen beforehand.
pub(super) const LIVES: [(&str, &str, i64); 3] = [
    ("1m", named("consent-1m"), 30),
    ("3m", named("consent-3m"), 91),
    ("1y", named("consent-1y"), 365),
];

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
    /// Where it is of, and who provides what it asks for.
    who: Said,
    /// What it does, in its own words.
    process: Said,
    privacy_url: String,
    back_to: String,
    meters: Vec<MeterShown>,
    lives: Vec<LifeShown>,
    /// When the same was allowed before, and what would be other now.
    before: Option<Said>,
    words: Vec<String>,
    /// The language that the words are in, where it is not the page's.
    words_in: Option<Language>,
    /// What all of this is known by.
    shown: String,
    fault: Option<Said>,
}

struct MeterShown {
    source: String,
    name: String,
    /// What of it would be seen, from when on.
    what: Said,
    /// Whether it is the only one, so that nothing has to be chosen.
    only: bool,
    ticked: bool,
    /// Their last week, as it would be seen.
    week: Option<String>,
}

struct LifeShown {
    value: &'static str,
    name: Said,
    chosen: bool,
}

/// All that a decision rests on.
pub(super) struct Asked {
    pub(super) visit: Visit,
    pub(super) client: Client,
    pub(super) offered: Vec<Offered>,
    pub(super) words: String,
    /// The language that they are in.
    pub(super) words_in: Language,
    /// The language that the person reads the page in.
    language: Language,
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
        let filled = Filled {
            client: &client,
            name: &room.config.name,
            privacy_url: &room.config.privacy_url,
        };
        let (words_in, words) = text.words(filled, person.language);
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
            words_in,
            language: person.language,
            now,
            before,
        })
    }

    /// What a person is shown is known by: words, the language of the page and meters, so that nobody agrees to others than they saw.
    pub(super) fn shown(&self) -> String {
        let mut all = format!("{}\0{}", self.language.tag(), self.words);
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
        Err(message) => message.page_at(state.face.shell("permissions", Some(&person)), Some(&visit)),
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
            Elsewhere::Nowhere(error) => Message::Visit(error).page(state.face.shell_for("permissions", visitor)),
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
    /// What is wrong with it, as its text is named.
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
    let t = Texts::of(person.language);
    let lives = LIVES.iter().map(|(value, name, days)| {
        let until = room.last_day(t, room.ends(licence, *days, asked.now));
        LifeShown {
            value,
            name: t.say2("consent-life", ("name", t.say(name).text()), ("until", until)),
            chosen: *days == chosen,
        }
    });
    let only = asked.offered.len() == 1;
    let mut shell = face.shell("permissions", Some(person));
    shell.errand = Some(visit.reveal().to_owned());
    let page = ConsentPage {
        shell,
        csrf_token: person.csrf.token(),
        visit: visit.reveal().to_owned(),
        client: client.name.clone(),
        who: who(t, client, &room.config.name),
        process: t.in_english(&format!("It {}.", client.process)),
        privacy_url: client.privacy_url.clone(),
        back_to: asked.visit.pushed.redirect_uri.origin().to_owned(),
        meters: asked
            .offered
            .iter()
            .map(|one| shown((room, person), one, (only, kept), asked.now))
            .collect(),
        lives: lives.collect(),
        before: asked.before.as_ref().map(|before| {
            let places = [
                ("client", Value::from(&client.name)),
                ("sources", before.sources.join(t.say("consent-and").text()).into()),
                ("at", room.day(t, before.at).into()),
                ("until", room.last_day(t, before.until).into()),
            ];
            t.say_with("consent-before", &places)
        }),
        words: asked.words.split("\n\n").map(str::to_owned).collect(),
        words_in: Some(asked.words_in).filter(|language| *language != person.language),
        shown: asked.shown(),
        fault: kept.fault.map(|name| t.say(name)),
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

/// Where an application is of, and who provides what it asks for.
fn who(t: Texts, client: &Client, provider: &str) -> Said {
    let mut places = vec![
        ("url", Value::from(&client.client_id)),
        ("provider", Value::from(provider)),
    ];
    match &client.member {
        Some(member) => {
            places.push(("member", Value::from(member)));
            t.say_with("consent-who-member", &places)
        }
        None => t.say_with("consent-who", &places),
    }
}

fn shown(
    (room, person): (&Perseus, &SignedIn),
    offered: &Offered,
    (only, kept): (bool, &Kept),
    now: Timestamp,
) -> MeterShown {
    let (filter, t): (&Filter, Texts) = (&offered.filter, Texts::of(person.language));
    let measures = filter.measures.iter().map(|measure| match measure {
        Measure::Import => t.say("consent-use"),
        Measure::Export => t.say("consent-give"),
    });
    let measures: Vec<Said> = measures.collect();
    let mut source = masked(&filter.source);
    if !filter.outcode.is_empty() {
        source = format!("{source}, {}", filter.outcode);
    }
    let places = [
        ("source", Value::from(source)),
        ("measures", joined(t, &measures).into()),
        ("from", room.day(t, filter.from).into()),
    ];
    MeterShown {
        source: filter.source.clone(),
        name: offered.name.clone(),
        what: t.say_with("consent-meter", &places),
        only,
        ticked: kept.sources.contains(&filter.source),
        // A picture that cannot be drawn keeps nobody from deciding.
        week: room.week(filter, (&person.links, t), now).unwrap_or_default(),
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
