//! Tariffs as they were last read, and read anew when somebody wants to know (EMOP §22.1).

use super::TariffError;
use super::compared::hex;
use super::ledger;
use super::shown::{SwitchesShown, TariffSeenShown, TariffShown, TariffWriteShown, TariffsShown, UNTOUCHED};
use crate::domain::{MeterId, Quality, Quantity};
use crate::meter::driver::{Rank, Syncer};
use crate::meter::emop::dialect::Request;
use crate::meter::reads::{self, Asking, ReadError};
use crate::meter::room::Meters;
use crate::meter::served::Questions;
use crate::store::meters::Meters as Registry;

impl Meters {
    /// What a meter charges and will charge, as it last said, and what was last written to it.
    pub fn tariffs(&self, meter: &MeterId) -> Result<TariffsShown, TariffError> {
        let shown = self.show(meter).map_err(|_| TariffError::UnknownMeter(meter.clone()))?;
        Ok(TariffsShown {
            active: TariffShown::of(shown.values.get(&Quantity::TariffsActive)),
            future: TariffShown::of(shown.values.get(&Quantity::TariffsFuture)),
            history: self.tariffs_seen(meter)?,
            time_switches: self.tariffs.switches().get(meter).cloned(),
            note: UNTOUCHED.to_owned(),
            write: self.tariff_write(meter)?,
            meter: shown.meter.serial,
        })
    }

    /// The tariffs that a meter has had, as far as the box has seen them, the newest first.
    fn tariffs_seen(&self, meter: &MeterId) -> Result<Vec<TariffSeenShown>, TariffError> {
        let mut seen = Registry::new(self.store.clone()).terms(meter)?;
        seen.reverse();
        let shown = seen.into_iter().map(|seen| TariffSeenShown {
            since: seen.since,
            seen: seen.seen,
            tariff: TariffShown::read(&seen.terms.tariff, seen.seen, Quality::Measured),
        });
        Ok(shown.collect())
    }

    /// How far the newest writing of a tariff is; `None`: there was none.
    pub fn tariff_write(&self, meter: &MeterId) -> Result<Option<TariffWriteShown>, TariffError> {
        let runs = self.tariffs.at_work().contains(meter);
        let row = ledger::get(&self.store, meter)?;
        Ok(row.map(|row| TariffWriteShown::of(row, runs)))
    }

    /// Asks a meter for both tariffs and its time switches now; what it says is on disk and shown before this ends.
    pub async fn read_tariffs(&self, meter: &MeterId) -> Result<TariffsShown, TariffError> {
        let served = self.tariffed(meter)?;
        let asking = Questions {
            served: &served,
            rank: Rank::People,
            limit: self.one_try() * 2,
        };
        let hardware = self.right_single_phase(&asking).await?;
        for syncer in [Syncer::TariffsActive, Syncer::TariffsFuture] {
            let before = served.live().state.clone();
            self.read_one(&asking, (syncer, hardware), &before).await?;
        }
        let mut switches = [None, None];
        let names = ["tariff_time_switch_element_a_or_single", "tariff_time_switch_element_b"];
        for (place, name) in names.into_iter().enumerate() {
            let object = self.dialect().catalogue().named(name);
            let object = object.expect("names in this program are names of the catalogue").id;
            switches[place] = match reads::payload(&asking, Request::Read(object)).await {
                Ok(payload) => Some(hex(&payload)),
                Err(ReadError::Asked(error)) if Questions::is_refusal(&error) => None,
                Err(error) => return Err(error.into()),
            };
        }
        let [element_a_or_single, element_b] = switches;
        let read = SwitchesShown {
            element_a_or_single,
            element_b,
            at: self.store.now(),
        };
        self.tariffs.switches().insert(meter.clone(), read);
        self.notes.on_disk().await;
        self.tariffs(meter)
    }
}
