//! What people write into meters, object by object: which of it waits for friendly hours, what is told of it, and the
//! audit (EMOP §22.4, §22.5).

mod friendly;
pub mod payloads;
mod told;

use serde::{Deserialize, Serialize};

use super::driver::{Command, DriverError};
use super::emop::Dialect;
use super::emop::identity::Hardware;
use super::emop::message::{Message, Way};
use super::emop::{ObjectId, Token};
use super::room::{Meters, MetersError};
use super::served::Served;
use super::session::SessionError;
use super::topup::Origin;
use crate::accounts::AUDIT;
use crate::domain::MeterId;
pub use friendly::{FriendlyHours, Night, NightError};
pub use told::{ReadBack, frame};

/// The longest reason, in characters.
const WHY: usize = 300;
/// How much of an error and of a payload an audit holds, in characters.
const DETAILS: usize = 300;

/// What somebody says of a write beside what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Leave {
    /// Why, for the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// In unfriendly hours too; only with a reason.
    pub now: bool,
    /// The object was named by its number, so that nobody has looked whether it is meant.
    pub raw: bool,
    /// It is only looked whether it may be written, and it is when it may: a refusal is the write's own.
    pub ahead: bool,
}

/// Whether a text can stand in the audit as why something was done: somebody can read it, and no code is in it.
#[must_use]
pub(in crate::meter) fn is_a_reason(why: &str) -> bool {
    let reads = !why.trim().is_empty() && why.chars().count() <= WHY && !why.chars().any(char::is_control);
    reads && !Token::may_be_in(why)
}

impl Leave {
    /// Refuses what is no reason, and haste without one.
    pub fn check(&self) -> Result<(), MetersError> {
        match &self.why {
            Some(why) if is_a_reason(why) => Ok(()),
            None if !self.now => Ok(()),
            _ => Err(MetersError::Why),
        }
    }
}

/// A write as it goes out.
pub(super) struct Written {
    pub(super) object: ObjectId,
    payload: Vec<u8>,
}

/// What waits for friendly hours; `None`: it may always be written.
fn waits(dialect: &Dialect, written: &Written, raw: bool) -> Option<&'static str> {
    let object = dialect.catalogue().of(written.object);
    match object.map_or("", |object| object.name.as_ref()) {
        "load_switch" => Some("the load switch is not set"),
        "prepay_enabled_flag" if written.payload.first() == Some(&1) => Some("prepayment is not switched on"),
        "time" | "backlight" | "daylight_savings_correction_flag" | "prepay_enabled_flag" if !raw => None,
        name if name.starts_with("tariff_future_") && !raw => None,
        _ => Some("no object is written by its number"),
    }
}

impl Meters {
    /// What a command writes; `None`: it only reads.
    pub(super) fn written_by(&self, command: &Command) -> Option<Written> {
        let Command::Ask(request) = command else { return None };
        let data = self.dialect().data_field(request).ok()?;
        match Message::of(&data, self.dialect().inferred()) {
            Message::Object { object, way, payload } if way != Way::Read => Some(Written {
                object,
                payload: payload.to_vec(),
            }),
            _ => None,
        }
    }

    /// Refuses in unfriendly hours what waits for friendly ones, unless somebody says why it is done now.
    pub(super) fn must_be_friendly(&self, written: &Written, leave: &Leave) -> Result<(), MetersError> {
        leave.check()?;
        let Some(hours) = self.config.friendly_hours.filter(|_| !leave.now) else {
            return Ok(());
        };
        let Some(what) = waits(self.dialect(), written, leave.raw) else {
            return Ok(());
        };
        match hours.opens(self.store.now(), &self.timezone) {
            None => Ok(()),
            Some(from) => Err(MetersError::Unfriendly {
                what,
                hours,
                from: from
                    .to_zoned(self.timezone.clone())
                    .strftime("%Y-%m-%d %H:%M %Z")
                    .to_string(),
            }),
        }
    }

    /// Refuses what no meter of this kind holds: a payload of another length, an object that it has not.
    pub(super) fn must_be_had(&self, served: &Served, written: &Written) -> Result<(), MetersError> {
        payloads::must_fit(self.dialect(), written.object, &written.payload)?;
        let known = self.dialect().catalogue().of(written.object);
        let missing = known.filter(|object| !payloads::is_of_three_phases(object));
        match missing {
            Some(object) if served.hardware().is_some_and(Hardware::is_three_phase) => Err(MetersError::HasNot {
                meter: served.meter.serial.clone(),
                object: object.name.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a part of a tariff while a whole one is being written.
    pub(super) fn must_be_no_part(&self, meter: &MeterId, written: &Written) -> Result<(), MetersError> {
        let known = self.dialect().catalogue().of(written.object);
        let is_part = known.is_some_and(|object| object.name.starts_with("tariff_future_"));
        if is_part && self.tariffs.is_at_work(meter) {
            return Err(MetersError::TariffUnderWay(meter.clone()));
        }
        Ok(())
    }

    /// Tells the audit what was written, and what the meter said.
    pub(super) fn audit(
        &self,
        meter: &MeterId,
        (written, sets_clock): (Option<&Written>, bool),
        (origin, leave): (&Origin, &Leave),
        answer: &Result<Vec<u8>, DriverError>,
    ) {
        let came_to = match answer {
            Ok(_) => "taken".to_owned(),
            Err(DriverError::Session(SessionError::Refused(ack))) => format!("refused: {ack}"),
            Err(error) => details(error),
        };
        let why = leave.why.as_deref().unwrap_or_default();
        let (by, through) = (&origin.by, origin.through);
        if sets_clock {
            tracing::info!(target: AUDIT, by, meter.id = %meter, ?through, why, came_to, "the clock of a meter was set");
            return;
        }
        let Some(written) = written else { return };
        let (name, payload) = self.in_audit(written);
        tracing::info!(
            target: AUDIT, by, meter.id = %meter, ?through, object = %written.object, name, payload, why, now = leave.now,
            came_to, "an object of a meter was written"
        );
    }

    /// Tells the audit what somebody wanted to write, and why the box did not.
    pub(super) fn audit_refused(
        &self,
        meter: &MeterId,
        written: &Written,
        (origin, leave): (&Origin, &Leave),
        refused: &MetersError,
    ) {
        // Whatever was no reason is not repeated: it may hold a code.
        let why = leave.why.as_deref().filter(|why| is_a_reason(why)).unwrap_or_default();
        let (name, payload) = self.in_audit(written);
        let came_to = format!("refused: {}", details(refused));
        tracing::info!(
            target: AUDIT, by = origin.by, meter.id = %meter, through = ?origin.through, object = %written.object, name,
            payload, why, now = leave.now, came_to, "an object of a meter was not written"
        );
    }

    /// What an audit holds of a write: the object's name, if it has one, and the payload as hex.
    fn in_audit(&self, written: &Written) -> (&str, String) {
        let catalogue = self.dialect().catalogue();
        let name = catalogue.of(written.object).map_or("", |object| object.name.as_ref());
        (name, payload_in_audit(&written.payload))
    }
}

/// An error as an audit holds it; nothing of one that may repeat a code.
fn details(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    match Token::may_be_in(&text) {
        true => "what was given is not taken".to_owned(),
        false => text.chars().take(DETAILS).collect(),
    }
}

/// A payload as hex; only its length, when it may hold a code: as text, a digit a byte, or two digits a byte.
fn payload_in_audit(payload: &[u8]) -> String {
    let hex = data_encoding::HEXLOWER.encode(payload);
    // What is nothing but zeros is no code, and thresholds are.
    let digits = hex.split(|c: char| !c.is_ascii_digit());
    let packed = digits
        .filter(|run| run.bytes().any(|digit| digit != b'0'))
        .any(Token::may_be_in);
    if packed || Token::may_be_in(&String::from_utf8_lossy(payload)) {
        return format!("{} bytes, not told: a code may be in them", payload.len());
    }
    hex.chars().take(DETAILS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::Inferred;
    use crate::meter::emop::dialect::InferredWrites;

    #[test]
    fn what_can_leave_people_in_the_dark_waits() {
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
        let waits = |name: &str, payload: &[u8], raw| {
            let object = dialect.catalogue().named(name).map(|object| object.id);
            let written = Written {
                object: object.unwrap_or_else(|| name.parse().unwrap()),
                payload: payload.to_vec(),
            };
            waits(&dialect, &written, raw).is_some()
        };
        for (name, payload, waiting) in [
            ("load_switch", &[3][..], true),
            ("prepay_enabled_flag", &[1], true),
            ("prepay_enabled_flag", &[0], false),
            ("time", &[0; 7], false),
            ("backlight", &[1], false),
            ("tariff_future_gas", &[0; 4], false),
            ("ffff0b", &[1], true),
            ("tariff_time_switch_element_b", &[0; 80], true),
        ] {
            assert_eq!(waits(name, payload, false), waiting, "{name} {payload:?}");
            assert!(waits(name, payload, true), "by its number {name} waits");
        }
    }

    #[test]
    fn no_audit_holds_what_may_be_a_code() {
        let code = b"71466394621589161020";
        let packed: Vec<u8> = code
            .chunks(2)
            .map(|two| (two[0] - b'0') << 4 | (two[1] - b'0'))
            .collect();
        let digits: Vec<u8> = code.iter().map(|digit| digit - b'0').collect();
        let grouped = b"7146-6394 6215.8916_1020";
        for payload in [&code[..], &packed, &digits, grouped, &[&[0xff][..], &packed].concat()] {
            let told = payload_in_audit(payload);
            assert!(told.ends_with("a code may be in them"), "{payload:?}: {told}");
        }
        assert_eq!(payload_in_audit(&[0; 14]), "00".repeat(14));
        assert_eq!(payload_in_audit(&[1, 2, 0xab]), "0102ab");
    }

    #[test]
    fn haste_needs_a_reason() {
        let leave = |why: Option<&str>, now| Leave {
            why: why.map(str::to_owned),
            now,
            ..Leave::default()
        };
        assert!(leave(None, false).check().is_ok());
        assert!(leave(Some("the tenant asked"), true).check().is_ok());
        for wrong in [leave(None, true), leave(Some(" "), false), leave(Some("a\nb"), true)] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
