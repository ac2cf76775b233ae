//! Which meter answers on a line: its serial, held against the one that the line should lead to.
//!
//! A swapped plug, a wrong address or an exchanged meter gives one flat the readings of another, so nothing is written
//! down before it is known. That a meter says no serial proves nothing either way.

use super::emop::identity::Hardware;
use super::emop::value::Value;
use super::reads::{self, Asking, ReadError};
use crate::domain::MeterId;

/// What a meter says of itself in an object of 16 characters.
const SERIAL_BYTES: usize = 16;
/// What a three phase meter's other serial begins with.
const THREE_PHASE_FORM: &str = "EMP1";

/// Which meter answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The right one.
    Same,
    /// Another, which says this serial.
    Another(String),
    /// It answers, and says no serial that could be read.
    Unknown,
}

/// What was learnt by asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identification {
    pub(super) verdict: Verdict,
    /// What kind of meter it is, as far as it says so.
    pub(super) hardware: Option<Hardware>,
}

/// Asks a meter who it is. `known`: its kind, as far as anybody knows.
pub(super) async fn ask<A: Asking>(
    meter: &A,
    expected: &MeterId,
    known: Option<Hardware>,
) -> Result<Identification, ReadError<A::Error>> {
    let hardware = match known {
        Some(hardware) => Some(hardware),
        None => answer::<A, _>(reads::hardware(meter).await)?,
    };
    let three = hardware.is_some_and(Hardware::is_three_phase);
    let verdict = if three {
        match serial(meter, "three_phase_serial").await? {
            Some(says) => judge(expected, says),
            None => single_phase_object(meter, expected).await?,
        }
    } else {
        single_phase_object(meter, expected).await?
    };
    Ok(Identification { verdict, hardware })
}

/// By the object of single phase meters. A three phase meter answers there with a serial of another form, which is not
/// the one that people know it by.
async fn single_phase_object<A: Asking>(meter: &A, expected: &MeterId) -> Result<Verdict, ReadError<A::Error>> {
    let Some(says) = serial(meter, "serial").await? else {
        return Ok(Verdict::Unknown);
    };
    let is_other_form = says.to_ascii_uppercase().starts_with(THREE_PHASE_FORM);
    match judge(expected, says) {
        Verdict::Another(_) if is_other_form => match serial(meter, "three_phase_serial").await? {
            Some(says) => Ok(judge(expected, says)),
            None => Ok(Verdict::Unknown),
        },
        verdict => Ok(verdict),
    }
}

/// A serial that the meter says; `None`: it says none.
async fn serial<A: Asking>(meter: &A, object: &str) -> Result<Option<String>, ReadError<A::Error>> {
    let said = answer::<A, _>(reads::value(meter, object).await)?;
    Ok(match said {
        Some(Value::Text(text)) => text.parse::<MeterId>().ok().map(|serial| serial.to_string()),
        _ => None,
    })
}

/// What was read; `None`: the meter answered, but not with that.
fn answer<A: Asking, T>(read: Result<T, ReadError<A::Error>>) -> Result<Option<T>, ReadError<A::Error>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(ReadError::Asked(error)) if A::is_refusal(&error) => Ok(None),
        Err(ReadError::Payload { .. } | ReadError::Blank { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Holds what a meter says against what is expected. An object has 16 characters; of a longer serial it has the first.
fn judge(expected: &MeterId, says: String) -> Verdict {
    let wanted = expected.as_str();
    let cut = wanted.get(..SERIAL_BYTES).unwrap_or(wanted);
    if says.eq_ignore_ascii_case(wanted) || says.eq_ignore_ascii_case(cut) {
        Verdict::Same
    } else {
        Verdict::Another(says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::meter::emop::dialect::{InferredWrites, Request};
    use crate::meter::emop::{Dialect, Inferred};

    /// A meter that answers so for each object and refuses all others.
    struct FixedMeter {
        dialect: Dialect,
        objects: BTreeMap<&'static str, Vec<u8>>,
    }

    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("refused")]
    struct Refused;

    impl Asking for FixedMeter {
        type Error = Refused;

        async fn ask(&self, request: Request) -> Result<Vec<u8>, Refused> {
            let Request::Read(object) = request else {
                return Err(Refused);
            };
            let name = self.dialect.catalogue().of(object).map(|object| object.name.as_ref());
            let payload = name.and_then(|name| self.objects.get(name)).ok_or(Refused)?;
            Ok([&[0; 5][..], payload].concat())
        }

        fn dialect(&self) -> &Dialect {
            &self.dialect
        }

        fn is_refusal(_: &Refused) -> bool {
            true
        }
    }

    async fn verdict(expected: &str, known: Option<Hardware>, objects: &[(&'static str, &str)]) -> Verdict {
        let padded = |text: &str| format!("{text:<16}").into_bytes();
        let told = FixedMeter {
            dialect: Dialect::new(Inferred::default(), InferredWrites::Refused).unwrap(),
            objects: objects
                .iter()
                .map(|(name, text)| (*name, if text.is_empty() { Vec::new() } else { padded(text) }))
                .collect(),
        };
        ask(&told, &expected.parse().unwrap(), known).await.unwrap().verdict
    }

    #[tokio::test]
    async fn the_right_object_is_asked_and_silence_proves_nothing() {
        let another = |says: &str| Verdict::Another(says.to_owned());
        let single = Some(Hardware::Ema1w);
        let three = Some(Hardware::P1Ax);
        for (known, objects, wanted) in [
            (single, &[("serial", "EML0000000001")][..], Verdict::Same),
            (single, &[("serial", "eml0000000001")], Verdict::Same),
            (single, &[("serial", "EML0000000002")], another("EML0000000002")),
            (single, &[], Verdict::Unknown),
            (single, &[("serial", "  ")], Verdict::Unknown),
            (
                None,
                &[("hardware_version", "3Aw"), ("serial", "EML0000000001")],
                Verdict::Same,
            ),
            (
                three,
                &[("serial", "EMP1AX0000000009"), ("three_phase_serial", "EML0000000001")],
                Verdict::Same,
            ),
            (
                three,
                &[("serial", "EMP1AX0000000009"), ("three_phase_serial", "EML0000000002")],
                another("EML0000000002"),
            ),
            // It says only the serial of the other form, which nobody knows it by.
            (three, &[("serial", "EMP1AX0000000009")], Verdict::Unknown),
            // Its kind is not what the entry says.
            (
                single,
                &[("serial", "EMP1AX0000000009"), ("three_phase_serial", "EML0000000001")],
                Verdict::Same,
            ),
            (three, &[("serial", "EML0000000002")], another("EML0000000002")),
        ] {
            assert_eq!(
                verdict("EML0000000001", known, objects).await,
                wanted,
                "{known:?} {objects:?}"
            );
        }
        let long = "S018011012261305588165";
        assert_eq!(
            verdict(long, single, &[("serial", "S018011012261305")]).await,
            Verdict::Same
        );
    }
}
