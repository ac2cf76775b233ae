//! The meters of a pasted list: each is added and asked at once who it is.

use futures_util::stream::{self, StreamExt};
use hyper::Method;
use serde_json::json;

use super::super::doctor::meters;
use super::super::print::segment;
use super::super::reach::text_from;
use super::super::steps::{bad, good, look as waits};
use super::super::{CliError, print};
use super::Walk;
use super::left;
use crate::admin::Client;
use crate::domain::MeterId;
use crate::domain::units::count;
use crate::meter::list::{self, Listed};
use crate::meter::{Answers, Joined, MeterShown};
use crate::tls::Step;

/// Meters that are asked at once; those of one line take turns.
const AT_ONCE: usize = 16;

pub(super) async fn walk(walk: &mut Walk<'_>) -> Result<Vec<Step>, CliError> {
    let known = known(walk).await?;
    let listed = listed(walk, known.is_empty())?;
    let mut steps = Vec::new();
    if listed.is_empty() && known.is_empty() {
        let words = "none; gatelodge quickstart --meters FILE or gatelodge meter add brings them at any time";
        return Ok(vec![good("meters", words)]);
    }
    if walk.config.meter_room().is_none() {
        walk.settings.section("meters");
        walk.apply().await?;
    }
    let (again, new): (Vec<_>, Vec<_>) = listed
        .into_iter()
        .partition(|one| known.iter().any(|shown| shown.meter.serial == one.serial));
    steps.extend(again.iter().filter_map(|one| moved(one, &known)));
    let added = add(walk.client()?, &new, walk.common.json).await;
    // What came to nothing is not in the registry; it is asked again by the next one.
    let in_registry = self::known(walk).await?;
    let is_known = |one: &Listed| in_registry.iter().any(|shown| shown.meter.serial == one.serial);
    let lost: Vec<&Listed> = new.iter().filter(|one| !is_known(one)).collect();
    left::keep(walk.common, &lost)?;
    steps.extend(added);
    // Those that were there before are asked too.
    if !known.is_empty() {
        steps.extend(meters::look(&walk.patient().await?).await);
    }
    Ok(steps)
}

/// The list, from a file, from what the last quickstart left, or from whoever sits there.
fn listed(walk: &Walk<'_>, none: bool) -> Result<Vec<Listed>, CliError> {
    const QUESTION: &str = "Meters: paste a line each, SERIAL LINK NAME, such as EML2137580826 tcp://10.0.0.7:8080 Flat 7. \
                            An empty line ends.";
    if let Some(file) = &walk.flags.meters {
        let text = text_from(file).map_err(|error| error.about("--meters"))?;
        return list::read(&text).map_err(CliError::usage);
    }
    let left = left::read(walk.common);
    if !left.is_empty() || !none || !walk.asker.listens() {
        return list::read(&left).map_err(CliError::usage);
    }
    loop {
        match list::read(&walk.asker.lines(QUESTION)?) {
            Ok(listed) => return Ok(listed),
            Err(error) => print::note(format_args!("{error}. Once more, please.")),
        }
    }
}

/// The meters that the box has; none while the room is closed.
async fn known(walk: &Walk<'_>) -> Result<Vec<MeterShown>, CliError> {
    if walk.status().await?.meters.is_none() {
        return Ok(Vec::new());
    }
    Ok(walk.client()?.ask(Method::GET, "/meters", None).await?)
}

/// A meter that is there already stays as it is; one on another line is a question for people.
fn moved(listed: &Listed, known: &[MeterShown]) -> Option<Step> {
    let shown = known.iter().find(|shown| shown.meter.serial == listed.serial)?;
    let next = format!(
        "if it moved: gatelodge meter remove {0}; gatelodge meter add {0} --link {1}",
        listed.serial, listed.link
    );
    let words = format!("is in the registry already, at {}, and stays there", shown.meter.link);
    (shown.meter.link != listed.link.to_string()).then(|| waits(listed.serial.as_str(), words, &next))
}

async fn add(client: &Client, listed: &[Listed], quiet: bool) -> Vec<Step> {
    let asked = listed.iter().map(async |one| {
        let entry = json!({ "serial": one.serial, "link": one.link, "name": one.name });
        let joined: Result<Joined, _> = client.ask(Method::POST, "/meters", Some(&entry)).await;
        let step = match joined {
            Ok(joined) => answered(one, &joined.answers),
            Err(error) => bad(&named(one), &error, &next(one, &error.to_string())),
        };
        if !quiet {
            print::note(format_args!("   {}: {}", step.step, step.words));
        }
        step
    });
    if !quiet && !listed.is_empty() {
        print::note(format_args!("   asking {} …", count(listed.len(), "meter", "meters")));
    }
    stream::iter(asked).buffered(AT_ONCE).collect().await
}

/// Where another meter answers, it may be the list that is wrong.
fn next(one: &Listed, error: &str) -> String {
    let look = format!("look at the plug and the address of {}", one.link);
    let other = error.split_once("another meter answers: ").map(|(_, rest)| rest);
    let other = other.and_then(|rest| rest.split([',', ';']).next()?.parse::<MeterId>().ok());
    match other {
        Some(other) => {
            let name = one
                .name
                .as_ref()
                .map(|name| format!(" --name \"{name}\""))
                .unwrap_or_default();
            format!(
                "{look}; if {other} is the right one: gatelodge meter add {other} --link {}{name}",
                one.link
            )
        }
        None => look,
    }
}

fn answered(one: &Listed, answers: &Answers) -> Step {
    match answers {
        Answers::As(serial) => good(&named(one), format_args!("answers as {serial}")),
        Answers::WithoutSerial => waits(
            &named(one),
            "answers, and says no serial",
            "read the serial on the meter itself",
        ),
        Answers::NoLine(why) => bad(
            &named(one),
            format_args!("is added and does not answer: {why}; it is asked again"),
            &format!("look at the line {}: gatelodge meter show {}", one.link, one.serial),
        ),
    }
}

fn named(one: &Listed) -> String {
    match &one.name {
        Some(name) => format!("{name} ({})", one.serial),
        None => one.serial.to_string(),
    }
}

/// What a meter of the sheet says now: import in kWh, when it answers.
pub(super) async fn reading(client: &Client, serial: &MeterId) -> Option<MeterShown> {
    let path = format!("/meters/{}/reading", segment(serial.as_str()));
    client.ask(Method::POST, &path, None).await.ok()
}
