//! What is held of people: taken by them, and erased.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Deps;
use super::backups::made_before;
use crate::accounts::{Holder, OwnAccount};
use crate::admin::Backups;
use crate::app::part::{Part, Service, service};
use crate::app::router::Https;
use crate::config::{Backup, Config, Retention};
use crate::domain::units::Span;
use crate::meter::MeterHolding;
use crate::occupancy::OccupancyHolding;
use crate::perseus::PerseusHolding;
use crate::privacy::{self, PersonalData};
use crate::store::Store;
use crate::texts::{Said, Texts};

/// What it is built of.
#[derive(Clone, PartialEq)]
pub(in crate::app) struct Section {
    retention: Retention,
    backup: Option<Backup>,
    /// How long the book's log goes back at most.
    log: Span,
    /// Applications that are told of withdrawals.
    told: BTreeSet<String>,
    timezone: TimeZone,
}

#[async_trait]
impl Part<Deps> for PersonalData {
    const NAME: &'static str = "personal-data";
    const IS_ROOM: bool = false;
    type Section = Section;

    fn section(config: &Config) -> Option<Section> {
        let clients = config.perseus.iter().flat_map(|room| room.client.iter());
        let told = clients.filter(|client| client.message_url.is_some());
        Some(Section {
            retention: config.retention.clone(),
            backup: config.backup.clone(),
            log: config
                .uplink
                .as_ref()
                .map_or(Span::seconds(30 * 86_400), |uplink| uplink.room.outbox_age),
            told: told.map(|client| client.client_id.clone()).collect(),
            timezone: config.site.timezone(),
        })
    }

    async fn build(section: &Section, deps: &Deps) -> anyhow::Result<Arc<PersonalData>> {
        let (store, data_dir) = (&deps.store, &deps.data_dir);
        let audit_stays = section.retention.audit;
        let holders: Vec<Arc<dyn Holder>> = vec![
            Arc::new(OwnAccount::new(store.clone(), data_dir.join("audit"), audit_stays)),
            Arc::new(OccupancyHolding::new(store.clone())),
            Arc::new(MeterHolding::new(store.clone(), section.retention.money)),
            Arc::new(PerseusHolding::new(
                store.clone(),
                data_dir.join("perseus/words"),
                section.told.clone(),
                audit_stays,
            )),
        ];
        let (section, store, backups) = (section.clone(), deps.store.clone(), deps.backups.clone());
        let built = privacy::Deps {
            accounts: deps.bearers.accounts().clone(),
            holders,
            folder: data_dir.clone(),
            elsewhere: Arc::new(move |now, t| elsewhere(&section, (&store, &backups), (now, t))),
        };
        let data = PersonalData::new(deps.store.clone(), built);
        // Before any door opens: whoever was erased is nobody here.
        data.settle().await?;
        Ok(Arc::new(data))
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("personal-data", self, PersonalData::run)]
    }

    fn mount(self: &Arc<Self>, https: Https) -> Https {
        let routes = privacy::router(self, &https.face);
        https.with(routes)
    }
}

/// What goes on holding somebody who is erased, and until when (PRIV §3).
fn elsewhere(section: &Section, (store, backups): (&Store, &Backups), (now, t): (Timestamp, Texts)) -> Vec<String> {
    let day = |at: Timestamp| t.date(at.to_zoned(section.timezone.clone()).date());
    let log = i64::try_from(section.log.0.as_secs()).unwrap_or(i64::MAX);
    // It is told to shed what was deleted at once and on the days after.
    let log = SignedDuration::from_secs(log.saturating_add(3 * 86_400));
    let log = now.saturating_add(log).unwrap_or(Timestamp::MAX);
    let mut lines = vec![t.say1("elsewhere-log", "day", day(log))];
    match &section.backup {
        None => {}
        Some(backup) => lines.push(of_own_backups(backup, (now, t), day)),
    }
    match backups.last() {
        Ok(Some(last)) => lines.push(t.say1("elsewhere-backups", "day", day(last.at))),
        Ok(None) if section.backup.is_none() => lines.push(t.say("elsewhere-no-backups")),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the last backup could not be looked up"),
    }
    match store.put_aside() {
        Ok(0) => {}
        Ok(many) => lines.push(t.say1("elsewhere-aside", "count", many)),
        Err(error) => tracing::warn!(%error, "books that were put aside could not be looked for"),
    }
    lines.push(t.say("elsewhere-meter"));
    lines.push(t.say("elsewhere-handed-out"));
    lines.iter().map(|line| line.text().to_owned()).collect()
}

fn of_own_backups(backup: &Backup, (now, t): (Timestamp, Texts), day: impl Fn(Timestamp) -> String) -> Said {
    let made = backup
        .folder()
        .and_then(|folder| made_before(folder).ok())
        .unwrap_or_default();
    let interval = SignedDuration::try_from(backup.interval.0).unwrap_or(SignedDuration::MAX);
    let last = interval.checked_mul(i32::try_from(backup.keep).unwrap_or(i32::MAX));
    let until = last.and_then(|last| now.checked_add(last).ok());
    match until {
        Some(until) => t.say2("elsewhere-own", ("count", made.len()), ("day", day(until))),
        None => t.say1("elsewhere-own-open", "count", made.len()),
    }
}
