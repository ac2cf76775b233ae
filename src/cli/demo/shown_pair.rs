//! What the demonstration's door for machines shows: a pair of files as its section names them, in which a certificate that
//! counts and one that has ended take turns. The box reads them as it reads anybody's.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::cli::CliError;
use crate::files::{FileError, read, write_private};
use crate::pki::{Hierarchy, Issued, Overwrite, Pki, Request};

/// How long the one lasted that has ended: it was issued twice as long ago.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Two certificates, and where the box looks for the one.
#[derive(Clone, Debug)]
pub(super) struct ShownPair {
    dir: PathBuf,
    sound: Files,
    ended: Files,
}

#[derive(Clone, Debug)]
struct Files {
    chain: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(issued: Issued) -> Files {
        Files {
            chain: issued.chain,
            key: issued.key,
        }
    }
}

/// The files that the section names: chain and key.
pub(super) fn named(dir: &Path) -> [PathBuf; 2] {
    ["chain.pem", "key.pem"].map(|name| dir.join("door").join(name))
}

impl ShownPair {
    /// Issues both, and shows the one that counts.
    pub(super) async fn issue(pki: &Pki, dir: &Path, now: Timestamp) -> Result<ShownPair, CliError> {
        let (sound, ended) = (dir.join("door/sound"), dir.join("door/ended"));
        let long_ago = now.saturating_sub(2 * LIFE).map_err(CliError::failed)?;
        let request = |lifetime| Request {
            hosts: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
            lifetime,
            overwrite: Overwrite::Yes,
            ..Request::new(Hierarchy::Server, "localhost")
        };
        let sound = pki
            .issue(request(None), Some(sound), now)
            .await
            .map_err(CliError::failed)?;
        let ended = pki.issue(request(Some(LIFE)), Some(ended), long_ago).await;
        let pair = ShownPair {
            dir: dir.to_owned(),
            sound: Files::of(sound),
            ended: Files::of(ended.map_err(CliError::failed)?),
        };
        pair.show(false).map_err(CliError::failed)?;
        Ok(pair)
    }

    /// Puts one of them where the box looks.
    pub(super) fn show(&self, ended: bool) -> Result<(), FileError> {
        let files = if ended { &self.ended } else { &self.sound };
        let [chain, key] = named(&self.dir);
        write_private(&key, read(&files.key)?.as_bytes())?;
        write_private(&chain, read(&files.chain)?.as_bytes())
    }
}
