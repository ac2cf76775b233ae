//! What may be written into an object by its kind, whoever asks and by whatever door (EMOP §22.4). Pure.

use crate::meter::emop::catalogue::{Kind, Object};
use crate::meter::emop::{Dialect, ObjectId};

/// A payload that no meter makes sense of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object} holds {} bytes, not {given}", .holds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))]
pub struct PayloadSizeError {
    /// The object's name.
    object: String,
    holds: &'static [usize],
    given: usize,
}

/// How many bytes an object of a kind holds; none: as many as it likes.
fn sizes(kind: Kind) -> &'static [usize] {
    match kind {
        Kind::U8 | Kind::Flag | Kind::ThresholdMask | Kind::Backlight | Kind::LoadSwitch => &[1],
        Kind::U16 | Kind::Count | Kind::DeciVolts => &[2],
        Kind::U32 | Kind::Amount | Kind::SignedAmount | Kind::Timestamp => &[4],
        Kind::UintLe => &[2, 4],
        Kind::Clock => &[7],
        Kind::ThresholdValues => &[14],
        Kind::Registers => &[16],
        Kind::Opaque(80) => &[80],
        // Codes are judged as codes; the others are written by nobody, or nobody knows how long they are.
        Kind::Token
        | Kind::Text(_)
        | Kind::Hardware
        | Kind::Firmware
        | Kind::Signal
        | Kind::Transaction
        | Kind::MeterType
        | Kind::Opaque(_) => &[],
    }
}

/// Refuses a payload of another length than the object holds; an object without a name holds anything.
///
/// # Errors
///
/// When it is longer or shorter.
pub fn must_fit(dialect: &Dialect, object: ObjectId, payload: &[u8]) -> Result<(), PayloadSizeError> {
    let Some(known) = dialect.catalogue().of(object) else {
        return Ok(());
    };
    let holds = sizes(known.kind);
    match holds.is_empty() || holds.contains(&payload.len()) {
        true => Ok(()),
        false => Err(PayloadSizeError {
            object: known.name.to_string(),
            holds,
            given: payload.len(),
        }),
    }
}

/// Whether three phase meters have an object at all (EMOP §8.1).
pub(in crate::meter) fn is_of_three_phases(object: &Object) -> bool {
    let single = [
        "prepay_",
        "tariff_",
        "monetary_",
        "load_switch",
        "daylight_savings",
        "event_log",
    ];
    !single.iter().any(|name| object.name.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::Inferred;
    use crate::meter::emop::dialect::InferredWrites;

    #[test]
    fn a_payload_is_as_long_as_its_object() {
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
        let fits = |object: &str, bytes: usize| {
            let judged = must_fit(&dialect, object.parse().unwrap(), &vec![0; bytes]);
            judged.map_err(|error| error.to_string())
        };
        assert_eq!(
            fits("ffff23", 10),
            Err("tariff_future_standing_charge holds 4 bytes, not 10".to_owned())
        );
        for (object, bytes, right) in [
            ("ffff23", 4, true),
            ("ffff23", 0, false),
            ("ffff0d", 1, true),
            ("ffff0d", 2, false),
            ("ffff1f", 14, true),
            ("ffff1f", 13, false),
            ("800800", 6, false),
            ("0d0000", 79, false),
            // Nobody knows it.
            ("ffff0b", 3, true),
        ] {
            assert_eq!(fits(object, bytes).is_ok(), right, "{object} {bytes}");
        }
        let has = |name: &str| is_of_three_phases(dialect.catalogue().named(name).unwrap());
        assert!(has("time") && has("backlight") && has("three_phase_read"));
        assert!(!has("load_switch") && !has("prepay_enabled_flag") && !has("tariff_future_gas"));
    }
}
