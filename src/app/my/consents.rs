//! Who sees somebody's data, in words.

use jiff::Timestamp;

use crate::face::Face;
use crate::perseus::Allowed;
use crate::texts::{Said, Texts};

/// An application, what it sees, until when, and when it last looked.
pub(super) struct ConsentShown {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) what: Said,
    pub(super) until: Said,
    pub(super) fetched: Said,
    /// The exact moment; empty: it never did.
    pub(super) at: String,
}

impl ConsentShown {
    pub(super) fn of(one: Allowed, (face, t): (&Face, Texts), now: Timestamp) -> ConsentShown {
        let this_year = now.to_zoned(face.timezone().clone()).year() == one.until.year();
        let until = match this_year {
            true => t.day_of_month(one.until),
            false => format!("{} {}", t.day_of_month(one.until), one.until.year()),
        };
        ConsentShown {
            id: one.id,
            name: one.name,
            what: t.say1("my-sees", "what", one.sources.join(", ")),
            until: t.say1("my-until", "day", until),
            fetched: match one.fetched {
                Some(at) => {
                    let ago = t.ago(now.duration_since(at).as_secs());
                    t.say1("my-fetched", "ago", ago.text())
                }
                None => t.say("my-never-fetched"),
            },
            at: one.fetched.map_or_else(String::new, |at| face.date_in(t, at)),
        }
    }
}
