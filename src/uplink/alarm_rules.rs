//! What the uplink knows of the rules whose alarms it tells (UPLINK §3.6). The box hands it in: rules are no room's own.

use std::collections::BTreeSet;

use crate::domain::Source;
use crate::domain::series::Sample;

/// The rules that are in force, whichever these are.
pub trait AlarmRules: Send + Sync {
    /// Somebody has seen the alarms of this rule, or of this type.
    fn acknowledge(&self, name: &str);

    /// A line for each rule: its name, what it is on, what is too much, how bad that is.
    fn in_words(&self) -> Vec<String>;

    /// Types of the alarms that they can raise on a source.
    fn kinds_on(&self, source: &Source) -> BTreeSet<String>;

    /// What the box measures of itself now; nothing, while no rules are in force.
    fn measured(&self) -> Vec<Sample>;
}
