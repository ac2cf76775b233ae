//! Sessions with simulated meters: faults, clocks at the ends of their time, money, logs.

use std::time::Duration;

use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::emop::event_log::events;
use gatelodge::meter::emop::inferred::Inferred;
use gatelodge::meter::emop::profile_log::{Elements, log_1, log_2, window};
use gatelodge::meter::emop::{Ack, MeterTime, ProfileLog, Value};
use gatelodge::meter::session::{Rules, SessionError};
use gatelodge::meter::simulator::{Faults, Rate, Setup};
use tokio::task::JoinSet;

use super::fixture::{SERIAL, never, object, quick, read, serve, session, simulated, station};

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

/// Rules for lines so bad that many tries are needed.
fn patient() -> Rules {
    Rules {
        attempts: 200,
        timeout: Duration::from_millis(200),
        ..quick()
    }
}

#[tokio::test]
async fn readings_come_through_every_fault_of_the_line() {
    let bad = rate("0.3");
    for faults in [
        Faults {
            drop_rate: bad,
            ..Faults::default()
        },
        Faults {
            bad_crc_rate: bad,
            garbage: true,
            ..Faults::default()
        },
        Faults {
            hang_rate: rate("0.2"),
            split_bytes: true,
            ..Faults::default()
        },
        Faults {
            late_rate: rate("0.2"),
            ..Faults::default()
        },
        Faults {
            refuse_for: Duration::from_millis(20),
            ..Faults::default()
        },
        Faults {
            reboot_every: Some(3),
            reboot_for: Duration::from_millis(30),
            ..Faults::default()
        },
        Faults {
            slow: Duration::from_millis(5),
            drop_rate: bad,
            bad_crc_rate: bad,
            garbage: true,
            split_bytes: true,
            seed: 7,
            ..Faults::default()
        },
    ] {
        let mut meters = JoinSet::new();
        let address = simulated(faults, &mut meters).await;
        let mut session = session(address, patient());
        for _ in 0..4 {
            assert_eq!(
                read(&mut session, "serial").await.unwrap(),
                b"EML2137580761   ",
                "{faults:?}"
            );
            assert_eq!(
                read(&mut session, "prepay_balance").await.unwrap(),
                1_000_000u32.to_le_bytes(),
                "{faults:?}"
            );
            assert_eq!(read(&mut session, "csq_net_op").await.unwrap(), [0x30], "{faults:?}");
        }
    }
}

#[tokio::test]
async fn fifty_meters_in_one_process_answer_each_for_itself() {
    let (mut meters, mut readings) = (JoinSet::new(), JoinSet::new());
    for number in 0..50 {
        let serial = format!("EML{number:010}");
        let address = serve(
            station(Setup::new(&serial), Faults::default(), "2026-02-10T12:00:00Z"),
            &mut meters,
        )
        .await;
        readings.spawn(async move {
            let payload = read(&mut session(address, quick()), "serial").await.unwrap();
            assert_eq!(String::from_utf8(payload).unwrap().trim(), serial);
        });
    }
    assert_eq!(readings.join_all().await.len(), 50);
}

#[tokio::test]
async fn clocks_in_2000_and_in_2099_are_read_and_set() {
    for now in ["2000-01-01T00:00:00Z", "2024-02-29T12:34:56Z", "2099-12-31T23:59:59Z"] {
        let mut meters = JoinSet::new();
        let address = serve(station(Setup::new(SERIAL), Faults::default(), now), &mut meters).await;
        let mut session = session(address, quick());
        let payload = read(&mut session, "time").await.unwrap();
        let dialect = std::sync::Arc::clone(session.dialect());
        match dialect.value(object("time"), &payload).unwrap() {
            Value::Clock(shown) => assert_eq!(shown.moment, now.parse().unwrap()),
            other => panic!("{other:?}"),
        }
        let before = jiff::Timestamp::now();
        session.set_clock(never()).await.unwrap();
        let payload = read(&mut session, "time").await.unwrap();
        match dialect.value(object("time"), &payload).unwrap() {
            Value::Clock(shown) => {
                let set = shown.moment.as_second();
                assert!(
                    (before.as_second()..=jiff::Timestamp::now().as_second()).contains(&set),
                    "{shown:?}"
                );
            }
            other => panic!("{other:?}"),
        }
        // Logs at the very ends of a meter's time are asked for and answered.
        for start in [MeterTime(0), MeterTime(u32::MAX)] {
            let reply = session
                .ask(&Request::Profile(ProfileLog::One, start), never())
                .await
                .unwrap();
            assert_eq!(reply.len(), 85);
            assert_eq!(reply[1..5], start.to_bytes());
        }
    }
}

#[tokio::test]
async fn a_token_is_credited_once() {
    for (token_silent, verdict) in [(false, Some(Ack::Security)), (true, None)] {
        let mut meters = JoinSet::new();
        let faults = Faults {
            token_silent,
            ..Faults::default()
        };
        let address = simulated(faults, &mut meters).await;
        let mut session = session(address, quick());
        let token = Request::Write(object("prepay_token_send"), b"71466394621589161020".to_vec());
        session.ask(&token, never()).await.unwrap();
        assert_eq!(
            read(&mut session, "prepay_balance").await.unwrap(),
            2_020_000u32.to_le_bytes(),
            "10 and 10.20 GBP"
        );
        match (session.ask(&token, never()).await, verdict) {
            (Err(SessionError::Refused(ack)), Some(wanted)) => assert_eq!(ack, wanted),
            (Ok(_), None) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(
            read(&mut session, "prepay_balance").await.unwrap(),
            2_020_000u32.to_le_bytes()
        );
        let page = session.ask(&Request::Events(0), never()).await.unwrap();
        let newest = events(&page[5..], &Inferred::default().event).unwrap()[0];
        assert_eq!((newest.id, newest.name()), (48, Some("CREDIT_TOKEN_APPLIED")));
    }
}

#[tokio::test]
async fn simulated_meters_refuse_as_real_ones_do() {
    let mut meters = JoinSet::new();
    let address = simulated(Faults::default(), &mut meters).await;
    let mut session = session(address, quick());
    for (request, wanted) in [
        (Request::Read("800309".parse().unwrap()), Ack::UnknownObject),
        (Request::Read(object("three_phase_serial")), Ack::UnknownObject),
        (Request::Read(object("read_element_b")), Ack::UnknownObject),
        (Request::Write(object("prepay_balance"), vec![0; 4]), Ack::Security),
        (
            Request::Write(object("tariff_future_gas"), vec![0; 3]),
            Ack::LengthError,
        ),
        (Request::Raw(vec![9, 9, 9]), Ack::FormatError),
        (Request::Raw(vec![2, 0x63, 0x62, 0x00, 10]), Ack::TooLarge),
    ] {
        match session.ask(&request, never()).await {
            Err(SessionError::Refused(ack)) => assert_eq!(ack, wanted, "{request:?}"),
            other => panic!("{request:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn half_hours_are_as_the_formulas_say() {
    let noon = MeterTime::of("2026-02-10T12:00:00Z".parse().unwrap()).unwrap();
    for twin in [false, true] {
        let mut setup = Setup::new(SERIAL);
        setup.twin = twin;
        setup.log_start = MeterTime(noon.0 - 86_400);
        let mut meters = JoinSet::new();
        let address = serve(station(setup, Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
        let mut session = session(address, quick());
        let start = MeterTime(noon.0 - 7_200);
        let k = start.0 / 1_800 - 420_000;
        let one = session
            .ask(&Request::Profile(ProfileLog::One, start), never())
            .await
            .unwrap();
        let records = log_1(&one[5..], 4).unwrap();
        assert_eq!(records.len(), 4);
        assert_eq!(records[1].import_a, 100_000 + 250 * (k + 1));
        assert_eq!(records[1].import_b, if twin { 50_000 + 100 * (k + 1) } else { 0 });
        let elements = if twin { Elements::Two } else { Elements::One };
        let two = session
            .ask(&Request::Profile(ProfileLog::Two, start), never())
            .await
            .unwrap();
        let records = log_2(&two[5..], elements, &Inferred::default().profile_log_2).unwrap();
        assert_eq!(records[0].a.active_export, 20_000 + 40 * k);
        assert_eq!(records[0].b.map(|b| b.active_export), twin.then_some(9_000 + 11 * k));

        // Asked for what it does not hold, it answers with something else, and that is told apart.
        for (start, ahead) in [(noon.0 - 10 * 86_400, true), (noon.0 + 86_400, false)] {
            let (from, to) = (MeterTime(start), MeterTime(start + 7_200));
            let reply = session
                .ask(&Request::Profile(ProfileLog::One, from), never())
                .await
                .unwrap();
            let found = window(log_1(&reply[5..], 4).unwrap(), from, to);
            assert_eq!((found.inside.len(), found.next_held.is_some()), (0, ahead));
        }
    }
}
