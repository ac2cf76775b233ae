//! What the box holds of people, whichever room holds it: each room takes part in handing it out and in erasing it.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::link::{Link, Sight};
use crate::domain::MeterId;
use crate::domain::units::Span;
use crate::store::{Page, ReadError, RowError};
use crate::texts::{Said, Texts};

/// Somebody of whom the box holds something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Their name.
    pub name: String,
    /// Since when they are known: another may have had the name before.
    pub created: Timestamp,
    /// Meters that were, are and will be theirs.
    pub links: Vec<Link>,
    /// Where those were somebody else's too.
    pub shared: Vec<Link>,
    /// As of when.
    pub now: Timestamp,
}

impl Subject {
    /// The meters that were or are theirs, each once, and what of it is theirs to see.
    #[must_use]
    pub fn meters(&self) -> Vec<(MeterId, Sight)> {
        let mut meters: Vec<&MeterId> = self.links.iter().map(|link| &link.meter).collect();
        meters.sort();
        meters.dedup();
        let seen = |meter: &MeterId| Some((meter.clone(), Sight::of(&self.links, meter, self.now)?));
        meters.into_iter().filter_map(seen).collect()
    }

    /// Stretches of meters that were theirs and nobody else's, until now.
    #[must_use]
    pub fn alone(&self) -> Vec<(MeterId, Range<Timestamp>)> {
        let mut found = Vec::new();
        for (meter, sight) in self.meters() {
            let shared: Vec<&Link> = self.shared.iter().filter(|link| link.meter == meter).collect();
            for span in sight.clip(Timestamp::MIN..self.now) {
                let left = shared.iter().fold(vec![span], |spans, link| less(spans, &link.span()));
                found.extend(left.into_iter().map(|span| (meter.clone(), span)));
            }
        }
        found
    }
}

/// What is left of some spans without another.
fn less(spans: Vec<Range<Timestamp>>, other: &Range<Timestamp>) -> Vec<Range<Timestamp>> {
    let parts = spans.into_iter().flat_map(|span| {
        [
            span.start..span.end.min(other.start),
            span.start.max(other.end)..span.end,
        ]
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// Something that the box holds of somebody, in words for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What, with numbers and days.
    pub what: String,
    /// What becomes of it when they have themselves erased.
    pub fate: Fate,
}

impl Held {
    /// Something that goes.
    #[must_use]
    pub fn goes(what: &Said) -> Held {
        Held {
            what: what.text().to_owned(),
            fate: Fate::Goes,
        }
    }

    /// Something that stays, for so long.
    #[must_use]
    pub fn stays(what: &Said, how_long: &Said) -> Held {
        Held {
            what: what.text().to_owned(),
            fate: Fate::Stays(how_long.text().to_owned()),
        }
    }
}

/// How long something stays that goes by whole months, in words; a span of less than a day stands for ever.
#[must_use]
pub fn kept_for(t: Texts, span: Span) -> Said {
    match span.0.as_secs() / 86_400 {
        0 => t.say("held-for-ever"),
        days => t.say1("held-for-months", "count", days),
    }
}

/// What becomes of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes.
    Goes,
    /// It stays, for as long as this says and for this reason.
    Stays(String),
}

/// An archive that is being made of what the box holds of somebody.
pub trait Taking {
    /// Begins a file of that path in it; what is written next belongs there.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn begin(&mut self, path: &str) -> io::Result<&mut dyn Write>;

    /// One of [`Holder::steps`] is done.
    ///
    /// # Errors
    ///
    /// When it is to stop.
    fn step(&mut self) -> Result<(), TakeError>;
}

/// An archive was not made.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It was to stop.
    #[error("it was stopped")]
    Stopped,
    /// The book could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The archive could not be written.
    #[error("the archive could not be written: {0}")]
    Io(#[from] io::Error),
}

/// An erasure that was written down and is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasing {
    /// Who it was.
    pub name: String,
    /// Since when they were known.
    pub created: Timestamp,
    /// Stretches of meters of which nothing is kept.
    pub spans: Vec<(MeterId, Range<Timestamp>)>,
    /// Meters that were theirs at any time.
    pub meters: Vec<MeterId>,
}

/// How far something is: what was done, and of how much.
pub type Done = Arc<dyn Fn(u32, u32) + Send + Sync>;

/// A part of the box that holds something of people. It needs no room to be open.
#[async_trait]
pub trait Holder: Send + Sync {
    /// What it holds of somebody.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    fn held(&self, of: &Subject, t: Texts) -> Result<Vec<Held>, ReadError>;

    /// In how many steps it is taken.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    fn steps(&self, of: &Subject) -> Result<u32, ReadError>;

    /// Writes it into an archive, in open formats. Blocks.
    ///
    /// # Errors
    ///
    /// When it is to stop, or something cannot be read or written.
    fn take(&self, of: &Subject, into: &mut dyn Taking) -> Result<(), TakeError>;

    /// What has to be so from the moment on in which somebody is erased: on the very page on which they go.
    ///
    /// # Errors
    ///
    /// When rows cannot be read or written.
    fn begin_on(&self, _page: &mut Page, _erasing: &Erasing) -> Result<(), RowError> {
        Ok(())
    }

    /// Erases what is to go; may be asked again, and is after a stop.
    ///
    /// # Errors
    ///
    /// Why it is not done yet.
    async fn erase(&self, erasing: &Erasing, done: Done) -> Result<(), String>;

    /// Lets go of what stayed of erased stretches for a time that is over.
    ///
    /// # Errors
    ///
    /// Why it is not done yet.
    async fn let_go(&self, _spans: &[(MeterId, Range<Timestamp>)]) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::link::tests::{at, link, links};
    use super::*;

    fn subject(links: Vec<Link>, shared: Vec<Link>, now: i64) -> Subject {
        Subject {
            name: "clara".to_owned(),
            created: at(0),
            links,
            shared,
            now: at(now),
        }
    }

    #[test]
    fn what_a_couple_shares_is_erased_for_neither() {
        let links = vec![link("EML1", 10, Some(20)), link("EML1", 30, None)];
        let shared = vec![link("EML1", 15, Some(35)), link("EML2", 0, None)];
        let alone = subject(links, shared, 50).alone();
        let spans: Vec<(i64, i64)> = alone
            .iter()
            .map(|(_, span)| (span.start.as_second(), span.end.as_second()))
            .collect();
        assert_eq!(spans, [(10, 15), (35, 50)]);
    }

    proptest! {
        #[test]
        fn each_moment_is_erased_that_was_theirs_and_nobody_elses(own in links(), others in links(), now in 0i64..60) {
            let alone = subject(own.clone(), others.clone(), now).alone();
            for second in 0..60 {
                let theirs = |links: &[Link]| links.iter().any(|link| link.in_force(at(second)));
                let begun = own.iter().any(|link| link.in_force(at(second)) && link.since <= at(now));
                let goes = second < now && begun && !theirs(&others);
                prop_assert_eq!(alone.iter().any(|(_, span)| span.contains(&at(second))), goes, "{}", second);
            }
        }
    }
}
