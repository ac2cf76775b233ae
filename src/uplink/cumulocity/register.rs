//! Who the box and its children are to the platform (UPLINK §3.1): names, and what is said of them.

use super::smartrest::Line;
use crate::domain::{MeterId, Quantity, Space, SpaceId};
use crate::uplink::host::{Host, LogKind, Section};
use crate::uplink::names::kind;
use crate::uplink::world::MeterKnown;

/// Minutes after which a silent box counts as gone.
const BOX_MINUTES: i64 = 10;
/// And a meter: three times the hour in which it is usually read.
const METER_MINUTES: i64 = 180;
/// Parts of the box that are told as services.
const SERVICES: [&str; 4] = ["uplink", "meter-poller", "occupancy", "api"];
/// What the box may be asked to do.
pub(super) const OPERATIONS: [&str; 7] = [
    kind::COMMAND,
    kind::RESTART,
    kind::CONFIGURATION,
    kind::UPLOAD,
    kind::DOWNLOAD,
    kind::LOG_FILE,
    kind::MEASURE,
];

/// Names that begin with the box's.
pub(super) struct Names {
    device: String,
}

impl Names {
    pub(super) fn new(device: &str) -> Names {
        Names {
            device: device.to_owned(),
        }
    }

    pub(super) fn device(&self) -> &str {
        &self.device
    }

    pub(super) fn meter(&self, serial: &MeterId) -> String {
        format!("{}-meter-{}", self.device, serial.as_str().to_ascii_lowercase())
    }

    /// The id never changes, whatever the space is called.
    pub(super) fn space(&self, space: SpaceId) -> String {
        format!("{}-space-{space}", self.device)
    }

    /// Parts of the box, each with the name that the platform knows it by.
    pub(super) fn services(&self) -> impl Iterator<Item = (&'static str, String)> {
        SERVICES
            .into_iter()
            .map(|name| (name, format!("{}-svc-{name}", self.device)))
    }

    /// The first line of every session.
    pub(super) fn appliance(&self, name: &str) -> String {
        Line::new(100).text(name).text("emop_Gateway").finish()
    }

    pub(super) fn child_meter(&self, meter: &MeterKnown) -> String {
        let id = self.meter(&meter.serial);
        Line::new(101)
            .text(&id)
            .text(&meter.name())
            .text("emop_ElectricityMeter")
            .finish()
    }

    pub(super) fn child_space(&self, space: &Space) -> String {
        let name = space.name.clone().unwrap_or_else(|| format!("Space {}", space.id));
        Line::new(101)
            .text(&self.space(space.id))
            .text(&name)
            .text("occ_Space")
            .finish()
    }

    /// What is said of the box itself.
    pub(super) fn facts(&self, position: Option<[f64; 3]>, host: &dyn Host) -> Vec<String> {
        let version = env!("CARGO_PKG_VERSION");
        let mut lines = vec![
            Line::new(110)
                .text(&self.device)
                .text("gatelodge")
                .text(version)
                .finish(),
        ];
        if let Some([latitude, longitude, altitude]) = position {
            lines.push(
                Line::new(112)
                    .number(latitude)
                    .number(longitude)
                    .number(altitude)
                    .finish(),
            );
        }
        lines.extend([
            list(114, &OPERATIONS),
            Line::new(115).text("gatelodge").text(version).finish(),
            Line::new(116).text("gatelodge").text(version).text("").finish(),
            Line::new(117).integer(BOX_MINUTES).finish(),
            list(118, &LogKind::ALL.map(LogKind::name)),
            list(119, &Section::TYPES.map(Section::name)),
            Line::new(122)
                .text("gatelodge")
                .text(version)
                .text("")
                .text("gatelodge")
                .finish(),
        ]);
        lines.extend(self.services().map(|(name, id)| {
            Line::new(102)
                .text(&id)
                .text("appliance")
                .text(name)
                .text(host.part(name).word())
                .finish()
        }));
        lines
    }

    /// What is said of a meter on its own topic.
    pub(super) fn meter_facts(&self, meter: &MeterKnown) -> Vec<String> {
        let said = |quantity| {
            meter
                .state
                .value(quantity)
                .and_then(|value| value.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let fixed = meter.entry.as_ref().and_then(|entry| entry.hardware.clone());
        let hardware = fixed.unwrap_or_else(|| said(Quantity::Hardware));
        let mut lines = vec![
            Line::new(110)
                .text(meter.serial.as_str())
                .text(&hardware)
                .text(&hardware)
                .finish(),
            list(114, &[kind::MEASURE]),
            Line::new(117).integer(METER_MINUTES).finish(),
        ];
        let firmware = said(Quantity::FirmwareVersion);
        if !firmware.is_empty() {
            lines.push(Line::new(115).text("meter firmware").text(&firmware).finish());
        }
        lines
    }
}

/// A line that names several things.
fn list(template: u16, names: &[&str]) -> String {
    names
        .iter()
        .fold(Line::new(template), |line, name| line.text(name))
        .finish()
}
