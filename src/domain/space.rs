//! A counted place: how many people are in it, and how many may be.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::units::Span;
use super::{OCCUPANCY_LIMIT, Seq};

/// The identity of a space: a random UUID, written in lower case with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SpaceId(Uuid);

/// In words that people are told who wrote one by hand; without a copy of the text, as rows are full of them.
impl<'de> Deserialize<'de> for SpaceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<SpaceId, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = SpaceId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SpaceId, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The text is not a UUID in any form we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no id of a space: 32 digits from 0 to f, as `gatelodge space list` shows them")]
pub struct SpaceIdError;

impl SpaceId {
    /// A new id from 16 random bytes (version and variant bits are set here).
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> SpaceId {
        SpaceId(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The 16 bytes that rows are kept under.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads back what [`SpaceId::as_bytes`] gave.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> SpaceId {
        SpaceId(Uuid::from_bytes(bytes))
    }
}

impl FromStr for SpaceId {
    type Err = SpaceIdError;

    /// Reads the forms of OCC §2.2: either case, hyphens anywhere or nowhere,
    /// `{…}` and `urn:uuid:`.
    fn from_str(text: &str) -> Result<SpaceId, SpaceIdError> {
        // What is asked for nearly always: the form that we write ourselves.
        if let Ok(id) = text.parse::<uuid::fmt::Hyphenated>() {
            return Ok(SpaceId(id.into_uuid()));
        }
        let bare = text.replace("urn:", "").replace("uuid:", "");
        let bare = bare.trim_matches(['{', '}']);
        let mut digits = [0u8; 32];
        let mut count = 0;
        for byte in bare.bytes().filter(|byte| *byte != b'-') {
            if count == digits.len() || !byte.is_ascii_hexdigit() {
                return Err(SpaceIdError);
            }
            digits[count] = byte;
            count += 1;
        }
        if count != digits.len() {
            return Err(SpaceIdError);
        }
        Uuid::try_parse_ascii(&digits).map(SpaceId).map_err(|_| SpaceIdError)
    }
}

impl fmt::Display for SpaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// How many people are in a space, and how many may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// People inside now.
    pub current: u32,
    /// People allowed inside. The count may stand above it: a space may be created so.
    pub maximum: u32,
}

/// Through which door a space came to be, and so who may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpaceOrigin {
    /// Created by somebody unknown through the old URLs: whoever knows the id may use it, and it dies when idle.
    Open,
    /// Created by the operator: it stays until it is deleted.
    Operator,
    /// Created by the operator for everybody: whoever knows the id may use it, and it stays until it is deleted.
    Shared,
}

impl SpaceOrigin {
    /// Whether whoever knows the id may use the space.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            SpaceOrigin::Open | SpaceOrigin::Shared => true,
            SpaceOrigin::Operator => false,
        }
    }

    /// Whether somebody known made the space: it stays, and others are told of it.
    #[must_use]
    pub fn is_by_somebody_known(self) -> bool {
        match self {
            SpaceOrigin::Operator | SpaceOrigin::Shared => true,
            SpaceOrigin::Open => false,
        }
    }
}

/// From how full on a space counts as filling up and as full, in percent of its maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Filling up from here on.
    pub warn: u8,
    /// Full from here on.
    pub full: u8,
}

impl Default for Thresholds {
    /// As the old page showed them (OCC §4).
    fn default() -> Thresholds {
        Thresholds { warn: 80, full: 100 }
    }
}

impl Thresholds {
    fn is_default(&self) -> bool {
        *self == Thresholds::default()
    }
}

/// How full a space is, in a word; from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// There is room.
    Free,
    /// It is filling up.
    Busy,
    /// Nobody more should come in.
    Full,
    /// More are inside than may be.
    Over,
}

impl Level {
    /// The level's word, as JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Free => "free",
            Level::Busy => "busy",
            Level::Full => "full",
            Level::Over => "over",
        }
    }
}

/// A counted place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its identity.
    pub id: SpaceId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its count and maximum.
    pub occupancy: Occupancy,
    /// When it was created.
    pub created: Timestamp,
    /// When its count or maximum was last changed.
    pub last_updated: Timestamp,
    /// Through which door it came.
    pub origin: SpaceOrigin,
    /// The change that wrote this row.
    pub seq: Seq,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// From when on it counts as filling up and as full.
    #[serde(default, skip_serializing_if = "Thresholds::is_default")]
    pub thresholds: Thresholds,
    /// It dies when it was not used for this long; `None`: as long as spaces of its origin live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Span>,
    /// Whether people may be counted in above the maximum by whoever says so each time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overfill: bool,
}

impl Space {
    /// What people call it: its name, else the beginning of its id.
    #[must_use]
    pub fn called(&self) -> String {
        let without = || format!("Space {}", &self.id.to_string()[..8]);
        self.name.clone().unwrap_or_else(without)
    }

    /// How full it is.
    #[must_use]
    pub fn level(&self) -> Level {
        let Occupancy { current, maximum } = self.occupancy;
        let reaches = |percent: u8| u64::from(current) * 100 >= u64::from(maximum) * u64::from(percent);
        match () {
            () if current > maximum => Level::Over,
            () if reaches(self.thresholds.full) => Level::Full,
            () if reaches(self.thresholds.warn) => Level::Busy,
            () => Level::Free,
        }
    }

    /// Adds `by` people, or takes them away. Beyond the bounds it does as much as fits.
    /// Answers how many it really were.
    pub fn change(&mut self, by: i64, now: Timestamp) -> i64 {
        // Above the maximum nobody comes in, and everybody may leave.
        let highest = self.occupancy.maximum.max(self.occupancy.current);
        self.change_up_to(highest, by, now)
    }

    /// As [`Space::change`], above the maximum too where the space may be overfilled.
    pub fn change_all_the_same(&mut self, by: i64, now: Timestamp) -> i64 {
        match self.overfill {
            true => self.change_up_to(super::OCCUPANCY_LIMIT, by, now),
            false => self.change(by, now),
        }
    }

    /// People who may still come in.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.occupancy.maximum.saturating_sub(self.occupancy.current)
    }

    fn change_up_to(&mut self, highest: u32, by: i64, now: Timestamp) -> i64 {
        let current = self.occupancy.current;
        let highest = i64::from(highest);
        let after = i64::from(current).saturating_add(by).clamp(0, highest);
        let after = u32::try_from(after).expect("clamped between two counts");
        if after != current {
            self.occupancy.current = after;
            self.last_updated = now;
        }
        i64::from(after) - i64::from(current)
    }

    /// Adds one person, or changes nothing when the space is full. Says whether it did.
    ///
    /// A full space is no error. The API we stand in for answers 200 with the unchanged space,
    /// and its clients read "full" from the numbers; a refusal would break them.
    pub fn enter(&mut self, now: Timestamp) -> bool {
        let fits = self.occupancy.current < self.occupancy.maximum;
        if fits {
            self.occupancy.current += 1;
            self.last_updated = now;
        }
        fits
    }

    /// Takes one person away, or changes nothing when the space is empty. Says whether it did.
    ///
    /// Above the maximum this works too (OCC V5): people may always leave.
    pub fn leave(&mut self, now: Timestamp) -> bool {
        let somebody = self.occupancy.current > 0;
        if somebody {
            self.occupancy.current -= 1;
            self.last_updated = now;
        }
        somebody
    }

    /// Sets the maximum; a count above it comes down to it in the same step (OCC §3).
    ///
    /// Setting the value it already has counts as a change too: it renews `last_updated`.
    pub fn set_maximum(&mut self, maximum: u32, now: Timestamp) {
        debug_assert!((1..=OCCUPANCY_LIMIT).contains(&maximum), "the edge checks the bounds");
        self.occupancy.maximum = maximum;
        self.occupancy.current = self.occupancy.current.min(maximum);
        self.last_updated = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn space(current: u32, maximum: u32) -> Space {
        Space {
            id: SpaceId::from_random([7; 16]),
            name: None,
            occupancy: Occupancy { current, maximum },
            created: Timestamp::UNIX_EPOCH,
            last_updated: Timestamp::UNIX_EPOCH,
            origin: SpaceOrigin::Open,
            seq: Seq::ZERO,
            tags: Vec::new(),
            thresholds: Thresholds::default(),
            ttl: None,
            overfill: false,
        }
    }

    #[test]
    fn ids_are_read_in_every_promised_form() {
        let plain = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
        let id: SpaceId = plain.parse().unwrap();
        for form in [
            "F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6",
            "f81d4fae7dec41d0a76500a0c91e6bf6",
            "{f81d4fae-7dec-41d0-a765-00a0c91e6bf6}",
            "urn:uuid:f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
            "f8-1d4fae7dec41d0a76500a0c91e6b-f6",
        ] {
            assert_eq!(form.parse::<SpaceId>(), Ok(id), "{form}");
        }
        assert_eq!(id.to_string(), plain);
        for wrong in [
            "",
            "new",
            "f81d4fae7dec41d0a76500a0c91e6bf",
            "g81d4fae7dec41d0a76500a0c91e6bf6",
        ] {
            assert_eq!(wrong.parse::<SpaceId>(), Err(SpaceIdError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,60}") {
            if let Ok(id) = text.parse::<SpaceId>() {
                prop_assert_eq!(id.to_string().parse::<SpaceId>(), Ok(id));
            }
        }

        #[test]
        fn counts_stay_within_bounds(start in 0u32..20, maximum in 1u32..20, steps in proptest::collection::vec(any::<bool>(), 0..60)) {
            let mut space = space(start, maximum);
            for up in steps {
                let before = space.occupancy.current;
                let done = if up { space.enter(Timestamp::UNIX_EPOCH) } else { space.leave(Timestamp::UNIX_EPOCH) };
                prop_assert_eq!(done, before != space.occupancy.current);
                prop_assert!(space.occupancy.current <= maximum.max(start));
            }
        }

        #[test]
        fn changing_by_many_is_counting_many_times(current in 0u32..30, maximum in 1u32..20, by in -40i64..40) {
            let (mut at_once, mut one_by_one) = (space(current, maximum), space(current, maximum));
            let applied = at_once.change(by, Timestamp::UNIX_EPOCH);
            for _ in 0..by.abs() {
                let _ = if by > 0 { one_by_one.enter(Timestamp::UNIX_EPOCH) } else { one_by_one.leave(Timestamp::UNIX_EPOCH) };
            }
            prop_assert_eq!(at_once.occupancy, one_by_one.occupancy);
            prop_assert_eq!(i64::from(at_once.occupancy.current) - i64::from(current), applied);
        }

        #[test]
        fn more_than_fit_come_in_where_they_may_and_nowhere_else(current in 0u32..30, maximum in 1u32..20, by in 1i64..40, may: bool) {
            let mut space = Space { overfill: may, ..space(current, maximum) };
            let (left, mut usual) = (space.left(), space.clone());
            let applied = space.change_all_the_same(by, Timestamp::UNIX_EPOCH);
            prop_assert_eq!(applied, if may { by } else { by.min(i64::from(left)) });
            prop_assert_eq!(usual.change(by, Timestamp::UNIX_EPOCH), by.min(i64::from(left)));
        }

        #[test]
        fn levels_rise_with_the_count(maximum in 1u32..1000, warn in 1u8..=100) {
            let mut space = space(0, maximum);
            space.thresholds = Thresholds { warn, full: 100 };
            let rank = |level| match level { Level::Free => 0, Level::Busy => 1, Level::Full => 2, Level::Over => 3 };
            let mut last = 0;
            for current in 0..=maximum + 1 {
                space.occupancy.current = current;
                let now = rank(space.level());
                prop_assert!(now >= last);
                last = now;
            }
            prop_assert_eq!(last, 3);
        }

        #[test]
        fn a_new_maximum_clips_the_count(current in 0u32..200_000, maximum in 1u32..=OCCUPANCY_LIMIT) {
            let mut space = space(current, 1);
            space.set_maximum(maximum, Timestamp::UNIX_EPOCH);
            prop_assert_eq!(space.occupancy, Occupancy { current: current.min(maximum), maximum });
        }
    }

    #[test]
    fn a_level_has_one_word() {
        for level in [Level::Free, Level::Busy, Level::Full, Level::Over] {
            assert_eq!(serde_json::to_value(level).unwrap(), level.name());
        }
    }
}
