//! The sheet to hand over: what stands where, what each meter said, who may do what, and how every step was left. It holds no
//! secret.

use askama::Template;
use futures_util::stream::{self, StreamExt};
use hyper::Method;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::CliError;
use super::super::elsewhere::own_root;
use super::super::reach::absolute;
use super::super::steps::{bad, good};
use super::{Walk, address, meters, people, qr, state};
use crate::domain::{Health, Quantity};
use crate::files::{self, Readers};
use crate::meter::MeterShown;
use crate::tls::{Step, StepVerdict};

/// Meters that are asked at once.
const AT_ONCE: usize = 16;
/// What was read within this is of now.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

#[derive(Template)]
#[template(path = "sheet.html", config = ".askama.toml")]
struct Sheet {
    name: String,
    version: &'static str,
    machine: String,
    at: String,
    /// Who called this, as sudo says.
    by: Option<String>,
    pages: String,
    code: String,
    fingerprint: Option<String>,
    meters: Vec<Row>,
    people: Vec<(String, String)>,
    /// How many steps are done, which are not told one by one.
    done: usize,
    steps: Vec<(String, &'static str, String, Option<String>)>,
}

struct Row {
    name: String,
    serial: String,
    link: String,
    state: String,
    import: String,
}

pub(super) async fn write(walk: &Walk<'_>) -> Step {
    let to = absolute(&walk.flags.sheet);
    let sheet = match sheet(walk).await {
        Ok(sheet) => sheet,
        Err(error) => {
            return bad(
                "sheet",
                &error,
                error.next_step().unwrap_or("gatelodge quickstart again"),
            );
        }
    };
    let text = sheet.render().map_err(|error| error.to_string());
    let written = text.and_then(|text| {
        let place = files::place(&to).map_err(|error| error.to_string())?;
        files::write(&place, text.as_bytes(), Readers::Owner).map_err(|error| error.to_string())
    });
    match written {
        Ok(()) => good(
            "sheet",
            format_args!("{}: open it in a browser and print it", to.display()),
        ),
        Err(error) => bad("sheet", error, "name another place: --sheet FILE"),
    }
}

async fn sheet(walk: &Walk<'_>) -> Result<Sheet, CliError> {
    let site = &walk.config.site;
    let pages = walk.pages().await?;
    let steps = || walk.chapters.iter().flat_map(|chapter| &chapter.steps);
    let now = Timestamp::now().to_zoned(site.timezone());
    Ok(Sheet {
        name: site.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        machine: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        at: now.strftime("%A %-d %B %Y, %H:%M %Z").to_string(),
        by: caller(),
        code: qr::svg(&pages).unwrap_or_default(),
        fingerprint: own_root(&walk.config).and_then(|root| address::fingerprint(&root)),
        meters: rows(walk).await?,
        people: people::everybody(walk).await?,
        done: steps().filter(|step| step.verdict == StepVerdict::Good).count(),
        steps: steps()
            .filter(|step| step.verdict != StepVerdict::Good)
            .map(left)
            .collect(),
        pages,
    })
}

/// Who called sudo, as that says; nobody where it was not called.
#[expect(clippy::disallowed_methods, reason = "sudo says it there; it is no setting")]
fn caller() -> Option<String> {
    std::env::var("SUDO_USER").ok().filter(|user| !user.is_empty())
}

async fn rows(walk: &Walk<'_>) -> Result<Vec<Row>, CliError> {
    if walk.config.meter_room().is_none() {
        return Ok(Vec::new());
    }
    let client = walk.client()?;
    let zone = walk.config.site.timezone();
    let known: Vec<MeterShown> = client.ask(Method::GET, "/meters", None).await?;
    let asked = known.into_iter().map(async |shown| {
        // What the step of the meters read is not read again; one that does not answer stands there as it is known.
        let is_fresh = registers(&shown).is_some_and(|(_, at)| Timestamp::now().duration_since(at) < FRESH);
        let now = match is_fresh {
            true => None,
            false => meters::reading(client, &shown.meter.serial).await,
        };
        row(&now.unwrap_or(shown), &zone)
    });
    Ok(stream::iter(asked).buffered(AT_ONCE).collect().await)
}

fn row(shown: &MeterShown, zone: &TimeZone) -> Row {
    Row {
        name: shown.meter.name.clone().unwrap_or_default(),
        serial: shown.meter.serial.to_string(),
        link: shown.meter.link.clone(),
        state: match shown.health {
            Health::Healthy => "answers".to_owned(),
            Health::Unknown => "not asked yet".to_owned(),
            Health::Unhealthy => shown.health_details.clone(),
        },
        import: import(shown, zone).unwrap_or_else(|| "–".to_owned()),
    }
}

/// The sum of its elements' registers in Wh, with the moment of the older one.
fn registers(shown: &MeterShown) -> Option<(f64, Timestamp)> {
    let elements = [Quantity::ImportA, Quantity::ImportB].into_iter();
    let registers: Vec<(f64, Timestamp)> = elements
        .filter_map(|quantity| shown.values.get(&quantity))
        .filter_map(|value| Some((value.value.as_f64()?, value.at)))
        .collect();
    let at = registers.iter().map(|(_, at)| *at).min()?;
    Some((registers.iter().map(|(wh, _)| wh).sum(), at))
}

fn import(shown: &MeterShown, zone: &TimeZone) -> Option<String> {
    let (wh, at) = registers(shown)?;
    let at = at.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M %Z");
    Some(format!("{:.3} kWh at {at}", wh / 1000.0))
}

fn left(step: &Step) -> (String, &'static str, String, Option<String>) {
    (
        step.step.clone(),
        state(step),
        step.words.clone(),
        step.next_step.clone(),
    )
}
