//! Which certificate a session is tried with (UPLINK §1.5, §4.6): a new one first, and when the
//! broker does not take it, the one that it took before, while that is good.

use jiff::Timestamp;

use super::error::ConnectionError;
use super::opening::step_by_step;
use super::wire::{Opened, Wire};
use crate::tls::Outbound;
use crate::uplink::context::Context;

/// Opens a session. A renewed certificate is tried first, and replaces the present one when the broker takes it; when
/// it takes the present one and not the renewed, that one is given up.
pub(in crate::uplink) async fn connect(context: &Context) -> Result<(Wire, Opened), ConnectionError> {
    let (Some(enrol), Some(next)) = (&context.enrol, context.config.outbound_next()) else {
        return with_the_files(context).await;
    };
    match with(context, &next).await {
        Ok(opened) => {
            enrol.took_next();
            Ok(opened)
        }
        Err(fault) if fault.is_on_the_way() => Err(fault),
        Err(fault) => match with_the_files(context).await {
            Ok(opened) => {
                enrol.refused_next(fault);
                Ok(opened)
            }
            // Then it need not be the certificate.
            Err(_) => Err(fault),
        },
    }
}

async fn with(context: &Context, outbound: &Outbound) -> Result<(Wire, Opened), ConnectionError> {
    let tls = outbound.load()?;
    let opened = step_by_step(context, Some(&tls)).await?;
    context.last_good.keep(Some(tls));
    Ok(opened)
}

async fn with_the_files(context: &Context) -> Result<(Wire, Opened), ConnectionError> {
    let loaded = context.config.outbound().as_ref().map(Outbound::load).transpose();
    let (fault, tls) = match loaded {
        Ok(tls) => match step_by_step(context, tls.as_ref()).await {
            Ok(opened) => {
                context.last_good.keep(tls);
                return Ok(opened);
            }
            Err(fault) => (fault, tls),
        },
        Err(error) => (ConnectionError::Files(error), None),
    };
    let before = context.last_good.other_than(tls.as_ref());
    let Some(before) = before.filter(|_| !fault.is_on_the_way()) else {
        return Err(fault);
    };
    match step_by_step(context, Some(&before)).await {
        Ok(opened) => {
            tracing::warn!(
                error = %fault, mend = fault.mend(),
                "the certificate in the files does not work; the one of before is used on"
            );
            context.status.note(&fault, Timestamp::now());
            Ok(opened)
        }
        Err(_) => Err(fault),
    }
}
