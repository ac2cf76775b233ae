//! A balance explained by the built binary: command line, `/v1` and page, beside a simulated meter that charges exactly
//! (EMOP §17.1, §23).

use gatelodge::domain::MeterState;
use gatelodge::meter::emop::dialect::{InferredWrites, Request};
use gatelodge::meter::emop::{Dialect, Inferred, MeterTime, Money};
use gatelodge::meter::simulator::{Faults, Now, Rate, Setup, SimulatedMeter, Station, Tariff};
use gatelodge::store::meter_money::{MoneySeen, Terms, TermsRead};
use gatelodge::store::meters::{MetersWriter, Note};
use gatelodge::store::{Options, Store};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::fixture::{SERIAL, serve};
use crate::access::streams::sign_in;
use crate::accounts::{Browser, add, signed_in};
use crate::support::chromium::Page;
use crate::support::https::Answer;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

/// Worth £12.50.
const CODE: &str = "10000000000000001250";

/// A flat whose meter was paid in four days ago, and a box that has read its balance twice an hour since.
pub(super) struct Flat {
    pub(super) running: TestBox,
    _meters: JoinSet<()>,
}

fn dialect() -> Dialect {
    Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap()
}

/// The day so many days ago in London.
pub(super) fn day(ago: i64) -> Date {
    Timestamp::now().in_tz("Europe/London").unwrap().date() - ago.days()
}

/// When a day begins in London.
pub(super) fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::get("Europe/London").unwrap())
        .unwrap()
        .timestamp()
}

pub(super) fn setup() -> Setup {
    let begins = midnight(day(4));
    let mut setup = Setup::new(SERIAL);
    setup.prepay = true;
    setup.balance = Money(5_000_000);
    setup.balance_at = Some(MeterTime::of(begins).unwrap());
    setup.log_start = MeterTime::of(begins).unwrap();
    setup.transaction_count = Some(6);
    setup.debt = Money(10_000_000);
    setup.tariff = Tariff {
        unit_rate: Money(23_817),
        standing_charge: Money(51_083),
        debt_recovery_rate: Money(33_331),
        ..Tariff::default()
    };
    setup
}

/// What a box would have read of the same meter until now.
fn money() -> MoneySeen {
    let dialect = dialect();
    let object = |name: &str| dialect.catalogue().named(name).unwrap().id;
    let balance = dialect.data_field(&Request::Read(object("prepay_balance"))).unwrap();
    let mut meter = SimulatedMeter::new(setup(), dialect.clone(), &Faults::default());
    let begins = midnight(day(4));
    let mut at = begins;
    let mut balances = Vec::new();
    while at < Timestamp::now() {
        let reply = meter.answer(&balance, at).1;
        let units = i32::from_le_bytes(reply[5..9].try_into().unwrap());
        balances.push((at, i64::from(units)));
        at += SignedDuration::from_mins(30);
    }
    let tariff = json!({
        "standing_charge": "0.51083", "unit_rate_element_a": "0.23817", "unit_rate_element_b": "0.23817",
        "threshold_mask": { "rate1": 0 }, "threshold_values": { "th1": 0 }, "prepayment_debt_recovery_rate": "0.33331",
        "element_b_tou_rate": 0, "block_rate": 0,
    });
    MoneySeen {
        balances,
        terms: Some(TermsRead {
            at: begins,
            seen: begins,
            plan: None,
            terms: Terms {
                tariff: tariff.as_object().unwrap().clone(),
                daylight: None,
                prepay: None,
            },
        }),
    }
}

impl Flat {
    pub(super) async fn new() -> Flat {
        Flat::with(setup(), Faults::default()).await
    }

    pub(super) async fn with(setup: Setup, faults: Faults) -> Flat {
        let meter = SimulatedMeter::new(setup, dialect(), &faults);
        let station = Station::new(meter, faults, Now::Running);
        let mut meters = JoinSet::new();
        let address = serve(station, &mut meters).await;
        let mut running = TestBox::start_with(&format!(
            "{CONFIG}[site]\ntimezone = \"Europe/London\"\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nproof_pause = \"200ms\"\n\
             [meters.polling]\ntariffs_active = \"off\"\n\
             [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{address}\"\nname = \"Flat 1\"\nhardware = \"EMA1.w\"\n"
        ));
        running.stop();
        let store = Store::open(Options::new(running.dir.join("data/store"))).unwrap();
        let writer = MetersWriter::new(store.clone());
        let all = money();
        for (place, balances) in all.balances.chunks(60).enumerate() {
            let note = Note {
                meter: SERIAL.parse().unwrap(),
                state: MeterState::default(),
                news: Vec::new(),
                money: MoneySeen {
                    balances: balances.to_vec(),
                    terms: all.terms.clone().filter(|_| place == 0),
                },
            };
            writer.note(vec![note]).await.unwrap();
        }
        drop(writer);
        store.close().await;
        drop(store);
        running.run();
        eventually("all half-hours are here", || {
            let meters = running.json(&["meter", "list"]);
            let shown = &meters[0];
            let fetched = shown["half_hours"]["open"] == 0 && shown["values"]["balance"].is_object();
            fetched.then_some(())
        });
        Flat {
            running,
            _meters: meters,
        }
    }

    pub(super) fn explain(&self, from: Date, to: Date, more: &[&str]) -> Value {
        let (from, to) = (from.to_string(), to.to_string());
        let asked = [&["prepay", "explain", SERIAL, "--from", &from, "--to", &to], more].concat();
        self.running.json(&asked)
    }

    fn get(&self, scope: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let made = self
            .running
            .json(&["token", "create", "--name", scope, "--scope", scope]);
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        self.running.https().ask("GET", path, &headers)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_it_ends_with_what_was_fetched_and_half_hours_stand_below_their_sum() {
    let flat = Flat::new().await;
    let asked = ["prepay", "explain", SERIAL];
    let statement = flat.running.json(&asked)["statement"].clone();
    let until = flat.running.json(&["meter", "list"])[0]["half_hours"]["until"].clone();
    let at = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(at(&statement["closed"]) <= at(&until), "{statement}");
    assert_eq!(statement["explained"], true, "{statement}");
    let text = flat.running.command(&[&asked[..], &["--half-hours"]].concat());
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.matches("half an hour of it").count() > 48, "{text}");
    // Each day has what it cost in its heading, on the page.
    let mut admin = signed_in(&flat.running, "admin");
    let shown = page(&mut admin, day(3), day(2)).text();
    let day_of = |day: Date| format!("{}: £", day.strftime("%a %-d %b %Y"));
    assert!(shown.contains(&day_of(day(3))), "{shown}");
}

fn pounds(amount: &Value) -> i64 {
    let text = amount.as_str().unwrap();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    sign * (whole.parse::<i64>().unwrap() * 100_000_000 + format!("{parts:0<8}").parse::<i64>().unwrap())
}

fn page(browser: &mut Browser, from: Date, to: Date) -> Answer {
    browser.get(&format!("/energy/{SERIAL}/money?from={from}&to={to}"))
}

/// The page in a browser, wide and narrow: nothing sticks out, and no policy is broken.
fn looks_right(running: &TestBox) {
    add(running, "looker", "admin");
    let mut page = Page::new(running.door("https").port(), &running.ca_file());
    page.go("/login");
    page.type_into("input[name=username]", "looker");
    page.type_into("input[name=password]", "correct-horse");
    page.leaving(|page| page.click("main button"));
    page.go(&format!("/energy/{SERIAL}/money?from={}&to={}", day(3), day(2)));
    assert_eq!(
        page.count(".statement tbody"),
        4,
        "two ends and the two days that were asked for"
    );
    assert_eq!(
        page.count("svg.saw[aria-label]") + page.count("svg.saw > desc"),
        4,
        "it is told to who does not see it"
    );
    assert_eq!(page.count("svg.saw .line"), 2, "in two sizes");
    for (width, scheme) in [(1280, "light"), (1280, "dark"), (360, "light")] {
        page.look(width, scheme);
        let wide = page.eval("document.documentElement.scrollWidth - window.innerWidth");
        assert!(wide.as_i64() <= Some(0), "at {width}: {wide} pixels stick out");
        if let Some(folder) = std::env::var_os("GATELODGE_TEST_PICTURES") {
            std::fs::create_dir_all(&folder).unwrap();
            let file = std::path::Path::new(&folder).join(format!("money-{width}-{scheme}.png"));
            std::fs::write(file, page.picture()).unwrap();
        }
    }
    assert_eq!(page.faults(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_is_explained_to_the_penny_by_command_api_and_page() {
    let flat = Flat::new().await;
    // Two whole days by the house's clock: 48 half-hours of 250 Wh each, unless clocks change.
    let money = flat.explain(day(3), day(2), &[]);
    let statement = &money["statement"];
    let lines = statement["lines"].as_array().unwrap();
    let sum: i64 = lines.iter().map(|line| pounds(&line["amount"])).sum();
    assert_eq!(
        pounds(&statement["opening"]) + sum + pounds(&statement["remainder"]),
        pounds(&statement["computed"]),
        "{statement}"
    );
    assert_eq!(statement["explained"], true, "{statement}");
    assert!(pounds(&statement["difference"]).abs() < 1_000, "{statement}");
    assert_eq!(statement["opened"], midnight(day(3)).to_string());
    assert_eq!(statement["closed"], midnight(day(1)).to_string());
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!(
        (of("energy"), of("standing_charge"), of("debt"), of("not_computed")),
        (2, 2, 2, 0),
        "{statement}"
    );
    let hours = (midnight(day(1)) - midnight(day(3))).total(jiff::Unit::Hour).unwrap();
    let used: u64 = lines.iter().filter_map(|line| line["watt_hours"].as_u64()).sum();
    assert_eq!(used, 500 * hours as u64);
    // It begins where something is known, and says so.
    let before = flat.explain(day(20), day(3), &["--half-hours"]);
    assert_eq!(before["begins"], day(4).to_string());
    assert!(before["note"].as_str().unwrap().contains("it begins there"), "{before}");
    let halves = before["statement"]["lines"].as_array().unwrap().iter();
    let halves: usize = halves
        .filter_map(|line| line["half_hours"].as_array())
        .map(Vec::len)
        .sum();
    assert_eq!(
        halves,
        2 * (midnight(day(2)) - midnight(day(4))).total(jiff::Unit::Hour).unwrap() as usize
    );
    let never = flat.explain(day(20), day(10), &[]);
    assert!(
        never["statement"].is_null() && never["note"].as_str().unwrap().contains("only"),
        "{never}"
    );

    // For people, and for a spreadsheet.
    let (from, to) = (day(3).to_string(), day(2).to_string());
    let asked = ["prepay", "explain", SERIAL, "--from", &from, "--to", &to];
    let table = flat.running.command(&asked);
    let text = String::from_utf8(table.stdout).unwrap();
    for words in [
        "energy at 23.817p a kWh",
        "standing charge for a day",
        "what the meter shows",
        "difference",
        "12.000 kWh",
    ] {
        assert!(
            text.contains(words) || words == "12.000 kWh" && hours != 48.0,
            "{words}: {text}"
        );
    }
    let csv = flat.running.command(&[&asked[..], &["--csv"]].concat());
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(
        csv.starts_with("day,from,to,kind,words,watt_hours,rate,amount,times\r\n"),
        "{csv}"
    );
    let wrong = flat
        .running
        .command(&["prepay", "explain", SERIAL, "--from", &to, "--to", &from]);
    assert_ne!(wrong.status.code(), Some(0));

    // An app.
    let path = format!("/v1/meters/{SERIAL}/money?from={from}&to={to}");
    let answer = flat.get("meters:read", &path, &[]);
    assert_eq!(
        (answer.status, answer.json()),
        (200, money.clone()),
        "{}",
        answer.text()
    );
    for (path, accept) in [(path.clone(), "text/csv"), (format!("{path}&format=csv"), "*/*")] {
        let answer = flat.get("meters:read", &path, &[("accept", accept)]);
        assert!(answer.header("content-type").unwrap().starts_with("text/csv"));
        assert_eq!(
            answer.text().lines().collect::<Vec<_>>(),
            csv.lines().collect::<Vec<_>>()
        );
    }
    assert_eq!(flat.get("spaces:read", &path, &[]).status, 403);
    let status = |path: &str| flat.get("meters:read", path, &[]).status;
    assert_eq!(status("/v1/meters/EML1/money"), 404);
    assert_eq!(status(&format!("/v1/meters/{SERIAL}/money?from={to}&to={from}")), 422);

    // People: who runs the box, who lives there, who lived there before, and who has nothing to do with it.
    let mut admin = signed_in(&flat.running, "admin");
    let all = page(&mut admin, day(3), day(2));
    assert_eq!(all.status, 200);
    let all = all.text();
    let opening = statement["opening"].as_str().unwrap();
    let closing = statement["closing"].as_str().unwrap();
    assert!(
        all.contains(opening) && all.contains(closing) && !all.contains("<script"),
        "{all}"
    );
    let own = admin.get(&format!("/energy/{SERIAL}")).text();
    assert!(own.contains(&format!("/energy/{SERIAL}/money")), "{own}");
    assert_eq!(admin.get(&format!("/energy/{SERIAL}/money?from=x")).status, 400);
    for name in ["former", "next"] {
        add(&flat.running, name, "resident");
    }
    let (came, moved) = (format!("{SERIAL}@{}", day(4)), format!("{SERIAL}@{}", day(2)));
    flat.running.json(&["user", "meters", "former", &came]);
    flat.running
        .json(&["user", "move-out", "former", "--at", &day(2).to_string()]);
    flat.running.json(&["user", "meters", "next", &moved]);
    let [mut former, mut next] = ["former", "next"].map(|name| sign_in(&flat.running, name));
    let boundary = flat.explain(day(2), day(2), &[])["statement"]["opening"]
        .as_str()
        .unwrap()
        .to_owned();
    let (past, present) = (
        page(&mut former, day(4), day(0)).text(),
        page(&mut next, day(4), day(0)).text(),
    );
    assert!(
        past.contains(">50.") || past.contains(">50<"),
        "what was paid in: {past}"
    );
    assert!(
        !past.contains(closing) && !present.contains(opening),
        "{past}\n{present}"
    );
    assert!(!past.contains(&boundary), "it was read when the next one lived there");
    assert!(!present.contains(">50<"), "{present}");
    looks_right(&flat.running);
    let mut viewer = signed_in(&flat.running, "viewer");
    assert_eq!(page(&mut viewer, day(3), day(2)).status, 404);
    let mut stranger = signed_in(&flat.running, "resident");
    assert_eq!(page(&mut stranger, day(3), day(2)).status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_the_box_sent_is_a_line_and_what_it_was_worth_follows_from_the_balance() {
    let flat = Flat::new().await;
    let file = flat.running.dir.join("code");
    std::fs::write(&file, format!("{CODE}\n")).unwrap();
    let sent = flat.running.command(&[
        "prepay",
        "send",
        SERIAL,
        "--token-file",
        file.to_str().unwrap(),
        "--wait",
        "60",
    ]);
    assert_eq!(sent.status.code(), Some(0), "{}", String::from_utf8_lossy(&sent.stderr));
    let listed = flat.running.json(&["prepay", "list"]);
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    let money = eventually("the top-up is a line", || {
        let money = flat.explain(day(1), day(0), &[]);
        let lines = money["statement"]["lines"].as_array().cloned().unwrap_or_default();
        let line = lines.iter().find(|line| line["kind"] == "step");
        line.is_some_and(|line| line["words"].as_str().unwrap().contains(&id))
            .then_some(money)
    });
    let statement = &money["statement"];
    let lines = statement["lines"].as_array().unwrap();
    let step = lines.iter().find(|line| line["kind"] == "step").unwrap();
    // What was used in the seconds between the reads is not in it.
    let worth = pounds(&step["amount"]);
    assert!((1_249_000_000..=1_250_000_000).contains(&worth), "{step}");
    assert!(!lines.iter().any(|line| line["kind"] == "rise"), "{statement}");
    // Today ends within a half-hour that is not over: no more than that is open.
    assert!(pounds(&statement["difference"]).abs() < 20_000_000, "{statement}");
    assert_eq!(
        lines.iter().filter(|line| line["kind"] == "not_computed").count(),
        0,
        "{statement}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_from_elsewhere_is_known_by_the_meters_own_log_and_its_worth_by_the_balance() {
    // Five pounds are keyed in just before the code of the box.
    let faults = Faults {
        foreign_rate: Rate::ALWAYS,
        ..Faults::default()
    };
    let flat = Flat::with(setup(), faults).await;
    let file = flat.running.dir.join("code");
    std::fs::write(&file, format!("{CODE}\n")).unwrap();
    flat.running.command(&[
        "prepay",
        "send",
        SERIAL,
        "--token-file",
        file.to_str().unwrap(),
        "--wait",
        "1",
    ]);
    let id = eventually("it is in doubt", || {
        let topup = &flat.running.json(&["prepay", "list"])[0];
        (topup["state"] == "in_doubt").then(|| topup["id"].as_str().unwrap().to_owned())
    });
    let rises = |money: &Value| {
        let lines = money["statement"]["lines"].as_array().cloned().unwrap_or_default();
        lines
            .into_iter()
            .filter(|line| ["rise", "step"].contains(&line["kind"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    // Nobody has said yet what became of it, and the log was not read: the balance rose, and that is named.
    let money = eventually("the rise is seen", || {
        let money = flat.explain(day(0), day(0), &[]);
        (!rises(&money).is_empty()).then_some(money)
    });
    assert_eq!(money["statement"]["explained"], false);
    flat.running
        .json(&["prepay", "settle", &id, "--taken", "--why", "the display shows both"]);
    let line = eventually("both are known", || {
        flat.running.command(&["mediators", "sync", SERIAL]);
        let lines = rises(&flat.explain(day(0), day(0), &[]));
        let both = format!("top-up {id} and a top-up from elsewhere, worth what the balance rose by");
        lines.into_iter().find(|line| line["words"] == both.as_str())
    });
    // £12.50 and £5.00, less what was used in the seconds between the reads.
    assert!(
        (1_749_000_000..=1_750_000_000).contains(&pounds(&line["amount"])),
        "{line}"
    );
}
