//! The machine: its kernel, its clock, what its sensors tell, and what the box's process may have open.

use std::fs;
use std::path::Path;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::app::sensors::{self, Supply};
use crate::tls::Step;

/// The oldest kernel that the box was tried on.
const KERNEL: (u32, u32) = (5, 4);
/// Files that a box of a building has open at its busiest.
const DESCRIPTORS: u64 = 16_384;

pub(super) fn look(patient: &Patient) -> Vec<Step> {
    let mut steps = vec![kernel()];
    steps.extend(clock());
    steps.extend(sensors::temperature(Path::new(sensors::THERMAL)).map(heat));
    steps.extend(sensors::supply(Path::new(sensors::SUPPLY)).map(voltage));
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

fn heat(degrees: f64) -> Step {
    let words = format!("{degrees:.1} °C");
    match degrees < sensors::HOT {
        true => good("temperature", words),
        false => doubt(
            "temperature",
            words,
            "give the box air: it is slowed down, and its memory card ages",
        ),
    }
}

fn voltage(supply: Supply) -> Step {
    match supply {
        Supply::Low => bad(
            "supply",
            "the voltage is too low",
            "take a stronger supply and a shorter cable: writes are at risk",
        ),
        Supply::WasLow => doubt(
            "supply",
            "the voltage was too low since the last start",
            "take a stronger supply",
        ),
        Supply::Right => good("supply", "the voltage is right"),
    }
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
    fn what_is_hot_or_starved_is_told() {
        for (degrees, verdict, words) in [
            (48.312, StepVerdict::Good, "48.3 °C"),
            (85.0, StepVerdict::Doubtful, "85.0 °C"),
        ] {
            let step = heat(degrees);
            assert_eq!((step.verdict, step.words.as_str()), (verdict, words));
        }
        for (supply, verdict) in [
            (Supply::Right, StepVerdict::Good),
            (Supply::WasLow, StepVerdict::Doubtful),
            (Supply::Low, StepVerdict::Bad),
        ] {
            assert_eq!(voltage(supply).verdict, verdict);
        }
    }
}
