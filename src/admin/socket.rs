//! The socket itself: who may connect, and one HTTP connection each.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::problem::AdminError;
use crate::files::make_shared;
use crate::http::{Lingering, closing};

/// The group whose members may run the command line against the box.
const GROUP: &str = "gatelodge";
/// Connections that one user may have open at once.
const CONNECTIONS: usize = 32;
/// How long a connection may be silent before it asks something.
const SILENCE: Duration = Duration::from_secs(5);

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
        make_shared(folder).map_err(|error| fault("making the folder of")(error.into_source()))?;
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
    // Who may is the file's to say: its owner, and its group, as whoever connects has it.
    if let Some(gid) = group_id(GROUP) {
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
    })
}

impl Listening {
    /// Serves `router` to those whom the file lets in, until it is told to stop. Nobody who connects and says nothing
    /// keeps another user out.
    pub async fn serve(&self, router: Router, stop: CancellationToken) {
        let router = closing(router.route("/alive", get(async || StatusCode::NO_CONTENT)));
        let mut connections = JoinSet::new();
        let places: Arc<Mutex<BTreeMap<u32, usize>>> = Arc::default();
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "the admin socket could not accept");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let uid = stream.peer_cred().map_or(u32::MAX, |peer| peer.uid());
            let router = match Place::take(&places, uid) {
                Some(place) => (router.clone(), Some(place)),
                None => (closing(Router::new().fallback(async || too_many())), None),
            };
            connections.spawn(converse(stream, router, stop.clone()));
        }
        while connections.join_next().await.is_some() {}
    }
}

/// A user's connection, until it is dropped.
struct Place {
    places: Arc<Mutex<BTreeMap<u32, usize>>>,
    uid: u32,
}

impl Place {
    /// `None`: this user has as many as one may have. Users are as many as the group has members.
    fn take(places: &Arc<Mutex<BTreeMap<u32, usize>>>, uid: u32) -> Option<Place> {
        let mut taken = places.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(uid).or_default();
        if *count >= CONNECTIONS {
            return None;
        }
        *count += 1;
        Some(Place {
            places: Arc::clone(places),
            uid,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.uid) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.uid);
            }
        }
    }
}

fn too_many() -> AdminError {
    AdminError::unavailable(format!("your user has {CONNECTIONS} connections open here already"))
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn converse(stream: UnixStream, (router, place): (Router, Option<Place>), stop: CancellationToken) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(match place {
        Some(_) => SILENCE,
        None => Duration::from_secs(1),
    });
    let connection = http.serve_connection(TokioIo::new(Lingering::new(stream)), TowerToHyperService::new(router));
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
