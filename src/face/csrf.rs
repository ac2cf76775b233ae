//! The value that forms carry: made from the cookie, which other sites can neither read nor set.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;

use crate::accounts::Secret;

/// What a visitor's forms are bound to.
#[derive(Clone)]
pub struct Csrf {
    cookie: Secret,
}

impl Csrf {
    /// Bound to this cookie.
    #[must_use]
    pub fn of(cookie: Secret) -> Csrf {
        Csrf { cookie }
    }

    /// What forms carry as `csrf_token`: 256 bits that cannot be made without the cookie.
    #[must_use]
    pub fn token(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.cookie.reveal().as_bytes());
        BASE64URL_NOPAD.encode(hmac::sign(&key, b"form").as_ref())
    }

    /// Whether it is what a form of ours carries.
    #[must_use]
    pub fn made(&self, token: &str) -> bool {
        verify_slices_are_equal(self.token().as_bytes(), token.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_what_its_cookie_made() {
        let csrf = Csrf::of(Secret::given("cookie"));
        assert!(csrf.made(&csrf.token()));
        assert!(!csrf.made("") && !csrf.made(&Csrf::of(Secret::given("other")).token()));
    }
}
