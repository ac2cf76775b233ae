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
            plugged: ports(),
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

/// Serial devices that are plugged in, by the names that stay.
#[must_use]
pub fn ports() -> Vec<String> {
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
