//! Whether there is a backup, and whether one that is made now restores: it is read to its end, as a restore reads it.

use hyper::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::admin::{Client, Keys, KeysIn, StoreShown};
use crate::files::{Readers, Unfinished};
use crate::store::{Place, Unseal, restore_dry_run};
use crate::tls::Step;

/// A backup that is older is not much of one.
const OLD: SignedDuration = SignedDuration::from_hours(8 * 24);

pub(super) async fn look(patient: &Patient, quick: bool) -> Vec<Step> {
    let Some((client, status)) = &patient.running else {
        return Vec::new();
    };
    let mut steps = vec![last(patient, &status.store)];
    steps.extend(keys(&status.store));
    steps.extend(tried(&status.store));
    if !quick {
        steps.push(restores(patient, client).await);
    }
    steps
}

fn last(patient: &Patient, store: &StoreShown) -> Step {
    let next = match patient.config.backup {
        Some(_) => "see why: gatelodge status",
        None => "set [backup] directory to another disk, or: gatelodge backup FILE --key-file FILE",
    };
    match store.last_backup {
        None => bad("last", "there is no backup: what breaks is gone", next),
        Some(at) if Timestamp::now().duration_since(at) > OLD => doubt("last", format_args!("it is of {at:.0}"), next),
        Some(at) => good("last", format_args!("it is of {at:.0}")),
    }
}

fn keys(store: &StoreShown) -> Option<Step> {
    let words = "the last backup holds no keys: a box that is restored from it has new authorities, and every client needs a \
                 new certificate";
    match store.last_backup_keys? {
        KeysIn::Sealed => Some(good("keys", "they are in it, sealed")),
        KeysIn::LeftOut => Some(doubt(
            "keys",
            words,
            "gatelodge backup FILE --key-file FILE (age-keygen makes one)",
        )),
    }
}

/// What came of the last one that was restored for trial.
fn tried(store: &StoreShown) -> Option<Step> {
    let trial = store.last_trial.as_ref()?;
    Some(match &trial.fault {
        None => good(
            "trial",
            format_args!("{} was restored for trial at {:.0}, and is whole", trial.of, trial.at),
        ),
        Some(fault) => bad(
            "trial",
            format_args!(
                "{} could not be restored for trial at {:.0}: {fault}",
                trial.of, trial.at
            ),
            "look at the disk that backups are on, and make one to another: gatelodge backup FILE",
        ),
    })
}

/// Makes one now, without keys, reads it as a restore would, and throws it away.
async fn restores(patient: &Patient, client: &Client) -> Step {
    let place = Place::in_data_dir(&patient.config.data_dir);
    let next = "gatelodge verify says what is damaged";
    let path = std::env::temp_dir().join("gatelodge-doctor.backup");
    let mut unfinished = match Unfinished::create(&path, Readers::Owner) {
        Ok(unfinished) => unfinished,
        Err(error) => return doubt("restores", error, "set TMPDIR to a folder with room"),
    };
    let wanted = json!({ "keys": Keys::LeftOut });
    let into = (path.as_path(), unfinished.file());
    let made = client
        .fetch_into(Method::POST, "/backup", Some(&wanted), into, |_| {})
        .await;
    let bytes = match made {
        Ok(bytes) => bytes,
        Err(error) => return bad("restores", error, next),
    };
    // It is read by a handle of its own, from its beginning.
    let file = match unfinished.file().try_clone() {
        Ok(file) => file,
        Err(error) => return doubt("restores", error, ""),
    };
    let read = tokio::task::spawn_blocking(move || restore_dry_run(file, &path, &place, &Unseal::LeaveOut));
    match read.await {
        Ok(Ok(_)) => good(
            "restores",
            format_args!(
                "one that was made just now ({} KiB, without keys) can be restored: it was read to its end",
                bytes.div_ceil(1024)
            ),
        ),
        Ok(Err(error)) => bad("restores", error, next),
        Err(error) => bad("restores", error, next),
    }
}
