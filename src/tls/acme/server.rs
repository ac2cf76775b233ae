//! The conversation with an ACME server (RFC 8555), through the box's own client; a request whose nonce was rejected is
//! made again with the new one (§6.5).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::http::header::{HeaderName, LOCATION};
use axum::http::{Method, StatusCode};
use data_encoding::BASE64URL_NOPAD;
use rustls::ClientConfig;
use rustls_acme::acme::{Account, Auth, Directory, Identifier, Order};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::challenge::Answer;
use super::line::Line;
use super::renewal_info::RenewalInfo;
use super::{AcmeError, AcmeSettings, Binding, Challenge};
use crate::http::client::{self, Client};
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
    offers: Offers,
}

/// What a directory says beside the addresses that all have.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Offers {
    /// Where it says when to renew (RFC 9773 §4.1).
    renewal_info: Option<String>,
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    /// Kinds of certificates, each with words for people (draft-ietf-acme-profiles).
    profiles: BTreeMap<String, String>,
}

/// What is ordered.
pub(super) struct Wanted<'a> {
    pub(super) names: &'a [String],
    /// Of which kind; `None`: what the server takes for usual.
    pub(super) profile: Option<&'a str>,
    /// In the place of which certificate, as RFC 9773 §4.1 calls it.
    pub(super) replaces: Option<String>,
}

/// A server that knows our account.
pub(super) struct Member {
    line: Line,
    account: Account,
    offers: Offers,
    /// The newest nonce, which the next request uses up.
    nonce: Mutex<Option<String>>,
}

/// An answer, and when to ask again, if it says so.
pub(super) struct Reply<T> {
    pub(super) value: T,
    pub(super) again: Option<Duration>,
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
        // What is optional is looked past when it is not as it should be.
        let offers = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(Server {
            line,
            directory,
            offers,
        })
    }

    /// What it says of the certificate that is called `id` (RFC 9773 §4.1); `None`: it has nothing of the kind.
    pub(super) async fn renewal_info(&self, id: &str) -> Result<Option<Reply<RenewalInfo>>, AcmeError> {
        let Some(address) = &self.offers.renewal_info else {
            return Ok(None);
        };
        let url = format!("{}/{id}", address.trim_end_matches('/'));
        let answer = self.line.call(Method::GET, &url, None).await?;
        self.line.good(&answer)?;
        let again = retry_after(&answer.headers);
        let value = RenewalInfo::read(&answer.body);
        let strange = || {
            self.line
                .strange("what it says of renewals is not what RFC 9773 has there".to_owned())
        };
        Ok(Some(Reply {
            value: value.ok_or_else(strange)?,
            again,
        }))
    }

    /// Makes our account known, or finds it by its key (§7.3.1), bound to another where there is a `binding`; `key` is
    /// PKCS #8, DER.
    pub(super) async fn enter(
        self,
        contact: &[String],
        key: &[u8],
        binding: Option<&Binding>,
    ) -> Result<Member, AcmeError> {
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
            offers: self.offers,
            nonce: Mutex::default(),
        };
        let mut payload = json!({ "termsOfServiceAgreed": true, "contact": contact });
        if let Some(binding) = binding {
            payload["externalAccountBinding"] = binding.proof(&url, &member.jwk())?;
        }
        let answer = member.post(&url, &payload.to_string()).await?;
        member.line.good(&answer)?;
        member.account.kid = member.line.header(&answer.headers, &LOCATION)?;
        Ok(member)
    }
}

impl Member {
    /// Orders a certificate (§7.4): where the order is, and how it stands.
    pub(super) async fn new_order(&self, wanted: &Wanted<'_>) -> Result<(String, Order), AcmeError> {
        let names = wanted.names.iter().map(|name| json!({ "type": "dns", "value": name }));
        let mut payload = json!({ "identifiers": names.collect::<Vec<_>>() });
        if let Some(profile) = wanted.profile {
            let offered = &self.offers.meta.profiles;
            if !offered.contains_key(profile) {
                return Err(AcmeError::Profile {
                    wanted: profile.to_owned(),
                    offered: offered.keys().cloned().collect(),
                });
            }
            payload["profile"] = json!(profile);
        }
        let replaces = wanted.replaces.as_ref().filter(|_| self.offers.renewal_info.is_some());
        if let Some(before) = replaces {
            payload["replaces"] = json!(before);
        }
        let url = self.account.directory.new_order.clone();
        let mut answer = self.post(&url, &payload.to_string()).await?;
        // One that was replaced already, or that another account ordered, is replaced without saying so.
        let is_doubted = answer.status.is_client_error() && answer.status != StatusCode::TOO_MANY_REQUESTS;
        if replaces.is_some() && is_doubted {
            if let Some(payload) = payload.as_object_mut() {
                payload.remove("replaces");
            }
            answer = self.post(&url, &payload.to_string()).await?;
        }
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

    /// The account's public key (RFC 7517).
    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        // An uncompressed point of P-256: 4, then x and y of 32 bytes each (SEC 1 §2.3.3).
        let (x, y) = self.account.key_pair.public_key().as_ref()[1..].split_at(32);
        json!({ "crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y) })
    }

    /// The flattened JWS of a request (§6.2), by the account's key: with the key itself until the account is known.
    fn signed(&self, url: &str, payload: &str, nonce: &str) -> Result<String, AcmeError> {
        let key = &self.account.key_pair;
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let mut protected = json!({ "alg": "ES256", "nonce": nonce, "url": url });
        if self.account.kid.is_empty() {
            protected["jwk"] = self.jwk();
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
