//! Who a command is while it works in the data folder: root does that as the folder's owner.
//!
//! A file that root leaves there keeps the service from starting. Nothing is given away afterwards, since a link in
//! the folder could then give away any file of the machine; it is made by the right user from the start.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{Gid, Uid, getegid, geteuid, getgroups};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::CliError;
use crate::files;

/// The user that the package makes for the service.
const SERVICE: &str = "gatelodge";
/// Where the package has it keep its data.
const PACKAGED: &str = "/var/lib/gatelodge";

/// While this lives, this thread and those it starts are the owner of the data folder. It must be taken before the
/// command starts threads, and dropped in the thread that took it.
pub(super) struct AsOwner {
    /// What root was, to be again.
    before: Option<(Gid, Vec<Gid>)>,
}

impl AsOwner {
    /// Becomes the owner of `data_dir`, if this is root and the owner is somebody else.
    pub(super) fn of(data_dir: &Path) -> Result<AsOwner, CliError> {
        let stays = Ok(AsOwner { before: None });
        if !geteuid().is_root() {
            return stays;
        }
        let Some((uid, gid)) = owner(data_dir)? else {
            return stays;
        };
        let fault = |error: rustix::io::Errno| {
            CliError::failed(format_args!("{}: becoming its owner: {error}", data_dir.display()))
        };
        let before = (getegid(), getgroups().map_err(fault)?);
        set_thread_groups(&[gid]).map_err(fault)?;
        set_thread_res_gid(None::<Gid>, gid, None::<Gid>).map_err(fault)?;
        set_thread_res_uid(None::<Uid>, uid, None::<Uid>).map_err(fault)?;
        Ok(AsOwner { before: Some(before) })
    }
}

impl Drop for AsOwner {
    fn drop(&mut self) {
        let Some((gid, groups)) = self.before.take() else {
            return;
        };
        let again = set_thread_res_uid(None::<Uid>, Uid::ROOT, None::<Uid>)
            .and_then(|()| set_thread_res_gid(None::<Gid>, gid, None::<Gid>))
            .and_then(|()| set_thread_groups(&groups));
        if let Err(error) = again {
            // What is still to be written then fails by itself, and says so.
            tracing::warn!(%error, "could not be root again");
        }
    }
}

/// Root must not run the box on another's folder.
pub(super) fn must_be_ours(data_dir: &Path) -> Result<(), CliError> {
    match geteuid().is_root().then(|| owner(data_dir)).transpose()?.flatten() {
        None => Ok(()),
        Some((uid, _)) => Err(CliError::refused(format_args!(
            "{} belongs to user {}: what root writes there would keep the service from starting",
            data_dir.display(),
            uid.as_raw()
        ))
        .hint("systemctl start gatelodge, or run it as that user: sudo -u gatelodge gatelodge serve")),
    }
}

/// The first file in `data_dir` that is not this user's, for a start that was not let in.
pub(super) fn foreign(data_dir: &Path) -> Option<std::path::PathBuf> {
    let own = geteuid().as_raw();
    let mut folders = vec![data_dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            return Some(folder);
        };
        for entry in entries.flatten() {
            let Ok(about) = entry.metadata() else { continue };
            if about.uid() != own {
                return Some(entry.path());
            }
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    None
}

/// Who owns the data folder, when that is not root; the folder of the package is made for the service's user.
fn owner(data_dir: &Path) -> Result<Option<(Uid, Gid)>, CliError> {
    let fault = |error: &dyn std::fmt::Display| CliError::failed(format_args!("{}: {error}", data_dir.display()));
    if !data_dir.exists() && data_dir == Path::new(PACKAGED) {
        let Some((uid, gid)) = service() else { return Ok(None) };
        files::make_private(data_dir).map_err(CliError::failed)?;
        std::os::unix::fs::chown(data_dir, Some(uid), Some(gid)).map_err(|error| fault(&error))?;
    }
    match std::fs::metadata(data_dir) {
        Ok(about) if about.uid() != 0 => Ok(Some((Uid::from_raw(about.uid()), Gid::from_raw(about.gid())))),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(&error)),
    }
}

/// The service's user and group by the system's own list; a static binary asks no name service for them.
fn service() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(SERVICE)).then(|| Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?)))?
    })
}
