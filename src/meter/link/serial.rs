//! A serial port: opened by a name that stays, and opened anew when the device behind it has changed.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_serial::{ClearBuffer, DataBits, SerialPort, SerialPortBuilderExt, SerialStream, StopBits};

use super::LinkError;
use super::target::{Parity, SerialTarget};

/// Where the system keeps names of serial devices that do not change with the plug.
const BY_ID: &str = "/dev/serial/by-id";

/// An open port.
#[derive(Debug)]
pub(super) struct Port {
    stream: SerialStream,
    device: Option<u64>,
}

impl Port {
    /// Opens the port that the path leads to now.
    pub(super) fn open(target: &SerialTarget) -> Result<Port, LinkError> {
        let path = target.path.to_string_lossy();
        let device = device(&target.path);
        let opened = tokio_serial::new(path.as_ref(), target.baud)
            .data_bits(if target.data_bits == 7 {
                DataBits::Seven
            } else {
                DataBits::Eight
            })
            .stop_bits(if target.stop_bits == 2 {
                StopBits::Two
            } else {
                StopBits::One
            })
            .parity(match target.parity {
                Parity::None => tokio_serial::Parity::None,
                Parity::Even => tokio_serial::Parity::Even,
                Parity::Odd => tokio_serial::Parity::Odd,
            })
            .open_native_async();
        let stream = opened.map_err(|source| LinkError::Serial {
            path: path.into_owned(),
            next: next(&source, Path::new(KERNEL_LOG).exists()),
            source,
        })?;
        Ok(Port { stream, device })
    }

    /// Whether the path still leads to this device: after a replug it may lead to another.
    pub(super) fn is_still(&self, target: &SerialTarget) -> bool {
        self.device.is_some() && self.device == device(&target.path)
    }

    /// The stream, with everything thrown away that came since the last exchange: a late answer, noise.
    pub(super) fn quiet(&mut self) -> &mut SerialStream {
        // A port that fails here fails at the first write, which says so.
        let _ = self.stream.clear(ClearBuffer::Input);
        let mut late = [0; 256];
        while matches!(self.stream.try_read(&mut late), Ok(1..)) {}
        &mut self.stream
    }
}

/// The device behind a path, and links on the way to it.
fn device(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.rdev())
}

/// A device that every machine has, and no service with devices of its own (systemd.exec(5), `PrivateDevices=`).
const KERNEL_LOG: &str = "/dev/kmsg";
/// How the service is let at serial lines.
const LET_IN: &str = "install -D -m 644 /usr/share/gatelodge/serial.conf \
                      /etc/systemd/system/gatelodge.service.d/serial.conf; systemctl daemon-reload; systemctl restart gatelodge";

/// What to do about a line that cannot be opened: the service sees no devices until somebody lets it.
fn next(source: &tokio_serial::Error, sees_devices: bool) -> String {
    if !sees_devices {
        return format!("this service is not let at serial lines: {LET_IN}");
    }
    match source.kind {
        tokio_serial::ErrorKind::Io(ErrorKind::PermissionDenied) => {
            format!("its user may not use it, which takes the group dialout: {LET_IN}")
        }
        _ => format!("lines that are plugged in: {}", plugged().join(", ")),
    }
}

/// Serial devices that are plugged in, by the names that stay.
fn plugged() -> Vec<String> {
    match std::fs::read_dir(BY_ID) {
        Ok(entries) => {
            let mut names: Vec<String> = entries
                .flatten()
                .map(|entry| entry.path().display().to_string())
                .collect();
            names.sort();
            names
        }
        Err(error) if error.kind() == ErrorKind::NotFound => vec!["none".to_owned()],
        Err(error) => vec![format!("unknown ({BY_ID}: {error})")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_devices_is_told_how_it_is_let_at_them() {
        let fault = |kind| tokio_serial::Error::new(tokio_serial::ErrorKind::Io(kind), "no");
        for (kind, sees, said) in [
            (ErrorKind::NotFound, false, "not let at serial lines"),
            (ErrorKind::PermissionDenied, true, "dialout"),
            (ErrorKind::NotFound, true, "plugged in"),
        ] {
            let next = next(&fault(kind), sees);
            assert!(next.contains(said), "{next}");
        }
        // What it names is what the package brings.
        let drop_in = include_str!("../../../systemd/serial.conf");
        assert!(LET_IN.split("; ").all(|command| drop_in.contains(command)), "{LET_IN}");
    }
}
