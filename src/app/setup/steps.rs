//! The seven steps, as the box is now.

use super::desk::{Knows, Seen, SetupDesk, left};
use super::folk::{meters, people};
use super::outside::{backup, cloud};
use super::place::{house, way};
use super::told::{Step, Told};
use crate::face::Face;
use crate::store::ReadError;
use crate::texts::{Texts, named};

/// Looks at all of them. `knows`: what whoever asks may know.
pub(super) async fn steps(
    desk: &SetupDesk,
    seen: &Seen,
    knows: Knows,
    (face, t): (&Face, Texts),
) -> Result<Vec<Step>, ReadError> {
    let all = [
        (named("setup-1"), house(desk, seen, t).await),
        (named("setup-2"), way(desk, seen, t).await),
        (named("setup-3"), meters(seen, knows, t)?),
        (named("setup-4"), people(desk, knows, t)?),
        (named("setup-5"), backup(desk, seen, (face, t)).await),
        (named("setup-6"), cloud(seen, (face, t))),
    ];
    let mut steps: Vec<Step> = all
        .into_iter()
        .zip(1..)
        .map(|((text, told), number)| Step { number, text, told })
        .collect();
    let handed_over = match left(&steps) {
        0 => Told::done(t.say("setup-sheet-ready")),
        left => Told::waits(t.say1("setup-sheet-waits", "count", left)),
    };
    steps.push(Step {
        number: 7,
        text: named("setup-7"),
        told: vec![handed_over.next(t.say("setup-sheet-next"))],
    });
    Ok(steps)
}
