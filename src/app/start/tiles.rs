//! The counters of the first page: each a number with its unit, what it is compared with, and where to go on.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::admin::{KeysIn, Status};
use crate::domain::{Duty, HALF_HOUR, Health, Space};
use crate::face::Light;
use crate::meter::house::Load;
use crate::meter::{MeterShown, Meters, Span};
use crate::texts::{Said, Texts};

/// One counter.
pub(super) struct Tile {
    /// Where it leads.
    pub(super) address: &'static str,
    pub(super) title: Said,
    /// The number with its unit.
    pub(super) big: Said,
    /// What it is compared with.
    pub(super) small: Said,
    /// Its light, where it is not well.
    pub(super) light: Option<Light>,
}

/// The meters: how many answer, and which has been silent for longest.
pub(super) fn meters(t: Texts, all: &[MeterShown], now: Timestamp) -> Option<Tile> {
    if all.is_empty() {
        return None;
    }
    let asked = all.iter().filter(|shown| shown.duty != Duty::Off);
    let healthy = asked.clone().filter(|shown| shown.health == Health::Healthy).count();
    let total = asked.clone().count();
    let silent = asked.filter(|shown| shown.health == Health::Unhealthy);
    let worst = silent.min_by_key(|shown| shown.answered.unwrap_or(Timestamp::MIN));
    let small = match worst {
        // Those that nobody has asked yet are not heard either.
        None if healthy < total => t.say1("tile-meters-waiting", "count", total - healthy),
        None => t.say("tile-meters-all"),
        Some(worst) => {
            let name = worst.meter.called();
            match worst.answered {
                Some(at) => {
                    let age = t.ago(now.duration_since(at).as_secs());
                    t.say2("tile-meters-worst", ("name", name), ("age", age.text()))
                }
                None => t.say1("tile-meters-never", "name", name),
            }
        }
    };
    Some(Tile {
        address: "/energy",
        title: t.say("tile-meters"),
        big: t.say2("tile-meters-answer", ("count", healthy), ("total", total)),
        small,
        light: worst.map(|_| Light::Bad),
    })
}

/// From midnight to midnight here, so many days before `at`.
fn day_of(at: &Zoned, back: i64) -> Option<Span> {
    span_of(at.date().checked_sub(back.days()).ok()?, at.time_zone())
}

/// A day from midnight to midnight.
pub(super) fn span_of(day: Date, timezone: &TimeZone) -> Option<Span> {
    let midnight = |day: Date| day.to_zoned(timezone.clone()).map(|at| at.timestamp());
    Some(Span {
        from: midnight(day).ok()?,
        to: midnight(day.tomorrow().ok()?).ok()?,
    })
}

/// Energies of the building, as far as the page needs them.
pub(super) struct Energies {
    pub(super) today: Arc<Load>,
    pub(super) yesterday: Arc<Load>,
    /// The same weekday of the four weeks before.
    pub(super) weeks: Vec<Arc<Load>>,
    /// From midnight to midnight today.
    pub(super) span: Span,
    /// Half-hours of today that are over.
    pub(super) over: usize,
}

impl Energies {
    /// Reads the disk: a thread that may block.
    pub(super) fn read(room: &Meters, now: &Zoned) -> Option<Energies> {
        let (today, yesterday) = (day_of(now, 0)?, day_of(now, 1)?);
        let since = now.timestamp().duration_since(today.from).as_secs();
        let read = |span| {
            let read = room.load(span);
            read.map_err(|error| tracing::error!(%error, "the building's energy cannot be read"))
                .ok()
        };
        let weeks = (1..=4).filter_map(|week| read(day_of(now, 7 * week)?));
        Some(Energies {
            weeks: weeks.collect(),
            span: today,
            today: read(today)?,
            yesterday: read(yesterday)?,
            over: usize::try_from(since / HALF_HOUR).unwrap_or(0),
        })
    }

    /// The last half-hour that any meter has told of so far: what comes later is not less, only not known.
    pub(super) fn known(&self) -> usize {
        let over = self.over.min(self.today.half_hours.len());
        let last = self.today.half_hours[..over].iter().rposition(|one| one.known > 0);
        last.map_or(0, |place| place + 1)
    }
}

/// A kWh with one digit behind the point.
pub(super) fn kwh(watt_hours: u64) -> String {
    format!("{:.1}", watt_hours as f64 / 1_000.0)
}

/// The building's energy today, beside yesterday's up to the same half-hour.
pub(super) fn energy(t: Texts, energies: &Energies) -> Tile {
    let known = energies.known();
    let yesterday = energies.yesterday.first(known).used();
    Tile {
        address: "/energy",
        title: t.say("tile-energy"),
        big: t.say1("tile-energy-kwh", "energy", kwh(energies.today.first(known).used())),
        small: t.say1("tile-energy-yesterday", "energy", kwh(yesterday)),
        light: None,
    }
}

/// The people in all spaces, and the fullest.
pub(super) fn people(t: Texts, spaces: &[Space]) -> Option<Tile> {
    let fullest = spaces.iter().max_by_key(|space| {
        let (current, maximum) = (space.occupancy.current, space.occupancy.maximum);
        u64::from(current) * 1_000 / u64::from(maximum.max(1))
    })?;
    let current: u64 = spaces.iter().map(|space| u64::from(space.occupancy.current)).sum();
    let maximum: u64 = spaces.iter().map(|space| u64::from(space.occupancy.maximum)).sum();
    let name = fullest.called();
    let full = fullest.occupancy.current >= fullest.occupancy.maximum;
    Some(Tile {
        address: "/spaces",
        title: t.say("tile-people"),
        big: t.say2("tile-people-of", ("count", current), ("maximum", maximum)),
        small: match (current, full) {
            (0, _) => t.say("tile-people-nobody"),
            (_, true) => t.say1("tile-people-full", "name", name),
            (_, false) => t.say1("tile-people-fullest", "name", name),
        },
        light: (current > 0 && full).then_some(Light::Warn),
    })
}

/// The road to the cloud.
pub(super) fn cloud(t: Texts, status: &Status, now: Timestamp) -> Option<Tile> {
    let uplink = status.uplink.as_ref()?;
    let (big, small, light) = match uplink.connected_since {
        Some(since) => {
            let age = t.ago(now.duration_since(since).as_secs());
            let small = t.say2("tile-cloud-connected", ("sent", uplink.published), ("age", age.text()));
            (t.say1("tile-cloud-behind", "count", uplink.backlog_rows), small, None)
        }
        None => (
            t.say("tile-cloud-away"),
            t.say1("tile-cloud-waiting", "count", uplink.backlog_rows),
            Some(Light::Bad),
        ),
    };
    Some(Tile {
        address: "/box/cloud",
        title: t.say("tile-cloud"),
        big,
        small,
        light,
    })
}

/// The last backup.
pub(super) fn backup(t: Texts, status: &Status, now: Timestamp) -> Tile {
    let store = &status.store;
    let without_keys = store.last_backup_keys == Some(KeysIn::LeftOut);
    let (big, small, light) = match store.last_backup {
        None => (t.say("tile-backup-never"), t.say("tile-backup-do"), Some(Light::Warn)),
        Some(at) => {
            let age = t.ago(now.duration_since(at).as_secs());
            match (&store.backup_trouble, without_keys) {
                (Some(_), _) => (age, t.say("tile-backup-trouble"), Some(Light::Bad)),
                (None, true) => (age, t.say("tile-backup-no-keys"), Some(Light::Warn)),
                (None, false) => (age, t.say("tile-backup-keys"), None),
            }
        }
    };
    Tile {
        address: "/box/backups",
        title: t.say("tile-backup"),
        big,
        small,
        light,
    }
}
