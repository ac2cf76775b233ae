//! A meter's time: seconds since 2000, and the seven bytes of its clock (EMOP §3).

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// 2000-01-01T00:00:00Z in Unix seconds.
const EPOCH: i64 = 946_684_800;

/// Seconds since 2000-01-01 00:00:00 UTC; ends in February 2136.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeterTime(pub u32);

/// A moment that a meter cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Before 2000 or after what the form can hold.
    #[error("a meter holds moments from 2000-01-01 on, at most to {last}; not {at}")]
    OutOfReach {
        /// What was asked.
        at: Timestamp,
        /// The last moment of this form.
        last: &'static str,
    },
    /// Seven bytes that are no moment.
    #[error("a meter's clock shows no moment: year {} month {} day {} {}:{}:{}", .0[0], .0[1], .0[2], .0[3], .0[4], .0[5])]
    NoMoment([u8; 6]),
}

impl MeterTime {
    /// What stands where there is no moment: a meter's first second.
    pub const NONE: MeterTime = MeterTime(0);

    /// The moment, its fraction of a second dropped.
    pub fn of(at: Timestamp) -> Result<MeterTime, TimeError> {
        let last = "2136-02-07T06:28:15Z";
        let seconds = at.as_second() - EPOCH;
        // jiff rounds towards zero, which is downwards for every moment since 1970.
        u32::try_from(seconds)
            .map(MeterTime)
            .map_err(|_| TimeError::OutOfReach { at, last })
    }

    /// What a meter's own clock shows, in which meters count as if it were UTC.
    pub fn shown(shown: DateTime) -> Result<MeterTime, TimeError> {
        let at = TimeZone::UTC.to_timestamp(shown).unwrap_or(Timestamp::MAX);
        MeterTime::of(at)
    }

    /// The moment it stands for.
    #[must_use]
    pub fn moment(self) -> Timestamp {
        Timestamp::from_second(i64::from(self.0) + EPOCH).expect("jiff holds every second up to the year 9999")
    }

    /// As the wire has it.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }
}

/// What a meter's clock shows (object 800800): UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    pub moment: Timestamp,
    /// The seventh byte as it came. Two documents differ on which day is 0, so it decides nothing.
    pub day_of_week: u8,
}

/// Bytes of a clock reading.
pub const CLOCK_BYTES: usize = 7;

impl ClockReading {
    /// Reads the clock's seven bytes.
    pub fn decode(bytes: [u8; CLOCK_BYTES]) -> Result<ClockReading, TimeError> {
        let [year, month, day, hour, minute, second, day_of_week] = bytes;
        let wrong = || TimeError::NoMoment([year, month, day, hour, minute, second]);
        let signed = |byte: u8| i8::try_from(byte).map_err(|_| wrong());
        let shown = DateTime::new(
            2000 + i16::from(year),
            signed(month)?,
            signed(day)?,
            signed(hour)?,
            signed(minute)?,
            signed(second)?,
            0,
        );
        let shown = shown.map_err(|_| wrong())?;
        let moment = shown.to_zoned(TimeZone::UTC).map_err(|_| wrong())?.timestamp();
        Ok(ClockReading { moment, day_of_week })
    }

    /// The seven bytes that set a clock to `at`, its fraction dropped; `sunday` is the number of that
    /// day, the others follow it. Years after 2099 are refused: nobody knows what a meter makes of them.
    pub fn encode(at: Timestamp, sunday: u8) -> Result<[u8; CLOCK_BYTES], TimeError> {
        let out = TimeError::OutOfReach {
            at,
            last: "2099-12-31T23:59:59Z",
        };
        let shown = at.to_zoned(TimeZone::UTC);
        let year = u8::try_from(i32::from(shown.year()) - 2000)
            .ok()
            .filter(|year| *year < 100);
        let weekday = shown.weekday().since(Weekday::Sunday).unsigned_abs();
        let byte = i8::unsigned_abs;
        Ok([
            year.ok_or(out)?,
            byte(shown.month()),
            byte(shown.day()),
            byte(shown.hour()),
            byte(shown.minute()),
            byte(shown.second()),
            (weekday + sunday) % 7,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_ends_of_a_meters_time_are_held_and_no_more() {
        assert_eq!(MeterTime::of(at("2000-01-01T00:00:00Z")), Ok(MeterTime(0)));
        assert_eq!(MeterTime::of(at("2136-02-07T06:28:15.9Z")), Ok(MeterTime(u32::MAX)));
        for beyond in ["1999-12-31T23:59:59Z", "2136-02-07T06:28:16Z", "1969-07-20T20:17:40Z"] {
            assert!(MeterTime::of(at(beyond)).is_err(), "{beyond}");
        }
        assert_eq!(
            ClockReading::encode(at("2099-12-31T23:59:59Z"), 0),
            Ok([99, 12, 31, 23, 59, 59, 4])
        );
        assert!(ClockReading::encode(at("2100-01-01T00:00:00Z"), 0).is_err());
        assert!(ClockReading::encode(at("1999-12-31T23:59:59Z"), 0).is_err());
    }

    #[test]
    fn bytes_that_are_no_moment_are_refused() {
        for (place, value) in [
            (1, 0),
            (1, 13),
            (2, 0),
            (2, 31),
            (3, 24),
            (4, 60),
            (5, 60),
            (1, 255),
            (5, 200),
        ] {
            let mut bytes = [26, 2, 10, 12, 30, 0, 2];
            bytes[place] = value;
            assert!(ClockReading::decode(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_clock_that_is_set_is_read_back(seconds in 0u32..=3_155_759_999, sunday in 0u8..7) {
            let moment = MeterTime(seconds).moment();
            prop_assert_eq!(MeterTime::of(moment), Ok(MeterTime(seconds)));
            let bytes = ClockReading::encode(moment, sunday).unwrap();
            let shown = ClockReading::decode(bytes).unwrap();
            prop_assert_eq!(shown.moment, moment);
            prop_assert!(shown.day_of_week < 7);
        }

        #[test]
        fn any_seven_bytes_are_read_or_refused(bytes: [u8; 7]) {
            if let Ok(shown) = ClockReading::decode(bytes) && bytes[0] < 100 {
                let written = ClockReading::encode(shown.moment, 0).unwrap();
                prop_assert_eq!(&written[..6], &bytes[..6]);
            }
        }
    }
}
