//! The command line's side: over the socket to a running box, or straight into the router without one.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::UnixStream;
use tower::ServiceExt;

/// The way to a box.
#[derive(Clone)]
pub enum Client {
    /// A running box behind its socket.
    Socket(PathBuf),
    /// No running box: the data folder was opened here.
    Direct(Router),
}

/// A command did not work.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// This user is not let in.
    #[error("the box runs, and its admin socket {} is closed to this user", .path.display())]
    NotLetIn {
        /// The socket that was tried.
        path: PathBuf,
    },
    /// It was reached, and gives no sign of life.
    #[error("the box at {} gives no sign of life: it did not answer within {} s", .path.display(), LIFE.as_secs())]
    Silent {
        /// Its socket.
        path: PathBuf,
    },
    /// Nobody answers.
    #[error("no running box at {}: {source}", .path.display())]
    NotReachable {
        /// The socket that was tried.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The box went away in the middle.
    #[error("the box did not answer: {0}")]
    Broken(#[from] hyper::Error),
    /// The box said no.
    #[error("{detail}")]
    Refused {
        /// With this status.
        status: StatusCode,
        /// What kind of problem it is, such as `meter-silent`; empty when the answer did not say.
        kind: String,
        /// For this reason.
        detail: String,
    },
    /// What the box sent could not be written.
    #[error("writing {}: {source}", .path.display())]
    Written {
        /// To this file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The box said something that this command does not understand.
    #[error("the box answered in a form this version does not know: {0}")]
    Form(#[from] serde_json::Error),
}

impl Client {
    /// Looks whether a box answers at `path`.
    pub async fn reach(path: &Path) -> Result<Client, ClientError> {
        connect(path).await?;
        Ok(Client::Socket(path.to_owned()))
    }

    /// Asks, and reads the answer as JSON (`null` when it is empty).
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, ClientError> {
        let bytes = self.fetch(method, path, body).await?;
        let bytes = if bytes.is_empty() {
            Bytes::from_static(b"null")
        } else {
            bytes
        };
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Asks, and takes the answer's body as it is.
    pub async fn fetch(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Bytes, ClientError> {
        let response = self.send(method, path, body).await?;
        let status = response.status();
        let bytes = self.waiting(response.into_body().collect()).await?;
        let bytes = bytes.map_err(axum_error)?.to_bytes();
        if status.is_success() {
            Ok(bytes)
        } else {
            Err(refusal(status, &bytes))
        }
    }

    /// Asks, and writes the answer's body to the open file, whose name is `path` in errors. Says how far it is on the
    /// way. Answers its length; the file is not synced yet.
    pub async fn fetch_into(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        (name, file): (&Path, &mut impl Write),
        mut progress: impl FnMut(u64),
    ) -> Result<u64, ClientError> {
        let written = |source| ClientError::Written {
            path: name.to_owned(),
            source,
        };
        let response = self.send(method, path, body).await?;
        let status = response.status();
        let mut body = response.into_body();
        if !status.is_success() {
            return Err(refusal(status, &body.collect().await.map_err(axum_error)?.to_bytes()));
        }
        let mut bytes = 0;
        while let Some(frame) = self.waiting(body.frame()).await? {
            let Ok(data) = frame.map_err(axum_error)?.into_data() else {
                continue;
            };
            // A command waits for nothing else meanwhile.
            file.write_all(&data).map_err(written)?;
            bytes += data.len() as u64;
            progress(bytes);
        }
        Ok(bytes)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<hyper::Response<Body>, ClientError> {
        let bytes = body
            .map(|body| serde_json::to_vec(body).expect("a JSON value is JSON"))
            .unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "gatelodge")
            .header("content-type", "application/json")
            .body(Body::from(bytes))
            .expect("paths of commands are percent-encoded");
        match self {
            Client::Direct(router) => match router.clone().oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
            Client::Socket(path) => self.waiting(exchange(path, request)).await?,
        }
    }

    /// Waits as long as it takes, while the box lives; that is asked on another line.
    async fn waiting<T>(&self, work: impl Future<Output = T>) -> Result<T, ClientError> {
        tokio::pin!(work);
        let Client::Socket(path) = self else {
            return Ok(work.await);
        };
        loop {
            tokio::select! {
                done = work.as_mut() => return Ok(done),
                () = tokio::time::sleep(PATIENCE) => lives(path).await?,
            }
        }
    }
}

/// How long the box has for a sign of life.
const LIFE: Duration = Duration::from_secs(10);
/// How long an answer is waited for before it is asked whether the box lives at all.
const PATIENCE: Duration = Duration::from_secs(3);

/// One request and the head of its answer.
async fn exchange(path: &Path, request: Request<Body>) -> Result<hyper::Response<Body>, ClientError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(connect(path).await?)).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the connection, which ends with the command"
    )]
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.map(Body::new))
}

/// Asks whether the box does anything at all.
async fn lives(path: &Path) -> Result<(), ClientError> {
    let request = Request::get("/alive").header("host", "gatelodge").body(Body::empty());
    let request = request.expect("its parts are right");
    match tokio::time::timeout(LIFE - PATIENCE, exchange(path, request)).await {
        Ok(answer) => answer.map(drop),
        Err(_) => Err(ClientError::Silent { path: path.to_owned() }),
    }
}

async fn connect(path: &Path) -> Result<UnixStream, ClientError> {
    let began = Instant::now();
    loop {
        let error = match UnixStream::connect(path).await {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied => return Err(ClientError::NotLetIn { path }),
            // The queue before its door is full.
            io::ErrorKind::WouldBlock if began.elapsed() < LIFE => tokio::time::sleep(Duration::from_millis(50)).await,
            io::ErrorKind::WouldBlock => return Err(ClientError::Silent { path }),
            _ => return Err(ClientError::NotReachable { path, source: error }),
        }
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> ClientError {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = problem["detail"]
        .as_str()
        .or(problem["title"].as_str())
        .map(str::to_owned);
    let detail = words.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
    let kind = problem["type"].as_str().unwrap_or_default();
    let kind = kind.trim_start_matches("/problems/").to_owned();
    ClientError::Refused { status, kind, detail }
}

fn axum_error(error: axum::Error) -> ClientError {
    ClientError::Refused {
        status: StatusCode::BAD_GATEWAY,
        kind: String::new(),
        detail: error.to_string(),
    }
}
