//! What the cloud may have done, and what it may not: configurations, files, logs, readings, restarts.

use serde_json::{Value, json};

use super::cloud::{Cloud, SUCCESSFUL};
use super::fixture::{Fixture, SERIAL};
use super::platform::DEVICE;
use super::puppet::Puppet;
use crate::support::line::Line;
use crate::support::{TestBox, eventually};

fn value(running: &TestBox, key: &str) -> Value {
    running.json(&["config", "show"])[key]["value"].clone()
}

#[test]
fn a_configuration_is_taken_over_whole_or_not_at_all() {
    let mut cloud = Cloud::start();
    let running = TestBox::start_with(&(cloud.section() + "[occupancy]\n[retention]\nhistory = \"20d\"\n"));
    cloud.registered();
    assert!(
        cloud.shown().contains("[uplink]\n") && cloud.shown().contains("key_file = \"***\""),
        "{}",
        cloud.shown()
    );
    for (text, because) in [
        ("[occupancy\n", "not valid TOML, line 1"),
        ("[occupancy]\nidle_expry = \"2h\"\n", "idle_expiry"),
        ("[occupancy]\nidle_expiry = 5\n", "idle_expiry"),
        ("data_dir = \"/elsewhere\"\n", "changed at the box itself"),
        ("[uplink]\nrestart = \"/bin/sh -c id\"\n", "changed at the box itself"),
        (
            "[uplink]\nurl = \"mqtt://localhost\"\n",
            "`uplink.url` is changed at the box itself",
        ),
    ] {
        let (state, why) = cloud.configure(text);
        assert!(state == "FAILED" && why.contains(because), "{text}: {state} {why}");
    }
    let (state, why) = cloud.configure(&format!("# {}\n", "x".repeat(10_100)));
    assert!(state == "FAILED" && why.contains("as a file"), "{why}");
    assert_eq!(value(&running, "occupancy.idle_expiry"), "1d");
    assert!(!running.dir.join("data/conf.d/remote.toml").exists());

    let (state, why) = cloud.configure("[occupancy]\nidle_expiry = \"26h\"\n");
    assert_eq!(state, SUCCESSFUL, "{why}");
    assert!(cloud.shown().contains("idle_expiry = \"26h\""), "{}", cloud.shown());
    assert_eq!(value(&running, "occupancy.idle_expiry"), "26h");
    // What is shown can be sent back, and changes nothing.
    let shown = cloud.shown();
    assert_eq!(cloud.configure(&shown).0, SUCCESSFUL);
    let told = std::fs::read_to_string(running.dir.join("data/conf.d/remote.toml")).unwrap();
    let told: Vec<&str> = told
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    assert_eq!(told, ["[occupancy]", "idle_expiry = \"26h\""]);
    assert_eq!(value(&running, "retention.history"), "20d");

    let (state, why) = cloud.configure("[uplink]\nwindow = 7\nkey_file = \"***\"\n");
    assert_eq!(
        state, SUCCESSFUL,
        "a change of the uplink is proved over the uplink: {why}"
    );
    assert_eq!(value(&running, "uplink.window"), 7);
    assert!(!running.dir.join("data/conf.d/remote.toml.before").exists());
}

/// What a configuration from afar leaves as it is has to be there too, and one that is refused leaves nothing behind.
#[test]
fn a_configuration_is_refused_when_the_next_start_would_stumble_over_a_file() {
    let mut cloud = Cloud::start();
    let mut running = TestBox::unstarted("");
    let secret = running.dir.join("secret");
    std::fs::write(&secret, "a secret of more than sixteen bytes\n").unwrap();
    let hook =
        format!("[[occupancy.webhook]]\nname = \"desk\"\nurl = \"https://127.0.0.1:1/\"\nsecret_file = {secret:?}\n");
    running.configure(&(cloud.section() + "[occupancy]\n" + &hook));
    running.run();
    cloud.registered();
    std::fs::remove_file(&secret).unwrap();
    let text = "[occupancy]\nidle_expiry = \"26h\"\n";
    let (state, why) = cloud.configure(text);
    assert!(
        state == "FAILED" && why.contains("secret_file") && why.contains("is not there"),
        "{state} {why}"
    );
    assert_eq!(value(&running, "occupancy.idle_expiry"), "1d");
    // What was in force is so again, though its file is not there either.
    assert!(!running.dir.join("data/conf.d/remote.toml").exists());
    assert_eq!(running.json(&["status"])["not_in_force"], Value::Null);
    std::fs::write(&secret, "a secret of more than sixteen bytes\n").unwrap();
    let (state, why) = cloud.configure(text);
    assert_eq!(state, SUCCESSFUL, "{why}");
    assert_eq!(value(&running, "occupancy.idle_expiry"), "26h");
}

/// A box whose road to the broker leads through a line that can be cut.
fn behind(line: &Line, cloud: &Cloud) -> TestBox {
    let straight = format!("localhost:{}", cloud.broker.by_certificate);
    let through = format!("localhost:{}", line.port);
    TestBox::start_with(&cloud.section().replace(&straight, &through))
}

fn is_tried(running: &TestBox, times: usize) {
    eventually("it is being tried", || {
        (running.log().matches("changes the uplink and is tried").count() == times).then_some(())
    });
}

#[test]
fn a_line_that_is_cut_in_the_trial_and_mended_within_its_minute_keeps_the_configuration() {
    let mut cloud = Cloud::start();
    let line = Line::to(cloud.broker.by_certificate);
    let mut running = behind(&line, &cloud);
    cloud.registered();
    // What is open stays, so that the operation comes; nothing new gets through.
    line.refuse(true);
    let arguments = json!({ "config": "[uplink]\nwindow = 7\n" });
    let id = cloud
        .platform
        .ask(&cloud.broker, DEVICE, "c8y_Configuration", arguments);
    is_tried(&running, 1);
    assert_eq!(value(&running, "uplink.window"), 7, "it is tried as a whole");
    assert!(running.dir.join("data/conf.d/remote.toml.before").exists());
    line.refuse(false);
    let (state, why) = cloud.platform.ended(&cloud.broker, &cloud.witness, &id);
    assert_eq!(state, SUCCESSFUL, "{why}");
    assert!(!running.dir.join("data/conf.d/remote.toml.before").exists());

    // A box that dies while it tries comes back with what was before.
    line.refuse(true);
    let arguments = json!({ "config": "[uplink]\nwindow = 8\n" });
    let id = cloud
        .platform
        .ask(&cloud.broker, DEVICE, "c8y_Configuration", arguments);
    is_tried(&running, 2);
    running.kill();
    line.refuse(false);
    running.run();
    let (state, why) = cloud.platform.ended(&cloud.broker, &cloud.witness, &id);
    assert!(state == "FAILED" && why.contains("interrupted"), "{state} {why}");
    assert_eq!(value(&running, "uplink.window"), 7);
}

#[test]
#[ignore = "takes the minute of a trial"]
fn a_configuration_without_a_session_within_a_minute_is_put_back() {
    let mut cloud = Cloud::start();
    let line = Line::to(cloud.broker.by_certificate);
    let running = behind(&line, &cloud);
    cloud.registered();
    line.refuse(true);
    let arguments = json!({ "config": "[uplink]\nwindow = 7\n" });
    let id = cloud
        .platform
        .ask(&cloud.broker, DEVICE, "c8y_Configuration", arguments);
    is_tried(&running, 1);
    // Longer than anything else here takes: the trial has a minute, the next try to connect may be half of one away.
    let logs = |what: &str, times: usize| {
        let began = std::time::Instant::now();
        while running.log().matches(what).count() < times {
            assert!(began.elapsed().as_secs() < 120, "{what}: {}", running.log());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    };
    logs("the one of before is put back", 1);
    line.refuse(false);
    logs(": connected broker=", 2);
    let (state, why) = cloud.platform.ended(&cloud.broker, &cloud.witness, &id);
    assert!(
        state == "FAILED" && why.contains("the one of before is in force"),
        "{why}"
    );
    assert_eq!(value(&running, "uplink.window"), 20);
    assert!(!running.dir.join("data/conf.d/remote.toml.before").exists());
}

#[test]
fn files_come_and_go_with_a_proof_that_only_the_tenant_sees() {
    let mut cloud = Cloud::start();
    cloud.platform.token = Some("a.token.signed".into());
    let running = TestBox::start_with(&(cloud.section() + "[occupancy]\n"));
    cloud.registered();
    let good = cloud.tenant.file("spaces.toml", "[occupancy]\nidle_expiry = \"27h\"\n");
    let (state, why) = cloud.run(
        "c8y_DownloadConfigFile",
        json!({"url": format!("{good}?secret=1"), "type": "spaces"}),
    );
    assert_eq!(state, SUCCESSFUL, "{why}");
    assert_eq!(value(&running, "occupancy.idle_expiry"), "27h");
    let fetched = cloud.tenant.last("/files/spaces.toml").unwrap();
    assert_eq!(fetched.authorization.as_deref(), Some("Bearer a.token.signed"));
    let installed = cloud
        .platform
        .lines
        .iter()
        .find(|taken| taken.fields[0] == "120")
        .unwrap();
    assert_eq!(installed.fields[1..4], ["spaces", &good, "spaces.toml"]);

    let elsewhere = cloud.tenant.file("uplink.toml", "[occupancy]\n");
    let large = cloud.tenant.file("large.toml", vec![b'#'; 5 << 20]);
    let other = good.replace("localhost", "127.0.0.1");
    for (url, kind, because) in [
        (cloud.tenant.url("/files/none"), "spaces", "404"),
        (large, "spaces", "longer than"),
        (cloud.tenant.url("/elsewhere"), "spaces", "another server"),
        (cloud.tenant.url("/round"), "spaces", "leads on and on"),
        ("file:///etc/passwd".into(), "spaces", "may not be fetched"),
        ("http://localhost:1/x".into(), "spaces", "may not be fetched"),
        (elsewhere, "uplink", "does not belong"),
        (good.clone(), "everything", "there is no configuration"),
    ] {
        cloud.fails("c8y_DownloadConfigFile", json!({"url": url, "type": kind}), because);
    }
    // Another name of the same server is another server: it is not believed, and sees no token.
    let before = cloud.tenant.asked().len();
    cloud.fails("c8y_DownloadConfigFile", json!({"url": other, "type": "spaces"}), "TLS");
    assert_eq!(cloud.tenant.asked().len(), before);
    assert_eq!(value(&running, "occupancy.idle_expiry"), "27h");

    let (state, why) = cloud.run("c8y_UploadConfigFile", json!({"type": "spaces"}));
    assert_eq!((state.as_str(), why.as_str()), (SUCCESSFUL, ""));
    let event: Value = serde_json::from_slice(&cloud.tenant.last("/event/events").unwrap().body).unwrap();
    assert_eq!(
        (&event["type"], &event["source"]["id"]),
        (&json!("spaces"), &json!("2"))
    );
    let file = cloud.tenant.last("/event/events/77/binaries").unwrap();
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(
        text.contains("idle_expiry = \"27h\"") && !text.contains("[uplink]"),
        "{text}"
    );

    let (state, url) = cloud.run(
        "c8y_LogfileRequest",
        json!({
            "logFile": "uplink", "dateFrom": "2020-01-01T00:00:00+0200", "searchText": "connected", "maximumLines": 5,
        }),
    );
    assert_eq!(
        (state.as_str(), url),
        (SUCCESSFUL, cloud.tenant.url("/event/events/77/binaries"))
    );
    let file = cloud.tenant.last("/event/events/77/binaries").unwrap();
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(
        text.contains("gatelodge::uplink") && text.contains("connected"),
        "{text}"
    );
    assert!(!text.contains("a.token.signed") && !running.log().contains("a.token.signed"));
    let wrong = ["../../etc/passwd", "syslog", ""];
    for kind in wrong {
        cloud.fails("c8y_LogfileRequest", json!({ "logFile": kind }), "there is no log");
    }
    cloud.fails(
        "c8y_Command",
        json!({"text": "log level debug"}),
        "not on the allow-list",
    );
    // What the cloud may have done is not for the cloud to say.
    let more = "allow_commands = [\"log\", \"uptime\"]\n";
    let (state, why) = cloud.configure(&format!("[uplink]\n{more}"));
    assert!(
        state == "FAILED" && why.contains("`uplink.allow_commands`"),
        "{state} {why}"
    );
    running.configure(&(cloud.section() + more + "[occupancy]\n"));
    let reloaded = running.command(&["config", "reload"]);
    assert!(reloaded.status.success(), "{reloaded:?}");
    cloud.fails("c8y_Command", json!({"text": "log level everything"}), "is no level");
    assert_eq!(
        cloud.run("c8y_Command", json!({"text": "log level error"})).0,
        SUCCESSFUL
    );
    cloud.run("c8y_Command", json!({"text": "uptime"}));
    let (state, _) = cloud.run("c8y_LogfileRequest", json!({"logFile": "audit"}));
    assert_eq!(state, SUCCESSFUL);
    let file = cloud.tenant.last("/event/events/77/binaries").unwrap();
    assert!(
        String::from_utf8(file.body.to_vec())
            .unwrap()
            .contains("command=\"uptime\"")
    );
    let audit = |taken: &super::platform::Taken| taken.fields.get(1).is_some_and(|kind| kind == "uplink_Audit");
    cloud.platform.until(&cloud.broker, &cloud.witness, "the audit", audit);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_kind_of_one_device_goes_in_order_and_too_many_are_refused() {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let fixture = Fixture::start(folder.path(), &puppet.section(folder.path()));
    puppet.hears("500");
    let may_read = &fixture.host.may_read;
    may_read.forget_permits(1_000_000);
    let child = format!("lodge-1-meter-{}", SERIAL.to_lowercase());
    let ask = |id: usize, device: &str, kind: &str, body: Value| {
        let asked = json!({"id": id.to_string(), "externalSource": {"externalId": device}, kind: body});
        puppet.tell("devicecontrol/notifications", asked.to_string().as_bytes());
    };
    let read = "c8y_MeasurementRequestOperation";
    ask(1, DEVICE, read, json!({"requestName": "all"}));
    ask(2, &child, read, json!({"requestName": "A+"}));
    ask(3, DEVICE, read, json!({"requestName": SERIAL}));
    ask(4, DEVICE, "c8y_Command", json!({"text": "version"}));
    puppet.hears("506,4,");
    for id in 5..110 {
        ask(id, DEVICE, read, json!({"requestName": "eml2"}));
    }
    let busy = puppet.hears("505,109,");
    assert!(busy.contains("busy"), "{busy}");
    let refused = |fixture: &Fixture| {
        fixture
            .uplink
            .tallies()
            .operations
            .get(&(read.to_owned(), "refused"))
            .copied()
    };
    eventually("the refusals are counted", || {
        (refused(&fixture) == Some(8)).then_some(())
    });
    assert!(!puppet.texts().contains(&"504,3".to_owned()), "one at a time");
    assert!(puppet.texts().contains(&"504,2".to_owned()), "another device meanwhile");
    may_read.add_permits(1_000);
    assert!(
        !puppet.texts().iter().any(|text| text.starts_with("505,101")),
        "a hundred may wait"
    );
    puppet.hears("506,101");
    let texts = puppet.texts();
    for id in 1..=109 {
        let ends = texts.iter().filter(|text| {
            ["505", "506"]
                .iter()
                .any(|end| *text == &format!("{end},{id}") || text.starts_with(&format!("{end},{id},")))
        });
        assert_eq!(ends.count(), 1, "operation {id} ends once");
    }
    let order: Vec<usize> = texts
        .iter()
        .filter_map(|text| text.strip_prefix("504,")?.parse().ok())
        .filter(|id| *id != 2 && *id != 4 && *id < 100)
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    ask(200, DEVICE, read, json!({"requestName": "nobody"}));
    assert!(puppet.hears("505,200,").contains("there is no meter"));
    let read = fixture.host.read.lock().unwrap().clone();
    assert_eq!(read.iter().filter(|serial| serial.as_str() == SERIAL).count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_starts_anew_is_known_by_its_boot_and_one_that_did_not_has_failed() {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let section = puppet.section(folder.path()) + "restart = \"/bin/true once\"\n";
    let mut fixture = Fixture::start(folder.path(), &section);
    puppet.hears("500");
    let ask = |id: &str| {
        let asked = json!({"id": id, "externalSource": {"externalId": DEVICE}, "c8y_Restart": {}});
        puppet.tell("devicecontrol/notifications", asked.to_string().as_bytes());
    };
    ask("1");
    puppet.hears("504,1");
    fixture.break_off().await;
    *fixture.host.process.lock().unwrap() = "another".into();
    fixture.run();
    assert!(puppet.hears("505,1,").contains("interrupted"), "it crashed");
    drop(fixture);

    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::start(folder.path(), &section);
    eventually("it is connected", || fixture.uplink.shown().connected_since);
    eventually("it asked", || {
        (puppet.texts().iter().filter(|text| *text == "500").count() >= 3).then_some(())
    });
    ask("2");
    puppet.hears("504,2");
    fixture.stop().await;
    *fixture.host.process.lock().unwrap() = "another".into();
    *fixture.host.boot.lock().unwrap() = "second".into();
    fixture.run();
    puppet.hears("506,2");
    drop(fixture);

    // The program started only the service anew: the box was told to stop, and another run goes on in the same boot.
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::start(folder.path(), &section);
    let asked = || puppet.texts().iter().filter(|text| *text == "500").count();
    let before = asked();
    eventually("it asked", || (asked() > before).then_some(()));
    ask("3");
    puppet.hears("504,3");
    fixture.stop().await;
    *fixture.host.process.lock().unwrap() = "another".into();
    fixture.run();
    puppet.hears("506,3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_is_read_because_the_cloud_asks_and_all_of_it_is_counted() {
    let mut running = tokio::task::JoinSet::new();
    let meters = super::outage::fleet(1, &mut running).await;
    tokio::task::spawn_blocking(move || read_now(&meters)).await.unwrap();
}

fn read_now(meters: &str) {
    let mut cloud = Cloud::start();
    let section = cloud.section() + meters + "[metrics]\nlisten = [\"127.0.0.1:0\"]\n";
    let running = TestBox::start_with(&section);
    cloud.registered();
    let child = format!("{DEVICE}-meter-eml9000000000");
    let read = |cloud: &Cloud| cloud.platform.stored(&child, "A+").len();
    eventually("the meter was polled", || {
        cloud.platform.look(&cloud.broker, &cloud.witness);
        (read(&cloud) > 0).then_some(())
    });
    let kind = "c8y_MeasurementRequestOperation";
    for (device, name) in [(child.as_str(), "P+"), (DEVICE, "EML9000000000"), (DEVICE, "all")] {
        let before = read(&cloud);
        let id = cloud
            .platform
            .ask(&cloud.broker, device, kind, json!({ "requestName": name }));
        let (state, why) = cloud.platform.ended(&cloud.broker, &cloud.witness, &id);
        assert_eq!(state, SUCCESSFUL, "{why}");
        eventually("it is told", || {
            cloud.platform.look(&cloud.broker, &cloud.witness);
            (read(&cloud) > before).then_some(())
        });
    }
    cloud.fails("c8y_Command", json!({"text": "read EML1"}), "no meter EML1");
    let (state, text) = cloud.run("c8y_Command", json!({"text": "read EML9000000000"}));
    assert!(state == SUCCESSFUL && text.contains("import_kwh"), "{text}");
    // The end of an operation is counted as it is written, which is before the platform hears of it.
    let page = eventually("the last acknowledgement is there", || {
        let page = crate::support::plain_get(running.door("metrics"), "/metrics");
        page.contains("gatelodge_uplink_queue_messages{class=\"critical\"} 0")
            .then_some(page)
    });
    for line in [
        "gatelodge_uplink_connected 1",
        "gatelodge_uplink_puback_seconds_bucket{le=\"+Inf\"}",
        "gatelodge_uplink_operations_total{fragment=\"c8y_MeasurementRequestOperation\",result=\"successful\"} 3",
        "gatelodge_uplink_operations_total{fragment=\"c8y_Command\",result=\"failed\"} 1",
    ] {
        assert!(page.contains(line), "{line} is missing in:\n{page}");
    }
}
