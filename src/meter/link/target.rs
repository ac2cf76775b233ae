//! Where a meter is: `tcp://host:port` or `serial:///dev/serial/by-id/…?baud=9600` (`[[meter]]`).

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::units::Span;

/// The port that meters' modems listen on.
const TCP_PORT: u16 = 8080;

/// Where a meter is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// At a modem. The name is resolved at each connection, by the proxy where there is one.
    Tcp {
        /// A name or an address.
        host: String,
        /// 8080 when nothing else is said.
        port: u16,
    },
    /// On a serial line.
    Serial(SerialTarget),
}

/// A serial line. Nobody knows yet how meters want it (EMOP §19), so all of it can be set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SerialTarget {
    /// The device; best a name under /dev/serial/by-id, which stays when plugs change places.
    pub path: PathBuf,
    /// Bits a second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// The parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
    /// The longest pause between two bytes of one reply.
    pub byte_pause: Duration,
}

/// A parity bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parity {
    None,
    Even,
    Odd,
}

/// Text that leads to no meter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Another kind of link.
    #[error("`{0}` is no link to a meter: give tcp://host:port or serial:///dev/serial/by-id/…?baud=9600")]
    Scheme(String),
    /// No host, or a port that is none.
    #[error("`{0}` is not a host and a port such as meter.example:8080 or [2001:db8::1]:8080")]
    HostPort(String),
    /// No device.
    #[error("`{0}` names no device: serial:// is followed by an absolute path")]
    Device(String),
    /// A setting of the line that it does not have.
    #[error("`{0}` is no setting of a serial line: baud=9600, data=7|8, parity=none|even|odd, stop=1|2, pause=500ms")]
    Setting(String),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        if let Some(rest) = text.strip_prefix("tcp://") {
            let (host, port) = host_port(rest, Some(TCP_PORT)).ok_or_else(|| TargetError::HostPort(rest.to_owned()))?;
            return Ok(Target::Tcp { host, port });
        }
        let rest = text
            .strip_prefix("serial://")
            .ok_or_else(|| TargetError::Scheme(text.to_owned()))?;
        serial(rest).map(Target::Serial)
    }
}

/// Splits `host:port`; an IPv6 address stands in brackets.
pub(super) fn host_port(text: &str, default: Option<u16>) -> Option<(String, u16)> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (
                host,
                if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(':')?)
                },
            )
        }
        None => text
            .split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok().filter(|port| *port > 0)?,
        Some(_) => return None,
        None => default?,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    (!host.is_empty() && host.bytes().all(plain)).then(|| (host.to_owned(), port))
}

fn serial(rest: &str) -> Result<SerialTarget, TargetError> {
    let (path, settings) = rest.split_once('?').unwrap_or((rest, ""));
    if !path.starts_with('/') || path.len() < 2 || path.contains('\0') {
        return Err(TargetError::Device(rest.to_owned()));
    }
    let mut target = SerialTarget {
        path: path.into(),
        baud: 9600,
        data_bits: 8,
        parity: Parity::None,
        stop_bits: 1,
        byte_pause: Duration::from_millis(500),
    };
    for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
        set(&mut target, setting).ok_or_else(|| TargetError::Setting(setting.to_owned()))?;
    }
    Ok(target)
}

fn set(target: &mut SerialTarget, setting: &str) -> Option<()> {
    let (name, value) = setting.split_once('=')?;
    match (name, value) {
        ("baud", _) => target.baud = value.parse().ok().filter(|baud| (50..=4_000_000).contains(baud))?,
        ("data", "7" | "8") => target.data_bits = value.parse().ok()?,
        ("stop", "1" | "2") => target.stop_bits = value.parse().ok()?,
        ("parity", "none") => target.parity = Parity::None,
        ("parity", "even") => target.parity = Parity::Even,
        ("parity", "odd") => target.parity = Parity::Odd,
        ("pause", _) => target.byte_pause = value.parse().ok().filter(|Span(pause)| !pause.is_zero())?.0,
        _ => return None,
    }
    Some(())
}

impl Target {
    /// The line itself, however it is set: two meters on one could not be told apart.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Target::Tcp { .. } => self.to_string().to_ascii_lowercase(),
            Target::Serial(line) => line.path.display().to_string(),
        }
    }
}

impl fmt::Display for Target {
    /// As it is written in the configuration, every setting told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Target::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Target::Serial(line) => {
                let parity = match line.parity {
                    Parity::None => "none",
                    Parity::Even => "even",
                    Parity::Odd => "odd",
                };
                let SerialTarget {
                    baud,
                    data_bits,
                    stop_bits,
                    ..
                } = line;
                let (path, pause) = (line.path.display(), Span(line.byte_pause));
                write!(
                    f,
                    "serial://{path}?baud={baud}&data={data_bits}&parity={parity}&stop={stop_bits}&pause={pause}"
                )
            }
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_are_read_and_written_alike() {
        for (text, wanted) in [
            ("tcp://10.0.0.7:9000", "tcp://10.0.0.7:9000"),
            ("tcp://meter-1.example", "tcp://meter-1.example:8080"),
            ("tcp://[2001:db8::1]:81/", "tcp://[2001:db8::1]:81"),
            (
                "serial:///dev/ttyUSB0",
                "serial:///dev/ttyUSB0?baud=9600&data=8&parity=none&stop=1&pause=500ms",
            ),
            (
                "serial:///dev/serial/by-id/x?baud=300&data=7&parity=even&pause=2s",
                "serial:///dev/serial/by-id/x?baud=300&data=7&parity=even&stop=1&pause=2s",
            ),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), wanted);
            assert_eq!(wanted.parse(), Ok(target));
        }
        for wrong in [
            "",
            "10.0.0.7:9000",
            "udp://a:1",
            "tcp://",
            "tcp://a:0",
            "tcp://a:65536",
            "tcp://a:+1",
            "tcp://a:1:2",
            "tcp://a b:1",
            "tcp://user@a:1",
            "tcp://[::1",
            "tcp://[zz]:1",
            "serial://ttyUSB0",
            "serial:///",
            "serial:///dev/x?baud=0",
            "serial:///dev/x?speed=9600",
            "serial:///dev/x?data=9",
            "serial:///dev/x?pause=0s",
        ] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_link_or_refused(text in "\\PC{0,30}|(tcp|serial)://[a-z/.:?=&0-9\\[\\]]{0,30}") {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert_eq!(target.to_string().parse(), Ok(target));
            }
        }
    }
}
