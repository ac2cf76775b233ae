//! A space as its card shows it, in a page and in the stream that moves the page.

use serde::Serialize;

use crate::domain::{Level, Space, SpaceId};
use crate::face::Face;
use crate::texts::{Texts, named};

/// A space as its card shows it.
#[derive(Serialize)]
pub(super) struct Card {
    pub(super) id: SpaceId,
    pub(super) name: String,
    pub(super) current: u32,
    pub(super) maximum: u32,
    /// People who may still come in, and that in words.
    pub(super) left: u32,
    pub(super) left_words: String,
    /// How many of how many, in words.
    pub(super) of: String,
    pub(super) overfill: bool,
    pub(super) high: u32,
    pub(super) level: &'static str,
    pub(super) words: String,
    /// The change that made it what it is, so that what is older does not take its place.
    pub(super) seq: u64,
    /// What its gauge shows.
    pub(super) gauge: String,
    pub(super) updated: String,
    pub(super) updated_here: String,
}

impl Card {
    pub(super) fn of(space: &Space, face: &Face, t: Texts) -> Card {
        let (current, maximum, left) = (space.occupancy.current, space.occupancy.maximum, space.left());
        let high = maximum.saturating_mul(u32::from(space.thresholds.warn)).div_ceil(100);
        let words = match space.level() {
            Level::Over => named("spaces-over"),
            Level::Full => named("spaces-full"),
            Level::Busy => named("spaces-busy"),
            Level::Free => named("spaces-free"),
        };
        let name = space.called();
        let here = space.last_updated.to_zoned(face.timezone().clone());
        let said = |text: crate::texts::Said| text.text().to_owned();
        Card {
            id: space.id,
            gauge: said(t.say1("spaces-gauge", "name", &name)),
            name,
            current,
            maximum,
            left,
            left_words: said(t.say1("spaces-left", "count", left)),
            of: said(t.say2("spaces-of", ("current", current), ("maximum", maximum))),
            overfill: space.overfill,
            high,
            level: space.level().name(),
            words: said(t.say(words)),
            seq: space.seq.0,
            updated: space.last_updated.to_string(),
            updated_here: format!("{} {}", t.day_of_month(here.date()), here.strftime("%H:%M:%S")),
        }
    }
}
