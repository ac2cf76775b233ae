//! Takes a changed configuration over: validated whole, compared section by section, and only what
//! changed is rebuilt. A bad one leaves the old in force.

use super::door_name::DoorName;
use super::lodge::Lodge;
use super::{rules, systemd};
use crate::config::{self, Config};

/// What cannot change while the box runs.
const ON_RESTART: &str = "takes effect with a restart";

impl Lodge {
    /// Reads the configuration anew. Answers what changed, or what is wrong with it.
    pub(super) async fn reload(&mut self) -> Result<Vec<String>, String> {
        systemd::reloading();
        let changed = self.try_reload().await;
        match &changed {
            Ok(changed) if changed.is_empty() => tracing::info!("reloaded, nothing changed"),
            Ok(changed) => tracing::info!(changed = changed.join(", "), "reloaded"),
            Err(fault) => tracing::error!(fault, "not reloaded, the old configuration stays in force"),
        }
        systemd::ready("ready");
        changed
    }

    async fn try_reload(&mut self) -> Result<Vec<String>, String> {
        let loaded = config::load(&self.flags).map_err(|fault| fault.to_string())?;
        super::warn_of_refused(&loaded);
        let new = loaded.config;
        let old = std::mem::replace(&mut self.config, new);
        match self.take_over(&old).await {
            Ok(changed) => Ok(changed),
            Err(fault) => {
                // What was rebuilt already goes back to how it was; the sockets never closed.
                let failed = std::mem::replace(&mut self.config, old);
                if let Err(error) = self.take_over(&failed).await {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the old configuration could not be put back whole"
                    );
                }
                Err(format!("{fault:#}"))
            }
        }
    }

    async fn take_over(&mut self, old: &Config) -> anyhow::Result<Vec<String>> {
        self.hands.in_force(&self.config);
        let mut changed = Vec::new();
        let new = self.config.clone();
        if old.log != new.log {
            self.logging.set_filter(&new.log);
            changed.push(if old.log.format == new.log.format {
                "log".into()
            } else {
                format!("log (format {ON_RESTART})")
            });
        }
        for (key, differs) in [
            ("data_dir", old.data_dir != new.data_dir),
            ("admin_socket", old.admin_socket != new.admin_socket),
        ] {
            if differs {
                changed.push(format!("{key} ({ON_RESTART})"));
            }
        }
        if old.backup != new.backup {
            self.house.retire("backup");
            self.add_backups();
            changed.push("backup".into());
        }
        let site = old.site != new.site;
        // Whom to tell is a part of that section that the room itself has nothing to do with.
        let counting = |config: &Config| {
            let occupancy = config.occupancy.clone();
            occupancy.map(|room| crate::occupancy::Config {
                webhook: Vec::new(),
                ..room
            })
        };
        let told_to = |config: &Config| {
            config
                .occupancy
                .as_ref()
                .map_or_else(Vec::new, |room| room.webhook.clone())
        };
        let webhooks = told_to(old) != told_to(&new);
        if webhooks {
            self.house.retire("webhooks");
            self.open_webhooks().await?;
            changed.push("webhooks".into());
        }
        let occupancy = counting(old) != counting(&new)
            || old.retention != new.retention
            || old.limits.https.per_client != new.limits.https.per_client;
        if occupancy {
            self.house.retire("occupancy");
            self.house.retire("occupancy-history");
            self.open_occupancy();
            changed.push("occupancy".into());
        }
        let meters = old.meters != new.meters || old.meter != new.meter || old.retention != new.retention;
        if meters {
            self.house.retire("meters");
            self.open_meters()?;
            changed.push("meters".into());
        }
        let relay = old.relay != new.relay;
        if relay {
            self.open_relay();
        }
        let told = |config: &Config| config.occupancy.as_ref().map(|room| room.publish_anonymous);
        let tells_of = old.meter != new.meter || old.site.name != new.site.name || told(old) != told(&new);
        let rules = rules::entries(old) != rules::entries(&new);
        let renamed = rules::household(old) != rules::household(&new);
        // Rules are a part of the uplink's section that the uplink has nothing to do with.
        let road = |config: &Config| {
            let uplink = config.uplink.clone();
            uplink.map(|uplink| crate::uplink::Config {
                rule: Vec::new(),
                ..uplink
            })
        };
        let outbox = |config: &Config| config.uplink.as_ref().map(|room| room.outbox_max);
        if rules || renamed || outbox(old) != outbox(&new) {
            self.house.retire("rules");
            self.open_rules().await?;
            // Who is renamed or comes is named by their own section.
            changed.extend(rules.then(|| "rules".into()));
        }
        let uplink = road(old) != road(&new) || (new.uplink.is_some() && tells_of);
        if uplink {
            self.house.retire("uplink");
            self.open_uplink().await?;
            let bounds = |config: &Config| config.uplink.as_ref().map(|room| (room.outbox_max, room.outbox_age));
            changed.push(if bounds(old) == bounds(&new) {
                "uplink".into()
            } else {
                format!("uplink (outbox_max and outbox_age: {ON_RESTART})")
            });
        }
        let acme = old.acme != new.acme;
        if acme {
            changed.push("acme".into());
        }
        if site {
            changed.push("site".into());
        }
        let names = old.site.hostname != new.site.hostname || acme;
        // Whether the http door is open decides how names are proved.
        let by_acme = self.acme_config().is_some();
        let limits = (&old.limits, &new.limits);
        for (door, differs) in [
            (
                DoorName::Metrics,
                old.metrics != new.metrics || limits.0.metrics != limits.1.metrics,
            ),
            (
                DoorName::Mtls,
                old.mtls != new.mtls || limits.0.mtls != limits.1.mtls || names,
            ),
            (
                DoorName::Grpc,
                old.grpc != new.grpc || limits.0.grpc != limits.1.grpc || names,
            ),
            (
                DoorName::Relay,
                !same_relay_door(old, &new) || limits.0.relay != limits.1.relay || names,
            ),
            (
                DoorName::Https,
                old.https != new.https
                    || limits.0.https != limits.1.https
                    || names
                    || (by_acme && old.http != new.http),
            ),
            (
                DoorName::Http,
                old.http != new.http || limits.0.http != limits.1.http || old.https != new.https || names,
            ),
        ] {
            if differs {
                self.open_door(door).await?;
                if let Some(room) = self.relay.borrow().as_ref().filter(|_| door == DoorName::Relay) {
                    room.send_away();
                }
                changed.push(door.to_string());
            }
        }
        if site || occupancy || meters || relay || uplink || webhooks {
            self.change_router(DoorName::Https);
        }
        if meters {
            self.change_router(DoorName::Grpc);
        }
        if relay {
            self.change_router(DoorName::Relay);
            if !changed.iter().any(|changed| changed == "relay") {
                changed.push("relay".into());
            }
        }
        self.retry_failed().await?;
        Ok(changed)
    }

    /// A room that was left alone after too many failures gets another chance.
    async fn retry_failed(&mut self) -> anyhow::Result<()> {
        self.try_doors_now().await;
        let failed = self.house.failed();
        if failed.iter().any(|name| name == "occupancy") {
            self.house.retire("occupancy");
            self.house.retire("occupancy-history");
            self.open_occupancy();
            self.change_router(DoorName::Https);
        }
        if failed.iter().any(|name| name == "meters") {
            self.house.retire("meters");
            self.open_meters()?;
            self.change_router(DoorName::Https);
            self.change_router(DoorName::Grpc);
        }
        if failed.iter().any(|name| name == "relay") {
            self.house.retire("relay");
            self.relay.send_replace(None);
            self.open_relay();
            self.change_router(DoorName::Https);
            self.change_router(DoorName::Relay);
        }
        if failed.iter().any(|name| name == "webhooks") {
            self.house.retire("webhooks");
            self.open_webhooks().await?;
            self.change_router(DoorName::Https);
        }
        if failed.iter().any(|name| name == "rules") {
            self.house.retire("rules");
            self.open_rules().await?;
        }
        if failed.iter().any(|name| name == "uplink") {
            self.house.retire("uplink");
            self.open_uplink().await?;
            self.change_router(DoorName::Https);
        }
        Ok(())
    }
}

/// Whether the relay's door is the same; its rules and times change while it is open.
fn same_relay_door(old: &Config, new: &Config) -> bool {
    match (&old.relay, &new.relay) {
        (Some(old), Some(new)) => old.same_door(new),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
