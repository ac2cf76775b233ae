use serde_json::json;

use super::*;
use crate::admin::{RelayShown, RoomShown};

fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

/// A box that does all of its job.
fn well() -> Status {
    let room = |state: &str| RoomShown {
        state: state.to_owned(),
        reason: None,
        next_step: None,
    };
    let rooms = [("uplink", "running"), ("meters", "running"), ("relay", "closed")];
    Status {
        process: None,
        state: "ready".to_owned(),
        started: Some("2026-11-01T00:00:00Z".parse().unwrap()),
        rooms: rooms.map(|(name, state)| (name.to_owned(), room(state))).into(),
        services: [("probe".to_owned(), room("running"))].into(),
        store: StoreShown {
            last_backup: Some(now()),
            last_backup_keys: Some(KeysIn::Sealed),
            ..StoreShown::default()
        },
        uplink: serde_json::from_value(json!({
            "url": "mqtts://broker:8883", "client_id": "box", "connected_since": now(), "backlog_rows": 0,
            "backlog_bytes": 0, "oldest_s": 0, "published": 1, "dropped": 0, "lost": 0, "sessions": 1,
            "last_error": null, "next_try": null, "taken_over": false,
        }))
        .unwrap(),
        meters: serde_json::from_value(json!({
            "total": 3, "polled": 3, "healthy": 3, "unhealthy": 0, "half_hours_open": 0,
        }))
        .unwrap(),
        certificates: vec![CertificateShown {
            door: "https".to_owned(),
            names: Vec::new(),
            issuer: String::new(),
            source: "files".to_owned(),
            not_after: Some("2027-01-01T00:00:00Z".parse().unwrap()),
            next_try: None,
            last_error: None,
            alarm: false,
        }],
        ..Status::default()
    }
}

/// A list of the mtls door that is too old at this moment.
fn list(stale_at: &str) -> RevocationListShown {
    let stale_at: Timestamp = stale_at.parse().unwrap();
    let next_update = stale_at - SignedDuration::from_hours(24);
    RevocationListShown {
        door: "mtls".to_owned(),
        file: "/etc/crl.pem".into(),
        missed_at: next_update - SignedDuration::from_hours(72),
        next_update,
        stale_at,
    }
}

fn verdict(break_it: impl FnOnce(&mut Status)) -> Verdict {
    let mut status = well();
    break_it(&mut status);
    Verdict::of(&status, Beside::default(), now())
}

#[test]
fn whatever_does_not_do_its_job_is_found_and_nothing_else() {
    assert_eq!(verdict(|_| {}), Verdict::default());
    let uplink = |status: &mut Status| status.uplink.as_mut().unwrap().connected_since = None;
    let state = |part: &'static str, state: &'static str| {
        move |status: &mut Status| {
            let of = if part.starts_with("door-") {
                &mut status.services
            } else {
                &mut status.rooms
            };
            let shown = RoomShown {
                state: state.to_owned(),
                reason: Some("why".to_owned()),
                next_step: None,
            };
            of.insert(part.to_owned(), shown);
        }
    };
    type Break = Box<dyn FnOnce(&mut Status)>;
    let cases: Vec<(&str, Grade, bool, Break)> = vec![
        ("uplink", Grade::Trouble, true, Box::new(uplink)),
        (
            "uplink",
            Grade::Attention,
            false,
            Box::new(|status| status.uplink.as_mut().unwrap().lost = 3),
        ),
        (
            "meters",
            Grade::Attention,
            false,
            Box::new(|status| {
                let to_settle = json!([{ "id": "3f9a2c5d8e71", "meter": "EML1", "made": now() }]);
                status.meters.as_mut().unwrap().to_settle = serde_json::from_value(to_settle).unwrap();
            }),
        ),
        (
            "configuration",
            Grade::Attention,
            false,
            Box::new(|status| status.not_in_force = Some("x is unknown".to_owned())),
        ),
        (
            "relay",
            Grade::Attention,
            false,
            Box::new(|status| {
                let draining = true;
                status.relay = Some(RelayShown {
                    waiting: 0,
                    paired: 0,
                    draining,
                });
            }),
        ),
        (
            "webhooks",
            Grade::Attention,
            false,
            Box::new(|status| {
                status.webhooks_failing.insert("hook".to_owned(), "500".to_owned());
            }),
        ),
        (
            "meters",
            Grade::Attention,
            false,
            Box::new(|status| status.meters.as_mut().unwrap().unhealthy = 1),
        ),
        (
            "meters",
            Grade::Attention,
            false,
            Box::new(|status| status.meters.as_mut().unwrap().codes_unknown_before = Some(now())),
        ),
        (
            "meters",
            Grade::Trouble,
            false,
            Box::new(|status| status.meters.as_mut().unwrap().another = 1),
        ),
        (
            "meters",
            Grade::Attention,
            false,
            Box::new(|status| status.meters_aside = 2),
        ),
        (
            "backup",
            Grade::Attention,
            false,
            Box::new(|status| status.store.last_backup = None),
        ),
        (
            "backup",
            Grade::Attention,
            false,
            Box::new(|status| status.store.last_backup_keys = Some(KeysIn::LeftOut)),
        ),
        (
            "backup",
            Grade::Trouble,
            true,
            Box::new(|status| status.store.backup_trouble = Some("full".to_owned())),
        ),
        (
            "store",
            Grade::Trouble,
            true,
            Box::new(|status| status.store.salvage = Some(json!({}))),
        ),
        (
            "certificate",
            Grade::Trouble,
            true,
            Box::new(|status| status.certificates[0].not_after = Some(now())),
        ),
        (
            "certificate",
            Grade::Trouble,
            true,
            Box::new(|status| status.certificates[0].alarm = true),
        ),
        (
            "certificate",
            Grade::Attention,
            false,
            Box::new(|status| status.certificates[0].last_error = Some("no".to_owned())),
        ),
        (
            "door-mtls",
            Grade::Attention,
            false,
            Box::new(|status| drop(status.trust_not_in_force.insert("mtls".to_owned(), "cut".to_owned()))),
        ),
        (
            "door-mtls",
            Grade::Trouble,
            true,
            Box::new(|status| status.revocation_lists.push(list("2026-11-29T12:00:00Z"))),
        ),
        (
            "door-mtls",
            Grade::Attention,
            false,
            Box::new(|status| status.revocation_lists.push(list("2026-11-29T12:00:01Z"))),
        ),
        (
            "door-mtls",
            Grade::Trouble,
            true,
            Box::new(state("door-mtls", "retrying")),
        ),
        ("relay", Grade::Attention, false, Box::new(state("relay", "retrying"))),
        ("relay", Grade::Trouble, true, Box::new(state("relay", "failed"))),
    ];
    for (part, grade, degraded, break_it) in cases {
        let found = verdict(break_it);
        assert_eq!((found.grade, found.grade_of(part)), (grade, grade), "{part} {found:?}");
        assert_eq!(found.findings.len(), 1, "{found:?}");
        assert_eq!(found.is_degraded(), degraded, "{part} {found:?}");
        assert_eq!(found.in_words(), "one thing is to be looked at");
    }
    let beside = Beside {
        disk_full: true,
        clock_wrong: true,
    };
    let found = Verdict::of(&well(), beside, now());
    assert_eq!(
        (found.grade_of("store"), found.grade_of("clock")),
        (Grade::Trouble, Grade::Trouble)
    );
}

#[test]
fn a_revocation_list_is_told_before_it_runs_out_and_with_when_it_did() {
    let told = |stale_at: &str| verdict(|status| status.revocation_lists.push(list(stale_at)));
    assert_eq!(
        told("2026-12-03T12:00:01Z"),
        Verdict::default(),
        "its successor has time yet"
    );
    for (stale_at, words) in [
        ("2026-12-03T12:00:00Z", "runs out on 2026-12-02T12:00:00Z"),
        ("2026-11-30T12:00:00Z", "ran out on 2026-11-29T12:00:00Z"),
        (
            "2026-11-29T11:00:00Z",
            "nobody in by a certificate since 2026-11-29T11:00:00Z",
        ),
    ] {
        let found = told(stale_at).findings.remove(0);
        assert!(
            found.words.contains(words) && found.words.contains("/etc/crl.pem"),
            "{found:?}"
        );
        assert!(found.next_step.is_some_and(|next| next.contains("newest list")));
    }
}

#[test]
fn a_connection_that_is_being_made_after_a_start_is_no_trouble_yet() {
    let found = verdict(|status| {
        status.uplink.as_mut().unwrap().connected_since = None;
        status.started = Some("2026-11-29T11:59:30Z".parse().unwrap());
    });
    assert_eq!(found, Verdict::default());
}
