//! The one-time password for a first certificate (UPLINK §1.5).

/// What a device shows to be given its first certificate.
pub struct Otp<'a> {
    /// What the box calls itself.
    pub device: &'a str,
    /// The password that is good once.
    pub password: &'a str,
}
