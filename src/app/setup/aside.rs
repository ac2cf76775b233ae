//! Whether somebody set the setup aside, so that `/` leads to the building again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Ledger, ReadError, RowError, Store, WriteError, schema};

/// Under the empty key.
const SETUP: Ledger<Row> = Ledger::new(schema::SETUP);

#[derive(Serialize, Deserialize)]
struct Row {
    /// Absent: it is not set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aside: Option<Timestamp>,
}

/// What is remembered of the setup.
#[derive(Clone)]
pub(crate) struct SetAside(Store);

impl SetAside {
    pub(crate) fn new(store: Store) -> SetAside {
        SetAside(store)
    }

    /// Whether it is set aside.
    pub(crate) fn is(&self) -> Result<bool, ReadError> {
        Ok(SETUP.get(&self.0, b"")?.is_some_and(|row| row.aside.is_some()))
    }

    /// Sets it aside, or takes it up again.
    pub(super) async fn set(&self, aside: bool) -> Result<(), WriteError<RowError>> {
        let row = Row {
            aside: aside.then(|| self.0.now()),
        };
        self.0.write(move |page| SETUP.put_on(page, b"", &row)).await
    }
}
