//! Provenance records: where data came from, who passed it on and by whose leave, signed so that others can tell (PER §7).
//! Pure but for random names.

mod record;
mod steps;
mod text;
mod verify;

pub use record::{Record, SigningKey, SigningKeyError};
pub use steps::{Completeness, Names, Origin, Parameters, Permission, Steps, Transfer, step_id};
pub use verify::{Verified, VerifyError, verify};
