//! What is read of a meter in one go, though it takes several requests (EMOP §5, §8.2, §13).
//!
//! The same for the box's own polling and for the command line, which differ in who carries the requests.

use std::future::Future;
use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::emop::blank::is_blank;
use super::emop::dialect::Request;
use super::emop::event_log::{MeterEvent, events};
use super::emop::identity::Hardware;
use super::emop::intervals::Block;
use super::emop::profile_log::{Elements, LOG_1_RECORDS, Record1, Record2, log_1, log_2};
use super::emop::tariff::Which;
use super::emop::value::{PayloadError, Registers, Value};
use super::emop::{Dialect, MeterTime, ProfileLog};

/// Who carries requests to one meter.
pub trait Asking: Sync {
    /// Why there is no answer.
    type Error: std::error::Error + Send + 'static;

    /// Asks, and gives the data field of the answer: the request's header and what follows it.
    fn ask(&self, request: Request) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;

    /// The protocol it speaks.
    fn dialect(&self) -> &Dialect;

    /// Whether the meter said no to this request, which says nothing of others.
    fn is_refusal(error: &Self::Error) -> bool;
}

/// Something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E: std::error::Error + 'static> {
    /// There is no answer.
    #[error(transparent)]
    Asked(E),
    /// The answer cannot be read.
    #[error("{object}: {source}")]
    Payload {
        /// What was asked for.
        object: String,
        /// What is wrong with the answer.
        source: PayloadError,
    },
    /// The answer is the pattern of bits that stands for no value, where there must be one.
    #[error("{object}: the meter gave the pattern that stands for no value")]
    Blank {
        /// What was asked for.
        object: String,
    },
}

/// Bytes before the payload of an answer: format, object and r/w, or format and moment.
pub(super) const HEADER: usize = 5;

/// Names of the six totals of a three phase meter, as they are shown, and their objects.
pub const TOTALS: [(&str, &str); 6] = [
    ("active_import", "total_active_import_energy"),
    ("active_export", "total_active_export_energy"),
    ("reactive_import", "three_phase_total_reactive_import"),
    ("reactive_export", "three_phase_total_reactive_export"),
    ("apparent_import", "three_phase_total_apparent_import"),
    ("apparent_export", "three_phase_total_apparent_export"),
];

/// An object's payload.
pub async fn payload<A: Asking>(meter: &A, request: Request) -> Result<Vec<u8>, ReadError<A::Error>> {
    let reply = meter.ask(request).await.map_err(ReadError::Asked)?;
    Ok(reply.get(HEADER..).unwrap_or_default().to_vec())
}

/// An object by its name in the catalogue.
pub async fn value<A: Asking>(meter: &A, name: &str) -> Result<Value, ReadError<A::Error>> {
    let object = meter.dialect().catalogue().named(name);
    let object = object.expect("names in this program are names of the catalogue").id;
    let bytes = payload(meter, Request::Read(object)).await?;
    let read = meter.dialect().value(object, &bytes);
    read.map_err(|source| ReadError::Payload {
        object: name.to_owned(),
        source,
    })
}

/// An object by its name; `None`: the meter gave the pattern that stands for no value.
pub async fn known<A: Asking>(meter: &A, name: &str) -> Result<Option<Value>, ReadError<A::Error>> {
    let object = meter.dialect().catalogue().named(name);
    let object = object.expect("names in this program are names of the catalogue");
    let bytes = payload(meter, Request::Read(object.id)).await?;
    if is_blank(object.kind, &bytes) {
        return Ok(None);
    }
    let read = meter.dialect().value(object.id, &bytes);
    read.map(Some).map_err(|source| ReadError::Payload {
        object: name.to_owned(),
        source,
    })
}

/// An object by its name, which must have a value: what follows from none would be wrong.
async fn must_know<A: Asking>(meter: &A, name: &str) -> Result<Value, ReadError<A::Error>> {
    known(meter, name).await?.ok_or_else(|| ReadError::Blank {
        object: name.to_owned(),
    })
}

/// What kind of meter it is; three phase meters are asked twice (EMOP §5.1).
pub async fn hardware<A: Asking>(meter: &A) -> Result<Hardware, ReadError<A::Error>> {
    match must_know(meter, "hardware_version").await? {
        Value::Hardware(_, Some(kind)) => Ok(kind),
        _ => match must_know(meter, "three_phase_hardware_configuration").await? {
            Value::MeterType(kind) => Ok(kind.hardware()),
            _ => Ok(Hardware::ThreePhaseUnknown),
        },
    }
}

/// The four registers of an element, `read_element_a` or `read_element_b`.
pub async fn registers<A: Asking>(meter: &A, element: &str) -> Result<Registers, ReadError<A::Error>> {
    match value(meter, element).await? {
        Value::Registers(registers) => Ok(registers),
        other => unreachable!("an element's object holds registers, not {other:?}"),
    }
}

/// The totals of a three phase meter, in the order of [`TOTALS`]; one that fails is missing, and the call succeeds.
pub async fn totals<A: Asking>(meter: &A) -> [Option<u32>; 6] {
    let mut found = [None; 6];
    for (place, (_, object)) in TOTALS.iter().enumerate() {
        match value(meter, object).await {
            Ok(Value::Number(number)) => found[place] = Some(number),
            Ok(other) => tracing::debug!(object, ?other, "a total is no number"),
            Err(error) => tracing::debug!(object, %error, "a total could not be read"),
        }
    }
    found
}

/// The voltages of three phases, in tenths of a volt: often 2 and 3 are missing, only a missing 1 is an error (EMOP §8.1).
pub async fn voltages<A: Asking>(meter: &A) -> Result<[Option<u16>; 3], ReadError<A::Error>> {
    let mut found = [None; 3];
    for (place, phase) in (1..=3).enumerate() {
        match value(meter, &format!("three_phase_instantaneous_voltage_l{phase}")).await {
            Ok(Value::DeciVolts(volts)) => found[place] = Some(volts),
            Ok(other) => unreachable!("a phase's voltage is in tenths of a volt: {other:?}"),
            Err(error) if place == 0 => return Err(error),
            Err(error) => tracing::debug!(phase, %error, "a phase's voltage could not be read"),
        }
    }
    Ok(found)
}

/// A tariff as it is shown and stored (EMOP §5.6).
pub async fn tariff<A: Asking>(meter: &A, which: Which) -> Result<Map<String, Json>, ReadError<A::Error>> {
    let names: Vec<String> = which
        .objects(meter.dialect().catalogue())
        .map(|object| object.name.to_string())
        .collect();
    let mut read = std::collections::HashMap::new();
    for name in names {
        match known(meter, &name).await {
            Ok(Some(value)) => {
                read.insert(name, value);
            }
            Ok(None) => {}
            Err(ReadError::Asked(error)) if A::is_refusal(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(which.shown(|name| read.get(name).cloned()))
}

/// Ten events; page 0 holds the newest.
pub async fn event_page<A: Asking>(meter: &A, page: u8) -> Result<Vec<MeterEvent>, ReadError<A::Error>> {
    let bytes = payload(meter, Request::Events(page)).await?;
    let read = events(&bytes, &meter.dialect().inferred().event);
    read.map_err(|source| ReadError::Payload {
        object: "event_log".to_owned(),
        source,
    })
}

/// Half hours of log 1 from a moment on, as many as one reply holds, whatever their time (EMOP §6.2).
pub async fn half_hours_1<A: Asking>(meter: &A, from: MeterTime) -> Result<Vec<Record1>, ReadError<A::Error>> {
    let block = payload(meter, Request::Profile(ProfileLog::One, from)).await?;
    log_1(&block, LOG_1_RECORDS).map_err(|source| ReadError::Payload {
        object: "profile_log_1".to_owned(),
        source,
    })
}

/// Half hours of log 2 from a moment on, as many as one reply holds, whatever their time (EMOP §6.3).
pub async fn half_hours_2<A: Asking>(
    meter: &A,
    from: MeterTime,
    elements: Elements,
) -> Result<Vec<Record2>, ReadError<A::Error>> {
    let block = payload(meter, Request::Profile(ProfileLog::Two, from)).await?;
    let layout = &meter.dialect().inferred().profile_log_2;
    log_2(&block, elements, layout).map_err(|source| ReadError::Payload {
        object: "profile_log_2".to_owned(),
        source,
    })
}

/// Three phase intervals, at most four hours of them (EMOP §8.3).
pub async fn intervals<A: Asking>(meter: &A, span: Range<MeterTime>) -> Result<Block, ReadError<A::Error>> {
    let reply = meter.ask(Request::Intervals(span)).await.map_err(ReadError::Asked)?;
    let message = reply.get(1..).unwrap_or_default();
    let read = Block::decode(message, &meter.dialect().inferred().intervals);
    read.map_err(|source| ReadError::Payload {
        object: "three_phase_intervals".to_owned(),
        source,
    })
}

/// A count of a register in whole units (Wh, varh, VAh); what is finer is cut, as in half-hours.
#[must_use]
pub fn in_units(count: u32, hardware: Hardware) -> u64 {
    u64::from(count) / u64::from((hardware.counts_per_kilo() / 1_000).max(1))
}
