//! What becomes of a person's links when their meters are named anew, and when they move out. Pure.

use jiff::Timestamp;

use super::link::Link;
use crate::domain::MeterId;

/// A meter that is to be a person's, from a moment on; without one: from now, or since when it is theirs already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The meter.
    pub meter: MeterId,
    /// The first moment that is theirs.
    pub since: Option<Timestamp>,
}

impl From<MeterId> for Beginning {
    fn from(meter: MeterId) -> Beginning {
        Beginning { meter, since: None }
    }
}

/// The links of somebody of whom it is said at `now` that exactly these meters are theirs: what stays keeps its since
/// unless another is named, what is left out ends, and what had ended stays as it was.
pub(super) fn named(links: Vec<Link>, wanted: &[Beginning], now: Timestamp) -> Vec<Link> {
    let mut all = Vec::new();
    for mut link in links {
        let stays = wanted.iter().rev().find(|one| one.meter == link.meter);
        if !link.is_over(now) {
            match stays {
                Some(Beginning { since, .. }) => link.since = since.unwrap_or(link.since),
                None => link.until = Some(now),
            }
        }
        all.push(link);
    }
    for Beginning { meter, since } in wanted {
        if !all.iter().any(|link| link.meter == *meter && !link.is_over(now)) {
            all.push(Link {
                meter: meter.clone(),
                since: since.unwrap_or(now),
                until: None,
            });
        }
    }
    tidy(all)
}

/// The links of somebody who moves out at `at`, and those of them that end by it: all that are in force at `now`. What
/// ended of the same meter since `at` ends then, too: nothing of it is theirs from then on.
///
/// # Errors
///
/// A link in force that began after `at`.
pub(super) fn moved_out(links: Vec<Link>, at: Timestamp, now: Timestamp) -> Result<(Vec<Link>, Vec<Link>), Link> {
    let (mut all, mut ended) = (Vec::new(), Vec::new());
    let left: Vec<MeterId> = links
        .iter()
        .filter(|link| link.in_force(now))
        .map(|link| link.meter.clone())
        .collect();
    for mut link in links {
        if link.is_over(now) && left.contains(&link.meter) {
            link.until = link.until.map(|until| until.min(at.max(link.since)));
        } else if link.in_force(now) {
            if at < link.since {
                return Err(link);
            }
            link.until = Some(at);
            ended.push(link.clone());
        }
        all.push(link);
    }
    Ok((tidy(all), ended))
}

/// In order, without those that cover nothing, and of those that begin together the longest.
fn tidy(mut links: Vec<Link>) -> Vec<Link> {
    links.retain(|link| !link.span().is_empty());
    links.sort_by(|one, other| {
        let place = |link: &Link| (link.meter.clone(), link.since);
        place(one)
            .cmp(&place(other))
            .then(other.span().end.cmp(&one.span().end))
    });
    links.dedup_by(|later, kept| later.meter == kept.meter && later.since == kept.since);
    links
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::link::tests::{at, link, links, meter};
    use super::*;

    #[test]
    fn whoever_is_named_keeps_what_they_had() {
        let had = vec![
            link("EML1", 10, Some(20)),
            link("EML2", 10, None),
            link("EML3", 90, None),
        ];
        let wanted = |list: &[(&str, Option<i64>)]| -> Vec<Beginning> {
            let one = |(name, since): &(&str, Option<i64>)| Beginning {
                meter: meter(name),
                since: since.map(at),
            };
            list.iter().map(one).collect()
        };
        let then = |list: &[(&str, Option<i64>)]| named(had.clone(), &wanted(list), at(50));
        assert_eq!(then(&[("EML2", None), ("EML3", None)]), had, "nothing changes");
        assert_eq!(
            then(&[("EML1", Some(10))])[..1],
            [link("EML1", 10, None)],
            "of two that begin together the longer counts"
        );
        assert_eq!(
            then(&[]),
            [link("EML1", 10, Some(20)), link("EML2", 10, Some(50))],
            "what has not begun has not been"
        );
        assert_eq!(
            then(&[("EML1", None), ("EML2", Some(5)), ("EML4", Some(70))]),
            [
                link("EML1", 10, Some(20)),
                link("EML1", 50, None),
                link("EML2", 5, None),
                link("EML4", 70, None)
            ]
        );
    }

    #[test]
    fn moving_out_ends_what_is_in_force_once() {
        let had = vec![
            link("EML1", 10, Some(20)),
            link("EML2", 10, None),
            link("EML3", 90, None),
        ];
        let (after, ended) = moved_out(had.clone(), at(40), at(50)).unwrap();
        assert_eq!(ended, [link("EML2", 10, Some(40))]);
        assert_eq!(
            after,
            [
                link("EML1", 10, Some(20)),
                link("EML2", 10, Some(40)),
                link("EML3", 90, None)
            ]
        );
        assert_eq!(moved_out(after.clone(), at(60), at(60)).unwrap(), (after, vec![]));
        assert_eq!(moved_out(had, at(9), at(50)).unwrap_err(), link("EML2", 10, None));
    }

    proptest! {
        #[test]
        fn moving_out_leaves_what_was_before_and_nothing_since(links in links(), out in 0i64..40, waited in 0i64..40) {
            let now = out + waited;
            let is_lived_in = links.iter().any(|link| link.in_force(at(now)));
            if let (true, Ok((after, _))) = (is_lived_in, moved_out(links.clone(), at(out), at(now))) {
                let theirs = |links: &[Link], second| links.iter().any(|link| link.in_force(at(second)));
                for second in 0..out {
                    prop_assert_eq!(theirs(&after, second), theirs(&links, second), "before, at {}", second);
                }
                for second in out..=now {
                    prop_assert!(!theirs(&after, second), "since, at {}", second);
                }
            }
        }

        #[test]
        fn naming_meters_takes_nothing_back_and_gives_nothing_of_before(
            links in links(),
            stays: bool,
            now in 0i64..40,
        ) {
            let wanted: Vec<Beginning> = stays.then(|| meter("EML1").into()).into_iter().collect();
            let after = named(links.clone(), &wanted, at(now));
            let theirs = |links: &[Link], second| links.iter().any(|link| link.in_force(at(second)));
            for second in 0..now {
                prop_assert_eq!(theirs(&after, second), theirs(&links, second), "the past stays at {}", second);
            }
            prop_assert_eq!(after.iter().all(|link| link.is_over(at(now))), !stays);
        }
    }
}
