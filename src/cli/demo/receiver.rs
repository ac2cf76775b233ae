//! The demonstration's receiver of messages: what an application has at its `message_url`. It wants a certificate of the
//! box's client authority, writes each message into a file and says that it came.

use std::convert::Infallible;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::cli::{CliError, print};
use crate::files;
use crate::pki::{Hierarchy, Overwrite, Pki, Request as Wanted, pem};

/// The longest message, in bytes.
const LONGEST: usize = 64 << 10;

/// A receiver that listens, but does not answer yet.
pub(super) struct Receiver {
    listener: TcpListener,
    port: u16,
    /// Where it writes what comes, a line each.
    pub(super) file: PathBuf,
}

/// What it shows; what the box shows lies in files.
pub(super) struct Pair {
    tls: TlsAcceptor,
}

impl Receiver {
    /// Binds its port; 0: any.
    pub(super) fn listen(dir: &Path, port: u16) -> Result<Receiver, CliError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(CliError::failed)?;
        listener.set_nonblocking(true).map_err(CliError::failed)?;
        let port = listener.local_addr().map_err(CliError::failed)?.port();
        Ok(Receiver {
            listener,
            port,
            file: dir.join("messages.jsonl"),
        })
    }

    /// Where it takes messages.
    pub(super) fn url(&self) -> String {
        format!("https://localhost:{}/perseus/messages", self.port)
    }

    /// Takes messages for as long as the runtime lives; `say`: people are told of each.
    pub(super) fn start(&self, on: &tokio::runtime::Handle, pair: &Pair, say: bool) -> Result<(), CliError> {
        let listener = self.listener.try_clone().map_err(CliError::failed)?;
        let (tls, file) = (pair.tls.clone(), self.file.clone());
        on.spawn(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                return;
            };
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while open.try_join_next().is_some() {}
                let (tls, file) = (tls.clone(), file.clone());
                open.spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let answer = service_fn(move |request| taken(request, file.clone(), say));
                    // A sender that goes away in the middle is told nothing.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                });
            }
        });
        Ok(())
    }
}

async fn taken(request: Request<Incoming>, file: PathBuf, say: bool) -> Result<Response<Empty<Bytes>>, Infallible> {
    let answer = |status: StatusCode| {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        Ok(response)
    };
    let Ok(body) = Limited::new(request.into_body(), LONGEST).collect().await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let message = serde_json::from_slice::<serde_json::Value>(&body.to_bytes());
    let Some(message) = message.ok().filter(|message| message.get("ib1:message").is_some()) else {
        return answer(StatusCode::BAD_REQUEST);
    };
    let line = serde_json::json!({ "at": format!("{:.0}", Timestamp::now()), "message": message });
    let written = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut open| writeln!(open, "{line}"));
    if written.is_err() {
        return answer(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if say {
        let body = &message["body"];
        print::line(format_args!(
            "the application was told: account {} withdrew its permission at {} ({})",
            body["account"].as_str().unwrap_or_default(),
            body["revoked"].as_str().unwrap_or_default(),
            file.display()
        ));
    }
    answer(StatusCode::OK)
}

impl Pair {
    /// Certificates of both.
    pub(super) async fn issue(pki: &Pki, dir: &Path, now: Timestamp) -> Result<Pair, CliError> {
        let wanted = |hierarchy, name: &str| Wanted {
            overwrite: Overwrite::Yes,
            ..Wanted::new(hierarchy, name)
        };
        let out = dir.join("messages");
        let server = pki
            .issue(wanted(Hierarchy::Server, "localhost"), Some(out.clone()), now)
            .await;
        let server = server.map_err(CliError::failed)?;
        let client = pki.issue(wanted(Hierarchy::Client, "demo-box"), Some(out), now).await;
        client.map_err(CliError::failed)?;
        let mut roots = RootCertStore::empty();
        for root in pki.roots(Hierarchy::Client).map_err(CliError::failed)? {
            roots.add(root).map_err(CliError::failed)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.build().map_err(CliError::failed)?;
        let read = |path: &Path| files::read(path).map_err(CliError::failed);
        let chain = pem::certificates(read(&server.chain)?.as_bytes()).map_err(CliError::failed)?;
        let key = pem::private_key(read(&server.key)?.as_bytes()).map_err(CliError::failed)?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(CliError::failed)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .map_err(CliError::failed)?;
        Ok(Pair {
            tls: TlsAcceptor::from(Arc::new(config)),
        })
    }
}
