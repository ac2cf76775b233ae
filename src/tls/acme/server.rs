//! The conversation with an ACME server (RFC 8555), through the box's own client: over https only (§6.1), answers of
//! bounded length, and a request whose nonce was rejected is made again with the new one (§6.5).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use rustls::ClientConfig;
use rustls_acme::acme::{Account, Auth, Directory, Identifier, Order};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::challenge::Answer;
use super::{AcmeError, AcmeSettings, Challenge};
use crate::http::client::{self, Call, Client};
use crate::http::retry_after;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(20);
/// How long an answer may be, in bytes: chains and directories are a few thousand.
const LONGEST: usize = 256 << 10;
/// How often a request is made again whose nonce was rejected.
const NONCES: usize = 16;

static REPLAY_NONCE: HeaderName = HeaderName::from_static("replay-nonce");

/// A server whose directory was read.
pub(super) struct Server {
    line: Line,
    directory: Directory,
}

/// A server that knows our account.
pub(super) struct Member {
    line: Line,
    account: Account,
    /// The newest nonce, which the next request uses up.
    nonce: Mutex<Option<String>>,
}

/// How the server is called.
struct Line {
    client: Client,
    /// The address of its directory, by which it is named.
    address: String,
}

/// An answer, and when to ask again, if it says so.
pub(super) struct Reply<T> {
    pub(super) value: T,
    pub(super) again: Option<Duration>,
}

impl Line {
    /// A call; its answer whatever the status.
    async fn call(&self, method: Method, url: &str, body: Option<String>) -> Result<client::Answer, AcmeError> {
        let uri = url.parse::<Uri>().ok();
        let is_https = uri.as_ref().is_some_and(|uri| uri.scheme_str() == Some("https"));
        let uri = uri
            .filter(|_| is_https)
            .ok_or_else(|| self.strange(format!("it names {url:?}, which is no https address")))?;
        let jose = (CONTENT_TYPE, HeaderValue::from_static("application/jose+json"));
        let call = Call {
            method,
            uri,
            headers: body.is_some().then_some(jose).into_iter().collect(),
            body: body.map(Bytes::from).unwrap_or_default(),
        };
        let answer = self.client.send(call).await;
        let answer = answer.map_err(|error| AcmeError::of_call(&self.address, self.client.limit, error))?;
        match answer.status {
            status if status.is_redirection() => Err(self.strange(format!(
                "it sends the box elsewhere ({status}), as the login page of a network does"
            ))),
            _ => Ok(answer),
        }
    }

    fn strange(&self, what: String) -> AcmeError {
        AcmeError::Strange {
            directory: self.address.clone(),
            what,
        }
    }

    /// The JSON of an answer that is good.
    fn read<T: DeserializeOwned>(&self, answer: &client::Answer) -> Result<T, AcmeError> {
        self.good(answer)?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            self.strange(match kind {
                Some(kind) if kind.starts_with("text/html") => {
                    "it answers with a page for people (HTML), as the login page of a network does".to_owned()
                }
                Some(kind) => format!(
                    "its answer ({kind}, {} bytes) is not what RFC 8555 has there",
                    answer.body.len()
                ),
                None => format!(
                    "its answer ({} bytes) is not what RFC 8555 has there",
                    answer.body.len()
                ),
            })
        })
    }

    fn good(&self, answer: &client::Answer) -> Result<(), AcmeError> {
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(AcmeError::of_refusal(&self.address, answer)),
        }
    }

    fn header(&self, headers: &HeaderMap, name: &HeaderName) -> Result<String, AcmeError> {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        let value = value.ok_or_else(|| self.strange(format!("its answer has no header {name}")))?;
        Ok(value.to_owned())
    }
}

impl Server {
    /// Reads the directory.
    pub(super) async fn find(settings: &AcmeSettings, tls: Arc<ClientConfig>) -> Result<Server, AcmeError> {
        let line = Line {
            client: Client {
                tls,
                way: settings.way.clone(),
                limit: CALL.min(settings.deadline),
                longest: LONGEST,
            },
            address: settings.directory.clone(),
        };
        let answer = line.call(Method::GET, &settings.directory, None).await?;
        let directory: Directory = line.read(&answer)?;
        Ok(Server { line, directory })
    }

    /// Makes our account known, or finds it by its key (§7.3.1); `key` is PKCS #8, DER.
    pub(super) async fn enter(self, contact: &[String], key: &[u8]) -> Result<Member, AcmeError> {
        let key_pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key)
            .map_err(|_| AcmeError::Order("the stored key of the account is none".to_owned()))?;
        let url = self.directory.new_account.clone();
        let mut member = Member {
            line: self.line,
            account: Account {
                key_pair,
                directory: self.directory,
                kid: String::new(),
            },
            nonce: Mutex::default(),
        };
        let payload = json!({ "termsOfServiceAgreed": true, "contact": contact }).to_string();
        let answer = member.post(&url, &payload).await?;
        member.line.good(&answer)?;
        member.account.kid = member.line.header(&answer.headers, &LOCATION)?;
        Ok(member)
    }
}

impl Member {
    /// Orders a certificate for `names` (§7.4): where the order is, and how it stands.
    pub(super) async fn new_order(&self, names: &[String]) -> Result<(String, Order), AcmeError> {
        let names: Vec<Value> = names
            .iter()
            .map(|name| json!({ "type": "dns", "value": name }))
            .collect();
        let url = self.account.directory.new_order.clone();
        let answer = self.post(&url, &json!({ "identifiers": names }).to_string()).await?;
        let order = self.line.read(&answer)?;
        Ok((self.line.header(&answer.headers, &LOCATION)?, order))
    }

    /// What lies at `url`, an order or an authorization (POST-as-GET, §6.3).
    pub(super) async fn look<T: DeserializeOwned>(&self, url: &str) -> Result<Reply<T>, AcmeError> {
        let answer = self.post(url, "").await?;
        Ok(Reply {
            value: self.line.read(&answer)?,
            again: retry_after(&answer.headers),
        })
    }

    /// Says that a challenge may be looked at (§7.5.1).
    pub(super) async fn ready(&self, challenge: &str) -> Result<(), AcmeError> {
        let answer = self.post(challenge, "{}").await?;
        self.line.good(&answer)
    }

    /// Hands in the request for the certificate (§7.4).
    pub(super) async fn finalize(&self, url: &str, request: &[u8]) -> Result<Reply<Order>, AcmeError> {
        let payload = json!({ "csr": BASE64URL_NOPAD.encode(request) }).to_string();
        let answer = self.post(url, &payload).await?;
        Ok(Reply {
            value: self.line.read(&answer)?,
            again: retry_after(&answer.headers),
        })
    }

    /// The chain, PEM (§7.4.2).
    pub(super) async fn certificate(&self, url: &str) -> Result<String, AcmeError> {
        let answer = self.post(url, "").await?;
        self.line.good(&answer)?;
        String::from_utf8(answer.body.to_vec()).map_err(|_| self.line.strange("its certificate is no text".to_owned()))
    }

    /// What the doors have to show for an authorization by `kind`, and where the server is told that they do.
    pub(super) fn answer(&self, kind: Challenge, auth: &Auth) -> Result<(Answer, String), AcmeError> {
        let Identifier::Dns(name) = auth.identifier.clone();
        let none = |error| {
            self.line
                .strange(format!("{name} cannot be proved by {kind} there: {error}"))
        };
        Ok(match kind {
            Challenge::TlsAlpn01 => {
                let (challenge, key) = self.account.tls_alpn_01(&auth.challenges, name.clone()).map_err(none)?;
                let key = Arc::new(key);
                (Answer::Tls { name, key }, challenge.url.clone())
            }
            Challenge::Http01 => {
                let (challenge, text) = self.account.http_01(&auth.challenges).map_err(none)?;
                let token = challenge.token.clone();
                (Answer::Http { token, text }, challenge.url.clone())
            }
        })
    }

    /// A signed request. One whose nonce was rejected was not looked at: it is made again with the nonce that the
    /// refusal brought.
    async fn post(&self, url: &str, payload: &str) -> Result<client::Answer, AcmeError> {
        let mut rejected = 0;
        loop {
            let body = self.signed(url, payload, &self.fresh_nonce().await?)?;
            let answer = self.line.call(Method::POST, url, Some(body)).await?;
            let next = self.line.header(&answer.headers, &REPLAY_NONCE).ok();
            *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = next;
            let bad_nonce = answer.status == StatusCode::BAD_REQUEST
                && AcmeError::of_refusal(&self.line.address, &answer).is_nonce();
            if !bad_nonce || rejected == NONCES {
                return Ok(answer);
            }
            rejected += 1;
        }
    }

    async fn fresh_nonce(&self) -> Result<String, AcmeError> {
        let kept = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(nonce) = kept {
            return Ok(nonce);
        }
        let url = &self.account.directory.new_nonce;
        let answer = self.line.call(Method::HEAD, url, None).await?;
        self.line.good(&answer)?;
        self.line.header(&answer.headers, &REPLAY_NONCE)
    }

    /// The flattened JWS of a request (§6.2), by the account's key: with the key itself until the account is known.
    fn signed(&self, url: &str, payload: &str, nonce: &str) -> Result<String, AcmeError> {
        let key = &self.account.key_pair;
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let mut protected = json!({ "alg": "ES256", "nonce": nonce, "url": url });
        if self.account.kid.is_empty() {
            // An uncompressed point of P-256: 4, then x and y of 32 bytes each (SEC 1 §2.3.3).
            let (x, y) = key.public_key().as_ref()[1..].split_at(32);
            protected["jwk"] = json!({ "crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y) });
        } else {
            protected["kid"] = json!(self.account.kid);
        }
        let (protected, payload) = (encode(protected.to_string().as_bytes()), encode(payload.as_bytes()));
        let signature = key
            .sign(&SystemRandom::new(), format!("{protected}.{payload}").as_bytes())
            .map_err(|_| AcmeError::Order("this machine gives no random bytes to sign with".to_owned()))?;
        let signature = encode(signature.as_ref());
        Ok(json!({ "protected": protected, "payload": payload, "signature": signature }).to_string())
    }
}
