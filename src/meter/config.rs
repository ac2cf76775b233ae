//! The sections `[meters]` and `[[meter]]`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::driver::Syncer;
use super::emop::dialect::InferredWrites;
use super::emop::identity::Hardware;
use super::emop::inferred::{Inferred, InferredError};
use super::emop::{Address, Dialect};
use super::every::Every;
use super::jobs::JobsConfig;
use super::link::{Proxy, Target};
use super::session::{Numbering, Rules};
use super::topup::provider::{Provider, faults as provider_faults};
use super::writes::FriendlyHours;
use crate::domain::is_readable;
use crate::domain::units::Span;
use crate::domain::{Counts, Datasource, Faults, Meter, MeterId, SpaceId};

/// The `[meters]` section: how meters are asked, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// From the end of one request to the next on the same meter.
    pub request_gap: Span,
    /// Tries of one request in all.
    pub attempts: u32,
    /// Between two tries.
    pub retry_pause: Span,
    /// For a connection, and then again for the answer.
    pub timeout: Span,
    /// A proxy that leads to the meters, `socks5://name:password@host:port`; shown without its login.
    #[serde(serialize_with = "without_login")]
    pub socks5_url: Option<Proxy>,
    /// From the first look at a meter that may say that a code was not taken, to the second.
    pub proof_pause: Span,
    /// When what can leave people in the dark is not written, unless somebody says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_hours: Option<FriendlyHours>,
    /// Whether objects whose numbers are not confirmed may be written to.
    pub allow_inferred_writes: bool,
    /// How far back half-hours are fetched from the memory of a meter that is new to the box.
    pub backfill: Span,
    /// How many may listen to what happens to meters at once.
    pub max_listeners: u32,
    /// Who may send codes for residents, signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provider: Vec<Provider>,
    /// What the box does with meters by itself, beside reading them.
    pub jobs: JobsConfig,
    /// How often each thing is read.
    pub polling: Polling,
    /// Constants of the protocol that are not confirmed (EMOP §19).
    pub inferred: Inferred,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            request_gap: Span::seconds(2),
            attempts: 5,
            retry_pause: Span::seconds(7),
            timeout: Span::seconds(10),
            proof_pause: Span::seconds(60),
            socks5_url: None,
            friendly_hours: None,
            allow_inferred_writes: false,
            backfill: Span::seconds(400 * 24 * 3_600),
            max_listeners: 1_000,
            provider: Vec::new(),
            jobs: JobsConfig::default(),
            polling: Polling::default(),
            inferred: Inferred::default(),
        }
    }
}

/// The longest of the times of one request: with longer ones nothing would ever be read.
const LONGEST: Span = Span::seconds(3_600);

impl Config {
    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        if !(1..=20).contains(&self.attempts) {
            faults.add("meters.attempts", format!("is {}", self.attempts), "1 to 20");
        }
        for (key, span) in [
            ("meters.request_gap", self.request_gap),
            ("meters.retry_pause", self.retry_pause),
            ("meters.timeout", self.timeout),
            ("meters.proof_pause", self.proof_pause),
        ] {
            if span > LONGEST {
                faults.add(key, format!("is {span}"), format!("at most \"{LONGEST}\""));
            }
        }
        if self.timeout < Span(Duration::from_millis(10)) {
            faults.add("meters.timeout", "is no time for an answer", "such as \"10s\"");
        }
        if self.proof_pause < Span(Duration::from_millis(10)) {
            let right = "\"10ms\" or more, such as \"60s\"";
            faults.add("meters.proof_pause", "leaves no time between two looks", right);
        }
        if self.max_listeners == 0 {
            faults.add("meters.max_listeners", "is 0, so nobody could listen", "such as 1000");
        }
        for syncer in Syncer::ALL.into_iter().filter(|syncer| self.polling.is_hasty(*syncer)) {
            let key = format!("meters.polling.{}", syncer.name());
            faults.add(key, "is under 10 s", "\"10s\" or more, or \"off\"");
        }
        faults.within("meters.provider", provider_faults(&self.provider));
        faults.within("meters.jobs", self.jobs.faults());
        faults.within("meters.inferred", self.inferred.faults());
        faults
    }

    /// The protocol as this section has it.
    pub fn dialect(&self) -> Result<Dialect, InferredError> {
        let writes = if self.allow_inferred_writes {
            InferredWrites::Allowed
        } else {
            InferredWrites::Refused
        };
        Dialect::new(self.inferred.clone(), writes)
    }

    /// How one meter is asked.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            gap: self.request_gap.0,
            attempts: self.attempts,
            pause: self.retry_pause.0,
            timeout: self.timeout.0,
            destination: Address::ANY_METER,
            source: Address::CLIENT,
            numbering: Numbering::Counted,
        }
    }
}

fn without_login<S: serde::Serializer>(proxy: &Option<Proxy>, serializer: S) -> Result<S::Ok, S::Error> {
    match proxy {
        Some(proxy) => serializer.collect_str(&format_args!("socks5://{proxy}")),
        None => serializer.serialize_none(),
    }
}

const HALF_AN_HOUR: Every = Every::Each(Span::seconds(1_800));
const HOUR: Every = Every::Each(Span::seconds(3_600));
const HALF_A_DAY: Every = Every::Each(Span::seconds(12 * 3_600));
const DAY: Every = Every::Each(Span::seconds(24 * 3_600));

/// How often each thing is read (EMOP §16.1): an interval, or `"off"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Polling {
    pub reads: Every,
    pub prepay_balance: Every,
    pub csq: Every,
    pub event_log: Every,
    pub voltage: Every,
    pub power: Every,
    pub half_hours: Every,
    pub clock_diff: Every,
    pub tariffs_active: Every,
    pub tariffs_future: Every,
    pub prepay_enabled: Every,
    pub daylight_savings_enabled: Every,
    pub hardware: Every,
    pub serial: Every,
    pub firmware_version: Every,
    pub backlight: Every,
    pub load_switch: Every,
}

impl Default for Polling {
    fn default() -> Polling {
        Polling {
            reads: HOUR,
            prepay_balance: HOUR,
            csq: HALF_A_DAY,
            event_log: DAY,
            voltage: HOUR,
            power: HOUR,
            half_hours: HALF_AN_HOUR,
            clock_diff: DAY,
            tariffs_active: DAY,
            tariffs_future: DAY,
            prepay_enabled: HALF_A_DAY,
            daylight_savings_enabled: DAY,
            hardware: DAY,
            serial: DAY,
            firmware_version: DAY,
            backlight: DAY,
            load_switch: DAY,
        }
    }
}

impl Polling {
    /// Nothing is read, unless somebody asks.
    #[must_use]
    pub fn off() -> Polling {
        let off = Every::Off;
        Polling {
            reads: off,
            prepay_balance: off,
            csq: off,
            event_log: off,
            voltage: off,
            power: off,
            half_hours: off,
            clock_diff: off,
            tariffs_active: off,
            tariffs_future: off,
            prepay_enabled: off,
            daylight_savings_enabled: off,
            hardware: off,
            serial: off,
            firmware_version: off,
            backlight: off,
            load_switch: off,
        }
    }

    /// How often one thing is read; `None`: never.
    #[must_use]
    pub fn of(&self, syncer: Syncer) -> Option<Duration> {
        let every = match syncer {
            Syncer::Reads => self.reads,
            Syncer::PrepayBalance => self.prepay_balance,
            Syncer::Csq => self.csq,
            Syncer::EventLog => self.event_log,
            Syncer::Voltage => self.voltage,
            Syncer::Power => self.power,
            Syncer::HalfHours => self.half_hours,
            Syncer::ClockDiff => self.clock_diff,
            Syncer::TariffsActive => self.tariffs_active,
            Syncer::TariffsFuture => self.tariffs_future,
            Syncer::PrepayEnabled => self.prepay_enabled,
            Syncer::DaylightSavingsEnabled => self.daylight_savings_enabled,
            Syncer::Hardware => self.hardware,
            Syncer::Serial => self.serial,
            Syncer::FirmwareVersion => self.firmware_version,
            Syncer::Backlight => self.backlight,
            Syncer::LoadSwitch => self.load_switch,
        };
        match every {
            Every::Each(span) => Some(span.0),
            Every::Off => None,
        }
    }

    fn is_hasty(&self, syncer: Syncer) -> bool {
        self.of(syncer).is_some_and(|every| every < Duration::from_secs(10))
    }
}

/// One `[[meter]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub serial: MeterId,
    /// The way to it.
    pub link: Target,
    /// The code of the company that supplies through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub esco: Option<String>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The feeder it hangs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feeder: Option<String>,
    /// Its registry code; absent: it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// What partners see of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<Datasource>,
    /// What it counts in the building's energy.
    #[serde(default, skip_serializing_if = "Counts::is_unit")]
    pub counts: Counts,
    /// The space that it feeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<SpaceId>,
}

/// What a meter's entry says that cannot be: of the configuration or of a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A registry code in no document.
    #[error("`{0}` is no registry code of a meter: C1.w, B1.w, EMA1.w, P1.ax, P1.cx; leave it out and it is asked")]
    Hardware(String),
    /// A direction that is none.
    #[error("`{0}` is no measure: import, export")]
    Measure(String),
    /// An element that is none.
    #[error("`{0}` is no element: A or B")]
    Element(String),
    /// An id that cannot stand in an address as it is.
    #[error(
        "`{0}` is no id of a data source: letters, digits and signs without space, `?`, `#`, `%` and `\\`, and not `.` or `..`"
    )]
    SourceId(String),
    /// Something else than the first half of a postcode.
    #[error("`{0}` is no outcode: the first half of a postcode, such as SW8")]
    Outcode(String),
    /// A text that nobody could read.
    #[error(
        "its {what} has {length} characters: up to 200 fit, a letter or digit among them, and none that is a control, turns \
         the text round or cannot be seen"
    )]
    Text {
        /// The key of the entry.
        key: &'static str,
        /// Which text.
        what: &'static str,
        /// How long it is.
        length: usize,
    },
}

/// Whether an id can stand in an address as it is: existing applications put it there unescaped.
fn is_source_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#%\\\"<>".contains(&byte);
    let steps = id
        .split('/')
        .all(|step| !step.is_empty() && step != "." && step != "..");
    id.len() <= 128 && steps && id.bytes().all(plain)
}

/// Whether a text is the first half of a postcode of the United Kingdom (PER §6.2).
fn is_outcode(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = &text.as_bytes()[letters..];
    let digit = rest.first().is_some_and(u8::is_ascii_digit);
    let last = rest
        .get(1)
        .is_none_or(|last| last.is_ascii_digit() || last.is_ascii_uppercase());
    (1..=2).contains(&letters) && digit && last && rest.len() <= 2
}

impl EntryError {
    /// The key of the entry that it is about.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            EntryError::Hardware(_) => "hardware",
            EntryError::Measure(_) => "datasource.measures",
            EntryError::Element(_) => "datasource.element",
            EntryError::SourceId(_) => "datasource.id",
            EntryError::Outcode(_) => "datasource.outcode",
            EntryError::Text { key, .. } => key,
        }
    }
}

impl Entry {
    /// What its keys cannot say each for itself: the first.
    pub fn check(&self) -> Result<(), EntryError> {
        self.errors().into_iter().next().map_or(Ok(()), Err)
    }

    /// What its keys cannot say each for itself.
    #[must_use]
    pub fn errors(&self) -> Vec<EntryError> {
        let source = self.datasource.clone().unwrap_or_default();
        let unknown = self.hardware.iter().filter(|code| Hardware::of_code(code).is_none());
        let texts = [
            ("esco", "esco", &self.esco),
            ("name", "name", &self.name),
            ("feeder", "feeder", &self.feeder),
        ];
        let unreadable = texts.into_iter().filter_map(|(key, what, text)| {
            let text = text.as_deref()?;
            let length = text.chars().count();
            (!is_readable(text)).then_some(EntryError::Text { key, what, length })
        });
        let measures = source.measures.iter();
        let measures = measures.filter(|name| !["import", "export"].contains(&name.as_str()));
        let element = source
            .element
            .iter()
            .filter(|name| !["A", "B"].contains(&name.as_str()));
        let found = unknown.cloned().map(EntryError::Hardware).chain(unreadable);
        let ids = source.id.iter().filter(|id| !is_source_id(id));
        let outcodes = source.outcode.iter().filter(|outcode| !is_outcode(outcode));
        let found = found.chain(ids.cloned().map(EntryError::SourceId));
        let found = found.chain(outcodes.cloned().map(EntryError::Outcode));
        let found = found.chain(measures.cloned().map(EntryError::Measure));
        found.chain(element.cloned().map(EntryError::Element)).collect()
    }

    /// The meter as the registry has it.
    #[must_use]
    pub fn meter(&self) -> Meter {
        Meter {
            serial: self.serial.clone(),
            link: self.link.to_string(),
            esco: self.esco.clone(),
            name: self.name.clone(),
            feeder: self.feeder.clone(),
            hardware: self.hardware.clone(),
            datasource: self.datasource.clone(),
            counts: self.counts,
            space: self.space,
        }
    }
}
