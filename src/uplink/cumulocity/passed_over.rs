//! What the platform says and nobody here answers (UPLINK §2.2).

use std::collections::BTreeSet;

use crate::uplink::tallies::Ignored;

/// Templates that are logged, each once.
const LOGGED: usize = 50;

/// What came and has no answer.
#[derive(Default)]
pub(super) struct PassedOver {
    counted: Ignored,
    logged: BTreeSet<String>,
}

impl PassedOver {
    /// Counts lines of templates that are not known here, and operations that are not for us; each template is logged
    /// once.
    pub(super) fn count(&mut self, templates: Vec<String>, operations: usize) {
        self.counted.templates += templates.len() as u64;
        self.counted.operations += operations as u64;
        for template in templates {
            if self.logged.len() < LOGGED && self.logged.insert(template.clone()) {
                tracing::info!(
                    template,
                    "the platform sent a line that is not known here; such lines are counted"
                );
            }
        }
    }

    /// How much that was.
    #[must_use]
    pub(super) fn counted(&self) -> Ignored {
        self.counted
    }
}
