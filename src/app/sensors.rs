//! What the machine tells of itself below `/sys`: how warm it is, and whether its supply holds.

use std::fs;
use std::path::Path;

/// Where Linux shows its sensors of temperature (Documentation/driver-api/thermal/sysfs-api.rst).
pub const THERMAL: &str = "/sys/class/thermal";
/// Where a Raspberry Pi's firmware tells of its supply.
pub const SUPPLY: &str = "/sys/devices/platform/soc/soc:firmware/get_throttled";
/// Hotter than this a processor is slowed down or ages, in degrees Celsius.
pub const HOT: f64 = 80.0;

/// The voltage of the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// It is right, and was since the start.
    Right,
    /// It was too low since the start.
    WasLow,
    /// It is too low now.
    Low,
}

/// The hottest of the sensors in `folder`, in degrees Celsius; `None`: the machine has none.
#[must_use]
pub fn temperature(folder: &Path) -> Option<f64> {
    let zones = fs::read_dir(folder).ok()?.flatten();
    let heats = zones.filter_map(|zone| {
        let text = fs::read_to_string(zone.path().join("temp")).ok()?;
        text.trim().parse::<i64>().ok()
    });
    // Thousandths. Sensors that are not there say nought, or less than the cold of outer space.
    let hottest = heats.filter(|heat| (1..200_000).contains(heat)).max()?;
    Some(hottest as f64 / 1_000.0)
}

/// What `file` tells of the supply: bit 0 now, bit 16 since the machine was started; `None`: the machine does not tell.
#[must_use]
pub fn supply(file: &Path) -> Option<Supply> {
    let text = fs::read_to_string(file).ok()?;
    let bits = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()?;
    Some(match (bits & 1 != 0, bits & 0x1_0000 != 0) {
        (true, _) => Supply::Low,
        (false, true) => Supply::WasLow,
        (false, false) => Supply::Right,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_that_are_silent_are_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(temperature(dir.path()), None);
        for (name, heat) in [("zone0", "0\n"), ("zone1", "48312\n"), ("zone2", "-274000\n")] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("temp"), heat).unwrap();
        }
        assert_eq!(temperature(dir.path()), Some(48.312));
        let file = dir.path().join("get_throttled");
        assert_eq!(supply(&file), None);
        for (text, told) in [
            ("0\n", Some(Supply::Right)),
            ("0x50000\n", Some(Supply::WasLow)),
            ("50005\n", Some(Supply::Low)),
            ("warm", None),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(supply(&file), told, "{text}");
        }
    }
}
