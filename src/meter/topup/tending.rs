//! One meter's top-ups, driven one after the other: the reads before the code, the code, the looks after it (EMOP §21).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::WRITE_AGAIN;
use super::evidence::{Before, Reply};
use super::ledger;
use super::reading::Ahead;
use super::row::TopupRow;
use super::watching::{Outcome, Watching};
use crate::domain::{Duty, Seq, TopupState};
use crate::meter::driver::{Command, DriverError, Rank};
use crate::meter::emop::Token;
use crate::meter::emop::dialect::Request;
use crate::meter::reads::ReadError as NotRead;
use crate::meter::room::Meters;
use crate::meter::served::{Questions, Served};
use crate::meter::session::SessionError;

/// The pause after a first try in vain; it doubles with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Why a code waits whose meter nobody may ask.
pub(super) const NOT_SERVED: &str = "the meter is not served";

/// A meter's worker at its work.
pub(super) struct Tending {
    room: Arc<Meters>,
    served: Arc<Served>,
    /// Since when each is looked at, and what the looks came to.
    looks: HashMap<Seq, (Instant, Watching)>,
    /// When the code that waits is tried again, and how often it was.
    retry: Option<(Seq, Instant, u32)>,
}

/// What is to be done next, and when.
enum Step {
    Send(TopupRow, Instant),
    Look(TopupRow, Instant),
    /// Nothing, unless somebody brings something new.
    Nothing,
}

impl Tending {
    /// A worker for one meter.
    pub(super) fn new(room: Arc<Meters>, served: Arc<Served>) -> Tending {
        Tending {
            room,
            served,
            looks: HashMap::new(),
            retry: None,
        }
    }

    /// Works until nothing is open any more, or the room ends.
    pub(super) async fn run(mut self) {
        let room = Arc::clone(&self.room);
        let mut changed = room.topups.changed.subscribe();
        let mut hurried = room.topups.hurried.subscribe();
        loop {
            changed.mark_unchanged();
            if hurried.has_changed().unwrap_or(false) {
                hurried.mark_unchanged();
                self.retry = None;
            }
            let is_ours = room.served(&self.served.meter.serial);
            if is_ours.is_none_or(|now| now.number != self.served.number) {
                return;
            }
            let rows = match ledger::open(&room.store, &self.served.meter.serial) {
                Ok(rows) if !rows.is_empty() => rows,
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(%error, "a meter's top-ups cannot be read");
                    return;
                }
            };
            for row in &rows {
                if row.epoch != room.store.epoch() && matches!(row.state, TopupState::Waiting | TopupState::Sending) {
                    // A copy of the book knows nothing of what was sent since it was made (EMOP §21.4).
                    let now = room.store.now();
                    room.change_row(row.seq, move |row| {
                        row.doubted(now);
                        true
                    })
                    .await;
                }
            }
            let step = self.next(&rows);
            let due = match &step {
                Step::Send(_, due) | Step::Look(_, due) => Some(*due),
                Step::Nothing => None,
            };
            tokio::select! {
                biased;
                () = room.stopped() => return,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => match step {
                    Step::Send(row, _) => self.send(row).await,
                    Step::Look(row, _) => self.look(row).await,
                    Step::Nothing => {}
                },
                _ = changed.changed() => {}
            }
        }
    }

    /// The code that waits first goes, unless one before it is not settled yet; one that is in doubt is looked at, less and
    /// less often.
    fn next(&mut self, rows: &[TopupRow]) -> Step {
        let now = Instant::now();
        self.looks.retain(|seq, _| rows.iter().any(|row| row.seq == *seq));
        let look = rows.iter().find(|row| row.is_looked_at()).map(|row| {
            let (since, watching) = self.looks.entry(row.seq).or_insert_with(|| (now, Watching::default()));
            (row.clone(), *since + watching.next())
        });
        let held = rows.iter().any(TopupRow::holds_others);
        let waiting = rows.iter().filter(|row| row.state == TopupState::Waiting && !held);
        let opens = |row: &&TopupRow| {
            let key = self.room.topups.key().ok();
            row.sealed
                .as_ref()
                .zip(key)
                .is_some_and(|(sealed, key)| key.opens(sealed))
        };
        // One whose key is gone waits for its giver, and keeps nobody else waiting.
        let send = { waiting }.find(opens).map(|row| {
            let retry = self.retry.filter(|(seq, ..)| *seq == row.seq);
            (row.clone(), retry.map_or(now, |(_, at, _)| at))
        });
        match (send, look) {
            (Some((row, due)), Some((_, look))) if due <= look => Step::Send(row, due),
            (Some((row, due)), None) => Step::Send(row, due),
            (_, Some((row, due))) => Step::Look(row, due),
            (None, None) => Step::Nothing,
        }
    }

    /// Whether nobody may ask the meter now.
    fn is_off(&self) -> bool {
        self.served.live().duty == Duty::Off
    }

    fn questions(&self) -> Questions<'_> {
        Questions {
            served: &self.served,
            rank: Rank::Money,
            limit: self.room.one_try(),
        }
    }

    /// Reads, writes down that it is sent, sends. Whatever goes wrong before the first byte leaves it waiting.
    async fn send(&mut self, row: TopupRow) {
        let _no_polls = self.served.driver.hold_polls();
        let room = Arc::clone(&self.room);
        if self.is_off() {
            return self.try_later(&row, NOT_SERVED.to_owned()).await;
        }
        let before = match room.read_ahead(&self.questions()).await {
            Ok(Ahead::Counts(before)) => before,
            Ok(Ahead::Another(says)) => {
                let why = format!("another meter answers: {says}");
                return self.try_later(&row, why).await;
            }
            Err(NotRead::Asked(DriverError::Stopping)) => return,
            Err(error) => return self.try_later(&row, error.to_string()).await,
        };
        let key = room.topups.key().ok();
        let sealed = row.sealed.as_ref().zip(key);
        let Some(token) = sealed.and_then(|(sealed, key)| key.unseal(&row.meter, sealed)) else {
            return self
                .try_later(&row, "the code cannot be read any more".to_owned())
                .await;
        };
        if !self.begin(&row, before).await {
            return;
        }
        self.retry = None;
        let sent = self.hand_over(&token).await;
        let now = room.store.now();
        match sent {
            Ok(reply) => {
                self.looks.insert(row.seq, (Instant::now(), Watching::default()));
                room.change_row(row.seq, move |row| {
                    row.reply = Some(reply);
                    true
                })
                .await;
            }
            Err(why) => {
                let sealed = key.map(|key| key.seal(&row.meter, &token));
                let words = why.clone();
                if let Some(sealed) = sealed {
                    room.change_row(row.seq, move |row| {
                        row.waits_again(sealed.clone(), &words, now);
                        true
                    })
                    .await;
                }
                self.pause(row.seq);
            }
        }
    }

    /// Writes down that the code is sent now. `false`: it was taken back, or the book takes no changes.
    async fn begin(&self, row: &TopupRow, before: Before) -> bool {
        let (seq, meter, now) = (row.seq, row.meter.clone(), self.room.store.now());
        let written = self.room.store.write(move |page| {
            ledger::overtake_on(page, &meter, seq)?;
            ledger::change_on(page, seq, |row| {
                let waits = row.state == TopupState::Waiting;
                if waits {
                    row.begins(before, now);
                }
                waits
            })
        });
        match written.await {
            Ok(row) => row.is_some(),
            Err(error) => {
                tracing::warn!(%error, "no code is sent that is not written down first");
                sleep(WRITE_AGAIN).await;
                false
            }
        }
    }

    /// Sends the code, once. An error: not one byte left.
    async fn hand_over(&self, token: &Token) -> Result<Reply, String> {
        let object = self.room.dialect().catalogue().named("prepay_token_send");
        let object = object.expect("names in this program are names of the catalogue").id;
        let command = Command::Ask(Request::Write(object, token.digits().to_vec()));
        let deadline = Instant::now() + self.room.one_try();
        let sent = self.served.driver.carry_out(command, Rank::Money, deadline).await;
        match sent {
            Ok(_) => Ok(Reply::Accepted),
            Err(DriverError::Session(SessionError::Refused(ack))) => Ok(Reply::Refused(ack.code())),
            Err(DriverError::Session(SessionError::TokenUncertain(_))) => Ok(Reply::Nothing),
            // Whoever had it in hand broke: nobody knows how far it came.
            Err(DriverError::Stopping) if !self.room.is_stopped() => Ok(Reply::Nothing),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn try_later(&mut self, row: &TopupRow, why: String) {
        self.room
            .change_row(row.seq, move |row| {
                let waits = row.state == TopupState::Waiting;
                if waits {
                    row.tried(&why);
                }
                waits
            })
            .await;
        self.pause(row.seq);
    }

    fn pause(&mut self, seq: Seq) {
        let tries = self
            .retry
            .filter(|(tried, ..)| *tried == seq)
            .map_or(0, |(_, _, tries)| tries);
        let pause = FIRST_PAUSE.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE);
        self.retry = Some((seq, Instant::now() + pause, tries + 1));
    }

    /// Looks once at what the meter counts.
    async fn look(&mut self, row: TopupRow) {
        let _no_polls = self.served.driver.hold_polls();
        let room = Arc::clone(&self.room);
        let read = match self.is_off() {
            true => Err(NOT_SERVED.to_owned()),
            false => match room.read_round(&self.questions(), row.before.as_ref(), row.reply).await {
                Ok(round) => Ok(round),
                Err(NotRead::Asked(DriverError::Stopping)) => return,
                Err(error) => Err(error.to_string()),
            },
        };
        let pauses = room.proof_pauses();
        let Some((since, watching)) = self.looks.get_mut(&row.seq) else {
            return;
        };
        let since = since.elapsed();
        let (outcome, round, trouble) = match read {
            Ok(round) => {
                let finding = round.finding(row.before.as_ref(), row.reply, row.worth);
                (watching.saw(finding, since, &pauses), Some(round), None)
            }
            Err(why) => (watching.missed(since, &pauses), None, Some(why)),
        };
        if matches!(outcome, Outcome::Taken(_) | Outcome::Refused) {
            // Whoever hears how it ended sees the balance that was read.
            room.notes.on_disk().await;
        }
        let now = room.store.now();
        room.change_row(row.seq, move |row| {
            row.takes(outcome, round.clone(), trouble.as_deref(), now);
            true
        })
        .await;
    }
}
