//! Who comes first when several want something of one meter, and that it is asked for one thing at a time. The
//! meter's side is a listener that the test itself plays, byte by byte.

use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::units::Span;
use gatelodge::domain::{MeterId, TopupState};
use gatelodge::meter::driver::{Command, DriverError};
use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::topup::{NewTopup, Origin, Reply, Through};
use gatelodge::meter::{Config, Entry, Every, Meters, MetersError, Polling};
use gatelodge::store::{Options, Store};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::fixture::{SERIAL, never, object};
use super::peer::{hear, reply};

pub fn quick() -> Config {
    Config {
        request_gap: Span::seconds(0),
        attempts: 1,
        retry_pause: Span(Duration::from_millis(1)),
        timeout: Span::seconds(30),
        polling: Polling::off(),
        ..Config::default()
    }
}

pub fn id() -> MeterId {
    SERIAL.parse().unwrap()
}

pub fn entry(address: std::net::SocketAddr) -> Entry {
    Entry {
        serial: id(),
        link: format!("tcp://{address}").parse().unwrap(),
        esco: None,
        name: None,
        feeder: None,
        hardware: None,
        datasource: None,
        counts: gatelodge::domain::Counts::Unit,
        space: None,
    }
}

/// A room with one meter, whose side the test plays.
struct Fixture {
    room: Arc<Meters>,
    listener: TcpListener,
    _folder: TempDir,
}

impl Fixture {
    async fn with(config: Config) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let store = Store::open(Options::new(folder.path())).unwrap();
        let room = Meters::new(config, vec![entry(listener.local_addr().unwrap())], store).unwrap();
        Fixture {
            room,
            listener,
            _folder: folder,
        }
    }

    fn ask(&self, command: Command, deadline: Instant) -> JoinHandle<Result<Vec<u8>, MetersError>> {
        let room = Arc::clone(&self.room);
        tokio::spawn(async move { room.carry_out(&id(), command, &operator(), deadline).await })
    }

    /// The next request, and the line to answer it on.
    async fn heard(&self) -> (TcpStream, Vec<u8>) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let request = hear(&mut stream).await.unwrap();
        (stream, request)
    }

    async fn answer(&self) -> Vec<u8> {
        let (mut stream, request) = self.heard().await;
        stream.write_all(&reply(&request, 0, &[7; 4])).await.unwrap();
        request
    }
}

fn read(name: &str) -> Command {
    Command::Ask(Request::Read(object(name)))
}

fn code() -> NewTopup {
    NewTopup {
        meter: id(),
        token: "71466394621589161020".parse().unwrap(),
        origin: operator(),
        key: None,
        worth: None,
        anyway: false,
        once: None,
    }
}

pub fn operator() -> Origin {
    Origin {
        by: "operator".to_owned(),
        through: Through::CommandLine,
    }
}

/// Answers what is read of a meter before a code is sent to it; gives the request with the code and its line.
async fn until_code(fixture: &Fixture) -> (TcpStream, Vec<u8>) {
    loop {
        let (mut line, request) = fixture.heard().await;
        let payload = match about(&request) {
            0x60_8000 => b"3Aw ".to_vec(),
            0x60_0100 => format!("{SERIAL:<16}").into_bytes(),
            0xFF_C802 => vec![0; 4],
            0xFF_C83E => vec![7, 0],
            0xFF_C840 => vec![0; 16],
            0xFF_C803 => return (line, request),
            _ => Vec::new(),
        };
        line.write_all(&reply(&request, 0, &payload)).await.unwrap();
    }
}

/// What a request is about.
fn about(request: &[u8]) -> u32 {
    u32::from_be_bytes([0, request[12], request[13], request[14]])
}

/// Gives everybody who can run their turn.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn equals_go_in_the_order_in_which_they_came() {
    let fixture = Fixture::with(quick()).await;
    let first = fixture.ask(read("time"), never());
    let (mut line, request) = fixture.heard().await;
    let mut others = Vec::new();
    for command in [read("prepay_balance"), read("csq_net_op")] {
        others.push(fixture.ask(command, never()));
        settle().await;
    }
    line.write_all(&reply(&request, 0, &[0; 7])).await.unwrap();
    drop(line);
    let mut order = Vec::new();
    for _ in 0..2 {
        order.push(about(&fixture.answer().await));
    }
    assert_eq!(
        order,
        ["prepay_balance", "csq_net_op"].map(|name| object(name).number())
    );
    assert_eq!(first.await.unwrap().unwrap().len(), 12);
    for other in others {
        other.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_meter_hears_one_request_at_a_time_and_has_its_rest_between_two() {
    let gap = Duration::from_millis(40);
    let fixture = Fixture::with(Config {
        request_gap: Span(gap),
        ..quick()
    })
    .await;
    let asking: Vec<_> = (0..5).map(|_| fixture.ask(read("csq_net_op"), never())).collect();
    let mut ended: Option<Instant> = None;
    for _ in 0..5 {
        let (mut line, request) = fixture.heard().await;
        assert!(
            ended.is_none_or(|ended| ended.elapsed() >= gap),
            "the meter had its rest"
        );
        // Nobody else comes while this one waits for its answer.
        settle().await;
        let early = futures_util::FutureExt::now_or_never(fixture.listener.accept());
        assert!(early.is_none(), "a second connection while the first was open");
        ended = Some(Instant::now());
        line.write_all(&reply(&request, 0, &[1])).await.unwrap();
    }
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn who_does_not_come_to_their_turn_in_time_is_told_and_the_meter_never_hears_of_it() {
    let fixture = Fixture::with(quick()).await;
    let first = fixture.ask(read("time"), never());
    let (mut line, request) = fixture.heard().await;
    let late = fixture.ask(read("prepay_balance"), Instant::now() + Duration::from_millis(30));
    match late.await.unwrap() {
        Err(MetersError::Unanswered(DriverError::Busy)) => {}
        other => panic!("{other:?}"),
    }
    let gone = fixture.ask(read("prepay_balance"), never());
    settle().await;
    gone.abort();
    let _ = gone.await;
    let last = fixture.ask(read("csq_net_op"), never());
    settle().await;
    line.write_all(&reply(&request, 0, &[0; 7])).await.unwrap();
    drop(line);
    assert_eq!(about(&fixture.answer().await), object("csq_net_op").number());
    first.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
}

#[tokio::test]
async fn sixty_four_may_wait_for_one_meter_and_no_more() {
    let fixture = Fixture::with(quick()).await;
    let first = fixture.ask(read("time"), never());
    let held = fixture.heard().await;
    let waiting: Vec<_> = (0..64).map(|_| fixture.ask(read("csq_net_op"), never())).collect();
    settle().await;
    match fixture.ask(read("csq_net_op"), never()).await.unwrap() {
        Err(MetersError::Unanswered(DriverError::Busy)) => {}
        other => panic!("{other:?}"),
    }
    drop(held);
    assert!(first.await.unwrap().is_err(), "the meter hung up");
    for asked in waiting {
        let mut asked = asked;
        tokio::select! {
            _ = fixture.answer() => asked.await.unwrap().unwrap(),
            done = &mut asked => done.unwrap().unwrap(),
        };
    }
}

#[tokio::test]
async fn a_stop_cuts_reads_and_waits_for_a_token() {
    let fixture = Fixture::with(quick()).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&fixture.room).run(stop.clone()));
    let (topup, _) = fixture.room.top_up(code()).await.unwrap();
    let (mut line, request) = until_code(&fixture).await;
    let reading = fixture.ask(read("csq_net_op"), never());
    settle().await;
    stop.cancel();
    settle().await;
    assert!(!running.is_finished(), "a token is on its way");
    line.write_all(&reply(&request, 0, &[])).await.unwrap();
    running.await.unwrap().unwrap();
    let kept = fixture.room.topup(&topup.id).unwrap();
    assert_eq!((kept.state, kept.reply), (TopupState::Sending, Some(Reply::Accepted)));
    for asked in [reading, fixture.ask(read("csq_net_op"), never())] {
        match asked.await.unwrap() {
            Err(MetersError::Unanswered(DriverError::Stopping)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_must_not_be_asked_is_refused_before_the_meter_hears_anything() {
    let fixture = Fixture::with(quick()).await;
    for command in [
        Command::Ask(Request::Write(object("backlight"), vec![1])),
        Command::Ask(Request::Raw(vec![6, 255])),
        Command::Ask(Request::Raw(Vec::new())),
    ] {
        let refused = fixture.room.carry_out(&id(), command, &operator(), never()).await;
        assert!(
            matches!(refused, Err(MetersError::Unanswered(DriverError::Session(_)))),
            "{refused:?}"
        );
    }
    let nobody = fixture
        .room
        .carry_out(&"EML0".parse().unwrap(), read("time"), &operator(), never())
        .await;
    assert!(matches!(nobody, Err(MetersError::Unknown(_))), "{nobody:?}");
    assert!(futures_util::FutureExt::now_or_never(fixture.listener.accept()).is_none());
}

#[tokio::test]
async fn a_slow_poll_makes_way_for_people() {
    let mut config = Config {
        timeout: Span(Duration::from_millis(200)),
        attempts: 5,
        retry_pause: Span::seconds(60),
        ..quick()
    };
    config.polling.csq = Every::Each(Span::seconds(3_600));
    let fixture = Fixture::with(config).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&fixture.room).run(stop.clone()));
    // The poll is never answered, and would try again after a minute.
    let (polled, asked_by_the_poll) = fixture.heard().await;
    assert_eq!(
        about(&asked_by_the_poll),
        object("hardware_version").number(),
        "the kind of meter is learnt first"
    );
    let asked = fixture.ask(read("time"), Instant::now() + Duration::from_secs(30));
    let (mut line, request) = fixture.heard().await;
    assert_eq!(about(&request), object("time").number());
    line.write_all(&reply(&request, 0, &[0; 7])).await.unwrap();
    asked.await.unwrap().unwrap();
    drop(polled);
    stop.cancel();
    running.await.unwrap().unwrap();
}
