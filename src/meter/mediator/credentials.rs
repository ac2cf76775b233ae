//! What a client of a mediator shows and trusts (EMOP §10.2): PEM texts, from files or from variables.

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::pki::pem::{self, PemError};

/// The name that certificates of mediators are for, wherever they listen.
pub const SERVER_NAME: &str = "cepro-mediators";

/// Three PEM texts.
pub struct Credentials {
    /// Whom to believe: the certificate of the authority.
    pub ca: Vec<u8>,
    /// The client's certificate, and its issuers.
    pub certificate: Vec<u8>,
    /// The client's key.
    pub key: Vec<u8>,
}

/// Texts that are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Not PEM, or nothing of the kind in it.
    #[error("the {which} is not there in PEM: {source}")]
    Pem {
        /// Of which of the three.
        which: &'static str,
        /// What the parser said.
        source: PemError,
    },
    /// The authority's certificate is of no use.
    #[error("the authority's certificate is not readable: {0}")]
    Authority(#[source] rustls::Error),
    /// Certificate and key are no pair, or of a kind we do not speak.
    #[error("the client's certificate and key do not work: {0}")]
    Pair(#[source] rustls::Error),
}

impl Credentials {
    /// What a TLS handshake takes; HTTP/2 is the only protocol offered.
    pub fn config(&self) -> Result<ClientConfig, CredentialsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.ca, "authority's certificate")? {
            roots.add(certificate).map_err(CredentialsError::Authority)?;
        }
        let chain = certificates(&self.certificate, "client's certificate")?;
        let key = pem::private_key(&self.key).map_err(|source| CredentialsError::Pem {
            which: "client's key",
            source,
        })?;
        let mut config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(CredentialsError::Pair)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

fn certificates(text: &[u8], which: &'static str) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    pem::certificates(text).map_err(|source| CredentialsError::Pem { which, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_credentials_are_named() {
        let empty = Credentials {
            ca: Vec::new(),
            certificate: Vec::new(),
            key: Vec::new(),
        };
        let error = empty.config().unwrap_err().to_string();
        assert!(
            error.starts_with("the authority's certificate is not there in PEM"),
            "{error}"
        );
    }
}
