//! A certificate authority that does wrong: Pebble, behind a proxy that changes or holds back what it says.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer};
use rustls::{ClientConfig, ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use super::https::{Answer, Https, config};
use super::newer::Newer;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It issues for `elsewhere.example.org`, with the key that was asked for.
    WrongName,
    /// What it issues begins tomorrow.
    BeginsTomorrow,
    /// It takes 400 ms for every answer.
    Slow,
    /// It takes no more orders today.
    Limited,
    /// Its directory is an endless text.
    Endless,
    /// Its directory names an address in clear, on this machine.
    InClear(u16),
    /// Its directory is the login page of a network.
    LoginPage,
    /// It sends elsewhere, as the gate of a network does.
    Elsewhere,
    /// Nothing: it offers what newer servers do.
    Newer,
}

/// What every connection shares.
struct Meddling {
    fault: Fault,
    pebble: SocketAddr,
    trust: ClientConfig,
    newer: Newer,
    /// The last request for a certificate that came by.
    wanted: Mutex<Option<Vec<u8>>>,
}

/// Starts it before the Pebble at `pebble`, with that one's identity out of `folder`; answers its port.
pub fn start(fault: Fault, pebble: SocketAddr, (folder, root): (&Path, &Path)) -> u16 {
    let chain = CertificateDer::pem_file_iter(folder.join("pebble.chain.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("pebble.key.pem")).unwrap();
    let identity = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    let meddling = Arc::new(Meddling {
        fault,
        pebble,
        trust: config(root, None),
        newer: Newer::new(folder),
        wanted: Mutex::default(),
    });
    let (identity, listener) = (Arc::new(identity), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let (identity, meddling) = (identity.clone(), meddling.clone());
            std::thread::spawn(move || {
                let connection = ServerConnection::new(identity).unwrap();
                // A client that goes away ends its connection and nothing else.
                let _ = meddling.serve(StreamOwned::new(connection, tcp));
            });
        }
    });
    port
}

/// A request as it came.
struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Meddling {
    fn serve(&self, stream: StreamOwned<ServerConnection, TcpStream>) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(asked) = read(&mut stream)? {
            let answer = self.answer(&asked)?;
            let mut head = format!(
                "HTTP/1.1 {} x\r\ncontent-length: {}\r\n",
                answer.status,
                answer.body.len()
            );
            let framing = ["content-length", "transfer-encoding", "connection"];
            for (name, value) in answer
                .headers
                .iter()
                .filter(|(name, _)| !framing.contains(&name.as_str()))
            {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            let stream = stream.get_mut();
            stream.write_all(head.as_bytes())?;
            if asked.method != "HEAD" {
                stream.write_all(&answer.body)?;
            }
            stream.flush()?;
        }
        Ok(())
    }

    fn answer(&self, asked: &Asked) -> std::io::Result<Answer> {
        if self.fault == Fault::Slow {
            std::thread::sleep(Duration::from_millis(400));
        }
        let kind = |kind: &str| vec![("content-type".to_owned(), kind.to_owned())];
        let instead = match self.fault {
            Fault::LoginPage => Some((
                200,
                kind("text/html"),
                "<!doctype html><p>Welcome to the hotel</p>".to_owned(),
            )),
            Fault::Elsewhere => Some((
                302,
                vec![("location".to_owned(), "https://portal.example/".to_owned())],
                String::new(),
            )),
            Fault::Endless => Some((200, kind("application/json"), " ".repeat(4 << 20))),
            Fault::InClear(port) => {
                let directory = serde_json::json!({
                    "newNonce": format!("http://127.0.0.1:{port}/nonce"),
                    "newAccount": format!("http://127.0.0.1:{port}/account"),
                    "newOrder": format!("http://127.0.0.1:{port}/order"),
                });
                Some((200, kind("application/json"), directory.to_string()))
            }
            Fault::WrongName | Fault::BeginsTomorrow | Fault::Slow | Fault::Limited | Fault::Newer => None,
        };
        if let Some((status, headers, body)) = instead {
            return Ok(Answer {
                status,
                headers,
                body: body.into_bytes(),
            });
        }
        if self.fault == Fault::Newer {
            let renewal = asked.path.strip_prefix("/renewal-info/");
            let order = || asked.path.contains("order-plz").then(|| payload(&asked.body));
            let newer = renewal.map(|id| self.newer.renewal_info(id));
            if let Some(answer) = newer.or_else(|| self.newer.order(&order()?)) {
                return Ok(answer);
            }
        }
        if asked.path.contains("finalize") {
            *self.wanted.lock().unwrap() = Some(csr(&asked.body));
        }
        let headers: Vec<_> = asked
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut pebble = Https::connect(self.pebble, self.trust.clone())?;
        let mut answer = pebble.try_ask(&asked.method, &asked.path, &headers, &asked.body)?;
        let is_chain = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/pem"));
        match self.fault {
            Fault::Newer if asked.path == "/dir" => {
                let host = asked.headers.iter().find(|(name, _)| name == "host");
                self.newer.directory(&mut answer, &host.unwrap().1);
            }
            Fault::WrongName | Fault::BeginsTomorrow if is_chain => {
                let wanted = self.wanted.lock().unwrap().clone();
                answer.body = self.issue(wanted.expect("the order was finalized before")).into_bytes();
            }
            Fault::Limited if asked.path.contains("order-plz") => {
                answer.status = 429;
                answer.body =
                    br#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"enough for today"}"#.to_vec();
                answer
                    .headers
                    .retain(|(name, _)| name != "location" && name != "content-type");
                let kind = ("content-type".to_owned(), "application/problem+json".to_owned());
                answer.headers.push(kind);
            }
            _ => {}
        }
        Ok(answer)
    }

    /// A chain for the key of a request, and not for what it says.
    fn issue(&self, request: Vec<u8>) -> String {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&key).unwrap();
        let issuer = Issuer::new(authority, key);
        let request = CertificateSigningRequestDer::from(request);
        let mut wanted = CertificateSigningRequestParams::from_der(&request).unwrap();
        wanted.params.not_before = time::OffsetDateTime::now_utc() - time::Duration::hours(1);
        if self.fault == Fault::WrongName {
            wanted.params.subject_alt_names = vec![SanType::DnsName("elsewhere.example.org".try_into().unwrap())];
        } else {
            wanted.params.not_before += time::Duration::hours(25);
        }
        wanted.params.not_after = wanted.params.not_before + time::Duration::days(90);
        wanted.signed_by(&issuer).unwrap().pem() + &root.pem()
    }
}

fn decode(text: &Value) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

/// What a signed body says (RFC 8555 section 6.2).
fn payload(body: &[u8]) -> Value {
    let signed: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_slice(&decode(&signed["payload"])).unwrap()
}

/// The certificate request in the signed body of RFC 8555 section 7.4.
fn csr(body: &[u8]) -> Vec<u8> {
    decode(&payload(body)["csr"])
}

/// The next request, or nothing when the client is done.
fn read(stream: &mut impl BufRead) -> std::io::Result<Option<Asked>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines[0].split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .filter(|(name, _)| name != "connection")
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    let headers = headers
        .into_iter()
        .filter(|(name, _)| name != "content-length")
        .collect();
    Ok(Some(Asked {
        method,
        path,
        headers,
        body,
    }))
}
