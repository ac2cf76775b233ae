//! Not a promise test: what ten thousand meters cost the box, each read once a minute.
//! `cargo test --release --test it meter::fleet -- --ignored --nocapture`; `GATELODGE_TEST_FLEET=n` takes another number.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::command::Simulation;
use crate::support::TestBox;
use crate::support::usage::resident_kib;

/// What the box may take at most.
const MEMORY_MIB: f64 = 150.0;
const CORE: f64 = 0.25;

#[test]
#[ignore = "measures for three minutes, for people to read"]
fn ten_thousand_meters_a_minute() {
    let meters: usize = std::env::var("GATELODGE_TEST_FLEET").map_or(10_000, |text| text.parse().unwrap());
    let mut sections = String::from("[meters]\n[meters.polling]\nprepay_balance = \"1m\"\n");
    for other in [
        "reads",
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
        writeln!(sections, "{other} = \"off\"").unwrap();
    }
    let mut simulations = Vec::new();
    for (number, first) in (0..meters).step_by(2_500).enumerate() {
        let count = 2_500.min(meters - first);
        let (serial, count_text) = (format!("EML{number}000000000"), count.to_string());
        let (simulation, printed) = Simulation::start(
            &["--listen", "127.0.0.1:0", "--serial", &serial, "--count", &count_text],
            count,
        );
        for meter in printed {
            let (serial, address) = (meter["serial"].as_str().unwrap(), meter["address"].as_str().unwrap());
            writeln!(
                sections,
                "[[meter]]\nserial = \"{serial}\"\nlink = \"tcp://{address}\"\nhardware = \"EMA1.w\""
            )
            .unwrap();
        }
        simulations.push(simulation);
    }
    let running = TestBox::start_with(&sections);
    let read = |since: &str| {
        let shown = running.json(&["meter", "list"]);
        let fresh = |meter: &&serde_json::Value| meter["values"]["balance"]["at"].as_str().is_some_and(|at| at > since);
        shown.as_array().unwrap().iter().filter(fresh).count()
    };
    std::thread::sleep(Duration::from_secs(75));
    assert_eq!(read(""), meters, "every meter was read in the first minute");
    let (began, at, before) = (
        Instant::now(),
        jiff::Timestamp::now().to_string(),
        running.processor_time(),
    );
    std::thread::sleep(Duration::from_secs(90));
    let took = began.elapsed().as_secs_f64();
    let core = (running.processor_time() - before).as_secs_f64() / took;
    let memory = resident_kib(running.process()) as f64 / 1024.0;
    let fresh = read(&at);
    println!(
        "{:36} {:>10} {:>10}",
        "10,000 meters, one read a minute", "ours", "at most"
    );
    println!("{:36} {:>10} {:>10}", "meters read in the last 90 s", fresh, meters);
    println!("{:36} {:>10.1} {:>10.0}", "resident memory, MiB", memory, MEMORY_MIB);
    println!("{:36} {:>10.3} {:>10.2}", "of one core", core, CORE);
}
