//! The road to the cloud, as `uplink test` walks it.

use hyper::Method;

use super::super::steps::bad;
use super::Patient;
use crate::tls::Step;

pub(in crate::cli) async fn look(patient: &Patient) -> Vec<Step> {
    let Some((client, status)) = &patient.running else {
        return Vec::new();
    };
    if status.uplink.is_none() {
        return Vec::new();
    }
    let asked = serde_json::json!({});
    match client.ask(Method::POST, "/uplink/test", Some(&asked)).await {
        Ok(steps) => steps,
        Err(error) => vec![bad("test", error, "gatelodge uplink test")],
    }
}
