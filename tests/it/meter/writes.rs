//! What people write object by object: looked at first, in friendly hours, read back, audited (EMOP §22.4, §22.5).

use std::sync::Arc;
use std::time::Duration;

use gatelodge::meter::driver::Command;
use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::simulator::{Faults, Setup};
use gatelodge::meter::topup::{Origin, Through};
use gatelodge::meter::writes::{FriendlyHours, Leave};
use gatelodge::meter::{Config, Meters, MetersError};
use gatelodge::store::{Options, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::command::Simulation;
use super::driver::{entry, id, operator, quick};
use super::fixture::{SERIAL, never, object, serve, station};
use crate::support::TestBox;
use crate::support::test_box::CONFIG;

/// Hours that hold now and for the next one, in UTC.
fn now_is_night() -> String {
    let hour = Timestamp::now().to_zoned(TimeZone::UTC).hour();
    format!("{:02}:00-{:02}:00", (hour + 23) % 24, (hour + 2) % 24)
}

fn start(meters: &str, more: &[&str]) -> (TestBox, Simulation) {
    let arguments = [&["--listen", "127.0.0.1:0", "--serial", SERIAL][..], more].concat();
    let (meter, printed) = Simulation::start(&arguments, 1);
    let link = printed[0]["address"].as_str().unwrap();
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nrequest_gap = \"0s\"\nallow_inferred_writes = true\n{meters}\n[[meter]]\nserial = \"{SERIAL}\"\n\
         link = \"tcp://{link}\"\nhardware = \"EMA1.w\"\n"
    ));
    (running, meter)
}

/// Code, standard output, standard error.
fn emop(running: &TestBox, arguments: &[&str]) -> (i32, String, String) {
    let output = running.command(&[&["emop"], arguments].concat());
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn what_was_written_is_read_back_told_and_audited() {
    let (running, _meter) = start("", &[]);
    let why = ["--why", "the tenant asked"];
    for (arguments, told) in [
        (
            &["backlight_write", SERIAL, "always_on_sp"][..],
            "backlight holds always_on_sp",
        ),
        (&["prepay_enabled_write", SERIAL, "on"], "prepay_enabled_flag holds on"),
        (&["obis_write", SERIAL, "ffff0d", "00"], "prepay_enabled_flag holds off"),
        (
            &["load_switch_write", SERIAL, "never_button_required", "--yes"],
            "load_switch holds never_button_required",
        ),
        (&["clock_time_write", SERIAL], "time holds 20"),
    ] {
        let (code, out, err) = emop(&running, &[arguments, &why].concat());
        assert_eq!((code, out.as_str()), (0, ""), "{arguments:?}: {err}");
        assert!(err.contains(told), "{arguments:?}: {err}");
    }
    let told = running.json(&["emop", "backlight_write", SERIAL, "always_off_sp"]);
    assert_eq!(
        told,
        json!({"object": "backlight", "wanted": "always_off_sp", "held": "always_off_sp", "same": true})
    );
    let log = running.log();
    let audited = |words: &[&str]| {
        log.lines()
            .any(|line| line.contains("gatelodge::audit") && words.iter().all(|word| line.contains(word)))
    };
    for words in [
        [
            "an object of a meter was written",
            "load_switch",
            "operator",
            "the tenant asked",
            SERIAL,
        ],
        [
            "an object of a meter was written",
            "ffff0d",
            "CommandLine",
            "taken",
            SERIAL,
        ],
        [
            "the clock of a meter was set",
            "operator",
            "the tenant asked",
            "taken",
            SERIAL,
        ],
    ] {
        assert!(audited(&words), "{words:?}: {log}");
    }
}

#[test]
fn a_meter_that_keeps_its_old_value_is_told_of() {
    let (running, _meter) = start("", &["--deaf-to", "ffff11"]);
    let (code, out, err) = emop(&running, &["backlight_write", SERIAL, "always_on_sp"]);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.contains("backlight holds normal_sp, not always_on_sp"), "{err}");
    let (code, out, _) = emop(&running, &["backlight_write", SERIAL, "always_on_sp", "--json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["same"]), (1, &json!(false)), "{told}");
}

#[test]
fn a_dry_run_shows_the_frame_and_sends_nothing() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nattempts = 1\ntimeout = \"1s\"\nallow_inferred_writes = true\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:1\"\n"
    ));
    // Nobody answers there, so whatever was sent would fail.
    for (arguments, means, frame) in [
        (
            &["backlight_write", SERIAL, "always_on_sp"][..],
            "always_on_sp",
            "01ffff110101",
        ),
        (
            &["load_switch_write", SERIAL, "never_button_required"],
            "never_button_required",
            "01ffff120103",
        ),
        (&["prepay_enabled_write", SERIAL, "on"], "on", "01ffff0d0101"),
        (&["obis_write", SERIAL, "ffff0b", "0102"], "0102", "01ffff0b010102"),
        (&["clock_time_write", SERIAL], "20", "0180080001"),
    ] {
        let shown = running.json(&[&["emop"], arguments, &["--dry-run"]].concat());
        assert!(shown[0]["means"].as_str().unwrap().contains(means), "{shown}");
        let hex = shown[0]["frame"].as_str().unwrap();
        assert!(hex.starts_with("7e") && hex.contains(frame), "{shown}");
    }
    let (code, out, err) = emop(&running, &["prepay_enabled_write", SERIAL, "on", "--dry-run"]);
    assert!(
        code == 0 && out.contains("7e") && err.contains("nothing was sent"),
        "{out} {err}"
    );
    assert!(!running.log().contains("was written"), "{}", running.log());
}

/// What a write is refused for without asking the meter, its dry run is refused for too.
#[test]
fn a_dry_run_is_refused_for_what_the_write_is_refused_for() {
    let night = now_is_night();
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nattempts = 1\ntimeout = \"1s\"\nfriendly_hours = {{ night = \"{night}\" }}\n\
         [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:1\"\n"
    ));
    let asleep = "EML2137580899";
    running.json(&["meter", "add", asleep, "--link", "tcp://127.0.0.1:2"]);
    running.json(&["mediators", "destroy", asleep]);
    let three = "EML2137580890";
    running.json(&[
        "meter",
        "add",
        three,
        "--link",
        "tcp://127.0.0.1:3",
        "--hardware",
        "P1.ax",
    ]);
    let tariff = ["--unit-rate", "0.2", "--standing-charge", "0.5", "--from-ts"];
    for arguments in [
        // Nobody has confirmed the constant, and the configuration does not allow it.
        &["backlight_write", SERIAL, "always_on_sp", "--now", "--why", "a trial"][..],
        &["obis_write", "EML2137580000", "ffff0b", "00"],
        &["load_switch_write", SERIAL, "never_button_required", "--yes"],
        // Neither a code nor as long as what the objects hold.
        &["obis_write", SERIAL, "ffc803", "0102", "--now", "--why", "a trial"],
        &[
            "obis_write",
            SERIAL,
            "ffff23",
            "01020304050607080900",
            "--now",
            "--why",
            "a trial",
        ],
        &["obis_write", SERIAL, "ffff0d", "0101", "--now", "--why", "a trial"],
        &["prepay_enabled_write", three, "on", "--now", "--why", "a trial"],
        &[
            "obis_write",
            three,
            "ffc803",
            "3731343636333934363231353839313631303230",
        ],
        &["prepay_enabled_write", SERIAL, "on"],
        &["backlight_write", asleep, "always_on_sp"],
        &["clock_time_write", asleep],
        &["clock_time_write", "EML2137580000"],
        &[&["tariffs_future_write", SERIAL], &tariff[..], &["2026-01-01"]].concat(),
        &[&["tariffs_future_write", asleep], &tariff[..], &["2099-01-01"]].concat(),
    ] {
        let dry = emop(&running, &[arguments, &["--dry-run"]].concat());
        let (code, _, err) = emop(&running, arguments);
        assert_ne!(code, 0, "{arguments:?}: {err}");
        assert_eq!((dry.0, dry.1.as_str(), &dry.2), (code, "", &err), "{arguments:?}");
    }
}

#[test]
fn prepayment_is_not_planned_with_a_balance_that_is_too_low() {
    let (running, _meter) = start("", &["--balance", "3.20"]);
    let (code, out, _) = emop(&running, &["prepay_balance", SERIAL]);
    assert_eq!((code, out.trim()), (0, "prepay_balance=3.2"));
    let (code, out, err) = emop(&running, &["prepay_enabled_write", SERIAL, "on", "--dry-run"]);
    assert!(code == 5 && out.is_empty() && err.contains("3.2"), "{code} {out} {err}");
    let (code, ..) = emop(&running, &["prepay_enabled_write", SERIAL, "off", "--dry-run"]);
    assert_eq!(code, 0);
}

#[test]
fn what_can_leave_people_in_the_dark_waits_for_friendly_hours() {
    let night = now_is_night();
    let (running, _meter) = start(&format!("friendly_hours = {{ night = \"{night}\" }}"), &[]);
    let opens = night.split_once('-').unwrap().1;
    let waiting: [&[&str]; 3] = [
        &["load_switch_write", SERIAL, "never_button_required", "--yes"],
        &["prepay_enabled_write", SERIAL, "on"],
        &["obis_write", SERIAL, "ffff11", "01"],
    ];
    for arguments in waiting {
        let (code, _, err) = emop(&running, arguments);
        assert_eq!(code, 5, "{arguments:?}: {err}");
        assert!(
            err.contains("meters.friendly_hours") && err.contains(&format!("{opens} UTC")),
            "{err}"
        );
        assert!(
            err.contains(&format!("keeps every night {night} free of it")) && err.contains("--now"),
            "{err}"
        );
        let (code, _, err) = emop(&running, &[arguments, &["--now"]].concat());
        assert!(code == 2 && err.contains("--why"), "{arguments:?}: {err}");
    }
    let log = running.log();
    let audited = |line: &&str| line.contains("was not written") && line.contains("refused: ");
    assert_eq!(log.lines().filter(audited).count(), waiting.len(), "{log}");
    assert_eq!(
        emop(&running, &["load_switch", SERIAL]).1,
        "load_switch=normal_button_always\n"
    );
    for arguments in waiting {
        let (code, _, err) = emop(&running, &[arguments, &["--now", "--why", "they are at home"]].concat());
        assert_eq!(code, 0, "{arguments:?}: {err}");
    }
    // What harms nobody does not wait.
    for arguments in [
        &["prepay_enabled_write", SERIAL, "off"][..],
        &["backlight_write", SERIAL, "always_off_sp"],
        &["clock_time_write", SERIAL],
    ] {
        let (code, _, err) = emop(&running, arguments);
        assert_eq!(code, 0, "{arguments:?}: {err}");
    }
}

#[test]
fn the_load_switch_is_set_only_when_it_is_said_twice() {
    let (running, _meter) = start("", &[]);
    for arguments in [
        &["load_switch_write", SERIAL, "never_button_required"][..],
        // By its number too.
        &["obis_write", SERIAL, "ffff12", "03"],
    ] {
        let (code, _, err) = emop(&running, arguments);
        assert!(code == 5 && err.contains("--yes"), "{arguments:?}: {err}");
    }
    assert_eq!(
        emop(&running, &["load_switch", SERIAL]).1,
        "load_switch=normal_button_always\n"
    );
    for command in ["load_switch_write", "prepay_enabled_write"] {
        let (_, help, _) = emop(&running, &[command, "--help"]);
        assert!(help.contains("the box cannot stop that"), "{help}");
    }
}

#[tokio::test]
async fn friendly_hours_count_at_every_door() {
    let folder = tempfile::tempdir().unwrap();
    let mut meters = JoinSet::new();
    let now = Timestamp::now().to_string();
    let address = serve(station(Setup::new(SERIAL), Faults::default(), &now), &mut meters).await;
    let config = Config {
        friendly_hours: Some(FriendlyHours {
            night: Some(now_is_night().parse().unwrap()),
            weekend: false,
        }),
        timeout: gatelodge::domain::units::Span(Duration::from_secs(2)),
        ..quick()
    };
    let store = Store::open(Options::new(folder.path())).unwrap();
    let room: Arc<Meters> = Meters::new(config, vec![entry(address)], store).unwrap();
    let program = Origin {
        by: "mediator-client".to_owned(),
        through: Through::Grpc,
    };
    let write = |name: &str, byte: u8| Command::Ask(Request::Write(object(name), vec![byte]));
    let refused = room
        .carry_out(&id(), write("prepay_enabled_flag", 1), &program, never())
        .await;
    assert!(matches!(refused, Err(MetersError::Unfriendly { .. })), "{refused:?}");
    let raw = [&[1][..], &object("prepay_enabled_flag").to_bytes(), &[1, 1]].concat();
    let raw = Command::Ask(Request::Raw(raw));
    let refused = room.carry_out(&id(), raw.clone(), &program, never()).await;
    assert!(matches!(refused, Err(MetersError::Unfriendly { .. })), "{refused:?}");
    assert!(
        room.carry_out(&id(), write("prepay_enabled_flag", 0), &program, never())
            .await
            .is_ok()
    );
    let leave = Leave {
        why: Some("they are at home".to_owned()),
        now: true,
        ..Leave::default()
    };
    let done = room.carry_out_with(&id(), raw, (&operator(), &leave), never()).await;
    assert!(done.is_ok(), "{done:?}");
}
