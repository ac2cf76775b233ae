//! Answers to an ACME server that looks whether the names are ours.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::tls::config;

/// The protocol of the TLS-ALPN-01 challenge (RFC 8737 §6.2).
pub(in crate::tls) const CHALLENGE_PROTOCOL: &[u8] = rustls_acme::acme::ACME_TLS_ALPN_NAME;

/// How control of a name is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// By a certificate that the https door shows (RFC 8737); port 80 stays closed.
    TlsAlpn01,
    /// By a file that the http door shows (RFC 8555 §8.3).
    Http01,
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Challenge::TlsAlpn01 => "TLS-ALPN-01",
            Challenge::Http01 => "HTTP-01",
        })
    }
}

/// What the doors answer to challenges now; clones share it.
#[derive(Clone, Default)]
pub struct Challenges(Arc<ArcSwapOption<Answer>>);

/// The answer of the moment: one order or rehearsal at a time.
#[derive(Debug)]
pub(super) enum Answer {
    /// A certificate for a name.
    Tls { name: String, key: Arc<CertifiedKey> },
    /// The text of a token.
    Http { token: String, text: String },
}

impl Challenges {
    /// Answers with `answer` until the guard is dropped.
    pub(super) fn answer(&self, answer: Answer) -> Answering {
        let answer = Arc::new(answer);
        self.0.store(Some(Arc::clone(&answer)));
        Answering {
            challenges: self.clone(),
            answer,
        }
    }

    /// The text under `/.well-known/acme-challenge/<token>`, while an order waits for it.
    #[must_use]
    pub fn http_01(&self, token: &str) -> Option<String> {
        match self.0.load().as_deref()? {
            Answer::Http { token: known, text } => (known == token).then(|| text.clone()),
            Answer::Tls { .. } => None,
        }
    }

    /// The configuration for a hello that is a TLS-ALPN-01 challenge, while an order is under way: without client
    /// certificates, for that protocol alone, and with no certificate but the answer.
    pub(in crate::tls) fn config_for(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        if !rustls_acme::is_tls_alpn_challenge(hello) {
            return None;
        }
        let answer = self.0.load_full()?;
        let builder = ServerConfig::builder_with_provider(config::provider())
            .with_safe_default_protocol_versions()
            .ok()?;
        let mut config = builder
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Resolver(answer)));
        config.alpn_protocols = vec![CHALLENGE_PROTOCOL.to_vec()];
        Some(Arc::new(config))
    }
}

/// Takes the answer away when it is dropped, unless another has taken its place.
pub(super) struct Answering {
    challenges: Challenges,
    answer: Arc<Answer>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let shown = self.challenges.0.load();
        if shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &self.answer)) {
            self.challenges.0.store(None);
        }
    }
}

#[derive(Debug)]
struct Resolver(Arc<Answer>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match &*self.0 {
            Answer::Tls { name, key } => (hello.server_name() == Some(name.as_str())).then(|| Arc::clone(key)),
            Answer::Http { .. } => None,
        }
    }
}
