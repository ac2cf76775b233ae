//! What is written when, and that what comes twice is not told twice.

use proptest::prelude::*;

use super::*;
use crate::domain::Occupancy;
use crate::domain::series::space_samples;
use crate::rules::machine::Phase;
use crate::rules::rulebook::rules;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn hall() -> Source {
    Source::Space(SpaceId::from_random([7; 16]))
}

/// What a book would hold.
#[derive(Clone, Default)]
struct Book {
    groups: BTreeMap<AlarmKey, Group>,
    told: Vec<AlarmNews>,
}

impl Book {
    fn watch(&self) -> Watch {
        let groups = self.groups.clone().into_iter().collect();
        Watch::new(rules(&[]).unwrap(), groups, Vec::new())
    }

    fn write(&mut self, watch: &mut Watch) {
        for (owner, row, events) in watch.take_unwritten() {
            let (Owner::Group(key), Row::Group(group)) = (owner, row) else {
                continue;
            };
            match group {
                Some(group) => drop(self.groups.insert(key, *group)),
                None => drop(self.groups.remove(&key)),
            }
            self.told.extend(events.iter().map(|event| match event {
                Event::Alarm { news, .. } => *news,
                other => panic!("{other:?}"),
            }));
        }
    }
}

fn hear(watch: &mut Watch, seq: u64, current: u32) {
    let samples = space_samples(Occupancy { current, maximum: 10 });
    let second = i64::try_from(seq).unwrap();
    let heard = Observation {
        source: &hall(),
        at: at(second),
        place: Some((Lane::Measurement, Seq(seq))),
        samples: &samples,
        name: "Hall",
        detail: "",
    };
    watch.hear(&heard, None);
}

proptest! {
    /// Whatever was written when the box was killed, and from wherever the journal is read again: the alarms are those
    /// of a box that was never killed.
    #[test]
    fn a_box_that_is_killed_tells_what_a_box_tells_that_is_not(
        counts in prop::collection::vec(8..12_u32, 1..60), kills in prop::collection::vec((0..60_usize, 0..20_usize), 0..6),
    ) {
        let mut calm = Book::default();
        let mut watch = calm.watch();
        for (seq, current) in (1..).zip(&counts) {
            hear(&mut watch, seq, *current);
            calm.write(&mut watch);
        }
        let mut killed = Book::default();
        let mut watch = killed.watch();
        let mut kills: BTreeMap<usize, usize> = kills.into_iter().collect();
        let mut next = 0;
        while next < counts.len() {
            hear(&mut watch, next as u64 + 1, counts[next]);
            next += 1;
            match kills.remove(&next) {
                // What was heard since the last write is lost with the box; the journal is read again from before.
                Some(back) => {
                    watch = killed.watch();
                    next = next.saturating_sub(back + 1);
                }
                None => killed.write(&mut watch),
            }
        }
        prop_assert_eq!(killed.told, calm.told);
        prop_assert_eq!(
            killed.groups.values().map(|group| group.alarm.clone()).collect::<Vec<_>>(),
            calm.groups.values().map(|group| group.alarm.clone()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_space_that_is_gone_lets_go_and_one_that_is_well_is_not_remembered() {
    let mut book = Book::default();
    let mut watch = book.watch();
    hear(&mut watch, 1, 3);
    assert!(watch.groups.is_empty() && watch.untold() == 0);
    hear(&mut watch, 2, 10);
    book.write(&mut watch);
    let key = AlarmKey {
        kind: "space_full".into(),
        source: hall(),
    };
    assert_eq!(watch.groups[&key].states["space_full"].state.phase(), Phase::Active);
    watch.acknowledge(|alarm| alarm.kind == "space_full" || alarm.rule == "space_full");
    watch.bury(&hall(), (Lane::Event, Seq(3)), at(3));
    book.write(&mut watch);
    assert_eq!(
        book.told,
        [AlarmNews::Raised, AlarmNews::Acknowledged, AlarmNews::Cleared]
    );
    watch.tick(at(90_000), |_| Ok::<_, ()>(String::new())).unwrap();
    book.write(&mut watch);
    assert_eq!(book.told.last(), Some(&AlarmNews::Forgotten));
    assert!(book.groups.is_empty());
}

#[test]
fn a_full_space_is_told_in_its_name() {
    let mut watch = Book::default().watch();
    hear(&mut watch, 1, 10);
    let written = watch.take_unwritten();
    let [(_, Row::Group(Some(group)), events)] = written.as_slice() else {
        panic!("{written:?}")
    };
    assert_eq!(group.alarm.as_ref().unwrap().text, "Hall is full");
    assert_eq!(events.len(), 1);
}
