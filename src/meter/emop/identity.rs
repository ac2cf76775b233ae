//! What a meter says it is: hardware and firmware (EMOP §5.1, §5.2).

use std::fmt;

use super::inferred::MeterTypeLayout;

/// A meter's kind, as registries have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hardware {
    /// The only kind with two elements.
    C1w,
    /// One element.
    B1w,
    /// One element.
    Ema1w,
    /// A single phase meter whose text is in no document.
    SinglePhaseUnknown,
    /// Three phases, whole current through the meter.
    P1Ax,
    /// Three phases, behind current transformers.
    P1Cx,
    /// A three phase meter whose type byte is in no document.
    ThreePhaseUnknown,
}

impl Hardware {
    /// The kind that a hardware_version text means; `None`: the text is empty, so the meter has three
    /// phases and its configuration object says which kind.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Hardware> {
        match text {
            "" => None,
            "6C" | "6Cw" => Some(Hardware::C1w),
            "6Bw" => Some(Hardware::B1w),
            "3Aw" => Some(Hardware::Ema1w),
            _ => Some(Hardware::SinglePhaseUnknown),
        }
    }

    /// The kind with this registry code; older data has `AX` and `CX` (EMOP §18).
    #[must_use]
    pub fn of_code(code: &str) -> Option<Hardware> {
        Some(match code {
            "C1.w" => Hardware::C1w,
            "B1.w" => Hardware::B1w,
            "EMA1.w" => Hardware::Ema1w,
            "SINGLE_PHASE_UNKNOWN" => Hardware::SinglePhaseUnknown,
            "P1.ax" | "AX" => Hardware::P1Ax,
            "P1.cx" | "CX" => Hardware::P1Cx,
            "THREE_PHASE_UNKNOWN" => Hardware::ThreePhaseUnknown,
            _ => return None,
        })
    }

    /// The kind's code in registries.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Hardware::C1w => "C1.w",
            Hardware::B1w => "B1.w",
            Hardware::Ema1w => "EMA1.w",
            Hardware::SinglePhaseUnknown => "SINGLE_PHASE_UNKNOWN",
            Hardware::P1Ax => "P1.ax",
            Hardware::P1Cx => "P1.cx",
            Hardware::ThreePhaseUnknown => "THREE_PHASE_UNKNOWN",
        }
    }

    /// Whether it has an element B.
    #[must_use]
    pub fn is_twin(self) -> bool {
        self == Hardware::C1w
    }

    /// Whether it has three phases.
    #[must_use]
    pub fn is_three_phase(self) -> bool {
        matches!(self, Hardware::P1Ax | Hardware::P1Cx | Hardware::ThreePhaseUnknown)
    }

    /// Counts of a three phase register in one kWh (EMOP §8.2).
    #[must_use]
    pub fn counts_per_kilo(self) -> u32 {
        if self == Hardware::P1Cx { 10_000 } else { 1_000 }
    }
}

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The two known three phase kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterType {
    /// Carries the whole current.
    AxWholeCurrent,
    /// Behind current transformers.
    CxCtOperated,
    /// A byte in no document.
    Other(u8),
}

impl MeterType {
    /// Reads three_phase_hardware_configuration; `None` when it is too short.
    #[must_use]
    pub fn decode(payload: &[u8], layout: &MeterTypeLayout) -> Option<MeterType> {
        Some(match *payload.get(layout.offset)? {
            byte if byte == layout.ax_whole_current => MeterType::AxWholeCurrent,
            byte if byte == layout.cx_ct_operated => MeterType::CxCtOperated,
            other => MeterType::Other(other),
        })
    }

    /// The kind with this name, as programs give it.
    #[must_use]
    pub fn named(name: &str) -> Option<MeterType> {
        match name {
            "ax_whole_current" => Some(MeterType::AxWholeCurrent),
            "cx_ct_operated" => Some(MeterType::CxCtOperated),
            _ => None,
        }
    }

    /// The meter's kind in registries.
    #[must_use]
    pub fn hardware(self) -> Hardware {
        match self {
            MeterType::AxWholeCurrent => Hardware::P1Ax,
            MeterType::CxCtOperated => Hardware::P1Cx,
            MeterType::Other(_) => Hardware::ThreePhaseUnknown,
        }
    }
}

/// ASCII between padding of spaces and NULs; bytes beyond ASCII show as `\xNN`.
#[must_use]
pub fn text(payload: &[u8]) -> String {
    let padding = |byte: &u8| *byte == b' ' || *byte == 0;
    let begin = payload.iter().position(|byte| !padding(byte)).unwrap_or(payload.len());
    let end = payload
        .iter()
        .rposition(|byte| !padding(byte))
        .map_or(begin, |last| last + 1);
    payload[begin..end].escape_ascii().to_string()
}

/// A firmware version: four digits `abcd` read `a_bc_d`, anything else is lower-case hex.
#[must_use]
pub fn firmware(payload: &[u8]) -> String {
    match payload {
        [a, b, c, d] if payload.iter().all(u8::is_ascii_digit) => {
            let digit = |byte: &u8| char::from(*byte);
            format!("{}_{}{}_{}", digit(a), digit(b), digit(c), digit(d))
        }
        _ => data_encoding::HEXLOWER.encode(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back_and_old_names_understood() {
        use Hardware::*;
        for kind in [C1w, B1w, Ema1w, SinglePhaseUnknown, P1Ax, P1Cx, ThreePhaseUnknown] {
            assert_eq!(Hardware::of_code(kind.code()), Some(kind));
        }
        assert_eq!(Hardware::of_code("CX").map(Hardware::counts_per_kilo), Some(10_000));
        assert_eq!(Hardware::of_code("6C"), None);
    }

    #[test]
    fn texts_lose_their_padding_only() {
        assert_eq!(text(b"EML2137580761   "), "EML2137580761");
        assert_eq!(text(b"\0 a b\0\0"), "a b");
        assert_eq!(text(b"  \0"), "");
        assert_eq!(text(b"\xFFa\n"), "\\xffa\\n");
        assert_eq!(Hardware::of_text(&text(&[0, 0, b' ', 0])), None);
    }
}
