//! Frames as they would be sent (EMOP §22.2, §22.4). Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::compared::{hex, in_words};
use crate::meter::emop::message::Message;
use crate::meter::emop::tariff::TariffWrite;
use crate::meter::emop::{Ack, Address, Control, Dialect, Frame};

/// A frame that would be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeterFrame)]
pub struct FrameShown {
    /// The object's name, or its number when it has none.
    pub object: String,
    /// The frame, hex; its sequence number is counted when it is sent, and the checksum with it.
    pub frame: String,
    /// What it puts into the object.
    pub means: String,
}

impl FrameShown {
    /// A data field as a whole frame.
    pub(in crate::meter) fn of(object: &str, data: &[u8], means: String) -> FrameShown {
        let frame = Frame {
            destination: Address::ANY_METER,
            source: Address::CLIENT,
            control: Control::new(Ack::Accepted, 0),
            data,
        };
        FrameShown {
            object: object.to_owned(),
            frame: frame
                .encode()
                .map_or_else(|error| error.to_string(), |bytes| hex(&bytes)),
            means,
        }
    }

    /// A part of a tariff.
    #[must_use]
    pub fn of_tariff(write: &TariffWrite, dialect: &Dialect) -> FrameShown {
        let data = Message::write(write.object, &write.payload);
        FrameShown::of(write.name, &data, in_words(write, &write.payload, dialect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::dialect::InferredWrites;
    use crate::meter::emop::tariff::FutureTariff;
    use crate::meter::emop::{Inferred, MeterTime, Money};

    #[test]
    fn a_frame_is_whole_and_says_what_it_means() {
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Refused).unwrap();
        let tariff = FutureTariff {
            unit_rate: Money(23_812),
            standing_charge: Money(51_082),
            emergency_credit: Money(0),
            ecredit_availability: Money(0),
            debt_recovery_rate: Money(0),
            activation: MeterTime(762_525_296),
        };
        let writes = tariff.writes(dialect.catalogue()).unwrap();
        let frames: Vec<FrameShown> = writes
            .iter()
            .map(|write| FrameShown::of_tariff(write, &dialect))
            .collect();
        assert_eq!(frames[9].object, "tariff_future_standing_charge");
        assert_eq!(frames[9].means, "51.082 p/day");
        for (frame, write) in frames.iter().zip(&writes) {
            let bytes = data_encoding::HEXLOWER.decode(frame.frame.as_bytes()).unwrap();
            let read = Frame::decode(&bytes).unwrap();
            assert_eq!(read.data, Message::write(write.object, &write.payload));
        }
    }
}
