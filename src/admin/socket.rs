//! The socket itself: who may connect, and one HTTP connection each.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The group whose members may run the command line against the box.
const GROUP: &str = "gatelodge";
/// Command lines served at once.
const CONNECTIONS: usize = 32;

/// The socket could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{what} the admin socket {}: {source}", .path.display())]
pub struct SocketError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// The open socket; its file is removed when this is dropped.
pub struct Listening {
    listener: UnixListener,
    path: PathBuf,
    gid: Option<u32>,
}

/// Opens the socket, in place of one that a dead box left behind.
pub fn listen(path: &Path) -> Result<Listening, SocketError> {
    let fault = |what| {
        move |source| SocketError {
            what,
            path: path.to_owned(),
            source,
        }
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(fault("making the folder of"))?;
    }
    match std::fs::symlink_metadata(path) {
        // The store's lock says that no other box runs here, so what stands here is left over.
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path).map_err(fault("replacing"))?,
        Ok(_) => {
            return Err(fault("opening")(io::Error::other(
                "something else stands there; move it away",
            )));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault("looking at")(error)),
    }
    let listener = UnixListener::bind(path).map_err(fault("opening"))?;
    let gid = group_id(GROUP);
    if let Some(gid) = gid {
        // Not every service user may give files to that group; then only root and the user come in.
        let given = std::os::unix::fs::chown(path, None, Some(gid));
        if let Err(error) = given {
            tracing::debug!(%error, group = GROUP, "the admin socket was not given to the group");
        }
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(fault("protecting"))?;
    Ok(Listening {
        listener,
        path: path.to_owned(),
        gid,
    })
}

impl Listening {
    /// Serves `router` to those who may, until it is told to stop.
    pub async fn serve(&self, router: Router, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "the admin socket could not accept");
                        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            if !self.may(&stream) {
                tracing::warn!(
                    uid = stream.peer_cred().map_or(u32::MAX, |peer| peer.uid()),
                    "was not let in at the admin socket"
                );
                continue;
            }
            connections.spawn(converse(stream, router.clone(), stop.clone()));
        }
        while connections.join_next().await.is_some() {}
    }

    /// Root, the service's own user, and the group may.
    fn may(&self, stream: &UnixStream) -> bool {
        let own = rustix::process::geteuid().as_raw();
        stream
            .peer_cred()
            .is_ok_and(|peer| peer.uid() == 0 || peer.uid() == own || Some(peer.gid()) == self.gid)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn converse(stream: UnixStream, router: Router, stop: CancellationToken) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(std::time::Duration::from_secs(10));
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a command line went away");
    }
}

/// The id of a group by the system's own list; a static binary asks no name service for it.
fn group_id(name: &str) -> Option<u32> {
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}
