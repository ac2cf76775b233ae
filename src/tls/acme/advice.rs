//! Asks the server when it wants a certificate to be renewed. What it said stands while it does not answer; one that says
//! nothing of the kind is asked again some day.

use std::time::Duration;

use jiff::Timestamp;

use super::renewal_info::{Advice, RenewalInfo, certificate_id, pause, pause_after};
use super::server::{Reply, Server};
use super::{AcmeError, AcmeSettings, order};
use crate::tls::pair::Pair;

/// A server without such information may have it tomorrow.
const TOMORROW: Duration = Duration::from_secs(86_400);

/// Asks for the certificate of `pair`, which is stored under the name `certificate`; `before` is what is known of it. What is
/// drawn comes of `chance`, from 0 to 1.
pub(super) async fn ask(
    settings: &AcmeSettings,
    (pair, certificate): (&Pair, &str),
    before: Option<Advice>,
    (now, chance): (Timestamp, f64),
) -> Advice {
    let known = before.filter(|known| known.certificate == certificate);
    let mut advice = known.unwrap_or_else(|| Advice {
        certificate: certificate.to_owned(),
        renewal: None,
        ask_at: Timestamp::UNIX_EPOCH,
        failures: 0,
    });
    let wait = match answer(settings, pair).await {
        Ok(Some(reply)) => {
            advice.failures = 0;
            take(&mut advice, &reply.value, chance);
            pause(reply.again)
        }
        Ok(None) => {
            advice.failures = 0;
            advice.renewal = None;
            TOMORROW
        }
        Err(fault) => {
            let wait = pause_after(advice.failures);
            advice.failures = advice.failures.saturating_add(1);
            tracing::debug!(%fault, "the ACME server does not say when to renew; it is asked again");
            wait
        }
    };
    advice.ask_at = now.checked_add(wait).unwrap_or(now);
    advice
}

/// What the server says; `None`: it has nothing of the kind.
async fn answer(settings: &AcmeSettings, pair: &Pair) -> Result<Option<Reply<RenewalInfo>>, AcmeError> {
    let server = Server::find(settings, order::client(settings)?).await?;
    match pair.key.cert.first().and_then(|leaf| certificate_id(leaf)) {
        Some(id) => server.renewal_info(&id).await,
        None => Ok(None),
    }
}

/// The moment stays that was drawn, as long as the window does.
fn take(advice: &mut Advice, info: &RenewalInfo, chance: f64) {
    let window = info.suggested_window;
    if advice.renewal.is_some_and(|(known, _)| known == window) {
        return;
    }
    let at = window.moment(chance);
    tracing::info!(
        from = %window.start, until = %window.end, %at, why = info.explanation_url,
        "the ACME server says when it wants the certificate to be renewed"
    );
    advice.renewal = Some((window, at));
}
