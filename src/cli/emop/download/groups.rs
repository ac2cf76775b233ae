//! Many meters and days: first what is missing, then that, many meters at a time and each one's days in order.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::super::outcome::indented;
use super::super::place::{Place, There};
use super::day::{DayRequest, Done, there};
use super::plan::{Group, Plan};
use crate::cli::{CliError, print};
use crate::domain::{Element, MeterId};

/// Groups at a time.
const AT_A_TIME: usize = 60;

/// Downloads what is missing. A day that fails ends its own group only.
pub(super) async fn fetch(plan: &Plan, place: &dyn Place) -> Result<(), CliError> {
    let meters = place.meters(&plan.esco.to_ascii_lowercase()).await?;
    let mut work = Vec::new();
    for group in &plan.groups {
        let serial = serial(&meters, &plan.esco, group)?;
        let missing = missing(group, &serial);
        work.push((group, serial, missing));
    }
    show(&work);
    let fetching = work.into_iter().map(|(group, serial, dates)| async move {
        let done = days(plan, group, There { place, serial: &serial }, dates).await;
        if let Err(failure) = &done {
            let _ = failure.report();
        }
        done.is_ok()
    });
    let results: Vec<bool> = futures_util::stream::iter(fetching)
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    let failed = results.iter().filter(|good| !**good).count();
    if failed == 0 {
        return Ok(());
    }
    Err(
        CliError::failed(format_args!("{failed} of {} groups are not whole", results.len()))
            .hint("run it again: what is there is not fetched twice"),
    )
}

async fn days(plan: &Plan, group: &Group, meter: There<'_>, dates: Vec<Date>) -> Result<(), CliError> {
    let mut skip_before: Option<Date> = None;
    let mut is_first = true;
    for date in dates {
        if skip_before.is_some_and(|next| date < next) {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            tokio::time::sleep(Duration::from_secs(plan.sleep)).await;
        }
        let wanted = DayRequest {
            date,
            folder: &group.folder,
            is_again: group.overwrite,
        };
        let done = wanted.fetch(meter).await;
        let done = done.map_err(|failure| failure.about(format_args!("{} {} {date}", group.name, meter.serial)))?;
        if let Done::Written {
            next_held: Some(next), ..
        } = done
        {
            tracing::info!(group = group.name, meter.id = %meter.serial, %date, %next, "nothing is held until then");
            skip_before = Some(next);
        }
    }
    Ok(())
}

/// The meter of a group: by its folder's name, then by the supplier's code and that.
fn serial(meters: &[Json], esco: &str, group: &Group) -> Result<MeterId, CliError> {
    let full = format!("{}.{}", esco.to_ascii_uppercase(), group.meter);
    let called = |name: &str| meters.iter().find(|meter| meter["name"] == name);
    let found = called(&group.meter).or_else(|| called(&full));
    let serial = found.and_then(|meter| meter["serial"].as_str()?.parse().ok());
    serial.ok_or_else(|| {
        CliError::failed(format_args!(
            "group {}: no meter is called {} or {full}",
            group.name, group.meter
        ))
    })
}

fn missing(group: &Group, serial: &MeterId) -> Vec<Date> {
    let is_there = |date: Date| {
        let parts = [None, Some(Element::A)];
        parts
            .into_iter()
            .any(|part| there(&group.folder, (serial.as_str(), part), date).is_some())
    };
    let days = group
        .from
        .series(jiff::Span::new().days(1))
        .take_while(|date| *date <= group.to);
    days.filter(|date| group.overwrite || !is_there(*date)).collect()
}

fn show(work: &[(&Group, MeterId, Vec<Date>)]) {
    if std::io::stdout().is_terminal() {
        let rows = work.iter().map(|(group, serial, dates)| {
            let ends = dates.first().zip(dates.last());
            let ends = ends.map(|(first, last)| format!("{first} to {last}"));
            [
                group.name.clone(),
                serial.to_string(),
                dates.len().to_string(),
                print::or_dash(ends),
            ]
        });
        return print::table(["group", "meter", "days missing", "between"], rows);
    }
    let dates = work.iter().map(|(group, _, dates)| {
        let dates: Vec<String> = dates.iter().map(Date::to_string).collect();
        (group.name.clone(), dates)
    });
    let missing: BTreeMap<String, Vec<String>> = dates.collect();
    print::json_lines(&indented(&json!({ "missing_dates": missing })));
}
