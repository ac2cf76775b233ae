//! The rows of rules: what is remembered of groups, which rules were in force, how full spaces are. Which alarms stand
//! is read by everybody, in `store/alarms.rs`.

use serde::{Deserialize, Serialize};

use super::group::Group;
use crate::domain::{AlarmKey, Level, Seq, SpaceId};
use crate::store::{Ledger, ReadError, Store, schema};

pub(super) const GROUPS: Ledger<Group> = Ledger::new(schema::ALARMS);
pub(super) const IN_FORCE: Ledger<u32> = Ledger::new(schema::RULES);
pub(super) const BEGUN: Ledger<Seq> = Ledger::new(schema::RULES_BEGUN);
pub(super) const LEVELS: Ledger<LevelRow> = Ledger::new(schema::SPACE_LEVELS);

/// How full a space is, and up to where the journal is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LevelRow {
    pub(super) level: Level,
    pub(super) seq: Seq,
}

/// Every group that is remembered.
pub(super) fn groups(store: &Store) -> Result<Vec<(AlarmKey, Group)>, ReadError> {
    let rows = GROUPS.all(store)?.into_iter();
    Ok(rows
        .filter_map(|(key, group)| Some((AlarmKey::read(&key)?, group)))
        .collect())
}

/// How full every space is that ever was more than free.
pub(super) fn levels(store: &Store) -> Result<Vec<(SpaceId, LevelRow)>, ReadError> {
    let rows = LEVELS.all(store)?.into_iter();
    Ok(rows
        .filter_map(|(key, row)| Some((SpaceId::from_bytes(key.try_into().ok()?), row)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alarm, Severity, Source};
    use crate::store::Options;
    use crate::store::alarms::Alarms;

    #[tokio::test]
    async fn what_the_rules_write_of_an_alarm_is_what_everybody_reads() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path().join("book"))).unwrap();
        let alarm = Alarm {
            source: Source::Appliance,
            kind: "disk".to_owned(),
            rule: "disk_low".to_owned(),
            severity: Severity::Major,
            text: "the disk is nearly full".to_owned(),
            since: "2026-02-10T10:00:00Z".parse().unwrap(),
            values: None,
            acknowledged: true,
        };
        let group = Group {
            alarm: Some(alarm.clone()),
            told: Seq(7),
            ..Group::default()
        };
        let key = alarm.key();
        let bytes = key.bytes();
        let written = store.write(move |page| GROUPS.put_on(page, &bytes, &group)).await;
        written.unwrap();
        let read = Alarms::new(store.clone());
        assert_eq!(read.standing().unwrap(), std::slice::from_ref(&alarm));
        assert_eq!(read.told_of().unwrap(), [key]);
        assert_eq!(read.told("disk", &Source::Appliance, Seq(7)).unwrap(), Some(alarm));
        assert_eq!(read.told("disk", &Source::Appliance, Seq(6)).unwrap(), None);
        assert_eq!(groups(&store).unwrap().len(), 1);
    }
}
