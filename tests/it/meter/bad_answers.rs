//! Answers that are none, and what a session makes of them.

use std::time::Duration;

use gatelodge::meter::emop::dialect::{ProhibitedError, Request};
use gatelodge::meter::emop::{Ack, Token};
use gatelodge::meter::session::{AttemptError, Rules, SessionError};
use tokio::time::Instant;

use super::fixture::{never, object, quick, read, session};
use super::peer::{Peer, Step, frame, reply};

const GOOD: &[u8] = b"EML2137580761   ";

/// The next request of a session that begins: its bytes are known, so bad replies to it can be made.
fn first_request() -> Vec<u8> {
    frame(&[0, 0, 0, 0, 0x00, 0x21, 0xAE, 0x42], 1, &[1, 0x60, 0x01, 0x00, 0])
}

/// A good reply to it with something changed.
fn spoilt(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = reply(&first_request(), 0, GOOD);
    change(&mut bytes);
    bytes
}

#[tokio::test]
async fn answers_that_are_none_are_passed_over_and_the_request_is_sent_again() {
    let ours = [0x00, 0x21, 0xAE, 0x42];
    let other_number = frame(
        &[&ours[..], &[0, 0, 0x18, 0xB0]].concat(),
        2,
        &[&[1, 0x60, 1, 0, 0], GOOD].concat(),
    );
    let other_address = frame(
        &[0, 1, 2, 3, 0, 0, 0x18, 0xB0],
        1,
        &[&[1, 0x60, 1, 0, 0], GOOD].concat(),
    );
    let other_object = frame(
        &[&ours[..], &[0, 0, 0x18, 0xB0]].concat(),
        1,
        &[&[1, 0x60, 0x80, 0, 0], GOOD].concat(),
    );
    for (what, bad) in [
        ("nothing", Vec::new()),
        ("truncated", spoilt(|bytes| bytes.truncate(20))),
        ("one byte short", spoilt(|bytes| bytes.truncate(bytes.len() - 1))),
        ("wrong checksum", spoilt(|bytes| *bytes.last_mut().unwrap() ^= 1)),
        ("a flipped bit", spoilt(|bytes| bytes[17] ^= 4)),
        ("a length below every frame's", spoilt(|bytes| bytes[1] = 12)),
        ("a length beyond what came", spoilt(|bytes| bytes[1] = 0xFF)),
        ("another number", other_number),
        ("another address", other_address),
        ("another object", other_object),
        ("rubbish without end", vec![0x7E; 70_000]),
        ("zeros", vec![0; 5_000]),
    ] {
        let good = vec![Step::Hear, Step::Answer(0, GOOD.to_vec())];
        let peer = Peer::start(vec![vec![Step::Hear, Step::Say(bad)], good]).await;
        let mut session = session(peer.address, quick());
        assert_eq!(read(&mut session, "serial").await.unwrap(), GOOD, "{what}");
        assert_eq!(peer.served().await, 2, "{what}: the second try brought it");
    }
}

#[tokio::test]
async fn the_first_request_is_the_one_that_bad_replies_were_made_for() {
    let peer = Peer::start(vec![vec![Step::Hear, Step::Answer(0, GOOD.to_vec())]]).await;
    read(&mut session(peer.address, quick()), "serial").await.unwrap();
    assert_eq!(peer.heard.lock().unwrap()[0], first_request());
}

#[tokio::test]
async fn after_five_tries_the_error_says_what_came_of_the_last() {
    let peer = Peer::start(vec![vec![Step::Hear, Step::Say(spoilt(|bytes| bytes[17] ^= 4))]; 5]).await;
    let error = read(&mut session(peer.address, quick()), "serial").await.unwrap_err();
    let bytes = reply(&first_request(), 0, GOOD).len() as u64;
    match error {
        SessionError::Failed {
            attempts: 5,
            last: AttemptError::Closed(heard),
        } => assert_eq!(heard.bytes, bytes),
        other => panic!("{other:?}"),
    }
    assert_eq!(peer.served().await, 5);
}

#[tokio::test]
async fn a_refusal_is_final_but_a_damaged_request_is_sent_again() {
    for (code, ack) in [
        (2, Ack::FormatError),
        (4, Ack::TooLarge),
        (5, Ack::UnknownObject),
        (6, Ack::Security),
        (9, Ack::Other(9)),
    ] {
        let peer = Peer::start(vec![vec![Step::Hear, Step::Answer(code, Vec::new())]]).await;
        let error = read(&mut session(peer.address, quick()), "serial").await.unwrap_err();
        assert!(
            matches!(error, SessionError::Refused(refused) if refused == ack),
            "{error:?}"
        );
        assert_eq!(peer.served().await, 1);
    }
    let damaged = vec![Step::Hear, Step::Answer(1, Vec::new())];
    let peer = Peer::start(vec![damaged, vec![Step::Hear, Step::Answer(0, GOOD.to_vec())]]).await;
    assert_eq!(read(&mut session(peer.address, quick()), "serial").await.unwrap(), GOOD);
    assert_eq!(peer.served().await, 2);
}

fn token() -> Request {
    let token: Token = "71466394621589161020".parse().unwrap();
    Request::Write(object("prepay_token_send"), token.digits().to_vec())
}

#[tokio::test]
async fn a_token_is_sent_once_whatever_becomes_of_it() {
    for script in [
        vec![Step::Hear],
        vec![Step::Hear, Step::Answer(1, Vec::new())],
        vec![Step::Hear, Step::Say(vec![0x7E; 300])],
        vec![],
    ] {
        let peer = Peer::start(vec![script.clone()]).await;
        let error = session(peer.address, quick()).ask(&token(), never()).await.unwrap_err();
        assert!(
            matches!(error, SessionError::TokenUncertain(_)),
            "{script:?}: {error:?}"
        );
        assert!(!error.to_string().contains("71466394621589161020"));
        assert_eq!(peer.served().await, 1, "{script:?}");
    }
    // The caller's own data field is a token as well.
    let peer = Peer::start(vec![vec![Step::Hear]]).await;
    let raw = Request::Raw([&[1, 0xFF, 0xC8, 0x03, 1][..], b"71466394621589161020"].concat());
    let error = session(peer.address, quick()).ask(&raw, never()).await.unwrap_err();
    assert!(matches!(error, SessionError::TokenUncertain(_)), "{error:?}");
}

#[tokio::test]
async fn a_token_that_was_never_sent_is_known_to_be_unsent() {
    let peer = Peer::start(vec![vec![]]).await;
    let address = peer.address;
    drop(tokio::net::TcpStream::connect(address).await.unwrap());
    peer.served().await;
    let error = session(address, quick()).ask(&token(), never()).await.unwrap_err();
    match error {
        SessionError::Failed {
            // What the meter counts is read anew before it is tried again.
            attempts: 1,
            last: AttemptError::Link(link),
        } => {
            assert_eq!(link.to_string(), format!("{address} takes no connection now"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_callers_deadline_is_kept_while_a_meter_hangs() {
    let peer = Peer::start(vec![vec![Step::Hear, Step::Hang]]).await;
    let mut session = session(peer.address, quick());
    let deadline = Instant::now() + Duration::from_millis(100);
    let error = session
        .ask(&Request::Read(object("serial")), deadline)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SessionError::Failed {
                attempts: 1,
                last: AttemptError::Deadline
            }
        ),
        "{error:?}"
    );
    // With the next pause the deadline would pass, so there is no second try.
    let rules = Rules {
        pause: Duration::from_secs(600),
        ..quick()
    };
    let peer = Peer::start(vec![vec![Step::Hear]]).await;
    let error = self::session(peer.address, rules)
        .ask(&Request::Read(object("serial")), never())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SessionError::Failed {
                attempts: 1,
                last: AttemptError::Closed(_)
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_meter_that_says_nothing_is_waited_for_and_no_longer() {
    let peer = Peer::start(vec![vec![Step::Hear, Step::Hang]; 2]).await;
    let rules = Rules {
        timeout: Duration::from_millis(50),
        attempts: 2,
        ..quick()
    };
    let error = read(&mut session(peer.address, rules), "serial").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no answer after 2 tries: no answer within 0.05 s (0 bytes, 0 frames of others came)"
    );
    assert_eq!(peer.served().await, 2);
}

#[tokio::test]
async fn a_meter_is_left_in_peace_between_requests() {
    let gap = Duration::from_millis(150);
    let answer = vec![Step::Hear, Step::Answer(0, GOOD.to_vec())];
    let peer = Peer::start(vec![answer.clone(), answer.clone(), answer]).await;
    let mut session = session(peer.address, Rules { gap, ..quick() });
    read(&mut session, "serial").await.unwrap();
    let ended = Instant::now();
    read(&mut session, "serial").await.unwrap();
    assert!(ended.elapsed() >= gap, "{:?} after the first", ended.elapsed());
    // A caller that goes away in the middle leaves a meter that is still busy.
    let hanging = Peer::start(vec![vec![Step::Hear, Step::Hang]]).await;
    let mut session = self::session(hanging.address, Rules { gap, ..quick() });
    tokio::select! {
        answer = read(&mut session, "serial") => panic!("{answer:?}"),
        () = async { while hanging.requests() == 0 { tokio::task::yield_now().await } } => {}
    }
    let left = Instant::now();
    let error = session
        .ask(&Request::Read(object("serial")), Instant::now() + gap / 2)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SessionError::Failed {
                last: AttemptError::Deadline,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(left.elapsed() < gap, "it gave up in the gap: nothing more was sent");
    assert_eq!(hanging.requests(), 1);
}

#[tokio::test]
async fn what_must_not_be_asked_reaches_no_meter() {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let reset = Request::Raw(vec![6, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    let error = session(nobody, quick()).ask(&reset, never()).await.unwrap_err();
    assert!(
        matches!(error, SessionError::Prohibited(ProhibitedError::ResetProfile(255))),
        "{error:?}"
    );
    let error = session(nobody, quick())
        .ask(&Request::Raw(vec![1; 244]), never())
        .await
        .unwrap_err();
    assert!(
        matches!(error, SessionError::Prohibited(ProhibitedError::Length(244))),
        "{error:?}"
    );
}
