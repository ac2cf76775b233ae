//! The admin socket: who is let in, and what a command does when the box says nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;

use crate::support::test_box::binary;
use crate::support::{TestBox, eventually};

/// A user and a group that this machine knows nothing of.
const USER: &str = "61234";
const GROUP: u32 = 64_242;

fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a command of the box as another user, in these groups beside its own.
fn as_user(running: &TestBox, groups: &str, args: &[&str]) -> Output {
    // The built binary may lie where only root gets to.
    let copy = running.dir.join("gatelodge");
    if !copy.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_gatelodge"), &copy).unwrap();
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER]);
    match groups {
        "" => command.arg("--clear-groups"),
        groups => command.args(["--groups", groups]),
    };
    command.arg(&copy).args(args).arg("--config").arg(running.config_file());
    command.output().expect("this test needs setpriv (util-linux) and root")
}

#[test]
fn the_group_of_the_socket_lets_in_who_is_in_it_and_others_are_told() {
    let running = TestBox::start();
    open_to_all(&running.dir);
    let socket = running.dir.join("admin.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    std::os::unix::fs::chown(&socket, None, Some(GROUP)).unwrap();
    let member = as_user(&running, &GROUP.to_string(), &["space", "list"]);
    assert!(member.status.success(), "{member:?}");
    let other = as_user(&running, "", &["status"]);
    assert_eq!(other.status.code(), Some(5), "{other:?}");
    let words = String::from_utf8_lossy(&other.stderr);
    assert!(
        words.contains("closed to this user") && words.contains("usermod"),
        "{words}"
    );
}

#[test]
fn a_box_that_does_nothing_any_more_is_said_to_give_no_sign_of_life() {
    let running = TestBox::start();
    running.signal(Signal::STOP);
    for args in [
        &["status"][..],
        &["space", "list"],
        &["user", "list"],
        &["backup", "/tmp/none", "--without-keys"],
    ] {
        let output = running.command(args);
        assert_eq!(output.status.code(), Some(4), "{args:?} {output:?}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains("no sign of life"), "{args:?} {words}");
    }
    running.signal(Signal::CONT);
    assert!(running.command(&["status"]).status.success());
}

/// One that every user may run; the first of a path may lie in somebody's home.
fn python() -> &'static str {
    let all = ["/usr/bin/python3", "/usr/local/bin/python3"];
    all.into_iter()
        .find(|path| Path::new(path).exists())
        .expect("this test needs Debian's python3")
}

#[test]
fn who_connects_and_says_nothing_keeps_nobody_out() {
    let running = TestBox::start();
    open_to_all(&running.dir);
    let socket = running.dir.join("admin.sock");
    std::os::unix::fs::chown(&socket, None, Some(GROUP)).unwrap();
    let hold = "import socket,sys,time\nheld=[]\nfor _ in range(200):\n s=socket.socket(socket.AF_UNIX)\n s.connect(sys.argv[1])\n held.append(s)\nprint('held',flush=True)\ntime.sleep(600)";
    let mut silent = Command::new("setpriv")
        .args(["--reuid", USER, "--regid", USER, "--groups", &GROUP.to_string()])
        .args([python(), "-c", hold])
        .arg(&socket)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(silent.stdout.as_mut().unwrap()), &mut line).unwrap();
    assert_eq!(line, "held\n");
    // As many as the one user may have are held; root is answered all the same.
    for _ in 0..5 {
        assert!(running.command(&["status"]).status.success());
    }
    eventually("the silent ones are sent away, and their user is let in again", || {
        as_user(&running, &GROUP.to_string(), &["status"])
            .status
            .success()
            .then_some(())
    });
    silent.kill().unwrap();
    silent.wait().unwrap();
}

#[test]
fn names_from_outside_do_nothing_to_a_terminal() {
    let running = TestBox::start();
    let mut https = running.https();
    let name = "Hall%1b%5d0;owned%07%1b%5b2K%0dwell%0aINJECT%202026%20ERROR%c2%9b%e2%80%ae";
    let made = https.ask("PUT", &format!("/space/new/occupancy/current/0/max/9/name/{name}"), &[]);
    assert_eq!(made.status, 200);
    let id = made.json()["space_id"].as_str().unwrap().to_owned();
    for args in [
        &["space", "list"][..],
        &["space", "show", &id],
        &["space", "list", "--json"],
        &["space", "show", &id, "--json"],
    ] {
        let output = running.command(args);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("owned"), "{text}");
        let steering = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}');
        assert!(!text.chars().any(steering), "{args:?} {text:?}");
        assert!(text.lines().all(|line| !line.starts_with("INJECT")), "{args:?} {text}");
    }
}

#[test]
fn what_root_does_offline_is_done_as_the_owner_of_the_data_folder() {
    let running = TestBox::unstarted(crate::support::test_box::CONFIG);
    open_to_all(&running.dir);
    let data = running.dir.join("data");
    std::fs::create_dir(&data).unwrap();
    let owner: u32 = USER.parse().unwrap();
    std::os::unix::fs::chown(&data, Some(owner), Some(owner)).unwrap();
    let private = running.dir.join("private");
    std::fs::create_dir(&private).unwrap();
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(private.join("password"), "a good long password\n").unwrap();
    let file = |name: &str| private.join(name).display().to_string();
    let ours = || {
        let find = Command::new("find")
            .arg(&data)
            .args(["!", "-uid", USER])
            .output()
            .unwrap();
        let found = String::from_utf8(find.stdout).unwrap();
        assert_eq!(found, "", "everything belongs to the owner of the folder");
    };
    running.json(&[
        "user",
        "add",
        "anna",
        "--role",
        "admin",
        "--password-file",
        &file("password"),
    ]);
    ours();
    running.json(&["token", "create", "--name", "t", "--scope", "spaces:read"]);
    running.json(&["pki", "init"]);
    let issued = running.json(&["pki", "client", "--name", "app", "--out", &file("out")]);
    let certificate = issued["certificate"].as_str().unwrap();
    assert_eq!(
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(certificate).unwrap()),
        0,
        "what goes elsewhere is the caller's"
    );
    assert_eq!(running.json(&["pki", "verify", certificate])["good"], true);
    running.json(&["verify"]);
    ours();
    // Root does not run the box there.
    let refused = binary()
        .arg("serve")
        .arg("--config")
        .arg(running.config_file())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");
    ours();
    // A backup made elsewhere, in a folder that only root reads, is restored for the owner.
    let other = TestBox::start();
    other.json(&["user", "add", "bert", "--role", "admin"]);
    other.json(&["backup", &file("backup"), "--passphrase-file", &file("password")]);
    running.json(&["restore", &file("backup"), "--passphrase-file", &file("password")]);
    ours();
    assert_eq!(running.json(&["user", "list"])[0]["name"], "bert");
    ours();
    // And the owner's own box starts on it.
    let started = as_user(&running, "", &["user", "list"]);
    assert!(started.status.success(), "{started:?}");
}
