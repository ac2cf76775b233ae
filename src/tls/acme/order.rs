//! One order, placed by `rustls-acme`, under a time limit.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_acme::{AccountCache, AcmeConfig, AcmeState, CertCache, EventOk, UseChallenge};
use zeroize::Zeroizing;

use super::challenge::Answer;
use super::vault::Vault;
use super::{AcmeError, AcmeSettings, Challenge, Challenges};
use crate::tls::{config, files};

/// Orders in which a nonce was rejected are placed again at once, so often.
const NONCES: usize = 8;

/// Key and chain as PEM, for [`AcmeSettings::domains`].
pub(super) async fn order(
    settings: &AcmeSettings,
    vault: &Vault,
    challenges: &Challenges,
    challenge: Challenge,
) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
    let issued = Issued::default();
    let cache = Cache {
        vault: vault.clone(),
        issued: issued.clone(),
    };
    let state = AcmeConfig::new_with_client_config(&settings.domains, client(settings)?)
        .directory(&settings.directory)
        .contact(&settings.contact)
        .challenge_type(match challenge {
            Challenge::TlsAlpn01 => UseChallenge::TlsAlpn01,
            Challenge::Http01 => UseChallenge::Http01,
        })
        .cache(cache)
        .state();
    let _answering = challenges.answer(Answer::Order(state.resolver()));
    let done = tokio::time::timeout(settings.deadline, follow(settings, state)).await;
    done.map_err(|_| AcmeError::Silent {
        directory: settings.directory.clone(),
        after: settings.deadline,
    })??;
    let pem = issued.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    pem.ok_or_else(|| AcmeError::Order("it ended without a certificate".to_owned()))
}

/// Until the certificate was handed to the cache. The state would go on for ever by itself: what fails is left to
/// our own schedule, but for a rejected nonce, after which it tries again in a second.
async fn follow(settings: &AcmeSettings, mut state: AcmeState<AcmeError, AcmeError>) -> Result<(), AcmeError> {
    let mut nonces = 0;
    while let Some(event) = state.next().await {
        match event {
            Ok(EventOk::CertCacheStore) => return Ok(()),
            Ok(EventOk::DeployedCachedCert | EventOk::DeployedNewCert | EventOk::AccountCacheStore) => {}
            Err(event) => match AcmeError::of_event(&settings.directory, event) {
                fault if fault.is_nonce() && nonces < NONCES => nonces += 1,
                fault => return Err(fault),
            },
        }
    }
    Ok(())
}

/// How the server's own certificate is checked.
pub(super) fn client(settings: &AcmeSettings) -> Result<Arc<ClientConfig>, AcmeError> {
    let mut roots = RootCertStore::empty();
    match &settings.ca_file {
        Some(file) => {
            let pem = files::read(file).map_err(AcmeError::Roots)?;
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
            if roots.is_empty() {
                return Err(AcmeError::NoRoot(file.clone()));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(AcmeError::NoSystemRoots);
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(config::provider())
        .with_safe_default_protocol_versions()
        .map_err(AcmeError::Tls)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[derive(Clone, Default)]
struct Issued(Arc<Mutex<Option<Zeroizing<Vec<u8>>>>>);

/// Hides the stored certificate, so that an order is placed whenever we want one; keeps the account.
struct Cache {
    vault: Vault,
    issued: Issued,
}

#[async_trait]
impl CertCache for Cache {
    type EC = AcmeError;

    async fn load_cert(&self, _: &[String], _: &str) -> Result<Option<Vec<u8>>, AcmeError> {
        Ok(None)
    }

    async fn store_cert(&self, _: &[String], _: &str, pem: &[u8]) -> Result<(), AcmeError> {
        let mut issued = self.issued.0.lock().unwrap_or_else(PoisonError::into_inner);
        *issued = Some(Zeroizing::new(pem.to_vec()));
        Ok(())
    }
}

#[async_trait]
impl AccountCache for Cache {
    type EA = AcmeError;

    async fn load_account(&self, contact: &[String], directory: &str) -> Result<Option<Vec<u8>>, AcmeError> {
        Ok(self.vault.account(directory, contact))
    }

    async fn store_account(&self, contact: &[String], directory: &str, account: &[u8]) -> Result<(), AcmeError> {
        self.vault.put_account(directory, contact, account).await
    }
}
