//! Who looks after the box: a one-time link, as text and as a QR code, under an address that their phone can reach.

use hyper::Method;
use serde_json::{Value, json};

use super::super::steps::{good, look as waits};
use super::super::{CliError, print};
use super::{Walk, qr};
use crate::accounts::Role;
use crate::tls::Step;

pub(super) async fn walk(walk: &mut Walk<'_>) -> Result<Vec<Step>, CliError> {
    let mut admins = admins(walk).await?;
    let is_known = |name: &str, admins: &[Value]| admins.iter().any(|person| person["name"] == json!(name));
    let name = match &walk.flags.admin {
        Some(name) if is_known(name, &admins) => None,
        Some(name) => Some(name.clone()),
        None if admins.is_empty() => walk
            .asker
            .ask("Who looks after the box? A name to sign in with, such as anna.", None)?,
        None => None,
    };
    if let Some(name) = name {
        let body = json!({ "name": name, "role": Role::Admin, "meters": [] });
        let added: Value = walk.client()?.ask(Method::POST, "/people", Some(&body)).await?;
        let code = added["code"].as_str().unwrap_or_default();
        let link = format!("{}/welcome/{code}", walk.pages().await?);
        if !walk.common.json {
            print::line(format_args!(
                "   {name} chooses a password here, once, within a day: {link}"
            ));
            qr::show(&link);
        }
        walk.link = Some(link);
        admins = self::admins(walk).await?;
    }
    if admins.is_empty() {
        let next = "gatelodge quickstart --admin NAME";
        return Ok(vec![waits(
            "who looks after it",
            "nobody can sign in as admin yet",
            next,
        )]);
    }
    Ok(admins.iter().map(|person| told(person, walk.link.is_some())).collect())
}

async fn admins(walk: &Walk<'_>) -> Result<Vec<Value>, CliError> {
    let people: Vec<Value> = walk.client()?.ask(Method::GET, "/people", None).await?;
    let role = json!(Role::Admin);
    Ok(people.into_iter().filter(|person| person["role"] == role).collect())
}

fn told(person: &Value, link_above: bool) -> Step {
    let name = person["name"].as_str().unwrap_or_default();
    match person["password_set"] == json!(true) {
        true => good(name, "is admin, and has a password"),
        false if link_above => waits(
            name,
            "is admin, and has not chosen a password yet",
            "hand over the link above",
        ),
        false => waits(
            name,
            "is admin, and has not chosen a password yet",
            &format!("a new link: gatelodge user invite {name}"),
        ),
    }
}

/// Everybody, for the sheet: names and what they are to the box.
pub(super) async fn everybody(walk: &Walk<'_>) -> Result<Vec<(String, String)>, CliError> {
    let people: Vec<Value> = walk.client()?.ask(Method::GET, "/people", None).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(people
        .iter()
        .map(|person| (text(&person["name"]), text(&person["role"])))
        .collect())
}
