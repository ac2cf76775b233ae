//! Rows of the uplink's own.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use tokio::time::{MissedTickBehavior, interval};

use crate::accounts::random;
use crate::domain::Event;
use crate::http::Rate;
use crate::store::{Ledger, ReadError, RowError, Store, WriteError, schema};

const COUNT: Ledger<u64> = Ledger::new(schema::UPLINK_SELF_TEST);
const NAME: Ledger<Name> = Ledger::new(schema::UPLINK_NAME);

/// What the box calls itself.
#[derive(Clone, Serialize, Deserialize)]
struct Name {
    client_id: String,
}

/// The uplink's own rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Not written.
    #[error(transparent)]
    Write(#[from] WriteError<RowError>),
}

/// Says a number that rises by one, at this rate, for ever: the number and the word that it was said are one change.
pub(super) async fn count_up(store: &Store, rate: Rate) -> LedgerError {
    let Rate::Per { count, unit } = rate else {
        return std::future::pending().await;
    };
    let mut ticks = interval(unit.duration() / count.get());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let said = store
            .write_bulk(|page| {
                let count = COUNT.get_on(page, &[])?.unwrap_or(0) + 1;
                COUNT.put_on(page, &[], &count)?;
                page.record(Event::SelfTest { count });
                Ok(())
            })
            .await;
        match said {
            Ok(()) | Err(WriteError::Busy | WriteError::DiskFull) => {}
            Err(error) => return error.into(),
        }
    }
}

/// A name that is made once and never changes: brokers and platforms know the box by it.
pub(super) async fn made_name(store: &Store) -> Result<String, LedgerError> {
    if let Some(name) = NAME.get(store, &[])? {
        return Ok(name.client_id);
    }
    let name = Name {
        client_id: format!("gatelodge-{}", HEXLOWER.encode(&random::<4>())),
    };
    let row = name.clone();
    store.write(move |page| NAME.put_on(page, &[], &row)).await?;
    Ok(name.client_id)
}
