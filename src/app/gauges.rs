//! What whoever watches the building asks for: the process, meters and spaces as gauges, gathered when the page is read.

use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use tokio::sync::watch;

use super::memory;
use crate::domain::{Duty, Health};
use crate::http::metrics::Metrics;
use crate::meter::{MeterShown, Meters};
use crate::occupancy::Occupancy;

/// Registers them all.
pub(super) fn register(
    metrics: &Metrics,
    meters: watch::Receiver<Option<Arc<Meters>>>,
    occupancy: watch::Receiver<Option<Arc<Occupancy>>>,
) {
    metrics.register(|registry| {
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Which version runs", build);
        registry.register_collector(Box::new(Building { meters, occupancy }));
    });
    let started = Timestamp::now();
    metrics.register_common(|registry| registry.register_collector(Box::new(Process { started })));
}

/// The process itself, by the names that all exporters have.
#[derive(Debug)]
struct Process {
    started: Timestamp,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let open = std::fs::read_dir("/proc/self/fd").map(Iterator::count).ok();
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let whole = |value: u64| Some(value as f64);
        let gauges = [
            (
                "process_start_time_seconds",
                "When the process was started, in seconds since 1970",
                Some(self.started.as_millisecond() as f64 / 1000.0),
            ),
            (
                "process_resident_memory_bytes",
                "Bytes of the process that are in memory",
                memory::resident().and_then(whole),
            ),
            (
                "process_open_fds",
                "Files and connections that the process has open",
                open.and_then(|count| whole(count as u64)),
            ),
            ("process_max_fds", "How many it may have open", limit.and_then(whole)),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let metric = ConstGauge::new(value);
                metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
            }
        }
        if let Some(seconds) = processor_seconds() {
            let metric = ConstCounter::new(seconds);
            let help = "Processor time that the process took";
            metric.encode(encoder.encode_descriptor("process_cpu_seconds", help, None, metric.metric_type())?)?;
        }
        Ok(())
    }
}

/// Processor time of this process so far; the kernel counts it in hundredths of a second (proc(5), USER_HZ).
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may hold blanks; after it stand fields 3 and up, of which 14 and 15 are wanted.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some((user + system) as f64 / 100.0)
}

/// Meters and spaces, while their rooms are open.
struct Building {
    meters: watch::Receiver<Option<Arc<Meters>>>,
    occupancy: watch::Receiver<Option<Arc<Occupancy>>>,
}

impl std::fmt::Debug for Building {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Building")
    }
}

impl Collector for Building {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (meters, occupancy) = (self.meters.borrow().clone(), self.occupancy.borrow().clone());
        if let Some(room) = meters {
            of_meters(&room.list(), &mut encoder)?;
        }
        if let Some(room) = occupancy {
            of_spaces(&room, &mut encoder)?;
        }
        Ok(())
    }
}

fn of_meters(meters: &[MeterShown], encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
    let now = Timestamp::now();
    let labels = |meter: &MeterShown| [("serial", meter.meter.serial.to_string())];
    let asked = |meter: &&MeterShown| meter.duty == Duty::Polled && meter.health != Health::Unknown;
    let answering = meters.iter().filter(asked).map(|meter| {
        let answers = meter.health == Health::Healthy;
        (labels(meter), f64::from(u8::from(answers)))
    });
    let help = "1 while a meter that is asked regularly answers, 0 while it does not";
    family(encoder, ("meter_answering", help), answering)?;
    let ages = meters.iter().filter_map(|meter| {
        let age = now.duration_since(meter.answered?).as_secs_f64().max(0.0);
        Some((labels(meter), age))
    });
    let help = "How long ago a meter last said something";
    family(encoder, ("meter_last_reading_age_seconds", help), ages)
}

fn of_spaces(room: &Occupancy, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
    let counts = room.counts();
    let made = [
        ("anonymous", counts.open),
        ("operator", counts.all - counts.open.min(counts.all)),
    ];
    let made = made.map(|(by, count)| ([("by", by.to_owned())], f64::from(count)));
    family(
        encoder,
        ("spaces", "How many spaces there are, by who made them"),
        made.into_iter(),
    )?;
    let spaces = room.published().unwrap_or_else(|error| {
        tracing::error!(%error, "the spaces could not be read");
        Vec::new()
    });
    let labels = |space: &crate::domain::Space| {
        let name = space.name.clone().unwrap_or_default();
        [("space", space.id.to_string()), ("name", name)]
    };
    let people = spaces
        .iter()
        .map(|space| (labels(space), f64::from(space.occupancy.current)));
    family(encoder, ("space_people", "How many people are in a space"), people)?;
    let most = spaces
        .iter()
        .map(|space| (labels(space), f64::from(space.occupancy.maximum)));
    family(encoder, ("space_maximum", "How many people may be in a space"), most)
}

/// One gauge for each thing of a kind.
fn family<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl Iterator<Item = ([(&'static str, String); N], f64)>,
) -> Result<(), std::fmt::Error>
where
    [(&'static str, String); N]: EncodeLabelSet,
{
    let mut values = values.peekable();
    if values.peek().is_none() {
        return Ok(());
    }
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}
