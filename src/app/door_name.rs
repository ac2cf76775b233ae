//! The doors by name: whoever tells them apart says what each of them is, so that a new one is forgotten nowhere.

use std::fmt;

/// A door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DoorName {
    /// Prometheus.
    Metrics,
    /// Machines with a certificate.
    Mtls,
    /// The mediator.
    Grpc,
    /// Peers that meet by WebSocket.
    Relay,
    /// Pages and APIs.
    Https,
    /// The way to https, and answers for ACME.
    Http,
}

impl DoorName {
    /// Every door, in the order in which they open: the public ones last, when everything behind them works.
    pub(super) const ALL: [DoorName; 6] = [
        DoorName::Metrics,
        DoorName::Mtls,
        DoorName::Grpc,
        DoorName::Relay,
        DoorName::Https,
        DoorName::Http,
    ];

    /// As the configuration calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            DoorName::Metrics => "metrics",
            DoorName::Mtls => "mtls",
            DoorName::Grpc => "grpc",
            DoorName::Relay => "relay",
            DoorName::Https => "https",
            DoorName::Http => "http",
        }
    }

    /// As its service is called.
    pub(super) const fn service(self) -> &'static str {
        match self {
            DoorName::Metrics => "door-metrics",
            DoorName::Mtls => "door-mtls",
            DoorName::Grpc => "door-grpc",
            DoorName::Relay => "door-relay",
            DoorName::Https => "door-https",
            DoorName::Http => "door-http",
        }
    }
}

impl fmt::Display for DoorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
