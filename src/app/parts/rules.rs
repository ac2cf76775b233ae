//! The rules that raise alarms. Those that are built in are always there.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;

use super::Deps;
use crate::app::box_gauges::{disk_free, machine};
use crate::app::part::{Part, Service, service};
use crate::config::Config;
use crate::domain::Source;
use crate::domain::series::Sample;
use crate::domain::units::ByteSize;
use crate::meter::Entry as Meter;
use crate::rules::{BoxFacts, Entry, Inbox, Rule, Rules};
use crate::uplink::AlarmRules;

/// What the rules are built of.
#[derive(Clone, PartialEq)]
pub(in crate::app) struct Section {
    entries: Vec<Entry>,
    facts: BoxFacts,
    /// The room for what waits for the cloud.
    outbox: Option<ByteSize>,
}

#[async_trait]
impl Part<Deps> for Rules {
    const NAME: &'static str = "rules";
    const IS_ROOM: bool = false;
    type Section = Section;

    fn section(config: &Config) -> Option<Section> {
        let uplink = config.uplink.as_ref();
        Some(Section {
            entries: uplink.map_or_else(Vec::new, |uplink| uplink.rule.clone()),
            facts: BoxFacts {
                name: config.site.name.clone(),
                fixed: config.meter.iter().map(Meter::meter).collect(),
                publish_anonymous: config
                    .occupancy
                    .as_ref()
                    .is_some_and(|section| section.room.publish_anonymous),
            },
            outbox: uplink.map(|uplink| uplink.room.outbox_max),
        })
    }

    async fn build(section: &Section, deps: &Deps) -> anyhow::Result<Arc<Rules>> {
        let (reporter, disk) = (deps.reporter.clone(), deps.data_dir.clone());
        let outbox = section.outbox.map(|bytes| bytes.0);
        let gauges = Arc::new(move || {
            let mut gauges = reporter.gauges(outbox, Timestamp::now());
            gauges.extend(disk_free(&disk));
            gauges.extend(machine());
            gauges
        });
        let book = (deps.store.clone(), section.facts.clone());
        let rules = Rules::new(&section.entries, book, gauges, deps.alarms.clone()).context("[[uplink.rule]]")?;
        rules.prepare().await.context("beginning with the rules")?;
        rules.hold_the_journal();
        Ok(rules)
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("rules", self, Rules::run)]
    }

    /// Who is renamed or comes is named by their own section.
    fn changed(old: Option<&Section>, new: Option<&Section>) -> Option<String> {
        let entries = |section: Option<&Section>| section.map_or_else(Vec::new, |section| section.entries.clone());
        (entries(old) != entries(new)).then(|| "rules".to_owned())
    }
}

/// What the uplink knows of the rules.
impl AlarmRules for Inbox {
    fn acknowledge(&self, name: &str) {
        Inbox::acknowledge(self, name);
    }

    fn in_words(&self) -> Vec<String> {
        let line = |rule: Rule| {
            let (raise, severity) = (rule.parameters.op.threshold(), rule.severity.name());
            format!("{} on {}: {} {raise}, {severity}", rule.id, rule.on, rule.series)
        };
        self.rules().into_iter().map(line).collect()
    }

    fn kinds_on(&self, source: &Source) -> BTreeSet<String> {
        let rules = self.rules().into_iter();
        rules
            .filter(|rule| rule.on.covers(source))
            .map(|rule| rule.kind)
            .collect()
    }

    fn measured(&self) -> Vec<Sample> {
        self.gauges().into_iter().map(|gauge| gauge.sample).collect()
    }
}
