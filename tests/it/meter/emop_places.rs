//! Where `emop` finds its meters, by which names the binary is called, and `certs` and `mediators` beside it.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::emop_fixture::{Fixture, SERIAL, SILENT, Way, run};

/// What an environment file has of these credentials; line ends as some tools write them.
fn variables(fixture: &Fixture, role: &str) -> Vec<(String, String)> {
    let texts = fixture
        .files(role)
        .map(|file| std::fs::read_to_string(file).unwrap().replace('\n', "\\n"));
    let names = ["CA_CERT", "CLIENT_CERT", "CLIENT_KEY"].map(|name| format!("MEDIATOR_{name}"));
    let mut found: Vec<(String, String)> = names
        .into_iter()
        .zip(texts.map(|text| BASE64.encode(text.as_bytes())))
        .collect();
    found.push(("MEDIATOR_SERVER".to_owned(), fixture.running.door("grpc").to_string()));
    found
}

#[test]
fn an_existing_environment_file_leads_to_the_mediator() {
    let fixture = Fixture::start();
    fixture.certificate("readonly");
    fixture.certificate("internal");
    let folder = fixture.home.join(".simt");
    let lines = |role: &str| {
        variables(&fixture, role)
            .iter()
            .map(|(key, value)| format!("{key}={value}\n"))
            .collect::<String>()
    };
    std::fs::write(
        folder.join("emlite.prod.env"),
        format!("ENV=production\n{}", lines("internal")),
    )
    .unwrap();
    std::fs::write(folder.join("emlite.test.env"), lines("readonly")).unwrap();
    let emop = |arguments: &[&str]| run(fixture.called("emop").args(arguments), "");

    assert_eq!(emop(&["env_set", "nowhere"]).code, 1);
    assert_eq!(emop(&["env_set", "../prod"]).code, 2);
    let said = emop(&["env_set", "prod"]);
    assert_eq!((said.code, said.out.as_str()), (0, "env set to prod\n"), "{}", said.err);
    assert_eq!(emop(&["env_show"]).out, "production\n");
    assert_eq!(emop(&["csq", SERIAL]).out, "csq=16\n");
    assert_eq!(
        run(fixture.called("mediators").args(["env_set", "test"]), "").out,
        "env set to test\n"
    );
    assert_eq!(emop(&["env_show"]).out, "test\n", "by the name of the file");
    assert_eq!(emop(&["csq", SERIAL]).code, 5, "readonly");
    // Variables win over the file, a flag over both.
    let mut told = fixture.called("emop");
    told.envs(variables(&fixture, "internal")).args(["csq", SERIAL]);
    assert_eq!(run(&mut told, "").out, "csq=16\n");
    let socket = fixture.running.dir.join("admin.sock");
    let said = emop(&["--socket", socket.to_str().unwrap(), "csq", SERIAL]);
    assert_eq!(said.out, "csq=16\n", "{}", said.err);

    std::fs::write(
        folder.join("emlite.half.env"),
        "MEDIATOR_SERVER=127.0.0.1:1\nMEDIATOR_CA_CERT=AAAA\n",
    )
    .unwrap();
    assert_eq!(emop(&["env_set", "half"]).code, 0);
    let said = emop(&["csq", SERIAL]);
    assert_eq!(said.code, 3, "never in plain text when a part is missing: {}", said.err);
    assert!(said.err.contains("MEDIATOR_CLIENT_CERT"), "{}", said.err);
}

#[test]
fn without_an_environment_the_running_box_is_asked() {
    let fixture = Fixture::start();
    let socket = fixture.running.dir.join("admin.sock");
    let emop = |arguments: &[&str]| {
        run(
            fixture
                .called("emop")
                .env("GATELODGE_ADMIN_SOCKET", &socket)
                .args(arguments),
            "",
        )
    };
    assert_eq!(emop(&["csq", SERIAL]).out, "csq=16\n");
    assert_eq!(emop(&["env_show"]).out, "box\n");
    assert_eq!(emop(&["version"]).out, concat!(env!("CARGO_PKG_VERSION"), "\n"));
    let help = emop(&["obis_write", "--help"]);
    assert!(
        help.out.contains("[SERIAL] <OBIS> <HEX>") && help.out.contains("Example"),
        "{}",
        help.out
    );
}

#[test]
fn every_command_has_an_example() {
    let fixture = Fixture::start();
    let help = run(fixture.plain().args(["emop", "--help"]), "").out;
    let names = help.lines().filter_map(|line| {
        let name = line
            .strip_prefix("  ")
            .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))?;
        name.split_whitespace().next()
    });
    let names: Vec<&str> = names.filter(|name| !["help", "emop"].contains(name)).collect();
    assert_eq!(names.len(), 48, "{names:?}");
    for name in names {
        let help = run(fixture.plain().args(["emop", name, "--help"]), "").out;
        assert!(help.contains(&format!("Example:\n  emop {name}")), "{help}");
    }
}

#[test]
fn mediators_of_a_supplier_are_destroyed_and_created_together() {
    let fixture = Fixture::start();
    let socket = fixture.running.dir.join("admin.sock");
    let mediators = |arguments: &[&str], told: &str| {
        run(
            fixture
                .called("mediators")
                .env("GATELODGE_ADMIN_SOCKET", &socket)
                .args(arguments),
            told,
        )
    };
    let serials = |arguments: &[&str]| -> Vec<String> {
        let said = mediators(&[&["list", "--json"], arguments].concat(), "");
        let listed: Vec<Value> = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        listed
            .iter()
            .map(|meter| meter["serial"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(serials(&["--exists"]), [SERIAL, SILENT]);
    let said = mediators(&["destroy_all", "HMCE"], "n\n");
    assert_eq!(said.code, 1);
    assert!(said.err.contains("destroy 1 mediators of HMCE? (y/n)"), "{}", said.err);
    assert_eq!(serials(&["--no-exists"]), Vec::<String>::new());
    assert_eq!(mediators(&["destroy_all", "HMCE"], "y\n").code, 0);
    assert_eq!(serials(&["--no-exists"]), [SERIAL]);
    assert_eq!(serials(&["--exists", "true"]), [SILENT]);
    assert_eq!(mediators(&["create_all", "hmce", "--skip_confirm"], "").code, 0);
    assert_eq!(serials(&["-s", "stopped", "-e", "hmce"]), [SERIAL]);
    assert_eq!(mediators(&["start", SERIAL], "").code, 0);
    assert_eq!(mediators(&["destroy_one", SERIAL], "").code, 0);
    assert_eq!(mediators(&["create", SERIAL, "--skip_confirm"], "").code, 0);
    assert_eq!(serials(&["--three_phase_only"]), Vec::<String>::new());
    assert_eq!(serials(&["-s", "stopping"]), Vec::<String>::new());
    assert_eq!(
        mediators(&["version"], "").out,
        concat!(env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn what_certs_makes_serves_the_door_and_its_clients() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start();
    let certs = |arguments: &[&str]| {
        run(
            fixture.called("certs").arg("--dir").arg(folder.path()).args(arguments),
            "",
        )
    };
    assert_eq!(certs(&["server", "prod"]).code, 1, "no authority yet");
    let made = certs(&["init", "prod"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.out.starts_with("MEDIATOR_CA_KEY=") && made.out.contains("\nMEDIATOR_CA_CERT="));
    assert_eq!(certs(&["init", "prod"]).code, 1, "never in place of another");
    assert_eq!(certs(&["init", "../prod"]).code, 2);
    assert_eq!(certs(&["server", "prod", "--san", "lodge.example.org"]).code, 0);
    let client = certs(&["client", "prod", "sync", "--ou", "internal"]);
    assert_eq!(client.code, 0, "{}", client.err);
    assert_eq!(certs(&["client", "prod", "no/name"]).code, 1);
    assert!(
        certs(&["list", "prod"])
            .out
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("sync                           internal")
    );
    let dir = folder.path().join("prod");
    let info = certs(&["info", dir.join("clients/sync.cert").to_str().unwrap()]).out;
    assert!(info.contains("C=GB, ST=England, L=Bristol, O=Cepro, OU=internal, CN=sync") && info.contains("clientAuth"));
    let issued: Value = serde_json::from_str(&std::fs::read_to_string(dir.join("issued.json")).unwrap()).unwrap();
    assert_eq!(issued["clients"]["sync"]["ou"], "internal");
    let key = std::fs::read_to_string(dir.join("clients/sync.key")).unwrap();
    assert!(key.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        dir.join("clients/sync.key").metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );

    let path = |file: &str| dir.join(file).display().to_string();
    let with = Fixture::with(
        &format!(
            "client_ca_file = {:?}\ncertificate_file = {:?}\nkey_file = {:?}",
            path("ca/ca.cert"),
            path("server/server.cert"),
            path("server/server.key")
        ),
        "",
    );
    // The printed lines are an environment file, once they say where.
    let text = format!("{}MEDIATOR_SERVER={}\n", client.out, with.running.door("grpc"));
    std::fs::write(with.home.join(".simt/emlite.env"), text).unwrap();
    let said = run(with.called("emop").args(["serial_to_name", SERIAL]), "");
    assert_eq!(said.out, "serial_to_name=Flat 7\n", "{}", said.err);
    // And so does somebody else's client.
    let calls = json!([{ "method": "/simt_emlite.mediator.grpc.InfoService/GetMeters", "fields": { "esco": "hmce" } }]);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = std::process::Command::new(root.join("target/grpcio/bin/python"));
    python
        .arg(root.join("tests/it/meter/caller.py"))
        .arg(with.running.door("grpc").to_string());
    let said = run(
        python.args(["ca/ca.cert", "clients/sync.cert", "clients/sync.key"].map(path)),
        &calls.to_string(),
    );
    let answers: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    assert_eq!(answers[0]["code"], "OK", "{answers}");
    assert_eq!(with.emop(Way::Socket, &["csq", SERIAL]).out, "csq=16\n");
}
