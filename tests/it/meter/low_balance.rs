//! A balance that falls with use until the box says so.

use super::command::Simulation;
use super::fixture::SERIAL;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

#[test]
fn a_balance_that_falls_below_five_pounds_raises_the_alarm_of_prepayment() {
    let arguments = ["--listen", "127.0.0.1:0", "--serial", SERIAL, "--prepay"];
    // 10 kW at 10 GBP a kWh: five pounds are undercut in a few seconds, and zero is minutes away.
    let costly = ["--balance", "5.20", "--power", "10000", "--unit-rate", "10"];
    let (_meter, printed) = Simulation::start(&[&arguments[..], &costly].concat(), 1);
    let link = printed[0]["address"].as_str().unwrap();
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nrequest_gap = \"0s\"\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{link}\"\nname = \
         \"Flat 7\"\n"
    ));
    let mut seen = Vec::new();
    eventually("the alarm of a low balance stands", || {
        let read = running.command(&["emop", "prepay_balance", SERIAL]);
        let said = String::from_utf8(read.stdout).unwrap();
        let balance: Option<f64> = said.trim().trim_start_matches("prepay_balance=").parse().ok();
        seen.extend(balance);
        let alarms = running.json(&["status"])["alarms"].to_string();
        alarms.contains("GBP are left").then_some(())
    });
    assert!(seen.is_sorted_by(|before, after| before >= after), "{seen:?}");
    assert!(seen.last().is_some_and(|last| (0.0..5.0).contains(last)), "{seen:?}");
}
