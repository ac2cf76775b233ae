//! The proxy on the way out: who says that there is one, what is said when it opens no way, and that its password stays
//! hidden. That each room goes through it is proved beside the room's other tests.

mod faults;

use std::process::Output;

use serde_json::Value;

use crate::support::pebble::free_port;
use crate::support::test_box::binary;
use crate::support::tinyproxy::{NAME, PASSWORD, Tinyproxy};
use crate::support::{TestBox, eventually};

/// A box with a broker at this address, which does not run: `uplink test` then goes by its file.
fn beside(broker: &str, more: &str) -> TestBox {
    TestBox::unstarted(&format!("[uplink]\nkind = \"mqtt\"\nurl = \"{broker}\"\n{more}"))
}

/// What `uplink test` says in this environment.
fn tried(unstarted: &TestBox, environment: &[(&str, &str)]) -> (Vec<Value>, Output) {
    let output = binary()
        .args(["uplink", "test", "--json", "--config"])
        .arg(unstarted.config_file())
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let steps = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (steps, output)
}

fn step<'s>(steps: &'s [Value], name: &str) -> Option<&'s Value> {
    steps.iter().find(|step| step["step"] == name)
}

#[test]
fn the_environment_says_which_proxy_there_is_where_the_configuration_does_not() {
    let proxy = Tinyproxy::start();
    let nobody = free_port();
    let broker = format!("mqtt://127.0.0.1:{nobody}");
    let unstarted = beside(&broker, "");
    let by_address = format!("127.0.0.1:{}", proxy.port);
    let quoted = percent_encoding::utf8_percent_encode(PASSWORD, percent_encoding::NON_ALPHANUMERIC);
    let url = format!("http://{NAME}:{quoted}@{by_address}");
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let (steps, output) = tried(&unstarted, &[(name, &url)]);
        let found = step(&steps, "proxy").unwrap_or_else(|| panic!("{steps:?} {output:?}"));
        // tinyproxy lets the box in, and finds nobody at the broker's port.
        let words = found["words"].as_str().unwrap();
        assert!(
            words.contains(&by_address) && words.contains("does not reach"),
            "{words}"
        );
    }
    assert_eq!(proxy.opened(nobody), 2);
    // Named among those that are called without it, the broker is called so, and so it is by a box that says "off".
    let off = beside(&broker, "[outbound]\nproxy = \"off\"\n");
    let except = format!("example.org, 127.0.0.1:{nobody}");
    for (unstarted, environment) in [
        (&unstarted, vec![("HTTPS_PROXY", url.as_str()), ("NO_PROXY", &except)]),
        (
            &unstarted,
            vec![("HTTPS_PROXY", url.as_str()), ("no_proxy", "127.0.0.0/8")],
        ),
        (&unstarted, vec![("HTTPS_PROXY", "")]),
        (&off, vec![("HTTPS_PROXY", url.as_str())]),
    ] {
        let (steps, output) = tried(unstarted, &environment);
        assert!(step(&steps, "proxy").is_none(), "{steps:?}");
        assert!(step(&steps, "tcp").is_some(), "{steps:?} {output:?}");
    }
    // The configuration's own proxy is the only word: NO_PROXY belongs to the other.
    let own = beside(&broker, &proxy.section());
    let (steps, _) = tried(&own, &[("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "*")]);
    assert!(step(&steps, "proxy").is_some(), "{steps:?}");
    assert_eq!(proxy.opened(nobody), 3);
    let direct = beside(&broker, &format!("{}no_proxy = [\"127.0.0.1\"]\n", proxy.section()));
    assert!(step(&tried(&direct, &[]).0, "tcp").is_some());
}

#[test]
fn what_the_environment_says_is_shown_without_its_password_and_told_when_it_is_none() {
    let unstarted = beside("mqtt://127.0.0.1:9", "");
    let show = |command: &[&str], variables: &[(&str, &str)]| {
        let output = binary()
            .args(command)
            .arg("--config")
            .arg(unstarted.config_file())
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code(), said.concat())
    };
    let variables = [
        ("HTTPS_PROXY", "http://me:hidden@proxy.example:3128"),
        ("NO_PROXY", "a.lan,.b.lan"),
    ];
    let (code, shown) = show(&["config", "show"], &variables);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("http://me:***@proxy.example:3128"), "{shown}");
    assert!(shown.contains("HTTPS_PROXY") && shown.contains("NO_PROXY"), "{shown}");
    assert!(!shown.contains("hidden"), "{shown}");
    for (variables, name) in [
        (
            [
                ("HTTPS_PROXY", "socks5://me:hidden@proxy.example:1080"),
                ("NO_PROXY", ""),
            ],
            "HTTPS_PROXY",
        ),
        (
            [("https_proxy", "http://me:hidden@proxy.example:x"), ("NO_PROXY", "")],
            "https_proxy",
        ),
        (
            [
                ("HTTPS_PROXY", "http://proxy.example:1"),
                ("NO_PROXY", "a.lan,10.0.0.0/33"),
            ],
            "NO_PROXY",
        ),
    ] {
        let (code, said) = show(&["check-config"], &variables);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(name) && !said.contains("hidden"), "{said}");
    }
}

#[test]
fn a_password_comes_from_a_file_or_a_credential_of_systemd_and_is_shown_nowhere() {
    let proxy = Tinyproxy::start();
    let nobody = free_port();
    let folder = proxy.password_file().parent().unwrap().display().to_string();
    let section = proxy
        .section()
        .replace(&format!("{:?}", proxy.password_file()), "\"credential:password\"");
    let unstarted = beside(&format!("mqtt://127.0.0.1:{nobody}"), &section);
    let (steps, output) = tried(&unstarted, &[("CREDENTIALS_DIRECTORY", &folder)]);
    let words = step(&steps, "proxy").unwrap()["words"].as_str().unwrap().to_owned();
    assert!(words.contains("does not reach"), "{words} {output:?}");
    let (steps, _) = tried(&unstarted, &[]);
    let words = step(&steps, "proxy").unwrap()["words"].as_str().unwrap().to_owned();
    assert!(words.contains("LoadCredential=password:"), "{words}");
    // A person has none of the service's credentials, and is told so; it is no fault.
    let output = unstarted.command(&["check-config"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("credential:password is given to the service alone"),
        "{said}"
    );

    // A box that runs goes through it again and again; neither its log nor what it shows has the password in it.
    let mut running = TestBox::unstarted(&format!(
        "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{nobody}\"\n{}[https]\nlisten = [\"127.0.0.1:0\"]\n[log]\n\
         filter = \"trace\"\n",
        proxy.section()
    ));
    running.run();
    let status = eventually("the fault is shown", || {
        let shown = running.json(&["uplink", "status"]);
        shown.to_string().contains("outbound.no_proxy").then_some(shown)
    });
    let said = [
        running.log(),
        status.to_string(),
        running.json(&["config", "show"]).to_string(),
        String::from_utf8(running.command(&["doctor", "--quick", "--json"]).stdout).unwrap(),
    ];
    assert!(
        said[3].contains(&format!("127.0.0.1:{} takes connections", proxy.port)),
        "{}",
        said[3]
    );
    let basic = data_encoding::BASE64.encode(format!("{NAME}:{PASSWORD}").as_bytes());
    for hidden in [PASSWORD, &basic] {
        assert!(said.iter().all(|said| !said.contains(hidden)));
    }
}
