//! The sheet to hand over, written into a file.

use futures_util::stream::{self, StreamExt};
use hyper::Method;
use jiff::{SignedDuration, Timestamp};

use super::super::CliError;
use super::super::elsewhere::own_root;
use super::super::reach::absolute;
use super::super::steps::{bad, good};
use super::{Walk, address, meters, people};
use crate::app::setup::sheet::{self, Line, Style, Told, registers};
use crate::files::{self, Readers};
use crate::meter::MeterShown;
use crate::texts::{Language, Texts};
use crate::tls::Step;

/// Meters that are asked at once.
const AT_ONCE: usize = 16;
/// What was read within this is of now.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

pub(super) async fn write(walk: &Walk<'_>) -> Step {
    let to = absolute(&walk.flags.sheet);
    let told = match told(walk).await {
        Ok(told) => told,
        Err(error) => {
            return bad(
                "sheet",
                &error,
                error.next_step().unwrap_or("gatelodge quickstart again"),
            );
        }
    };
    let text = sheet::written(told, Texts::of(Language::English), Style::Within).map_err(|error| error.to_string());
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

async fn told(walk: &Walk<'_>) -> Result<Told, CliError> {
    let site = &walk.config.site;
    let steps = walk.chapters.iter().flat_map(|chapter| &chapter.steps);
    Ok(Told {
        name: site.name.clone(),
        timezone: site.timezone(),
        by: caller(),
        pages: walk.pages().await?,
        fingerprint: own_root(&walk.config).and_then(|root| address::fingerprint(&root)),
        meters: read(walk).await?,
        people: people::everybody(walk).await?,
        steps: steps.map(line).collect(),
    })
}

/// Who called sudo, as that says; nobody where it was not called.
#[expect(clippy::disallowed_methods, reason = "sudo says it there; it is no setting")]
fn caller() -> Option<String> {
    std::env::var("SUDO_USER").ok().filter(|user| !user.is_empty())
}

async fn read(walk: &Walk<'_>) -> Result<Vec<MeterShown>, CliError> {
    if walk.config.meter_room().is_none() {
        return Ok(Vec::new());
    }
    let client = walk.client()?;
    let known: Vec<MeterShown> = client.ask(Method::GET, "/meters", None).await?;
    let asked = known.into_iter().map(async |shown| {
        // What the step of the meters read is not read again; one that does not answer stands there as it is known.
        let is_fresh = registers(&shown).is_some_and(|(_, at)| Timestamp::now().duration_since(at) < FRESH);
        let now = match is_fresh {
            true => None,
            false => meters::reading(client, &shown.meter.serial).await,
        };
        now.unwrap_or(shown)
    });
    Ok(stream::iter(asked).buffered(AT_ONCE).collect().await)
}

fn line(step: &Step) -> Line {
    Line {
        name: step.step.clone(),
        verdict: step.verdict,
        words: step.words.clone(),
        next: step.next_step.clone().into_iter().collect(),
    }
}
