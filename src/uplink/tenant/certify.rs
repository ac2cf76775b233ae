//! Certificates from the platform (EST, UPLINK §1.5): the first for a one-time password, the next ones
//! for the proof of who the box is.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use bytes::Bytes;

use super::proof::{authorization, basic};
use super::{ANSWER, Tenant, TenantError};
use crate::http::client::{Answer, Call, Client};
use crate::tls::Outbound;
use crate::uplink::config::Kind;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::enrol::error::{EnrolError, words};
use crate::uplink::enrol::est::{self, EstRequest};
use crate::uplink::enrol::otp::Otp;

impl Tenant {
    /// Has a request (DER) certified; the answer's body. With a one-time password it is the first, without one the
    /// next.
    pub async fn certify(&self, csr: &[u8], otp: Option<Otp<'_>>) -> Result<Bytes, EnrolError> {
        let request = if otp.is_some() {
            EstRequest::Enrol
        } else {
            EstRequest::Renew
        };
        let call = |error: TenantError| EnrolError::Call(Box::new(error));
        let answer = match &otp {
            Some(otp) => {
                let proof = authorization(&basic(otp.device, otp.password)).map_err(call)?;
                self.post(request, csr, Some(proof)).await
            }
            None => self.renewed(csr).await,
        };
        let answer = answer.map_err(call)?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED => Ok(answer.body),
            status => Err(EnrolError::Refused {
                request,
                origin: self.origin(),
                status,
                said: words(&answer.body, otp.map(|otp| otp.password)),
            }),
        }
    }

    /// A tenant wants a token of a device that it knows; others go by the certificate in the handshake. A token that is
    /// not taken is asked for anew once.
    async fn renewed(&self, csr: &[u8]) -> Result<Answer, TenantError> {
        for _ in 0..2 {
            let token = match self.config.kind {
                Kind::Cumulocity => self.proof().await.ok(),
                Kind::Mqtt => None,
            };
            let has_token = token.is_some();
            let answer = self.post(EstRequest::Renew, csr, token).await?;
            if answer.status != StatusCode::UNAUTHORIZED || !has_token {
                return Ok(answer);
            }
            self.tokens.refused();
        }
        self.post(EstRequest::Renew, csr, None).await
    }

    async fn post(
        &self,
        request: EstRequest,
        csr: &[u8],
        proof: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Answer, TenantError> {
        let uri: Uri = format!("{}{}", self.origin(), request.path())
            .parse()
            .map_err(|_| TenantError::Address(request.path().to_owned()))?;
        let outbound = Outbound {
            identity: match request {
                EstRequest::Enrol => None,
                EstRequest::Renew => self.config.outbound().and_then(|outbound| outbound.identity),
            },
            ca_file: self.config.ca_file.clone(),
            pins: self.config.pin.clone(),
        };
        let client = Client {
            tls: outbound.load().map_err(ConnectionError::Files)?.config,
            way: self.config.way.clone(),
            limit: self.patience.upload,
            longest: ANSWER,
        };
        let mut headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static(est::CONTENT_TYPE)),
            (
                HeaderName::from_static("content-transfer-encoding"),
                HeaderValue::from_static(est::TRANSFER_ENCODING),
            ),
            (
                ACCEPT,
                HeaderValue::from_static("application/pkcs7-mime, application/x-pem-file, */*;q=0.1"),
            ),
        ];
        headers.extend(proof);
        let call = Call {
            method: Method::POST,
            uri,
            headers,
            body: est::body(csr).into(),
        };
        Ok(client.send(call).await?)
    }
}
