//! The box's own authorities and every certificate kind it issues.

mod identity;
mod revocations;

pub use identity::{CertificateId, sha256};
pub use revocations::Revocations;
