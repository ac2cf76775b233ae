//! Every command of `emop` through the built binary, over mutual TLS and over the admin socket: the text that scripts
//! read (EMOP §13).

use serde_json::{Value, json};

use super::emop_fixture::{Fixture, NOW, SERIAL, SILENT, Way};
use crate::support::eventually;

const WAYS: [Way; 2] = [Way::Mediator("internal"), Way::Socket];

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_is_read_is_printed_as_scripts_know_it() {
    let fixture = Fixture::start();
    fixture.certificate("internal");
    for way in WAYS {
        for (command, wanted) in [
            ("serial_read", "serial_read=EML0000000001\n"),
            ("hardware", "hardware=C1.w\n"),
            ("firmware_version", "firmware_version=3_03_2\n"),
            ("clock_time_read", "2026-02-10 12:00:00+00:00\n"),
            ("csq", "csq=16\n"),
            ("instantaneous_voltage", "instantaneous_voltage=240.0\n"),
            ("instantaneous_active_power", "instantaneous_active_power=0.5\n"),
            (
                "instantaneous_active_power_element_a",
                "instantaneous_active_power_element_a=0.0\n",
            ),
            (
                "instantaneous_active_power_element_b",
                "instantaneous_active_power_element_b=0.0\n",
            ),
            ("backlight", "backlight=normal_sp\n"),
            ("load_switch", "load_switch=normal_button_always\n"),
            (
                "daylight_savings_correction_enabled",
                "daylight_savings_correction_enabled=False\n",
            ),
            ("prepay_balance", "prepay_balance=10\n"),
            ("prepay_enabled", "prepay_enabled=False\n"),
            ("prepay_transaction_count", "prepay_transaction_count=0\n"),
            (
                "prepay_no_debt_recovery_when_emergency_credit_enabled",
                "prepay_no_debt_recovery_when_emergency_credit_enabled=False\n",
            ),
            (
                "prepay_no_standing_charge_when_power_fail_enabled",
                "prepay_no_standing_charge_when_power_fail_enabled=False\n",
            ),
            ("serial_to_name", "serial_to_name=Flat 7\n"),
        ] {
            let said = fixture.emop(way, &[command, SERIAL]);
            assert_eq!(
                (said.code, said.out.as_str()),
                (0, wanted),
                "{way:?} {command}: {}",
                said.err
            );
            let said = fixture.emop(way, &["-s", SERIAL, command]);
            assert_eq!(
                (said.code, said.out.as_str()),
                (0, wanted),
                "{way:?} -s {command}: {}",
                said.err
            );
        }
        let zeros = format!("{}\n", "00".repeat(80));
        for command in [
            "tariffs_time_switches_element_a_or_single_read",
            "tariffs_time_switches_element_b_read",
        ] {
            let said = fixture.emop(way, &[command, SERIAL]);
            assert_eq!(
                (said.code, said.out.as_str()),
                (0, zeros.as_str()),
                "{way:?} {command}: {}",
                said.err
            );
        }
        for object in ["600100", "60.01.00", "96.1.0"] {
            let said = fixture.emop(way, &["obis_read", SERIAL, object]);
            assert_eq!(
                said.out, "454d4c30303030303030303031202020\n",
                "{way:?} {object}: {}",
                said.err
            );
        }
    }
}

#[test]
fn mappings_and_lists_are_json_with_two_spaces_a_level() {
    let fixture = Fixture::start();
    fixture.certificate("internal");
    // Slot k of the simulator's formulas: half hours since number 420000.
    let slot = |text: &str| {
        let at: jiff::Timestamp = text.parse().unwrap();
        u32::try_from((at.as_second() - 946_684_800) / 1_800 - 420_000).unwrap()
    };
    let k = slot(NOW);
    let kilo = |count: u32| f64::from(count) / 1_000.0;
    let a = json!({
        "import_active": kilo(100_000 + 250 * k), "export_active": kilo(20_000 + 40 * k),
        "import_reactive": kilo(7_000 + 13 * k), "export_reactive": kilo(3_000 + 7 * k),
    });
    let b = json!({
        "import_active": kilo(50_000 + 100 * k), "export_active": kilo(9_000 + 11 * k),
        "import_reactive": kilo(4_000 + 5 * k), "export_reactive": kilo(2_000 + 3 * k),
    });
    for way in WAYS {
        let read = |arguments: &[&str]| {
            let said = fixture.emop(way, arguments);
            assert_eq!(said.code, 0, "{way:?} {arguments:?}: {}", said.err);
            said
        };
        assert_eq!(json_of(&read(&["read", SERIAL]).out), json!([a, b]));
        assert_eq!(json_of(&read(&["read_element_b", SERIAL]).out), b);
        let text = read(&["read_element_a", SERIAL]).out;
        assert!(text.starts_with("{\n  \"export_active\": "), "{text}");
        assert_eq!(json_of(&text), a);
        assert_eq!(read(&["--json", "read_element_a", SERIAL]).out.lines().count(), 1);

        let tariff = json_of(&read(&["tariffs_active_read", SERIAL]).out);
        assert_eq!(tariff["unit_rate_element_a"], "0.23812");
        assert_eq!(tariff["threshold_values"]["th7"], 0);
        assert!(tariff["pricings"].is_null() && tariff.as_object().unwrap().len() == 21);

        let from = "2026-02-10T10:00:00";
        let ten = slot("2026-02-10T10:00:00Z");
        let one = json_of(&read(&["profile_log_1", SERIAL, "--timestamp", from]).out);
        assert_eq!(one.as_array().unwrap().len(), 4);
        assert_eq!(one[1]["timestamp"], "2026-02-10T10:30:00+00:00");
        assert_eq!(one[1]["import_a"], 100_000 + 250 * (ten + 1));
        assert_eq!(one[1]["status"]["valid_data"], true);
        let two = json_of(&read(&["profile_log_2", SERIAL, "--timestamp", from]).out);
        assert_eq!(two.as_array().unwrap().len(), 2, "of a meter with two elements");
        assert_eq!(two[0]["active_export_b"], 9_000 + 11 * ten);
        let said = read(&["profile_log_1", SERIAL, "--timestamp", "2020-01-01"]);
        assert_eq!(said.out, "[]\n");
        assert!(said.err.contains("2023-12-16"), "the next that is held: {}", said.err);

        let events = json_of(&read(&["event_log", SERIAL, "0"]).out);
        assert_eq!(events.as_array().unwrap().len(), 10);
        assert!(
            events[0]["timestamp"].as_str().unwrap().starts_with("2026-02-10T"),
            "{events}"
        );
    }
}

#[test]
fn the_registry_is_listed_by_name() {
    let fixture = Fixture::start();
    fixture.certificate("readonly");
    eventually("the clock was compared", || {
        let shown = fixture.running.json(&["meter", "show", SERIAL]);
        (!shown["clock_compared"].is_null()).then_some(())
    });
    for way in [Way::Mediator("readonly"), Way::Socket] {
        let said = fixture.emop(way, &["list"]);
        assert_eq!((said.code, said.out.as_str()), (0, ""), "tables go to standard error");
        let lines: Vec<&str> = said.err.lines().collect();
        assert!(
            lines[0].starts_with("esco  serial         name    signal  health"),
            "{}",
            said.err
        );
        assert!(
            lines[1].contains(SILENT) && lines[2].starts_with("hmce  EML0000000001  Flat 7"),
            "{}",
            said.err
        );
        let listed = json_of(&fixture.emop(way, &["list", "--json", "--esco", "HMCE"]).out);
        assert_eq!(listed.as_array().unwrap().len(), 1);
        assert_eq!(
            (&listed[0]["serial"], &listed[0]["name"]),
            (&json!(SERIAL), &json!("Flat 7"))
        );
        let info = json_of(&fixture.emop(way, &["info", SERIAL]).out);
        assert_eq!(info["registry"]["serial"], SERIAL);
        let drift = json_of(&fixture.emop(way, &["clock_drift", SERIAL]).out);
        assert_eq!(drift["serial"], SERIAL);
        assert_eq!(
            drift["clock_time_diff_seconds"],
            info["shadow"]["clock_time_diff_seconds"]
        );
        assert!(drift["clock_time_diff_seconds"].is_number(), "{drift}");
        let formatted = drift["clock_time_diff_synced_at_formatted"].as_str().unwrap();
        assert!(formatted.len() == 23 && formatted.ends_with(" UTC"), "{formatted}");
    }
}

#[test]
fn what_is_written_by_one_way_is_read_by_the_other() {
    let fixture = Fixture::start();
    fixture.certificate("internal");
    for (writer, reader) in [(WAYS[0], WAYS[1]), (WAYS[1], WAYS[0])] {
        let first = writer == WAYS[0];
        let switch = if first { "ON" } else { "off" };
        let shown = if first { "True" } else { "False" };
        // Objects whose numbers are not confirmed: a client of a mediator needs leave of its own.
        let leave = fixture.running.config_file();
        let leave = leave.to_str().unwrap();
        for (write, word, read, wanted) in [
            ("prepay_enabled_write", switch, "prepay_enabled", shown),
            (
                "daylight_savings_correction_enabled_write",
                switch,
                "daylight_savings_correction_enabled",
                shown,
            ),
            ("backlight_write", "always_on_sp", "backlight", "always_on_sp"),
            (
                "load_switch_write",
                "never_button_required",
                "load_switch",
                "never_button_required",
            ),
        ] {
            let mut arguments = vec!["--config", leave, write, SERIAL, word];
            if write == "load_switch_write" {
                let once = fixture.emop(writer, &arguments);
                assert_eq!(once.code, 5, "{writer:?}: {}", once.err);
                assert!(once.err.contains("twice") && once.err.contains("--yes"), "{}", once.err);
                arguments.push("--yes");
            }
            let said = fixture.emop(writer, &arguments);
            assert_eq!(
                (said.code, said.out.as_str()),
                (0, ""),
                "{writer:?} {write}: {}",
                said.err
            );
            assert_eq!(fixture.emop(reader, &[read, SERIAL]).out, format!("{read}={wanted}\n"));
        }
        let hex = if first { "01" } else { "00" };
        assert_eq!(fixture.emop(writer, &["obis_write", SERIAL, "ff.ff.0d", hex]).code, 0);
        assert_eq!(
            fixture.emop(reader, &["obis_read", SERIAL, "ffff0d"]).out,
            format!("{hex}\n")
        );

        let said = fixture.emop(
            writer,
            &[
                "tariffs_future_write",
                SERIAL,
                "--from-ts",
                "2096-04-01T00:00:00",
                "--unit-rate",
                "0.2345",
                "--standing-charge",
                "0.5",
            ],
        );
        // By the socket the box writes it as one operation; the meter's clock was set by the way before.
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
        assert!(
            said.err.contains("--emergency-credit 15.00"),
            "presets are told: {}",
            said.err
        );
        let tariff = json_of(&fixture.emop(reader, &["tariffs_future_read", SERIAL]).out);
        assert_eq!(tariff["unit_rate_element_b"], "0.2345");
        assert_eq!(tariff["prepayment_emergency_credit"], "15");
        assert_eq!(tariff["prepayment_debt_recovery_rate"], "0.3");
        assert_eq!(tariff["activation_datetime"], "2096-04-01T00:00:00");

        let before = jiff::Timestamp::now().as_second();
        assert_eq!(fixture.emop(writer, &["clock_time_write", SERIAL]).code, 0);
        let shown = fixture.emop(reader, &["clock_time_read", SERIAL]).out;
        let shown: jiff::Timestamp = shown.trim().parse().unwrap();
        assert!(
            (before..=jiff::Timestamp::now().as_second()).contains(&shown.as_second()),
            "{shown}"
        );
    }
}

#[test]
fn a_token_counts_once_and_the_balance_says_so() {
    let fixture = Fixture::prepaying();
    fixture.certificate("internal");
    for (way, token, after) in [
        (WAYS[0], "7146-6394-6215-8916-1020", "20.2"),
        (WAYS[1], "71466394621589160980", "30"),
    ] {
        let said = fixture.emop_told(way, &["prepay_send_token", SERIAL, "-"], &format!("{token}\n"));
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{way:?}: {}", said.err);
        assert_eq!(
            fixture.emop(way, &["prepay_balance", SERIAL]).out,
            format!("prepay_balance={after}\n")
        );
        let again = fixture.emop(way, &["prepay_send_token", SERIAL, token]);
        // The box knows the code again, and says what became of it; a mediator's client sees the balance alone.
        let (code, words) = match way {
            Way::Socket => (0, "balance increased: 20.2 -> 30".to_owned()),
            _ => (1, format!("Balance did not increase: {after} -> {after}")),
        };
        assert_eq!(again.code, code, "{way:?}: {}", again.err);
        assert!(again.err.contains(&words), "{}", again.err);
        assert!(!again.err.contains(token), "no token in a message: {}", again.err);
    }
}
