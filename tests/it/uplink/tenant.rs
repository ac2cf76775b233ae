//! The HTTP side of a tenant that is not there: events, files that hang on them, files to be fetched, and redirects
//! that lead elsewhere. It writes down who came with what.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::broker::Broker;

/// What somebody asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
    pub chain: Option<String>,
    pub body: Bytes,
}

#[derive(Clone, Default)]
struct Shared {
    asked: Arc<Mutex<Vec<Asked>>>,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

/// It listens until it is dropped.
pub struct Tenant {
    pub port: u16,
    shared: Shared,
    // Dropped from within a test's own runtime it must not wait.
    runtime: Option<Runtime>,
}

impl Tenant {
    /// One with the broker's certificate, for `localhost`.
    pub fn start(broker: &Broker) -> Tenant {
        gatelodge::tls::install_provider();
        let chain = CertificateDer::pem_file_iter(broker.file("localhost", "chain")).unwrap();
        let key = PrivateKeyDer::from_pem_file(broker.file("localhost", "key")).unwrap();
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain.map(Result::unwrap).collect(), key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Shared::default();
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(shared.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (line, _) = listener.accept().await.unwrap();
                let (acceptor, router) = (acceptor.clone(), router.clone());
                tokio::spawn(async move {
                    let Ok(line) = acceptor.accept(line).await else { return };
                    let service = TowerToHyperService::new(router);
                    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(line), service).await;
                });
            }
        });
        Tenant {
            port,
            shared,
            runtime: Some(runtime),
        }
    }

    /// Keys of the section `[uplink]` that lead here.
    pub fn keys(&self) -> String {
        let port = self.port;
        format!(
            "http_url = \"https://localhost:{port}\"\n\
             token_url = \"https://localhost:{port}/devicecontrol/deviceAccessToken\"\n"
        )
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// Puts a file where it can be fetched; its address.
    pub fn file(&self, name: &str, bytes: impl Into<Vec<u8>>) -> String {
        let path = format!("/files/{name}");
        self.shared.files.lock().unwrap().insert(path.clone(), bytes.into());
        self.url(&path)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The last that was asked for this path.
    pub fn last(&self, path: &str) -> Option<Asked> {
        self.asked().into_iter().rev().find(|asked| asked.path == path)
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let word = |name: &str| {
        let value = head.headers.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        authorization: word("authorization"),
        chain: word("x-ssl-cert-chain"),
        body: body.collect().await.unwrap().to_bytes(),
    };
    shared.asked.lock().unwrap().push(asked.clone());
    let stale = asked.authorization.as_deref() == Some("Bearer stale");
    match (asked.method.as_str(), asked.path.as_str()) {
        _ if stale => StatusCode::UNAUTHORIZED.into_response(),
        ("POST", "/event/events") => (StatusCode::CREATED, r#"{"id":"77"}"#).into_response(),
        ("POST", "/event/events/77/binaries") => (StatusCode::CREATED, "{}").into_response(),
        ("POST", "/devicecontrol/deviceAccessToken") => r#"{"accessToken":"by-certificate"}"#.into_response(),
        ("GET", "/elsewhere") => (
            StatusCode::FOUND,
            [(header::LOCATION, format!("https://127.0.0.1:{}/files/x", 1))],
        )
            .into_response(),
        ("GET", "/round") => (StatusCode::FOUND, [(header::LOCATION, "/round")]).into_response(),
        ("GET", path) => match shared.files.lock().unwrap().get(path) {
            Some(bytes) => bytes.clone().into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
