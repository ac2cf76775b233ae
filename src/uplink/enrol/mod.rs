//! How the box comes to the proof of who it is: a certificate of the tenant's own authority
//! (UPLINK §1.5), or a login that a person grants it (UPLINK §1.3).

pub mod bootstrap;
pub mod certs_only;
mod credential_folder;
mod errand;
pub(super) mod error;
pub mod est;
mod grant;
mod keeper;
pub(super) mod otp;
mod shown;

pub use credential_folder::{CredentialFolder, CredentialFolderError};
pub use errand::EnrolRequest;
pub use error::EnrolError;
pub use keeper::Enrol;
pub use shown::{EnrolmentShown, Stage};
