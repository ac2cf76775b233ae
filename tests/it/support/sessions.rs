//! Sessions whose password was asked for long ago.

use gatelodge::store::{Ledger, Options, Place, Store, schema};
use serde_json::Value;

use super::TestBox;

/// Has every session of the box be one whose password was asked for an hour ago. The box is stopped for it.
pub fn age_sessions(running: &mut TestBox) {
    const SESSIONS: Ledger<Value> = Ledger::new(schema::SESSIONS);
    running.stop();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let place = Place::in_data_dir(&running.dir.join("data"));
        let store = Store::open(Options::at(place)).unwrap();
        let long_ago = (store.now() - jiff::SignedDuration::from_hours(1)).to_string();
        let aged = store.write(move |page| {
            for (key, mut row) in SESSIONS.scan_on(page, &[], None, usize::MAX)? {
                row["proved"] = long_ago.clone().into();
                SESSIONS.put_on(page, &key, &row)?;
            }
            Ok::<_, gatelodge::store::RowError>(())
        });
        aged.await.unwrap();
        store.close().await;
    });
    running.run();
}
