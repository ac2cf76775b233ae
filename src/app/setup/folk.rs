//! Steps three and four: the meters, and who looks after the box.

use super::desk::{Knows, Seen, SetupDesk};
use super::empty;
use super::told::Told;
use crate::accounts::Role;
use crate::domain::{Duty, Health};
use crate::meter::MeterShown;
use crate::store::ReadError;
use crate::texts::Texts;

/// So many meters that do not answer are named one by one.
const NAMED: usize = 20;

/// Whether each meter answers, as it was asked last. Names are for who may read meters.
pub(super) fn meters(seen: &Seen, knows: Knows, t: Texts) -> Result<Vec<Told>, ReadError> {
    let Some(room) = &seen.meters else {
        return Ok(vec![match empty::of_spaces(seen.spaces.as_deref())? {
            true => Told::waits(t.say("setup-meters-closed")).next(t.say("setup-meters-open")),
            false => Told::done(t.say("setup-meters-closed")),
        }]);
    };
    let all = room.list();
    if all.is_empty() {
        return Ok(vec![match empty::of_spaces(seen.spaces.as_deref())? {
            true => Told::waits(t.say("setup-meters-none")).next(t.say("setup-meters-add")),
            false => Told::done(t.say("setup-meters-none")),
        }]);
    }
    let (polled, off): (Vec<_>, Vec<_>) = all.iter().partition(|shown| shown.duty == Duty::Polled);
    let healthy = polled.iter().filter(|shown| shown.health == Health::Healthy).count();
    let unknown = polled.iter().filter(|shown| shown.health == Health::Unknown).count();
    let silent: Vec<&&MeterShown> = polled
        .iter()
        .filter(|shown| shown.health == Health::Unhealthy)
        .collect();
    let mut told = Vec::new();
    if healthy > 0 {
        told.push(Told::done(t.say2(
            "setup-meters-answer",
            ("count", healthy),
            ("all", polled.len()),
        )));
    }
    if unknown > 0 {
        told.push(Told::waits(t.say1("setup-meters-asked", "count", unknown)).next(t.say("setup-look-again")));
    }
    let named = if knows.meters { silent.len().min(NAMED) } else { 0 };
    for shown in silent.iter().take(named) {
        let name = shown.meter.called();
        let words = t.say2(
            "setup-meter-silent",
            ("name", name),
            ("why", shown.health_details.as_str()),
        );
        told.push(Told::wrong(words).command(format!("gatelodge meter show {}", shown.meter.serial)));
    }
    if silent.len() > named {
        told.push(Told::wrong(t.say1(
            "setup-meters-silent",
            "count",
            silent.len() - named,
        )));
    }
    if !off.is_empty() {
        told.push(
            Told::waits(t.say1("setup-meters-off", "count", off.len())).command("gatelodge mediators start SERIAL"),
        );
    }
    Ok(told)
}

/// Who looks after the box. Names are for who may manage people.
pub(super) fn people(desk: &SetupDesk, knows: Knows, t: Texts) -> Result<Vec<Told>, ReadError> {
    let everybody = desk.admin.accounts.people()?;
    let admins: Vec<_> = everybody.iter().filter(|person| person.role == Role::Admin).collect();
    let others = everybody.len() - admins.len();
    let mut told = Vec::new();
    if admins.is_empty() {
        told.push(Told::waits(t.say("setup-people-none")).command("gatelodge user add NAME --role admin"));
    } else if knows.people {
        told.extend(admins.iter().map(|person| {
            match person.password_set {
                true => Told::done(t.say1("setup-person", "name", person.name.as_str())),
                false => Told::waits(t.say1("setup-person-waits", "name", person.name.as_str()))
                    .next(t.say("setup-person-next"))
                    .command(format!("gatelodge user invite {}", person.name)),
            }
        }));
    } else {
        let set = admins.iter().filter(|person| person.password_set).count();
        told.push(match set == admins.len() {
            true => Told::done(t.say1("setup-admins", "count", set)),
            false => Told::waits(t.say1("setup-admins-wait", "count", admins.len() - set)),
        });
    }
    if others > 0 {
        told.push(Told::done(t.say1("setup-others", "count", others)));
    }
    Ok(told)
}
