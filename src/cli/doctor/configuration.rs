//! Whether the configuration is right, and all that it names is there.

use super::super::Common;
use super::super::steps::{bad, good, look};
use crate::app;
use crate::config::{self, Config};
use crate::tls::Step;

pub(super) fn look_at(common: &Common) -> (Option<Config>, Vec<Step>) {
    let (loaded, mut faults) = config::examine(&common.flags());
    let mut findings = loaded.as_ref().map(app::check).unwrap_or_default();
    faults.append(&mut findings.faults);
    let mut steps: Vec<Step> = faults
        .iter()
        .map(|fault| bad(&fault.place, &fault.message, fault.hint.as_deref().unwrap_or_default()))
        .collect();
    if let (Some(loaded), true) = (&loaded, faults.is_empty()) {
        steps.push(good("files", format_args!("{} is right", loaded.file.display())));
    }
    let not_checked = findings.not_checked.iter();
    steps.extend(not_checked.map(|fault| {
        look(
            &fault.place,
            &fault.message,
            "call this as root, or as the service's user",
        )
    }));
    steps.extend(findings.notes.iter().map(|note| look("note", note, "")));
    let refused = loaded.iter().flat_map(|loaded| &loaded.refused);
    steps.extend(refused.map(|why| look("from the cloud", format_args!("not applied: {why}"), "")));
    (loaded.map(|loaded| loaded.config), steps)
}
