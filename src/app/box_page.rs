//! `/box`: how the box is, in words, for whoever runs it: doors, certificates, rooms, the store. The same report
//! as `status --json`, without script.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;

use super::lamps::light;
use crate::accounts::Act;
use crate::admin::{CertificateShown, Finding, Grade, KeysIn, RoomShown, Status, StoreShown, Verdict};
use crate::domain::{Alarm, Severity};
use crate::face::{self, Face, Light, Page, Shell, SignedIn, alarm_words, secured};
use crate::meter::jobs::JobShown;
use crate::texts::Texts;

/// Says how the box is, whenever it is asked.
pub(super) type Report = Arc<Says>;

/// What says it.
type Says = dyn Fn() -> Status + Send + Sync;

/// What stands behind the page.
type PageState = face::PageState<Says>;

/// The page, of what `report` says.
pub(super) fn router(report: Report, face: &Face) -> Router {
    let face = face.clone();
    secured(
        Router::new()
            .route("/box", get(show))
            .with_state(PageState { room: report, face }),
    )
}

async fn show(State(state): State<PageState>, person: SignedIn) -> Result<Response, Response> {
    person.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    let status = (state.room)();
    let page = BoxPage::of(&status, &state.face, Timestamp::now(), &person);
    Ok(Page(StatusCode::OK, page).into_response())
}

#[derive(Template)]
#[template(path = "box.html", config = ".askama.toml")]
struct BoxPage {
    shell: Shell,
    /// Whether whoever looks manages people.
    manages_people: bool,
    state: StateShown,
    version: String,
    started: String,
    findings: Vec<FindingPart>,
    alarms: Vec<AlarmPart>,
    rooms: Vec<Part>,
    jobs: Vec<JobPart>,
    certificates: Vec<CertificatePart>,
    doors: Vec<(String, &'static str, String)>,
    store: StorePart,
}

/// A state: its light, its word, and what it means.
struct StateShown {
    light: Light,
    word: String,
    words: String,
}

/// A room, or something that serves the rooms.
struct Part {
    name: String,
    told: StateShown,
    next_step: Option<String>,
}

/// What the box does with meters by itself.
struct JobPart {
    name: String,
    told: StateShown,
    last: Option<String>,
    next: Option<String>,
}

/// An alarm that stands.
struct AlarmPart {
    told: StateShown,
    since: String,
    rule: String,
    seen: bool,
}

struct CertificatePart {
    door: String,
    told: StateShown,
    names: String,
    issuer: String,
    ends: Option<String>,
    next_try: Option<String>,
    last_error: Option<String>,
}

struct StorePart {
    told: StateShown,
    size: String,
    last_backup: Option<String>,
}

impl BoxPage {
    fn of(status: &Status, face: &Face, now: Timestamp, person: &SignedIn) -> BoxPage {
        let broken = status.services.iter().filter(|(_, part)| part.state != "running");
        let doors = status.doors.iter().map(|(name, addresses)| {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            (name.clone(), serves(name), addresses.join(", "))
        });
        BoxPage {
            manages_people: person.must(Act::ManagePeople).is_ok(),
            shell: face.shell("box", Some(person)),
            state: state(&status.state, &status.verdict),
            findings: status
                .verdict
                .findings
                .iter()
                .filter(|found| found.part != "alarm")
                .map(finding)
                .collect(),
            version: status.version.clone(),
            started: status.started.map(|at| face.date(at)).unwrap_or_default(),
            alarms: status
                .alarms
                .iter()
                .map(|standing| alarm(Texts::of(person.language), standing, face, now))
                .collect(),
            rooms: status
                .rooms
                .iter()
                .chain(broken)
                .map(|shown| part(shown, &status.verdict))
                .collect(),
            jobs: status.jobs.iter().map(|shown| job(shown, face, now)).collect(),
            certificates: status
                .certificates
                .iter()
                .map(|shown| certificate(shown, face, now))
                .collect(),
            doors: doors.collect(),
            store: store(&status.store, face, now),
        }
    }
}

fn told(light: Light, word: &str, words: &str) -> StateShown {
    StateShown {
        light,
        word: word.to_owned(),
        words: words.to_owned(),
    }
}

/// What keeps the box from doing its job.
struct FindingPart {
    told: StateShown,
    part: String,
    next_step: Option<String>,
}

fn finding(found: &Finding) -> FindingPart {
    FindingPart {
        told: told(light(found.grade), found.grade.name(), &found.words),
        part: found.part.clone(),
        next_step: found.next_step.clone(),
    }
}

fn state(state: &str, verdict: &Verdict) -> StateShown {
    match state {
        "ready" => {
            let words = match verdict.grade {
                Grade::Well => "Everything does its job.".to_owned(),
                Grade::Attention | Grade::Trouble => format!("It runs; {}.", verdict.in_words()),
            };
            told(light(verdict.grade), state, &words)
        }
        "salvage" => told(
            Light::Bad,
            state,
            "The store was damaged; what could be read is served. Run gatelodge status to see what was lost.",
        ),
        "degraded" => told(
            Light::Warn,
            state,
            "Something below does not work; the rest goes on without it.",
        ),
        _ => told(Light::Warn, state, "The box is on its way up or down."),
    }
}

fn part((name, shown): (&String, &RoomShown), verdict: &Verdict) -> Part {
    let (light, word) = match (shown.state.as_str(), verdict.grade_of(name)) {
        ("running", Grade::Well) => (Light::Good, "running"),
        ("running", grade) => (light(grade), grade.name()),
        ("failed", _) => (Light::Bad, "failed"),
        ("closed", _) => (Light::Off, "closed"),
        (other, _) => (Light::Warn, other),
    };
    let fine = if shown.state == "running" {
        "It does its job."
    } else {
        ""
    };
    let found = verdict.worst_of(name).map(|found| found.words.as_str());
    Part {
        name: name.clone(),
        told: told(light, word, found.or(shown.reason.as_deref()).unwrap_or(fine)),
        next_step: shown.next_step.clone(),
    }
}

fn job(shown: &JobShown, face: &Face, now: Timestamp) -> JobPart {
    let moment = |at: Timestamp| format!("{} ({})", face.date(at), away(at, now));
    let last = shown.last.as_ref();
    let (light, word) = match last {
        _ if shown.next.is_none() => (Light::Off, "off"),
        None => (Light::Off, "not run yet"),
        Some(run) if run.stopped.is_some() || run.failed > 0 => (Light::Warn, "failed"),
        Some(_) => (Light::Good, "ran"),
    };
    JobPart {
        name: shown.job.to_string(),
        told: told(light, word, &format!("It {}.", shown.does)),
        last: last.map(|run| format!("{}: {}", moment(run.began), run.words())),
        next: shown.next.map(moment),
    }
}

fn alarm(t: Texts, standing: &Alarm, face: &Face, now: Timestamp) -> AlarmPart {
    let (light, word) = match standing.severity {
        Severity::Critical => (Light::Bad, "critical"),
        Severity::Major => (Light::Bad, "major"),
        Severity::Minor => (Light::Warn, "minor"),
        Severity::Warning => (Light::Warn, "warning"),
    };
    AlarmPart {
        told: told(light, word, alarm_words(t, standing).text()),
        since: format!("{} ({})", face.date(standing.since), away(standing.since, now)),
        rule: standing.rule.clone(),
        seen: standing.acknowledged,
    }
}

fn certificate(shown: &CertificateShown, face: &Face, now: Timestamp) -> CertificatePart {
    let light = match (shown.alarm, &shown.last_error) {
        (true, _) => Light::Bad,
        (false, Some(_)) => Light::Warn,
        (false, None) => Light::Good,
    };
    let words = match shown.source.as_str() {
        "acme" => "Ordered by ACME and renewed by itself.",
        "files" => "Read from files, and read again when they change.",
        _ => "Issued by the box's own authority: browsers warn until they trust its root.",
    };
    let moment = |at: Timestamp| format!("{} ({})", face.date(at), away(at, now));
    CertificatePart {
        door: shown.door.clone(),
        told: told(light, &shown.source, words),
        names: shown.names.join(", "),
        issuer: shown.issuer.clone(),
        ends: shown.not_after.map(moment),
        next_try: shown.next_try.map(moment),
        last_error: shown.last_error.clone(),
    }
}

fn store(shown: &StoreShown, face: &Face, now: Timestamp) -> StorePart {
    let without_keys = shown.last_backup_keys == Some(KeysIn::LeftOut);
    let told = match (&shown.salvage, shown.last_backup) {
        (Some(_), _) => told(
            Light::Bad,
            "in salvage",
            "It was damaged. Restore a backup, or run gatelodge status to see what was lost.",
        ),
        (None, _) if shown.backup_trouble.is_some() => told(
            Light::Bad,
            "no backup",
            shown.backup_trouble.as_deref().unwrap_or_default(),
        ),
        (None, Some(_)) if without_keys => told(
            Light::Warn,
            "backed up without keys",
            "What is restored from its last backup has new authorities: give backup.key_file, or --passphrase-file.",
        ),
        (None, None) => told(
            Light::Warn,
            "no backup",
            "It works, and was never backed up: run gatelodge backup FILE, or configure [backup].",
        ),
        (None, Some(_)) => told(Light::Good, "works", "It works."),
    };
    StorePart {
        told,
        size: size(shown.bytes),
        last_backup: shown.last_backup.map(|at| {
            let without = if without_keys { ", without keys" } else { "" };
            format!("{} ({}){without}", face.date(at), away(at, now))
        }),
    }
}

/// What a door is for.
fn serves(door: &str) -> &'static str {
    match door {
        "http" => "sends browsers to https, answers ACME",
        "https" => "pages and the APIs for people and apps",
        "mtls" => "machines with a certificate",
        "relay" => "peers that meet by WebSocket",
        "metrics" => "counters for Prometheus",
        _ => "",
    }
}

/// How far away a moment is, in the largest unit that says something.
fn away(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.duration_since(now).as_secs();
    let (count, unit) = match seconds.unsigned_abs() {
        ..60 => return if seconds < 0 { "just now" } else { "in a moment" }.to_owned(),
        passed @ 60..3_600 => (passed / 60, "minute"),
        passed @ 3_600..86_400 => (passed / 3_600, "hour"),
        passed => (passed / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if seconds < 0 {
        format!("{count} {unit}{plural} ago")
    } else {
        format!("in {count} {unit}{plural}")
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        ..1_048_576 => format!("{} KiB", bytes.div_ceil(1_024)),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_sizes_read_as_people_say_them() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (at, words) in [
            ("2026-11-22T12:00:20Z", "in a moment"),
            ("2026-11-22T11:59:30Z", "just now"),
            ("2026-11-22T13:30:00Z", "in 1 hour"),
            ("2026-11-20T11:00:00Z", "2 days ago"),
            ("2027-02-10T12:00:00Z", "in 80 days"),
        ] {
            assert_eq!(away(at.parse().unwrap(), now), words);
        }
        assert_eq!([size(1), size(3 << 20), size(5 << 30)], ["1 KiB", "3.0 MiB", "5.0 GiB"]);
    }
}
