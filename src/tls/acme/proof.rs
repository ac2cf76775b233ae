//! Looks at an issued certificate before anybody is shown it.

use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::{ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::tls::pair::Pair;

/// An issued certificate must not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
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

/// That `pair` is good for each of `names` at `now`, and signed by the chain it came with. That the key is its own
/// was seen when it was read.
pub(super) fn prove(pair: &Pair, names: &[String], now: Timestamp) -> Result<(), Unproven> {
    let [leaf, between @ .., last] = pair.key.cert.as_slice() else {
        return Err(Unproven::NoChain);
    };
    let (from, until) = (pair.not_before, pair.served.not_after);
    if now < from || now >= until {
        return Err(Unproven::Time { from, until, now });
    }
    let leaf = EndEntityCert::try_from(leaf).map_err(Unproven::Chain)?;
    for wanted in names {
        let covered = ServerName::try_from(wanted.as_str())
            .is_ok_and(|name| leaf.verify_is_valid_for_subject_name(&name).is_ok());
        if !covered {
            return Err(Unproven::Name {
                named: pair.served.names.clone(),
                wanted: wanted.clone(),
            });
        }
    }
    let anchor = anchor_from_trusted_cert(last).map_err(Unproven::Chain)?;
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
    .map_err(Unproven::Chain)?;
    Ok(())
}
