//! The configuration: one section per room and door; a section that is absent is a room that is closed.
//!
//! Layers, the later over the earlier: the file, `conf.d/*.toml` beside it, `<data_dir>/conf.d/*.toml`,
//! `GATELODGE_<SECTION>__<KEY>` in the environment, flags.

mod acme;
mod backup;
mod check;
mod doors;
mod error;
mod layers;
mod log_filter;
mod outbound;
mod outside;
mod overlay;
pub mod remote;
mod sections;
mod show;
mod unread;
mod words;

use std::path::PathBuf;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use acme::Acme;
pub use backup::{Backup, S3, Target, TargetError};
pub use doors::{Certificate, DoorLimits, Grpc, GrpcClient, Https, Limits, Mtls, MtlsCertificate, PlainDoor};
pub use error::{ConfigError, ConfigErrors};
pub use layers::{
    DEFAULT_FILE, Flags, Loaded, beside, data_dir, examine, examine_with, find_socket, load, remote_file, setup_file,
    without_file,
};
pub use outbound::{Outbound, Proxy};
pub use overlay::{Overlay, OverlayError};
pub use sections::{OccupancySection, UplinkSection};
pub use show::{Shown, show};
pub use unread::Unread;

use crate::domain::units::Span;
use crate::texts::Language;
use crate::{meter, perseus, relay};

/// All that can be configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the store, the PKI and certificates lie.
    pub data_dir: PathBuf,
    /// The running box's own door for its command line.
    pub admin_socket: PathBuf,
    /// The building.
    pub site: Site,
    /// The plain door that redirects to https.
    pub http: Option<PlainDoor>,
    /// The door for people and apps.
    pub https: Option<Https>,
    /// Certificates that order and renew themselves, for `https.certificate = "acme"`.
    pub acme: Option<Acme>,
    /// The door for machines with certificates.
    pub mtls: Option<Mtls>,
    /// The mediator's door.
    pub grpc: Option<Grpc>,
    /// The door for Prometheus.
    pub metrics: Option<PlainDoor>,
    /// The way out, for all that calls others.
    pub outbound: Outbound,
    /// How much one address, one client and all together may ask of a door.
    pub limits: Limits,
    /// The occupancy room.
    pub occupancy: Option<OccupancySection>,
    /// The meter room.
    pub meters: Option<meter::Config>,
    /// Meters, beside those that were added by command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub meter: Vec<meter::Entry>,
    /// The relay: its door and its room.
    pub relay: Option<relay::Config>,
    /// Consented energy data.
    pub perseus: Option<perseus::Config>,
    /// The road to the cloud.
    pub uplink: Option<UplinkSection>,
    /// Backups made by the box itself.
    pub backup: Option<Backup>,
    /// How long what was is kept.
    pub retention: Retention,
    /// What is logged and how.
    pub log: Log,
}

impl Config {
    /// The meter room's section; one that only has meters stands with everything as usual.
    #[must_use]
    pub fn meter_room(&self) -> Option<meter::Config> {
        let usual = || (!self.meter.is_empty()).then(meter::Config::default);
        self.meters.clone().or_else(usual)
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data_dir: "/var/lib/gatelodge".into(),
            admin_socket: "/run/gatelodge/admin.sock".into(),
            site: Site::default(),
            http: None,
            https: None,
            acme: None,
            mtls: None,
            grpc: None,
            metrics: None,
            outbound: Outbound::default(),
            limits: Limits::default(),
            occupancy: None,
            meters: None,
            meter: Vec::new(),
            relay: None,
            perseus: None,
            uplink: None,
            backup: None,
            retention: Retention::default(),
            log: Log::default(),
        }
    }
}

/// The building.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// What people call it.
    pub name: String,
    /// The DNS name under which it is reached.
    pub hostname: String,
    /// Its IANA time zone, such as `Europe/London`.
    pub timezone: String,
    /// Whom to tell of security problems, a `mailto:` or `https:` address; shown in `security.txt`.
    #[serde(default)]
    pub contact: Option<String>,
    /// What its pages can be read in (RFC 5646); the first is the default.
    pub languages: Vec<String>,
}

impl Site {
    /// The languages of its pages; a checked configuration names those that there are.
    #[must_use]
    pub fn languages(&self) -> Vec<Language> {
        self.languages.iter().filter_map(|tag| tag.parse().ok()).collect()
    }

    /// Where it stands, for days and clocks; a checked configuration names a zone that there is.
    #[must_use]
    pub fn timezone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }
}

impl Default for Site {
    fn default() -> Site {
        Site {
            name: "Gatelodge".into(),
            hostname: "localhost".into(),
            timezone: "UTC".into(),
            contact: None,
            languages: Language::ALL.map(|language| language.tag().to_owned()).to_vec(),
        }
    }
}

/// How long what was is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// The history of spaces; `"0s"`: for ever.
    pub history: Span,
    /// Half-hours of meters, in whole months; `"0"`: for ever.
    pub readings: Span,
    /// Top-ups, once they are settled; `"0"`: for ever.
    pub money: Span,
    /// The audit, in whole months; `"0"`: for ever.
    pub audit: Span,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            history: Span::seconds(30 * 86_400),
            readings: Span::seconds(0),
            // Six years and a day, as accounts are kept.
            money: Span::seconds(2_192 * 86_400),
            audit: Span::seconds(400 * 86_400),
        }
    }
}

/// What is logged and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for programs.
    pub format: LogFormat,
    /// Which lines, as `tracing` filters are written: `info`, `gatelodge=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            format: LogFormat::Text,
            filter: "info".into(),
        }
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line of text each.
    Text,
    /// One JSON object a line.
    Json,
}
