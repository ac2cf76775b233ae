//! What people set on the page of the setup: it stands in a file of the data folder, the only place that the box may write
//! to, and is checked with everything else before it stands there.

use super::check::check_to_take_over;
use super::root::App;
use crate::admin::Setting;
use crate::config::{Config, ConfigErrors, Overlay, setup_file};
use crate::files::{self, Readers};

/// What the file begins with.
const HEAD: &str = "# Written by gatelodge when somebody sets it up on its page: it is laid over config.toml and the files beside it.\n\
                    # What stands here is changed there, at /setup; take a line out, and reload, to have it otherwise.\n";

impl App {
    /// Puts settings in force. Answers what changed, or what is wrong: then everything is as it was.
    pub(super) async fn set(&mut self, settings: &[Setting]) -> Result<Vec<String>, String> {
        if self.trial.is_some() {
            return Err("a configuration from the cloud is being tried: try again in a minute".to_owned());
        }
        let path = setup_file(&self.config.data_dir);
        if let Some(folder) = path.parent() {
            files::make_private(folder).map_err(|error| error.to_string())?;
        }
        let mut overlay = Overlay::open(path, HEAD, Readers::Owner).map_err(|error| error.to_string())?;
        for setting in settings {
            match setting {
                Setting::Name(name) => overlay.set("site", "name", name.as_str()),
                Setting::Timezone(zone) => overlay.set("site", "timezone", zone.as_str()),
                Setting::Hostname(name) => overlay.set("site", "hostname", name.as_str()),
                Setting::Meters if self.config.meter_room().is_some() => {}
                Setting::Meters => drop(overlay.section("meters")),
            }
        }
        let Some(draft) = overlay.draft().map_err(|error| error.to_string())? else {
            return in_force(settings, &self.config).map(|()| Vec::new());
        };
        let (loaded, mut faults) = draft.examine(&self.flags, &overlay);
        if let Some(loaded) = &loaded
            && let Err(more) = check_to_take_over(loaded, &self.config)
        {
            faults.extend(more.into_vec());
        }
        draft.at_its_place(&overlay, &mut faults);
        if let Some(faults) = ConfigErrors::of(faults) {
            return Err(faults.to_string());
        }
        if let Some(loaded) = &loaded {
            in_force(settings, &loaded.config)?;
        }
        let put = overlay.put(draft).map_err(|error| error.to_string())?;
        match self.reload().await {
            Ok(changed) => {
                put.keep();
                Ok(changed)
            }
            Err(why) => {
                if let Err(error) = put.take_back() {
                    tracing::error!(%error, "what was set before could not be put back");
                }
                // It was in force a moment ago; a fault is told by the reload itself.
                let _ = self.go_back().await;
                Err(why)
            }
        }
    }
}

/// What was set is what counts: files that come later, and the environment, may say otherwise.
fn in_force(settings: &[Setting], config: &Config) -> Result<(), String> {
    let site = &config.site;
    let other = settings.iter().find(|setting| match setting {
        Setting::Name(name) => site.name != *name,
        Setting::Timezone(zone) => site.timezone != *zone,
        Setting::Hostname(name) => site.hostname != *name,
        Setting::Meters => config.meter_room().is_none(),
    });
    match other {
        None => Ok(()),
        Some(setting) => Err(format!(
            "{} stands otherwise in a file that comes later, or in the environment; gatelodge config show names it",
            setting.key()
        )),
    }
}
