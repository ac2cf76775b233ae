//! What wants whoever runs the box: each with its cause, since when, and one thing to do.

use jiff::Timestamp;

use crate::admin::{Finding, Status};
use crate::app::lamps::light;
use crate::domain::{Alarm, MeterId, Severity, Source};
use crate::face::{Face, Light, alarm_words};
use crate::texts::{Said, Texts};

/// Something that wants somebody.
pub(super) struct Wanted {
    pub(super) light: Light,
    pub(super) words: Said,
    /// How long it has been so, and the exact moment.
    pub(super) since: Option<(Said, String)>,
    pub(super) next_step: Option<String>,
    /// Where it can be looked at.
    pub(super) link: Option<String>,
    /// The alarm that can be marked as seen.
    pub(super) alarm: Option<String>,
    /// The silent meter that can be asked anew.
    pub(super) asks: Option<MeterId>,
}

/// All of it, the worst first.
pub(super) fn of(t: Texts, status: &Status, (face, now): (&Face, Timestamp)) -> Vec<Wanted> {
    let alarms = status.alarms.iter().map(|alarm| of_alarm(t, alarm, (face, now)));
    // Alarms are findings as well; here they say more of themselves.
    let findings = status.verdict.findings.iter().filter(|found| found.part != "alarm");
    let mut all: Vec<Wanted> = alarms.chain(findings.map(of_finding)).collect();
    all.sort_by_key(|one| one.light != Light::Bad);
    all
}

fn of_finding(found: &Finding) -> Wanted {
    Wanted {
        light: light(found.grade),
        words: Said::as_it_is(&format!("{}: {}", found.part, found.words)),
        since: None,
        next_step: found.next_step.clone(),
        link: None,
        alarm: None,
        asks: None,
    }
}

fn of_alarm(t: Texts, alarm: &Alarm, (face, now): (&Face, Timestamp)) -> Wanted {
    let ago = t.ago(now.duration_since(alarm.since).as_secs());
    Wanted {
        light: match alarm.severity {
            Severity::Critical | Severity::Major if !alarm.acknowledged => Light::Bad,
            _ => Light::Warn,
        },
        words: alarm_words(t, alarm),
        since: Some((ago, face.date_in(t, alarm.since))),
        next_step: None,
        link: match &alarm.source {
            Source::Appliance => None,
            Source::Meter(meter) => Some(format!("/energy/{meter}/health")),
            Source::Space(space) => Some(format!("/spaces/{space}")),
        },
        alarm: (!alarm.acknowledged).then(|| alarm.key().name()),
        asks: match &alarm.source {
            Source::Meter(meter) if alarm.kind == "meter_offline" => Some(meter.clone()),
            Source::Meter(_) | Source::Appliance | Source::Space(_) => None,
        },
    }
}
