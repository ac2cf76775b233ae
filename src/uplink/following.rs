//! The journal as it is written: how much of it waits, and whose state is to be told at once.

use std::time::Duration;

use tokio::time::timeout;

use super::counts::Counted;
use super::live::Live;
use super::names::READER;
use super::outbox::AckedCounts;
use crate::domain::Lane;
use crate::store::{Delivery, ReadError, Store};

/// When nothing of interest came for so long, the journal was looked at up to its end.
const SETTLED: Duration = Duration::from_millis(20);

/// Counts what is written in the journal, and notes whose state it changes.
pub(super) async fn follow(store: &Store, counted: &Counted, acked: &AckedCounts, live: &Live) -> ReadError {
    let from = store.backlog(READER).unwrap_or_default().after;
    counted.begin(from, acked);
    let (mut tail, mut bell) = (store.tail(from), store.bell());
    loop {
        bell.mark_unchanged();
        match timeout(SETTLED, tail.next()).await {
            Err(_) => {
                counted.looked_at(tail.after());
                if bell.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            Ok(Ok(Delivery::Entry(entry))) => {
                let mut lanes = [false; 3];
                for event in &entry.events {
                    lanes[event.lane() as usize] = true;
                    live.note(event);
                }
                counted.add(lanes);
                counted.looked_at(entry.seq);
            }
            Ok(Ok(Delivery::Gap(_))) => counted.add(Lane::ALL.map(|lane| lane == Lane::Measurement)),
            Ok(Err(error)) => return error,
        }
    }
}
