//! Whether the box's name leads to the box from elsewhere, as far as that can be known from here: the name's address is
//! called, and what answers there must show the certificate that the box shows.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::super::steps::{bad, good, look as doubt};
use super::handshake::{self, Missed};
use super::{Patient, doors, names};
use crate::tls::Step;

/// For the name's lookup.
const PATIENCE: Duration = Duration::from_secs(5);

/// Nothing where the name leads to this machine's own address, which was asked with the doors, or nowhere.
pub(super) async fn look(patient: &Patient) -> Option<Step> {
    let (_, status) = patient.running.as_ref()?;
    let name = patient.config.site.hostname.as_str();
    let door = *status.doors.get("https")?.first()?;
    // Routers lead the world in by the usual port, whatever the door's is.
    let found = timeout(PATIENCE, lookup_host((name, 443))).await.ok()?.ok()?;
    let beyond = found
        .map(|address| address.ip())
        .find(|address| !names::is_ours(*address))?;
    let trust = handshake::trust(patient).ok()?;
    let ours = handshake::shake(patient, &trust, doors::here(door)).await.ok()?;
    let theirs = handshake::shake(patient, &trust, SocketAddr::new(beyond, 443)).await;
    Some(told(name, beyond, &ours, theirs))
}

fn told(
    name: &str,
    beyond: IpAddr,
    ours: &CertificateDer<'_>,
    theirs: Result<CertificateDer<'static>, Missed>,
) -> Step {
    let other = "let the router lead its port 443 to this machine, or change the record of the name";
    match theirs {
        Ok(theirs) if theirs == *ours => good(
            "from outside",
            format_args!("{name} is {beyond}, and what answers there is this box"),
        ),
        Ok(_) => bad(
            "from outside",
            format_args!("{name} is {beyond}, and another certificate is shown there than the box shows"),
            other,
        ),
        Err(Missed::Disbelieved(error)) => bad(
            "from outside",
            format_args!("{name} is {beyond}, and what answers there is not this box: {error}"),
            other,
        ),
        Err(Missed::Unreached(_) | Missed::Name) => doubt(
            "from outside",
            format_args!("{name} is {beyond}, and nothing answers there from here, as with many routers"),
            "open it from another network, such as a phone's",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::StepVerdict;

    #[test]
    fn only_the_very_certificate_of_the_box_is_the_box() {
        let certificate = |byte| CertificateDer::from(vec![byte; 3]);
        let verdict = |theirs| told("lodge", IpAddr::from([192, 0, 2, 1]), &certificate(1), theirs).verdict;
        assert_eq!(verdict(Ok(certificate(1))), StepVerdict::Good);
        assert_eq!(verdict(Ok(certificate(2))), StepVerdict::Bad);
        let error = std::io::Error::other("UnknownIssuer");
        assert_eq!(verdict(Err(Missed::Disbelieved(error))), StepVerdict::Bad);
        assert_eq!(
            verdict(Err(Missed::Unreached("refused".to_owned()))),
            StepVerdict::Doubtful
        );
    }
}
