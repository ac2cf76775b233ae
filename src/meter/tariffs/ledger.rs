//! How far the newest writing of a tariff to each meter is, so that it outlives the box (EMOP §22.3).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::compared::Difference;
use crate::domain::{Epoch, MeterId};
use crate::meter::emop::MeterTime;
use crate::meter::emop::tariff::FutureTariff;
use crate::meter::topup::Origin;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const WRITES: Ledger<TariffRow> = Ledger::new(schema::TARIFF_WRITES);

/// How much of an error is kept, in characters.
const DETAILS: usize = 300;

/// Objects of a tariff to come.
pub(super) const OBJECTS: u8 = 11;

/// How far a writing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TariffWriteState)]
pub enum WriteState {
    /// It is being written, or read back.
    Writing,
    /// It ended half-way: the same tariff again goes on there.
    Halted,
    /// The meter holds something else than was written.
    Differs,
    /// The meter holds all of it.
    Done,
}

impl WriteState {
    /// Its name in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            WriteState::Writing => "writing",
            WriteState::Halted => "halted",
            WriteState::Differs => "differs",
            WriteState::Done => "done",
        }
    }
}

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TariffRow {
    pub(super) meter: MeterId,
    /// The epoch of the book in which it was begun: a copy knows nothing of what was written since.
    pub(super) epoch: Epoch,
    pub(super) tariff: FutureTariff,
    pub(super) origin: Origin,
    pub(super) why: String,
    pub(super) made: Timestamp,
    pub(super) state: WriteState,
    /// When it came to that state.
    pub(super) since: Timestamp,
    /// Objects that the meter took, in their order.
    pub(super) written: u8,
    /// The moment of an older tariff to come that the meter held and that lay ahead: what is half-written begins then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) older: Option<MeterTime>,
    /// Why it is no further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<String>,
    /// What the meter holds otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) differs: Vec<Difference>,
}

impl TariffRow {
    /// It comes to a state.
    pub(super) fn becomes(&mut self, state: WriteState, trouble: Option<&str>, now: Timestamp) {
        (self.state, self.since) = (state, now);
        self.trouble = trouble.map(|why| why.chars().take(DETAILS).collect());
    }

    /// Whether the same tariff goes on where this one ended. In a copy of the book nobody knows where that was.
    fn goes_on_as(&self, tariff: &FutureTariff, epoch: Epoch) -> bool {
        let half = matches!(self.state, WriteState::Writing | WriteState::Halted);
        half && self.tariff == *tariff && self.epoch == epoch
    }
}

/// Begins a writing, or goes on with one of the same tariff that ended half-way.
pub(super) fn begin_on(page: &mut Page, mut row: TariffRow) -> Result<TariffRow, RowError> {
    if let Some(before) = WRITES.get_on(page, row.meter.as_str().as_bytes())?
        && before.goes_on_as(&row.tariff, row.epoch)
    {
        row.written = before.written;
    }
    put_on(page, &row)?;
    Ok(row)
}

/// Writes a row over the one of before.
pub(super) fn put_on(page: &mut Page, row: &TariffRow) -> Result<(), RowError> {
    WRITES.put_on(page, row.meter.as_str().as_bytes(), row)
}

/// Forgets what was written to a meter.
pub(super) fn forget_on(page: &mut Page, meter: &MeterId) {
    WRITES.delete_on(page, meter.as_str().as_bytes());
}

/// The newest writing to a meter.
pub(super) fn get(store: &Store, meter: &MeterId) -> Result<Option<TariffRow>, ReadError> {
    WRITES.get(store, meter.as_str().as_bytes())
}
