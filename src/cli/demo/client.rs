//! A small HTTPS client for the walk of `demo --once`: one connection, our own root.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::pki::pem;

/// A connection to the https door.
pub(super) struct Connection {
    sender: SendRequest<Empty<Bytes>>,
}

impl Connection {
    /// Connects, and believes only the root in `ca_file`.
    pub(super) async fn open(address: &str, ca_file: &Path) -> Result<Connection> {
        let mut roots = RootCertStore::empty();
        let text = std::fs::read(ca_file).context("reading the root certificate")?;
        for certificate in pem::certificates(&text).context("reading the root certificate")? {
            roots.add(certificate)?;
        }
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("connecting to {address}"))?;
        let name = ServerName::try_from("localhost")?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .context("shaking hands")?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with the connection, which ends with the walk"
        )]
        tokio::spawn(connection);
        Ok(Connection { sender })
    }

    /// One request; the answer must be 200 with JSON.
    pub(super) async fn ask(&mut self, method: &str, path: &str) -> Result<Value> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .body(Empty::new())?;
        self.sender.ready().await.context("the connection ended")?;
        let response = self
            .sender
            .send_request(request)
            .await
            .with_context(|| format!("{method} {path}"))?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(
            status == StatusCode::OK,
            "{method} {path} was answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(serde_json::from_slice(&body)?)
    }
}
