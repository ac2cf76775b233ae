//! Takes a changed configuration over: validated whole, compared section by section, and only what
//! changed is rebuilt. A bad one leaves the old in force.

use super::check::check_to_take_over;
use super::door_name::DoorName;
use super::root::App;
use super::slot::{AnySlot, Change};
use super::systemd;
use crate::config::{self, Config};
use crate::supervisor::Supervisor;
use crate::uplink::CredentialFolder;

/// What cannot change while the box runs.
pub(super) const ON_RESTART: &str = "takes effect with a restart";

/// Whether what a configuration names is looked at before it is taken over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// What the next start would stumble over is refused.
    Checked,
    /// It was in force before: whatever became of its files meanwhile, there is nothing better to go back to.
    Taken,
}

impl App {
    /// Reads the configuration anew. Answers what changed, or what is wrong with it.
    pub(super) async fn reload(&mut self) -> Result<Vec<String>, String> {
        self.reload_with(Named::Checked).await
    }

    /// Reads a configuration anew that was in force before. Answers what changed, or why it cannot be put back.
    pub(super) async fn go_back(&mut self) -> Result<Vec<String>, String> {
        self.reload_with(Named::Taken).await
    }

    async fn reload_with(&mut self, named: Named) -> Result<Vec<String>, String> {
        systemd::reloading();
        let changed = self.try_reload(named).await;
        match &changed {
            Ok(changed) if changed.is_empty() => tracing::info!("reloaded, nothing changed"),
            Ok(changed) => tracing::info!(changed = changed.join(", "), "reloaded"),
            Err(fault) => tracing::error!(fault, "not reloaded, the old configuration stays in force"),
        }
        self.deps.reporter.reloaded(changed.as_ref().err().cloned());
        systemd::ready("ready");
        changed
    }

    async fn try_reload(&mut self, named: Named) -> Result<Vec<String>, String> {
        let mut loaded = config::load(&self.flags).map_err(|faults| faults.to_string())?;
        if named == Named::Checked {
            check_to_take_over(&loaded, &self.config).map_err(|faults| faults.to_string())?;
        }
        // Another data folder is in force after a restart; until then the uplink's credentials lie where they lay.
        if let Some(uplink) = &mut loaded.config.uplink {
            uplink.room.credential_folder = Some(CredentialFolder::of(&self.config.data_dir));
        }
        super::warn_of_refused(&loaded);
        let old = std::mem::replace(&mut self.config, loaded.config);
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

    /// Brings everything from the configuration `old` to the one that is held now; with both exchanged it is the way back.
    async fn take_over(&mut self, old: &Config) -> anyhow::Result<Vec<String>> {
        self.host.in_force(&self.config);
        if old.log != self.config.log {
            self.logging.set_filter(&self.config.log);
        }
        let mut changed = box_changes(old, &self.config);
        let parts = refresh(self.parts.each_mut(), &self.config, &self.deps, &mut self.supervisor).await?;
        let doors = self.refresh_doors().await?;
        // From here on nothing goes back.
        self.commit_parts().await;
        if parts.is_some() || old.site != self.config.site {
            self.change_routers();
        }
        let parts = parts.unwrap_or_default().into_iter();
        for word in parts.chain(shared_changes(old, &self.config)).chain(doors) {
            // The relay is a part and a door.
            if !changed.contains(&word) {
                changed.push(word);
            }
        }
        self.retry_failed().await?;
        Ok(changed)
    }

    /// Makes every part what the configuration says.
    pub(super) async fn refresh_parts(&mut self) -> anyhow::Result<()> {
        refresh(self.parts.each_mut(), &self.config, &self.deps, &mut self.supervisor).await?;
        Ok(())
    }

    /// What is there is to stay. Each part is told, and what one cannot forget now it forgets with the next change.
    pub(super) async fn commit_parts(&mut self) {
        for part in self.parts.each_mut() {
            if let Err(error) = part.commit(&self.deps).await {
                let error = format!("{error:#}");
                tracing::error!(error, "what an earlier configuration had could not all be forgotten");
            }
        }
    }

    /// Opens the doors anew that are not as they are configured. Answers which.
    async fn refresh_doors(&mut self) -> anyhow::Result<Vec<String>> {
        let mut changed = Vec::new();
        for door in DoorName::ALL {
            if self.is_as_configured(door) {
                continue;
            }
            self.open_door(door).await?;
            if let Some(room) = self.parts.relay.get().filter(|_| door == DoorName::Relay) {
                room.send_away();
            }
            changed.push(door.to_string());
        }
        Ok(changed)
    }

    /// What lies behind the open doors is what is there now.
    fn change_routers(&self) {
        for door in [DoorName::Https, DoorName::Mtls, DoorName::Grpc, DoorName::Relay] {
            self.change_router(door);
        }
    }

    /// What was left alone after too many failures gets another chance.
    async fn retry_failed(&mut self) -> anyhow::Result<()> {
        self.try_doors_now().await;
        let failed = self.supervisor.failed();
        if revive(self.parts.each_mut(), &failed, &self.deps, &mut self.supervisor).await? {
            self.change_routers();
        }
        Ok(())
    }
}

/// What changed of the box itself, in words: only what is logged takes effect without a restart.
fn box_changes(old: &Config, new: &Config) -> Vec<String> {
    let on_restart = |key: &str| format!("{key} ({ON_RESTART})");
    let filter_only = old.log.format == new.log.format;
    words_of([
        (old.log != new.log && filter_only, "log".to_owned()),
        (!filter_only, format!("log (format {ON_RESTART})")),
        (old.data_dir != new.data_dir, on_restart("data_dir")),
        (old.admin_socket != new.admin_socket, on_restart("admin_socket")),
    ])
}

/// What changed of what parts and doors share.
fn shared_changes(old: &Config, new: &Config) -> Vec<String> {
    words_of([
        (old.acme != new.acme, "acme".to_owned()),
        (old.outbound != new.outbound, "outbound".to_owned()),
        (old.site != new.site, "site".to_owned()),
    ])
}

fn words_of<const N: usize>(all: [(bool, String); N]) -> Vec<String> {
    let differs = all.into_iter().filter(|(differs, _)| *differs);
    differs.map(|(_, words)| words).collect()
}

/// Makes each part what `config` says. Answers what is to be said of those that changed; `None`: none did. Those that
/// come after one that cannot be built stay as they are.
async fn refresh<D: Sync>(
    parts: Vec<&mut dyn AnySlot<D>>,
    config: &Config,
    deps: &D,
    supervisor: &mut Supervisor,
) -> anyhow::Result<Option<Vec<String>>> {
    let mut changed = None;
    for part in parts {
        if let Change::Changed(words) = part.refresh(config, deps, supervisor).await? {
            changed.get_or_insert_with(Vec::new).extend(words);
        }
    }
    Ok(changed)
}

/// Builds those parts anew of which a service failed. Answers whether there were any.
async fn revive<D: Sync>(
    parts: Vec<&mut dyn AnySlot<D>>,
    failed: &[String],
    deps: &D,
    supervisor: &mut Supervisor,
) -> anyhow::Result<bool> {
    let mut any = false;
    for part in parts {
        any |= part.revive(failed, deps, supervisor).await?;
    }
    Ok(any)
}

#[cfg(test)]
#[path = "reload_tests.rs"]
mod tests;
