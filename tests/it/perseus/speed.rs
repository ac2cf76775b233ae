//! How fast an application gets its next token, beside what one thread can sign and verify in the same run.

use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};

use super::fixture::{Consented, encoded};

const ROUNDS: usize = 7;
const TOKENS: u32 = 400;

/// Signatures made and checked in a second, on one thread.
fn yardstick() -> f64 {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref().to_vec());
    let message = [7u8; 600];
    let began = Instant::now();
    for _ in 0..TOKENS {
        let signed = pair.sign(&random, &message).unwrap();
        public.verify(black_box(&message), signed.as_ref()).unwrap();
    }
    f64::from(TOKENS) / began.elapsed().as_secs_f64()
}

#[test]
#[ignore = "a measurement: tests/README.md names it"]
fn tokens_a_second_over_one_connection() {
    let consented = Consented::start_with("", "[limits.mtls]\nper_client = \"off\"\n");
    let refresh = consented.tokens("saver", "resident")["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut machine = consented.machine(Some("saver")).unwrap();
    let body = encoded(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let mut round = || {
        let began = Instant::now();
        for _ in 0..TOKENS {
            let answer = machine
                .try_ask("POST", "/api/v1/authorize/token", &headers, body.as_bytes())
                .unwrap();
            assert_eq!(answer.status, 200);
        }
        f64::from(TOKENS) / began.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<(f64, f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let (ours, theirs) = (round(), yardstick());
            (ours / theirs, ours, theirs)
        })
        .collect();
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, ours, theirs) = ratios[ROUNDS / 2];
    println!("refresh grants {ours:.0}/s, ES256 sign and verify {theirs:.0}/s, ratio {ratio:.2} (at least 0.50)");
    assert!(ratio >= 0.5, "{ratio}");
}
