//! The sheet to hand over: what stands where, what each meter said, who may do what, and how every step was left. It holds no
//! secret. `gatelodge quickstart` writes it into a file, `/setup/sheet` shows it.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{Health, Quantity, qr_svg};
use crate::meter::MeterShown;
use crate::texts::{Said, Texts, Value, named};
use crate::tls::StepVerdict;

/// How the sheet looks, for one that stands in a file of its own.
const CSS: &str = include_str!("../../../web/assets/sheet.css");

/// Where its style stands.
#[derive(Clone, Debug)]
pub enum Style {
    /// In the sheet itself: it is a file.
    Within,
    /// At an address of the box, as its icon does.
    At { style: String, icon: String },
}

/// What a sheet tells of.
pub struct Told {
    /// What people call the building.
    pub name: String,
    /// Where it stands.
    pub timezone: TimeZone,
    /// Who hands it over.
    pub by: Option<String>,
    /// Under which address people open the pages.
    pub pages: String,
    /// The SHA-256 of the root that its own certificates lead to.
    pub fingerprint: Option<String>,
    pub meters: Vec<MeterShown>,
    /// Everybody by name and role; empty: they are not told of.
    pub people: Vec<(String, String)>,
    /// Every line of every step.
    pub steps: Vec<Line>,
}

/// A line of a step.
pub struct Line {
    pub name: String,
    pub verdict: StepVerdict,
    pub words: String,
    /// What is to be done about it, and what does it.
    pub next: Vec<String>,
}

#[derive(Template)]
#[template(path = "sheet.html", config = ".askama.toml")]
struct Sheet {
    t: Texts,
    style: Style,
    css: &'static str,
    name: String,
    what: Said,
    by: Option<String>,
    pages: String,
    code: String,
    fingerprint: Option<String>,
    meters: Vec<Row>,
    /// With the names of the texts of their roles.
    people: Vec<(String, String)>,
    /// How many lines are done, which are not told one by one.
    done: usize,
    left: Vec<Left>,
}

struct Row {
    name: String,
    serial: String,
    link: String,
    state: String,
    import: String,
}

struct Left {
    name: String,
    /// The name of its text.
    state: &'static str,
    words: String,
    next: Vec<String>,
}

/// The sheet as a page.
///
/// # Errors
///
/// When it cannot be written, which is ours to mend.
pub fn written(told: Told, t: Texts, style: Style) -> Result<String, askama::Error> {
    let now = Timestamp::now().to_zoned(told.timezone.clone());
    let at = format!("{} {}", t.day(now.date()), now.strftime("%Y, %H:%M %Z"));
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let places: [(&'static str, Value); 3] = [
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("machine", machine.into()),
        ("at", at.into()),
    ];
    let done = told
        .steps
        .iter()
        .filter(|line| line.verdict == StepVerdict::Good)
        .count();
    let left = told.steps.into_iter().filter(|line| line.verdict != StepVerdict::Good);
    let sheet = Sheet {
        t,
        style,
        css: CSS,
        name: told.name,
        what: t.say_with("sheet-what", &places),
        by: told.by,
        code: qr_svg(&told.pages, "QR").unwrap_or_default(),
        pages: told.pages,
        fingerprint: told.fingerprint,
        meters: told.meters.iter().map(|shown| row(shown, &told.timezone, t)).collect(),
        people: told
            .people
            .into_iter()
            .map(|(name, role)| (name, format!("role-{role}")))
            .collect(),
        done,
        left: left
            .map(|line| Left {
                name: line.name,
                state: state(line.verdict),
                words: line.words,
                next: line.next,
            })
            .collect(),
    };
    sheet.render()
}

/// The name of the text of a state.
pub(super) fn state(verdict: StepVerdict) -> &'static str {
    match verdict {
        StepVerdict::Good => named("setup-done"),
        StepVerdict::Doubtful => named("setup-waits"),
        StepVerdict::Bad => named("setup-wrong"),
    }
}

fn row(shown: &MeterShown, zone: &TimeZone, t: Texts) -> Row {
    Row {
        name: shown.meter.name.clone().unwrap_or_default(),
        serial: shown.meter.serial.to_string(),
        link: shown.meter.link.clone(),
        state: match shown.health {
            Health::Healthy => t.say("sheet-answers").text().to_owned(),
            Health::Unknown => t.say("sheet-not-asked").text().to_owned(),
            Health::Unhealthy => shown.health_details.clone(),
        },
        import: import(shown, zone, t).unwrap_or_else(|| "–".to_owned()),
    }
}

/// The sum of its elements' registers in Wh, with the moment of the older one.
#[must_use]
pub fn registers(shown: &MeterShown) -> Option<(f64, Timestamp)> {
    let elements = [Quantity::ImportA, Quantity::ImportB].into_iter();
    let registers: Vec<(f64, Timestamp)> = elements
        .filter_map(|quantity| shown.values.get(&quantity))
        .filter_map(|value| Some((value.value.as_f64()?, value.at)))
        .collect();
    let at = registers.iter().map(|(_, at)| *at).min()?;
    Some((registers.iter().map(|(wh, _)| wh).sum(), at))
}

fn import(shown: &MeterShown, zone: &TimeZone, t: Texts) -> Option<String> {
    let (wh, at) = registers(shown)?;
    let at = at.to_zoned(zone.clone());
    let at = format!("{} {}", t.day_of_month(at.date()), at.strftime("%Y %H:%M %Z"));
    let kwh = format!("{:.3}", wh / 1000.0);
    Some(t.say2("sheet-reading", ("kwh", kwh), ("at", at)).text().to_owned())
}
