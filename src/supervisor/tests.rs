use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::attendant::FAILURES_ALLOWED;
use super::{State, States, Supervisor, Weight};

#[tokio::test(start_paused = true)]
async fn a_broken_room_fails_alone() {
    let mut supervisor = Supervisor::new(Duration::from_secs(1));
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    supervisor.add("broken", Weight::Room, move |_| {
        let counted = Arc::clone(&counted);
        Box::pin(async move {
            if counted.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
                panic!("on purpose")
            }
            anyhow::bail!("again")
        })
    });
    supervisor.add("sound", Weight::Room, |stop| {
        Box::pin(async move {
            stop.cancelled().await;
            Ok(())
        })
    });
    let mut states = supervisor.states();
    let failed = |states: &States| matches!(states["broken"], State::Failed { .. });
    let states = states.wait_for(failed).await.unwrap().clone();
    assert_eq!(tries.load(Ordering::SeqCst), FAILURES_ALLOWED);
    assert_eq!(
        states["broken"],
        State::Failed {
            reason: "panicked: on purpose".into()
        }
    );
    assert_eq!(states["sound"], State::Running);
    supervisor.stop(Duration::from_secs(2)).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_essential_service_is_told() {
    let mut supervisor = Supervisor::new(Duration::from_secs(1));
    supervisor.add("gate", Weight::Essential, |_| Box::pin(async { anyhow::bail!("no") }));
    assert_eq!(supervisor.fallen().await, "gate: no");
}

#[tokio::test(start_paused = true)]
async fn a_service_begins_when_the_one_it_follows_has_ended() {
    let mut supervisor = Supervisor::new(Duration::from_secs(5));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let begun = Arc::new(AtomicUsize::new(0));
    for round in 0..20 {
        supervisor.retire("room");
        let (running, most, begun) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&begun));
        supervisor.add("room", Weight::Room, move |stop| {
            let (running, most, begun) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&begun));
            Box::pin(async move {
                begun.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                stop.cancelled().await;
                tokio::time::sleep(Duration::from_secs(3)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            })
        });
        // Some are replaced before they ran at all.
        if round % 3 == 0 {
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(most.load(Ordering::SeqCst), 1, "never two at once");
    assert_eq!(running.load(Ordering::SeqCst), 1, "the last one runs");
    assert!(
        begun.load(Ordering::SeqCst) < 20,
        "one that was replaced while it waited never ran"
    );
    supervisor.stop(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn services_stop_in_reverse_and_within_their_grace() {
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut supervisor = Supervisor::new(Duration::from_secs(2));
    for name in ["first", "second"] {
        let order = Arc::clone(&order);
        supervisor.add(name, Weight::Room, move |stop| {
            let order = Arc::clone(&order);
            Box::pin(async move {
                stop.cancelled().await;
                order.lock().unwrap().push(name);
                Ok(())
            })
        });
    }
    supervisor.add("deaf", Weight::Room, |_| Box::pin(std::future::pending()));
    let before = Instant::now();
    supervisor.stop(Duration::from_secs(2)).await;
    assert_eq!(*order.lock().unwrap(), ["second", "first"]);
    assert!(before.elapsed() < Duration::from_secs(3));
}
