//! The certificate that the broker took last, for when the files have one that it does not take (UPLINK §4.6).

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::tls::OutboundTls;

/// What the broker took last, with its certificate. Only for as long as the box runs: then the files count.
#[derive(Debug, Default)]
pub(in crate::uplink) struct LastGoodTls(Mutex<Option<OutboundTls>>);

impl LastGoodTls {
    /// Keeps what the broker took.
    pub(super) fn keep(&self, tls: Option<OutboundTls>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = tls.filter(|tls| tls.identity.is_some());
    }

    /// What was taken, when it is still good and another one than `refused`.
    pub(super) fn other_than(&self, refused: Option<&OutboundTls>) -> Option<OutboundTls> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let identity = taken.identity.as_ref()?;
        let same = refused.is_some_and(|refused| refused.identity.as_ref() == Some(identity));
        (!same && Timestamp::now() < identity.not_after).then_some(taken)
    }
}
