//! Serial lines: late answers, echoes, pauses, plugs.

use std::os::unix::fs::symlink;
use std::time::Duration;

use gatelodge::meter::link::Link;
use gatelodge::meter::session::{AttemptError, Rules, Session, SessionError};
use gatelodge::meter::simulator::{Faults, PtyMeter, Setup};
use tokio::task::JoinSet;
use tokio_serial::{SerialPort, SerialStream};

use super::fixture::{SERIAL, dialect, quick, read, station};
use super::peer::{Heard, Step, beside, play};

/// A line, and a session on its other end.
fn line(rules: Rules) -> (SerialStream, SerialStream, Session) {
    let (meter, line) = SerialStream::pair().unwrap();
    let target = format!("serial://{}?pause=100ms", line.name().unwrap())
        .parse()
        .unwrap();
    (meter, line, Session::new(Link::new(target, None), dialect(), rules))
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_next_one() {
    let rules = Rules {
        timeout: Duration::from_millis(50),
        attempts: 1,
        ..quick()
    };
    let (mut meter, _line, mut session) = line(rules);
    let heard = Heard::default();
    let first = beside(
        read(&mut session, "prepay_balance"),
        play(&[Step::Hear], &mut meter, &heard),
    )
    .await;
    assert!(
        matches!(
            first,
            Err(SessionError::Failed {
                last: AttemptError::Silent { .. },
                ..
            })
        ),
        "{first:?}"
    );
    // The same question again; the old answer comes first, then the new one.
    let script = [
        Step::Hear,
        Step::AnswerTo(0, vec![1, 0, 0, 0]),
        Step::Answer(0, vec![2, 0, 0, 0]),
    ];
    let second = beside(read(&mut session, "prepay_balance"), play(&script, &mut meter, &heard)).await;
    assert_eq!(second.unwrap(), [2, 0, 0, 0]);
    // And what came in between is thrown away before the next.
    play(&[Step::AnswerTo(0, vec![3, 0, 0, 0])], &mut meter, &heard).await;
    let script = [Step::Hear, Step::Answer(0, vec![4, 0, 0, 0])];
    let third = beside(read(&mut session, "prepay_balance"), play(&script, &mut meter, &heard)).await;
    assert_eq!(third.unwrap(), [4, 0, 0, 0]);
}

#[tokio::test]
async fn a_false_beginning_on_a_serial_line_costs_a_pause_and_not_the_answer() {
    let (mut meter, _line, mut session) = line(quick());
    let heard = Heard::default();
    // The beginning claims 255 bytes; a line that stays open never brings them.
    let script = [
        Step::Hear,
        Step::Say(vec![0x7E, 0xFF, 1, 2, 3]),
        Step::Answer(0, b"EML1            ".to_vec()),
    ];
    let answer = beside(read(&mut session, "serial"), play(&script, &mut meter, &heard)).await;
    assert_eq!(answer.unwrap(), b"EML1            ");
    assert_eq!(heard.lock().unwrap().len(), 1, "it was not asked twice");
}

#[tokio::test]
async fn an_echo_is_not_an_answer() {
    let rules = Rules {
        timeout: Duration::from_millis(50),
        attempts: 1,
        ..quick()
    };
    let (mut meter, _line, mut session) = line(rules);
    let heard = Heard::default();
    let script = [Step::Hear, Step::Echo];
    let answer = beside(read(&mut session, "serial"), play(&script, &mut meter, &heard)).await;
    match answer {
        Err(SessionError::Failed {
            last: AttemptError::Silent { heard, .. },
            ..
        }) => assert_eq!(heard.other_frames, 1),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_meter_that_is_unplugged_and_plugged_in_again_goes_on_answering() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("usb-Head_0001-if00");
    let target = format!("serial://{}", name.display()).parse().unwrap();
    let rules = Rules { attempts: 1, ..quick() };
    let mut session = Session::new(Link::new(target, None), dialect(), rules);

    let error = read(&mut session, "serial").await.unwrap_err();
    assert!(
        error.to_string().contains("usb-Head_0001-if00 cannot be opened"),
        "{error}"
    );

    let mut meters: JoinSet<()> = JoinSet::new();
    for round in 0..3 {
        let faults = Faults {
            echo: round == 1,
            ..Faults::default()
        };
        let meter = PtyMeter::open(station(Setup::new(SERIAL), faults, "2026-02-10T12:00:00Z")).unwrap();
        let _ = std::fs::remove_file(&name);
        symlink(meter.path(), &name).unwrap();
        meters.spawn(async move { meter.run().await.unwrap() });
        for _ in 0..3 {
            assert_eq!(
                read(&mut session, "serial").await.unwrap(),
                b"EML2137580761   ",
                "round {round}"
            );
        }
        meters.shutdown().await;
        let error = read(&mut session, "serial").await.unwrap_err();
        assert!(matches!(error, SessionError::Failed { .. }), "unplugged: {error:?}");
    }
}
