//! What proves to the platform's HTTP side who the box is: the login, a token that MQTT brought, or one that the box's
//! certificate earns (UPLINK §1.6).

use axum::http::header::{ACCEPT, AUTHORIZATION};
use axum::http::{HeaderName, HeaderValue, Method};
use bytes::Bytes;
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{ANSWER, Tenant, TenantError};
use crate::files::resolved;
use crate::http::client::{Call, Client};
use crate::pki::pem;
use crate::tls::Outbound;
use crate::uplink::config::Auth;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::login::login;

/// A name and a password as HTTP carries them (RFC 7617).
pub(super) fn basic(name: &str, password: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{name}:{password}"));
    Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())))
}

/// The header that shows a proof, and is never shown itself.
pub(super) fn authorization(proof: &str) -> Result<(HeaderName, HeaderValue), TenantError> {
    let mut value = HeaderValue::from_str(proof).map_err(|_| TenantError::NoToken)?;
    value.set_sensitive(true);
    Ok((AUTHORIZATION, value))
}

impl Tenant {
    /// What proves who the box is.
    pub(super) async fn proof(&self) -> Result<(HeaderName, HeaderValue), TenantError> {
        let text = match self.config.auth() {
            Auth::Password | Auth::Bootstrap => login(&self.config)?.map(|(name, password)| basic(&name, &password)),
            Auth::Certificate | Auth::Est => {
                let token = match self.tokens.get(self.patience.token).await {
                    Some(token) => Some(token),
                    None => self.token_by_certificate().await?,
                };
                token.map(|token| Zeroizing::new(format!("Bearer {}", *token)))
            }
        };
        authorization(&text.ok_or(TenantError::NoToken)?)
    }

    /// The way without MQTT: the certificate itself earns a token.
    async fn token_by_certificate(&self) -> Result<Option<Zeroizing<String>>, TenantError> {
        let Some(outbound) = self.config.outbound() else {
            return Ok(None);
        };
        let uri = self.config.token_uri();
        let mut headers = vec![(ACCEPT, HeaderValue::from_static("application/json"))];
        if let Some(chain) = chain(&outbound) {
            headers.push((HeaderName::from_static("x-ssl-cert-chain"), chain));
        }
        let client = Client {
            tls: outbound.load().map_err(ConnectionError::Files)?.config,
            way: self.config.way.clone(),
            limit: self.patience.upload,
            longest: ANSWER,
        };
        let call = Call {
            method: Method::POST,
            uri,
            headers,
            body: Bytes::new(),
        };
        let answer = client.send(call).await?;
        let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let token = said.as_ref().and_then(|said| said["accessToken"].as_str());
        let Some(token) = token.filter(|_| answer.status.is_success()) else {
            return Ok(None);
        };
        self.tokens.keep(token, Timestamp::now());
        Ok(Some(Zeroizing::new(token.to_owned())))
    }
}

/// The chain behind the leaf, where the authority that the platform trusts did not issue the leaf itself.
fn chain(outbound: &Outbound) -> Option<HeaderValue> {
    let (file, _) = outbound.identity.as_ref()?;
    let certificates = pem::certificates(&std::fs::read(resolved(file).ok()?).ok()?).ok()?;
    let chain: Vec<String> = certificates.iter().map(|der| BASE64.encode(der)).collect();
    (chain.len() > 1).then(|| HeaderValue::from_str(&chain.join(" ")).ok())?
}
