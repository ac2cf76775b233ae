//! `user move-out`: the last reading of each meter that is somebody's, the end of their links, and what remains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::AdminState;
use super::people::audited;
use super::problem::AdminError;
use super::remaining::{self, Leaving, Matter};
use crate::accounts::{Accounts, AccountsError, Link, MovedOut, Person, Who};
use crate::domain::{HALF_HOUR, MeterId, Quantity, Register};
use crate::http::blocking;
use crate::meter::{MeterShown, Meters, Span};

/// The longest that meters are waited for; they are asked all at once.
const LONGEST: Duration = Duration::from_secs(75);

/// The registers that are quoted.
const QUOTED: [(Quantity, Register); 4] = [
    (Quantity::ImportA, Register::ImportA),
    (Quantity::ImportB, Register::ImportB),
    (Quantity::ExportA, Register::ExportA),
    (Quantity::ExportB, Register::ExportB),
];

/// How somebody moves out.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Departure {
    /// On this day, at the midnight that begins it; absent: now.
    #[serde(default)]
    pub at: Option<Date>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of it when somebody moved out.
#[derive(Debug, Deserialize, Serialize)]
pub struct Departed {
    /// Who.
    pub name: String,
    /// The first moment that is theirs no more.
    pub at: Timestamp,
    /// Whether it was only asked what would be done.
    pub dry_run: bool,
    /// What was theirs; empty: nothing was in force, and nothing was changed.
    pub meters: Vec<Left>,
    /// Sessions that are over.
    pub sessions: usize,
    /// One-time links that are good for nothing any more.
    pub invitations: usize,
    /// What remains that is of no meter.
    pub remaining: Vec<Matter>,
}

/// A meter that somebody left.
#[derive(Debug, Deserialize, Serialize)]
pub struct Left {
    /// The meter, and when it was theirs.
    #[serde(flatten)]
    pub link: Link,
    /// The reading to quote; absent when there is none.
    pub reading: Option<LastReading>,
    /// What remains to be done.
    pub remaining: Vec<Matter>,
}

/// Where a reading comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The meter said so when it was asked just now.
    Asked,
    /// The half-hour that ended just then.
    HalfHour,
    /// The newest that there is: the meter was asked and did not say.
    Newest,
}

/// The registers of a meter when somebody left it.
#[derive(Debug, Deserialize, Serialize)]
pub struct LastReading {
    /// As of when.
    pub at: Timestamp,
    /// How much older it is than the end of their time, in seconds; below zero: it was taken after it.
    pub age_s: i64,
    /// Where it comes from.
    pub origin: Origin,
    /// Watt-hours.
    pub registers: BTreeMap<Quantity, u64>,
}

/// A meter as it was found, and why it did not say more.
type Found = (Option<MeterShown>, Option<String>);

impl AdminState {
    /// Has somebody move out: reads each of their meters once more, ends their links, and says what remains.
    ///
    /// # Errors
    ///
    /// When there is no such person, the day is to come or too early, or the book does not take it.
    pub async fn move_out(&self, name: String, wish: Departure, by: &Who) -> Result<Departed, AdminError> {
        let state = self;
        let room = state.running()?.meters.borrow().clone();
        let accounts = &state.accounts;
        let day = wish.at.map(|day| day.to_zoned(state.timezone()));
        let day = day
            .transpose()
            .map_err(|error| AdminError::argument(error.to_string()))?;
        let day = day.map(|day| day.timestamp());
        let theirs = accounts.would_end(&name, day.unwrap_or_else(|| accounts.now()))?;
        // The last reading is of their time: the end comes after it.
        let found = read(room.as_ref(), &theirs).await;
        let at = day.unwrap_or_else(|| accounts.now());
        let done = match wish.dry_run {
            true => would(accounts.would_end(&name, at)?),
            false => {
                let done = accounts.move_out(&name, at).await?;
                audited(by, &name, "move-out");
                done
            }
        };
        let people = accounts.people()?;
        let mut meters = Vec::new();
        for link in done.ended {
            let (shown, silent) = found.get(&link.meter).cloned().unwrap_or_default();
            let newest = shown.as_ref().and_then(|shown| newest(shown, silent.is_some(), at));
            let reading = match (day, &room) {
                (Some(_), Some(room)) => of_half_hour(room, &link.meter, at).await?.or(newest),
                _ => newest,
            };
            let topups = match &room {
                Some(room) => {
                    let mut open = room.open_topups(&link.meter, link.since).map_err(AdminError::from)?;
                    open.retain(|topup| topup.made < at);
                    open
                }
                None => Vec::new(),
            };
            let leaving = Leaving {
                name: &name,
                topups: &topups,
                link: &link,
                shown: shown.as_ref(),
                silent: silent.as_deref(),
                people: &people,
                now: accounts.now(),
            };
            let remaining = remaining::of_meter(&leaving);
            meters.push(Left {
                link,
                reading,
                remaining,
            });
        }
        let mut remaining = of_person(accounts, &people, &name)?;
        remaining.extend(of_consents(state, &name)?);
        Ok(Departed {
            remaining,
            name,
            at,
            dry_run: wish.dry_run,
            meters,
            sessions: done.sessions,
            invitations: done.invitations,
        })
    }
}

fn would(ended: Vec<Link>) -> MovedOut {
    MovedOut {
        ended,
        sessions: 0,
        invitations: 0,
    }
}

fn of_person(accounts: &Accounts, people: &[Person], name: &str) -> Result<Vec<Matter>, AdminError> {
    let person = people.iter().find(|person| person.name == name);
    let person = person.ok_or_else(|| AccountsError::Unknown(name.to_owned()))?;
    Ok(remaining::of_person(person, &accounts.tokens()?, accounts.now()))
}

fn of_consents(state: &AdminState, name: &str) -> Result<Vec<Matter>, AdminError> {
    let Some(room) = state.running()?.perseus.borrow().clone() else {
        return Ok(Vec::new());
    };
    let permissions = room
        .permissions()
        .map_err(|error| AdminError::failed(error.to_string()))?;
    Ok(remaining::of_consents(name, &permissions))
}

/// Asks every meter at once, and looks at what is known of each then.
async fn read(room: Option<&Arc<Meters>>, links: &[Link]) -> BTreeMap<MeterId, Found> {
    let asked = links.iter().map(async |link| {
        let meter = link.meter.clone();
        let Some(room) = room else {
            return (meter, (None, Some("the meter room is closed".to_owned())));
        };
        let limit = room.reading_takes().min(LONGEST);
        let silent = match tokio::time::timeout(limit, room.read_now(&meter)).await {
            Ok(read) => read.err().map(|error| error.to_string()),
            Err(_) => Some(format!("meter {meter} did not answer within {} s", limit.as_secs())),
        };
        let shown = room.show(&meter).ok();
        (meter, (shown, silent))
    });
    join_all(asked).await.into_iter().collect()
}

/// The newest that a meter said of the registers that are quoted.
fn newest(shown: &MeterShown, is_silent: bool, end: Timestamp) -> Option<LastReading> {
    let said = QUOTED.iter().filter_map(|(quantity, _)| {
        let value = shown.value(*quantity)?.as_u64()?;
        Some((*quantity, value, shown.values.get(quantity)?.at))
    });
    let said: Vec<(Quantity, u64, Timestamp)> = said.collect();
    // A date is that of all of them.
    let at = said.iter().map(|(.., at)| *at).min()?;
    Some(LastReading {
        at,
        age_s: end.duration_since(at).as_secs(),
        origin: if is_silent { Origin::Newest } else { Origin::Asked },
        registers: said.into_iter().map(|(quantity, value, _)| (quantity, value)).collect(),
    })
}

/// The registers at `end`, where a half-hour ended then that the book has.
async fn of_half_hour(room: &Arc<Meters>, meter: &MeterId, end: Timestamp) -> Result<Option<LastReading>, AdminError> {
    let (room, meter) = (Arc::clone(room), meter.clone());
    let Ok(from) = end.checked_sub(SignedDuration::from_secs(HALF_HOUR)) else {
        return Ok(None);
    };
    let read = blocking(move || {
        let mut registers = BTreeMap::new();
        for (quantity, register) in QUOTED {
            let totals = room.totals(&meter, vec![register], Span { from, to: end })?;
            let value = totals.intervals.last().and_then(|last| last.cumulative);
            registers.extend(value.map(|value| (quantity, value.0)));
        }
        Ok::<_, crate::store::ReadError>(registers)
    });
    let registers = read.await.map_err(|error| AdminError::failed(error.to_string()))??;
    Ok((!registers.is_empty()).then_some(LastReading {
        at: end,
        age_s: 0,
        origin: Origin::HalfHour,
        registers,
    }))
}
