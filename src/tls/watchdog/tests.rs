//! What the limits say of connections in every state, by a clock of their own.

use super::*;

const BOTH: [Heads; 2] = [Heads::Seen, Heads::Hidden];

/// The watchdog of a connection that served a request which ended at 1 s.
fn served() -> Arc<Watchdog> {
    let watchdog = Watchdog::new();
    drop(watchdog.turn());
    watchdog.idle_since.store(1_000, Relaxed);
    watchdog
}

fn verdict(watchdog: &Watchdog, now: u64, heads: Heads) -> Verdict {
    watchdog.verdict_at(now, &Limits::default(), heads)
}

#[test]
fn a_first_head_is_due_even_when_nothing_comes() {
    let watchdog = Watchdog::new();
    for heads in BOTH {
        assert_eq!(verdict(&watchdog, 7_001, heads), Verdict::Wait(Duration::from_secs(1)));
        assert_eq!(
            verdict(&watchdog, 8_001, heads),
            Verdict::Cut(ConnectionEnd::HeaderTimeout)
        );
    }
}

#[test]
fn a_later_head_is_due_from_its_first_byte() {
    let watchdog = served();
    assert_eq!(verdict(&watchdog, 30_000, Heads::Seen), Verdict::Wait(LOOK_AGAIN));
    watchdog.read();
    watchdog.head_since.store(30_000, Relaxed);
    watchdog.read();
    assert_eq!(
        verdict(&watchdog, 37_500, Heads::Seen),
        Verdict::Wait(Duration::from_millis(500))
    );
    assert_eq!(
        verdict(&watchdog, 38_000, Heads::Seen),
        Verdict::Cut(ConnectionEnd::HeaderTimeout)
    );
    assert_eq!(verdict(&watchdog, 38_000, Heads::Hidden), Verdict::Wait(LOOK_AGAIN));
}

#[test]
fn an_idle_connection_retires_and_a_busy_one_does_not() {
    let watchdog = served();
    let turn = watchdog.turn();
    for heads in BOTH {
        assert_eq!(verdict(&watchdog, 3_600_000, heads), Verdict::Wait(LOOK_AGAIN));
    }
    drop(turn);
    watchdog.idle_since.store(1_000, Relaxed);
    for heads in BOTH {
        assert_eq!(verdict(&watchdog, 61_000, heads), Verdict::Retire);
    }
}

#[test]
fn who_is_to_close_owes_no_head() {
    let watchdog = Watchdog::new();
    watchdog.leaving();
    for heads in BOTH {
        assert_eq!(verdict(&watchdog, 3_600_000, heads), Verdict::Wait(LOOK_AGAIN));
    }
}

#[test]
fn a_peer_that_takes_nothing_is_cut() {
    let watchdog = Watchdog::new();
    let _turn = watchdog.turn();
    watchdog.stalled(Stalled::Yes);
    watchdog.stalled_since.store(1_000, Relaxed);
    assert_eq!(verdict(&watchdog, 10_000, Heads::Seen), Verdict::Wait(LOOK_AGAIN));
    assert_eq!(
        verdict(&watchdog, 11_000, Heads::Seen),
        Verdict::Cut(ConnectionEnd::WriteTimeout)
    );
    watchdog.stalled(Stalled::No);
    assert_eq!(verdict(&watchdog, 11_000, Heads::Seen), Verdict::Wait(LOOK_AGAIN));
}

#[test]
fn an_answer_that_waits_must_be_taken_at_a_pace_whatever_else_flows() {
    // Bytes a second that are taken, by the answer itself and by other frames; whether it is cut.
    for (taken, others, cut) in [(0, 0, true), (0, 100_000, true), (900, 0, true), (1_100, 0, false)] {
        let watchdog = Watchdog::new();
        let (held, quiet) = (watchdog.turn(), watchdog.turn());
        held.part();
        quiet.part();
        quiet.room();
        watchdog.waits_since.store(1_000, Relaxed);
        let last = (1..300)
            .map(|second| {
                held.taken(taken);
                watchdog.wrote(others);
                (second, verdict(&watchdog, 1_000 + second * 1_000, Heads::Hidden))
            })
            .find(|(_, verdict)| *verdict == Verdict::Cut(ConnectionEnd::WriteTimeout));
        assert_eq!(last.is_some(), cut, "{taken} and {others} bytes a second: {last:?}");
        if taken == 0 {
            assert_eq!(
                last.map(|(second, _)| second),
                Some(10),
                "without a byte the grace is all"
            );
        }
    }
}

#[test]
fn a_new_wait_begins_with_all_our_patience() {
    let watchdog = Watchdog::new();
    let held = watchdog.turn();
    held.part();
    watchdog.waits_since.store(1_000, Relaxed);
    for second in 1..10 {
        assert_eq!(
            verdict(&watchdog, 1_000 + second * 1_000, Heads::Hidden),
            Verdict::Wait(LOOK_AGAIN)
        );
    }
    held.room();
    held.part();
    watchdog.waits_since.store(10_500, Relaxed);
    assert_eq!(verdict(&watchdog, 20_000, Heads::Hidden), Verdict::Wait(LOOK_AGAIN));
    assert_eq!(
        verdict(&watchdog, 20_500, Heads::Hidden),
        Verdict::Cut(ConnectionEnd::WriteTimeout)
    );
}
