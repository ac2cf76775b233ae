//! The line between a gateway and the relay is cut, and comes back, in network namespaces (`cut.sh`).

use std::process::Command;

use super::fixture::SECTIONS;
use crate::support::TestBox;

#[test]
fn a_line_that_is_cut_is_noticed_and_one_that_is_back_is_used_again() {
    let running = TestBox::unstarted(&SECTIONS.replace(
        "[relay]\nlisten = [\"127.0.0.1:0\"]",
        "[relay]\nlisten = [\"10.77.0.1:5050\"]",
    ));
    let mut command = Command::new("unshare");
    command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let run = command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/relay/cut.sh"))
        .arg(env!("CARGO_BIN_EXE_gatelodge"))
        .args([running.config_file(), running.dir.clone()])
        .output()
        .expect("unshare is there; apt-get install util-linux");
    let log = |name: &str| std::fs::read_to_string(running.dir.join(name)).unwrap_or_default();
    assert!(
        run.status.success() && run.stdout.ends_with(b"GOOD\n"),
        "{}{}\nbox: {}\nmanager: {}\ngateway: {}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
        log("log"),
        log("manager.log"),
        log("gateway.log")
    );
}
