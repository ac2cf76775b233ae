//! Who is at the gate.
//!
//! A [`Door`] is: listeners, a TLS policy, whom it trusts, and a router. `front` accepts and keeps the limits,
//! `announced` reads what a proxy says of a connection, `handshake` shakes hands, `connection` serves HTTP. Certificates ([`Certificate`]) and trust in clients
//! ([`ClientTrust`]) follow their sources while the door runs; a revocation cuts live sessions (`live`).

mod acme;
mod admission;
mod announced;
mod aside;
mod certificate;
mod client_cert;
mod client_trust;
mod config;
mod connection;
mod descriptors;
mod door;
mod exposed;
mod files;
mod forward;
mod front;
mod handshake;
mod limits;
mod listener;
mod live;
mod outbound;
mod own;
mod pair;
mod policy;
pub mod proxy_header;
mod socket;
mod trust;
mod unsent;
mod watchdog;
mod wire;

pub use acme::{
    Acme, AcmeError, AcmeSettings, AcmeTally, Binding, BindingError, Challenge, Challenges, Renewed, Step,
    Verdict as StepVerdict, check_binding_key,
};
pub use certificate::Certificate;
pub use client_cert::{PeerCertificate, SubjectName, UnreadableChainError};
pub use client_trust::{Authorities, ClientTrust, ClientTrustError, OwnRoots, check_authority, check_lists};
pub use config::{Versions, install_provider};
pub use descriptors::raise_descriptor_limit;
pub use door::{Door, OpenDoor};
pub use exposed::is_exposed;
pub use files::{FileError, FileWatch};
pub use limits::{Limits, UnsentBudget};
pub use listener::{BindError, only_v6};
pub use outbound::{Identity, Outbound, OutboundError, OutboundTls, Pin, PinError};
pub use pair::{CertificateError, Served, check_pair};
pub use policy::{DoorError, Policy, Tls};
pub use trust::{Demand, ListTerm, TrustError};
