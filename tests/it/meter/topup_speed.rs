//! How soon a code is on its way, in gaps between two requests (`meters.request_gap`): at rest, and in the midst of a poll.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gatelodge::domain::TopupState;
use gatelodge::domain::units::Span;
use gatelodge::meter::simulator::{Faults, Setup};
use gatelodge::meter::topup::NewTopup;
use gatelodge::meter::{Config, Entry, Meters, Polling};
use gatelodge::store::{Options, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::driver::{entry, id, operator, quick};
use super::fixture::{SERIAL, serve, station};

const GAP: Duration = Duration::from_millis(200);

/// When each request passed, and what it was about.
type Passed = Arc<Mutex<Vec<(Instant, Vec<u8>)>>>;

/// A line that notes what passes.
async fn noted(meter: SocketAddr, lines: &mut JoinSet<()>) -> (SocketAddr, Passed) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, passed) = (listener.local_addr().unwrap(), Passed::default());
    let notes = Arc::clone(&passed);
    lines.spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let mut request = vec![0; 300];
            let Ok(count) = from.read(&mut request).await else {
                continue;
            };
            request.truncate(count);
            let mut to = TcpStream::connect(meter).await.unwrap();
            notes.lock().unwrap().push((Instant::now(), request.clone()));
            to.write_all(&request).await.unwrap();
            let mut reply = Vec::new();
            to.read_to_end(&mut reply).await.unwrap();
            let _ = from.write_all(&reply).await;
        }
    });
    (address, passed)
}

fn is_code(request: &[u8]) -> bool {
    request.len() > 16 && request[11..16] == [1, 0xFF, 0xC8, 0x03, 1]
}

fn is_serial(request: &[u8]) -> bool {
    request.len() > 16 && request[11..16] == [1, 0x60, 0x01, 0, 0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; see tests/README.md"]
async fn a_code_is_on_its_way_within_gaps() {
    for (what, polling, nth) in [
        ("at rest", Polling::off(), 0),
        ("in the midst of a poll", Polling::default(), 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path())).unwrap();
        let mut tasks = JoinSet::new();
        let mut setup = Setup::new(SERIAL);
        setup.prepay = true;
        setup.transaction_count = Some(6);
        let meter = serve(station(setup, Faults::default(), "2026-02-10T12:00:00Z"), &mut tasks).await;
        let (address, passed) = noted(meter, &mut tasks).await;
        let config = Config {
            request_gap: Span(GAP),
            polling,
            ..quick()
        };
        let one = Entry {
            hardware: Some("EMA1.w".to_owned()),
            ..entry(address)
        };
        let room = Meters::new(config, vec![one], store).unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(Arc::clone(&room).run(stop.clone()));
        if nth > 0 {
            room.poll_now(&id()).unwrap();
            while passed.lock().unwrap().len() < 3 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let before = passed.lock().unwrap().len();
        let click = Instant::now();
        let new = NewTopup {
            meter: id(),
            token: format!("1000000000000000{:04}", 100 + nth).parse().unwrap(),
            origin: operator(),
            key: None,
            worth: None,
            anyway: false,
            once: None,
        };
        let (topup, _) = room.top_up(new).await.unwrap();
        let until = tokio::time::Instant::now() + Duration::from_secs(60);
        let settled = room.settled_topup(&topup.id, until).await.unwrap();
        let known = click.elapsed();
        assert_eq!(settled.state, TopupState::Taken);
        let seen = passed.lock().unwrap()[before..].to_vec();
        let gaps = |at: Instant| at.duration_since(click).as_secs_f64() / GAP.as_secs_f64();
        let first = seen.iter().find(|(_, request)| is_serial(request)).unwrap();
        let code = seen.iter().find(|(_, request)| is_code(request)).unwrap();
        println!(
            "{what}: the first request of the proof {:.2} gaps after the click, the code's first byte {:.2}, taken is known {:.2}; \
             {} requests in between",
            gaps(first.0),
            gaps(code.0),
            known.as_secs_f64() / GAP.as_secs_f64(),
            seen.iter().take_while(|(_, request)| !is_code(request)).count()
        );
        stop.cancel();
        running.await.unwrap().unwrap();
    }
}
