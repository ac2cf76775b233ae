//! What people and programs do with top-ups: make one, look at it, take it back, end one that is in doubt.

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::error::TopupError;
use super::ledger::{self, NewTopup, Outcome};
use super::provider::Provider;
use super::row::{ByHand, TopupRow};
use super::shown::{Around, TopupShown};
use crate::accounts::AUDIT;
use crate::domain::{Duty, MeterId, Quantity, TopupState};
use crate::meter::emop::Token;
use crate::meter::emop::identity::Hardware;
use crate::meter::room::Meters;
use crate::meter::served::Served;
use crate::meter::writes::is_a_reason;
use crate::store::ReadError;

impl Meters {
    /// Writes a top-up down, to be sent as soon as its turn comes. The same code for the same meter joins the one that
    /// there is, unless that one ended before it was sent; one that waits for its code again, since the box lost its key,
    /// takes the next of whoever gave it. Says whether this code was given for the first time.
    ///
    /// # Errors
    ///
    /// When the meter is not served or takes no codes, too many wait for it, or nothing can be written.
    pub async fn top_up(&self, new: NewTopup) -> Result<(TopupShown, bool), TopupError> {
        let served = self.served(&new.meter);
        let served = served.ok_or_else(|| TopupError::UnknownMeter(new.meter.clone()))?;
        self.must_take_codes(&served)?;
        let prepays = self.show(&new.meter).ok().and_then(|shown| {
            let enabled = shown.value(Quantity::PrepayEnabled)?;
            enabled.as_bool()
        });
        if prepays == Some(false) && !new.anyway {
            return Err(TopupError::DoesNotPrepay(new.meter));
        }
        self.topups.key()?;
        self.follow_the_key().await;
        let (room, epoch, now) = (self.topups.clone(), self.store.epoch(), self.store.now());
        let written = self.store.write(move |page| {
            let key = room.key()?;
            ledger::create_on(page, (epoch, now), &new, key)
        });
        let (row, outcome) = written.await?;
        let origin = &row.origin;
        if outcome != Outcome::Known {
            tracing::info!(target: AUDIT, topup = row.id, meter.id = %row.meter, by = origin.by, through = ?origin.through, "a code was given for a meter");
        }
        self.topups.tell();
        let mut shown = self.shown_topup(row);
        if outcome == Outcome::Refilled {
            shown.trouble = Some(self.refilled(shown.made));
        }
        Ok((shown, outcome != Outcome::Known))
    }

    /// What whoever gave a code is told when another that they gave waited for its own.
    fn refilled(&self, made: Timestamp) -> String {
        let made = made.to_zoned(self.timezone.clone());
        let (day, time) = (made.strftime("%d %B"), made.strftime("%H:%M"));
        format!(
            "the box had lost its key; your code of {time} on {day} waited for being given again: this one is taken for it"
        )
    }

    /// Refuses a meter that is given no code, by what the box knows of it.
    pub(in crate::meter) fn must_take_codes(&self, served: &Served) -> Result<(), TopupError> {
        let meter = served.meter.serial.clone();
        if served.live().duty == Duty::Off {
            return Err(TopupError::Off(meter));
        }
        if served.hardware().is_some_and(Hardware::is_three_phase) {
            return Err(TopupError::TakesNone(meter));
        }
        let identity = served.live().state.identity.clone();
        match identity.filter(|identity| identity.another) {
            Some(identity) => Err(TopupError::Another {
                expected: meter,
                says: identity.says.unwrap_or_default(),
            }),
            None => Ok(()),
        }
    }

    /// Whether a meter has three phases, as far as that is known: those take no codes.
    pub(in crate::meter) fn is_three_phase(&self, meter: &MeterId) -> bool {
        let hardware = self.served(meter).and_then(|served| served.hardware());
        hardware.is_some_and(Hardware::is_three_phase)
    }

    /// What tells a request with this code from others, without telling the code to whoever finds it.
    ///
    /// # Errors
    ///
    /// When the box's own key cannot be used.
    pub fn mark_of(&self, meter: &MeterId, token: &Token) -> Result<[u8; 32], TopupError> {
        Ok(self.topups.key()?.mark(meter, token))
    }

    /// Who may hand over codes, signed.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.config.provider
    }

    /// The time that the box goes by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// One top-up.
    ///
    /// # Errors
    ///
    /// When there is none of that id, or the book cannot be read.
    pub fn topup(&self, id: &str) -> Result<TopupShown, TopupError> {
        let row = self.topup_row(id)?;
        Ok(self.shown_topup(row))
    }

    /// Up to `limit` of a meter, the newest first; after the one with the id `before`.
    ///
    /// # Errors
    ///
    /// When there is none of that id, or the book cannot be read.
    pub fn topups_of(
        &self,
        meter: &MeterId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TopupShown>, TopupError> {
        let before = before.map(|id| self.topup_row(id)).transpose()?.map(|row| row.seq);
        let rows = ledger::of_meter(&self.store, meter, before, limit)?;
        Ok(rows.into_iter().map(|row| self.shown_topup(row)).collect())
    }

    /// Up to `limit` of all meters, the newest first.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn topups(&self, limit: usize) -> Result<Vec<TopupShown>, TopupError> {
        let rows = ledger::newest(&self.store, limit)?;
        Ok(rows.into_iter().map(|row| self.shown_topup(row)).collect())
    }

    /// Those that only a person can end, of one meter or of all; the oldest first.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn topups_to_settle(&self, meter: Option<&MeterId>) -> Result<Vec<TopupShown>, ReadError> {
        let open = match meter {
            Some(meter) => ledger::open(&self.store, meter)?,
            None => ledger::all_open(&self.store)?,
        };
        let now = self.store.now();
        let theirs = open.into_iter().filter(|row| row.wants_a_person(now));
        Ok(theirs.map(|row| self.shown_topup(row)).collect())
    }

    /// All that are not settled.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn all_open_topups(&self) -> Result<Vec<TopupShown>, TopupError> {
        let rows = ledger::all_open(&self.store)?;
        Ok(rows.into_iter().map(|row| self.shown_topup(row)).collect())
    }

    /// Those that wait are tried at once, however long they would have waited.
    pub(in crate::meter) fn try_topups_at_once(&self) {
        self.topups.try_at_once();
    }

    /// Those of a meter that are not settled and were made at `since` or later.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn open_topups(&self, meter: &MeterId, since: Timestamp) -> Result<Vec<TopupShown>, TopupError> {
        let mut rows = ledger::open(&self.store, meter)?;
        rows.retain(|row| row.made >= since);
        Ok(rows.into_iter().map(|row| self.shown_topup(row)).collect())
    }

    /// Takes one back that waits.
    ///
    /// # Errors
    ///
    /// When there is none of that id, it does not wait any more, or nothing can be written.
    pub async fn cancel_topup(&self, id: &str, by: &str) -> Result<TopupShown, TopupError> {
        let now = self.store.now();
        let waits = |row: &TopupRow| match row.state {
            TopupState::Waiting => Ok(()),
            state => Err(TopupError::NotWaiting(row.id.clone(), state)),
        };
        let cancelled = self.change_topup(id, waits, move |row| row.becomes(TopupState::Cancelled, now));
        let row = cancelled.await?;
        tracing::info!(target: AUDIT, topup = row.id, meter.id = %row.meter, by, "a code was taken back before it was sent");
        Ok(self.shown_topup(row))
    }

    /// Ends one that is in doubt: a person looked at the meter, and says so with a reason.
    ///
    /// # Errors
    ///
    /// When there is none of that id, it is not in doubt, the reason is none, or nothing can be written.
    pub async fn settle_topup(&self, id: &str, taken: bool, by_hand: ByHand) -> Result<TopupShown, TopupError> {
        if !is_a_reason(&by_hand.why) {
            return Err(TopupError::Why);
        }
        let (now, said) = (self.store.now(), by_hand.clone());
        let is_in_doubt = |row: &TopupRow| match row.state {
            TopupState::InDoubt => Ok(()),
            state => Err(TopupError::NotInDoubt(row.id.clone(), state)),
        };
        let settled = self.change_topup(id, is_in_doubt, move |row| row.end_by_hand(taken, said, now));
        let row = settled.await?;
        tracing::info!(target: AUDIT, topup = row.id, meter.id = %row.meter, by = by_hand.by, why = by_hand.why, taken, "a top-up in doubt was settled by a person");
        Ok(self.shown_topup(row))
    }

    /// Waits until a top-up is settled, and no longer than `until`; gives it as it is then.
    ///
    /// # Errors
    ///
    /// When there is none of that id, or the book cannot be read.
    pub async fn settled_topup(&self, id: &str, until: Instant) -> Result<TopupShown, TopupError> {
        let mut bell = self.store.bell();
        loop {
            bell.mark_unchanged();
            let row = self.topup_row(id)?;
            let heard =
                !row.state.is_settled() && timeout_at(until, bell.changed()).await.is_ok_and(|rung| rung.is_ok());
            if !heard {
                return Ok(self.shown_topup(row));
            }
        }
    }

    /// Whether a top-up of a meter is not settled.
    pub(in crate::meter) fn has_open_topup(&self, meter: &MeterId) -> Result<bool, TopupError> {
        Ok(!ledger::open(&self.store, meter)?.is_empty())
    }

    /// Whether a top-up of a meter is in the book, settled or not.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn has_topups(&self, meter: &MeterId) -> Result<bool, TopupError> {
        Ok(!ledger::of_meter(&self.store, meter, None, 1)?.is_empty())
    }

    async fn change_topup(
        &self,
        id: &str,
        may: impl Fn(&TopupRow) -> Result<(), TopupError> + Send + 'static,
        change: impl FnOnce(&mut TopupRow) + Send + 'static,
    ) -> Result<TopupRow, TopupError> {
        let seq = self.topup_row(id)?.seq;
        let written = self.store.write(move |page| {
            let row = ledger::get_on(page, seq)?;
            let row = row.ok_or(TopupError::Unknown)?;
            may(&row)?;
            let changed = ledger::change_on(page, seq, |row| {
                change(row);
                true
            })?;
            Ok::<_, TopupError>(changed.unwrap_or(row))
        });
        let row = written.await?;
        self.topups.tell();
        Ok(row)
    }

    fn topup_row(&self, id: &str) -> Result<TopupRow, TopupError> {
        let row = ledger::find(&self.store, id)?;
        row.ok_or(TopupError::Unknown)
    }

    /// Whether a code waits for one before it that is being checked.
    fn is_behind(&self, row: &TopupRow) -> bool {
        row.state == TopupState::Waiting
            && ledger::open(&self.store, &row.meter).is_ok_and(|open| open.iter().any(TopupRow::holds_others))
    }

    pub(super) fn shown_topup(&self, row: TopupRow) -> TopupShown {
        let wants_the_code = row.sealed.as_ref().is_some_and(|sealed| {
            let opens = self.topups.key().is_ok_and(|key| key.opens(sealed));
            !opens
        });
        let served = self.served(&row.meter).is_some_and(|one| one.live().duty != Duty::Off);
        let around = Around {
            wants_the_code,
            served,
            behind: self.is_behind(&row),
            now: self.store.now(),
        };
        TopupShown::of(row, &around)
    }
}
