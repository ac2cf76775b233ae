//! Steps five and six: backups with keys that restore, and the road to the cloud.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::desk::{Seen, SetupDesk};
use super::told::Told;
use crate::admin::KeysIn;
use crate::face::Face;
use crate::http::blocking;
use crate::texts::Texts;

/// What makes backups: a folder is let in, a key is written, which the box itself may not.
const MAKES: &str = "gatelodge quickstart --backup-to FOLDER";

/// Whether backups are made with keys, and one was restored.
pub(super) async fn backup(desk: &SetupDesk, seen: &Seen, (face, t): (&Face, Texts)) -> Vec<Told> {
    let Some(config) = &desk.backup else {
        return vec![
            Told::waits(t.say("setup-backup-none"))
                .next(t.say("setup-backup-next"))
                .command(MAKES),
        ];
    };
    let store = &seen.status.store;
    let at = |at| face.moment(t, at);
    let made = match (&store.backup_trouble, store.last_backup) {
        (Some(why), _) => {
            Told::wrong(t.say1("setup-backup-wrong", "why", why.as_str())).next(t.say("setup-backup-mend"))
        }
        (None, None) => Told::waits(t.say("setup-backup-waits")).next(t.say("setup-look-again")),
        (None, Some(made)) if store.last_backup_keys == Some(KeysIn::Sealed) => {
            Told::done(t.say1("setup-backup", "at", at(made)))
        }
        (None, Some(made)) => Told::waits(t.say1("setup-backup-bare", "at", at(made)))
            .next(t.say("setup-backup-keys"))
            .command(MAKES),
    };
    let mut told = vec![made];
    if let Some(folder) = config.folder()
        && on_one_disk(&desk.data_dir, folder).await == Some(true)
    {
        told.push(
            Told::waits(t.say("setup-backup-same-disk"))
                .next(t.say("setup-backup-next"))
                .command(MAKES),
        );
    }
    told.push(match &store.last_trial {
        Some(trial) => match &trial.fault {
            None => Told::done(t.say1("setup-restored", "at", at(trial.at))),
            Some(why) => Told::wrong(t.say1("setup-restored-wrong", "why", why.as_str())).command("gatelodge verify"),
        },
        None if config.test_restore.0.is_zero() => {
            Told::waits(t.say("setup-restored-never")).command("gatelodge doctor")
        }
        None => Told::waits(t.say("setup-restored-waits")).next(t.say("setup-look-again")),
    });
    told
}

/// A backup on the disk that it is to outlive is not much of one; `None`: one of the two cannot be looked at.
async fn on_one_disk(one: &Path, other: &Path) -> Option<bool> {
    let paths = [one.to_owned(), other.to_owned()];
    // A share that is away may not answer for long.
    let disks = blocking(|| paths.map(|path| std::fs::metadata(path).map(|about| about.dev()).ok()));
    let [one, other] = disks.await.ok()?;
    Some(one? == other?)
}

/// Whether the road to the cloud is open, where there is one.
pub(super) fn cloud(seen: &Seen, (face, t): (&Face, Texts)) -> Vec<Told> {
    let Some(shown) = &seen.status.uplink else {
        return vec![Told::done(t.say("setup-cloud-none")).command("gatelodge quickstart --uplink-url URL")];
    };
    let url = shown.url.as_str();
    vec![match (&shown.connected_since, &shown.last_error) {
        (Some(since), _) => Told::done(t.say2("setup-cloud", ("url", url), ("since", face.moment(t, *since)))),
        (None, Some(fault)) => Told::wrong(t.say2("setup-cloud-wrong", ("url", url), ("why", fault.what.as_str())))
            .command("gatelodge uplink test"),
        (None, None) => Told::waits(t.say1("setup-cloud-waits", "url", url)).next(t.say("setup-look-again")),
    }]
}
