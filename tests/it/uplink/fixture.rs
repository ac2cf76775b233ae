//! An uplink in this process, with a book into which the test writes what meters would say.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gatelodge::config::UplinkSection;
use gatelodge::domain::{Event, Health, Latest, Meter, MeterId, MeterNews, MeterState, Quantity, Seq};
use gatelodge::rules::{self, Inbox, Rules};
use gatelodge::store::meters::{MetersWriter, Note};
use gatelodge::store::{Delivery, FollowError, Options, Store};
use gatelodge::uplink::{BoxFacts, Deps, Patience, Uplink, UplinkError};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::host::TestHost;

pub const SERIAL: &str = "EML2137580826";

/// A book and the uplink that reads it.
pub struct Fixture {
    pub store: Store,
    pub meters: MetersWriter,
    pub uplink: Arc<Uplink>,
    pub host: Arc<TestHost>,
    rules: Arc<Rules>,
    stop: CancellationToken,
    running: Option<JoinHandle<Result<(), UplinkError>>>,
    watching: Option<JoinHandle<Result<(), FollowError>>>,
}

/// The section `[uplink]`.
fn section(text: &str) -> UplinkSection {
    gatelodge::tls::install_provider();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let flags = gatelodge::config::Flags {
        file: Some(file),
        ..gatelodge::config::Flags::default()
    };
    gatelodge::config::load(&flags).unwrap().config.uplink.unwrap()
}

pub fn meter(serial: &str) -> Meter {
    Meter {
        serial: serial.parse().unwrap(),
        link: "tcp://127.0.0.1:1".into(),
        esco: None,
        name: Some(format!("Flat of {serial}")),
        feeder: None,
        hardware: None,
        datasource: None,
        counts: gatelodge::domain::Counts::Unit,
        space: None,
    }
}

impl Fixture {
    /// An uplink as this section has it, and a meter.
    pub fn start(folder: &Path, section: &str) -> Fixture {
        Fixture::start_with(Options::new(folder.join("book")), section)
    }

    /// The same, with so much patience.
    pub fn hasty(folder: &Path, section: &str, patience: Patience) -> Fixture {
        Fixture::start_as((Options::new(folder.join("book")), &[]), section, patience)
    }

    pub fn start_with(options: Options, section: &str) -> Fixture {
        Fixture::start_as((options, &[]), section, Patience::default())
    }

    /// In a house that has these meters, too.
    pub fn start_among(options: Options, section: &str, more: &[String]) -> Fixture {
        Fixture::start_as((options, more), section, Patience::default())
    }

    fn start_as((options, more): (Options, &[String]), text: &str, patience: Patience) -> Fixture {
        let store = Store::open(options).unwrap();
        let inbox = Inbox::default();
        let facts = BoxFacts {
            name: "The Gables".into(),
            fixed: [SERIAL, "EML2", "EML3"]
                .into_iter()
                .chain(more.iter().map(String::as_str))
                .map(meter)
                .collect(),
            publish_anonymous: false,
            started: Timestamp::now(),
            pages: Some("https://lodge.example/".into()),
            alarms: Arc::new(inbox.clone()),
        };
        let told = rules::BoxFacts {
            name: facts.name.clone(),
            fixed: facts.fixed.clone(),
            publish_anonymous: false,
        };
        let section = section(text);
        let book = (store.clone(), told);
        let rules = Rules::new(&section.rule, book, Arc::new(Vec::new), inbox).unwrap();
        let host = Arc::new(TestHost::default());
        let deps = Deps {
            facts,
            host: host.clone(),
            patience,
        };
        let uplink = Uplink::new(section.room, store.clone(), deps);
        // Before anything is said, as in the box.
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(uplink.hold_the_journal())).unwrap();
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(rules.prepare())).unwrap();
        rules.hold_the_journal();
        let mut fixture = Fixture {
            meters: MetersWriter::new(store.clone()),
            store,
            uplink,
            host,
            rules,
            stop: CancellationToken::new(),
            running: None,
            watching: None,
        };
        fixture.run();
        fixture
    }

    pub fn run(&mut self) {
        self.stop = CancellationToken::new();
        self.watching = Some(tokio::spawn(Arc::clone(&self.rules).run(self.stop.clone())));
        self.running = Some(tokio::spawn(Arc::clone(&self.uplink).run(self.stop.clone())));
    }

    /// A meter said this.
    pub async fn says(&self, serial: &str, values: &[(Quantity, Value)], more: Vec<MeterNews>) {
        let values: BTreeMap<Quantity, Value> = values.iter().cloned().collect();
        let latest = |value: &Value| Latest::measured(value.clone(), Timestamp::now());
        let state = MeterState {
            health: Health::Healthy,
            values: values
                .iter()
                .map(|(quantity, value)| (*quantity, latest(value)))
                .collect(),
            ..MeterState::default()
        };
        let mut news = more;
        news.push(MeterNews::Read { values });
        let meter: MeterId = serial.parse().unwrap();
        self.meters
            .note(vec![Note {
                meter,
                state,
                news,
                money: Default::default(),
            }])
            .await
            .unwrap();
    }

    /// Many readings of a meter, one a change, of power 0, 1, 2 …
    pub async fn many(&self, serial: &str, count: u32) {
        for power in 0..count {
            self.says(serial, &[(Quantity::Power, json!(power))], Vec::new()).await;
        }
    }

    /// Waits until nothing is left to be sent.
    pub async fn drained(&self) {
        let began = std::time::Instant::now();
        while self.uplink.shown().backlog_rows > 0 || self.uplink.shown().connected_since.is_none() {
            assert!(began.elapsed().as_secs() < 60, "not drained: {:?}", self.uplink.shown());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Ends the uplink in the middle of whatever it does.
    pub async fn break_off(&mut self) {
        for task in [
            self.running.take().unwrap().abort_handle(),
            self.watching.take().unwrap().abort_handle(),
        ] {
            task.abort();
            while !task.is_finished() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Stops the uplink in order.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        self.running.take().unwrap().await.unwrap().unwrap();
        self.watching.take().unwrap().await.unwrap().unwrap();
    }
}

/// The number of every reading in the journal, by meter, in order: what must arrive.
pub async fn written(store: &Store) -> BTreeMap<String, Vec<String>> {
    let end = *store.bell().borrow();
    let mut tail = store.tail(Seq::ZERO);
    let mut written: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut looks = 0;
    // What comes last need not be an event, so the end is where nothing more comes.
    while looks < 2_000 {
        let next = tokio::time::timeout(std::time::Duration::from_millis(200), tail.next()).await;
        let Ok(delivery) = next else { break };
        let Delivery::Entry(entry) = delivery.unwrap() else {
            panic!("nothing was pruned")
        };
        looks += u32::from(entry.seq >= end);
        // The lane has its own count of places.
        let values = entry
            .events
            .iter()
            .filter(|event| event.lane() == gatelodge::domain::Lane::Measurement);
        for (place, event) in values.enumerate() {
            if let Event::Meter {
                meter,
                news: MeterNews::Read { values },
            } = event
                && values.keys().any(|quantity| told(*quantity))
            {
                let number = format!("{}.{place}", store.id_of(entry.seq));
                written.entry(meter.to_string()).or_default().push(number);
            }
        }
    }
    written
}

/// Whether a quantity has a field of its own.
fn told(quantity: Quantity) -> bool {
    !matches!(
        quantity,
        Quantity::Hardware
            | Quantity::MeterSerial
            | Quantity::Backlight
            | Quantity::DaylightSavings
            | Quantity::TariffsActive
            | Quantity::TariffsFuture
    )
}
