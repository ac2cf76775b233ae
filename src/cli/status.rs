//! `status` and the reload order.

use hyper::Method;
use serde_json::Value;

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::admin::{CertificateShown, KeysIn, Status, StoreShown};

pub(super) fn status(common: &Common) -> Result<(), CliError> {
    let status: Value = block_on(async { Ok(common.running().await?.ask(Method::GET, "/status", None).await?) })?;
    if common.json {
        print::json(&status);
        return Ok(());
    }
    let status: Status = serde_json::from_value(status).map_err(CliError::failed)?;
    print::line(format_args!(
        "gatelodge {} is {}, since {}: {}",
        status.version,
        status.state,
        print::moment(status.started),
        status.verdict.in_words()
    ));
    for found in &status.verdict.findings {
        print::line(format_args!("  {} {}: {}", found.grade.name(), found.part, found.words));
        if let Some(next) = &found.next_step {
            print::line(format_args!("       next: {next}"));
        }
    }
    for (door, addresses) in &status.doors {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        print::line(format_args!("  door {door:<10} {}", addresses.join(", ")));
    }
    let broken = status.services.iter().filter(|(_, service)| service.state != "running");
    for (kind, (name, room)) in status
        .rooms
        .iter()
        .map(|room| ("room", room))
        .chain(broken.map(|service| ("part", service)))
    {
        let reason = room
            .reason
            .as_ref()
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        print::line(format_args!("  {kind} {name:<10} {}{reason}", room.state));
        if let Some(step) = &room.next_step {
            print::line(format_args!("       {:<10} next: {step}", ""));
        }
    }
    status.certificates.iter().for_each(of_certificate);
    if let Some(relay) = status.relay {
        print::line(format_args!(
            "  relay {} paired, {} waiting",
            relay.paired, relay.waiting
        ));
    }
    if let Some(meters) = &status.meters {
        print::line(format_args!(
            "  meters {}: {} polled, {} answer, {} do not; {} half-hours to fetch",
            meters.total, meters.polled, meters.healthy, meters.unhealthy, meters.half_hours_open
        ));
    }
    if let Some(uplink) = &status.uplink {
        super::uplink::summary(uplink);
    }
    for (target, until) in &status.webhooks_set_aside {
        print::line(format_args!(
            "  webhook {target} is left alone until {}, as it asked: gatelodge webhook list",
            print::moment(Some(*until))
        ));
    }
    for alarm in &status.alarms {
        let seen = if alarm.acknowledged { ", seen" } else { "" };
        let since = print::moment(Some(alarm.since));
        print::line(format_args!(
            "  alarm {} since {since}{seen}: {}",
            alarm.severity.name(),
            alarm.text
        ));
    }
    of_store(&status.store);
    Ok(())
}

pub(super) fn reload(common: &Common) -> Result<(), CliError> {
    let answer: Value = block_on(async { Ok(common.running().await?.ask(Method::POST, "/reload", None).await?) })?;
    if common.json {
        print::json(&answer);
        return Ok(());
    }
    let changed: Vec<&str> = answer["changed"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if changed.is_empty() {
        print::line(format_args!("nothing changed"));
    } else {
        print::line(format_args!("reloaded: {}", changed.join(", ")));
    }
    Ok(())
}

fn of_certificate(certificate: &CertificateShown) {
    let error = certificate
        .last_error
        .as_ref()
        .map(|error| format!(", last error: {error}"))
        .unwrap_or_default();
    print::line(format_args!(
        "  certificate of {}: {} ({}), until {}{error}",
        certificate.door,
        certificate.names.join(", "),
        certificate.source,
        print::moment(certificate.not_after)
    ));
}

fn of_store(store: &StoreShown) {
    print::line(format_args!(
        "  store {} KiB, last backup {}{}",
        store.bytes / 1024,
        print::moment(store.last_backup),
        match store.last_backup_keys {
            Some(KeysIn::LeftOut) => ", without keys: what is restored from it has new authorities",
            Some(KeysIn::Sealed) | None => "",
        }
    ));
    if let Some(trial) = &store.last_trial {
        print::line(format_args!(
            "  {} was restored for trial at {}: {}",
            trial.of,
            print::moment(Some(trial.at)),
            trial.fault.as_deref().unwrap_or("it is whole")
        ));
    }
    if let Some(trouble) = &store.backup_trouble {
        print::line(format_args!("  backups are not as they should be: {trouble}"));
    }
    if let Some(lost) = &store.salvage {
        print::line(format_args!("  store in salvage: {lost}"));
    }
}
