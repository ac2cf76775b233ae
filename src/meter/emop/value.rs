//! Payloads: what an object's bytes say, and the bytes that say it (EMOP §3, §4, §5).

use jiff::Timestamp;

use super::catalogue::Kind;
use super::identity::{self, Hardware, MeterType};
use super::inferred::Inferred;
use super::money::{AmountRangeError, Money};
use super::setting::{Setting, SettingError};
use super::time::{CLOCK_BYTES, ClockReading, MeterTime, TimeError};
use super::token::{Token, TokenError};

/// What an object holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text without its padding.
    Text(String),
    /// The text of hardware_version, and the kind it means; `None`: three phases.
    Hardware(String, Option<Hardware>),
    /// What the clock shows.
    Clock(ClockReading),
    /// The radio's network operator (0 to 7) and signal quality (0 to 31).
    Signal {
        /// Upper three bits.
        network_operator: u8,
        /// Lower five bits.
        csq: u8,
    },
    /// A number in the object's own unit.
    Number(u32),
    /// Tenths of a volt.
    DeciVolts(u16),
    /// Yes or no.
    Flag(bool),
    /// An amount.
    Money(Money),
    /// A top-up token.
    Token(Token),
    Moment(MeterTime),
    /// One payment.
    Transaction {
        /// Eight bytes that nobody has read yet.
        undecoded: [u8; 8],
        /// When it was paid.
        payment_time: MeterTime,
        /// What was paid.
        payment: Money,
    },
    /// The four registers of an element.
    Registers(Registers),
    /// Bit 0 is rate 1.
    ThresholdMask(u8),
    /// Thresholds 1 to 7.
    ThresholdValues([u16; 7]),
    /// A display or switch setting.
    Setting(Setting),
    /// A three phase meter's kind.
    MeterType(MeterType),
    /// Bytes that stay bytes.
    Bytes(Vec<u8>),
}

/// An element's registers: Wh and varh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    pub import_active: u32,
    pub export_active: u32,
    pub import_reactive: u32,
    pub export_reactive: u32,
}

/// A payload that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It ends too early; a longer one is taken, and what is too much ignored.
    #[error("short payload: {needed} bytes are needed, {held} came")]
    Short {
        /// Bytes that this kind has at least.
        needed: usize,
        /// Bytes that came.
        held: usize,
    },
    /// A clock that shows no moment.
    #[error(transparent)]
    Clock(#[from] TimeError),
}

/// A value that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The object holds another kind of value.
    #[error("the object takes {wanted:?}, not this value")]
    OtherKind {
        /// What the object takes.
        wanted: Kind,
    },
    /// An amount out of range.
    #[error(transparent)]
    Amount(#[from] AmountRangeError),
    /// A number out of range.
    #[error("{number} does not fit into {bytes} bytes")]
    Number {
        /// What was to be sent.
        number: u32,
        /// The object's size.
        bytes: usize,
    },
    /// A moment out of reach.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// No token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No setting.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Bytes of the wrong count.
    #[error("{wanted} bytes are needed, not {given}")]
    Length {
        /// The object's size.
        wanted: usize,
        /// What was given.
        given: usize,
    },
}

/// The first `N` bytes.
pub(super) fn first<const N: usize>(payload: &[u8]) -> Result<[u8; N], PayloadError> {
    payload.first_chunk().copied().ok_or(PayloadError::Short {
        needed: N,
        held: payload.len(),
    })
}

fn four(bytes: &[u8]) -> [u8; 4] {
    bytes.try_into().expect("four bytes were cut out")
}

impl Value {
    /// Reads the payload of an object of this kind.
    pub fn decode(kind: Kind, payload: &[u8], inferred: &Inferred) -> Result<Value, PayloadError> {
        let held = payload.len();
        let at_least = |needed| {
            if held < needed {
                Err(PayloadError::Short { needed, held })
            } else {
                Ok(payload)
            }
        };
        Ok(match kind {
            Kind::Text(size) => Value::Text(identity::text(at_least(size)?)),
            Kind::Hardware => {
                let text = identity::text(if payload.is_empty() { payload } else { at_least(4)? });
                let kind = Hardware::of_text(&text);
                Value::Hardware(text, kind)
            }
            Kind::Firmware => Value::Text(identity::firmware(at_least(2)?)),
            Kind::Clock => Value::Clock(ClockReading::decode(first::<CLOCK_BYTES>(payload)?)?),
            Kind::Signal => {
                let [byte] = first(payload)?;
                Value::Signal {
                    network_operator: byte >> 5,
                    csq: byte & 0x1F,
                }
            }
            Kind::U8 => Value::Number(first::<1>(payload)?[0].into()),
            Kind::U16 | Kind::Count => Value::Number(u16::from_le_bytes(first(payload)?).into()),
            Kind::UintLe if held < 4 => Value::Number(u16::from_le_bytes(first(payload)?).into()),
            Kind::U32 | Kind::UintLe => Value::Number(u32::from_le_bytes(first(payload)?)),
            Kind::DeciVolts => Value::DeciVolts(u16::from_le_bytes(first(payload)?)),
            Kind::Flag => Value::Flag(first(payload)? == [1]),
            Kind::Amount => Value::Money(Money(u32::from_le_bytes(first(payload)?).into())),
            Kind::SignedAmount => Value::Money(Money(i32::from_le_bytes(first(payload)?).into())),
            Kind::Token => Value::Token(Token::held(first(payload)?)),
            Kind::Timestamp => Value::Moment(MeterTime(u32::from_le_bytes(first(payload)?))),
            Kind::Transaction => {
                let bytes: [u8; 16] = first(payload)?;
                Value::Transaction {
                    undecoded: first(&bytes)?,
                    payment_time: MeterTime(u32::from_le_bytes(four(&bytes[8..12]))),
                    payment: Money(i32::from_le_bytes(four(&bytes[12..])).into()),
                }
            }
            Kind::Registers => Value::Registers(Registers::decode(first(payload)?)),
            Kind::ThresholdMask => Value::ThresholdMask(first::<1>(payload)?[0]),
            Kind::ThresholdValues => {
                let bytes: [u8; 14] = first(payload)?;
                Value::ThresholdValues(std::array::from_fn(|n| {
                    u16::from_le_bytes([bytes[2 * n], bytes[2 * n + 1]])
                }))
            }
            Kind::Backlight => Value::Setting(Setting::backlight(first::<1>(payload)?[0], &inferred.backlight)),
            Kind::LoadSwitch => Value::Setting(Setting::load_switch(first::<1>(payload)?[0], &inferred.load_switch)),
            Kind::MeterType => {
                let needed = inferred.meter_type.offset + 1;
                let found = MeterType::decode(payload, &inferred.meter_type);
                Value::MeterType(found.ok_or(PayloadError::Short { needed, held })?)
            }
            Kind::Opaque(size) => Value::Bytes(at_least(size)?.to_vec()),
        })
    }

    /// The payload that writes this value into an object of this kind.
    pub fn encode(&self, kind: Kind) -> Result<Vec<u8>, ValueError> {
        Ok(match (kind, self) {
            (Kind::Amount, Value::Money(money)) => money.unsigned()?.to_le_bytes().to_vec(),
            (Kind::SignedAmount, Value::Money(money)) => money.signed()?.to_le_bytes().to_vec(),
            (Kind::Flag, Value::Flag(on)) => vec![u8::from(*on)],
            (Kind::U8, Value::Number(number)) => vec![fits(*number, 1)?],
            (Kind::U16 | Kind::Count, Value::Number(number)) => fits::<u16>(*number, 2)?.to_le_bytes().to_vec(),
            (Kind::U32 | Kind::UintLe, Value::Number(number)) => number.to_le_bytes().to_vec(),
            (Kind::Timestamp, Value::Moment(at)) => at.to_bytes().to_vec(),
            (Kind::Token, Value::Token(token)) => token.digits().to_vec(),
            (Kind::ThresholdMask, Value::ThresholdMask(mask)) => vec![*mask],
            (Kind::ThresholdValues, Value::ThresholdValues(values)) => {
                values.iter().flat_map(|value| value.to_le_bytes()).collect()
            }
            (Kind::Backlight | Kind::LoadSwitch, Value::Setting(setting)) => vec![setting.number()],
            (Kind::Opaque(0), Value::Bytes(bytes)) => bytes.clone(),
            (Kind::Opaque(wanted), Value::Bytes(bytes)) if bytes.len() == wanted => bytes.clone(),
            (Kind::Opaque(wanted), Value::Bytes(bytes)) => {
                return Err(ValueError::Length {
                    wanted,
                    given: bytes.len(),
                });
            }
            (wanted, _) => return Err(ValueError::OtherKind { wanted }),
        })
    }

    /// The payload that sets a clock to `at`.
    pub fn clock(at: Timestamp, inferred: &Inferred) -> Result<Vec<u8>, ValueError> {
        Ok(ClockReading::encode(at, inferred.sunday)?.to_vec())
    }
}

fn fits<T: TryFrom<u32>>(number: u32, bytes: usize) -> Result<T, ValueError> {
    T::try_from(number).map_err(|_| ValueError::Number { number, bytes })
}

impl Registers {
    fn decode(bytes: [u8; 16]) -> Registers {
        let word = |at: usize| u32::from_le_bytes(four(&bytes[at..at + 4]));
        Registers {
            import_active: word(0),
            export_active: word(4),
            import_reactive: word(8),
            export_reactive: word(12),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{Access, Catalogue};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_payload_is_read_or_refused_and_more_bytes_change_nothing(
            payload in proptest::collection::vec(any::<u8>(), 0..100), more in proptest::collection::vec(any::<u8>(), 1..20),
        ) {
            let inferred = Inferred::default();
            for object in Catalogue::new(&inferred).unwrap().objects() {
                let Ok(value) = Value::decode(object.kind, &payload, &inferred) else { continue };
                let longer = [payload.as_slice(), &more].concat();
                let sized = !matches!(object.kind, Kind::Text(_) | Kind::Hardware | Kind::Firmware | Kind::UintLe | Kind::Opaque(_));
                if sized {
                    prop_assert_eq!(Value::decode(object.kind, &longer, &inferred), Ok(value));
                }
            }
        }

        #[test]
        fn what_is_written_is_read_back(payload in proptest::collection::vec(any::<u8>(), 80..=80)) {
            let inferred = Inferred::default();
            for object in Catalogue::new(&inferred).unwrap().objects().filter(|object| object.access == Access::ReadWrite) {
                let Ok(value) = Value::decode(object.kind, &payload, &inferred) else { continue };
                if let Value::Clock(shown) = &value {
                    let written = Value::clock(shown.moment, &inferred);
                    if let Ok(written) = written {
                        prop_assert_eq!(&written[..6], &payload[..6]);
                    }
                    continue;
                }
                let written = value.encode(object.kind).unwrap();
                prop_assert_eq!(Value::decode(object.kind, &written, &inferred), Ok(value), "{}", object.name);
            }
        }
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for (kind, value) in [
            (Kind::Amount, Value::Money(Money(-1))),
            (Kind::Amount, Value::Money(Money(1 << 32))),
            (Kind::SignedAmount, Value::Money(Money(1 << 31))),
            (Kind::U8, Value::Number(256)),
            (Kind::U16, Value::Number(65_536)),
            (Kind::Opaque(80), Value::Bytes(vec![0; 79])),
            (Kind::Flag, Value::Number(1)),
            (Kind::Registers, Value::Flag(true)),
        ] {
            assert!(value.encode(kind).is_err(), "{kind:?} {value:?}");
        }
    }
}
