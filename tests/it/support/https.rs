//! An HTTP/1.1 client over rustls that sends a path exactly as it is given, and shows all that came back.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// A connection to a door.
pub struct Https {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, if it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Believes the root in `ca_file`, and shows `identity` (chain and key, PEM) when asked.
pub fn config(ca_file: &Path, identity: Option<(&Path, &Path)>) -> ClientConfig {
    gatelodge::tls::install_provider();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::pem_file_iter(chain)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            builder
                .with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
                .unwrap()
        }
    }
}

impl Https {
    /// Connects to `address` as to `localhost`.
    pub fn connect(address: SocketAddr, config: ClientConfig) -> std::io::Result<Https> {
        Https::connect_as(address, "localhost", config)
    }

    /// Connects to `address` as to `name`.
    pub fn connect_as(address: SocketAddr, name: &'static str, config: ClientConfig) -> std::io::Result<Https> {
        Https::over(TcpStream::connect(address)?, name, config)
    }

    /// Speaks to `name` over a stream that is connected already.
    pub fn over(stream: TcpStream, name: &'static str, config: ClientConfig) -> std::io::Result<Https> {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(name).unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
        Ok(Https {
            stream: BufReader::new(StreamOwned::new(connection, stream)),
        })
    }

    /// Sends one request without a body and reads its answer.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.try_ask(method, path, headers, b"")
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends one request and reads its answer.
    pub fn try_ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        self.send(method, path, headers, body)?;
        self.answer(method == "HEAD")
    }

    /// Sends one request and reads nothing yet.
    pub fn begin(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) {
        self.send(method, path, headers, b"").unwrap();
    }

    /// Begins a form of `length` bytes; when this returns, the box waits for its body.
    pub fn begin_form(&mut self, path: &str, length: usize) {
        let length = length.to_string();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", length.as_str()),
            ("expect", "100-continue"),
        ];
        self.begin("POST", path, &headers);
        assert_eq!(self.line().unwrap(), "HTTP/1.1 100 Continue");
        assert_eq!(self.line().unwrap(), "");
    }

    /// Sends the body that the request before announced, and reads the answer.
    pub fn end_form(&mut self, body: &[u8]) -> std::io::Result<Answer> {
        self.stream.get_mut().write_all(body)?;
        self.stream.get_mut().flush()?;
        self.answer(false)
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<()> {
        let mut request = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes())?;
        stream.write_all(body)?;
        stream.flush()
    }

    fn answer(&mut self, head_only: bool) -> std::io::Result<Answer> {
        let status_line = self.line()?;
        let mut words = status_line.splitn(3, ' ');
        let (_, status) = (words.next(), words.next().and_then(|status| status.parse().ok()));
        let status = status.ok_or_else(|| std::io::Error::other(format!("not a status line: {status_line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let is_stream = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        if head_only || is_stream || status == 204 || status == 304 {
            return Ok(answer);
        }
        if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().map_err(std::io::Error::other)?];
            self.stream.read_exact(&mut answer.body)?;
        } else if answer.header("transfer-encoding").is_some() {
            answer.body = self.chunks()?;
        } else {
            self.stream.read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }

    fn chunks(&mut self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.line()?.trim(), 16).map_err(std::io::Error::other)?;
            let start = body.len();
            body.resize(start + length, 0);
            self.stream.read_exact(&mut body[start..])?;
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    /// What is left of an answer in pieces, whose head was read.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        self.chunks()
    }

    /// The certificate that the door showed.
    pub fn certificate(&self) -> CertificateDer<'static> {
        let shown = self.stream.get_ref().conn.peer_certificates();
        shown.expect("the handshake is over once something was answered")[0]
            .clone()
            .into_owned()
    }

    /// One line of what comes, without its end.
    pub fn line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}
