//! The files that a door's section names: what it shows for itself, and whom it believes.

use std::path::PathBuf;

use super::door_name::DoorName;
use crate::config::{Certificate, Config};

/// The files of one door; absent: the box's own hierarchies.
#[derive(Clone, Copy, Default)]
pub(super) struct DoorFiles<'c> {
    /// The chain that it shows.
    pub(super) certificate: Option<&'c PathBuf>,
    /// The chain's key.
    pub(super) key: Option<&'c PathBuf>,
    /// The authorities whose clients it takes.
    pub(super) authorities: Option<&'c PathBuf>,
    /// Revocation lists for them.
    pub(super) list: Option<&'c PathBuf>,
}

impl<'c> DoorFiles<'c> {
    /// The files that count: of a door without TLS, or with another source of its certificate, there are none.
    pub(super) fn of(config: &'c Config, name: DoorName) -> DoorFiles<'c> {
        macro_rules! named_by {
            ($section:expr) => {
                $section.map(|door| DoorFiles {
                    certificate: door.certificate_file.as_ref(),
                    key: door.key_file.as_ref(),
                    authorities: door.client_ca_file.as_ref(),
                    list: door.crl_file.as_ref(),
                })
            };
        }
        let files = match name {
            DoorName::Https => {
                let by_files = |https: &&crate::config::Https| https.certificate == Certificate::Files;
                config.https.as_ref().filter(by_files).map(|door| DoorFiles {
                    certificate: door.certificate_file.as_ref(),
                    key: door.key_file.as_ref(),
                    ..DoorFiles::default()
                })
            }
            DoorName::Mtls => named_by!(config.mtls.as_ref()),
            DoorName::Grpc => named_by!(config.grpc.as_ref().filter(|grpc| !grpc.plaintext)),
            DoorName::Relay => named_by!(config.relay.as_ref()),
            DoorName::Http | DoorName::Metrics => None,
        };
        files.unwrap_or_default()
    }

    /// Chain and key.
    pub(super) fn pair(&self) -> Option<(&'c PathBuf, &'c PathBuf)> {
        self.certificate.zip(self.key)
    }
}
