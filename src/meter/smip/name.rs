//! Names of half-hour files: `<serial>[-A|-B]-<YYYYMMDD>[_<markers>].csv`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::domain::Element;

/// What other programs have done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Markers {
    /// `s`: taken in by Simtricity.
    pub simtricity: bool,
    /// `t`: taken in by Timescale.
    pub timescale: bool,
}

/// A file's name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The meter's serial: letters and digits.
    pub serial: String,
    /// Which element; none when the meter has one only.
    pub element: Option<Element>,
    /// The day, UTC.
    pub date: Date,
    /// Who has taken it in.
    pub markers: Markers,
}

/// A name of no half-hour file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not named like a half-hour file: <serial>[-A|-B]-<YYYYMMDD>[_s|_t|_st].csv")]
pub struct NameError(String);

/// Letters and digits, as all serials have.
#[must_use]
pub fn is_serial(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Element {
    /// `A` or `B`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Element::A => 'A',
            Element::B => 'B',
        }
    }
}

impl FromStr for Markers {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Markers, NameError> {
        let (simtricity, timescale) = match text {
            "" => (false, false),
            "s" => (true, false),
            "t" => (false, true),
            "st" => (true, true),
            _ => return Err(NameError(text.to_owned())),
        };
        Ok(Markers { simtricity, timescale })
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        parse(text).ok_or_else(|| NameError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Name> {
    let stem = text.strip_suffix(".csv")?;
    let (stem, markers) = stem.split_once('_').unwrap_or((stem, ""));
    let (head, date) = stem.rsplit_once('-')?;
    let (serial, element) = match head.rsplit_once('-') {
        Some((serial, "A")) => (serial, Some(Element::A)),
        Some((serial, "B")) => (serial, Some(Element::B)),
        _ => (head, None),
    };
    let digits = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    Some(Name {
        serial: is_serial(serial).then(|| serial.to_owned())?,
        element,
        date: digits.then(|| Date::strptime("%Y%m%d", date).ok())??,
        markers: markers.parse().ok()?,
    })
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.serial)?;
        if let Some(element) = self.element {
            write!(f, "-{}", element.letter())?;
        }
        write!(f, "-{}", self.date.strftime("%Y%m%d"))?;
        let markers = match (self.markers.simtricity, self.markers.timescale) {
            (false, false) => "",
            (true, false) => "_s",
            (false, true) => "_t",
            (true, true) => "_st",
        };
        write!(f, "{markers}.csv")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_names_are_refused() {
        for wrong in [
            "",
            ".csv",
            "EML1-20200101",
            "EML1-2020011.csv",
            "EML1-20201301.csv",
            "EML1-20200101_ts.csv",
            "EML1-C-20200101.csv",
            "EML1_-20200101.csv",
            "é-20200101.csv",
            "EML1-A-B-20200101.csv",
            "../EML1-20200101.csv",
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_read_back(serial in "[A-Za-z0-9]{0,16}", element in prop_oneof![Just(None), Just(Some(Element::A)), Just(Some(Element::B))], days in 0i32..36_000, simtricity: bool, timescale: bool) {
            let date = jiff::civil::date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let name = Name { serial, element, date, markers: Markers { simtricity, timescale } };
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}|[A-Z0-9]{0,9}(-[AB])?-[0-9]{7,9}(_[st]{0,3})?(\\.csv)?") {
            if let Ok(name) = text.parse::<Name>() {
                prop_assert_eq!(name.to_string(), text.replace("_.csv", ".csv"));
            }
        }
    }
}
