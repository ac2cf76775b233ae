//! `/me/data`: what the box holds of whoever is signed in, and the archive of it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::download;
use super::super::room::{Account, PersonalData};
use super::super::rows::AskedBy;
use super::super::taking::{ArchiveShown, Stand};
use super::answers::{broken, unknown};
use crate::accounts::{Role, Secret};
use crate::face::{Form, Nothing, PageState, Refused, Shell, SignedIn, Visitor};
use crate::http::Peer;
use crate::texts::{Said, Texts};

/// Where it is.
const HERE: &str = "/me/data";

#[derive(Template)]
#[template(path = "my_data.html", config = ".askama.toml")]
struct MyDataPage {
    shell: Shell,
    csrf_token: String,
    account: Account,
    archive: ArchiveShown,
    /// How it stands.
    stand: Said,
    /// Whether the password is asked for before it is made.
    asks: bool,
    fault: Option<Said>,
    /// Whether they may have themselves erased.
    may_forget: bool,
}

/// A length as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..=999_999 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

fn page(state: &PageState<PersonalData>, person: &SignedIn, refused: Option<Refused>) -> Response {
    let found = (
        state.room.account(&person.name, Texts::of(person.language)),
        state.room.archive(&person.name, AskedBy::Person),
    );
    let (account, archive) = match found {
        (Ok(account), Ok(archive)) => (account, archive),
        (Err(error), _) | (_, Err(error)) => return broken(&error),
    };
    let t = Texts::of(person.language);
    let page = MyDataPage {
        shell: state.face.shell("me", Some(person)),
        csrf_token: person.csrf.token(),
        account,
        stand: match &archive {
            ArchiveShown::Ready { bytes, until } => {
                let until = until.to_zoned(state.face.timezone().clone());
                let places = (("size", size(*bytes)), ("until", until.strftime("%H:%M").to_string()));
                t.say2("data-ready", places.0, places.1)
            }
            ArchiveShown::Making { of: 0, .. } => t.say("data-waits"),
            ArchiveShown::Making { done, of } => t.say2("data-making", ("done", done), ("of", of)),
            _ => t.say("data-take-what"),
        },
        archive,
        asks: !state.face.has_proved(person),
        fault: refused.as_ref().map(|refused| refused.words.clone()),
        may_forget: person.role == Role::Resident,
    };
    Refused::answer(refused, page)
}

pub(super) async fn show(State(state): State<PageState<PersonalData>>, person: SignedIn) -> Response {
    page(&state, &person, None)
}

#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    password: String,
}

pub(super) async fn take(
    State(state): State<PageState<PersonalData>>,
    person: SignedIn,
    visitor: Visitor,
    peer: Peer,
    Form(wish): Form<Wish>,
) -> Response {
    let mut cookies = None;
    if !state.face.has_proved(&person) {
        let proved = state
            .face
            .prove((&visitor, &person), Secret::given(wish.password), &peer);
        match proved.await {
            Ok(jar) => cookies = Some(jar),
            Err(refused) => return page(&state, &person, Some(refused)),
        }
    }
    let ordered = match state.room.order(&person.name, AskedBy::Person) {
        Ok(ordered) => ordered,
        Err(error) => return broken(&error),
    };
    if !ordered {
        let words = Texts::of(person.language).say("data-too-many");
        let refused = Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            words,
            wait: Some(60),
        };
        return page(&state, &person, Some(refused));
    }
    match cookies {
        Some(jar) => (jar, Redirect::to(HERE)).into_response(),
        None => Redirect::to(HERE).into_response(),
    }
}

pub(super) async fn stop(
    State(state): State<PageState<PersonalData>>,
    person: SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Response {
    state.room.archives.stop_of(AskedBy::Person, &person.name);
    Redirect::to(HERE).into_response()
}

pub(super) async fn archive(
    State(state): State<PageState<PersonalData>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Response {
    let subject = match state.room.accounts.subject(&person.name) {
        Ok(subject) => subject,
        Err(error) => return broken(&error),
    };
    match state.room.archives.stand(&subject, AskedBy::Person) {
        Some(Stand::Ready(ready)) => {
            let day = ready.made.to_zoned(state.face.timezone().clone()).date();
            let name = format!("{}-{day}.zip", person.name.replace(['@', '+'], "-"));
            download::answer(&ready, &name, &headers)
        }
        Some(Stand::Making(_)) => Redirect::to(HERE).into_response(),
        Some(Stand::Failed) | None => unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_by_people() {
        for (bytes, text) in [
            (1, "1 kB"),
            (999_999, "1000 kB"),
            (1_000_000, "1.0 MB"),
            (12_345_678, "12.3 MB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
