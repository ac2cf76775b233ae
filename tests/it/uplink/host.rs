//! A house for an uplink in this process: it does what a test lets it do.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use gatelodge::domain::MeterId;
use gatelodge::uplink::{Host, LogLine, LogQuery, NewConfiguration, PartState, Section};
use tokio::sync::Semaphore;

pub struct TestHost {
    pub process: Mutex<String>,
    pub boot: Mutex<String>,
    /// Meters that were read, in order.
    pub read: Mutex<Vec<MeterId>>,
    /// How many may be read.
    pub may_read: Semaphore,
    pub restarts: Mutex<u32>,
    /// Parts of the box that do not work.
    pub broken: Mutex<BTreeSet<String>>,
}

impl Default for TestHost {
    fn default() -> TestHost {
        TestHost {
            process: Mutex::new("this".into()),
            boot: Mutex::new("first".into()),
            read: Mutex::default(),
            may_read: Semaphore::new(1_000_000),
            restarts: Mutex::default(),
            broken: Mutex::default(),
        }
    }
}

#[async_trait]
impl Host for TestHost {
    fn process(&self) -> String {
        self.process.lock().unwrap().clone()
    }

    fn boot(&self) -> String {
        self.boot.lock().unwrap().clone()
    }

    fn restart(&self) {
        *self.restarts.lock().unwrap() += 1;
    }

    fn configuration(&self, section: Section) -> String {
        format!("# {}\n", section.name())
    }

    async fn configure(&self, _: NewConfiguration) -> Result<(), String> {
        Err("nothing is configured here".into())
    }

    async fn configured(&self, _: u64) -> Option<Result<(), String>> {
        None
    }

    fn log(&self, wanted: &LogQuery) -> Vec<LogLine> {
        let at = "2026-02-10T12:00:00Z".parse().unwrap();
        let text = format!("a line of {}", wanted.kind.name());
        vec![LogLine { at, text }]
    }

    fn log_level(&self, level: &str) -> Result<(), String> {
        Err(format!("{level}: nothing is logged here"))
    }

    fn part(&self, name: &str) -> PartState {
        if self.broken.lock().unwrap().contains(name) {
            PartState::Down
        } else {
            PartState::Up
        }
    }

    fn temperature(&self) -> Option<f64> {
        Some(41.5)
    }

    async fn read(&self, meter: &MeterId) -> Result<(), String> {
        self.may_read.acquire().await.unwrap().forget();
        self.read.lock().unwrap().push(meter.clone());
        Ok(())
    }
}
