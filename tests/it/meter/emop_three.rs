//! `emop` with a meter of three phases, which frames its bytes by hand: totals, voltages, intervals (EMOP §8).

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::emop_fixture::{Fixture, Said, Way};
use super::peer::{frame, hear, reply};

const SERIAL: &str = "EML0000000007";
/// 2026-02-10T00:00:00Z, as meters count.
const MIDNIGHT: u32 = 823_996_800;
/// A refusal: object unknown.
const UNKNOWN: u8 = 5;

/// What the meter says to a request.
fn answer(request: &[u8]) -> Vec<u8> {
    let data = &request[11..request.len() - 2];
    let held: Option<Vec<u8>> = match data {
        [1, 0x60, 0x80, 0x00, 0] => Some(Vec::new()),
        [1, 0xD7, 0xFF, 0x11, 0] => Some(vec![1]),
        [1, 0xD7, 0xFF, 0x10, 0] => Some(b"EML0000000007   ".to_vec()),
        [1, 0xFF, 0xFF, 0x11, 0] => Some(vec![0]),
        [1, 0x20, 0x07, 0x00, 0] => Some(2_412u16.to_le_bytes().to_vec()),
        [1, 0x48, 0x07, 0x00, 0] => Some(2_398u16.to_le_bytes().to_vec()),
        [1, 0x01, 0x08, 0x00, 0] => Some(12_345_678u32.to_le_bytes().to_vec()),
        [1, 0x09, 0x08, 0x00, 0] => Some(5u32.to_le_bytes().to_vec()),
        [6, 0, times @ ..] if times.len() == 12 && times[8..] == [0xFF; 4] => {
            let word = |at: usize| u32::from_le_bytes(times[at..at + 4].try_into().unwrap());
            let ends = [&request[6..10], &[0x00, 0x00, 0x18, 0xB0]].concat();
            return frame(
                &ends,
                request[10] & 7,
                &[&[6], block(word(0), word(4)).as_slice()].concat(),
            );
        }
        _ => None,
    };
    match held {
        Some(payload) => reply(request, 0, &payload),
        None => reply(request, UNKNOWN, &[]),
    }
}

/// Half hours from `start` to `end`, both with them, of two channels.
fn block(start: u32, end: u32) -> Vec<u8> {
    let mut block = start.to_le_bytes().to_vec();
    block.extend([30, 2, 0x01, 0x08, 0x00, 0xAB, 0xCD, 0xEF]);
    for at in (start..=end).step_by(1_800) {
        // The box asks for days before as well, of its own accord.
        let slot = at.wrapping_sub(MIDNIGHT) / 1_800;
        block.extend(if slot == 3 { [3, 1] } else { [1, 0] });
        block.extend(slot.wrapping_mul(25_000).to_le_bytes());
        block.extend(12_345u32.to_le_bytes());
    }
    block
}

async fn serve(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        if let Some(request) = hear(&mut stream).await {
            let _ = stream.write_all(&answer(&request)).await;
            let _ = stream.shutdown().await;
        }
    }
}

/// Runs commands against a box that serves this meter.
fn with_meter(work: impl FnOnce(&dyn Fn(&[&str]) -> Said)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let link = format!("tcp://{}", listener.local_addr().unwrap());
    runtime.spawn(serve(listener));
    let fixture = Fixture::start();
    let added = fixture
        .running
        .command(&["meter", "add", SERIAL, "--link", &link, "--esco", "hmce"]);
    assert!(added.status.success(), "{added:?}");
    fixture.certificate("internal");
    for way in [Way::Mediator("internal"), Way::Socket] {
        let said = fixture.emop(way, &["hardware", SERIAL]);
        assert_eq!(said.out, "hardware=P1.cx\n", "{way:?}: {}", said.err);
    }
    work(&|arguments: &[&str]| fixture.emop(Way::Mediator("internal"), arguments));
}

#[test]
fn a_meter_of_three_phases_is_read_as_far_as_it_answers() {
    with_meter(|emop| {
        let json = |arguments: &[&str]| -> Value {
            let said = emop(arguments);
            assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
            serde_json::from_str(&said.out).unwrap()
        };
        let totals = json!({
            "active_import": 1234.5678, "active_export": null, "reactive_import": null, "reactive_export": null,
            "apparent_import": 0.0005, "apparent_export": null,
        });
        assert_eq!(json(&["three_phase_read", SERIAL]), totals);
        assert_eq!(json(&["read", SERIAL]), totals);
        assert_eq!(
            json(&["three_phase_instantaneous_voltage", SERIAL]),
            json!([241.2, null, 239.8])
        );
        for (command, value) in [
            ("three_phase_serial", "EML0000000007"),
            ("three_phase_hardware_configuration", "cx_ct_operated"),
            ("backlight", "always_off_3p"),
        ] {
            assert_eq!(emop(&[command, SERIAL]).out, format!("{command}={value}\n"));
        }
        let said = emop(&["prepay_balance", SERIAL]);
        assert!(said.code == 1 && said.err.contains("NAK 5"), "{}", said.err);
    });
}

#[test]
fn intervals_are_a_table_with_each_moment_once() {
    with_meter(|emop| {
        let span = [
            "--start-time",
            "2026-02-10T00:00:00",
            "--end-time",
            "2026-02-10T06:00:00",
        ];
        let said = emop(&[&["three_phase_intervals", SERIAL], &span[..]].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        let lines: Vec<&str> = said.out.split_terminator("\r\n").collect();
        assert_eq!(lines[0], "created_at,total_active_energy_import,abcdef");
        assert_eq!(lines[1], "2026-02-10T00:00:00,0,1.2345");
        assert_eq!(lines[2], "2026-02-10T00:30:00,2.5,1.2345");
        assert_eq!(lines[3], "2026-02-10T01:00:00,5.0,1.2345");
        assert_eq!(
            lines.len(),
            1 + 13,
            "the pieces of four hours meet at 04:00: {}",
            said.out
        );
        assert_eq!(lines[13], "2026-02-10T06:00:00,30.0,1.2345");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("day.csv");
        let file = file.to_str().unwrap();
        let said = emop(&[
            "three_phase_intervals",
            SERIAL,
            "--day",
            "2026-02-10",
            "--csv",
            file,
            "--include_statuses",
        ]);
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 1 + 48);
        assert!(lines[0].ends_with(",abcdef,valid_data,power_fail,phase_1_voltage_failure,phase_2_voltage_failure,phase_3_voltage_failure,security_access,md_reset,time_update,log_reset"));
        let f = ",False".repeat(7);
        assert_eq!(lines[1], format!("2026-02-10T00:00:00,0,1.2345,True,False{f}"));
        assert_eq!(
            lines[4],
            format!("2026-02-10T01:30:00,7.5,1.2345,True,True{},True", ",False".repeat(6))
        );
        let said = emop(&[
            "--serials",
            "EML1,EML2",
            "three_phase_intervals",
            "--day",
            "2026-02-10",
            "--csv",
            file,
        ]);
        assert_eq!(said.code, 2, "{}", said.err);
    });
}
