//! The mediators' registry: meters that answer, that do not, and that are others.

use std::fs;

use super::{CONFIG, import, sums, text, why};
use crate::meter::command::Simulation;
use crate::support::test_box::{TestBox, binary};

#[test]
fn meters_come_in_once_are_asked_who_they_are_and_a_dry_run_changes_nothing() {
    let running = TestBox::start_with(CONFIG);
    let (_meters, printed) = Simulation::start(
        &["--listen", "127.0.0.1:0", "--serial", "EML0000000101", "--count", "3"],
        3,
    );
    let ports: Vec<String> = printed
        .iter()
        .map(|meter| {
            meter["address"]
                .as_str()
                .unwrap()
                .rsplit_once(':')
                .unwrap()
                .1
                .to_owned()
        })
        .collect();
    let folder = running.dir.join("old");
    fs::create_dir(&folder).unwrap();
    let supplier = "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d";
    let table = format!(
        "\u{feff}id,serial,ip_address,port,esco,name,hardware,mode\r\n\
         1,EML0000000101,127.0.0.1/32,{},{supplier},\"Flat 1, left\",C1.w,active\r\n\
         2,EML0000000102,127.0.0.1,{},,Flat 2,unheard-of,passive\r\n\
         3,EML0000000999,127.0.0.1,{},,swapped plug,,active\r\n\
         4,EML0000000101,10.0.0.9,,,twice,,active\r\n\
         \r\n\
         6,EML0000000104,10.0.0.7,,,\u{202e}turned,,active\r\n",
        ports[0], ports[1], ports[2]
    );
    fs::write(folder.join("meter_registry.csv"), table).unwrap();
    fs::write(folder.join("escos.csv"), format!("id,code\n{supplier},WLCE\n")).unwrap();
    let path = folder.to_str().unwrap();

    let (dry, code) = import(&running, &["mediators", path, "--dry-run"]);
    assert_eq!((sums(&dry), code, dry["dry_run"].as_bool()), ([3, 0, 2], 1, Some(true)));
    assert_eq!(running.json(&["meter", "list"]).as_array().unwrap().len(), 0);

    let (first, code) = import(&running, &["mediators", path]);
    assert_eq!((sums(&first), code), ([2, 0, 3], 1), "{first}");
    assert!(
        why(&first, "meter_registry.csv", Some(4)).contains("another meter answers"),
        "{first}"
    );
    assert!(why(&first, "meter_registry.csv", Some(5)).contains("line 2 already"));
    assert!(why(&first, "meter_registry.csv", Some(7)).contains("name"), "{first}");
    assert!(first["notes"].to_string().contains("unheard-of"), "{first}");
    let meters = running.json(&["meter", "list"]);
    let told: Vec<_> = meters
        .as_array()
        .unwrap()
        .iter()
        .map(|meter| {
            (
                meter["serial"].as_str().unwrap(),
                meter["esco"].as_str(),
                meter["duty"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("EML0000000101", Some("WLCE"), "polled"),
            ("EML0000000102", None, "served")
        ]
    );

    // Again nothing is doubled; another link is no silent change.
    let (again, _) = import(&running, &["mediators", path]);
    assert_eq!(sums(&again), [0, 2, 3]);
    let moved = running.dir.join("moved.csv");
    fs::write(&moved, "serial,host\nEML0000000101,10.1.1.1\n").unwrap();
    let (moved, _) = import(&running, &["mediators", moved.to_str().unwrap()]);
    assert!(
        why(&moved, "moved.csv", Some(2)).contains("with another link"),
        "{moved}"
    );
    let audited = running.log().matches("a meter came in from another registry").count();
    assert_eq!(audited, 2);
}

#[test]
fn what_is_no_registry_is_refused_by_name_and_without_a_box_nothing_is_done() {
    let running = TestBox::start_with(CONFIG);
    let path = |name: &str| running.dir.join(name).to_str().unwrap().to_owned();
    fs::write(path("utf16.csv"), b"\xff\xfes\0e\0").unwrap();
    fs::write(path("empty.csv"), b"").unwrap();
    fs::write(path("other.csv"), b"a,b\n1,2\n").unwrap();
    fs::write(
        path("long.csv"),
        [&b"serial,host\n"[..], &vec![b'x'; 5 << 20], b"\nEML1,10.0.0.1\n"].concat(),
    )
    .unwrap();
    super::program(&running.dir, "mkfifo", &["pipe"]);
    for (name, said) in [
        ("utf16.csv", "UTF-16"),
        ("empty.csv", "it is empty"),
        ("other.csv", "no column serial"),
        ("pipe", "it is no file"),
        ("gone.csv", "No such file"),
    ] {
        let output = running.command(&["import", "mediators", &path(name)]);
        let (_, error) = text(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {error}");
        assert!(error.contains(name) && error.contains(said), "{name}: {error}");
    }
    let (long, _) = import(&running, &["mediators", &path("long.csv"), "--dry-run"]);
    assert_eq!(sums(&long), [1, 0, 1]);
    assert!(why(&long, "long.csv", Some(2)).contains("more than 16384 bytes"));
    let output = binary()
        .args([
            "import",
            "mediators",
            &path("other.csv"),
            "--socket",
            &path("nowhere.sock"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output).1.contains("nowhere.sock"));
}
