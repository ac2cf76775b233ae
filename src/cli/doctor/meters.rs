//! Whether each meter answers on its line, and is the one that is meant: all are asked now.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use hyper::Method;
use tokio::time::timeout;

use super::super::print::segment;
use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::admin::Client;
use crate::domain::Duty;
use crate::meter::MeterShown;
use crate::tls::Step;

/// For one; meters of one line take turns.
const PATIENCE: Duration = Duration::from_secs(90);
/// Meters that are asked at once.
const AT_ONCE: usize = 32;
/// So many are named one by one.
const NAMED: usize = 20;

pub(in crate::cli) async fn look(patient: &Patient) -> Vec<Step> {
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

/// Has each be asked now, some at once, and waits for what comes of it.
async fn answers(client: &Client, meters: &[MeterShown]) -> Vec<Step> {
    let asked = meters.iter().map(async |shown| {
        let path = format!("/meters/{}/reading", segment(shown.meter.serial.as_str()));
        let asked = client.ask::<MeterShown>(Method::POST, &path, None);
        match timeout(PATIENCE, asked).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(told(shown, &error.to_string())),
            Err(_) => Some(told(
                shown,
                "it did not answer within 90 s; others may be before it on its line",
            )),
        }
    });
    let found: Vec<Option<Step>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let silent: Vec<Step> = found.into_iter().flatten().collect();
    let well = meters.len() - silent.len();
    let mut steps = Vec::new();
    let words = format!("{well} of {} answer", meters.len());
    if well > 0 {
        steps.push(match silent.is_empty() {
            true => good("answer", words),
            false => doubt("answer", words, "see those that do not"),
        });
    }
    let more = silent.len().saturating_sub(NAMED);
    steps.extend(silent.into_iter().take(NAMED));
    if more > 0 {
        steps.push(bad(
            "answer",
            format_args!("{more} more do not"),
            "gatelodge meter list",
        ));
    }
    steps
}

fn told(shown: &MeterShown, why: &str) -> Step {
    let serial = shown.meter.serial.as_str();
    let since = shown.answered.map_or_else(
        || "it never answered".to_owned(),
        |at| format!("it last answered at {at:.0}"),
    );
    let next = format!("gatelodge meter show {serial} names its line: {}", shown.meter.link);
    bad(serial, format_args!("{why}; {since}"), &next)
}
