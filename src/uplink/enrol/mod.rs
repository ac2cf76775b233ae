//! How the box comes to the proof of who it is: a certificate of the tenant's own authority (`spec/uplink.md` section
//! 1.5), or a login that a person grants it (section 1.3).

pub mod bootstrap;
pub mod certs_only;
pub mod est;
