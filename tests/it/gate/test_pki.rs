//! A PKI for one test, doors that use it, and TLS clients for them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gatelodge::pki::{Hierarchy, Issued, Pki, Request};
use gatelodge::store::{Options, Store};
use gatelodge::tls::{self, Authorities, Certificate, ClientTrust, Demand, Policy, Tls, Versions};
use jiff::Timestamp;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub struct TestPki {
    pub dir: TempDir,
    pub pki: Pki,
    pub now: Timestamp,
}

impl TestPki {
    pub async fn new() -> TestPki {
        tls::install_provider();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(dir.path().join("book"))).unwrap();
        let pki = Pki::open(dir.path().join("pki"), store).unwrap();
        let now = Timestamp::now();
        pki.init(now).await.unwrap();
        TestPki { dir, pki, now }
    }

    pub async fn issue(&self, hierarchy: Hierarchy, name: &str) -> Issued {
        self.pki
            .issue(Request::new(hierarchy, name), None, self.now)
            .await
            .unwrap()
    }

    pub async fn certificate(&self) -> Certificate {
        Certificate::own(&self.pki, Hierarchy::Server, "test", vec![])
            .await
            .unwrap()
    }

    /// Trust in the client hierarchy and our own revocations.
    pub fn trust(&self) -> ClientTrust {
        let roots = self.pki.roots(Hierarchy::Client).unwrap();
        ClientTrust::load(Authorities::Fixed(roots), None, Some(self.pki.revocations())).unwrap()
    }

    /// A door like `https`.
    pub async fn https(&self) -> Policy {
        Policy::Tls(Tls {
            certificate: self.certificate().await,
            versions: Versions::From12,
            challenges: None,
            clients: None,
        })
    }

    /// A door like `mtls`, or one that insists.
    pub async fn mtls(&self, trust: ClientTrust, demand: Demand) -> Policy {
        Policy::Tls(Tls {
            certificate: self.certificate().await,
            versions: Versions::Only13,
            challenges: None,
            clients: Some((trust, demand)),
        })
    }

    /// A client that trusts our servers and shows `identity`.
    pub fn client(&self, identity: Option<&Issued>) -> Client {
        let mut roots = RootCertStore::empty();
        for root in self.pki.roots(Hierarchy::Server).unwrap() {
            roots.add(root).unwrap();
        }
        let config = ClientConfig::builder().with_root_certificates(roots);
        let config = match identity {
            Some(issued) => {
                let chain = CertificateDer::pem_file_iter(&issued.chain).unwrap();
                let chain = chain.collect::<Result<_, _>>().unwrap();
                let key = PrivateKeyDer::from_pem_file(&issued.key).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
            None => config.with_no_client_auth(),
        };
        Client {
            config: Arc::new(config),
        }
    }
}

/// Speaks TLS and HTTP/1.1; keeps sessions for resumption.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// The same, remembering no session: its handshakes are full ones.
    pub fn forgetful(&self) -> Client {
        let mut config = (*self.config).clone();
        config.resumption = Resumption::disabled();
        Client {
            config: Arc::new(config),
        }
    }

    pub async fn connect(&self, addr: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(addr).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(self.config.clone()).connect(name, tcp).await
    }

    /// As [`Client::connect`], speaking HTTP/2 by ALPN.
    pub async fn connect_h2(&self, addr: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let mut config = (*self.config).clone();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let client = Client {
            config: Arc::new(config),
        };
        client.connect(addr).await
    }

    /// One request on a connection of its own: the whole answer, or how it failed.
    pub async fn get(&self, addr: SocketAddr, path: &str) -> io::Result<String> {
        let mut stream = self.connect(addr).await?;
        get(&mut stream, path, "close").await
    }
}

/// One request on `stream`. With TLS 1.3 a refused certificate shows here and not in the handshake.
pub async fn get(stream: &mut TlsStream<TcpStream>, path: &str, connection: &str) -> io::Result<String> {
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if whole(&text) {
            return Ok(text);
        }
        if stream.read_buf(&mut answer).await? == 0 {
            let early = io::Error::new(io::ErrorKind::UnexpectedEof, text);
            return Err(early);
        }
    }
}

/// Whether `text` is an answer with all of its body.
fn whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| body.len() >= length.parse().unwrap())
}
