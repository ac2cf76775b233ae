//! Which certificate a session is tried with (UPLINK §1.5, §4.6): a new one first, and when the
//! broker does not take it, the one that it took before, while that is good.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::error::ConnectionError;
use super::opening::step_by_step;
use super::wire::{Opened, Wire};
use crate::tls::{Outbound, OutboundTls};
use crate::uplink::room::Shared;

/// What the broker took last, with its certificate. Only for as long as the box runs: then the files count.
#[derive(Debug, Default)]
pub(in crate::uplink) struct LastGoodTls(Mutex<Option<OutboundTls>>);

impl LastGoodTls {
    fn keep(&self, tls: Option<OutboundTls>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = tls.filter(|tls| tls.identity.is_some());
    }

    /// What was taken, when it is still good and another one than `refused`.
    fn other_than(&self, refused: Option<&OutboundTls>) -> Option<OutboundTls> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let identity = taken.identity.as_ref()?;
        let same = refused.is_some_and(|refused| refused.identity.as_ref() == Some(identity));
        (!same && Timestamp::now() < identity.not_after).then_some(taken)
    }
}

/// Opens a session. A renewed certificate is tried first, and replaces the present one when the broker takes it; when
/// it takes the present one and not the renewed, that one is given up.
pub(in crate::uplink) async fn connect(shared: &Shared) -> Result<(Wire, Opened), ConnectionError> {
    let (Some(enrol), Some(next)) = (&shared.enrol, shared.config.outbound_next()) else {
        return with_the_files(shared).await;
    };
    match with(shared, &next).await {
        Ok(opened) => {
            enrol.took_next();
            Ok(opened)
        }
        Err(fault) if fault.is_on_the_way() => Err(fault),
        Err(fault) => match with_the_files(shared).await {
            Ok(opened) => {
                enrol.refused_next(fault);
                Ok(opened)
            }
            // Then it need not be the certificate.
            Err(_) => Err(fault),
        },
    }
}

async fn with(shared: &Shared, outbound: &Outbound) -> Result<(Wire, Opened), ConnectionError> {
    let tls = outbound.load()?;
    let opened = step_by_step(shared, Some(&tls)).await?;
    shared.taken.keep(Some(tls));
    Ok(opened)
}

async fn with_the_files(shared: &Shared) -> Result<(Wire, Opened), ConnectionError> {
    let loaded = shared.config.outbound().as_ref().map(Outbound::load).transpose();
    let (fault, tls) = match loaded {
        Ok(tls) => match step_by_step(shared, tls.as_ref()).await {
            Ok(opened) => {
                shared.taken.keep(tls);
                return Ok(opened);
            }
            Err(fault) => (fault, tls),
        },
        Err(error) => (ConnectionError::Files(error), None),
    };
    let before = shared.taken.other_than(tls.as_ref());
    let Some(before) = before.filter(|_| !fault.is_on_the_way()) else {
        return Err(fault);
    };
    match step_by_step(shared, Some(&before)).await {
        Ok(opened) => {
            tracing::warn!(
                error = %fault, mend = fault.mend(),
                "the certificate in the files does not work; the one of before is used on"
            );
            shared.status.note(&fault, Timestamp::now());
            Ok(opened)
        }
        Err(_) => Err(fault),
    }
}
