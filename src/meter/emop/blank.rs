//! Patterns of bits that stand for no value: what a meter sends where
//! it has nothing. Pure.
//!
//! All ones is "no value" in unsigned types; the largest and the smallest number are in signed ones, and firmware that
//! fills an unsigned field from a signed one sends these there. All ones in a signed amount is -0.00001, an amount as
//! any other.

use super::catalogue::Kind;

/// Whether these 16 bits of an unsigned field stand for no value.
#[must_use]
pub fn is_blank_u16(bits: u16) -> bool {
    [u16::MAX, i16::MAX.unsigned_abs(), i16::MIN.unsigned_abs()].contains(&bits)
}

/// Whether these 32 bits of an unsigned field stand for no value.
#[must_use]
pub fn is_blank_u32(bits: u32) -> bool {
    [u32::MAX, i32::MAX.unsigned_abs(), i32::MIN.unsigned_abs()].contains(&bits)
}

/// Whether an object's payload stands for no value. Registers are told apart word by word, and so are thresholds; a
/// setting has numbers of its own, all ones among them.
#[must_use]
pub fn is_blank(kind: Kind, payload: &[u8]) -> bool {
    let short = || payload.first_chunk().copied().map(u16::from_le_bytes);
    let long = || payload.first_chunk().copied().map(u32::from_le_bytes);
    match kind {
        Kind::U8 | Kind::Flag | Kind::Signal | Kind::MeterType => payload.first() == Some(&u8::MAX),
        Kind::UintLe if payload.len() < 4 => short().is_some_and(is_blank_u16),
        Kind::U16 | Kind::DeciVolts => short().is_some_and(is_blank_u16),
        Kind::U32 | Kind::UintLe | Kind::Amount | Kind::Timestamp => long().is_some_and(is_blank_u32),
        Kind::SignedAmount => long().is_some_and(|bits| [i32::MAX, i32::MIN].contains(&bits.cast_signed())),
        Kind::Text(_) | Kind::Firmware | Kind::Hardware | Kind::Clock => {
            !payload.is_empty() && payload.iter().all(|byte| *byte == u8::MAX)
        }
        Kind::Count
        | Kind::Token
        | Kind::Transaction
        | Kind::Registers
        | Kind::ThresholdMask
        | Kind::ThresholdValues
        | Kind::Backlight
        | Kind::LoadSwitch
        | Kind::Opaque(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::Catalogue;
    use super::super::inferred::Inferred;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_type_has_its_own_patterns() {
        for (kind, blank) in [
            (Kind::U8, &[0xFF][..]),
            (Kind::Signal, &[0xFF]),
            (Kind::U16, &[0xFF, 0xFF]),
            (Kind::DeciVolts, &[0xFF, 0x7F]),
            (Kind::UintLe, &[0xFF, 0xFF]),
            (Kind::UintLe, &[0xFF; 4]),
            (Kind::U32, &[0xFF, 0xFF, 0xFF, 0x7F]),
            (Kind::U32, &[0, 0, 0, 0x80]),
            (Kind::Amount, &[0xFF; 4]),
            (Kind::SignedAmount, &[0xFF, 0xFF, 0xFF, 0x7F]),
            (Kind::SignedAmount, &[0, 0, 0, 0x80]),
            (Kind::Timestamp, &[0xFF; 4]),
            (Kind::Clock, &[0xFF; 7]),
            (Kind::Text(16), &[0xFF; 16]),
        ] {
            assert!(is_blank(kind, blank), "{kind:?} {blank:?}");
        }
        // A debt of a thousandth of a penny, both thresholds of a meter without any, counts of payments (none yet, and
        // 32,768), a light that is always on.
        for (kind, value) in [
            (Kind::SignedAmount, &[0xFF; 4][..]),
            (Kind::ThresholdMask, &[0xFF]),
            (Kind::Count, &[0xFF, 0xFF]),
            (Kind::Count, &[0xFF, 0x7F]),
            (Kind::Backlight, &[0xFF]),
            (Kind::UintLe, &[0xFF, 0xFF, 0, 0]),
            (Kind::Hardware, &[]),
        ] {
            assert!(!is_blank(kind, value), "{kind:?} {value:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_none_of_the_patterns_is_a_value(bits in 0u32..0x7FFF_FFFF) {
            for kind in [Kind::U32, Kind::UintLe, Kind::Amount, Kind::SignedAmount] {
                prop_assert!(!is_blank(kind, &bits.to_le_bytes()));
            }
        }

        #[test]
        fn any_payload_is_told(payload in proptest::collection::vec(any::<u8>(), 0..40)) {
            for object in Catalogue::new(&Inferred::default()).unwrap().objects() {
                let _ = is_blank(object.kind, &payload);
            }
        }
    }
}
