//! Sockets that are handed from one run of the box to the next, with a service manager in Python at the other end.

use std::process::Command;

use crate::support::TestBox;

#[test]
fn nobody_is_refused_while_the_box_is_started_again() {
    let running = TestBox::unstarted("");
    let settings = std::fs::read_to_string(running.config_file()).unwrap();
    let run = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/handover.py"))
        .arg(env!("CARGO_BIN_EXE_gatelodge"))
        .arg(running.config_file())
        .arg(settings)
        .output()
        .expect("python3 is there; apt-get install python3");
    assert!(
        run.status.success() && run.stdout.starts_with(b"GOOD"),
        "{}{}\n{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
        running.log()
    );
}
