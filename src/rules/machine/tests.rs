//! The machine beside a model that looks once a second and knows nothing but since when.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn seconds(seconds: u64) -> Span {
    Span::seconds(seconds)
}

fn over(hold: u64, clear_hold: u64) -> Parameters {
    Parameters {
        op: Op::Above {
            raise: 100.0,
            clear: 80.0,
            inclusive: false,
        },
        hold: seconds(hold),
        clear_hold: seconds(clear_hold),
        remind: seconds(0),
        stands: true,
    }
}

/// Samples, one a second at most: seconds from the one before, value.
fn samples() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let value = prop_oneof![Just(70.0), Just(90.0), Just(110.0), Just(f64::NAN)];
    prop::collection::vec((1..30_i64, value), 1..80).prop_map(|steps| {
        let mut second = 0;
        let at = |(step, value)| {
            second += step;
            (second, value)
        };
        steps.into_iter().map(at).collect()
    })
}

/// What a machine says of samples, and of time until `end`; looked at after each of `ticks`, too.
fn run(parameters: &Parameters, samples: &[(i64, f64)], ticks: &[i64], end: i64) -> Vec<Said> {
    let (mut state, mut said) = (State::default(), Vec::new());
    let mut ticks: Vec<i64> = ticks.to_vec();
    ticks.sort_unstable();
    let mut ticks = ticks.into_iter().peekable();
    for (second, value) in samples {
        while let Some(tick) = ticks.next_if(|tick| tick <= second) {
            said.extend(state.tick(parameters, at(tick)));
            // As a box does that was started again.
            let text = serde_json::to_string(&state).unwrap();
            assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
        }
        said.extend(state.sample(parameters, at(*second), *value));
    }
    said.extend(state.tick(parameters, at(end)));
    said
}

/// The same by looking at every second.
fn model(hold: i64, clear_hold: i64, samples: &[(i64, f64)], end: i64) -> Vec<Said> {
    let (mut value, mut active, mut said) = (None::<f64>, false, Vec::new());
    let (mut wrong_since, mut well_since) = (None, None);
    let mut raises: Vec<i64> = Vec::new();
    for second in 0..end {
        let new = samples
            .iter()
            .find(|(when, value)| *when == second && value.is_finite());
        value = new.map(|(_, value)| *value).or(value);
        let since = |holds: bool, since: Option<i64>| holds.then(|| since.unwrap_or(second));
        wrong_since = since(!active && value.is_some_and(|value| value > 100.0), wrong_since);
        well_since = since(active && value.is_some_and(|value| value <= 80.0), well_since);
        if wrong_since.is_some_and(|since| second - since >= hold) {
            raises.retain(|raise| second - raise < 3_600);
            raises.push(second);
            said.push(Said::Raised {
                at: at(second),
                flapping: raises.len() > 6,
            });
            (active, wrong_since) = (true, None);
        }
        let held = raises.len() > 6 && raises.last().is_some_and(|raise| second - raise < 600);
        if well_since.is_some_and(|since| second - since >= clear_hold) && !held {
            said.push(Said::Cleared { at: at(second) });
            (active, well_since) = (false, None);
        }
    }
    said
}

proptest! {
    #[test]
    fn the_machine_says_what_the_model_says(samples in samples(), hold in 0..40_u64, clear_hold in 0..40_u64) {
        let end = samples.last().unwrap().0 + 2_000;
        let expected = model(hold.try_into().unwrap(), clear_hold.try_into().unwrap(), &samples, end);
        prop_assert_eq!(run(&over(hold, clear_hold), &samples, &[], end), expected);
    }

    #[test]
    fn how_often_it_is_looked_at_changes_nothing(
        samples in samples(), hold in 0..40_u64, clear_hold in 0..40_u64,
        ticks in prop::collection::vec(0..2_400_i64, 0..60), stands in any::<bool>(), stale in any::<bool>(),
    ) {
        let end = samples.last().unwrap().0 + 2_000;
        let op = if stale { Op::Stale { after: seconds(25) } } else { over(0, 0).op };
        let parameters = Parameters { op, stands, ..over(hold, clear_hold) };
        prop_assert_eq!(run(&parameters, &samples, &ticks, end), run(&parameters, &samples, &[], end));
    }

    #[test]
    fn beginnings_and_ends_take_turns_and_time_goes_on(samples in samples(), hold in 0..40_u64, stands in any::<bool>()) {
        let parameters = Parameters { stands, ..over(hold, 5) };
        let said = run(&parameters, &samples, &[], samples.last().unwrap().0 + 2_000);
        let when = |said: &Said| match said {
            Said::Raised { at, .. } | Said::Cleared { at } | Said::Reminded { at } => *at,
        };
        for (place, one) in said.iter().enumerate() {
            prop_assert_eq!(matches!(one, Said::Raised { .. }), place % 2 == 0);
        }
        prop_assert!(said.windows(2).all(|pair| when(&pair[0]) <= when(&pair[1])));
    }

    #[test]
    fn within_the_hysteresis_nothing_is_repeated(values in prop::collection::vec(80.1..200.0_f64, 1..100)) {
        let (parameters, mut state) = (over(0, 0), State::default());
        prop_assert_eq!(state.sample(&parameters, at(0), 101.0).len(), 1);
        for (second, value) in (1..).zip(values) {
            prop_assert_eq!(state.sample(&parameters, at(second), value), []);
        }
    }

    #[test]
    fn what_is_older_or_no_number_changes_nothing(before in 0..100_i64, value in 0.0..300.0_f64) {
        let (parameters, mut state) = (over(10, 10), State::default());
        let _ = state.sample(&parameters, at(200), 110.0);
        let kept = state.clone();
        prop_assert_eq!(state.sample(&parameters, at(before), value), []);
        prop_assert_eq!(state.sample(&parameters, at(300), f64::INFINITY), []);
        prop_assert_eq!(state, kept);
    }
}

#[test]
fn a_long_pause_stops_the_time_that_something_must_hold() {
    let parameters = Parameters {
        stands: false,
        ..over(100, 0)
    };
    let mut state = State::default();
    for second in [0, 10, 20, 30] {
        assert_eq!(state.sample(&parameters, at(second), 50.0), []);
    }
    assert_eq!(state.sample(&parameters, at(40), 110.0), []);
    // Thirty seconds are counted after the last sample, and no more however long it takes.
    assert_eq!(state.tick(&parameters, at(10_000)), []);
    assert_eq!(state.sample(&parameters, at(10_000), 110.0), []);
    for second in [10_010, 10_020, 10_030, 10_040, 10_050, 10_060] {
        assert_eq!(state.sample(&parameters, at(second), 110.0), []);
    }
    let raised = Said::Raised {
        at: at(10_070),
        flapping: false,
    };
    assert_eq!(state.sample(&parameters, at(10_070), 110.0), [raised]);
}

#[test]
fn silence_raises_by_itself_and_any_value_clears() {
    let parameters = Parameters {
        op: Op::Stale { after: seconds(60) },
        ..over(0, 0)
    };
    let mut state = State::default();
    assert_eq!(state.due(&parameters), None, "nobody knows of a source that never was");
    state.begin(at(0));
    assert_eq!(state.sample(&parameters, at(10), 1.0), []);
    assert_eq!(
        state.due(&parameters),
        Some(at(70).checked_add(SignedDuration::from_millis(1)).unwrap())
    );
    assert_eq!(state.tick(&parameters, at(70)), []);
    assert_eq!(
        state.tick(&parameters, at(71)),
        [Said::Raised {
            at: at(70),
            flapping: false
        }]
    );
    assert_eq!(state.value(), Some(60.0));
    assert_eq!(state.tick(&parameters, at(500)), []);
    assert_eq!(state.sample(&parameters, at(501), 1.0), [Said::Cleared { at: at(501) }]);
}

#[test]
fn too_many_beginnings_in_an_hour_are_held() {
    let (parameters, mut state) = (over(0, 0), State::default());
    let mut raises = 0;
    for second in 0..60 {
        let value = if second % 2 == 0 { 110.0 } else { 70.0 };
        for said in state.sample(&parameters, at(second), value) {
            if let Said::Raised { flapping, .. } = said {
                raises += 1;
                assert_eq!(flapping, raises > 6);
            }
        }
    }
    assert_eq!((raises, state.phase()), (7, Phase::Clearing));
    assert_eq!(
        state.tick(&parameters, at(13 + 600)),
        [Said::Cleared { at: at(12 + 600) }]
    );
    assert_eq!(state.tick(&parameters, at(13 + 3_600)), []);
    assert!(state.is_plain(), "an hour later it is forgotten");
}

#[test]
fn it_is_said_again_while_it_stands_and_once_after_a_long_sleep() {
    let parameters = Parameters {
        remind: seconds(60),
        ..over(0, 0)
    };
    let mut state = State::default();
    assert_eq!(state.sample(&parameters, at(0), 110.0).len(), 1);
    assert_eq!(state.tick(&parameters, at(59)), []);
    assert_eq!(state.tick(&parameters, at(60)), [Said::Reminded { at: at(60) }]);
    assert_eq!(state.tick(&parameters, at(6_000)).len(), 1);
    assert_eq!(state.tick(&parameters, at(6_001)), []);
    assert_eq!(
        state.sample(&parameters, at(6_002), 10.0),
        [Said::Cleared { at: at(6_002) }]
    );
    assert_eq!(state.tick(&parameters, at(7_000)), []);
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_a_rule_for_ever() {
    let (parameters, mut state) = (over(10, 0), State::default());
    let _ = state.sample(&parameters, at(1_000_000), 110.0);
    assert_eq!(state.tick(&parameters, at(0)), []);
    assert_eq!(
        state.tick(&parameters, at(11)),
        [Said::Raised {
            at: at(10),
            flapping: false
        }]
    );
    assert_eq!(state.sample(&parameters, at(12), 10.0), [Said::Cleared { at: at(12) }]);
}
