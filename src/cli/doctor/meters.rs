//! Whether each meter answers on its line, and is the one that is meant: all are asked now.

use std::time::Duration;

use hyper::Method;
use tokio::time::Instant;

use super::super::print::segment;
use super::Patient;
use super::steps::{bad, good, look as doubt};
use crate::admin::Client;
use crate::domain::{Duty, Health};
use crate::meter::MeterShown;
use crate::tls::Step;

/// For all of them together; a line of many meters takes turns.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked who has answered.
const LOOK: Duration = Duration::from_secs(1);
/// So many are named one by one.
const NAMED: usize = 20;

pub(super) async fn look(patient: &Patient) -> Vec<Step> {
    let Some((client, status)) = &patient.running else {
        return Vec::new();
    };
    if status.meters.is_none() {
        return Vec::new();
    }
    let before: Vec<MeterShown> = match client.ask(Method::GET, "/meters", None).await {
        Ok(meters) => meters,
        Err(error) => return vec![bad("meters", error, "journalctl -u gatelodge -n 50")],
    };
    let (asked, off): (Vec<_>, Vec<_>) = before.into_iter().partition(|shown| shown.duty == Duty::Polled);
    let mut steps = answers(client, &asked).await;
    if !off.is_empty() {
        let words = format!("{} meters are not asked, by somebody's choice", off.len());
        steps.push(doubt(
            "not asked",
            words,
            "gatelodge meter list; mediators start SERIAL",
        ));
    }
    steps
}

/// Has each be asked now, and waits for what comes of it.
async fn answers(client: &Client, meters: &[MeterShown]) -> Vec<Step> {
    for shown in meters {
        let path = format!("/meters/{}/poll", segment(shown.meter.serial.as_str()));
        // One that cannot be asked now shows that it did not answer.
        let _: Result<serde_json::Value, _> = client.ask(Method::POST, &path, None).await;
    }
    let deadline = Instant::now() + PATIENCE;
    let mut waiting: Vec<&MeterShown> = meters.iter().collect();
    let mut well = 0;
    while !waiting.is_empty() && Instant::now() < deadline {
        tokio::time::sleep(LOOK).await;
        let Ok(now) = client.ask::<Vec<MeterShown>>(Method::GET, "/meters", None).await else {
            continue;
        };
        let answered = |before: &MeterShown| {
            let now = now.iter().find(|now| now.meter.serial == before.meter.serial);
            now.is_some_and(|now| now.answered > before.answered && now.health == Health::Healthy)
        };
        let many = waiting.len();
        waiting.retain(|before| !answered(before));
        well += many - waiting.len();
    }
    let last: Vec<MeterShown> = client.ask(Method::GET, "/meters", None).await.unwrap_or_default();
    let mut steps = Vec::new();
    if well > 0 {
        steps.push(good("answer", format_args!("{well} of {} answer", meters.len())));
    }
    let silent = last
        .iter()
        .filter(|now| waiting.iter().any(|before| before.meter.serial == now.meter.serial));
    steps.extend(silent.take(NAMED).map(told));
    if waiting.len() > NAMED {
        steps.push(bad(
            "answer",
            format_args!("{} more do not", waiting.len() - NAMED),
            "gatelodge meter list",
        ));
    }
    steps
}

fn told(shown: &MeterShown) -> Step {
    let serial = shown.meter.serial.as_str();
    let since = shown.answered.map_or("it never answered".to_owned(), |at| {
        format!("it last answered at {at:.0}")
    });
    let why = match shown.health_details.is_empty() {
        true => since,
        false => format!("{}; {since}", shown.health_details),
    };
    let next = format!("gatelodge meter show {serial} names its line: {}", shown.meter.link);
    bad(serial, why, &next)
}
