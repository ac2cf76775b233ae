//! The disk: how fast a write is on it, how much room there is, and what it tells of its own health.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::tls::Step;

/// Writes that are synced one after the other, each of a page: what an answer waits for.
const SYNCS: u32 = 20;
/// Slower than this people wait, and a busy box falls behind.
const SLOW: Duration = Duration::from_millis(100);
/// Less room than this is soon full.
const LITTLE: u64 = 512 << 20;

pub(super) fn look(patient: &Patient, quick: bool) -> Vec<Step> {
    let folder = &patient.config.data_dir;
    let mut steps = Vec::new();
    steps.extend(room(folder));
    if !quick {
        steps.push(speed(folder));
    }
    steps.extend(health(folder));
    steps
}

fn room(folder: &Path) -> Option<Step> {
    let about = rustix::fs::statvfs(folder).ok()?;
    let free = about.f_bavail * about.f_frsize;
    let words = format!("{} MiB are free where {} is", free >> 20, folder.display());
    Some(match free >= LITTLE {
        true => good("room", words),
        false => doubt(
            "room",
            words,
            "see what fills it: du -xh --max-depth 2 / | sort -h | tail",
        ),
    })
}

/// How long a synced write takes, in the middle and at the worst.
fn speed(folder: &Path) -> Step {
    let mut times = match write(folder) {
        Ok(times) => times,
        Err(error) => return doubt("speed", error, "call this as the service's user, or as root"),
    };
    times.sort();
    let (middle, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let words = format!(
        "a write is on disk after {:.1} ms, at the worst of {SYNCS} after {:.1} ms",
        1_000.0 * middle.as_secs_f64(),
        1_000.0 * worst.as_secs_f64()
    );
    match middle < SLOW {
        true => good("speed", words),
        false => doubt(
            "speed",
            words,
            "a worn or cheap memory card writes so: put the box on an SSD or an industrial card",
        ),
    }
}

/// Into a file without a name, which nobody finds however this ends.
fn write(folder: &Path) -> Result<Vec<Duration>, String> {
    let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let opened = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR).map_err(|error| fault(&error))?;
    let mut file = fs::File::from(opened);
    let page = [0x55; 4_096];
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let before = Instant::now();
        file.write_all(&page)
            .and_then(|()| file.sync_data())
            .map_err(|error| fault(&error))?;
        times.push(before.elapsed());
    }
    Ok(times)
}

/// The folder of the disk in /sys, of the whole and not of a partition.
fn device(folder: &Path) -> Option<PathBuf> {
    let number = fs::metadata(folder).ok()?.dev();
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    let place = fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    match place.join("partition").exists() {
        true => place.parent().map(Path::to_owned),
        false => Some(place),
    }
}

fn health(folder: &Path) -> Vec<Step> {
    device(folder).map(|device| told(&device)).unwrap_or_default()
}

/// What the disk at that place in /sys tells: an eMMC how much of its life is used, each whether it was made read-only.
fn told(device: &Path) -> Vec<Step> {
    let text = |name: &str| {
        fs::read_to_string(device.join(name))
            .ok()
            .map(|text| text.trim().to_owned())
    };
    let name = device.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut steps = Vec::new();
    if text("ro").as_deref() == Some("1") {
        let next = "dmesg | grep -i error; copy a backup away: such a disk is at its end";
        steps.push(bad("health", format_args!("{name} takes no writes any more"), next));
    }
    // JEDEC eMMC 5.0: tenths of the life that are used, of both kinds of its memory; 0x0b: more than all of it.
    let tenths = text("device/life_time").and_then(|both| {
        let used = both
            .split_whitespace()
            .filter_map(|one| u8::from_str_radix(one.trim_start_matches("0x"), 16).ok());
        used.max()
    });
    match tenths {
        None | Some(0) => {}
        Some(used @ 1..=8) => steps.push(good(
            "health",
            format_args!("{name} has used up to {} % of its life", 10 * used),
        )),
        Some(9 | 10) => steps.push(doubt(
            "health",
            format_args!("{name} is near the end of its life"),
            "make a backup with keys, and put the box on a new card",
        )),
        Some(_) => steps.push(bad(
            "health",
            format_args!("{name} is past the life it was made for"),
            "gatelodge backup FILE --key-file FILE, and put the box on a new card now",
        )),
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::StepVerdict;

    #[test]
    fn a_worn_card_and_one_that_takes_no_writes_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let card = dir.path().join("mmcblk0");
        fs::create_dir_all(card.join("device")).unwrap();
        assert_eq!(told(&card), []);
        for (life, read_only, verdicts) in [
            ("0x01 0x02\n", "0\n", vec![StepVerdict::Good]),
            ("0x09 0x02\n", "0\n", vec![StepVerdict::Doubtful]),
            ("0x02 0x0b\n", "0\n", vec![StepVerdict::Bad]),
            ("0x00 0x00\n", "1\n", vec![StepVerdict::Bad]),
        ] {
            fs::write(card.join("device/life_time"), life).unwrap();
            fs::write(card.join("ro"), read_only).unwrap();
            let found: Vec<StepVerdict> = told(&card).iter().map(|step| step.verdict).collect();
            assert_eq!(found, verdicts, "{life}");
        }
    }

    #[test]
    fn the_test_of_speed_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(speed(dir.path()).step, "speed");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
