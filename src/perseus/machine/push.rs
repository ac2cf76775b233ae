//! `POST /api/v1/par`: what an application wants is pushed before a person comes (RFC 9126).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::super::config::Client;
use super::super::parameters::Parameters;
use super::super::pkce::Challenge;
use super::super::pushed::{LIFE, Pushed};
use super::super::redirect_uri::RedirectUri;
use super::super::refusal::Refusal;
use super::super::room::Perseus;
use super::super::scope::Scope;
use super::answer::{Refused, json as answer};
use super::asked::Asked;
use crate::accounts::AUDIT;

/// The longest state, in bytes.
const LONGEST_STATE: usize = 1_024;

pub(super) async fn push(State(room): State<Arc<Perseus>>, request: Request) -> Result<Response, Refused> {
    let asked = Asked::of(&room, request).await?;
    room.push_rate
        .check(&asked.client().to_owned())
        .map_err(|problem| Refused::until(Refusal::TooMany, problem.retries_after()))?;
    let now = room.now()?;
    let licences: Vec<&str> = room.config.licence.iter().map(|licence| licence.url.as_str()).collect();
    let pushed = read(
        &asked.form,
        room.client(&asked.caller),
        &licences,
        room.config.plus_scope,
    )?;
    let (client, scope) = (pushed.client.clone(), pushed.scope.licence.clone());
    let name = room
        .pushed
        .push(pushed, now)
        .map_err(|_| Refused::until(Refusal::TooMany, Some(LIFE.as_secs().unsigned_abs())))?;
    tracing::info!(target: AUDIT, client, scope, "an application pushed a request");
    let body = json!({ "request_uri": name, "expires_in": LIFE.as_secs() });
    Ok(answer(StatusCode::CREATED, body))
}

/// What is wanted, or the first thing that is wrong with it.
fn read(form: &Parameters, client: &Client, licences: &[&str], plus: bool) -> Result<Pushed, Refusal> {
    if form.get("request_uri").is_some() {
        return Err(Refusal::RequestUri);
    }
    if form.get("request").is_some() {
        return Err(Refusal::RequestObject);
    }
    if form.needed("response_type", Refusal::NoResponseType)? != "code" {
        return Err(Refusal::ResponseType);
    }
    if form.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Refusal::ResponseMode);
    }
    let redirect = form.needed("redirect_uri", Refusal::NoRedirectUri)?;
    let redirect = RedirectUri::try_from(redirect.to_owned()).map_err(|_| Refusal::RedirectUri)?;
    if !client.redirects().contains(&redirect) {
        return Err(Refusal::RedirectUri);
    }
    let challenge = form.needed("code_challenge", Refusal::NoChallenge)?;
    if form.get("code_challenge_method") != Some("S256") {
        return Err(Refusal::ChallengeMethod);
    }
    let challenge = Challenge::read(challenge).ok_or(Refusal::Challenge)?;
    let scope = Scope::read(form.needed("scope", Refusal::NoScope)?, licences, plus)?;
    let state = form.get("state");
    // RFC 6749 appendix A.5: VSCHAR.
    let formed = |state: &str| state.len() <= LONGEST_STATE && state.bytes().all(|byte| (0x20..=0x7E).contains(&byte));
    if state.is_some_and(|state| !formed(state)) {
        return Err(Refusal::State);
    }
    Ok(Pushed {
        client: client.client_id.clone(),
        redirect_uri: redirect,
        scope,
        challenge,
        state: state.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LICENCE: &str = "https://r.example/licence";

    fn pushed(change: &[(&str, &str)]) -> Result<Pushed, Refusal> {
        let client = Client {
            client_id: "https://d.example/a/1".into(),
            redirect_uris: vec![
                "https://app.example/callback".into(),
                "https://app.example/c?a=1".into(),
            ],
            ..Client::default()
        };
        let usual = [
            ("response_type", "code"),
            ("redirect_uri", "https://app.example/callback"),
            ("scope", LICENCE),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual
            .iter()
            .filter(|(name, _)| !change.iter().any(|(other, _)| name == other));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(kept.chain(change));
        read(
            &Parameters::read(form.finish().as_bytes()).unwrap(),
            &client,
            &[LICENCE],
            true,
        )
    }

    #[test]
    fn each_rule_of_a_pushed_request_is_held() {
        assert!(pushed(&[]).is_ok());
        let long = "a-._~".repeat(200);
        assert_eq!(pushed(&[("state", &long)]).unwrap().state, Some(long.clone()));
        for ignored in [
            "nonce",
            "prompt",
            "max_age",
            "claims",
            "display",
            "ui_locales",
            "acr_values",
            "login_hint",
            "dpop_jkt",
        ] {
            assert!(pushed(&[(ignored, "consent")]).is_ok(), "{ignored}");
        }
        assert!(pushed(&[("redirect_uri", "https://app.example/c?a=1")]).is_ok());
        for (change, refusal) in [
            (("response_type", ""), Refusal::NoResponseType),
            (("response_type", "token"), Refusal::ResponseType),
            (("response_type", "code id_token"), Refusal::ResponseType),
            (("redirect_uri", ""), Refusal::NoRedirectUri),
            (("redirect_uri", "https://app.example/callback2"), Refusal::RedirectUri),
            (
                ("redirect_uri", "https://app.example/callback?x=1"),
                Refusal::RedirectUri,
            ),
            (("redirect_uri", "https://app.example/callback#f"), Refusal::RedirectUri),
            (("redirect_uri", "http://app.example/callback"), Refusal::RedirectUri),
            (("scope", ""), Refusal::NoScope),
            (("scope", "openid profile"), Refusal::Scope),
            (("code_challenge", ""), Refusal::NoChallenge),
            (("code_challenge", "short"), Refusal::Challenge),
            (("code_challenge_method", "plain"), Refusal::ChallengeMethod),
            (("code_challenge_method", ""), Refusal::ChallengeMethod),
            (("request_uri", "urn:x"), Refusal::RequestUri),
            (("request", "a.b.c"), Refusal::RequestObject),
            (("response_mode", "fragment"), Refusal::ResponseMode),
            (("state", "a\nb"), Refusal::State),
            (("state", &"a".repeat(1_025)), Refusal::State),
        ] {
            assert_eq!(pushed(&[change]).unwrap_err(), refusal, "{change:?}");
        }
    }
}
