//! Not a promise test: what the mediator adds to a read of a meter, 200 calls a second over mutual TLS, beside the same
//! reads on the meter's own link. Both are asked by a program in Rust, so that its own time does not count for us.
//! `cargo test --release --test it meter::mediator_speed -- --ignored --nocapture`

use std::time::{Duration, Instant};

use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::mediator::client::MediatorClient;
use gatelodge::meter::mediator::credentials::Credentials;

use super::command::Simulation;
use super::fixture::{dialect, never, object, quick, session};
use crate::support::TestBox;

const SERIAL: &str = "EML0000000001";
const PACE: Duration = Duration::from_millis(5);
const CALLS: usize = 800;
const ROUNDS: usize = 9;
/// What it may add to the 99th percentile.
const MOST_MS: f64 = 1.0;

/// The 99th percentile of calls at the pace, in milliseconds.
async fn p99(mut call: impl AsyncFnMut()) -> f64 {
    let mut pace = tokio::time::interval(PACE);
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        pace.tick().await;
        let began = Instant::now();
        call().await;
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    took[CALLS * 99 / 100]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::test]
#[ignore = "measures for a minute and a half, for people to read"]
async fn what_the_mediator_adds() {
    let (_meter, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL], 1);
    let link: std::net::SocketAddr = printed[0]["address"].as_str().unwrap().parse().unwrap();
    let running = TestBox::start_with(&format!(
        "[grpc]\nlisten = [\"127.0.0.1:0\"]\n[limits.grpc]\nper_address = \"off\"\n[meters]\nrequest_gap = \"0s\"\n\
         [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{link}\"\nhardware = \"EMA1.w\"\n"
    ));
    running.command(&["mediators", "stop", SERIAL]);
    let out = running.dir.join("client");
    running.command(&[
        "pki",
        "grpc",
        "--name",
        "bench",
        "--role",
        "internal",
        "--out",
        out.to_str().unwrap(),
    ]);
    let credentials = Credentials {
        ca: std::fs::read(running.dir.join("data/pki/grpc/root.cert.pem")).unwrap(),
        certificate: std::fs::read(out.join("bench.chain.pem")).unwrap(),
        key: std::fs::read(out.join("bench.key.pem")).unwrap(),
    };
    let place = running.door("grpc").to_string();
    let client = MediatorClient::connect(&place, Some(credentials.config().unwrap()))
        .await
        .unwrap();
    let (serial, dialect, request) = (SERIAL.parse().unwrap(), dialect(), Request::Read(object("serial")));
    let mut direct = session(link, quick());
    let (mut through, mut own, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mine = p99(async || {
            client.ask(&serial, &request, &dialect).await.unwrap();
        })
        .await;
        let other = p99(async || {
            direct.ask(&request, never()).await.unwrap();
        })
        .await;
        through.push(mine);
        own.push(other);
        added.push(mine - other);
    }
    println!(
        "99 % of reads at 200/s within: through the mediator {:.2} ms, on the meter's own link {:.2} ms; added {:+.2} ms, at most {MOST_MS}",
        median(through),
        median(own),
        median(added)
    );
}
