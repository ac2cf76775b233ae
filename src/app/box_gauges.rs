//! What the box measures of itself, for the rules.

use std::path::Path;

use jiff::Timestamp;

use super::report::Reporter;
use super::sensors::{self, Supply};
use crate::domain::series::Sample;
use crate::rules::Gauge;
use crate::store::ClockState;
use crate::uplink::UplinkShown;

/// How much of the disk is free, in a hundred parts of what others than root may use.
pub(super) fn disk_free(folder: &Path) -> Option<Gauge> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let (free, used) = (disk.f_bavail as f64, disk.f_blocks.saturating_sub(disk.f_bfree) as f64);
    Some(gauge(
        "gatelodge_Box",
        "disk_free",
        free * 100.0 / (free + used).max(1.0),
        "%",
    ))
}

/// What the machine tells of itself; nothing of what it has no sensor for.
pub(super) fn machine() -> Vec<Gauge> {
    let heat = sensors::temperature(Path::new(sensors::THERMAL));
    let supply = sensors::supply(Path::new(sensors::SUPPLY));
    let heat = heat.map(|degrees| gauge("gatelodge_Box", "temperature", degrees, "°C"));
    let low = supply.map(|supply| f64::from(u8::from(supply == Supply::Low)));
    let low = low.map(|low| gauge("gatelodge_Box", "under_voltage", low, ""));
    heat.into_iter().chain(low).collect()
}

pub(super) fn gauge(fragment: &'static str, series: &'static str, value: f64, unit: &'static str) -> Gauge {
    Gauge {
        sample: Sample {
            fragment,
            series,
            value,
            unit,
        },
        detail: String::new(),
    }
}

impl Reporter {
    /// What is measured of the box; `outbox` is the room for what waits for the cloud, in bytes.
    pub(super) fn gauges(&self, outbox: Option<u64>, now: Timestamp) -> Vec<Gauge> {
        let status = self.status_light();
        let mut gauges = Vec::new();
        if let Some((shown, outbox)) = status.uplink.as_ref().zip(outbox) {
            let queue = |series, value: u64, unit| gauge("uplink_Queue", series, value as f64, unit);
            let fill = shown.backlog_bytes.saturating_mul(100) / outbox.max(1);
            gauges.extend([
                queue("messages", shown.backlog_rows, ""),
                queue("bytes", shown.backlog_bytes, ""),
                queue("oldest", shown.oldest_s, "s"),
                queue("fill", fill, "%"),
            ]);
        }
        // A certificate that renews itself is of interest once that is late.
        let doors = status
            .certificates
            .iter()
            .filter(|shown| shown.source == "files" || shown.alarm);
        let doors = doors.filter_map(|shown| Some((format!("that of the {} door", shown.door), shown.not_after?)));
        let counts = |shown: &&UplinkShown| {
            let enrolment = shown.enrolment.as_ref();
            enrolment.is_none_or(|enrolment| enrolment.last_error.is_some())
        };
        let uplink = status.uplink.as_ref().filter(counts);
        let uplink = uplink.and_then(|shown| shown.certificate_ends);
        let first = doors
            .chain(uplink.map(|ends| ("that of the uplink".to_owned(), ends)))
            .min_by_key(|(_, ends)| *ends);
        // No such certificate at all ends in no time that matters.
        let (detail, hours) = first.map_or((String::new(), 24 * 3_650), |(detail, ends)| {
            (detail, ends.duration_since(now).as_hours())
        });
        gauges.push(Gauge {
            detail,
            ..gauge("gatelodge_Box", "cert_days", hours.div_euclid(24) as f64, "")
        });
        gauges.push(Gauge {
            detail: status.store.backup_trouble.clone().unwrap_or_default(),
            ..gauge(
                "gatelodge_Box",
                "backup_failed",
                f64::from(u8::from(status.store.backup_trouble.is_some())),
                "",
            )
        });
        let unsynced = self.clock() != ClockState::Trusted;
        gauges.push(gauge(
            "gatelodge_Box",
            "clock_unsynced",
            f64::from(u8::from(unsynced)),
            "",
        ));
        gauges
    }
}
