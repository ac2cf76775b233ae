//! A broker, a tenant behind it, and the platform that reads what is said there: what operations come from.

use serde_json::{Value, json};

use super::broker::{Broker, Witness};
use super::platform::{DEVICE, Platform};
use super::tenant::Tenant;

/// How a platform calls an operation that ended well.
pub const SUCCESSFUL: &str = "SUCCESSFUL";

pub struct Cloud {
    pub broker: Broker,
    pub witness: Witness,
    pub tenant: Tenant,
    pub platform: Platform,
}

impl Cloud {
    pub fn start() -> Cloud {
        let broker = Broker::start();
        Cloud {
            witness: broker.witness(),
            tenant: Tenant::start(&broker),
            platform: Platform::default(),
            broker,
        }
    }

    pub fn section(&self) -> String {
        let section = self
            .broker
            .section()
            .replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
        section + &self.tenant.keys()
    }

    pub fn registered(&mut self) {
        let (broker, witness) = (&self.broker, &self.witness);
        self.platform
            .until(broker, witness, "registration", |taken| taken.fields[0] == "500");
    }

    /// Asks for something; how it ended, and with which words.
    pub fn run(&mut self, kind: &str, body: Value) -> (String, String) {
        let id = self.platform.ask(&self.broker, DEVICE, kind, body);
        self.platform.ended(&self.broker, &self.witness, &id)
    }

    pub fn configure(&mut self, text: &str) -> (String, String) {
        self.run("c8y_Configuration", json!({ "config": text }))
    }

    pub fn fails(&mut self, kind: &str, body: Value, because: &str) {
        let (state, why) = self.run(kind, body.clone());
        assert!(state == "FAILED" && why.contains(because), "{body}: {state} {why}");
    }

    /// The configuration as the platform shows it.
    pub fn shown(&self) -> String {
        let lines = self.platform.lines.iter().rev();
        let mut shown = lines.filter(|taken| taken.fields[0] == "113");
        shown.next().unwrap().fields[1].clone()
    }
}
