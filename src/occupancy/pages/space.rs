//! One space: its gauge, a day of its history, what is usual, who put its count right, and what whoever runs the box does
//! with it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::card::Card;
use super::days::{self, Day, DayShown};
use super::finding::{Refusal, broken, find, once};
use super::plots;
use crate::accounts::Act;
use crate::domain::given::optional_day;
use crate::face::{Page, PageState, Shell, SignedIn};
use crate::http::authority::base;
use crate::http::{Problem, blocking, table};
use crate::occupancy::Occupancy;
use crate::occupancy::corrections::{self, Correction, What};
use crate::occupancy::history::{Step, Stretch};
use crate::occupancy::kiosks::Kiosk;
use crate::texts::{Said, Texts, named};

/// Corrections that are shown: the latest of so many days, and no more than this.
const CORRECTIONS_SHOWN: usize = 30;
const CORRECTIONS_DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "space.html", config = ".askama.toml")]
struct SpacePage {
    shell: Shell,
    script: String,
    mark: String,
    row: Card,
    said: Option<&'static str>,
    day: DayPart,
    week: String,
    corrections: Vec<CorrectionShown>,
    may_count: bool,
    managing: Option<Managing>,
}

/// The part of the page that is of a day.
struct DayPart {
    /// The day in words, and as addresses have it.
    name: String,
    date: Date,
    before: Date,
    /// Absent today.
    after: Option<Date>,
    came_went: Said,
    plot: String,
    shown: DayShown,
}

/// A count that was put right.
struct CorrectionShown {
    at: String,
    what: Said,
    reason: Option<String>,
    by: Option<By>,
}

/// Who did something.
enum By {
    Person(String),
    CommandLine,
    Program(String),
}

/// What only those see who may change the space.
struct Managing {
    csrf_token: String,
    once: String,
    /// Where this box is.
    base: String,
    /// The name as it was given; empty: none.
    name: String,
    kiosks: Vec<KioskShown>,
}

struct KioskShown {
    kiosk: Kiosk,
    made: String,
}

/// What was done before the page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Done {
    Settings,
    Kiosk,
    Emptied,
    Set,
}

impl Done {
    fn said(self) -> &'static str {
        match self {
            Done::Settings => named("spaces-settings-taken"),
            Done::Kiosk => named("kiosk-taken"),
            Done::Emptied => named("door-emptied"),
            Done::Set => named("door-was-set"),
        }
    }
}

/// Which day.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "optional_day")]
    day: Option<Date>,
    done: Option<Done>,
}

/// The page of one space.
pub(super) async fn show(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mark = state.room.hall.mark();
    let space = find(&state, (&person, Act::ReadSpaces), &id)?;
    let t = Texts::of(person.language);
    let timezone = state.face.timezone().clone();
    let today = person.now.to_zoned(timezone.clone()).date();
    let date = asked.day.unwrap_or(today).min(today);
    let whole = Day::of(date, &timezone).ok_or_else(no_day)?;
    let (history, store, read_of, now) = (
        state.room.history(),
        state.room.store.clone(),
        space.clone(),
        person.now,
    );
    let zone = timezone.clone();
    let read = blocking(move || {
        let shown = days::day(&history, &read_of, whole, &zone)?;
        let week = days::week(&history, &read_of, now, &zone)?;
        let span = SignedDuration::from_hours(24 * CORRECTIONS_DAYS);
        let from = now.saturating_sub(span).unwrap_or(Timestamp::MIN);
        let corrections = corrections::between(&store, read_of.id, (from, Timestamp::MAX))?;
        Ok((shown, week, corrections))
    });
    let read: Result<_, crate::store::ReadError> = read.await.map_err(|error| broken(&error))?;
    let (shown, week, corrections) = read.map_err(|error| broken(&error))?;
    let names_people = person.must(Act::Count).is_ok();
    let page = SpacePage {
        shell: state.face.shell("space", Some(&person)),
        script: state.face.asset("spaces.js"),
        mark,
        row: Card::of(&space, &state.face, t),
        said: asked.done.map(Done::said),
        day: DayPart {
            name: t.day(date),
            date,
            before: date.yesterday().unwrap_or(date),
            after: date.tomorrow().ok().filter(|after| *after <= today),
            came_went: t.say2("spaces-came-went", ("entered", shown.entered), ("left", shown.left)),
            plot: plots::day(&shown, whole, space.occupancy.maximum, (t, &timezone)),
            shown,
        },
        week: plots::week(&week, (t, &timezone)),
        corrections: corrections
            .into_iter()
            .rev()
            .take(CORRECTIONS_SHOWN)
            .map(|one| shown_to(one, names_people, t, &timezone))
            .collect(),
        may_count: names_people,
        managing: managing(&state, &person, &space, base(&uri, &headers))?,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

fn no_day() -> Response {
    Problem::new(StatusCode::BAD_REQUEST, "no-day", "There is no such day")
        .on_page(named("fault-no-day"), None)
        .into_response()
}

/// A correction, with who made it for those alone who count themselves: others read nothing personal.
fn shown_to(one: Correction, names_people: bool, t: Texts, timezone: &jiff::tz::TimeZone) -> CorrectionShown {
    let at = one.at.to_zoned(timezone.clone());
    let by = match one.by.as_str() {
        "operator" => By::CommandLine,
        by => match by.strip_prefix("person ") {
            Some(name) => By::Person(name.to_owned()),
            None => By::Program(by.to_owned()),
        },
    };
    CorrectionShown {
        at: format!("{} {}", t.day_of_month(at.date()), at.strftime("%H:%M")),
        what: match one.what {
            What::Emptied => t.say1("spaces-emptied-from", "before", one.before),
            What::SetTo(after) => t.say2("spaces-set-from", ("before", one.before), ("after", after)),
        },
        reason: one.reason,
        by: names_people.then_some(by),
    }
}

fn managing(
    state: &PageState<Occupancy>,
    person: &SignedIn,
    space: &crate::domain::Space,
    base: String,
) -> Result<Option<Managing>, Refusal> {
    if person.must(Act::ManageSpaces).is_err() {
        return Ok(None);
    }
    let kiosks = state.room.kiosks(Some(space.id)).map_err(|error| broken(&error))?;
    let shown = |kiosk: Kiosk| KioskShown {
        made: state.face.date_in(Texts::of(person.language), kiosk.created),
        kiosk,
    };
    Ok(Some(Managing {
        csrf_token: person.csrf.token(),
        once: once(),
        base,
        name: space.name.clone().unwrap_or_default(),
        kiosks: kiosks.into_iter().map(shown).collect(),
    }))
}

/// A day of minutes for a spreadsheet.
pub(super) async fn csv(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::ReadSpaces), &id)?;
    let timezone = state.face.timezone();
    let date = asked
        .day
        .unwrap_or_else(|| person.now.to_zoned(timezone.clone()).date());
    let day = Day::of(date, timezone).ok_or_else(no_day)?;
    let (history, named) = (
        state.room.history(),
        format!("attachment; filename=\"space-{}-{date}.csv\"", space.id),
    );
    let stretch = Stretch {
        from: day.from,
        to: day.to,
        step: Step::Minute,
    };
    let points = blocking(move || history.points(&space, stretch)).await;
    let points = points
        .map_err(|error| broken(&error))?
        .map_err(|error| broken(&error))?;
    let headers = [
        ("content-type", "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION.as_str(), named),
    ];
    Ok((headers, table::csv(&points)).into_response())
}
