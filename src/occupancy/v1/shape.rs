//! The JSON of `/v1`: what comes in, checked, and what goes out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::ApiError;
use crate::domain::units::Span;
use crate::domain::{Level, OCCUPANCY_LIMIT, Space, Thresholds};
use crate::occupancy::Occupancy;
use crate::occupancy::keys::Key;

/// The longest name, in characters.
const NAME: usize = 200;
/// Tags of one space, and characters of one tag.
const TAGS: usize = 16;
const TAG: usize = 50;

/// Percentages of the maximum, the first not above the second.
#[derive(ToSchema)]
#[schema(as = Thresholds)]
#[expect(dead_code, reason = "utoipa reads it; what is sent is the space's own")]
struct ThresholdsDescribed {
    /// Filling up from here on.
    #[schema(minimum = 1, maximum = 100, example = 80)]
    warn: u8,
    /// Full from here on.
    #[schema(minimum = 1, maximum = 100, example = 100)]
    full: u8,
}

/// A space as `/v1` shows it.
#[derive(Serialize, ToSchema)]
pub(super) struct SpaceShown {
    /// Its id.
    #[schema(value_type = String, example = "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d")]
    id: String,
    /// Its name.
    name: Option<String>,
    /// People inside.
    current: u32,
    /// People allowed inside.
    maximum: u32,
    /// People who may still come in.
    left: u32,
    /// Whether people may be counted in above the maximum by whoever says so each time.
    overfill: bool,
    /// `free`, `busy`, `full` or `over`.
    #[schema(value_type = String, example = "free")]
    state: Level,
    /// From how many percent on it is busy and full.
    #[schema(value_type = ThresholdsDescribed)]
    thresholds: Thresholds,
    /// Words to find it by.
    tags: Vec<String>,
    /// Whether whoever knows its id may use it through the old URLs.
    open: bool,
    /// After how long without use it dies; null: never.
    #[schema(value_type = Option<String>, example = "24h")]
    ttl: Option<Span>,
    /// When it dies, if nobody uses it until then; null: never.
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    /// When it was created.
    #[schema(value_type = String)]
    created: Timestamp,
    /// When its count or maximum was last changed.
    #[schema(value_type = String)]
    last_updated: Timestamp,
    /// The change that made it what it is.
    #[schema(example = "1.42")]
    sequence: String,
}

impl SpaceShown {
    pub(super) fn of(space: &Space, room: &Occupancy) -> SpaceShown {
        SpaceShown {
            id: space.id.to_string(),
            name: space.name.clone(),
            current: space.occupancy.current,
            maximum: space.occupancy.maximum,
            left: space.left(),
            overfill: space.overfill,
            state: space.level(),
            thresholds: space.thresholds,
            tags: space.tags.clone(),
            open: space.origin.is_open(),
            ttl: room.life(space),
            expires_at: room.expires_at(space),
            created: space.created,
            last_updated: space.last_updated,
            sequence: room.version(space),
        }
    }
}

/// A space that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSpace {
    /// Its name: printable characters.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: Option<String>,
    /// People inside at first.
    #[serde(default)]
    #[schema(maximum = 100_000)]
    pub(super) current: u32,
    /// People allowed inside.
    #[schema(minimum = 1, maximum = 100_000)]
    pub(super) maximum: u32,
    /// After how long without use it dies; absent: never.
    #[schema(value_type = Option<String>, example = "24h")]
    pub(super) ttl: Option<Span>,
    /// From how many percent on it is busy and full.
    #[serde(default)]
    #[schema(value_type = Option<ThresholdsDescribed>)]
    pub(super) thresholds: Thresholds,
    /// Words to find it by, each of 1 to 50 printable characters.
    #[serde(default)]
    #[schema(max_items = 16)]
    pub(super) tags: Vec<String>,
    /// Whether people may be counted in above the maximum by whoever says so each time.
    #[serde(default)]
    pub(super) overfill: bool,
}

impl NewSpace {
    pub(super) fn check(&self) -> Result<(), ApiError> {
        name(self.name.as_deref())?;
        maximum(self.maximum)?;
        current(self.current)?;
        thresholds(self.thresholds)?;
        ttl(self.ttl)?;
        tags(&self.tags)
    }
}

/// What is to be set; what is absent stays, `null` takes a value away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Patch {
    /// A new name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Option<Option<String>>,
    /// A new maximum; a count above it comes down to it.
    #[schema(minimum = 1, maximum = 100_000)]
    maximum: Option<u32>,
    /// A new life.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    ttl: Option<Option<Span>>,
    /// New thresholds.
    #[schema(value_type = Option<ThresholdsDescribed>)]
    thresholds: Option<Thresholds>,
    /// New tags.
    #[schema(max_items = 16)]
    tags: Option<Vec<String>>,
    /// Whether it may be overfilled.
    overfill: Option<bool>,
}

impl Patch {
    pub(super) fn check(&self) -> Result<(), ApiError> {
        name(self.name.as_ref().and_then(|name| name.as_deref()))?;
        self.maximum.map_or(Ok(()), maximum)?;
        self.thresholds.map_or(Ok(()), thresholds)?;
        ttl(self.ttl.flatten())?;
        tags(self.tags.as_deref().unwrap_or_default())
    }

    pub(super) fn apply(self, space: &mut Space, now: Timestamp) {
        if let Some(name) = self.name {
            space.name = name;
        }
        if let Some(maximum) = self.maximum {
            space.set_maximum(maximum, now);
        }
        if let Some(ttl) = self.ttl {
            space.ttl = ttl;
        }
        if let Some(thresholds) = self.thresholds {
            space.thresholds = thresholds;
        }
        if let Some(tags) = self.tags {
            space.tags = tags;
        }
        if let Some(overfill) = self.overfill {
            space.overfill = overfill;
        }
    }
}

/// A field that is there, be it `null`.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// People who come or go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// How many come in, or, below zero, go out.
    #[schema(example = 1, minimum = -100_000, maximum = 100_000)]
    pub(super) by: i64,
    /// What is to happen when not all fit.
    #[serde(default)]
    pub(super) policy: Policy,
    /// Why, for the log; no names of people.
    #[schema(max_length = 100)]
    pub(super) reason: Option<String>,
    /// Through which door.
    #[schema(max_length = 100)]
    pub(super) door: Option<String>,
}

/// What is to happen when not all fit.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Policy {
    /// As many as fit.
    #[default]
    Clamp,
    /// All or none: 409.
    Reject,
    /// All or none, above the maximum too where the space may be overfilled: 409.
    Overfill,
}

impl Change {
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let limit = i64::from(OCCUPANCY_LIMIT);
        if self.by == 0 || self.by.abs() > limit {
            return Err(ApiError::Bounds {
                what: "by",
                wanted: format!("-{limit} to {limit}, and not 0"),
            });
        }
        for (what, text) in [("reason", &self.reason), ("door", &self.door)] {
            if text.as_ref().is_some_and(|text| text.chars().count() > 100) {
                return Err(ApiError::Bounds {
                    what,
                    wanted: "at most 100 characters".to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// What a change came to.
#[derive(Serialize, ToSchema)]
pub(super) struct Changed {
    /// How many it really were.
    pub(super) applied: i64,
    /// How many were asked for.
    pub(super) requested: i64,
    /// The change's place in the book.
    #[schema(example = "1.42")]
    pub(super) sequence: String,
    /// The space after it.
    pub(super) space: SpaceShown,
}

/// A new maximum.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Maximum {
    /// People allowed inside.
    #[schema(minimum = 1, maximum = 100_000)]
    pub(super) maximum: u32,
}

/// A key that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// What it is good for.
    pub(super) role: crate::occupancy::keys::KeyRole,
    /// What it is called.
    #[schema(max_length = 100)]
    pub(super) label: Option<String>,
}

impl NewKey {
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let long = self.label.as_ref().is_some_and(|label| label.chars().count() > 100);
        if long {
            Err(ApiError::Bounds {
                what: "label",
                wanted: "at most 100 characters".to_owned(),
            })
        } else {
            Ok(())
        }
    }
}

/// A key with its secret, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyMade {
    /// The key.
    #[serde(flatten)]
    pub(super) key: Key,
    /// What its bearer sends: `Authorization: Bearer …`. It cannot be shown again.
    pub(super) secret: String,
}

/// A space that was made, with the key to it.
#[derive(Serialize, ToSchema)]
pub(super) struct SpaceMade {
    /// The space.
    #[serde(flatten)]
    pub(super) space: SpaceShown,
    /// Its owner's key.
    pub(super) owner_key: KeyMade,
}

pub(super) fn maximum(value: u32) -> Result<(), ApiError> {
    within("maximum", value, 1)
}

fn current(value: u32) -> Result<(), ApiError> {
    within("current", value, 0)
}

fn within(what: &'static str, value: u32, least: u32) -> Result<(), ApiError> {
    let fits = (least..=OCCUPANCY_LIMIT).contains(&value);
    if fits {
        Ok(())
    } else {
        Err(ApiError::Bounds {
            what,
            wanted: format!("{least} to {OCCUPANCY_LIMIT}"),
        })
    }
}

fn name(name: Option<&str>) -> Result<(), ApiError> {
    let fits =
        name.is_none_or(|name| !name.is_empty() && name.chars().count() <= NAME && !name.chars().any(char::is_control));
    if fits {
        Ok(())
    } else {
        Err(ApiError::Bounds {
            what: "name",
            wanted: format!("1 to {NAME} printable characters"),
        })
    }
}

fn thresholds(thresholds: Thresholds) -> Result<(), ApiError> {
    let fits = (1..=thresholds.full).contains(&thresholds.warn) && thresholds.full <= 100;
    if fits {
        Ok(())
    } else {
        Err(ApiError::Bounds {
            what: "thresholds",
            wanted: "1 <= warn <= full <= 100".to_owned(),
        })
    }
}

fn ttl(ttl: Option<Span>) -> Result<(), ApiError> {
    let year = Span::seconds(366 * 86_400);
    let fits = ttl.is_none_or(|ttl| ttl >= Span::seconds(1) && ttl <= year);
    if fits {
        Ok(())
    } else {
        Err(ApiError::Bounds {
            what: "ttl",
            wanted: "\"1s\" to \"366d\"".to_owned(),
        })
    }
}

fn tags(tags: &[String]) -> Result<(), ApiError> {
    let plain = |tag: &String| !tag.is_empty() && tag.chars().count() <= TAG && !tag.chars().any(char::is_control);
    let fits = tags.len() <= TAGS && tags.iter().all(plain);
    let wanted = || format!("at most {TAGS}, each of 1 to {TAG} printable characters");
    if fits {
        Ok(())
    } else {
        Err(ApiError::Bounds {
            what: "tags",
            wanted: wanted(),
        })
    }
}
