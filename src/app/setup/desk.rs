//! What the setup looks at, and sets.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use data_encoding::HEXUPPER;

use super::super::reach::Reach;
use super::aside::SetAside;
use super::told::Step;
use crate::accounts::Act;
use crate::admin::{AdminState, Status};
use crate::config::{Backup, Config, Site};
use crate::meter::Meters;
use crate::occupancy::Occupancy;
use crate::pki::{self, Hierarchy};

/// What stands behind the pages and the API of the setup.
pub(super) struct SetupDesk {
    /// The same as commands manage the box by.
    pub(super) admin: AdminState,
    /// How others reach the box.
    reach: Reach,
    pub(super) site: Site,
    pub(super) backup: Option<Backup>,
    pub(super) data_dir: PathBuf,
    /// Absent without a running box, which never shows a page.
    pub(super) aside: Option<SetAside>,
}

/// What whoever asks may know.
#[derive(Clone, Copy)]
pub(super) struct Knows {
    /// Who there is.
    pub(super) people: bool,
    /// Which meters there are.
    pub(super) meters: bool,
}

impl Knows {
    /// Of somebody who may do what `may` says.
    pub(super) fn of(may: impl Fn(Act) -> bool) -> Knows {
        Knows {
            people: may(Act::ManagePeople),
            meters: may(Act::ReadMeters),
        }
    }
}

/// How the box is, read once for all steps.
pub(super) struct Seen {
    pub(super) status: Status,
    pub(super) meters: Option<Arc<Meters>>,
    pub(super) spaces: Option<Arc<Occupancy>>,
    /// Under which address people find the pages.
    pub(super) pages: String,
    /// The SHA-256 of the root that the box's own certificates lead to, where people see one of those.
    pub(super) fingerprint: Option<String>,
}

impl SetupDesk {
    pub(super) fn new(admin: AdminState, reach: Reach, config: &Config) -> SetupDesk {
        let store = admin.running.as_ref().map(|running| running.store.clone());
        SetupDesk {
            reach,
            site: config.site.clone(),
            backup: config.backup.clone(),
            data_dir: config.data_dir.clone(),
            aside: store.map(SetAside::new),
            admin,
        }
    }

    /// Looks at the box; absent where none runs.
    pub(super) fn see(&self, (uri, headers): (&Uri, &HeaderMap)) -> Option<Seen> {
        let running = self.admin.running.as_ref()?;
        let status = (running.status)();
        let own = status
            .certificates
            .iter()
            .any(|shown| shown.door == "https" && !["acme", "files"].contains(&shown.source.as_str()));
        Some(Seen {
            meters: running.meters.borrow().clone(),
            spaces: running.occupancy.borrow().clone(),
            pages: self.reach.base(uri, headers),
            fingerprint: own.then(|| self.fingerprint()).flatten(),
            status,
        })
    }

    /// Of the box's own root, as browsers show it.
    fn fingerprint(&self) -> Option<String> {
        let roots = self.admin.pki.roots(Hierarchy::Server).ok()?;
        let pairs: Vec<String> = pki::sha256(roots.first()?)
            .iter()
            .map(|byte| HEXUPPER.encode(&[*byte]))
            .collect();
        Some(pairs.join(":"))
    }

    /// Whether somebody set it aside.
    pub(super) fn is_aside(&self) -> Result<bool, crate::store::ReadError> {
        self.aside.as_ref().map_or(Ok(false), SetAside::is)
    }
}

/// How many steps wait or are wrong.
pub(super) fn left(steps: &[Step]) -> usize {
    let good = crate::tls::StepVerdict::Good;
    steps.iter().filter(|step| step.verdict() != good).count()
}
