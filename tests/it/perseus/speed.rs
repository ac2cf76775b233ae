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

/// How long the pages of one signed-in person take while eight others sign in at once, beside the same pages alone.
#[test]
#[ignore = "a measurement: tests/README.md names it"]
fn pages_while_eight_people_sign_in_at_once() {
    const PEOPLE: usize = 8;
    let consented = Consented::start();
    for person in 0..PEOPLE {
        consented.person(&format!("person{person}"), &[super::fixture::METER]);
    }
    let mut reader = consented.browser();
    reader.sign_in("/login", "resident");
    let page = |reader: &mut super::fixture::Browser<'_>| {
        let began = Instant::now();
        assert_eq!(reader.get("/permissions").status, 200);
        began.elapsed().as_secs_f64() * 1e3
    };
    let mut alone: Vec<f64> = (0..100).map(|_| page(&mut reader)).collect();
    let mut beside = Vec::new();
    let signed_in = Instant::now();
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..PEOPLE)
            .map(|person| {
                let consented = &consented;
                scope.spawn(move || {
                    for _ in 0..4 {
                        consented.browser().sign_in("/login", &format!("person{person}"));
                    }
                })
            })
            .collect();
        while hands.iter().any(|hand| !hand.is_finished()) {
            beside.push(page(&mut reader));
        }
    });
    let took = signed_in.elapsed().as_secs_f64() * 1e3 / 4.0;
    let at = |times: &mut Vec<f64>, share: f64| {
        times.sort_by(f64::total_cmp);
        times[((times.len() - 1) as f64 * share) as usize]
    };
    let (alone_half, alone_most) = (at(&mut alone, 0.5), at(&mut alone, 0.99));
    let (half, most) = (at(&mut beside, 0.5), at(&mut beside, 0.99));
    println!(
        "a page, ms: alone {alone_half:.1} (p99 {alone_most:.1}), beside eight who sign in {half:.1} (p99 {most:.1}), \
         {} pages; eight sign-ins take {took:.0}",
        beside.len()
    );
    assert!(most < took, "nobody waits for a page as long as eight sign-ins take");
}
