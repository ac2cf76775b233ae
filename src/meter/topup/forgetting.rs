//! Top-ups that were settled long ago are let go, with all that leads to them (`retention.money`).

use jiff::Timestamp;

use super::ledger::{CODES, IDS, OF_METERS, TOPUPS, place};
use crate::store::{Page, RowError};

/// Rows that are looked at in one change: four of each are taken away.
const AT_ONCE: usize = 24;

/// Forgets some of those that were settled before a moment, the oldest first; says how many.
pub(super) fn forget_on(page: &mut Page, before: Timestamp) -> Result<usize, RowError> {
    let oldest = TOPUPS.scan_on(page, &[], None, AT_ONCE)?;
    let over = oldest
        .into_iter()
        .map(|(_, row)| row)
        .filter(|row| row.state.is_settled() && row.since < before);
    let mut count = 0;
    for row in over {
        TOPUPS.delete_on(page, &row.seq.0.to_be_bytes());
        OF_METERS.delete_on(page, &place(&row.meter, row.seq));
        IDS.delete_on(page, row.id.as_bytes());
        // The code may have been given anew since.
        if let Ok(mark) = data_encoding::HEXLOWER.decode(row.mark.as_bytes())
            && CODES.get_on(page, &mark)? == Some(row.seq.0)
        {
            CODES.delete_on(page, &mark);
        }
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::super::key::SealKey;
    use super::super::ledger::{NewTopup, Outcome, all_open, change_on, create_on, find, newest, of_meter};
    use super::super::row::{Origin, Through};
    use super::*;
    use crate::domain::{Epoch, MeterId, Seq, TopupState};
    use crate::store::{Options, Store};

    #[tokio::test]
    async fn what_was_settled_long_ago_is_forgotten_whole_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(dir.path())).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let meter: MeterId = "EML1".parse().unwrap();
        let new = |number: u32| NewTopup {
            meter: "EML1".parse().unwrap(),
            token: format!("{number:020}").parse().unwrap(),
            origin: Origin {
                by: "operator".to_owned(),
                through: Through::CommandLine,
            },
            key: None,
            worth: None,
            anyway: false,
            once: None,
        };
        let key = std::sync::Arc::new(SealKey::passing());
        let mut made = Vec::new();
        for number in 0..4 {
            let (new, key) = (new(number), std::sync::Arc::clone(&key));
            let made_on = move |page: &mut Page| create_on(page, (Epoch(1), at(10)), &new, &key);
            made.push(store.write(made_on).await.unwrap().0);
        }
        // The first was settled long ago, the second lately; the third waits; the fourth was settled long ago.
        for (row, since) in [(0, 20), (1, 900), (3, 30)] {
            let seq = made[row].seq;
            let settle = move |page: &mut Page| {
                change_on(page, seq, |row| {
                    row.becomes(TopupState::Cancelled, at(since));
                    true
                })
            };
            store.write(settle).await.unwrap();
        }
        let before = at(500);
        let forget = move |page: &mut Page| forget_on(page, before);
        assert_eq!(store.write(forget).await.unwrap(), 2);
        assert_eq!(store.write(forget).await.unwrap(), 0);
        let left: Vec<Seq> = of_meter(&store, &meter, None, 10)
            .unwrap()
            .iter()
            .map(|row| row.seq)
            .collect();
        assert_eq!(left, [made[2].seq, made[1].seq]);
        assert_eq!(newest(&store, 10).unwrap().len(), 2);
        assert!(find(&store, &made[0].id).unwrap().is_none());
        assert_eq!(all_open(&store).unwrap().len(), 1);
        let again = new(0);
        let (row, outcome) = store
            .write(move |page| create_on(page, (Epoch(1), at(1_000)), &again, &key))
            .await
            .unwrap();
        assert!(outcome == Outcome::New && row.seq != made[0].seq);
    }
}
