//! Writes what the watch gathered: each row with what is told of it in one change, so that there is neither without the
//! other.

use super::group::Group;
use super::ledger::{GROUPS, LEVELS};
use super::watch::{Owner, Row, Watch};
use crate::domain::Event;
use crate::store::{Page, RowError, Store, WriteError};

/// Bytes of one change, well under what it may hold.
const CHANGE: usize = 64 << 10;

/// Writes what waits.
pub(super) async fn write(store: &Store, watch: &mut Watch) -> Result<(), WriteError<RowError>> {
    let unwritten = watch.take_unwritten();
    let mut rest = unwritten.as_slice();
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|one| {
            bytes += length(one);
            bytes <= CHANGE
        });
        let (portion, after) = rest.split_at(fits.count().clamp(1, rest.len()));
        rest = after;
        for event in portion.iter().flat_map(|(_, _, events)| events) {
            if let Event::Alarm { alarm, news } = event {
                tracing::info!(
                    source = %alarm.source, kind = alarm.kind, rule = alarm.rule, severity = alarm.severity.name(),
                    ?news, "alarm"
                );
            }
        }
        let portion = portion.to_vec();
        store
            .write_patiently(move |page| portion.iter().try_for_each(|one| write_on(page, one)))
            .await?;
    }
    Ok(())
}

fn write_on(page: &mut Page, (owner, row, events): &(Owner, Row, Vec<Event>)) -> Result<(), RowError> {
    match (owner, row) {
        (Owner::Group(key), Row::Group(Some(group))) => {
            let mut group = Group::clone(group);
            group.told = match GROUPS.get_on(page, &key.bytes())? {
                Some(before) if events.is_empty() => before.told,
                Some(_) | None => page.seq(),
            };
            GROUPS.put_on(page, &key.bytes(), &group)?;
        }
        (Owner::Group(key), _) => GROUPS.delete_on(page, &key.bytes()),
        (Owner::Level(space), Row::Level(Some(level))) => LEVELS.put_on(page, space.as_bytes(), level)?,
        (Owner::Level(space), _) => LEVELS.delete_on(page, space.as_bytes()),
    }
    for event in events {
        page.record(event.clone());
    }
    Ok(())
}

/// About so many bytes in the log.
fn length((_, row, events): &(Owner, Row, Vec<Event>)) -> usize {
    let row = match row {
        Row::Group(group) => serde_json::to_vec(group),
        Row::Level(level) => serde_json::to_vec(level),
    };
    let events = serde_json::to_vec(events);
    row.map_or(0, |row| row.len()) + events.map_or(0, |events| events.len()) + 256
}
