//! The machine: its kernel, its clock, what its sensors tell, and what the box's process may have open.

use std::fs;
use std::path::Path;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::tls::Step;

/// The oldest kernel that the box was tried on.
const KERNEL: (u32, u32) = (5, 4);
/// Hotter than this a processor is slowed down or ages, in thousandths of a degree.
const HOT: i64 = 80_000;
/// Files that a box of a building has open at its busiest.
const DESCRIPTORS: u64 = 16_384;

pub(super) fn look(patient: &Patient) -> Vec<Step> {
    let mut steps = vec![kernel()];
    steps.extend(clock());
    steps.extend(heat(Path::new("/sys/class/thermal")));
    steps.extend(voltage(Path::new(
        "/sys/devices/platform/soc/soc:firmware/get_throttled",
    )));
    steps.extend(memory());
    steps.extend(descriptors(patient));
    steps
}

fn kernel() -> Step {
    let about = rustix::system::uname();
    let release = about.release().to_string_lossy().into_owned();
    let mut numbers = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    match found >= KERNEL {
        true => good("kernel", release),
        false => doubt(
            "kernel",
            format_args!("{release} is older than {}.{}", KERNEL.0, KERNEL.1),
            "install a newer Ubuntu",
        ),
    }
}

/// Whether the machine keeps the time while it is off; whether it is right is the box's own finding.
fn clock() -> Option<Step> {
    let keeps = Path::new("/sys/class/rtc/rtc0").exists();
    Some(match keeps {
        true => good("clock", "it goes on while the machine is off (rtc0)"),
        false => doubt(
            "clock",
            "the machine has no clock that goes on while it is off: after a power cut the box waits for a time server",
            "keep a time server within reach: timedatectl timesync-status",
        ),
    })
}

/// The hottest of its sensors.
fn heat(folder: &Path) -> Option<Step> {
    let zones = fs::read_dir(folder).ok()?.flatten();
    let heats = zones.filter_map(|zone| {
        let text = fs::read_to_string(zone.path().join("temp")).ok()?;
        text.trim().parse::<i64>().ok()
    });
    // Sensors that are not there say nought, or less than the cold of outer space.
    let hottest = heats.filter(|heat| (1..200_000).contains(heat)).max()?;
    let words = format!("{}.{} °C", hottest / 1_000, hottest % 1_000 / 100);
    Some(match hottest < HOT {
        true => good("temperature", words),
        false => doubt(
            "temperature",
            words,
            "give the box air: it is slowed down, and its memory card ages",
        ),
    })
}

/// What a Raspberry Pi tells of its supply: bit 0 now, bit 16 since it was started.
fn voltage(file: &Path) -> Option<Step> {
    let text = fs::read_to_string(file).ok()?;
    let bits = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()?;
    Some(match (bits & 1 != 0, bits & 0x1_0000 != 0) {
        (true, _) => bad(
            "supply",
            "the voltage is too low",
            "take a stronger supply and a shorter cable: writes are at risk",
        ),
        (false, true) => doubt(
            "supply",
            "the voltage was too low since the last start",
            "take a stronger supply",
        ),
        (false, false) => good("supply", "the voltage is right"),
    })
}

fn memory() -> Option<Step> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let (all, free) = (kilobytes("MemTotal:")?, kilobytes("MemAvailable:")?);
    let words = format!("{} MiB of {} MiB are free", free / 1_024, all / 1_024);
    Some(match free > 64 * 1_024 {
        true => good("memory", words),
        false => doubt("memory", words, "see what else runs: ps aux --sort -rss | head"),
    })
}

/// What the running box may have open, as the kernel says it.
fn descriptors(patient: &Patient) -> Option<Step> {
    let (_, status) = patient.running.as_ref()?;
    let limits = match fs::read_to_string(format!("/proc/{}/limits", status.process?)) {
        Ok(limits) => limits,
        Err(error) => {
            return Some(doubt(
                "descriptors",
                error,
                "call this as root, or as the service's user",
            ));
        }
    };
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    let soft = line.split_whitespace().nth(3)?;
    let many = soft.parse::<u64>().unwrap_or(u64::MAX);
    let words = format!("the box may have {soft} files open");
    Some(match many >= DESCRIPTORS {
        true => good("descriptors", words),
        false => doubt(
            "descriptors",
            words,
            "the shipped unit sets LimitNOFILE: systemctl cat gatelodge",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::StepVerdict;

    #[test]
    fn sensors_that_are_hot_or_starved_are_told_and_silent_ones_are_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(heat(dir.path()).is_none());
        for (name, heat) in [
            ("thermal_zone0", "0\n"),
            ("thermal_zone1", "48312\n"),
            ("thermal_zone2", "-274000\n"),
        ] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("temp"), heat).unwrap();
        }
        let step = heat(dir.path()).unwrap();
        assert_eq!((step.verdict, step.words.as_str()), (StepVerdict::Good, "48.3 °C"));
        fs::write(dir.path().join("thermal_zone0/temp"), "85000\n").unwrap();
        assert_eq!(heat(dir.path()).unwrap().verdict, StepVerdict::Doubtful);
        let file = dir.path().join("get_throttled");
        assert!(voltage(&file).is_none());
        for (text, verdict) in [
            ("0\n", StepVerdict::Good),
            ("0x50000\n", StepVerdict::Doubtful),
            ("50005\n", StepVerdict::Bad),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(voltage(&file).unwrap().verdict, verdict, "{text}");
        }
    }
}
