//! A moment as somebody gives it for a meter: with an offset it is an instant, without one it is what the meter's own clock
//! shows (EMOP §22.2). Pure.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::emop::token::repeated;
use super::own_time::OwnTime;

/// A moment that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenMoment {
    /// With an offset from UTC.
    Instant(Timestamp),
    /// As the meter's own clock shows it.
    Shown(DateTime),
}

/// A moment that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// No moment.
    #[error(
        "{} is not a moment such as 2027-04-01T00:00:00 by the meter's own clock, or 2027-04-01T00:00:00+01:00 with an \
         offset", repeated(.0)
    )]
    Unreadable(String),
    /// The clock goes from before it to after it.
    #[error("{0} does not exist by the meter's own clock, which goes forward an hour then: give an hour later")]
    Skipped(DateTime),
    /// The clock shows it, goes back, and shows it again.
    #[error("{0} comes twice by the meter's own clock, which goes back an hour then: give another hour")]
    Twice(DateTime),
}

impl FromStr for GivenMoment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<GivenMoment, MomentError> {
        if let Ok(at) = text.parse() {
            return Ok(GivenMoment::Instant(at));
        }
        let shown = text.parse().map(GivenMoment::Shown);
        shown.map_err(|_| MomentError::Unreadable(text.to_owned()))
    }
}

impl GivenMoment {
    /// What a meter's own clock shows at that moment, and shows once.
    pub(crate) fn by(self, clock: OwnTime) -> Result<DateTime, MomentError> {
        let shown = match self {
            GivenMoment::Instant(at) => clock.reads(at),
            GivenMoment::Shown(shown) => shown,
        };
        match clock.times(shown) {
            0 => Err(MomentError::Skipped(shown)),
            1 => Ok(shown),
            _ => Err(MomentError::Twice(shown)),
        }
    }

    /// The same where nobody knows which clock a meter keeps; `None`: they differ then.
    pub(crate) fn by_any_clock(self) -> Option<DateTime> {
        let [utc, british] = [OwnTime::Utc, OwnTime::British].map(|clock| self.by(clock).ok());
        utc.filter(|_| utc == british)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_with_an_offset_is_what_the_meters_clock_shows_then() {
        let by = |text: &str, clock| text.parse::<GivenMoment>().and_then(|given| given.by(clock));
        for (text, utc, british) in [
            (
                "2027-07-01T00:00:00+01:00",
                "2027-06-30T23:00:00",
                "2027-07-01T00:00:00",
            ),
            ("2027-07-01T00:00:00Z", "2027-07-01T00:00:00", "2027-07-01T01:00:00"),
            ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00", "2027-01-01T00:00:00"),
            ("2027-07-01T00:00:00", "2027-07-01T00:00:00", "2027-07-01T00:00:00"),
            ("2027-07-01", "2027-07-01T00:00:00", "2027-07-01T00:00:00"),
        ] {
            assert_eq!(by(text, OwnTime::Utc).unwrap().to_string(), utc, "{text}");
            assert_eq!(by(text, OwnTime::British).unwrap().to_string(), british, "{text}");
        }
        for (text, words) in [
            ("2027-03-28T01:30:00", "does not exist by the meter's own clock"),
            ("2027-10-31T01:30:00", "comes twice by the meter's own clock"),
            ("2027-10-31T00:30:00Z", "comes twice"),
            ("2027-10-31T01:30:00Z", "comes twice"),
            ("soon", "`soon` is not a moment"),
        ] {
            let error = by(text, OwnTime::British).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("UTC"), "{error}");
        }
        assert!(by("2027-03-28T01:30:00", OwnTime::Utc).is_ok());
        let code = by("7146-6394 6215.8916_1020", OwnTime::Utc).unwrap_err().to_string();
        assert!(!code.contains("6394"), "{code}");
    }

    #[test]
    fn where_no_clock_is_known_only_what_all_show_is_taken() {
        let any = |text: &str| text.parse::<GivenMoment>().unwrap().by_any_clock();
        assert!(any("2027-01-01T00:00:00Z").is_some() && any("2027-07-01T00:00:00").is_some());
        assert_eq!(any("2027-07-01T00:00:00Z"), None);
        assert_eq!(any("2027-03-28T01:30:00"), None);
    }
}
