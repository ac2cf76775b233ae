//! Looks at an issued certificate before anybody is shown it.

use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::{ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::tls::pair::Pair;

/// An issued certificate must not be shown.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It came without the certificate of its issuer, which clients do not have.
    #[error("it came without its chain")]
    NoChain,
    /// It is not for one of our names.
    #[error("it is for {}, not for {wanted}", .named.join(", "))]
    Name {
        /// Whom it is for.
        named: Vec<String>,
        /// What was ordered.
        wanted: String,
    },
    /// It is not good now, as far as this box knows what time it is.
    #[error("it is good from {from} to {until}, and this box takes it to be {now}: is the clock right?")]
    Time {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        until: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// Its chain does not hold.
    #[error("its chain does not hold: {0}")]
    Chain(webpki::Error),
}

/// Proves that `pair` is good for each of `names` at `now`, and signed by the chain it came with. That the key is its
/// own was seen when it was read.
pub(super) fn prove(pair: &Pair, names: &[String], now: Timestamp) -> Result<(), ProofError> {
    let [leaf, between @ .., last] = pair.key.cert.as_slice() else {
        return Err(ProofError::NoChain);
    };
    let (from, until) = (pair.not_before, pair.served.not_after);
    if now < from || now >= until {
        return Err(ProofError::Time { from, until, now });
    }
    let leaf = EndEntityCert::try_from(leaf).map_err(ProofError::Chain)?;
    for wanted in names {
        let covered = ServerName::try_from(wanted.as_str())
            .is_ok_and(|name| leaf.verify_is_valid_for_subject_name(&name).is_ok());
        if !covered {
            return Err(ProofError::Name {
                named: pair.served.names.clone(),
                wanted: wanted.clone(),
            });
        }
    }
    let anchor = anchor_from_trusted_cert(last).map_err(ProofError::Chain)?;
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        between,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        KeyUsage::server_auth(),
        None,
        None,
    )
    .map_err(ProofError::Chain)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Hierarchy, Pki, Request, Usage};
    use crate::store::{Options, Store};
    use jiff::SignedDuration;

    async fn issued(dir: &std::path::Path, name: &str) -> (String, String) {
        let store = Store::open(Options::new(dir.join("book"))).unwrap();
        let pki = Pki::open(dir.join("pki"), store).unwrap();
        pki.init(Timestamp::now()).await.unwrap();
        let request = Request {
            usage: Some(Usage::Server),
            hosts: vec![name.to_owned()],
            ..Request::new(Hierarchy::Server, "issued")
        };
        let issued = pki
            .issue(request, Some(dir.join("out")), Timestamp::now())
            .await
            .unwrap();
        let read = |path| std::fs::read_to_string(path).unwrap();
        (read(&issued.chain), read(&issued.key))
    }

    fn pair(chain: &str, key: &str) -> Result<Pair, crate::tls::pair::CertificateError> {
        let places = ["chain", "key"].map(str::to_owned);
        Pair::parse(chain.as_bytes(), key.as_bytes(), places, "acme")
    }

    #[tokio::test]
    async fn only_what_was_ordered_whole_and_good_now_is_taken() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (chain, key) = issued(one.path(), "lodge.example.org").await;
        let (foreign, foreign_key) = issued(two.path(), "lodge.example.org").await;
        let now = Timestamp::now();
        let names = |name: &str| [name.to_owned()];
        let ours = names("lodge.example.org");
        let good = pair(&chain, &key).unwrap();
        prove(&good, &ours, now).unwrap();

        let other = prove(&good, &names("other.example.org"), now).unwrap_err();
        assert_eq!(
            other.to_string(),
            "it is for lodge.example.org, not for other.example.org"
        );
        for days in [-400, 4000] {
            let wrong = now + SignedDuration::from_hours(24 * days);
            let fault = prove(&good, &ours, wrong).unwrap_err();
            assert!(matches!(fault, ProofError::Time { .. }), "{fault}");
        }
        let end = "-----END CERTIFICATE-----\n";
        let (leaf, issuer) = chain.split_once(end).unwrap();
        let alone = pair(&format!("{leaf}{end}"), &key).unwrap();
        assert!(matches!(prove(&alone, &ours, now), Err(ProofError::NoChain)));
        let (_, foreign_issuer) = foreign.split_once(end).unwrap();
        assert!(!issuer.is_empty() && issuer != foreign_issuer);
        let mixed = pair(&format!("{leaf}{end}{foreign_issuer}"), &key).unwrap();
        assert!(matches!(prove(&mixed, &ours, now), Err(ProofError::Chain(_))));
        assert!(pair(&chain, &foreign_key).is_err(), "a key that is not its own");
    }
}
