//! With what the box proves to the platform's HTTP side who it is: tokens from MQTT, by certificate, passwords.

use std::time::Duration;

use gatelodge::uplink::Patience;
use serde_json::{Value, json};

use super::broker::PASSWORD;
use super::cloud::{Cloud, SUCCESSFUL};
use super::fixture::Fixture;
use super::platform::{DEVICE, NUMBER};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_from_mqtt_the_certificate_earns_one() {
    let mut cloud = Cloud::start();
    let folder = tempfile::tempdir().unwrap();
    let patience = Patience {
        token: Duration::from_millis(100),
        ..Patience::default()
    };
    let _stage = Fixture::hasty(folder.path(), &cloud.section(), patience);
    cloud.registered();
    // The platform is not looked at, so nobody answers on s/dat.
    let id = cloud
        .platform
        .ask(&cloud.broker, DEVICE, "c8y_UploadConfigFile", json!({"type": "uplink"}));
    eventually("the file arrives", || cloud.tenant.last("/event/events/77/binaries"));
    assert_eq!(cloud.platform.ended(&cloud.broker, &cloud.witness, &id).0, SUCCESSFUL);
    // Three times, each at most once and empty: a request that waits for a line is worth nothing.
    let log = cloud.broker.log();
    let mut asked = log
        .lines()
        .filter(|line| line.contains("Received PUBLISH from") && line.contains("'s/uat'"));
    let empty = "d:lodge-1 (d0, q0, r0, m0, 's/uat', ... (0 bytes))";
    assert!(
        asked.clone().count() == 3 && asked.all(|line| line.contains(empty)),
        "{log}"
    );
    let token = cloud.tenant.last("/devicecontrol/deviceAccessToken").unwrap();
    assert!(token.authorization.is_none() && token.chain.is_some());
    let event = cloud.tenant.last("/event/events").unwrap();
    assert_eq!(event.authorization.as_deref(), Some("Bearer by-certificate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_tenant_does_not_take_any_more_is_asked_for_anew_once() {
    let mut cloud = Cloud::start();
    let operations = [
        ("c8y_UploadConfigFile", json!({"type": "uplink"}), "SUCCESSFUL"),
        // There is no such file; that is known only with a good token.
        (
            "c8y_DownloadConfigFile",
            json!({"type": "uplink", "url": cloud.tenant.url("/files/none")}),
            "FAILED",
        ),
    ];
    for (kind, arguments, end) in operations {
        let folder = tempfile::tempdir().unwrap();
        let mut fixture = Fixture::start(folder.path(), &cloud.section());
        cloud.platform.tokens.push_back("stale".into());
        cloud.platform.token = Some("fresh".into());
        let before = cloud.tenant.asked().len();
        let id = cloud.platform.ask(&cloud.broker, DEVICE, kind, arguments);
        let (state, text) = cloud.platform.ended(&cloud.broker, &cloud.witness, &id);
        assert_eq!(state, end, "{text}");
        assert!(end == "SUCCESSFUL" || text.contains("404"), "{text}");
        let asked = cloud.tenant.asked()[before..].to_vec();
        let proofs: Vec<&str> = asked
            .iter()
            .filter_map(|asked| asked.authorization.as_deref())
            .collect();
        assert_eq!(proofs[..2], ["Bearer stale", "Bearer fresh"]);
        assert!(proofs[1..].iter().all(|proof| *proof == "Bearer fresh"), "{proofs:?}");
        fixture.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_json_the_platform_says_its_number_for_the_box_and_a_password_is_the_proof() {
    let mut cloud = Cloud::start();
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let section = format!(
        "[uplink]\nkind = \"cumulocity\"\nurl = \"mqtts://localhost:{}\"\nca_file = {:?}\nclient_id = \"lodge-1\"\n\
         tenant = \"t1\"\nusername = \"lodge\"\npassword_file = {password:?}\noperations = \"smartrest\"\n{}",
        cloud.broker.by_password,
        cloud.broker.root("server"),
        cloud.tenant.keys(),
    );
    let patience = Patience {
        claimed: Duration::from_millis(50),
        ..Patience::default()
    };
    let _stage = Fixture::hasty(folder.path(), &section, patience);
    cloud.registered();
    let asked = |taken: &super::platform::Taken| taken.fields[0] == "123";
    cloud
        .platform
        .until(&cloud.broker, &cloud.witness, "it asks for its number", asked);
    cloud.broker.publish("s/ds", "526,lodge-1,uplink");
    let refused = |taken: &super::platform::Taken| taken.fields[0] == "502" && taken.fields[2].contains("which number");
    cloud
        .platform
        .until(&cloud.broker, &cloud.witness, "no number, no file", refused);
    // It asks in every session; this one is the platform's own answer.
    cloud.broker.publish("s/ds", &format!("124,{NUMBER}"));
    cloud.broker.publish("s/ds", "526,lodge-1,uplink");
    let event = eventually("the event is made", || cloud.tenant.last("/event/events"));
    let wanted = format!(
        "Basic {}",
        data_encoding::BASE64.encode(format!("t1/lodge:{PASSWORD}").as_bytes())
    );
    assert_eq!(event.authorization, Some(wanted));
    let event: Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!(event["source"]["id"], NUMBER);
    let done = |taken: &super::platform::Taken| taken.fields[0] == "503";
    cloud
        .platform
        .until(&cloud.broker, &cloud.witness, "the file is there", done);
    // The older operation names no type: it means the first.
    let events = || {
        let asked = cloud.tenant.asked();
        let events = asked.into_iter().filter(|asked| asked.path == "/event/events");
        events
            .map(|asked| serde_json::from_slice::<Value>(&asked.body).unwrap())
            .collect::<Vec<_>>()
    };
    let before = events().len();
    cloud.broker.publish("s/ds", "520,lodge-1");
    let event = eventually("the event is made", || events().get(before).cloned());
    assert_eq!(event["type"], "uplink");
    eventually("and the file is there", || {
        cloud.platform.look(&cloud.broker, &cloud.witness);
        let done = cloud.platform.lines.iter().filter(|taken| taken.fields[0] == "503");
        (done.count() == 2).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_go_up_without_json_for_the_number_that_the_platform_answers_with() {
    let mut cloud = Cloud::start();
    cloud.platform.says_its_number = true;
    cloud.platform.token = Some("token".into());
    let folder = tempfile::tempdir().unwrap();
    let section = cloud.section().replace(
        "kind = \"cumulocity\"",
        "kind = \"cumulocity\"\noperations = \"smartrest\"",
    );
    let patience = Patience {
        claimed: Duration::from_millis(50),
        ..Patience::default()
    };
    let _stage = Fixture::hasty(folder.path(), &section, patience);
    cloud.registered();
    cloud.broker.publish(
        "s/ds",
        "522,lodge-1,uplink,2013-06-22T17:03:14.000+02:00,2100-06-22T18:03:14.000+02:00,,1000",
    );
    let done = |taken: &super::platform::Taken| ["502", "503"].contains(&taken.fields[0].as_str());
    let (broker, witness) = (&cloud.broker, &cloud.witness);
    let end = cloud.platform.until(broker, witness, "the operation ends", done);
    assert_eq!(
        (end.fields[0].as_str(), end.fields[1].as_str()),
        ("503", "c8y_LogfileRequest"),
        "{end:?}"
    );
    assert!(end.fields[2].contains("/event/events/"), "{end:?}");
    let event = cloud.tenant.last("/event/events").unwrap();
    let event: Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!(
        (&event["type"], &event["source"]["id"]),
        (&"c8y_Logfile".into(), &NUMBER.into())
    );
}
