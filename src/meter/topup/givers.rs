//! Top-ups by who gave them: for whoever takes their data, and without a name once somebody is erased (PRIV §2.2).

use super::giver::NOBODY;
use super::ledger::{TOPUPS, get_on, of_meter};
use super::row::TopupRow;
use super::shown::{Around, TopupShown};
use crate::accounts::Sight;
use crate::domain::{MeterId, Seq};
use crate::store::{Page, ReadError, RowError, Store, WriteError};

/// Rows that one change writes.
const AT_ONCE: usize = 24;

/// How a person stands in the rows of top-ups.
fn person(name: &str) -> String {
    format!("person {name}")
}

/// The top-ups of a meter that were made in somebody's time, the newest first: of who else gave one nothing is told, nor of
/// how it stood when the time was over.
///
/// # Errors
///
/// When the book cannot be read.
pub(in crate::meter) fn within(
    store: &Store,
    meter: &MeterId,
    (sight, name): (&Sight, &str),
) -> Result<Vec<TopupShown>, ReadError> {
    let rows = of_meter(store, meter, None, usize::MAX)?.into_iter();
    let theirs = rows.filter(|row| sight.holds(row.made));
    Ok(theirs.map(|row| cut(row, store.now(), (sight, name))).collect())
}

/// The top-ups that somebody gave to meters that are not among these.
///
/// # Errors
///
/// When the book cannot be read.
pub(in crate::meter) fn elsewhere(
    store: &Store,
    own: &[(MeterId, Sight)],
    name: &str,
) -> Result<Vec<TopupShown>, ReadError> {
    let (by, mut found) = (person(name), Vec::new());
    each(store, |row| {
        let told = |(meter, sight): &(MeterId, Sight)| *meter == row.meter && sight.holds(row.made);
        if row.origin.by == by && !own.iter().any(told) {
            // Of a meter that is not theirs they know what they gave, and nothing of how it stands.
            found.push(cut(row, store.now(), (&Sight::Within(Vec::new()), name)));
        }
    })?;
    Ok(found)
}

fn cut(row: TopupRow, now: jiff::Timestamp, (sight, name): (&Sight, &str)) -> TopupShown {
    let around = Around {
        wants_the_code: false,
        served: true,
        behind: false,
        now,
    };
    let (by, balanced) = (person(name), row.sent.is_none_or(|at| sight.holds(at)));
    let looked = row.looked.is_none_or(|at| sight.holds(at));
    let since = sight.holds(row.since);
    let mut shown = TopupShown::of(row, &around);
    let other = |by_other: &str| by_other.starts_with("person ") && by_other != by;
    if other(&shown.origin.by) {
        shown.origin.by = "another person".to_owned();
    }
    if let Some(hand) = shown.by_hand.as_mut().filter(|hand| other(&hand.by)) {
        hand.by = "another person".to_owned();
    }
    if !balanced {
        (shown.sent, shown.balance_before) = (None, None);
    }
    if !looked {
        (shown.looked, shown.balance_after) = (None, None);
    }
    if !since {
        shown.keep_state_alone();
        (shown.trouble, shown.reply, shown.proof) = (None, None, None);
    }
    shown
}

/// Hands every row to `each`, some at a time.
fn each(store: &Store, mut each: impl FnMut(TopupRow)) -> Result<(), ReadError> {
    let mut after = None::<Vec<u8>>;
    loop {
        let rows = TOPUPS.scan(store, &[], after.as_deref(), 256)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        rows.into_iter().for_each(|(_, row)| each(row));
    }
}

/// Takes a name out of all top-ups.
///
/// # Errors
///
/// When the book cannot be read, or takes nothing.
pub(in crate::meter) async fn disown(store: &Store, name: &str) -> Result<(), WriteError<RowError>> {
    let (reader, by) = (store.clone(), person(name));
    let sought = by.clone();
    let found = tokio::task::spawn_blocking(move || {
        let mut theirs = Vec::<Seq>::new();
        each(&reader, |row| theirs.extend(names(&row, &sought).then_some(row.seq)))?;
        Ok::<_, ReadError>(theirs)
    });
    let found = found.await.expect("looking for rows does not panic");
    let seqs = found.map_err(|error| WriteError::Refused(error.into()))?;
    for some in seqs.chunks(AT_ONCE) {
        let (some, by) = (some.to_vec(), by.clone());
        store.write_bulk(move |page| disown_on(page, &some, &by)).await?;
    }
    Ok(())
}

fn names(row: &TopupRow, by: &str) -> bool {
    row.origin.by == by || row.by_hand.as_ref().is_some_and(|hand| hand.by == by)
}

fn disown_on(page: &mut Page, seqs: &[Seq], by: &str) -> Result<(), RowError> {
    for seq in seqs {
        let Some(mut row) = get_on(page, *seq)? else {
            continue;
        };
        if row.origin.by == by {
            row.origin.by = NOBODY.to_owned();
        }
        if let Some(hand) = row.by_hand.as_mut().filter(|hand| hand.by == by) {
            hand.by = NOBODY.to_owned();
        }
        TOPUPS.put_on(page, &seq.0.to_be_bytes(), &row)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::super::key::SealKey;
    use super::super::ledger::{NewTopup, create_on};
    use super::super::row::{Origin, Through};
    use super::*;
    use crate::accounts::{Accounts, Role};
    use crate::domain::Epoch;
    use crate::store::Options;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    async fn give(store: &Store, key: &Arc<SealKey>, (meter, by): (&str, &str), (number, when): (u32, i64)) {
        let new = NewTopup {
            meter: meter.parse().unwrap(),
            token: format!("{number:020}").parse().unwrap(),
            origin: Origin {
                by: by.to_owned(),
                through: Through::Page,
            },
            key: None,
            worth: None,
            anyway: false,
            once: None,
        };
        let key = Arc::clone(key);
        let given = store.write(move |page| create_on(page, (Epoch(1), at(when)), &new, &key).map(drop));
        given.await.unwrap();
    }

    fn by(shown: &[TopupShown]) -> Vec<&str> {
        shown.iter().map(|one| one.origin.by.as_str()).collect()
    }

    #[tokio::test]
    async fn others_are_not_named_and_whoever_is_gone_is_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(dir.path())).unwrap();
        let (accounts, key) = (Accounts::new(store.clone()), Arc::new(SealKey::passing()));
        for name in ["anna", "bert"] {
            accounts
                .add_person(name, Role::Resident, None, store.now())
                .await
                .unwrap();
        }
        give(&store, &key, ("EML1", "person anna"), (1, 10)).await;
        give(&store, &key, ("EML1", "person bert"), (2, 20)).await;
        give(&store, &key, ("EML1", "operator"), (3, 30)).await;
        give(&store, &key, ("EML1", "person bert"), (4, 90)).await;
        give(&store, &key, ("EML2", "person bert"), (5, 20)).await;
        give(&store, &key, ("EML2", "person carl"), (6, 20)).await;
        let sight = Sight::Within(vec![at(0)..at(50)]);
        let one = "EML1".parse().unwrap();
        let theirs = within(&store, &one, (&sight, "bert")).unwrap();
        assert_eq!(by(&theirs), ["operator", "person bert", "another person"]);
        let given = elsewhere(&store, &[(one.clone(), sight)], "bert").unwrap();
        assert_eq!(
            by(&given),
            ["person bert"; 2],
            "after their time, and to a meter that was never theirs"
        );
        let two = of_meter(&store, &"EML2".parse().unwrap(), None, 9).unwrap();
        assert_eq!(two[0].origin.by, NOBODY, "nobody of that name is known");

        disown(&store, "bert").await.unwrap();
        let mut left = Vec::new();
        each(&store, |row| left.push(row.origin.by)).unwrap();
        assert_eq!(left, ["person anna", NOBODY, "operator", NOBODY, NOBODY, NOBODY]);
        store.close().await;
    }

    #[tokio::test]
    async fn how_it_stood_after_their_time_is_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(dir.path())).unwrap();
        give(&store, &Arc::new(SealKey::passing()), ("EML1", "operator"), (1, 10)).await;
        let mut row = of_meter(&store, &"EML1".parse().unwrap(), None, 9).unwrap().remove(0);
        (row.sent, row.looked, row.since) = (Some(at(60)), Some(at(70)), at(70));
        let cut_at = |until: i64| {
            let sight = Sight::Within(vec![at(0)..at(until)]);
            cut(row.clone(), at(100), (&sight, "bert"))
        };
        let (all, sent, none) = (cut_at(80), cut_at(65), cut_at(50));
        assert_eq!((all.sent, all.looked), (Some(at(60)), Some(at(70))));
        assert_eq!((sent.sent, sent.looked), (Some(at(60)), None));
        assert_eq!(
            (none.sent, none.looked, none.words.as_str()),
            (None, None, row.state.words())
        );
        store.close().await;
    }
}
