//! Files of configuration that the cloud sent and that are in force (UPLINK §2.7).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::host::Section;
use crate::store::{Ledger, ReadError, RowError, Store, WriteError, schema};

const INSTALLED: Ledger<Installed> = Ledger::new(schema::UPLINK_INSTALLED);

/// A file of configuration that the cloud sent and that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Which part it is.
    pub kind: String,
    /// Where it came from, without what follows the path: that can be a secret.
    pub url: String,
    /// The last part of its path.
    pub name: String,
    /// When it was taken over.
    pub at: Timestamp,
}

/// Every such file, by type.
pub fn all(store: &Store) -> Result<Vec<Installed>, ReadError> {
    let rows = INSTALLED.scan(store, &[], None, Section::TYPES.len())?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Remembers one, in place of the one before it.
pub async fn remember(store: &Store, file: Installed) -> Result<(), WriteError<RowError>> {
    store
        .write(move |page| INSTALLED.put_on(page, file.kind.as_bytes(), &file))
        .await
}
