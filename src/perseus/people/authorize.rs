//! `GET /api/v1/authorize`: a person comes from an application (RFC 6749 §4.1.1, RFC 9126 §4).

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::pushed::VisitError;
use super::super::room::Perseus;
use super::known_visitor;
use super::message::Message;
use crate::face::{PageState, Visitor};

/// Begins a visit. Only what was pushed counts, and of the address two parameters, each once.
pub(super) async fn authorize(
    State(state): State<PageState<Perseus>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let person = visitor.signed_in.as_ref();
    let refuse = |message: Message| message.page(state.face.shell_for("permissions", &visitor));
    let query = query.unwrap_or_default();
    let parameter = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == wanted)
            .count()
    };
    let once = |wanted: &str| {
        let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == wanted);
        let value = values.next().map(|(_, value)| value.into_owned());
        value.filter(|_| values.next().is_none())
    };
    let Some(request) = once("request_uri") else {
        return refuse(match parameter("request_uri") {
            0 => Message::NotPushed,
            _ => Message::Address,
        });
    };
    let Some(client_id) = once("client_id") else {
        return refuse(Message::Address);
    };
    let Some(client) = state.room.client_called(&client_id) else {
        return refuse(Message::Visit(VisitError::Another));
    };
    if client.disabled {
        return refuse(Message::Application);
    }
    let (secret, jar) = known_visitor(&visitor.jar);
    let now = state.room.store.now();
    match state.room.pushed.visit(&request, &client.client_id, &secret, now) {
        Ok(visit) => {
            let at = match person {
                Some(_) => "/consent",
                None => "/login",
            };
            (jar, Redirect::to(&format!("{at}?i={}", visit.reveal()))).into_response()
        }
        Err(error) => refuse(Message::Visit(error)),
    }
}
