//! Ways in for the fuzzer: what strangers send, read or refused.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;

use super::period::Period;
use super::provenance::{Record, verify};
use crate::pki::{LeafFacts, Signer};

/// Any bytes as a query, as a record of others, as a certificate: nothing that nobody signed is verified.
///
/// # Panics
///
/// When it is.
pub fn record(input: &[u8]) {
    let now = Timestamp::constant(1_800_000_000, 0);
    let der = CertificateDer::from(input.to_vec());
    let _ = LeafFacts::of(&der);
    assert!(Signer::of(&[der], &[], now).is_err(), "nobody signs without a root");
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(period) = Period::read(text, now) {
        assert!(period.from <= period.to && period.half_hours() <= 400 * 48);
    }
    if let Ok(record) = serde_json::from_str::<Record>(text) {
        assert!(verify(&record, &record.framework.clone(), &[]).is_err());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            steps in "[\\[\\]\",0-9a-z]{0,60}", serial in "[0-9]{0,20}",
        ) {
            super::record(&bytes);
            let near = format!(r#"{{"ib1:provenance":"x","origins":[],"steps":[{steps}],"certificates":{{"{serial}":["{steps}"]}}}}"#);
            super::record(near.as_bytes());
            let block = format!(r#"{{"ib1:provenance":"x","origins":[],"steps":["e30=",[0,"{serial}","2026-01-10T09:00:00Z","AA=="]]}}"#);
            super::record(block.as_bytes());
        }
    }
}
