//! Codes on lines that break at six points, while the box is killed at random: what is reported of each is what its meter
//! counted, none is sent twice, and none is in doubt once the line is back.
//!
//! The meters are simulated; between them and the box stands a line that the test plays. It sees each code that passes, and
//! what the meter answers, so that it knows what the box has to prove.
//!
//! Short form in every run; the long form is `GATELODGE_TEST_TOPUPS=1000 cargo nextest run meter::topup_faults
//! --no-capture`, and one run is repeated with `GATELODGE_TEST_TOPUP_SEED=<seed>`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::command::Simulation;
use crate::book::chance::Chance;
use crate::support::TestBox;
use crate::support::https::Https;
use crate::support::test_box::CONFIG;

/// Where the line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    /// No connection stands, again and again.
    BeforeSend,
    /// The code comes half through.
    HalfSent,
    /// The code comes through or does not, and no reply comes back.
    NoReply,
    /// The meter says no.
    Refused,
    /// After a code nothing can be read for a while.
    Unread,
    /// Nothing breaks but the box.
    Restart,
}

/// What passed on the lines.
#[derive(Default)]
struct Passed {
    /// How often a code left the box, and whether its meter took it.
    codes: HashMap<String, (u32, bool)>,
}

/// The line to one meter.
struct Line {
    point: Point,
    meter: SocketAddr,
    passed: Arc<Mutex<Passed>>,
    chance: Chance,
    /// Nothing is answered before.
    deaf_until: Option<Instant>,
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(64).unwrap()
}

impl Line {
    async fn run(mut self, first: TcpListener) {
        let address = first.local_addr().unwrap();
        let mut listener = Some(first);
        loop {
            let up = Duration::from_millis(100 + self.chance.below(300));
            let open = listener.take().unwrap_or_else(|| listen(address));
            let ends = tokio::time::sleep(up);
            tokio::pin!(ends);
            loop {
                tokio::select! {
                    Ok((stream, _)) = open.accept() => self.pass(stream).await,
                    () = &mut ends, if self.point == Point::BeforeSend => break,
                }
            }
            drop(open);
            tokio::time::sleep(Duration::from_millis(20 + self.chance.below(60))).await;
        }
    }

    /// One request and its reply, or what becomes of them.
    async fn pass(&mut self, mut from: TcpStream) {
        let Some(request) = frame(&mut from).await else { return };
        let code = code(&request);
        if self.deaf_until.is_some_and(|until| Instant::now() < until) && code.is_none() {
            return;
        }
        if let Some(code) = &code {
            let mut passed = self.passed.lock().unwrap();
            passed.codes.entry(code.clone()).or_default().0 += 1;
        }
        let bites = code.is_some() && self.chance.below(10) < 6;
        if bites && self.point == Point::Unread {
            self.deaf_until = Some(Instant::now() + Duration::from_millis(100 + self.chance.below(600)));
        }
        if bites && self.point == Point::NoReply && self.chance.one_in(2) {
            return;
        }
        let Ok(mut to) = TcpStream::connect(self.meter).await else {
            return;
        };
        if bites && self.point == Point::HalfSent {
            let half = 1 + usize::try_from(self.chance.below(request.len() as u64 - 1)).unwrap();
            let _ = to.write_all(&request[..half]).await;
            return;
        }
        if to.write_all(&request).await.is_err() {
            return;
        }
        let Some(reply) = frame(&mut to).await else { return };
        if let Some(code) = &code
            && reply[10] >> 3 == 0
        {
            self.passed.lock().unwrap().codes.entry(code.clone()).or_default().1 = true;
        }
        if bites && self.point == Point::NoReply {
            return;
        }
        let _ = from.write_all(&reply).await;
    }
}

/// A whole frame, by its length.
async fn frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 2];
    stream.read_exact(&mut bytes).await.ok()?;
    let length = usize::from(bytes[1]) + 1;
    bytes.resize(length, 0);
    stream.read_exact(&mut bytes[2..]).await.ok()?;
    Some(bytes)
}

/// The code that a frame hands over.
fn code(frame: &[u8]) -> Option<String> {
    let data = &frame[11..frame.len() - 2];
    let payload = data.strip_prefix(&[1, 0xFF, 0xC8, 0x03, 1])?;
    Some(String::from_utf8(payload.to_vec()).unwrap())
}

/// Meters, lines and a box.
struct Street {
    running: TestBox,
    passed: Arc<Mutex<Passed>>,
    bearer: String,
    _meters: Simulation,
    _runtime: tokio::runtime::Runtime,
}

fn serial(number: u64) -> String {
    format!("EML{:010}", 1_000 + number)
}

impl Street {
    fn start(point: Point, meters: u64, chance: &mut Chance) -> Street {
        let count = meters.to_string();
        let arguments = [
            "--listen",
            "127.0.0.1:0",
            "--serial",
            &serial(0),
            "--count",
            &count,
            "--prepay",
            "--power",
            "0",
            "--standing-charge",
            "0",
            "--transaction-count",
            "6",
        ];
        let (simulation, printed) = Simulation::start(&arguments, usize::try_from(meters).unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let passed = Arc::new(Mutex::new(Passed::default()));
        let gap = 10 + chance.below(11);
        let mut sections = format!(
            "{CONFIG}\n[meters]\nrequest_gap = \"{gap}ms\"\ntimeout = \"400ms\"\nretry_pause = \"20ms\"\nproof_pause = \"60ms\"\n[meters.polling]\n"
        );
        for syncer in [
            "reads",
            "prepay_balance",
            "csq",
            "event_log",
            "voltage",
            "power",
            "half_hours",
            "clock_diff",
            "tariffs_active",
            "tariffs_future",
            "prepay_enabled",
            "daylight_savings_enabled",
            "hardware",
            "serial",
            "firmware_version",
            "backlight",
            "load_switch",
        ] {
            sections.push_str(&format!("{syncer} = \"off\"\n"));
        }
        for meter in printed {
            let listener = runtime.block_on(async { listen("127.0.0.1:0".parse().unwrap()) });
            let address = listener.local_addr().unwrap();
            let serial = meter["serial"].as_str().unwrap();
            sections.push_str(&format!(
                "[[meter]]\nserial = \"{serial}\"\nlink = \"tcp://{address}\"\nhardware = \"EMA1.w\"\n"
            ));
            let line = Line {
                point,
                meter: meter["address"].as_str().unwrap().parse().unwrap(),
                passed: Arc::clone(&passed),
                chance: Chance::new(chance.below(u64::MAX)),
                deaf_until: None,
            };
            runtime.spawn(line.run(listener));
        }
        let running = TestBox::start_with(&sections);
        let made = running.json(&["token", "create", "--name", "app", "--scope", "meters:topup"]);
        Street {
            bearer: format!("Bearer {}", made["token"].as_str().unwrap()),
            running,
            passed,
            _meters: simulation,
            _runtime: runtime,
        }
    }

    /// Gives a code, as often as it takes until the box has it.
    fn give(&mut self, https: &mut Option<Https>, (meter, code): (&str, &str)) -> bool {
        let connection = https.get_or_insert_with(|| self.running.https());
        let path = format!("/v1/meters/{meter}/tokens");
        let headers = [
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let body = json!({ "token": code }).to_string();
        match connection.try_ask("POST", &path, &headers, body.as_bytes()) {
            Ok(answer) if [200, 202].contains(&answer.status) => true,
            // Twenty wait for this meter already, or the box was killed.
            Ok(_) => false,
            Err(_) => {
                *https = None;
                false
            }
        }
    }

    fn kill(&mut self) {
        self.running.kill();
        self.running.run();
    }

    /// Every top-up by its meter, the newest first.
    fn reported(&self) -> Vec<serde_json::Value> {
        let all = self.running.json(&["prepay", "list", "--limit", "1000"]);
        all.as_array().unwrap().clone()
    }
}

/// How many codes one point is tried with.
fn wanted() -> u64 {
    crate::book::number("GATELODGE_TEST_TOPUPS").unwrap_or(24)
}

fn walk(point: Point) {
    let seed = crate::book::number("GATELODGE_TEST_TOPUP_SEED").unwrap_or_else(|| {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        u64::from(now.subsec_nanos())
    });
    let why = format!("{point:?}, seed {seed}");
    let mut chance = Chance::new(seed);
    let codes = wanted();
    let meters = (codes / 4).clamp(1, 50);
    let mut street = Street::start(point, meters, &mut chance);
    let mut given = Vec::new();
    for number in 0..codes {
        // Another meter's is refused; it begins with 404.
        let others = point == Point::Refused && chance.one_in(2);
        let begins = if others { 404 } else { 500 };
        given.push((
            serial(number % meters),
            format!("{begins}{number:013}{:04}", 1 + chance.below(2_000)),
        ));
    }
    let (mut https, mut kills, mut kill_at) = (None, 0, Instant::now() + Duration::from_millis(300));
    let mut next = 0;
    while next < given.len() {
        let (meter, code) = given[next].clone();
        if street.give(&mut https, (&meter, &code)) {
            next += 1;
        } else {
            std::thread::sleep(Duration::from_millis(20));
        }
        if Instant::now() >= kill_at {
            street.kill();
            (https, kills) = (None, kills + 1);
            kill_at = Instant::now() + Duration::from_millis(300 + chance.below(1_500));
        }
    }
    // Some more while they are under way; then the box is left alone and the line is as it is.
    for more in 0..3 + codes / 20 {
        std::thread::sleep(Duration::from_millis(100 + chance.below(900)));
        street.kill();
        kills += 1;
        if more >= 3 && street.reported().iter().all(is_settled) {
            break;
        }
    }
    let end = Instant::now() + Duration::from_secs(60 + codes);
    let reported = loop {
        let reported = street.reported();
        let open = reported.iter().filter(|topup| !is_settled(topup)).count();
        if open == 0 && reported.len() as u64 == codes {
            break reported;
        }
        assert!(
            Instant::now() < end,
            "{why}: {open} of {} are not settled: {reported:?}",
            reported.len()
        );
        std::thread::sleep(Duration::from_millis(200));
    };
    let passed = street.passed.lock().unwrap();
    let (mut taken, mut refused) = (0, 0);
    // The list does not say codes: the newest of a meter is the one that was given last.
    for meter in 0..meters {
        let serial = serial(meter);
        let mine = given.iter().filter(|(of, _)| *of == serial);
        let theirs: Vec<_> = reported
            .iter()
            .filter(|topup| topup["meter"] == serial.as_str())
            .collect();
        for ((_, code), topup) in mine.rev().zip(theirs) {
            let (sent, took) = passed.codes.get(code).copied().unwrap_or_default();
            assert!(sent <= 1, "{why}: {code} was sent {sent} times");
            let state = topup["state"].as_str().unwrap();
            assert_eq!(state == "taken", took, "{why}: {code}: {topup}");
            assert!(["taken", "refused"].contains(&state), "{why}: {topup}");
            *(if took { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert_eq!(taken + refused, codes, "{why}");
    println!(
        "{why}: {codes} codes at {meters} meters, {kills} kills: {taken} taken, {refused} refused, 0 in doubt, 0 sent twice"
    );
}

fn is_settled(topup: &serde_json::Value) -> bool {
    !["waiting", "sending", "in_doubt"].contains(&topup["state"].as_str().unwrap())
}

#[test]
fn codes_whose_line_does_not_stand() {
    walk(Point::BeforeSend);
}

#[test]
fn codes_that_come_half_through() {
    walk(Point::HalfSent);
}

#[test]
fn codes_whose_reply_is_lost() {
    walk(Point::NoReply);
}

#[test]
fn codes_that_are_refused() {
    walk(Point::Refused);
}

#[test]
fn codes_after_which_nothing_can_be_read() {
    walk(Point::Unread);
}

#[test]
fn codes_while_the_box_restarts() {
    walk(Point::Restart);
}
