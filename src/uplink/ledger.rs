//! Rows of the uplink's own.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::accounts::random;
use crate::store::{Ledger, ReadError, RowError, Store, WriteError, schema};

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
