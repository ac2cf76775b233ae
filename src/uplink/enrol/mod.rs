//! How the box comes to the proof of who it is: a certificate of the tenant's own authority
//! (UPLINK §1.5), or a login that a person grants it (UPLINK §1.3).

pub mod bootstrap;
pub mod certs_only;
mod errand;
pub mod est;
pub(super) mod fault;
mod grant;
mod keeper;
mod kept;
mod shown;

pub use errand::EnrolWish;
pub use fault::EnrolFault;
pub use keeper::Enrol;
pub use kept::{Kept, KeptError};
pub use shown::{EnrolmentShown, Stage};
