//! What `emop` refuses, and with which exit code (EMOP §13.1).

use super::emop_fixture::{Fixture, SERIAL, SILENT, Way, run};

#[test]
fn bad_arguments_are_refused_before_anybody_is_asked() {
    let fixture = Fixture::start();
    let tariff = |from: &'static str, rate: &'static str| {
        [
            "tariffs_future_write",
            SERIAL,
            "--from-ts",
            from,
            "--unit-rate",
            rate,
            "--standing-charge",
            "0.5",
        ]
    };
    for (arguments, said) in [
        (&["event_log", SERIAL, "10"][..], "pages 0 to 9"),
        (&["event_log", SERIAL, "x"], "pages 0 to 9"),
        (&["prepay_enabled_write", SERIAL, "maybe"], "neither on nor off"),
        (&["prepay_send_token", SERIAL, "7146"], "20 digits"),
        (&["obis_read", SERIAL, "nothing"], "is not an object"),
        (&["obis_write", SERIAL, "ffff0d", "1"], "is not hex"),
        (&["obis_write", "ffff0d", "01"], "needs a meter"),
        (
            &["profile_log_1", SERIAL, "--timestamp", "yesterday"],
            "is not a moment",
        ),
        (&["profile_log_1", SERIAL], "--timestamp"),
        (
            &["profile_log_1", SERIAL, "--timestamp", "1999-12-31"],
            "from 2000-01-01 on",
        ),
        (&tariff("soon", "0.2"), "--from-ts"),
        (&tariff("2026-04-01", "1.5"), "at most £1.00"),
        (&tariff("2026-04-01", "0.250000"), "at most 5 digits"),
        (&tariff("2026-04-01", "-0.1"), "not below zero"),
        (&["backlight_write", SERIAL, "on"], "there are normal_sp"),
        (&["three_phase_intervals", SERIAL], "--start-time and --end-time"),
        (
            &["three_phase_intervals", SERIAL, "--day", "2026-13-01"],
            "is not a day",
        ),
        (
            &[
                "three_phase_intervals",
                SERIAL,
                "--start-time",
                "2026-01-01",
                "--end-time",
                "2026-01-03",
            ],
            "24 hours",
        ),
        (&["serial_read"], "needs a meter"),
        (&["serial_read", "no serial"], "`no serial`"),
        (&["--serials-file", "/nowhere", "serial_read"], "/nowhere"),
        (
            &["--serials", "EML1,EML2", "prepay_send_token", "71466394621589161020"],
            "for one meter",
        ),
        (&["--ca", "/x", "serial_read", SERIAL], "go with --mediator"),
        (&["no_such_command"], "no_such_command"),
        (&[], "Usage"),
    ] {
        let answer = fixture.emop(Way::Socket, arguments);
        assert_eq!(answer.code, 2, "{arguments:?}: {}", answer.err);
        assert!(answer.err.contains(said), "{arguments:?}: {}", answer.err);
        assert_eq!(answer.out, "", "{arguments:?}");
    }
    assert_eq!(
        fixture.emop(Way::Socket, &["prepay_balance", SERIAL]).out,
        "prepay_balance=10\n",
        "nothing changed"
    );
}

#[test]
fn meters_that_fail_and_meters_that_are_refused_are_told_apart() {
    let fixture = Fixture::start();
    for role in ["internal", "partner", "readonly"] {
        fixture.certificate(role);
    }
    for way in [Way::Mediator("internal"), Way::Socket] {
        for (arguments, code, said) in [
            (&["serial_read", SILENT][..], 1, "Failed to connect to meter"),
            (&["serial_read", "EML0000000009"], 1, "Failure [NOT_FOUND]"),
            (&["obis_read", SERIAL, "800309"], 1, "NAK 5 unknown object"),
            (&["obis_write", SERIAL, "ffc802", "00000000"], 1, "NAK 6"),
            (&["three_phase_serial", SERIAL], 1, "NAK 5"),
        ] {
            let answer = fixture.emop(way, arguments);
            assert_eq!(answer.code, code, "{way:?} {arguments:?}: {}", answer.err);
            assert!(answer.err.contains(said), "{way:?} {arguments:?}: {}", answer.err);
        }
    }
    for (role, command, code) in [
        ("partner", "read_element_b", 0),
        ("partner", "clock_time_write", 5),
        ("readonly", "csq", 5),
        ("readonly", "serial_to_name", 0),
    ] {
        let answer = fixture.emop(Way::Mediator(role), &[command, SERIAL]);
        assert_eq!(answer.code, code, "{role} {command}: {}", answer.err);
    }
    let answer = fixture.emop(Way::Mediator("partner"), &["event_log", SERIAL, "0"]);
    assert_eq!(answer.code, 5);
    assert!(
        answer.err.contains("Permission denied.") && answer.err.contains("internal"),
        "{}",
        answer.err
    );
    // Where nobody gave leave, objects whose numbers are not confirmed are not written.
    let answer = fixture.emop(Way::Mediator("internal"), &["backlight_write", SERIAL, "always_on_sp"]);
    assert_eq!(answer.code, 5, "{}", answer.err);
    assert!(answer.err.contains("allow_inferred_writes"), "{}", answer.err);
    assert_eq!(
        fixture.emop(Way::Socket, &["backlight", SERIAL]).out,
        "backlight=normal_sp\n"
    );
}

#[test]
fn prepayment_does_not_start_below_ten_pounds() {
    let fixture = Fixture::start();
    // An object of the meter that nothing else writes: with its balance spent the simulated meter is another one.
    let poor = super::command::Simulation::start(
        &[
            "--listen",
            "127.0.0.1:0",
            "--serial",
            "EML0000000003",
            "--balance",
            "9.99",
        ],
        1,
    );
    let link = format!("tcp://{}", poor.1[0]["address"].as_str().unwrap());
    let added = fixture
        .running
        .command(&["meter", "add", "EML0000000003", "--link", &link]);
    assert!(added.status.success(), "{added:?}");
    let answer = fixture.emop(Way::Socket, &["prepay_enabled_write", "EML0000000003", "on"]);
    assert_eq!(answer.code, 5, "{}", answer.err);
    assert!(answer.err.contains("there are £9.99"), "{}", answer.err);
    assert_eq!(
        fixture
            .emop(Way::Socket, &["prepay_enabled_write", "EML0000000003", "off"])
            .code,
        0
    );
    assert_eq!(
        fixture.emop(Way::Socket, &["prepay_enabled", "EML0000000003"]).out,
        "prepay_enabled=False\n"
    );
}

#[test]
fn a_dry_run_through_a_mediator_says_whose_rules_were_looked_at() {
    let fixture = Fixture::start();
    fixture.certificate("internal");
    let dry = |arguments: &[&str]| fixture.emop(Way::Mediator("internal"), &[arguments, &["--dry-run"]].concat());
    let ours = "only this command's own rules were looked at";
    let tariff = |from| {
        let rates = ["--unit-rate", "0.2", "--standing-charge", "0.5", "--from-ts"];
        dry(&[&["tariffs_future_write", "EML0000000003"], &rates[..], &[from]].concat())
    };
    for said in [
        dry(&["prepay_enabled_write", "EML0000000003", "off"]),
        tariff("2099-07-01T00:00:00"),
    ] {
        assert!(said.code == 0 && said.err.contains(ours), "{}", said.err);
    }
    let long = dry(&["obis_write", "EML0000000003", "ffff23", "01020304050607080900"]);
    assert!(
        long.code == 2 && long.err.contains("holds 4 bytes, not 10"),
        "{}",
        long.err
    );
    // Without a box nobody knows by which clock the meter goes.
    let summer = tariff("2099-07-01T00:00:00Z");
    assert!(
        summer.code == 5 && summer.err.contains("another hour then"),
        "{}",
        summer.err
    );
}

#[test]
fn one_meter_that_fails_does_not_keep_the_next_from_its_turn() {
    let fixture = Fixture::start();
    let file = fixture.running.dir.join("serials");
    std::fs::write(&file, format!("{SILENT}\n\n  {SERIAL}  \nEML0000000009\n{SERIAL}\n")).unwrap();
    let listed = format!("{SILENT},{SERIAL},EML0000000009");
    for several in [["--serials", &listed], ["--serials-file", file.to_str().unwrap()]] {
        let answer = fixture.emop(Way::Socket, &[&several[..], &["csq"]].concat());
        assert_eq!((answer.code, answer.out.as_str()), (1, "csq=16\n"), "{}", answer.err);
        for serial in [SILENT, SERIAL, "EML0000000009"] {
            let announced = format!("running 'csq' for meter {serial} ...");
            assert_eq!(answer.err.matches(&announced).count(), 1, "{}", answer.err);
        }
    }
    assert_eq!(fixture.emop(Way::Socket, &["--serials", SERIAL, "csq"]).code, 0);
}

#[test]
fn a_place_that_is_not_there_is_told_from_none_at_all() {
    let fixture = Fixture::start();
    fixture.certificate("internal");
    let nobody = run(fixture.plain().args(["emop", "csq", SERIAL]), "");
    if !std::path::Path::new("/etc/gatelodge/config.toml").exists() {
        assert_eq!(nobody.code, 4, "{}", nobody.err);
        assert!(nobody.err.contains("MEDIATOR_SERVER"), "{}", nobody.err);
    }
    let nowhere = run(
        fixture.plain().args(["emop", "--socket", "/nowhere", "csq", SERIAL]),
        "",
    );
    assert_eq!(nowhere.code, 4);
    assert!(nowhere.err.contains("/nowhere"), "{}", nowhere.err);
    let refused = run(
        fixture
            .plain()
            .args(["emop", "--mediator", "127.0.0.1:1", "csq", SERIAL]),
        "",
    );
    assert_eq!(refused.code, 4, "{}", refused.err);

    let door = fixture.running.door("grpc").to_string();
    let [ca, cert, key] = fixture.files("internal").map(|file| file.to_str().unwrap().to_owned());
    let plain = run(fixture.plain().args(["emop", "--mediator", &door, "csq", SERIAL]), "");
    assert_eq!(plain.code, 4, "no TLS where TLS is spoken: {}", plain.err);
    let stranger = fixture.running.ca_file();
    let stranger = stranger.to_str().unwrap();
    let with = |ca: &str, cert: &str| {
        run(
            fixture.plain().args([
                "emop",
                "--mediator",
                &door,
                "--ca",
                ca,
                "--cert",
                cert,
                "--key",
                &key,
                "csq",
                SERIAL,
            ]),
            "",
        )
    };
    let other = with(stranger, &cert);
    assert_eq!(other.code, 4, "another authority: {}", other.err);
    assert!(other.err.contains("cepro-mediators"), "{}", other.err);
    assert_eq!(with(&ca, "/nowhere").code, 3);
    assert_eq!(with(&ca, &key).code, 3, "a key is no certificate");
    assert_eq!(with(&ca, &cert).out, "csq=16\n");
}
