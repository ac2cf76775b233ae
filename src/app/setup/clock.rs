//! Whether the machine's clock is right, as far as the machine knows.

use std::process::Command;

/// Whether the kernel was told that its clock follows a time server (`STA_UNSYNC` of adjtimex(2) is not set); `None`:
/// there is nobody to ask. It runs a program, and takes its time.
#[must_use]
pub fn vouched() -> Option<bool> {
    let asked = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output()
        .ok()?;
    match asked.stdout.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}
