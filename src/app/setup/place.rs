//! Steps one and two: what the building is called, where it stands, whether its clock is right; and how people reach the box.

use std::net::IpAddr;

use jiff::Timestamp;

use super::super::hostname::{Leads, leads};
use super::clock::vouched;
use super::desk::{Seen, SetupDesk};
use super::told::Told;
use crate::admin::Status;
use crate::config::Site;
use crate::http::blocking;
use crate::texts::Texts;

/// Name, zone, clock.
pub(super) async fn house(desk: &SetupDesk, seen: &Seen, t: Texts) -> Vec<Told> {
    let (site, usual) = (&desk.site, Site::default());
    let name = match site.name == usual.name {
        true => Told::waits(t.say("setup-name-unset")).next(t.say("setup-name-next")),
        false => Told::done(t.say1("setup-name", "name", site.name.as_str())),
    };
    let zone = match site.timezone == usual.timezone {
        true => Told::waits(t.say("setup-zone-unset")).next(t.say("setup-zone-next")),
        false => Told::done(t.say1("setup-zone", "zone", site.timezone.as_str())),
    };
    let mut told = vec![name, zone];
    let wrong = seen.status.verdict.findings.iter().find(|found| found.part == "clock");
    told.push(match wrong {
        Some(found) => {
            Told::wrong(t.say1("setup-clock-wrong", "why", found.words.as_str())).command("timedatectl set-ntp true")
        }
        None => clock(desk, t).await,
    });
    told
}

async fn clock(desk: &SetupDesk, t: Texts) -> Told {
    let now = Timestamp::now().to_zoned(desk.site.timezone());
    let now = format!("{} {}", t.day(now.date()), now.strftime("%H:%M:%S %Z"));
    match blocking(|| vouched().ok_or(())).await {
        Ok(Ok(true)) => Told::done(t.say1("setup-clock", "now", now)),
        Ok(Ok(false)) => Told::waits(t.say1("setup-clock-alone", "now", now))
            .next(t.say("setup-clock-next"))
            .command("timedatectl set-ntp true"),
        Ok(Err(())) | Err(_) => Told::waits(t.say1("setup-clock-unknown", "now", now))
            .next(t.say("setup-clock-next"))
            .command("timedatectl set-ntp true"),
    }
}

/// Name or address, doors, trust.
pub(super) async fn way(desk: &SetupDesk, seen: &Seen, t: Texts) -> Vec<Told> {
    let name = desk.site.hostname.as_str();
    let listed = |found: &[IpAddr]| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut told =
        vec![match leads(name).await {
            Leads::Unset => Told::waits(t.say("setup-host-unset")).next(t.say("setup-host-next")),
            Leads::Here(found) => Told::done(t.say2("setup-host", ("name", name), ("found", listed(&found)))),
            Leads::Elsewhere(found) => {
                Told::waits(t.say2("setup-host-elsewhere", ("name", name), ("found", listed(&found))))
                    .next(t.say("setup-host-open"))
            }
            Leads::Nowhere(why) => Told::wrong(t.say2("setup-host-nowhere", ("name", name), ("why", why)))
                .next(t.say1("setup-host-record", "name", name)),
        }];
    told.extend(doors(&seen.status, t));
    told.extend(certificate(&seen.status, t));
    if seen.fingerprint.is_some() {
        told.push(Told::done(t.say("setup-trust")));
    }
    told.push(Told::done(t.say1("setup-address", "pages", seen.pages.as_str())));
    told
}

/// Doors that do not open.
fn doors(status: &Status, t: Texts) -> Vec<Told> {
    let held = status.services.iter().filter(|(name, _)| name.starts_with("door"));
    held.filter(|(_, door)| door.state != "running")
        .map(|(name, door)| {
            let why = door.reason.as_deref().unwrap_or(&door.state);
            Told::wrong(t.say2("setup-door", ("door", name), ("why", why))).command("ss -ltnp")
        })
        .collect()
}

/// The certificate by ACME, when there is to be one.
fn certificate(status: &Status, t: Texts) -> Option<Told> {
    let https = status.certificates.iter().find(|shown| shown.door == "https")?;
    match (&https.last_error, https.source.as_str()) {
        (Some(why), _) => {
            Some(Told::wrong(t.say1("setup-certificate-wrong", "why", why.as_str())).command("gatelodge cert test"))
        }
        (None, "acme") => Some(Told::done(t.say1("setup-certificate", "names", https.names.join(", ")))),
        (None, _) => None,
    }
}
